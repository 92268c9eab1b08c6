//! Files, and what is posted or fetched, as bundles.

use std::io::{self, BufRead, Read};

use connector_kit::tape::Taped;
use connector_kit::text::TextReader;
use connector_kit::{Connector, Delivery, Descriptor, Output, Place, Rejection, SourceFile};
use proto::events::Family;
use proto::quarantine::Reason;

use crate::MAPPING_REVISION;
use crate::bundle::{Bundle, Entry};
use crate::document::{self, Broken, Document, ENTRY_BYTES_MAX, Entries, Format, Part, Shape};
use crate::nested;
use crate::translate::{Translating, is_record};
use crate::tree::{Element, Flaw};

/// How much of a bundle is held at a time, to be resolved together.
const WINDOW_BYTES_MAX: usize = 8 << 20;
/// Largest message or document, which is read whole or not at all.
const WHOLE_BYTES_MAX: usize = 16 << 20;

pub(crate) const UNTOLD: &str = "its `resourceType` stands behind what it holds, so that no entry can be told from the others as it came: put it first";

const OUTSIDE: &str = "resources stand in the bundle beside its entries, under a name that is not `entry`, and were not taken: put them \
                       right and send it again";

/// FHIR R4 and STU3: messages, bundles, bulk files and single resources.
#[derive(Clone, Debug, Default)]
pub struct Fhir {
    /// Who answers for the records, where the connector answers for one organisation. Else each message's sender does, and of a
    /// resource by itself whoever manages the patient's record.
    pub organisation: Option<String>,
}

impl Connector for Fhir {
    fn descriptor(&self) -> Descriptor {
        Descriptor {
            name: "health-fhir",
            about: "FHIR R4 and STU3 (JSON, XML): Digital Child Health messages, bookings and referrals, UK Core, bulk files",
            family: Family::Health,
            delivery: Delivery::Feed,
            mapping_revision: MAPPING_REVISION,
        }
    }

    fn translate(&self, files: Vec<SourceFile<'_>>, out: &mut dyn Output) {
        for file in files {
            let mut reading = File { fhir: self, name: &file.name, records: 0, is_told: false, out: &mut *out };
            reading.read(file.bytes);
            if reading.records == 0 && !reading.is_told {
                reading.refuse(Reason::SubjectMissing, NOBODY, Start::default(), Vec::new());
            }
        }
    }
}

/// Bundles that may tell of nobody: what answers a search, and sets of requests, which are answered one by one.
const ANSWERS: &[&str] = &["searchset", "history", "batch", "transaction"];

const NOBODY: &str = "nothing in the file tells of anybody: if it should, look at what was exported, and send the resources about the children";

struct File<'a> {
    fhir: &'a Fhir,
    name: &'a str,
    records: u64,
    /// Something that is no record was told; or that there is nothing is an answer.
    is_told: bool,
    out: &'a mut dyn Output,
}

/// Where something begins that is part of a file.
#[derive(Clone, Copy, Default)]
struct Start {
    line: u64,
    offset: u64,
}

