//! One post: its body to the disk, its receipt, its place in the order, and then its answer.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, BufReader};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::BodyDataStream;
use bytes::Bytes;
use hmac::Mac as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_stream::StreamExt as _;

use super::receipts::{Receipt, Receipts};
use super::{Answer, Asked, Caller, Options, Post, Receives, Refusal, RefusalCode};
use crate::spool::{Spool, Staged, blocking, now_us};

/// A post before its body is read.
pub(super) struct Head {
    pub(super) path: String,
    pub(super) accept: String,
    pub(super) captured: Vec<(String, String)>,
    pub(super) media_type: super::MediaType,
    pub(super) file_name: Option<String>,
    /// What tells it from the caller's others; `None` where nothing does.
    pub(super) key: Option<Vec<u8>>,
    pub(super) length: Option<u64>,
}

/// What a listener takes posts with.
pub(super) struct Take {
    pub(super) connector: Arc<dyn Receives>,
    pub(super) options: Options,
    pub(super) spool: Arc<Spool>,
    pub(super) receipts: Receipts,
    pub(super) in_hand: InHand,
    pub(super) room: Looking,
    /// One receipt at a time: the order of the numbers is the order in which they can be taken up.
    pub(super) order: Arc<Mutex<()>>,
}

/// Ids that are in hand, and how many of each caller.
#[derive(Default)]
pub(super) struct InHand(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    ids: HashSet<String>,
    of_callers: BTreeMap<String, usize>,
}

/// A place in hand, given back when it is dropped.
struct Place {
    held: Arc<Mutex<Held>>,
    id: String,
    caller: String,
}

impl InHand {
    fn take(&self, id: &str, caller: &str, of_caller_max: usize) -> Result<Place, Refusal> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.of_callers.get(caller).copied().unwrap_or_default();
        if count >= of_caller_max {
            let detail =
                format!("{of_caller_max} posts of this caller are in hand: send the next when one is answered");
            return Err(Refusal::new(RefusalCode::TooManyAtOnce, detail));
        }
        if !held.ids.insert(id.to_owned()) {
            let detail = "a post with the same key is being received: wait for its answer, then repeat this one";
            return Err(Refusal::new(RefusalCode::KeyInUse, detail));
        }
        held.of_callers.insert(caller.to_owned(), count + 1);
        drop(held);
        Ok(Place { held: Arc::clone(&self.0), id: id.to_owned(), caller: caller.to_owned() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.ids.remove(&self.id);
        if let Some(count) = held.of_callers.get_mut(&self.caller) {
            *count = count.saturating_sub(1);
        }
        if held.of_callers.get(&self.caller) == Some(&0) {
            held.of_callers.remove(&self.caller);
        }
    }
}

/// Room for the bodies that are looked into at one time, which are held in memory: many small ones, or one large one.
pub(super) struct Looking {
    free: Arc<Semaphore>,
    kib: u32,
}

impl Looking {
    pub(super) fn of(bytes: u64) -> Self {
        let kib = u32::try_from(bytes >> 10).unwrap_or(u32::MAX).max(1);
        Self { free: Arc::new(Semaphore::new(kib as usize)), kib }
    }

    /// Waits until there is room for so many bytes; for more than there ever is, until nothing else is looked into.
    pub(super) async fn wait(&self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        let kib = u32::try_from((bytes >> 10) + 1).unwrap_or(u32::MAX).min(self.kib);
        // It is never closed.
        Arc::clone(&self.free).acquire_many_owned(kib).await.ok()
    }
}

/// A body that is on the disk.
struct Received {
    staged: Staged,
    digest: String,
    bytes: u64,
}

/// How a post was answered.
pub(super) enum Taken {
    /// It is news.
    Accepted(Answer),
    /// It was answered before.
    Repeated(Answer),
    /// It is a page, and nothing was posted.
    Page(Answer),
}

impl Take {
    /// Takes one post.
    pub(super) async fn take(&self, caller: &Caller, head: &Head, body: &mut BodyDataStream) -> Result<Taken, Refusal> {
        if head.length.is_some_and(|length| length > self.body_bytes_max()) {
            return Err(self.too_large());
        }
        let drawn: [u8; 16] = rand::random();
        let id = match &head.key {
            Some(key) => self.receipts.id(&caller.name, key),
            None => hex::encode(drawn),
        };
        let (status_path, received_us) = (format!("/submissions/{id}"), now_us());
        let post = Post {
            asked: Asked { path: &head.path, accept: &head.accept },
            id: &id,
            status_path: &status_path,
            received_us,
            captured: &head.captured,
            media_type: head.media_type,
            file_name: head.file_name.as_deref(),
            controllers: &caller.controllers,
        };
        let file_name = self.connector.file_name(&post)?;
        let place = self.in_hand.take(&id, &caller.name, self.options.of_caller_max)?;
        if let Some(receipt) = self.receipt(&id).await? {
            return self.repeated(&id, receipt, body).await;
        }
        self.has_room().await?;
        let received = self.receive(&id, &file_name, body).await?;
        self.answer(caller, head, (id, status_path), received, place).await.map(Taken::Accepted)
    }

