//! Files of a server, fetched by SFTP: each once, whole, and in the order in which they were written there.
//!
//! A file is taken once it has not changed between two listings, with the others of its submission. It is durable in the spool
//! before the ledger says that it was taken, and the ledger says so before anything is done about it over there. So a process
//! that dies anywhere fetches a file twice at most, and twice the same file gives the same events.

mod ledger;
mod protocol;
mod ssh;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use runtime::metrics;
use tokio_util::sync::CancellationToken;

use crate::connector::Connector;
use crate::run::is_unfinished;
use crate::spool::{Spool, blocking};
use ledger::Ledger;
use protocol::{Fault, Found, Session};
pub use ssh::Server;

/// What becomes of a file over there once it was taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Afterwards {
    /// It stays; the ledger knows it for as long as it is listed.
    Leave,
    /// It is moved into this folder.
    Archive(String),
    /// It is removed.
    Remove,
}

/// How a server is read.
#[derive(Clone, Debug)]
pub struct Options {
    /// The connector, as metrics and log lines name it.
    pub source: String,
    /// Where, and as whom.
    pub server: Server,
    /// The folder over there.
    pub folder: String,
    /// Patterns of names, with `*` and `?`; none is every name.
    pub files: Vec<String>,
    /// What becomes of them there.
    pub afterwards: Afterwards,
    /// Where it is kept what was taken: a file.
    pub ledger: PathBuf,
    /// Between two listings.
    pub every: Duration,
    /// The longest wait between two tries while the server does not give anything.
    pub backoff_max: Duration,
    /// Longest file, in bytes.
    pub file_bytes_max: u64,
    /// Most names in the folder.
    pub names_max: usize,
    /// Submissions that may wait before the server is asked again.
    pub waiting_max: u64,
    /// How long the server may say nothing.
    pub stall_max: Duration,
}

impl Options {
    /// Every file, every five minutes, which stay; files of a GiB, ten thousand names, four waiting, half a minute of silence, an hour
    /// between tries.
    pub fn of(source: &str, server: Server, folder: &str, ledger: PathBuf) -> Self {
        Self {
            source: source.to_owned(),
            server,
            folder: folder.to_owned(),
            files: Vec::new(),
            afterwards: Afterwards::Leave,
            ledger,
            every: Duration::from_secs(300),
            backoff_max: Duration::from_secs(3_600),
            file_bytes_max: 1 << 30,
            names_max: 10_000,
            waiting_max: 4,
            stall_max: Duration::from_secs(30),
        }
    }
}

/// Why a server gave nothing. Names of files may name children: none is repeated here.
#[derive(Debug, thiserror::Error)]
pub enum SftpError {
    /// The program that speaks SSH.
    #[error("`ssh` could not be started (`{0}`): install OpenSSH's client")]
    NoSsh(std::io::ErrorKind),
    /// Its host key is not the one that is known.
    #[error("the server's host key is not in `known_hosts`: compare it with whoever runs the server before you add it")]
    HostKey,
    /// It does not take who asks.
    #[error("the server does not take this user's key")]
    Refused,
    /// It does not answer, or broke off.
    #[error("the server does not answer")]
    Unreachable,
    /// It said what is no SFTP.
    #[error("the server does not speak SFTP version 3, or broke its rules")]
    Protocol,
    /// It would not do something.
    #[error("the server would not {doing} (SFTP status {status})")]
    Status {
        /// What was asked.
        doing: &'static str,
        /// 2 no such file, 3 permission denied, 4 failure.
        status: u32,
    },
    /// A file is larger than is taken.
    #[error("a file is larger than {0} bytes: it stays where it is")]
    TooLarge(u64),
    /// There are too many files.
    #[error("the folder holds more than {0} names: have what was taken archived or removed")]
    TooMany(usize),
    /// The spool or the ledger.
    #[error("could not {doing} (`{kind}`)")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        kind: std::io::ErrorKind,
    },
}

impl SftpError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoSsh(_) => "NO_SSH",
            Self::HostKey => "HOST_KEY_UNKNOWN",
            Self::Refused => "REFUSED",
            Self::Unreachable => "UNREACHABLE",
            Self::Protocol => "PROTOCOL_BROKEN",
            Self::Status { .. } => "UNEXPECTED_STATUS",
            Self::TooLarge(_) => "FILE_TOO_LARGE",
            Self::TooMany(_) => "TOO_MANY_FILES",
            Self::Io { .. } => "NOT_KEPT",
        }
    }

    fn of(doing: &'static str) -> impl FnOnce(Fault) -> Self {
        move |fault| match fault {
            Fault::Ended | Fault::Silent => Self::Unreachable,
            Fault::Rules => Self::Protocol,
            Fault::Status(status) => Self::Status { doing, status },
        }
    }
}

/// What one look came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Fetched {
    /// Submissions that are in the spool now.
    pub submissions: u64,
    /// Their files.
    pub files: u64,
    /// Files that may still be being written.
    pub unsettled: u64,
    /// Too much waits: more is taken later.
    pub is_waiting: bool,
}