impl File<'_> {
    fn read(&mut self, bytes: Box<dyn BufRead + Send + '_>) {
        let text = match TextReader::open(bytes) {
            Ok(Ok(text)) => text,
            Ok(Err(unsupported)) => {
                return self.refuse(
                    Reason::EncodingUnsupported,
                    &unsupported.to_string(),
                    Start::default(),
                    Vec::new(),
                );
            }
            Err(_) => return self.broken(Broken::Unread, Start::default(), Vec::new()),
        };
        let ending = self.name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        match document::shape(text, matches!(ending.as_str(), "ndjson" | "jsonl")) {
            Err(_) => self.broken(Broken::Unread, Start::default(), Vec::new()),
            Ok(Shape::Empty) => self.broken(Broken::NotAResource, Start::default(), Vec::new()),
            Ok(Shape::Document(format, source)) => self.document(format, source, Start::default()),
            Ok(Shape::Lines(source)) => self.lines(source),
        }
    }

    /// A resource or a bundle on each line: what is wrong with one says nothing of the next.
    fn lines(&mut self, mut source: Box<dyn BufRead + '_>) {
        let mut start = Start { line: 0, offset: 0 };
        let mut line = Vec::new();
        loop {
            line.clear();
            start.line += 1;
            let read = match source.by_ref().take(ENTRY_BYTES_MAX as u64).read_until(b'\n', &mut line) {
                Ok(0) => return,
                Ok(read) => read as u64,
                Err(_) => return self.broken(Broken::Unread, start, Vec::new()),
            };
            let here = start;
            start.offset += read;
            if read == ENTRY_BYTES_MAX as u64 && !line.ends_with(b"\n") {
                self.broken(Broken::TooLarge, here, Vec::new());
                match skip_line(&mut source) {
                    Ok(skipped) => start.offset += skipped,
                    Err(_) => return self.broken(Broken::Unread, start, Vec::new()),
                }
            } else if !line.trim_ascii().is_empty() {
                self.document(Format::Json, line.as_slice(), here);
            }
        }
    }

    fn document(&mut self, format: Format, source: impl BufRead, start: Start) {
        self.document_in(format, source, start, 0);
    }

    /// A document that stands in so many others.
    fn document_in(&mut self, format: Format, source: impl BufRead, start: Start, depth: usize) {
        let tape = document::tape();
        let mut window = Window {
            file: self,
            format,
            start,
            depth,
            head: None,
            held: Vec::new(),
            bytes: 0,
            streaming: false,
            is_inline: false,
        };
        match document::read(format, source, &tape, &mut window) {
            Ok(read) => window.done(read),
            Err(broken) => window.broken(broken, &tape),
        }
    }

    fn broken(&mut self, broken: Broken, start: Start, raw: Vec<u8>) {
        let is_line = start.line > 0 && broken != Broken::Unread;
        let others =
            if is_line { "what stands on this line could not be read, and the other lines were: " } else { "" };
        self.refuse(broken.reason(), &format!("{others}{broken}"), start, raw);
    }

    fn refuse(&mut self, reason: Reason, message: &str, start: Start, raw: Vec<u8>) {
        let place =
            Place { file: self.name.to_owned(), line: start.line, byte_offset: start.offset, ..Place::default() };
        self.is_told = true;
        self.out.reject(Rejection {
            reason,
            message: message.to_owned(),
            place,
            controller: None,
            raw,
            scope_key: None,
            subject: None,
            digest: None,
        });
    }
}

fn skip_line(source: &mut dyn BufRead) -> io::Result<u64> {
    let mut skipped = 0;
    loop {
        let chunk = source.fill_buf()?;
        if chunk.is_empty() {
            return Ok(skipped);
        }
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(chunk.len(), |end| end + 1);
        source.consume(taken);
        skipped += taken as u64;
        if end.is_some() {
            return Ok(skipped);
        }
    }
}

/// The part of a document that is held.
struct Window<'f, 'a> {
    file: &'f mut File<'a>,
    format: Format,
    start: Start,
    /// In how many others it stands.
    depth: usize,
    /// What the bundle had said of itself when its first entry came.
    head: Option<Element>,
    held: Vec<Part>,
    bytes: usize,
    /// A part of the bundle is dealt with.
    streaming: bool,
    /// Its entries are not known one by one as they came.
    is_inline: bool,
}

impl Entries for Window<'_, '_> {
    fn entry(&mut self, head: &Element, part: Part) -> Result<(), Broken> {
        if self.head.is_none() {
            self.head = Some(head.clone());
        }
        self.bytes += part.raw.len();
        self.held.push(part);
        if self.bytes > WINDOW_BYTES_MAX {
            if self.is_whole(Some(head)) {
                return if self.bytes > WHOLE_BYTES_MAX { Err(Broken::WholeTooLarge) } else { Ok(()) };
            }
            self.streaming = true;
            self.flush(head);
        }
        Ok(())
    }
}

