//! The resources that stand together, and who refers to whom among them.

use std::borrow::Cow;
use std::collections::HashMap;

use connector_kit::Place;
use percent_encoding::percent_decode_str;

use crate::codes::is_nhs_number;
use crate::message::Header;
use crate::person::base_of;
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
    /// `response.lastModified`: when that was.
    pub(crate) modified: Option<String>,
    /// `response.etag`: which version of the resource that made.
    pub(crate) version: Option<u64>,
}

impl Entry {
    /// The address of the server that the resource is on.
    fn base(&self) -> Option<&str> {
        let url = self.full_url.as_deref()?;
        base_of(without_version(url))
    }

    /// Whether this is the same resource at another time, or said twice: what is only addressed alike may be another child's.
    fn is_version_of(&self, other: &Self) -> bool {
        let (id, kind) = (self.resource.text("id"), self.resource.kind());
        kind == other.resource.kind()
            && id == other.resource.text("id")
            && (id.is_some() || std::ptr::eq(self, other) || self.raw == other.raw)
    }

    pub(crate) fn is_deletion(&self) -> bool {
        self.method.as_deref() == Some("DELETE")
    }

    fn here(&self) -> Referred<'_> {
        Referred::Here(&self.resource)
    }
}

/// Resources of one kind and logical id.
struct Same {
    /// Which it is; of several, none.
    only: Option<usize>,
    /// One of them has a full address.
    addressed: bool,
}

/// Stands for every server, and is the address of none.
const ANYWHERE: &str = "*";

fn id_on(server: &str, kind: &str, id: &str) -> String {
    format!("{server} {kind}/{id}")
}

/// A server's address without how it is asked.
fn server(base: &str) -> &str {
    base.split_once("://").map_or(base, |(_, rest)| rest).trim_end_matches('/')
}

/// The number that its sender gives a resource: system and value.
pub(crate) fn number_of(resource: &Element) -> Option<String> {
    let stated = resource.all("identifier").find(|stated| stated.text("value").is_some())?;
    Some(format!("{}|{}", stated.text("system").unwrap_or_default(), stated.text("value")?))
}

/// The resources of a bundle, or of a part of it; one by itself is a bundle of one.
#[derive(Default)]
pub(crate) struct Bundle {
    pub(crate) entries: Vec<Entry>,
    pub(crate) header: Option<Header>,
    /// Its first resource says who answers for the whole.
    pub(crate) is_document: bool,
    /// When the bundle says that it was made.
    pub(crate) timestamp: Option<String>,
    /// By full address; of one that two resources have, neither.
    index: HashMap<String, Option<usize>>,
    /// By logical id as a `urn:uuid`, as some senders refer to what has no such address; of one that two have, neither.
    urns: HashMap<String, Option<usize>>,
    /// By kind and logical id, which two servers may both give: on each server, where none is told, and wherever it is.
    ids: HashMap<String, Same>,
    /// How many resources of one kind have this number: some senders give one to all that were made in one turn.
    numbers: HashMap<String, usize>,
    /// By kind and the value of an identifier; of a value that two have, neither.
    values: HashMap<String, Option<usize>>,
    /// Which document is whose attachment, by the attachment's address.
    attached: HashMap<String, usize>,
}

/// What a reference leads to.
pub(crate) enum Referred<'b> {
    /// A resource that stands here.
    Here(&'b Element),
    /// A resource on a server: its kind, its logical id, and the server's address where it is told.
    Elsewhere {
        kind: &'b str,
        id: &'b str,
        base: Option<&'b str>,
    },
    /// Something known by an identifier: system and value.
    Known(Cow<'b, str>, Cow<'b, str>),
    Nowhere,
}

/// What kind of resource a reference says that it is to: in so many words, else by its address, of which "Patient/1" and
/// "Patient?identifier=system|value" are two.
pub(crate) fn kind_told(reference: &Element) -> Option<&str> {
    let by_address = || {
        let to = without_version(reference.text("reference")?);
        let kind = match to.split_once('?') {
            Some((asked, _)) => asked.rsplit('/').next(),
            None => to.rsplit('/').nth(1),
        };
        kind.filter(|kind| is_kind(kind))
    };
    reference.text("type").or_else(by_address)
}

fn is_kind(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
}

/// A number within a query: as it is, or with its signs written as an address has them ("%7C").
fn asked_by_number(query: &str) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
    let one = query.split('&').next().unwrap_or(query);
    let plain = percent_decode_str(one).decode_utf8().ok()?;
    let (system, value) = plain.split_once('|')?;
    Some((system.to_owned().into(), value.to_owned().into()))
}

