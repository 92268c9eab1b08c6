//! A listener for HL7 v2 over MLLP: each message between 0x0B and 0x1C 0x0D, answered once what it says is durable.
//!
//! AA: published. AE: a part of it is in quarantine, durably, and sending it again would not help. AR: not for us, or not
//! now (the log takes nothing, no key of its organisation is here, the message is too large): it stays the sender's.
//!
//! A connection is a channel: its messages are taken and answered one after another, in their order. The next is not read before
//! the one before is answered, so what waits, waits at the sender. What a connection holds is one message, and whoever neither
//! sends nor reads is let go.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use event_log::LogError;
use proto::quarantine::Reason;
use runtime::tls::{Held, Tls, Unusable, accept};
use runtime::{metrics, trace};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::collected::Collected;
use crate::connector::{Connector, Rejection, SourceFile};
use crate::publish::{PublishError, Publisher, SharedPublisher};
use crate::run::SourceCounts;

const START: u8 = 0x0b;
const END: u8 = 0x1c;
const CARRIAGE_RETURN: u8 = 0x0d;

/// Connections whose handshake is done and that nobody has taken yet.
const ACCEPTED_MAX: usize = 16;

/// How much of a message that is too large is read after it was refused.
const DISCARDED_BYTES_MAX: u64 = 64 << 20;

/// How a message is answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// AA: all of it is published.
    Accept,
    /// AE: a part of it is in quarantine.
    Error,
    /// AR: none of it was taken.
    Reject,
}

/// A connector whose messages are answered.
pub trait Acknowledges: Connector {
    /// The answer to a message, without framing. `text` names fields and never values.
    fn acknowledge(&self, raw: &[u8], answer: Answer, text: &str) -> Vec<u8>;
}

/// How a listener is bounded.
#[derive(Clone, Debug)]
pub struct Options {
    /// The feed's name, as places name it.
    pub feed: String,
    /// Longest message, in bytes.
    pub message_bytes_max: usize,
    /// Most connections at one time; a further one waits.
    pub connections_max: usize,
    /// How long a connection may take to bring its next message whole.
    pub idle_max: Duration,
    /// How long a connection may take to bring its first byte: one that says nothing holds a place.
    pub first_byte_max: Duration,
    /// How long an answer may take: then the message stays the sender's, who may not wait for longer. And as long again for the
    /// sender to read it.
    pub answer_max: Duration,
    /// How long nothing is accepted after an accept failed: the process has no file descriptor left, most likely.
    pub accept_again_after: Duration,
}

impl Options {
    /// Four mebibytes, 64 connections, five minutes, half a minute for the first byte, twenty seconds for the answer, a tenth
    /// of a second.
    pub fn of(feed: &str) -> Self {
        Self {
            feed: feed.to_owned(),
            message_bytes_max: 4 << 20,
            connections_max: 64,
            idle_max: Duration::from_secs(300),
            first_byte_max: Duration::from_secs(30),
            answer_max: Duration::from_secs(20),
            accept_again_after: Duration::from_millis(100),
        }
    }
}

/// What a listener shares with its connections.
struct Listener {
    connector: Arc<dyn Acknowledges>,
    /// One message at a time: the order in which they are answered is the order in which they stand in the log.
    publisher: SharedPublisher,
    options: Options,
    counts: Arc<SourceCounts>,
    /// What the log said when it failed for good; then the listener stops.
    failed: Mutex<Option<PublishError>>,
    stops: CancellationToken,
}

/// Where senders connect.
pub enum Door {
    /// In clear: for a network that only the sending engine reaches.
    Plain(TcpListener),
    /// Over TLS.
    Tls {
        /// Where it listens.
        listener: TcpListener,
        /// The files, read again when they change.
        tls: Tls,
        /// As they were read.
        held: Held,
    },
}