    async fn receipt(&self, id: &str) -> Result<Option<Receipt>, Refusal> {
        let (receipts, id) = (self.receipts.clone(), id.to_owned());
        blocking(move || receipts.load(&id)).await.map_err(|error| self.not_kept("read", &error))
    }

    /// The same again: the same answer, if the bytes are the same.
    async fn repeated(&self, id: &str, receipt: Receipt, body: &mut BodyDataStream) -> Result<Taken, Refusal> {
        let mut digest = self.receipts.digest();
        let mut pace = Pace::begin(&self.options);
        while let Some(chunk) = self.next(body, &mut pace).await? {
            digest.update(&chunk);
        }
        if hex::encode(digest.finalize().into_bytes()) != receipt.digest {
            let detail = "the key was used for a post with another body: give each body a key of its own, and use it again only \
                          to repeat that body";
            return Err(Refusal::new(RefusalCode::KeyReused, detail));
        }
        // Its receipt stood, and its place in the order was not given yet.
        let (spool, id, number) = (Arc::clone(&self.spool), id.to_owned(), receipt.number);
        let given = blocking(move || if spool.staged()?.contains(&id) { spool.give(&id, number) } else { Ok(()) });
        given.await.map_err(|error| self.not_kept("move", &error))?;
        Ok(Taken::Repeated(receipt.answer))
    }

    /// Whether another post may wait: asked before its body is read.
    async fn has_room(&self) -> Result<(), Refusal> {
        let spool = Arc::clone(&self.spool);
        let measured = blocking(move || Ok((spool.waiting()?, spool.disk_free()?))).await;
        let (waiting, free) = measured.map_err(|error| self.not_kept("measure", &error))?;
        if waiting.submissions >= self.options.waiting_max || waiting.bytes >= self.options.waiting_bytes_max {
            let detail = "posts that came before wait to be dealt with: send this one again later";
            return Err(Refusal::new(RefusalCode::TooMuchWaits, detail));
        }
        let needs = self.options.disk_free_min.saturating_add(self.options.body_bytes_max);
        if free < needs {
            return Err(Refusal::new(RefusalCode::DiskShort, "the disk is nearly full: send it again later"));
        }
        Ok(())
    }

    /// Brings the body to the disk, and makes it durable.
    async fn receive(&self, id: &str, name: &str, body: &mut BodyDataStream) -> Result<Received, Refusal> {
        let unwritten = |error: io::Error| self.not_kept("write", &error);
        // Left by a post whose receipt could not be written.
        if self.spool.staged().map_err(unwritten)?.iter().any(|left| left == id) {
            self.spool.discard(id).map_err(unwritten)?;
        }
        let mut staged = self.spool.stage(id).map_err(unwritten)?;
        staged.begin_file(name).await.map_err(unwritten)?;
        let (mut digest, mut pace) = (self.receipts.digest(), Pace::begin(&self.options));
        while let Some(chunk) = self.next(body, &mut pace).await? {
            digest.update(&chunk);
            staged.write(&chunk).await.map_err(unwritten)?;
        }
        if pace.bytes == 0 {
            return Err(Refusal::new(RefusalCode::BodyUnreadable, "the body is empty: send what the post is about"));
        }
        staged.finish().await.map_err(unwritten)?;
        Ok(Received { staged, digest: hex::encode(digest.finalize().into_bytes()), bytes: pace.bytes })
    }

    /// The body's next bytes.
    async fn next(&self, body: &mut BodyDataStream, pace: &mut Pace) -> Result<Option<Bytes>, Refusal> {
        let slow = || {
            let detail = "the body stood still, or came more slowly than a post may: send it again over a better line";
            Refusal::new(RefusalCode::BodyTooSlow, detail)
        };
        let next = timeout_at(pace.until, timeout(self.options.stall_max, body.next()));
        let next = next.await.map_err(|_| slow())?.map_err(|_| slow())?;
        let cut_off = |_| Refusal::new(RefusalCode::BodyCutOff, "the body broke off: send it again, whole");
        let Some(chunk) = next.transpose().map_err(cut_off)? else { return Ok(None) };
        pace.came(&chunk, self.options.body_rate_min);
        if pace.bytes > self.body_bytes_max() {
            return Err(self.too_large());
        }
        Ok(Some(chunk))
    }