impl Window<'_, '_> {
    /// Whether it is taken whole or not at all: a message, and a document, of which the first resource says who answers for all.
    fn is_whole(&self, head: Option<&Element>) -> bool {
        let kind = head.and_then(|head| head.text("type"));
        let begins_with_its_sign = || {
            let first = self.held.first().and_then(|part| part.element.as_ref().ok());
            let kind = first.and_then(|entry| entry.get("resource")).map_or("", Element::kind);
            matches!(kind, "MessageHeader" | "Composition")
        };
        matches!(kind, Some("message" | "document")) || (kind.is_none() && !self.streaming && begins_with_its_sign())
    }

    fn done(mut self, read: Document) {
        let Document { whole: Part { element, raw, line, offset, odd }, trailing, is_list } = read;
        let place = self.place(line, offset);
        match element {
            Err(flaw) => {
                // What stands around the entries cannot be told; without it a message means nothing, and a bundle little.
                self.file.records += 1;
                self.file.out.record();
                self.reject_flaw(flaw, place, raw);
            }
            Ok(element) if is_list || document::holds(element.kind()).is_some() => self.last(&element, &raw),
            Ok(element) if element.kind().is_empty() => self.file.broken(Broken::NotAResource, self.start, raw),
            Ok(element) => {
                let entry = Entry {
                    full_url: None,
                    resource: element,
                    raw,
                    place,
                    odd,
                    method: None,
                    modified: None,
                    version: None,
                };
                self.say(vec![entry], None, None);
            }
        }
        if trailing {
            self.file.broken(Broken::Syntax, self.start, Vec::new());
        }
    }

    /// Says what is held once the whole was read. Where the reader did not know in time what it was, its entries are among its members, and
    /// all there is of each as it came is the whole.
    fn last(&mut self, head: &Element, raw: &[u8]) {
        let inline: Vec<&Element> = document::holds(head.kind()).map_or(Vec::new(), |name| head.all(name).collect());
        if inline.len() > 1 && inline.len() * raw.len() > WHOLE_BYTES_MAX {
            return self.file.refuse(Reason::RecordMalformed, UNTOLD, self.start, raw.to_vec());
        }
        let is_outside =
            |part: &Element| document::holds(head.kind()) != Some(&*part.name) && nested::holds_resource(part);
        if head.kind() == "Bundle" && head.children.iter().any(is_outside) {
            self.file.refuse(Reason::RecordMalformed, OUTSIDE, self.start, raw.to_vec());
        }
        self.is_inline = !inline.is_empty();
        let parts = inline.into_iter().map(|entry| Part {
            element: Ok(entry.clone()),
            raw: raw.to_vec(),
            line: 0,
            offset: 0,
            odd: false,
        });
        self.held.extend(parts);
        self.flush(head);
    }

    fn broken(mut self, broken: Broken, tape: &Taped) {
        let head = self.head.take();
        let is_whole = self.is_whole(head.as_ref());
        if !self.held.is_empty() && !is_whole {
            self.flush(&head.unwrap_or_default());
        }
        // Of a message and of a document all that was read; else only what could not be gone on from.
        let mut raw = std::mem::take(&mut self.held).into_iter().map(|part| part.raw).collect::<Vec<_>>().join(&b'\n');
        raw.extend(tape.rest());
        self.file.broken(broken, self.start, raw);
    }