/// The letters of a uuid may be large in one place and small in another.
fn plain_urn(address: &str) -> Cow<'_, str> {
    match address.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:")) {
        true => address.to_ascii_lowercase().into(),
        false => address.into(),
    }
}

/// The address of a resource, whichever of its versions was meant.
fn without_version(address: &str) -> &str {
    address.split_once("/_history/").map_or(address, |(address, _)| address)
}

impl Bundle {
    pub(crate) fn new(entries: Vec<Entry>, timestamp: Option<String>) -> Self {
        let (mut index, mut urns) = (HashMap::new(), HashMap::new());
        let (mut numbers, mut values) = (HashMap::new(), HashMap::new());
        let (mut attached, mut ids) = (HashMap::new(), HashMap::<String, Same>::new());
        let is_message = entries.iter().any(|entry| entry.resource.kind() == "MessageHeader");
        // In a message nothing has versions, and what is addressed alike and says something else may be another child's.
        let is_it = |other: &usize, entry: &Entry| {
            let other = entries.get(*other);
            other.is_some_and(|other| other.is_version_of(entry) && (!is_message || other.resource == entry.resource))
        };
        for (at, entry) in entries.iter().enumerate() {
            if let Some(number) = number_of(&entry.resource) {
                *numbers.entry(format!("{}/{number}", entry.resource.kind())).or_default() += 1;
            }
            if let Some(id) = entry.resource.text("id") {
                *numbers.entry(format!("{}/#{id}", entry.resource.kind())).or_default() += 1;
            }
            for value in entry.resource.all("identifier").filter_map(|stated| stated.text("value")) {
                let known = values.entry(format!("{}/{value}", entry.resource.kind())).or_insert(Some(at));
                *known = known.filter(|other| *other == at);
            }
            let contents = entry.resource.all("content").filter_map(|content| content.text("attachment/url"));
            for url in contents.chain(entry.resource.all("presentedForm").filter_map(|form| form.text("url"))) {
                attached.entry(url.to_owned()).or_insert(at);
            }
            if let Some(url) = &entry.full_url {
                let known = index.entry(plain_urn(url).into_owned()).or_insert(Some(at));
                *known = known.filter(|other| is_it(other, entry));
            }
            if let Some(id) = entry.resource.text("id") {
                let whole = entry.full_url.as_deref();
                for server in [entry.base().map_or("", server), ANYWHERE] {
                    let same = ids.entry(id_on(server, entry.resource.kind(), id));
                    let same = same.or_insert(Same { only: Some(at), addressed: false });
                    // One full address is one resource, in the versions that it had.
                    let is_at = |other: &usize| entries.get(*other).is_some_and(|it| it.full_url.as_deref() == whole);
                    let is_same = |other: &usize| {
                        *other == at || whole.is_some() && is_at(other) && (!is_message || is_it(other, entry))
                    };
                    same.only = same.only.filter(is_same);
                    same.addressed |= whole.is_some();
                }
                let known = urns.entry(format!("urn:uuid:{}", id.to_ascii_lowercase())).or_insert(Some(at));
                *known = known.filter(|other| is_it(other, entry));
            }
        }
        let header = entries.iter().find(|entry| entry.resource.kind() == "MessageHeader");
        let header = header.map(|entry| Header::read(&entry.resource));
        Self { entries, header, is_document: false, timestamp, index, urns, ids, numbers, values, attached }
    }

    /// Whether another resource of its kind has this number (or `#` and id) too, so that it tells neither from the other.
    pub(crate) fn is_shared(&self, kind: &str, number: &str) -> bool {
        self.numbers.get(&format!("{kind}/{number}")).is_some_and(|count| *count > 1)
    }

    /// The resource here of which this one is an attachment.
    pub(crate) fn attached_to(&self, entry: &Entry) -> Option<&Element> {
        let by_id = || self.attached.get(&format!("{}/{}", entry.resource.kind(), entry.resource.text("id")?));
        let at = entry.full_url.as_ref().and_then(|url| self.attached.get(url)).or_else(by_id)?;
        Some(&self.entries.get(*at)?.resource)
    }

