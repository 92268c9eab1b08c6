//! A query of a PostgreSQL database or a SQL Server, asked again and again: what it gives becomes files in the source's drop folder.
//!
//! From there a page of rows goes the way of every file: taken up whole, translated, published, and kept as long as what was
//! dealt with is kept. So nothing is lost wherever a process dies: the cursor moves only once the file stands in the folder
//! and is durable, and a page that is read twice gives the same events. While files wait, nothing more is asked: what is
//! held at a time is one row, and on the disk so many pages.

mod connection;
mod page;
mod postgresql;
#[cfg(feature = "sql-server")]
mod sql_server;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio_util::sync::CancellationToken;

pub use connection::{Connection, ConnectionUnusable, Engine};
use page::{Asked, Written};

use crate::plan::Mapping;

/// Files that may wait in the folder before the database is asked again.
const WAITING_MAX: usize = 4;

/// How a database is polled.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it is, and how it is trusted.
    pub connection: Connection,
    /// The source's drop folder: pages are put into its `incoming`.
    pub folder: PathBuf,
    /// Where the cursor is kept.
    pub state: PathBuf,
    /// Between two questions, when the last page was not full.
    pub poll: Duration,
    /// The longest wait between two tries while the database does not answer.
    pub backoff_max: Duration,
    /// Rows of a page; those that have its last cursor value come with it.
    pub rows_max: u32,
    /// How old a row's cursor must be: a transaction that began before may still commit one that is older than the last read.
    /// Of cursors that are times.
    pub settle: Duration,
}

/// Why a database could not be read. The database's own words may hold a row, and are not repeated.
#[derive(Debug, thiserror::Error)]
pub enum SqlError {
    /// It does not answer, or refuses this user.
    #[error("the database does not take the connection ({0})")]
    Connect(String),
    /// The query failed.
    #[error("the query of the mapping failed ({0}): ask it by hand with the same user")]
    Query(String),
    /// The cursor is of no type that grows.
    #[error(
        "the cursor column is of type {0}: it must be a time, a date, a whole number or text that grows with each change"
    )]
    CursorType(String),
    /// The mapping has no query.
    #[error("the mapping's source is no query: set `source.format` to \"sql\"")]
    NoQuery,
    /// The page or the cursor could not be written.
    #[error("could not {doing} `{path}`")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// What one question came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Polled {
    /// So many rows are in a file in the drop folder.
    Rows(u64),
    /// As many as a page takes, and there may be more.
    FullPage(u64),
    /// Nothing that was not read before.
    Nothing,
    /// Files of before still wait: the database was not asked.
    Waiting,
}

/// Asks until told to stop. While the database does not answer it waits, longer each time, says so once, and goes on by
/// itself.
pub async fn run(mapping: &Mapping, options: Options, stop: CancellationToken) {
    let (source, mut wait, mut waits) = (mapping.name(), options.poll, false);
    while !stop.is_cancelled() {
        let polled = tokio::select! {
            polled = poll_once(mapping, &options, now_us()) => polled,
            () = stop.cancelled() => return,
        };
        match polled {
            Ok(polled) => {
                if waits {
                    tracing::info!(source, "the database answers again");
                }
                waits = false;
                wait = if matches!(polled, Polled::FullPage(_)) { Duration::ZERO } else { options.poll };
                if let Polled::Rows(rows) | Polled::FullPage(rows) = polled {
                    tracing::info!(source, rows, "rows of the database are in the drop folder");
                }
            }
            Err(error) => {
                if !waits {
                    tracing::warn!(source, %error, "waiting until the database can be read");
                }
                waits = true;
                wait = (wait * 2).max(Duration::from_secs(1)).min(options.backoff_max);
            }
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Asks once. `now_us`: microseconds since 1970; it names the file.
///
/// # Errors
/// When the database does not answer or refuses, or the folder cannot be written.
pub async fn poll_once(mapping: &Mapping, options: &Options, now_us: i64) -> Result<Polled, SqlError> {
    let (query, cursor) = mapping.query().ok_or(SqlError::NoQuery)?;
    let incoming = options.folder.join("incoming");
    std::fs::create_dir_all(&incoming).map_err(failed("make", &incoming))?;
    if waiting(&incoming)? >= WAITING_MAX {
        return Ok(Polled::Waiting);
    }
    let state_file = options.state.join("cursor");
    let last = read_state(&state_file)?;
    let part = incoming.join(format!("{}-{now_us}.csv.part", mapping.name()));
    let asked = Asked { query, cursor, last: last.as_deref(), rows_max: options.rows_max, settle: options.settle };
    let written = match write(&options.connection, &asked, &part).await {
        Ok(written) => written,
        Err(error) => {
            let _gone_or_not_there = std::fs::remove_file(&part);
            return Err(error);
        }
    };
    let Written { rows, state } = written;
    if rows == 0 || (cursor.is_none() && Some(&state) == last.as_ref()) {
        std::fs::remove_file(&part).map_err(failed("remove", &part))?;
        return Ok(Polled::Nothing);
    }
    let whole = part.with_extension("");
    std::fs::rename(&part, &whole).map_err(failed("rename", &part))?;
    sync(&incoming)?;
    write_state(&state_file, &state)?;
    let is_full = cursor.is_some() && rows >= u64::from(options.rows_max);
    Ok(if is_full { Polled::FullPage(rows) } else { Polled::Rows(rows) })
}

async fn write(connection: &Connection, asked: &Asked<'_>, part: &Path) -> Result<Written, SqlError> {
    match connection.engine() {
        Engine::Postgresql => postgresql::write(connection, asked, part).await,
        #[cfg(feature = "sql-server")]
        Engine::SqlServer => sql_server::write(connection, asked, part).await,
        #[cfg(not(feature = "sql-server"))]
        Engine::SqlServer => Err(SqlError::Connect(ConnectionUnusable::NotOfThisBuild.to_string())),
    }
}

fn waiting(incoming: &Path) -> Result<usize, SqlError> {
    let entries = std::fs::read_dir(incoming).map_err(failed("list", incoming))?;
    Ok(entries.flatten().filter(|entry| entry.path().extension().is_some_and(|extension| extension == "csv")).count())
}

fn read_state(file: &Path) -> Result<Option<String>, SqlError> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(failed("read", file)(source)),
    }
}

fn write_state(file: &Path, state: &str) -> Result<(), SqlError> {
    use std::io::Write as _;
    let (folder, part) = (file.parent().unwrap_or(file), file.with_extension("part"));
    std::fs::create_dir_all(folder).map_err(failed("make", folder))?;
    let mut out = std::fs::File::create(&part).map_err(failed("write", &part))?;
    out.write_all(state.as_bytes()).and_then(|()| out.sync_all()).map_err(failed("write", &part))?;
    std::fs::rename(&part, file).map_err(failed("rename", &part))?;
    sync(folder)
}

fn sync(folder: &Path) -> Result<(), SqlError> {
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("sync", folder))
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> SqlError {
    let path = path.to_path_buf();
    move |source| SqlError::Io { doing, path, source }
}

fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