    /// Says what is held.
    fn flush(&mut self, head: &Element) {
        self.bytes = 0;
        let held = std::mem::take(&mut self.held);
        let is_message = head.text("type") == Some("message");
        let is_parameters = head.kind() == "Parameters";
        self.file.is_told |= ANSWERS.contains(&head.text("type").unwrap_or_default());
        let mut entries = Vec::with_capacity(held.len());
        let (mut flawed, mut nested) = (Vec::new(), Vec::new());
        // What a message holds is said by its header; of anything else each bundle by itself, since two may have one id for two people.
        let held = if is_message { self.unfolded(held, 0) } else { held };
        for part in held {
            let place = self.place(part.line, part.offset);
            match part.element {
                Err(flaw) => flawed.push((flaw, place, part.raw)),
                Ok(element) if is_parameters && !nested::holds_resource(&element) => {}
                Ok(ref element) if !is_message && self.may_unfold(element, self.depth) => nested.push((place, part)),
                Ok(element) => entries.extend(entry(element, part.raw, part.odd, place)),
            }
        }
        if is_message && let Some(why) = headless(entries.first()) {
            let raws = entries.into_iter().map(|entry| entry.raw).chain(flawed.into_iter().map(|(_, _, raw)| raw));
            let raw = raws.collect::<Vec<_>>().join(&b'\n');
            self.file.records += 1;
            self.file.out.record();
            return self.file.refuse(Reason::RecordMalformed, why, self.start, raw);
        }
        // A document of STU3 says in its first resource when it was written, and nowhere else.
        let signed = || entries.first().filter(|first| first.resource.kind() == "Composition")?.resource.text("date");
        let timestamp = head.text("timestamp").or_else(|| head.text("meta/lastUpdated")).or_else(signed);
        let timestamp = timestamp.map(str::to_owned);
        self.say(entries, timestamp, head.text("type"));
        for (place, part) in nested {
            let start = Start { line: place.line, offset: place.byte_offset };
            if let Some(within) = nested::within(self.format, &part) {
                self.file.document_in(self.format, within, start, self.depth + 1);
            } else {
                self.file.refuse(Reason::RecordMalformed, UNTOLD, start, part.raw);
            }
        }
        for (flaw, place, raw) in flawed {
            if !is_message {
                self.file.records += 1;
                self.file.out.record();
            }
            self.reject_flaw(flaw, Place { record: self.file.records, ..place }, raw);
        }
    }

    fn may_unfold(&self, entry: &Element, depth: usize) -> bool {
        depth < nested::DEPTH_MAX && !self.is_inline && nested::is_nested(entry)
    }

    /// The entries of a message, with those of the bundle among them in its place. Of several bundles none is unfolded: two may have
    /// one address for two people.
    fn unfolded(&self, parts: Vec<Part>, depth: usize) -> Vec<Part> {
        let holds = |part: &Part| part.element.as_ref().is_ok_and(nested::is_nested);
        let is_only = parts.iter().filter(|part| holds(part)).count() == 1;
        let mut unfolded = Vec::with_capacity(parts.len());
        for part in parts {
            let may = |element: &Element| self.may_unfold(element, depth) && !nested::is_message(element);
            let may = is_only && part.element.as_ref().is_ok_and(may);
            match may.then(|| nested::parts(self.format, &part)).flatten() {
                Some(inner) => {
                    let (line, offset) = (part.line, part.offset);
                    let inner = inner.into_iter().map(|inner| Part { line, offset, ..inner }).collect();
                    unfolded.extend(self.unfolded(inner, depth + 1));
                }
                None => unfolded.push(part),
            }
        }
        unfolded
    }

    fn say(&mut self, mut entries: Vec<Entry>, timestamp: Option<String>, kind: Option<&str>) {
        let is_message = kind == Some("message");
        if is_message {
            self.file.records += 1;
            self.file.out.record();
        }
        for entry in &mut entries {
            if !is_message && is_record(&entry.resource) {
                self.file.records += 1;
                self.file.out.record();
            }
            entry.place.record = self.file.records;
            // A message that breaks off is not taken at all: none of it stands before the other.
            if is_message {
                entry.place.byte_offset = self.start.offset;
            }
        }
        let mut bundle = Bundle::new(entries, timestamp);
        bundle.is_document = kind == Some("document");
        let translating = Translating { organisation: self.file.fhir.organisation.as_deref(), format: self.format };
        translating.bundle(&bundle, self.file.out);
    }