    /// Where a Reference leads that stands in this resource.
    pub(crate) fn referred<'b>(&'b self, reference: &'b Element, within: &'b Element) -> Referred<'b> {
        let Some(to) = reference.text("reference") else {
            return match (reference.text("identifier/system"), reference.text("identifier/value")) {
                (Some(system), Some(value)) => Referred::Known(system.into(), value.into()),
                _ => Referred::Nowhere,
            };
        };
        if let Some(id) = to.strip_prefix('#') {
            let contained = within.all("contained").find(|resource| resource.text("id") == Some(id));
            return contained.map_or(Referred::Nowhere, Referred::Here);
        }
        let to = without_version(to);
        let urn = plain_urn(to);
        if let Some(found) = self.index.get(&*urn).or_else(|| self.urns.get(&*urn)) {
            return found.and_then(|at| self.entries.get(at)).map_or(Referred::Nowhere, Entry::here);
        }
        // "Patient?identifier=system|value", as bulk files of some makers have it.
        if let Some((_, query)) = to.split_once("?identifier=") {
            return asked_by_number(query).map_or(Referred::Nowhere, |(system, value)| Referred::Known(system, value));
        }
        let mut parts = to.rsplitn(3, '/');
        let (id, kind, base) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        match kind.filter(|kind| is_kind(kind)) {
            Some(kind) if !id.is_empty() => {
                self.by_id(kind, id, base, within).unwrap_or(Referred::Elsewhere { kind, id, base })
            }
            _ => Referred::Nowhere,
        }
    }

    /// The resource of this kind and logical id: on the server that the reference names, else on the one that the resource itself is
    /// on, else one of which no server is told. Of several that it may be, none.
    fn by_id(&self, kind: &str, id: &str, base: Option<&str>, within: &Element) -> Option<Referred<'_>> {
        let is_on_server = |base: &&str| base.contains("://");
        let base = base.filter(is_on_server);
        let known = |server: &str| self.ids.get(&id_on(server, kind, id));
        let Some(anywhere) = known(ANYWHERE) else {
            return self.by_number(kind, id).filter(|_| base.is_none());
        };
        let found = match base.or_else(|| self.base_within(within)) {
            None => anywhere,
            Some(base) => known(server(base)).or_else(|| known(""))?,
        };
        match found.only {
            Some(at) => Some(self.entries.get(at)?.here()),
            // In a message a number beside the reference may tell; ids without an address are of one server, which has each once.
            None if self.header.is_some() || !found.addressed => None,
            None => Some(Referred::Nowhere),
        }
    }

    /// A resource of a message that is referred to by a number that it has, as some senders do. On a server an id is no such number.
    fn by_number(&self, kind: &str, id: &str) -> Option<Referred<'_>> {
        self.header.as_ref()?;
        Some(self.entries.get((*self.values.get(&format!("{kind}/{id}"))?)?)?.here())
    }

    /// The address of the server that the resource of an entry is on.
    pub(crate) fn base_within(&self, within: &Element) -> Option<&str> {
        self.entry_of(within)?.base()
    }

    /// The entry of a resource that stands by itself.
    pub(crate) fn entry_of(&self, resource: &Element) -> Option<&Entry> {
        // Entries lie one behind the other, so that the place of one is found without looking at them all.
        let is_before = |entry: &Entry| std::ptr::from_ref(&entry.resource) < std::ptr::from_ref(resource);
        let at = self.entries.partition_point(is_before);
        self.entries.get(at).filter(|entry| std::ptr::eq(&entry.resource, resource))
    }

    /// Whether a reference is to a patient, also where nobody can tell to which.
    pub(crate) fn is_of_patient(&self, reference: &Element, within: &Element) -> bool {
        let told = kind_told(reference);
        match self.referred(reference, within) {
            Referred::Here(found) => found.kind() == "Patient",
            Referred::Elsewhere { kind, .. } => kind == "Patient",
            // An NHS number may be a mother's too, where the reference says that it is to one.
            Referred::Known(system, _) => told.map_or(is_nhs_number(&system), |kind| kind == "Patient"),
            Referred::Nowhere => told == Some("Patient"),
        }
    }

    /// Whether a reference is by a number that does not say whose it is.
    pub(crate) fn may_be_patient(&self, reference: &Element, within: &Element) -> bool {
        kind_told(reference).is_none() && matches!(self.referred(reference, within), Referred::Known(..))
    }

    /// The resource that a reference at this path leads to, where it stands here.
    pub(crate) fn resolved<'b>(&'b self, resource: &'b Element, path: &str) -> Option<&'b Element> {
        match self.referred(resource.get(path)?, resource) {
            Referred::Here(found) => Some(found),
            _ => None,
        }
    }

    /// What the thing that a reference leads to is called: its own name, else what the reference says.
    pub(crate) fn called(&self, reference: &Element, within: &Element) -> Option<String> {
        let named = match self.referred(reference, within) {
            Referred::Here(resource) => resource.text("name").or_else(|| resource.text("identifier/value")),
            _ => None,
        };
        named.or_else(|| reference.text("display")).map(str::to_owned)
    }
}
