//! A server that is asked by HTTP, again and again, for what is new: each page becomes a submission in the source's spool.
//!
//! The cursor moves only once the page stands in the spool and is durable: a process that dies between the two asks for the page
//! again, and the same page gives the same events. A turn follows the pages' `next` to its end; while too much waits, nothing
//! more is asked. What is held at a time is one page, on the disk.

mod client;
mod plain;
mod state;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
pub use reqwest::Url;
use runtime::metrics;
use tokio_util::sync::CancellationToken;

use crate::spool::{Spool, blocking};
use client::{Client, Got};
pub use client::{ClientUnusable, Credentials, OAuth};
pub use plain::{Plain, since};
use state::{State, Turn};

/// A page that has come.
#[derive(Clone, Copy, Debug)]
pub struct Fetched<'a> {
    /// Where from.
    pub url: &'a Url,
    /// Its media type, without parameters; "" where the server does not say.
    pub media_type: &'a str,
    /// The `next` of the `Link` header.
    pub next: Option<&'a str>,
    /// When the turn was begun, by the server's own clock where it tells it.
    pub turn_began: Timestamp,
    /// The cursor as the turn's pages before this one left it; of the first, as the turn before left it.
    pub cursor: Option<&'a str>,
}

/// What a page says of where to go on.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Told {
    /// The turn's next page; a relative one is taken from this page's address. `None` ends the turn.
    pub next: Option<String>,
    /// What the next turn begins from, once this one is at its end.
    pub cursor: Option<String>,
    /// There is nothing in it: it becomes no submission.
    pub is_empty: bool,
}

/// A page that cannot be gone on from. It is not kept, and is asked for again later. Names no value.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct PageUnusable(pub String);

/// What a kind of server is asked, and how its pages are read.
pub trait Pages: Send + Sync {
    /// The `Accept` header.
    fn accept(&self) -> &str {
        "*/*"
    }

    /// Where a turn begins. `cursor`: what the last turn left; `None` at the very first.
    fn first(&self, base: &Url, cursor: Option<&str>) -> Url;

    /// The name of a page's file, by which the connector knows what it is.
    fn file_name(&self, page: &Fetched<'_>) -> String;

    /// Reads a page for where to go on. `body`: as it came.
    ///
    /// # Errors
    /// When it is not what was asked for: it is not kept.
    fn read(&self, page: &Fetched<'_>, body: &mut dyn BufRead) -> Result<Told, PageUnusable>;
}

/// How a server is polled.
#[derive(Clone, Debug)]
pub struct Options {
    /// The connector, as metrics and log lines name it.
    pub source: String,
    /// Where it is asked.
    pub base: Url,
    /// Who asks.
    pub credentials: Credentials,
    /// Where the cursor is kept: a file.
    pub state: PathBuf,
    /// Between two turns.
    pub every: Duration,
    /// The longest wait between two tries while the server does not give anything.
    pub backoff_max: Duration,
    /// Longest page, in bytes.
    pub page_bytes_max: u64,
    /// Submissions that may wait before the server is asked again.
    pub waiting_max: u64,
    /// How long the server may say nothing, and how long a page may take.
    pub stall_max: Duration,
    /// How long a page may take.
    pub page_max: Duration,
}

impl Options {
    /// Every five minutes, pages of 64 MiB, four waiting, half a minute of silence, ten minutes for a page, an hour between tries.
    pub fn of(source: &str, base: Url, credentials: Credentials, state: PathBuf) -> Self {
        Self {
            source: source.to_owned(),
            base,
            credentials,
            state,
            every: Duration::from_secs(300),
            backoff_max: Duration::from_secs(3_600),
            page_bytes_max: 64 << 20,
            waiting_max: 4,
            stall_max: Duration::from_secs(30),
            page_max: Duration::from_secs(600),
        }
    }
}

/// Why a server gave nothing. An address may hold a child's number: none is repeated here.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    /// It does not answer, or broke off.
    #[error("the server does not answer ({0})")]
    Unreachable(String),
    /// It wants to be asked later.
    #[error("the server is busy (status {status})")]
    Busy {
        /// 429, or one of the server's own.
        status: u16,
        /// What it says to wait.
        retry_after: Option<Duration>,
    },
    /// It refuses who asks.
    #[error("the server refuses these credentials (status {0}): renew them")]
    Refused(u16),
    /// It answers otherwise.
    #[error("the server answers with status {0}: ask it by hand with the same credentials")]
    Status(u16),
    /// The page is larger than is taken.
    #[error("a page is larger than {0} bytes: ask for fewer records at a time")]
    TooLarge(u64),
    /// The page is none.
    #[error("a page cannot be used: {0}")]
    Page(#[from] PageUnusable),
    /// The next page is another server's, or the same again.
    #[error("the next page is not of this server, or is this one again: the turn begins anew")]
    Next,
    /// The credentials cannot be read.
    #[error(transparent)]
    Client(#[from] ClientUnusable),
    /// The spool or the cursor.
    #[error("could not {doing} (`{kind}`)")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        kind: std::io::ErrorKind,
    },
}

impl PollError {
    /// As the metrics name it.
    fn code(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "UNREACHABLE",
            Self::Busy { .. } => "BUSY",
            Self::Refused(_) => "REFUSED",
            Self::Status(_) => "UNEXPECTED_STATUS",
            Self::TooLarge(_) => "PAGE_TOO_LARGE",
            Self::Page(_) => "PAGE_UNUSABLE",
            Self::Next => "NEXT_ELSEWHERE",
            Self::Client(_) => "CREDENTIALS_UNUSABLE",
            Self::Io { .. } => "NOT_KEPT",
        }
    }
}

/// What one question came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Polled {
    /// A page is in the spool; `more`: the turn goes on.
    Page {
        /// There is a next one.
        more: bool,
    },
    /// Nothing that was not there before; `more`: the turn goes on.
    Nothing {
        /// There is a next one.
        more: bool,
    },
    /// Too much waits: the server was not asked.
    Waiting,
}

