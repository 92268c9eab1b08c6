//! An HTTP listener that takes posts for a connector: over TLS, from callers that it knows, each with a key of its own.
//!
//! A body goes to the disk as it comes, and is durable in the connector's spool before it is answered; from there it goes the
//! way of every file. The same key with the same bytes has the same answer, whatever ended in between; with other bytes it is
//! refused. The words of the answers are the connector's: see [`Receives`].

mod answer;
mod callers;
mod receipts;
mod refusal;
mod server;
mod take;
mod tokens;

use std::io::BufRead;
use std::path::PathBuf;
use std::time::Duration;

pub use answer::{Answer, Standing};
pub use callers::{Caller, digest, digests};
pub(crate) use receipts::{Receipt, receipt_of, store_outcome};
pub use receipts::{Receipts, SubmissionOutcome, SubmissionProblem};
pub use refusal::{Refusal, RefusalCode};
pub use server::{ReceiveError, serve};

/// A media type that is taken, and the ending that the file's name has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MediaType {
    /// Without parameters, in lower case: "application/fhir+json".
    pub name: &'static str,
    /// "json"
    pub ending: &'static str,
}

/// Whether a post has to bring a key by which a repetition is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keys {
    /// It is refused without one.
    Required,
    /// Without one, each post is a submission of its own: what it says again changes nothing.
    Optional,
}

/// Who asks, and in what words the answer is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The path as it came, without its query.
    pub path: &'a str,
    /// The `Accept` header, "" where there is none.
    pub accept: &'a str,
}

/// A post whose caller is known.
#[derive(Clone, Copy, Debug)]
pub struct Post<'a> {
    /// Who asks, and how.
    pub asked: Asked<'a>,
    /// The submission's id: letters and digits.
    pub id: &'a str,
    /// Where its outcome can be asked for: a path.
    pub status_path: &'a str,
    /// When it came, microseconds since 1970.
    pub received_us: i64,
    /// What its path stands for: names and values, as [`Receives::paths`] names them.
    pub captured: &'a [(String, String)],
    /// The media type, without parameters.
    pub media_type: MediaType,
    /// The name that the caller gives the file (`Content-Disposition`), without folders.
    pub file_name: Option<&'a str>,
    /// The organisations that the caller may send for; one that ends in `*` stands for all that begin so.
    pub controllers: &'a [String],
}

impl Post<'_> {
    /// What the path has in this place.
    pub fn capture(&self, name: &str) -> Option<&str> {
        self.captured.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }

    /// Whether the caller may send for this organisation.
    pub fn may_send_for(&self, controller: &str) -> bool {
        self.controllers.iter().any(|named| match named.strip_suffix('*') {
            Some(prefix) => controller.starts_with(prefix),
            None => named == controller,
        })
    }
}

/// What a connector says of posts: which it takes, and in what words it answers. Who calls, limits, keys, durability and order
/// are the listener's. All of it has defaults, by which any connector's files can be posted: see [`AnyFile`].
pub trait Receives: Send + Sync {
    /// Where posts go, as axum writes paths: "/fhir/{$process-message}", "/children/{la_code}".
    fn paths(&self) -> Vec<&'static str> {
        vec!["/submissions"]
    }

    /// Where callers whose software asks for a token first ask for it, by OAuth 2.0 with client credentials: their section's name
    /// and the token that it knows them by. `None`: they bring that token themselves, and so may everybody else.
    fn token_path(&self) -> Option<&'static str> {
        None
    }

    /// What may be sent.
    fn media_types(&self) -> &'static [MediaType];

    /// Headers that bring the key, the first that is there.
    fn key_headers(&self) -> &'static [&'static str] {
        &["idempotency-key"]
    }

    /// Whether a post has to bring a key.
    fn keys(&self) -> Keys {
        Keys::Required
    }

    /// Longest body that it can look into; what is longer is refused before it is received.
    fn body_bytes_max(&self) -> u64 {
        u64::MAX
    }

    /// The name that the file gets, by which the connector knows what it is; or why the post is refused before its body is
    /// read. The default is the caller's own name for it, else "post" with the ending of the media type.
    ///
    /// # Errors
    /// A refusal.
    fn file_name(&self, post: &Post<'_>) -> Result<String, Refusal> {
        let unnamed = || format!("post.{}", post.media_type.ending);
        Ok(post.file_name.map_or_else(unnamed, str::to_owned))
    }

    /// Answers a post that has come whole and is durable. `body` may be read; a refusal removes it. The answer is kept, and is
    /// the answer to the same post from then on. The default is 202 with the id and where to ask.
    ///
    /// # Errors
    /// A refusal, which takes nothing.
    fn accept(&self, post: &Post<'_>, body: &mut dyn BufRead) -> Result<Answer, Refusal> {
        let _unread = body;
        Ok(answer::accepted(post))
    }

    /// Says how far a submission is. The default is JSON.
    fn report(&self, asked: Asked<'_>, id: &str, standing: &Standing) -> Answer {
        let _as_json = asked;
        answer::report(id, standing)
    }

    /// Says why something is refused. The default is `application/problem+json`; the listener adds `Retry-After`.
    fn refuse(&self, asked: Asked<'_>, refusal: &Refusal) -> Answer {
        let _as_json = asked;
        answer::problem(refusal)
    }

    /// A page that is always the same, such as what can be done here: answered to callers that are known.
    fn page(&self, asked: Asked<'_>) -> Option<Answer> {
        let _none = asked;
        None
    }
}

