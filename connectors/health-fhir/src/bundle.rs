//! The resources that stand together, and who refers to whom among them.

use std::collections::HashMap;

use connector_kit::Place;

use crate::message::Header;
use crate::tree::Element;

/// One resource where it stands.
pub(crate) struct Entry {
    pub(crate) full_url: Option<String>,
    pub(crate) resource: Element,
    /// The entry as it came.
    pub(crate) raw: Vec<u8>,
    pub(crate) place: Place,
    /// Text stood in it where none belongs.
    pub(crate) odd: bool,
    /// `request.method`: what was done with the resource, where the bundle says.
    pub(crate) method: Option<String>,
}

/// The resources of a bundle, or of a part of it; one by itself is a bundle of one.
#[derive(Default)]
pub(crate) struct Bundle {
    pub(crate) entries: Vec<Entry>,
    pub(crate) header: Option<Header>,
    /// When the bundle says that it was made.
    pub(crate) timestamp: Option<String>,
    index: HashMap<String, usize>,
}

/// What a reference leads to.
pub(crate) enum Referred<'b> {
    /// A resource that stands here, and its full address.
    Here(&'b Element, Option<&'b str>),
    /// A resource on a server: its kind, its logical id, and the server's address where it is told.
    Elsewhere {
        kind: &'b str,
        id: &'b str,
        base: Option<&'b str>,
    },
    /// Something known by an identifier: system and value.
    Known(&'b str, &'b str),
    Nowhere,
}

impl Bundle {
    pub(crate) fn new(entries: Vec<Entry>, timestamp: Option<String>) -> Self {
        let mut index = HashMap::new();
        for (at, entry) in entries.iter().enumerate() {
            if let Some(url) = &entry.full_url {
                index.entry(url.clone()).or_insert(at);
            }
            if let Some(id) = entry.resource.text("id") {
                index.entry(format!("{}/{id}", entry.resource.kind())).or_insert(at);
                index.entry(format!("urn:uuid:{id}")).or_insert(at);
            }
        }
        let header = entries.iter().find(|entry| entry.resource.kind() == "MessageHeader");
        let header = header.map(|entry| Header::read(&entry.resource));
        Self { entries, header, timestamp, index }
    }

    /// Where a Reference leads that stands in this resource.
    pub(crate) fn referred<'b>(&'b self, reference: &'b Element, within: &'b Element) -> Referred<'b> {
        let Some(to) = reference.text("reference") else {
            return match (reference.text("identifier/system"), reference.text("identifier/value")) {
                (Some(system), Some(value)) => Referred::Known(system, value),
                _ => Referred::Nowhere,
            };
        };
        if let Some(id) = to.strip_prefix('#') {
            let contained = within.all("contained").find(|resource| resource.text("id") == Some(id));
            return contained.map_or(Referred::Nowhere, |resource| Referred::Here(resource, None));
        }
        let to = to.split_once("/_history/").map_or(to, |(to, _)| to);
        let here = |url: &str| {
            let entry = self.entries.get(*self.index.get(url)?)?;
            Some(Referred::Here(&entry.resource, entry.full_url.as_deref()))
        };
        if let Some(found) = here(to) {
            return found;
        }
        // "Patient?identifier=system|value", as bulk files of some makers have it.
        if let Some((_, query)) = to.split_once("?identifier=") {
            return query.split_once('|').map_or(Referred::Nowhere, |(system, value)| Referred::Known(system, value));
        }
        let mut parts = to.rsplitn(3, '/');
        let (id, kind, base) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        match kind.filter(|kind| kind.starts_with(|first: char| first.is_ascii_uppercase())) {
            Some(kind) if !id.is_empty() => here(to.get(to.len() - id.len() - kind.len() - 1..).unwrap_or_default())
                .or_else(|| self.by_number(kind, id))
                .unwrap_or(Referred::Elsewhere { kind, id, base }),
            _ => Referred::Nowhere,
        }
    }

    /// A Patient that is referred to by a number that it has, as some senders do.
    fn by_number(&self, kind: &str, id: &str) -> Option<Referred<'_>> {
        let mut named = self.entries.iter().filter(|entry| {
            entry.resource.kind() == kind
                && entry.resource.all("identifier").any(|identifier| identifier.text("value") == Some(id))
        });
        let only = named.next()?;
        named.next().is_none().then_some(Referred::Here(&only.resource, only.full_url.as_deref()))
    }

    /// The resource that a reference at this path leads to, where it stands here.
    pub(crate) fn resolved<'b>(&'b self, resource: &'b Element, path: &str) -> Option<&'b Element> {
        match self.referred(resource.get(path)?, resource) {
            Referred::Here(found, _) => Some(found),
            _ => None,
        }
    }

    /// What the thing that a reference leads to is called: its own name, else what the reference says.
    pub(crate) fn called(&self, reference: &Element, within: &Element) -> Option<String> {
        let named = match self.referred(reference, within) {
            Referred::Here(resource, _) => resource.text("name").or_else(|| resource.text("identifier/value")),
            _ => None,
        };
        named.or_else(|| reference.text("display")).map(str::to_owned)
    }
}
