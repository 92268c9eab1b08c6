//! A page of rows as a table of text.

use std::fs::File;
use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Statement};
use tokio_stream::StreamExt as _;

use super::{SqlError, failed};

/// What is asked.
pub(super) struct Asked<'a> {
    pub(super) query: &'a str,
    pub(super) cursor: Option<&'a str>,
    /// The last cursor that was read.
    pub(super) last: Option<&'a str>,
    pub(super) rows_max: u32,
    pub(super) settle: Duration,
}

/// What was written.
pub(super) struct Written {
    pub(super) rows: u64,
    /// The last row's cursor; without a cursor, a digest of all.
    pub(super) state: String,
}

/// Writes what the question gives, row by row.
pub(super) async fn write(client: &Client, asked: &Asked<'_>, file: &Path) -> Result<Written, SqlError> {
    let query = asked.query.trim().trim_end_matches(';').trim_end();
    let described =
        client.prepare(&format!("SELECT * FROM ({query}) AS source")).await.map_err(|error| query_failed(&error))?;
    let statement = client.prepare(&question(query, &described, asked)?).await.map_err(|error| query_failed(&error))?;
    let last = asked.cursor.map(|_| asked.last);
    let parameters: Vec<&(dyn tokio_postgres::types::ToSql + Sync)> = last.iter().map(|last| last as _).collect();
    let rows = client.query_raw(&statement, parameters).await.map_err(|error| query_failed(&error))?;
    let mut rows = pin!(rows);
    let out = File::create(file).map_err(failed("write", file))?;
    let mut table = csv::Writer::from_writer(out);
    let unwritten = |error: csv::Error| failed("write", file)(error.into());
    let columns = described.columns();
    table.write_record(columns.iter().map(tokio_postgres::Column::name)).map_err(unwritten)?;
    let mut written = Written { rows: 0, state: asked.last.unwrap_or_default().to_owned() };
    let mut digest = Sha256::new();
    while let Some(row) = rows.next().await {
        let row = row.map_err(|error| query_failed(&error))?;
        for at in 0..columns.len() {
            let cell: Option<&str> = row.try_get(at).map_err(|error| query_failed(&error))?;
            let cell = cell.unwrap_or_default();
            digest.update(cell.as_bytes());
            digest.update([0]);
            table.write_field(cell).map_err(unwritten)?;
        }
        table.write_record(None::<&[u8]>).map_err(unwritten)?;
        if asked.cursor.is_some() {
            let cursor: Option<String> = row.try_get(columns.len()).map_err(|error| query_failed(&error))?;
            written.state = cursor.unwrap_or_default();
        }
        written.rows += 1;
    }
    if asked.cursor.is_none() {
        written.state = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    }
    let out = table.into_inner().map_err(|error| failed("write", file)(error.into_error()))?;
    out.sync_all().map_err(failed("write", file))?;
    Ok(written)
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
        error.code().map_or_else(|| "none (the connection broke)".to_owned(), |code| code.code().to_owned()),
    )
}
