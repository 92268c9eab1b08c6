//! A page of a PostgreSQL's rows: every column is asked for as text.

use std::path::Path;
use std::pin::pin;

use tokio_postgres::types::Type;
use tokio_postgres::{Client, NoTls, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_stream::StreamExt as _;

use super::SqlError;
use super::connection::{Connection, STATEMENT_MAX, refused};
use super::page::{Asked, Page, Written, bare};

/// Writes what the question gives, row by row.
pub(super) async fn write(connection: &Connection, asked: &Asked<'_>, file: &Path) -> Result<Written, SqlError> {
    let client = open(connection).await?;
    let query = bare(asked.query);
    let described =
        client.prepare(&format!("SELECT * FROM ({query}) AS source")).await.map_err(|error| query_failed(&error))?;
    let statement = client.prepare(&question(query, &described, asked)?).await.map_err(|error| query_failed(&error))?;
    let last = asked.cursor.map(|_| asked.last);
    let parameters: Vec<&(dyn tokio_postgres::types::ToSql + Sync)> = last.iter().map(|last| last as _).collect();
    let rows = client.query_raw(&statement, parameters).await.map_err(|error| query_failed(&error))?;
    let mut rows = pin!(rows);
    let columns = described.columns();
    let mut page = Page::create(file, columns.iter().map(tokio_postgres::Column::name), asked)?;
    while let Some(row) = rows.next().await {
        let row = row.map_err(|error| query_failed(&error))?;
        for at in 0..columns.len() {
            let cell: Option<&str> = row.try_get(at).map_err(|error| query_failed(&error))?;
            page.cell(cell.unwrap_or_default())?;
        }
        let cursor: Option<String> = match asked.cursor {
            Some(_) => row.try_get(columns.len()).map_err(|error| query_failed(&error))?,
            None => None,
        };
        page.end_row(cursor)?;
    }
    page.finish()
}

/// Connects, for reading only.
async fn open(connection: &Connection) -> Result<Client, SqlError> {
    let client = match connection.tls() {
        Some(tls) => {
            let connect = MakeRustlsConnect::new(tls.clone());
            let (client, connection) = connection.config().connect(connect).await.map_err(|error| unmade(&error))?;
            tokio::spawn(connection);
            client
        }
        None => {
            let (client, connection) = connection.config().connect(NoTls).await.map_err(|error| unmade(&error))?;
            tokio::spawn(connection);
            client
        }
    };
    let settings = format!(
        "SET default_transaction_read_only = on; SET statement_timeout = '{}s'; SET TIME ZONE 'UTC'; \
         SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'iso_8601'; SET client_encoding = 'UTF8'",
        STATEMENT_MAX.as_secs()
    );
    client.batch_execute(&settings).await.map_err(|error| unmade(&error))?;
    Ok(client)
}

/// What is said of a connection that was not made: its SQLSTATE, or what kind of failure it was.
fn unmade(error: &tokio_postgres::Error) -> SqlError {
    use std::error::Error as _;
    let io = || error.source().and_then(|source| source.downcast_ref::<std::io::Error>());
    match error.code() {
        Some(code) => SqlError::Connect(format!("SQLSTATE {}", code.code())),
        None => refused(io().map(std::io::Error::kind)),
    }
}

/// Every column as text; after the last cursor, in its order, with all that share the page's last.
fn question(query: &str, described: &Statement, asked: &Asked<'_>) -> Result<String, SqlError> {
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let texts: Vec<String> =
        described.columns().iter().map(|column| format!("{}::text", quoted(column.name()))).collect();
    let texts = texts.join(", ");
    let Some(cursor) = asked.cursor else { return Ok(format!("SELECT {texts} FROM ({query}) AS source")) };
    let column = described.columns().iter().find(|column| column.name() == cursor);
    let kind = column.map_or(&Type::UNKNOWN, tokio_postgres::Column::type_);
    let (kind, settled) = match *kind {
        Type::TIMESTAMPTZ => ("timestamptz", Some("clock_timestamp()")),
        Type::TIMESTAMP => ("timestamp", Some("clock_timestamp()::timestamp")),
        Type::DATE => ("date", None),
        Type::INT2 | Type::INT4 | Type::INT8 => ("bigint", None),
        Type::NUMERIC => ("numeric", None),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR => ("text", None),
        _ => return Err(SqlError::CursorType(kind.name().to_owned())),
    };
    let cursor = quoted(cursor);
    let settled = settled.filter(|_| !asked.settle.is_zero()).map_or(String::new(), |now| {
        format!(" AND {cursor} <= {now} - interval '{} milliseconds'", asked.settle.as_millis())
    });
    Ok(format!(
        "SELECT {texts}, {cursor}::text FROM ({query}) AS source \
         WHERE {cursor} IS NOT NULL AND ($1::text IS NULL OR {cursor} > $1::text::{kind}){settled} \
         ORDER BY {cursor} FETCH FIRST {} ROWS WITH TIES",
        asked.rows_max.max(1)
    ))
}

fn query_failed(error: &tokio_postgres::Error) -> SqlError {
    SqlError::Query(
        error.code().map_or_else(|| "the connection broke".to_owned(), |code| format!("SQLSTATE {}", code.code())),
    )
}
