//! A stream as the transport polls it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use proto::timeline::WatchTimelineResponse;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};
use tonic::Status;

use super::Place;
use super::paced::Paced;
use super::timeline::Timeline;

/// A stream, and its place among those that may be open.
type Open = Option<Box<(Paced<Timeline>, Place)>>;
type Frame = Option<Result<WatchTimelineResponse, Status>>;

/// The frames of one stream.
pub struct Frames {
    /// Taken away at its end, so that a reader who never asks for the last frame keeps nothing of it in memory.
    stream: Arc<Mutex<Open>>,
    next: Option<Pin<Box<dyn Future<Output = Frame> + Send>>>,
}

impl Frames {
    pub(super) fn of(stream: Paced<Timeline>, place: Place, gone_at: Instant) -> Self {
        let stream = Arc::new(Mutex::new(Some(Box::new((stream, place)))));
        let held = Arc::downgrade(&stream);
        tokio::spawn(async move {
            sleep_until(gone_at).await;
            if let Some(stream) = held.upgrade() {
                drop(stream.lock().await.take());
            }
        });
        Self { stream, next: None }
    }
}

async fn next(stream: Arc<Mutex<Open>>) -> Frame {
    let mut held = stream.lock().await;
    let frame = match held.as_deref_mut() {
        Some((stream, _)) => stream.next().await,
        None => None,
    };
    if !matches!(frame, Some(Ok(_))) {
        *held = None;
    }
    frame
}

impl tokio_stream::Stream for Frames {
    type Item = Result<WatchTimelineResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let next = this.next.get_or_insert_with(|| Box::pin(next(Arc::clone(&this.stream))));
        let polled = next.as_mut().poll(context);
        if polled.is_ready() {
            this.next = None;
        }
        polled
    }
}
