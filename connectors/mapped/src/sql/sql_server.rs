//! A page of a SQL Server's rows: every column as the text that PostgreSQL would give for it.
//!
//! The client repeats the server's words in its own log lines, and those may hold a row: what is logged leaves them out
//! (`runtime::telemetry`), and an error here has the server's number and no more.

mod text;

use std::io::ErrorKind;
use std::path::Path;

use tiberius::{AuthMethod, Client, Column, ColumnType, Config, EncryptionLevel, QueryStream, error::Error};
use tokio::net::TcpStream;
use tokio_postgres::config::Host;
use tokio_stream::StreamExt as _;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt as _};

use super::connection::{CONNECT_MAX, Connection, STATEMENT_MAX, refused};
use super::page::{Asked, Page, Written, bare};
use super::{ConnectionUnusable, SqlError};

/// Where one listens unless it is said otherwise.
const PORT: u16 = 1433;

/// Bytes of a `rowversion`.
const ROWVERSION_BYTES: usize = 8;

/// Whatever the login's language is; and where two deadlock, or wait for one another, the case system goes first.
const SETTINGS: &str = "SET LANGUAGE us_english; SET DEADLOCK_PRIORITY LOW; SET LOCK_TIMEOUT 60000; SET NOCOUNT ON;";

type Server = Client<Compat<TcpStream>>;

/// Writes what the question gives, row by row.
pub(super) async fn write(connection: &Connection, asked: &Asked<'_>, file: &Path) -> Result<Written, SqlError> {
    let mut server = open(connection).await?;
    let query = bare(asked.query);
    let described = format!("{SETTINGS} SELECT TOP (0) * FROM ({query}) AS source");
    let columns = {
        let mut described = server.simple_query(described).await.map_err(failed)?;
        let columns = columns(&mut described).await?;
        while described.try_next().await.map_err(failed)?.is_some() {}
        columns
    };
    let cursor = asked.cursor.map(|name| Cursor::of(name, &columns)).transpose()?;
    let question = question(query, cursor.as_ref(), asked);
    let last = asked.last.filter(|_| cursor.is_some()).map(iso);
    let mut rows = match &last {
        Some(last) => server.query(question, &[&last.as_str()]).await.map_err(failed)?,
        None => server.simple_query(question).await.map_err(failed)?,
    };
    let mut page = Page::create(file, columns.iter().map(Column::name), asked)?;
    let mut cell = String::new();
    while let Some(item) = rows.try_next().await.map_err(failed)? {
        let Some(row) = item.into_row() else { continue };
        let mut last = None;
        for (at, (column, data)) in row.cells().enumerate() {
            cell.clear();
            text::write(data, column.column_type(), &mut cell);
            page.cell(&cell)?;
            if cursor.as_ref().is_some_and(|cursor| cursor.at == at) {
                cursor.as_ref().map_or(Ok(()), |cursor| cursor.takes(&cell))?;
                last = Some(cell.clone());
            }
        }
        page.end_row(last)?;
    }
    page.finish()
}

/// A column whose values grow.
struct Cursor {
    at: usize,
    quoted: String,
    /// How the last value, a text, becomes one of the column's.
    last: String,
    /// What holds of rows that nothing can come before any more.
    settled: Option<Settled>,
    is_rowversion: bool,
}

/// How it is known that nothing older is still to be committed.
#[derive(Clone, Copy)]
enum Settled {
    /// By this clock, so long ago.
    Before(&'static str),
    /// The server says.
    ByServer,
}

impl Cursor {
    fn of(name: &str, columns: &[Column]) -> Result<Self, SqlError> {
        let found = columns.iter().enumerate().find(|(_, column)| column.name().eq_ignore_ascii_case(name));
        let (at, column) =
            found.ok_or_else(|| SqlError::CursorType("none: the query gives no such column".to_owned()))?;
        let utc = Some(Settled::Before("SYSUTCDATETIME()"));
        let (kind, settled) = match column.column_type() {
            // Compared as the column's own type: a `datetime` holds three hundredths, and is not quite the text it is written as.
            ColumnType::Datetime | ColumnType::Datetime4 | ColumnType::Datetimen => ("datetime", utc),
            ColumnType::Datetime2 => ("datetime2(7)", utc),
            ColumnType::DatetimeOffsetn => ("datetimeoffset(7)", Some(Settled::Before("SYSDATETIMEOFFSET()"))),
            ColumnType::Daten => ("date", None),
            ColumnType::Int1 | ColumnType::Int2 | ColumnType::Int4 | ColumnType::Int8 | ColumnType::Intn => {
                ("bigint", None)
            }
            ColumnType::Decimaln | ColumnType::Numericn => ("decimal(38, 10)", None),
            ColumnType::NVarchar | ColumnType::NChar | ColumnType::BigVarChar | ColumnType::BigChar => {
                ("nvarchar(4000)", None)
            }
            ColumnType::BigBinary => ("binary(8)", Some(Settled::ByServer)),
            other => return Err(SqlError::CursorType(format!("{other:?}").to_lowercase())),
        };
        let is_rowversion = column.column_type() == ColumnType::BigBinary;
        let last = if is_rowversion { format!("CONVERT({kind}, @P1, 1)") } else { format!("CAST(@P1 AS {kind})") };
        let quoted = format!("[{}]", column.name().replace(']', "]]"));
        Ok(Self { at, quoted, last, settled, is_rowversion })
    }