/// A server that is polled.
pub struct Poll {
    pages: Arc<dyn Pages>,
    spool: Arc<Spool>,
    client: Client,
    options: Options,
}

impl Poll {
    /// Reads the credentials.
    ///
    /// # Errors
    /// When they cannot be used.
    pub fn open(pages: Arc<dyn Pages>, spool: Arc<Spool>, options: Options) -> Result<Self, ClientUnusable> {
        let client = Client::of(&options)?;
        Ok(Self { pages, spool, client, options })
    }

    /// Asks until told to stop. While the server gives nothing it waits, longer each time, or for as long as the server says;
    /// says so once, and goes on by itself.
    pub async fn run(self, stop: CancellationToken) {
        let (source, mut tries, mut waits_for) = (self.options.source.as_str(), 0_u32, None);
        while !stop.is_cancelled() {
            let polled = tokio::select! {
                polled = self.once() => polled,
                () = stop.cancelled() => return,
            };
            let outcome = match &polled {
                Ok(Polled::Page { .. }) => "NEWS",
                Ok(Polled::Nothing { .. }) => "NOTHING",
                Ok(Polled::Waiting) => "WAITING",
                Err(error) => error.code(),
            };
            metrics::FETCHED.add(1, [source, outcome]);
            let wait = match polled {
                Ok(polled) => {
                    if waits_for.take().is_some() {
                        tracing::info!(source, "the server is read again");
                    }
                    tries = 0;
                    match polled {
                        Polled::Page { more: true } | Polled::Nothing { more: true } => Duration::ZERO,
                        Polled::Waiting => self.options.every.min(Duration::from_secs(5)),
                        Polled::Page { .. } | Polled::Nothing { .. } => self.options.every,
                    }
                }
                Err(error) => {
                    if waits_for != Some(error.code()) {
                        tracing::warn!(source, code = error.code(), %error, "waiting until the server can be read");
                    }
                    waits_for = Some(error.code());
                    tries = tries.saturating_add(1);
                    self.wait_after(&error, tries, rand::random())
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// How long to wait after the nth failure: twice as long each time, up to the longest, and by chance up to half of it less,
    /// so that many do not come back at one moment; never less than the server says, within the longest.
    fn wait_after(&self, error: &PollError, tries: u32, chance: u32) -> Duration {
        let longest = self.options.backoff_max;
        let doubled = Duration::from_secs(1).saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1).min(20)));
        let most = doubled.min(longest);
        let backoff = most / 2 + most.mul_f64(f64::from(chance) / f64::from(u32::MAX) / 2.0);
        let told = match error {
            PollError::Busy { retry_after, .. } => retry_after.unwrap_or_default(),
            _ => Duration::ZERO,
        };
        backoff.max(told.min(longest))
    }

    /// Asks once: for one page.
    ///
    /// # Errors
    /// [`PollError`].
    pub async fn once(&self) -> Result<Polled, PollError> {
        let waiting = self.spool.waiting().map_err(failed("list the spool"))?;
        if waiting.submissions >= self.options.waiting_max {
            return Ok(Polled::Waiting);
        }
        let state = State::read(&self.options.state).map_err(failed("read the cursor"))?;
        let (url, turn) = match &state.turn {
            Some(turn) => (turn.next.clone(), Some(turn.clone())),
            None => (self.pages.first(&self.options.base, state.cursor.as_deref()), None),
        };
        let etag = state.etag.as_ref().filter(|etag| turn.is_none() && etag.url == url).map(|etag| etag.value.clone());
        let drawn: [u8; 16] = rand::random();
        let got = match self.client.get(&url, self.pages.accept(), etag.as_deref()).await {
            // Its address is not good any more: the turn begins anew, from the cursor, and skips nothing.
            Err(PollError::Status(status @ 400..=499)) if turn.is_some() => {
                self.write(State { turn: None, ..state })?;
                return Err(PollError::Status(status));
            }
            got => got?,
        };
        let Got::Page(mut page) = got else {
            return Ok(Polled::Nothing { more: false });
        };
        let turn_began = turn.as_ref().map_or(page.asked_at, |turn| turn.began);
        let so_far = turn.map_or_else(|| state.cursor.clone(), |turn| turn.cursor);
        let (media_type, linked) = (page.media_type.clone(), page.next.clone());
        let fetched =
            |cursor| Fetched { url: &url, media_type: &media_type, next: linked.as_deref(), turn_began, cursor };
        let name = self.pages.file_name(&fetched(so_far.as_deref()));
        let mut staged = self.spool.stage(&hex::encode(drawn)).map_err(failed("make the page's folder"))?;
        staged.begin_file(&name).await.map_err(failed("make the page's file"))?;
        let mut bytes = 0_u64;
        while let Some(chunk) = page.next_chunk().await? {
            bytes = bytes.saturating_add(chunk.len() as u64);
            if bytes > self.options.page_bytes_max {
                return Err(PollError::TooLarge(self.options.page_bytes_max));
            }
            staged.write(&chunk).await.map_err(failed("write the page"))?;
        }
        staged.finish().await.map_err(failed("write the page"))?;
        let (pages, path) = (Arc::clone(&self.pages), staged.path().to_path_buf());
        let (of, media, link, before) = (url.clone(), media_type.clone(), linked.clone(), so_far.clone());
        let read = blocking(move || {
            let mut body = BufReader::with_capacity(1 << 16, File::open(path)?);
            let fetched =
                Fetched { url: &of, media_type: &media, next: link.as_deref(), turn_began, cursor: before.as_deref() };
            Ok(pages.read(&fetched, &mut body))
        });
        let told = read.await.map_err(failed("read the page"))??;
        let next = told.next.as_deref().map(|next| self.within(&url, next)).transpose();
        let Ok(next) = next else {
            self.write(State { turn: None, ..state })?;
            return Err(PollError::Next);
        };
        if !told.is_empty {
            let number = self.spool.next_number();
            blocking(move || staged.give(number)).await.map_err(failed("spool the page"))?;
        }
        let more = next.is_some();
        let etag = if state.turn.is_none() { page.etag.map(|value| state::Etag { url, value }) } else { state.etag };
        self.write(match next {
            Some(next) => {
                let turn = Turn { next, began: turn_began, cursor: told.cursor.or(so_far) };
                State { cursor: state.cursor, turn: Some(turn), etag }
            }
            None => State { cursor: told.cursor.or(so_far), turn: None, etag },
        })?;
        Ok(if told.is_empty { Polled::Nothing { more } } else { Polled::Page { more } })
    }

    /// The next page's address, if it is this server's and another page.
    fn within(&self, url: &Url, next: &str) -> Result<Url, PollError> {
        let next = url.join(next).map_err(|_| PollError::Next)?;
        let same = next.origin() == self.options.base.origin() && next.username().is_empty() && next != *url;
        same.then_some(next).ok_or(PollError::Next)
    }

    fn write(&self, state: State) -> Result<(), PollError> {
        state.write(&self.options.state).map_err(failed("write the cursor"))
    }
}

fn failed(doing: &'static str) -> impl FnOnce(std::io::Error) -> PollError {
    move |error| PollError::Io { doing, kind: error.kind() }
}

#[cfg(test)]
mod tests;