/// A server whose files are fetched.
pub struct Sftp {
    connector: Arc<dyn Connector>,
    spool: Arc<Spool>,
    options: Options,
    /// What the last listing showed.
    seen: BTreeMap<String, (u64, u32)>,
}

impl Sftp {
    /// Looks at nothing yet.
    pub fn new(connector: Arc<dyn Connector>, spool: Arc<Spool>, options: Options) -> Self {
        Self { connector, spool, options, seen: BTreeMap::new() }
    }

    /// Looks until told to stop. While the server gives nothing it waits, longer each time; says so once, and goes on by itself.
    pub async fn run(mut self, stop: CancellationToken) {
        let (source, mut wait, mut waits_for) = (self.options.source.clone(), self.options.every, None);
        while !stop.is_cancelled() {
            let looked = tokio::select! {
                looked = self.once() => looked,
                () = stop.cancelled() => return,
            };
            match looked {
                Ok(fetched) => {
                    let outcome = match fetched {
                        Fetched { files: 1.., .. } => "NEWS",
                        Fetched { is_waiting: true, .. } => "WAITING",
                        _ => "NOTHING",
                    };
                    metrics::FETCHED.add(1, [&source, outcome]);
                    if waits_for.take().is_some() {
                        tracing::info!(source, "the server is read again");
                    }
                    if fetched.files > 0 {
                        tracing::info!(source, files = fetched.files, "files of the server are in the spool");
                    }
                    wait = self.options.every;
                }
                Err(error) => {
                    metrics::FETCHED.add(1, [source.as_str(), error.code()]);
                    if waits_for != Some(error.code()) {
                        tracing::warn!(source, code = error.code(), %error, "waiting until the server can be read");
                    }
                    waits_for = Some(error.code());
                    wait = (wait * 2).max(Duration::from_secs(1)).min(self.options.backoff_max);
                }
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Looks once, and takes what has settled.
    ///
    /// # Errors
    /// [`SftpError`]. What was taken before stands.
    pub async fn once(&mut self) -> Result<Fetched, SftpError> {
        let mut ledger = Ledger::read(&self.options.ledger).map_err(failed("read the ledger"))?;
        let mut process = self.options.server.open()?;
        let looked = async {
            let mut session =
                Session::begin(process.streams()?, self.options.stall_max).await.map_err(SftpError::of("begin"))?;
            self.look(&mut session, &mut ledger).await
        };
        match looked.await {
            // What the program says of its end says more than that it ended.
            Err(SftpError::Unreachable) => Err(process.why().await),
            looked => looked,
        }
    }

    async fn look(&mut self, session: &mut Session, ledger: &mut Ledger) -> Result<Fetched, SftpError> {
        let listing = session
            .list(&self.options.folder, self.options.names_max)
            .await
            .map_err(SftpError::of("list the folder"))?;
        let listing = listing.ok_or(SftpError::TooMany(self.options.names_max))?;
        let wanted = |found: &Found| found.is_file && !is_unfinished(&found.name) && self.wants(&found.name);
        let mut now: BTreeMap<String, (u64, u32)> = BTreeMap::new();
        for found in listing.into_iter().filter(wanted) {
            now.insert(found.name, (found.size, found.changed_at));
        }
        let known: Vec<String> = now.iter().map(|(name, about)| ledger.name(&self.options, name, *about)).collect();
        ledger.keep_only(&known).map_err(failed("write the ledger"))?;
        let mut fetched = Fetched::default();
        let mut news: BTreeMap<String, (u64, u32)> = BTreeMap::new();
        for (name, about) in &now {
            if ledger.holds(&ledger.name(&self.options, name, *about)) {
                self.afterwards(session, name).await;
            } else {
                news.insert(name.clone(), *about);
            }
        }
        let before = std::mem::replace(&mut self.seen, now);
        for group in self.groups(&news) {
            let settled = group.iter().all(|name| before.get(name) == news.get(name));
            if !settled {
                fetched.unsettled += group.len() as u64;
                continue;
            }
            let waiting = self.spool.waiting().map_err(failed("list the spool"))?;
            if waiting.submissions >= self.options.waiting_max {
                fetched.is_waiting = true;
                break;
            }
            if self.take(session, ledger, &group, &news).await? {
                fetched.submissions += 1;
                fetched.files += group.len() as u64;
            }
        }
        Ok(fetched)
    }

    fn wants(&self, name: &str) -> bool {
        let safe = !name.contains(['/', '\\', '\0']);
        safe && (self.options.files.is_empty() || self.options.files.iter().any(|pattern| matches(pattern, name)))
    }

    /// What belongs together, in the order in which it was written.
    fn groups(&self, news: &BTreeMap<String, (u64, u32)>) -> Vec<Vec<String>> {
        let names: Vec<String> = news.keys().cloned().collect();
        let mut groups = self.connector.submissions(&names);
        groups.retain(|group| !group.is_empty());
        let alone: Vec<_> =
            names.iter().filter(|name| !groups.iter().any(|group| group.contains(name))).cloned().collect();
        groups.extend(alone.into_iter().map(|name| vec![name]));
        let changed_at =
            |group: &Vec<String>| group.iter().filter_map(|name| news.get(name)).map(|about| about.1).max();
        groups.sort_by_key(|group| (changed_at(group), group.first().cloned()));
        groups
    }

    /// Fetches a submission; `false` when it changed meanwhile.
    async fn take(
        &self,
        session: &mut Session,
        ledger: &mut Ledger,
        group: &[String],
        news: &BTreeMap<String, (u64, u32)>,
    ) -> Result<bool, SftpError> {
        let unwritten = || failed("write a file of the spool");
        let drawn: [u8; 16] = rand::random();
        let mut staged = self.spool.stage(&hex::encode(drawn)).map_err(unwritten())?;
        for name in group {
            let about = news.get(name).copied().unwrap_or_default();
            if about.0 > self.options.file_bytes_max {
                return Err(SftpError::TooLarge(self.options.file_bytes_max));
            }
            staged.begin_file(name).await.map_err(unwritten())?;
            let path = self.path(name);
            let handle = session.open(&path).await.map_err(SftpError::of("open a file"))?;
            let mut bytes = 0_u64;
            while let Some(block) = session.read(&handle, bytes).await.map_err(SftpError::of("read a file"))? {
                bytes += block.len() as u64;
                if bytes > self.options.file_bytes_max {
                    return Err(SftpError::TooLarge(self.options.file_bytes_max));
                }
                staged.write(&block).await.map_err(unwritten())?;
            }
            session.close(&handle).await.map_err(SftpError::of("close a file"))?;
            let after = session.about(&path).await.map_err(SftpError::of("look at a file"))?;
            if (bytes, after.changed_at) != about || after.size != bytes {
                return Ok(false);
            }
        }
        staged.finish().await.map_err(unwritten())?;
        let number = self.spool.next_number();
        blocking(move || staged.give(number)).await.map_err(failed("spool a file"))?;
        for name in group {
            let about = news.get(name).copied().unwrap_or_default();
            let name = ledger.name(&self.options, name, about);
            ledger.add(name).map_err(failed("write the ledger"))?;
        }
        for name in group {
            self.afterwards(session, name).await;
        }
        Ok(true)
    }

    /// Does about a file that was taken what is to be done. What cannot be done is tried again at the next look.
    async fn afterwards(&self, session: &mut Session, name: &str) {
        let path = self.path(name);
        let done = match &self.options.afterwards {
            Afterwards::Leave => return,
            Afterwards::Remove => session.remove(&path).await,
            Afterwards::Archive(folder) => {
                let archived = format!("{}/{name}", folder.trim_end_matches('/'));
                match session.rename(&path, &archived).await {
                    // Most likely there is one of that name.
                    Err(Fault::Status(4)) => {
                        session.rename(&path, &format!("{archived}.{}", self.spool.next_number())).await
                    }
                    renamed => renamed,
                }
            }
        };
        if let Err(fault) = done {
            tracing::warn!(
                source = self.options.source,
                ?fault,
                "a file that was taken stays where it is on the server"
            );
        }
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.options.folder.trim_end_matches('/'))
    }
}

/// Whether a name is as a pattern says: `*` stands for anything, `?` for one character.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    // Which beginnings of the name the pattern's beginning stands for.
    let mut reached = vec![false; name.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    for wanted in pattern {
        let mut next = vec![false; name.len() + 1];
        for (at, is_reached) in reached.iter().enumerate() {
            match wanted {
                '*' if *is_reached => next.iter_mut().skip(at).for_each(|place| *place = true),
                wanted if *is_reached && name.get(at).is_some_and(|c| wanted == '?' || *c == wanted) => {
                    if let Some(place) = next.get_mut(at + 1) {
                        *place = true;
                    }
                }
                _ => {}
            }
        }
        reached = next;
    }
    reached.last() == Some(&true)
}

fn failed(doing: &'static str) -> impl FnOnce(std::io::Error) -> SftpError {
    move |error| SftpError::Io { doing, kind: error.kind() }
}

/// Hears out a server that says these bytes, whatever is asked: its greeting, a folder, a file. How much came of it. For the fuzz
/// target alone.
#[doc(hidden)]
pub async fn hear(said: &[u8]) -> usize {
    let streams: protocol::Streams = (Box::new(std::io::Cursor::new(said.to_vec())), Box::new(tokio::io::sink()));
    let Ok(mut session) = Session::begin(streams, Duration::from_secs(5)).await else { return 0 };
    let listed = session.list("/", HEARD_NAMES_MAX).await.ok().flatten().map_or(0, |listed| listed.len());
    let Ok(handle) = session.open("/file").await else { return listed };
    let mut bytes = 0;
    while let Ok(Some(block)) = session.read(&handle, bytes as u64).await {
        bytes += block.len();
    }
    listed + bytes
}

/// Names that [`hear`] takes.
const HEARD_NAMES_MAX: usize = 1_000;

#[cfg(test)]
mod tests;
