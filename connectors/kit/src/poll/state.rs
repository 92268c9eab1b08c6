//! How far a server was read.

use std::fs;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use reqwest::Url;
use serde::{Deserialize, Serialize};

use crate::spool::write_whole;

/// How far it was read.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct State {
    /// What the next turn begins from.
    pub(super) cursor: Option<String>,
    /// The turn that is not at its end.
    pub(super) turn: Option<Turn>,
    /// What the first page of a turn was last.
    pub(super) etag: Option<Etag>,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Turn {
    pub(super) next: Url,
    pub(super) began: Timestamp,
    pub(super) cursor: Option<String>,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Etag {
    pub(super) url: Url,
    pub(super) value: String,
}

/// As it is written.
#[derive(Default, Serialize, Deserialize)]
struct Written {
    cursor: Option<String>,
    next: Option<String>,
    /// Microseconds since 1970.
    turn_began_us: Option<i64>,
    turn_cursor: Option<String>,
    etag_of: Option<String>,
    etag: Option<String>,
}

impl State {
    pub(super) fn read(file: &Path) -> io::Result<Self> {
        let written: Written = match fs::read(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            bytes => serde_json::from_slice(&bytes?)?,
        };
        let url = |text: Option<String>| text.and_then(|text| Url::parse(&text).ok());
        let began = written.turn_began_us.and_then(|at_us| Timestamp::from_microsecond(at_us).ok());
        let turn = url(written.next).zip(began);
        let etag = url(written.etag_of).zip(written.etag);
        Ok(Self {
            cursor: written.cursor,
            turn: turn.map(|(next, began)| Turn { next, began, cursor: written.turn_cursor }),
            etag: etag.map(|(url, value)| Etag { url, value }),
        })
    }

    pub(super) fn write(self, file: &Path) -> io::Result<()> {
        let (turn_began_us, next, turn_cursor) = match self.turn {
            Some(turn) => (Some(turn.began.as_microsecond()), Some(turn.next.into()), turn.cursor),
            None => (None, None, None),
        };
        let (etag_of, etag) = self.etag.map(|etag| (etag.url.into(), etag.value)).unzip();
        let written = Written { cursor: self.cursor, next, turn_began_us, turn_cursor, etag_of, etag };
        write_whole(file, &serde_json::to_vec(&written)?)
    }
}