/// Takes files of these media types, and says no more of them than that they have come.
#[derive(Clone, Copy, Debug)]
pub struct AnyFile(pub &'static [MediaType]);

impl Receives for AnyFile {
    fn media_types(&self) -> &'static [MediaType] {
        self.0
    }
}

/// How a listener is bounded, and whom it knows.
#[derive(Clone, Debug)]
pub struct Options {
    /// The connector, as metrics and log lines name it.
    pub source: String,
    /// The drop folder, in which the receipts are kept too.
    pub folder: PathBuf,
    /// Whom it takes posts from.
    pub callers: Vec<Caller>,
    /// Longest body, in bytes.
    pub body_bytes_max: u64,
    /// Bytes of bodies that are looked into at one time, since they are held in memory; a longer one is looked into alone.
    pub looked_into_bytes_max: u64,
    /// Submissions that may wait to be dealt with.
    pub waiting_max: u64,
    /// Bytes that may wait.
    pub waiting_bytes_max: u64,
    /// What the disk must have left, beside the largest body.
    pub disk_free_min: u64,
    /// Connections at one time; a further one waits.
    pub connections_max: usize,
    /// Posts of one caller that may be in hand at one time.
    pub of_caller_max: usize,
    /// How long the head of a request may take, and how long a connection may say nothing.
    pub head_max: Duration,
    /// How long a body may say nothing.
    pub stall_max: Duration,
    /// How long a body may take altogether, beside what its bytes are given.
    pub body_max: Duration,
    /// Bytes a second that a body must bring after that.
    pub body_rate_min: u64,
    /// How long receipts are kept: until then a repetition is known for one.
    pub keep_receipts: Duration,
    /// What a caller is told to wait.
    pub retry_after: Duration,
}

impl Options {
    /// 64 MiB, 16 MiB looked into at one time, a thousand waiting of 4 GiB, a GiB left on the disk, 128 connections, 8 of one caller; ten seconds for a head, twenty of
    /// silence, a minute and then 8 KiB/s for a body; receipts for 30 days; half a minute.
    pub fn of(source: &str, folder: PathBuf, callers: Vec<Caller>) -> Self {
        Self {
            source: source.to_owned(),
            folder,
            callers,
            body_bytes_max: 64 << 20,
            looked_into_bytes_max: 16 << 20,
            waiting_max: 1_000,
            waiting_bytes_max: 4 << 30,
            disk_free_min: 1 << 30,
            connections_max: 128,
            of_caller_max: 8,
            head_max: Duration::from_secs(10),
            stall_max: Duration::from_secs(20),
            body_max: Duration::from_secs(60),
            body_rate_min: 8 << 10,
            keep_receipts: Duration::from_secs(30 * 86_400),
            retry_after: Duration::from_secs(30),
        }
    }
}

#[cfg(test)]
mod tests;