    /// Has the connector answer, writes the receipt, and gives the submission its place in the order. Whoever asked may go
    /// while it waits for room, and then nothing was taken; what is begun after that comes to its end.
    async fn answer(
        &self,
        caller: &Caller,
        head: &Head,
        (id, status_path): (String, String),
        Received { staged, digest, bytes }: Received,
        place: Place,
    ) -> Result<Answer, Refusal> {
        let room = timeout(self.options.body_max, self.room.wait(bytes)).await.map_err(|_| {
            let detail = "posts that came before are still being looked into: send this one again later";
            Refusal::new(RefusalCode::TooMuchWaits, detail)
        })?;
        let (connector, receipts, spool) =
            (Arc::clone(&self.connector), self.receipts.clone(), Arc::clone(&self.spool));
        let (order, caller) = (Arc::clone(&self.order), caller.clone());
        let (path, accept, captured) = (head.path.clone(), head.accept.clone(), head.captured.clone());
        let (media_type, file_name) = (head.media_type, head.file_name.clone());
        let received_us = now_us();
        let answering = move || {
            let _held_until_here = (place, room);
            let post = Post {
                asked: Asked { path: &path, accept: &accept },
                id: &id,
                status_path: &status_path,
                received_us,
                captured: &captured,
                media_type,
                file_name: file_name.as_deref(),
                controllers: &caller.controllers,
            };
            let body = File::open(staged.path()).map_err(|error| ("read", error));
            let mut body = BufReader::with_capacity(1 << 16, body?);
            let answer = match connector.accept(&post, &mut body) {
                Ok(answer) => answer,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let _one_at_a_time = order.lock().unwrap_or_else(PoisonError::into_inner);
            let number = spool.next_number();
            let receipt = Receipt { caller: caller.name, digest, number, answer: answer.clone() };
            if let Err(error) = receipts.store(&id, &receipt) {
                // Whether it stands is not known: if it does, the next try finds both.
                staged.leave();
                return Err(("write", error));
            }
            staged.give(number).map_err(|error| ("move", error))?;
            Ok(Ok(answer))
        };
        match tokio::task::spawn_blocking(answering).await {
            Ok(Ok(answered)) => answered,
            Ok(Err((doing, error))) => Err(self.not_kept(doing, &error)),
            Err(_) => {
                tracing::error!(source = self.options.source, "the connector failed on a post: report it");
                let detail = "the connector failed on this body: tell whoever runs this service";
                Err(Refusal::new(RefusalCode::BodyUnreadable, detail))
            }
        }
    }

    fn body_bytes_max(&self) -> u64 {
        self.options.body_bytes_max.min(self.connector.body_bytes_max())
    }

    fn too_large(&self) -> Refusal {
        let detail = format!("a body may have {} bytes here: send it in parts", self.body_bytes_max());
        Refusal::new(RefusalCode::BodyTooLarge, detail)
    }

    fn not_kept(&self, doing: &str, error: &io::Error) -> Refusal {
        tracing::error!(source = self.options.source, doing, kind = %error.kind(), "a post could not be kept");
        Refusal::new(RefusalCode::NotKept, "it could not be written down: send it again later")
    }
}

/// How fast a body must come.
struct Pace {
    bytes: u64,
    begun: Instant,
    /// Until when its next bytes must be here.
    until: Instant,
    given: std::time::Duration,
}

impl Pace {
    fn begin(options: &Options) -> Self {
        let begun = Instant::now();
        Self { bytes: 0, begun, until: begun + options.body_max, given: options.body_max }
    }

    fn came(&mut self, chunk: &Bytes, rate_min: u64) {
        self.bytes = self.bytes.saturating_add(chunk.len() as u64);
        let earned = std::time::Duration::from_secs(self.bytes / rate_min.max(1));
        self.until = self.begun + self.given + earned;
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future as _;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    #[test]
    fn many_small_bodies_are_looked_into_at_once_and_a_large_one_alone() {
        let room = Looking::of(64 << 10);
        let at_once = |bytes: u64| match pin!(room.wait(bytes)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(held) => held,
            Poll::Pending => None,
        };
        let small: Vec<_> = (0..20).map(|_| at_once(2_000)).collect();
        assert!(small.iter().all(Option::is_some));
        for large in [40 << 10, 64 << 10, u64::MAX] {
            assert!(at_once(large).is_none(), "{large} beside the small ones");
        }
        drop(small);
        for large in [40 << 10, 64 << 10, u64::MAX] {
            let held = at_once(large);
            assert!(held.is_some() && at_once(40 << 10).is_none(), "{large} alone");
        }
    }
}
