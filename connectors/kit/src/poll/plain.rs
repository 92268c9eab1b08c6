//! A server of files: one address, perhaps with a parameter that says since when, and pages by the `Link` header.

use std::io::BufRead;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::Url;

use super::{Fetched, PageUnusable, Pages, Told};

/// A server of files of any format.
#[derive(Clone, Debug)]
pub struct Plain {
    /// The parameter that says since when, where the server has one: `updated_since`.
    pub since: Option<String>,
    /// How far a turn reaches back before the beginning of the one before: what was committed late is not missed.
    pub overlap: Duration,
    /// The file's name.
    pub file_name: String,
    /// The `Accept` header.
    pub accept: String,
}

impl Pages for Plain {
    fn accept(&self) -> &str {
        &self.accept
    }

    fn first(&self, base: &Url, cursor: Option<&str>) -> Url {
        let mut url = base.clone();
        if let Some((since, cursor)) = self.since.as_deref().zip(cursor) {
            url.query_pairs_mut().append_pair(since, cursor);
        }
        url
    }

    fn file_name(&self, _page: &Fetched<'_>) -> String {
        self.file_name.clone()
    }

    fn read(&self, page: &Fetched<'_>, body: &mut dyn BufRead) -> Result<Told, PageUnusable> {
        let is_empty = body.fill_buf().map_err(|_| PageUnusable("it cannot be read".to_owned()))?.is_empty();
        let cursor = self.since.as_ref().map(|_| since(page.turn_began, self.overlap));
        Ok(Told { next: page.next.map(str::to_owned), cursor, is_empty })
    }
}

/// So long before this moment, to the second: `2026-01-31T09:30:00Z`.
pub fn since(began: Timestamp, overlap: Duration) -> String {
    let overlap = SignedDuration::try_from(overlap).unwrap_or(SignedDuration::ZERO);
    let since = began.checked_sub(overlap).unwrap_or(began);
    since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