    fn place(&self, line: u64, offset: u64) -> Place {
        Place {
            file: self.file.name.to_owned(),
            line: (self.start.line + line).saturating_sub(u64::from(self.start.line > 0)),
            // What stands in an entry stands where the entry does.
            byte_offset: self.start.offset + if self.depth > 0 { 0 } else { offset },
            ..Place::default()
        }
    }

    fn reject_flaw(&mut self, flaw: Flaw, place: Place, raw: Vec<u8>) {
        let reason = match flaw {
            Flaw::TooDeep | Flaw::TooMany => Reason::RecordTooLarge,
            _ => Reason::RecordMalformed,
        };
        self.file.out.reject(Rejection {
            reason,
            message: format!("{}: it was not taken, and the rest was", flaw.what()),
            place,
            controller: None,
            raw,
            scope_key: None,
            subject: None,
            digest: None,
        });
    }
}

/// Why what begins so is no message.
fn headless(first: Option<&Entry>) -> Option<&'static str> {
    match first.map(|first| &first.resource).filter(|first| first.kind() == "MessageHeader") {
        None => Some(
            "the message does not begin with a header that can be read, and means nothing without it: send it again",
        ),
        Some(header) if header.is_modified() => Some(
            "a modifierExtension of the header changes what the message means, and none is known here: send it without one",
        ),
        Some(_) => None,
    }
}

/// An entry of a bundle as it is used: without what only says that a search went well.
fn entry(mut element: Element, raw: Vec<u8>, odd: bool, place: Place) -> Option<Entry> {
    if element.text("search/mode") == Some("outcome") {
        return None;
    }
    let text = |path: &str| element.text(path).map(str::to_owned);
    let (full_url, method, url) = (text("fullUrl"), text("request/method"), text("request/url"));
    let modified = text("response/lastModified");
    let version = element.text("response/etag").and_then(version_of);
    let held = element.children.iter_mut().find(|child| &*child.name == "resource").map(std::mem::take);
    // Some servers give the resource without its wrapping; a deletion has none, and says whose address went.
    let resource = match held {
        Some(resource) => resource,
        None if element.text("resourceType").is_some() => element,
        None if method.as_deref() == Some("DELETE") => deleted(url.as_deref()).unwrap_or_default(),
        // What a server answered to a request: it says nothing of anybody.
        None if method.is_none() && element.get("response").is_some() => return None,
        None => Element::default(),
    };
    let resource = named(resource, [full_url.as_deref(), url.as_deref().filter(|_| method.as_deref() == Some("PUT"))]);
    Some(Entry { full_url, resource, raw, place, odd, method, modified, version })
}

/// A resource that does not say its id itself, by the first of these addresses that does: of "Patient/1" it is 1.
fn named(mut resource: Element, addresses: [Option<&str>; 2]) -> Element {
    let is_named = resource.get("id").is_some();
    let id = addresses.into_iter().flatten().find_map(|address| {
        let (path, id) = address.rsplit_once('/').filter(|(_, id)| !id.is_empty() && !id.contains(['?', '|']))?;
        (path.rsplit('/').next() == Some(resource.kind())).then(|| Element::of_value("id", id))
    });
    resource.children.extend(id.filter(|_| !is_named));
    resource
}

/// The number of a version as HTTP names it: of `W/"3"` three.
fn version_of(etag: &str) -> Option<u64> {
    etag.strip_prefix("W/").unwrap_or(etag).trim_matches('"').parse().ok()
}

/// The resource that a deletion names, as far as its address tells: of "Patient/1" the kind and the id.
fn deleted(url: Option<&str>) -> Option<Element> {
    let mut parts = url.filter(|url| !url.contains('?'))?.rsplitn(3, '/');
    let (id, kind) = (parts.next()?, parts.next()?);
    let children = vec![Element::of_value("resourceType", kind), Element::of_value("id", id)];
    Some(Element { children, ..Element::new("resource") })
}
