//! A server that is asked, page by page.

use std::io::{BufRead, BufReader};
use std::time::Duration;

use connector_kit::poll::{Fetched, PageUnusable, Pages, Told, Url, since};

use crate::document::{self, Broken, Entries, Format, Part};
use crate::tree::Element;

/// A server that is asked for what was changed since the last turn: `_lastUpdated`, and its pages by their `next` links.
#[derive(Clone, Debug)]
pub struct FhirSearch {
    /// How far a turn reaches back before the beginning of the one before: what was committed late is not missed.
    pub overlap: Duration,
}

impl Pages for FhirSearch {
    fn accept(&self) -> &str {
        "application/fhir+json"
    }

    fn first(&self, base: &Url, cursor: Option<&str>) -> Url {
        let mut url = base.clone();
        if let Some(cursor) = cursor {
            url.query_pairs_mut().append_pair("_lastUpdated", &format!("ge{cursor}"));
        }
        url
    }

    fn file_name(&self, page: &Fetched<'_>) -> String {
        format!("search.{}", if page.media_type.contains("xml") { "xml" } else { "json" })
    }

    fn read(&self, page: &Fetched<'_>, body: &mut dyn BufRead) -> Result<Told, PageUnusable> {
        let format = if page.media_type.contains("xml") { Format::Xml } else { Format::Json };
        let mut counted = Counted(0);
        let unusable = |why: &str| PageUnusable(why.to_owned());
        let read = document::read(format, BufReader::new(body), &document::tape(), &mut counted);
        let bundle = read.map_err(|broken| unusable(&broken.to_string()))?.whole.element;
        let bundle = bundle.map_err(|flaw| unusable(flaw.what()))?;
        if bundle.kind() != "Bundle" {
            return Err(unusable("it is no bundle: the server says something else than what it was asked for"));
        }
        let next =
            bundle.all("link").find(|link| link.text("relation") == Some("next")).and_then(|link| link.text("url"));
        let cursor = Some(since(page.turn_began, self.overlap));
        Ok(Told { next: next.map(str::to_owned), cursor, is_empty: counted.0 == 0 && bundle.get("entry").is_none() })
    }
}

struct Counted(usize);

impl Entries for Counted {
    fn entry(&mut self, _: &Element, _: Part) -> Result<(), Broken> {
        self.0 += 1;
        Ok(())
    }
}