    /// A `rowversion` is told from other bytes by its length.
    fn takes(&self, cell: &str) -> Result<(), SqlError> {
        if self.is_rowversion && cell.len() != 2 + 2 * ROWVERSION_BYTES {
            return Err(SqlError::CursorType("binary, and no rowversion".to_owned()));
        }
        Ok(())
    }
}

/// Every column; after the last cursor, in its order, with all that share the page's last.
fn question(query: &str, cursor: Option<&Cursor>, asked: &Asked<'_>) -> String {
    let Some(Cursor { quoted, last, settled, .. }) = cursor else {
        return format!("SELECT * FROM ({query}) AS source");
    };
    let after = if asked.last.is_some() { format!(" AND {quoted} > {last}") } else { String::new() };
    let settled = match settled {
        Some(Settled::ByServer) => format!(" AND {quoted} < MIN_ACTIVE_ROWVERSION()"),
        Some(Settled::Before(now)) if !asked.settle.is_zero() => {
            format!(" AND {quoted} <= DATEADD(millisecond, -{}, {now})", asked.settle.as_millis())
        }
        _ => String::new(),
    };
    let rows = asked.rows_max.max(1);
    format!(
        "SELECT TOP ({rows}) WITH TIES * FROM ({query}) AS source WHERE {quoted} IS NOT NULL{after}{settled} \
         ORDER BY {quoted}"
    )
}

/// The last cursor as the server reads it whatever its language: a time has its `T`.
fn iso(last: &str) -> String {
    let is_time = last.len() > 10 && last.as_bytes().get(4) == Some(&b'-') && last.as_bytes().get(10) == Some(&b' ');
    if is_time { last.replacen(' ', "T", 1) } else { last.to_owned() }
}

async fn columns(stream: &mut QueryStream<'_>) -> Result<Vec<Column>, SqlError> {
    let columns = stream.columns().await.map_err(failed)?;
    columns.map(<[Column]>::to_vec).ok_or_else(|| SqlError::Query("it gives no columns".to_owned()))
}

/// Connects; what the login may do is the database's affair, as far as reading only goes. One that sends those who only read to
/// another machine, as a group of databases does, is followed there once, where a certificate proves who that is.
async fn open(connection: &Connection) -> Result<Server, SqlError> {
    let unusable = || SqlError::Connect(ConnectionUnusable::SqlServer.to_string());
    let said = connection.config();
    let Some(Host::Tcp(host)) = said.get_hosts().first() else { return Err(unusable()) };
    let port = said.get_ports().first().copied().unwrap_or(PORT);
    let (Some(user), Some(password)) = (said.get_user(), said.get_password()) else { return Err(unusable()) };
    let password = std::str::from_utf8(password).map_err(|_| unusable())?;
    let mut config = Config::new();
    config.database(said.get_dbname().ok_or_else(unusable)?);
    config.authentication(AuthMethod::sql_server(user, password));
    config.application_name("throughline");
    config.readonly(true);
    config.handshake_timeout(Some(CONNECT_MAX));
    config.command_timeout(Some(STATEMENT_MAX));
    match connection.ca() {
        Some(ca) => {
            config.encryption(EncryptionLevel::Required);
            config.trust_cert_ca_bundle(ca);
        }
        // On this machine, which is where it must be: in clear, or with whatever certificate the server made for itself.
        None => {
            config.encryption(EncryptionLevel::NotSupported);
            config.trust_cert();
        }
    }
    match connect(config.clone(), host, port).await {
        Err(Error::Routing { host, port }) if connection.ca().is_some() => connect(config, &host, port).await,
        connected => connected,
    }
    .map_err(unmade)
}

async fn connect(mut config: Config, host: &str, port: u16) -> Result<Server, Error> {
    config.host(host);
    config.port(port);
    let connecting = tokio::time::timeout(CONNECT_MAX, TcpStream::connect((host, port)));
    let stream = connecting.await.map_err(|_| std::io::Error::from(ErrorKind::TimedOut))??;
    stream.set_nodelay(true)?;
    Client::connect(config, stream.compat_write()).await
}

/// What is said of a connection that was not made: the server's number, or what kind of failure it was.
fn unmade(error: Error) -> SqlError {
    SqlError::Connect(match error {
        Error::Server(said) => match said.code() {
            18456 => {
                "error 18456: the user or the password is not right, or the login may not use this database".to_owned()
            }
            4060 => "error 4060: the login may not open the database of that name".to_owned(),
            18487 | 18488 => format!("error {}: the login's password must be changed first", said.code()),
            code => format!("error {code}"),
        },
        Error::Io { kind, .. } => return refused(Some(kind)),
        Error::Tls(_) => {
            "its certificate is not signed by the `ca`, or is not this host's, or it speaks no TLS 1.2".to_owned()
        }
        Error::Routing { .. } => "it sends its clients to another machine: name that one, with a `ca`".to_owned(),
        Error::Protocol(_) => "it is no SQL Server, or takes no encryption: install a certificate on it".to_owned(),
        _ => "it was not made".to_owned(),
    })
}

/// What is said of a question that failed: the server's own words may hold a row.
fn failed(error: Error) -> SqlError {
    SqlError::Query(match error {
        Error::Server(said) => format!("error {}", said.code()),
        Error::Io { kind: ErrorKind::TimedOut, .. } => "no answer for ten minutes".to_owned(),
        Error::Io { .. } => "the connection broke".to_owned(),
        _ => "what came could not be read: CAST its columns to types such as nvarchar or date".to_owned(),
    })
}