impl Door {
    /// Opens it, over TLS where there are files for it.
    ///
    /// # Errors
    /// When the files cannot be used.
    pub fn open(listener: TcpListener, tls: Option<Tls>) -> Result<Self, Unusable> {
        Ok(match tls {
            None => Self::Plain(listener),
            Some(tls) => Self::Tls { listener, held: tls.hold()?, tls },
        })
    }
}

/// Answers until told to stop; then finishes the messages that have arrived whole, and returns. A connection that cannot be
/// accepted is told and ends nothing. While the log takes nothing, messages stay their senders'.
///
/// # Errors
/// When the log fails in a way that waiting does not cure.
pub async fn serve(
    door: Door,
    connector: Arc<dyn Acknowledges>,
    publisher: SharedPublisher,
    options: Options,
    counts: Arc<SourceCounts>,
    stop: CancellationToken,
) -> Result<(), PublishError> {
    let (listener, tls, held) = match door {
        Door::Plain(socket) => return serve_from(socket, connector, publisher, options, counts, stop).await,
        Door::Tls { listener, tls, held } => (listener, tls, held),
    };
    let (give, incoming) = mpsc::channel(ACCEPTED_MAX);
    // Whoever drops this has it end, so that the address is free again.
    let mut beside = JoinSet::new();
    beside.spawn(accept(listener, Arc::clone(&held), give, stop.clone()));
    beside.spawn(async move { tls.keep_fresh(held).await });
    let shaken = Shaken(tokio::sync::Mutex::new(incoming));
    let ended = serve_from(shaken, connector, publisher, options, counts, stop).await;
    beside.shutdown().await;
    ended
}

/// Where connections come from: a socket, one with TLS, or in a test one that fails.
trait Accept: Send + Sync {
    type Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static;

    fn accept(&self) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

impl Accept for TcpListener {
    type Stream = TcpStream;

    async fn accept(&self) -> io::Result<TcpStream> {
        self.accept().await.map(|(stream, _)| stream)
    }
}

/// Connections whose handshake came to its end.
struct Shaken(tokio::sync::Mutex<mpsc::Receiver<io::Result<TlsStream<TcpStream>>>>);

impl Accept for Shaken {
    type Stream = TlsStream<TcpStream>;

    async fn accept(&self) -> io::Result<Self::Stream> {
        match self.0.lock().await.recv().await {
            Some(stream) => stream,
            // Nothing is accepted any longer: whoever waits is told to stop.
            None => std::future::pending().await,
        }
    }
}

async fn serve_from(
    socket: impl Accept,
    connector: Arc<dyn Acknowledges>,
    publisher: SharedPublisher,
    options: Options,
    counts: Arc<SourceCounts>,
    stop: CancellationToken,
) -> Result<(), PublishError> {
    let stop = stop.child_token();
    let places = Arc::new(Semaphore::new(options.connections_max));
    let (failed, stops) = (Mutex::default(), stop.clone());
    let listener = Arc::new(Listener { connector, publisher, options, counts, failed, stops });
    let mut connections = JoinSet::new();
    loop {
        let place = tokio::select! {
            () = stop.cancelled() => break,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = Accept::accept(&socket) => accepted,
        };
        while connections.try_join_next().is_some() {}
        let stream = match accepted {
            Ok(stream) => stream,
            Err(error) => {
                let feed = &listener.options.feed;
                tracing::error!(feed, kind = %error.kind(), "a connection could not be accepted: trying again");
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = tokio::time::sleep(listener.options.accept_again_after) => continue,
                }
            }
        };
        let (listener, stop) = (Arc::clone(&listener), stop.clone());
        connections.spawn(async move {
            if let Err(error) = listener.converse(stream, &stop).await {
                tracing::warn!(feed = listener.options.feed, kind = %error.kind(), "a connection ended in an error");
            }
            drop(place);
        });
    }
    while connections.join_next().await.is_some() {}
    let failed = listener.failed.lock().unwrap_or_else(PoisonError::into_inner).take();
    failed.map_or(Ok(()), Err)
}

/// What came next on a connection.
#[derive(PartialEq, Eq, Debug)]
enum Frame {
    Message(Vec<u8>),
    /// Larger than the bound: its first bytes, enough to answer.
    TooLarge(Vec<u8>),
    /// Bytes that no frame begins with.
    Stray,
    /// The other side closed; `mid_frame` when it had begun one.
    Closed {
        mid_frame: bool,
    },
}

impl Listener {
    async fn converse(&self, stream: impl AsyncRead + AsyncWrite + Unpin, stop: &CancellationToken) -> io::Result<()> {
        let (read, mut write) = tokio::io::split(stream);
        let mut read = BufReader::new(read);
        let first = tokio::time::timeout(self.options.first_byte_max, read.fill_buf());
        tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(()),
            first = first => first.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??,
        };
        loop {
            let next =
                tokio::time::timeout(self.options.idle_max, next_frame(&mut read, self.options.message_bytes_max));
            let frame = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                frame = next => frame.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??,
            };
            let (answer, goes_on) = match frame {
                Frame::Message(raw) => (self.message(&raw).await, true),
                Frame::TooLarge(start) => {
                    SourceCounts::add(&self.counts.rejected, 1);
                    metrics::REJECTED.add(1, [&self.options.feed, Reason::RecordTooLarge.name()]);
                    let text = format!("the message is larger than {} bytes", self.options.message_bytes_max);
                    (self.connector.acknowledge(&start, Answer::Reject, &text), false)
                }
                Frame::Stray => return Err(io::Error::from(io::ErrorKind::InvalidData)),
                Frame::Closed { mid_frame: true } => return Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                Frame::Closed { mid_frame: false } => return Ok(()),
            };
            let framed = [&[START], answer.as_slice(), &[END, CARRIAGE_RETURN]].concat();
            // Whoever does not read what is answered is let go: nothing is held for them, and they send it again.
            let written = async {
                write.write_all(&framed).await?;
                write.flush().await
            };
            tokio::time::timeout(self.options.answer_max, written)
                .await
                .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
            if !goes_on {
                // To close with bytes unread would take the answer back.
                write.shutdown().await?;
                let (mut rest, mut nowhere) = ((&mut read).take(DISCARDED_BYTES_MAX), tokio::io::sink());
                let rest = tokio::io::copy(&mut rest, &mut nowhere);
                tokio::select! {
                    () = stop.cancelled() => {}
                    _drained = tokio::time::timeout(self.options.idle_max, rest) => {}
                }
                return Ok(());
            }
        }
    }

    async fn message(&self, raw: &[u8]) -> Vec<u8> {
        self.counts.pending.fetch_add(1, Ordering::Relaxed);
        let span = tracing::info_span!(target: trace::TARGET, "message", source = self.options.feed);
        let taken = async { self.take(&mut *self.publisher.lock().await, raw).instrument(span).await };
        // What a log that is out of reach did with it is not known: sent again, it gives the same events.
        let out_of_time = || LogError::Unavailable { because: "it took longer than a sender waits".to_owned() };
        let taken = tokio::time::timeout(self.options.answer_max, taken).await;
        let (answer, text) = match taken.unwrap_or_else(|_| Err(out_of_time().into())) {
            Ok(answered) => {
                if self.counts.waiting.swap(false, Ordering::Relaxed) {
                    tracing::info!(feed = self.options.feed, "messages are published again");
                }
                answered
            }
            Err(error) => {
                self.could_not_publish(error);
                (Answer::Reject, "the message cannot be taken now: send it again later".to_owned())
            }
        };
        self.counts.pending.fetch_sub(1, Ordering::Relaxed);
        self.connector.acknowledge(raw, answer, &text)
    }

    /// Says so once, however many messages come; stops when waiting will not cure it.
    fn could_not_publish(&self, error: PublishError) {
        let waits = self.counts.waiting.swap(true, Ordering::Relaxed);
        if !waits {
            tracing::warn!(feed = self.options.feed, %error, "messages cannot be published: they stay their senders'");
        }
        let for_good = |of_log: &LogError| !of_log.is_transient() && !matches!(of_log, LogError::TooLarge { .. });
        if matches!(&error, PublishError::Log(of_log) if for_good(of_log)) {
            self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            self.stops.cancel();
        }
    }

    async fn take(&self, publisher: &mut Publisher, raw: &[u8]) -> Result<(Answer, String), PublishError> {
        let mut said = Collected::default();
        let file = SourceFile { name: self.options.feed.clone(), bytes: Box::new(raw) };
        self.connector.translate(vec![file], &mut said);
        let now_us = now_us();
        let (drafts, refused) = publisher.screen(said.drafts, now_us);
        let mut rejections = said.rejections;
        // Every message stands at the same place: only its content tells one item from another.
        rejections.extend(refused.into_iter().map(|refused| Rejection { raw: raw.to_vec(), digest: None, ..refused }));
        // A message is of one child: of somebody who was erased nothing of it is kept.
        if rejections.iter().any(|rejection| rejection.reason == Reason::SubjectErased) {
            let digest = Some(publisher.pseudonyms().digest("erased-message", raw));
            rejections.iter_mut().for_each(|rejection| (rejection.digest, rejection.raw) = (digest, Vec::new()));
        }
        let text = rejections.first().map(|rejection| rejection.message.clone()).unwrap_or_default();
        let not_for_us = |reason| matches!(reason, Reason::MessageTypeUnsupported | Reason::ControllerNotYours);
        SourceCounts::add(&self.counts.records, said.records);
        SourceCounts::add(&self.counts.rejected, rejections.len() as u64);
        metrics::RECORDS.add(said.records, [&self.options.feed]);
        rejections.iter().for_each(|rejection| rejection.count(&self.options.feed));
        if drafts.is_empty() && !rejections.is_empty() && rejections.iter().all(|r| not_for_us(r.reason)) {
            return Ok((Answer::Reject, text));
        }
        let findings = drafts.iter().map(|draft| draft.findings.len() as u64).sum();
        let published = publisher.publish_feed(drafts, now_us).await?;
        publisher.quarantine(&rejections, now_us).await?;
        SourceCounts::add(&self.counts.events, published.events);
        SourceCounts::add(&self.counts.findings, findings);
        metrics::FINDINGS.add(findings, [&self.options.feed]);
        SourceCounts::add(&self.counts.erased, published.erased);
        // In quarantine, where it is seen; and the sender's still, because it can be taken once the key is here.
        if rejections.iter().any(|rejection| rejection.reason == Reason::ControllerKeyMissing) {
            return Ok((Answer::Reject, text));
        }
        Ok((if rejections.is_empty() { Answer::Accept } else { Answer::Error }, text))
    }
}

/// Reads one frame. Line ends between frames are passed over.
async fn next_frame(read: &mut BufReader<impl AsyncRead + Unpin>, bytes_max: usize) -> io::Result<Frame> {
    loop {
        let mut byte = [0];
        match read.read(&mut byte).await? {
            0 => return Ok(Frame::Closed { mid_frame: false }),
            _ if byte == [START] => break,
            _ if byte.iter().all(u8::is_ascii_whitespace) => {}
            _ => return Ok(Frame::Stray),
        }
    }
    let mut message = Vec::new();
    loop {
        let room = (bytes_max + 2).saturating_sub(message.len()) as u64;
        let mut bounded = (&mut *read).take(room);
        if bounded.read_until(CARRIAGE_RETURN, &mut message).await? == 0 {
            let cut = message.len() > bytes_max;
            return Ok(if cut { Frame::TooLarge(message) } else { Frame::Closed { mid_frame: true } });
        }
        if message.ends_with(&[END, CARRIAGE_RETURN]) {
            message.truncate(message.len() - 2);
            return Ok(Frame::Message(message));
        }
    }
}

fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
