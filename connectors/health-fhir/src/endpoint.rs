//! FHIR over HTTP: bundles that are posted.
//!
//! `POST /fhir` takes a bundle or a resource, `POST /fhir/$process-message` a message; the answer is an OperationOutcome, in JSON or
//! in XML as the caller asks. 200: all of it was taken. 200 with warnings: some entries wait for a person, the others were taken.
//! 422: nothing of it could be used, and it waits for a person. 400: it is no FHIR, and nothing was kept. A message that comes
//! again under its own id and time says nothing anew, whether or not there is a key.
//!
//! A batch is answered entry by entry. A transaction is all or nothing: with an entry that cannot be used it is refused whole, and
//! nothing of it is kept (`docs/decisions/0098-a-transaction-is-all-or-nothing.md`).

use std::collections::HashMap;
use std::io::BufRead;

use connector_kit::publish::Credentials;
use connector_kit::receive::{Answer, Asked, Keys, MediaType, Post, Receives, Refusal, RefusalCode, Standing};
use connector_kit::{Collected, Rejection};
use proto::quarantine::Reason;
use serde_json::json;

use crate::Fhir;
use crate::document::{self, Broken, Entries, Format, Part, Shape};
use crate::outcome::{Done, Issue, outcome, responses};
use crate::source::UNTOLD;
use crate::tree::Element;

/// Longest post that is looked into before it is answered. Small resources take twelve times their length in memory meanwhile.
const POST_BYTES_MAX: u64 = 16 << 20;
/// Most issues that are told one by one.
const ISSUES_MAX: usize = 200;
/// Most entries of a set of requests, which is answered entry by entry.
const REQUESTS_MAX: usize = 10_000;

/// The endpoint.
#[derive(Clone, Copy, Debug, Default)]
pub struct FhirEndpoint;

impl Receives for FhirEndpoint {
    fn paths(&self) -> Vec<&'static str> {
        vec!["/fhir", "/fhir/", "/fhir/$process-message"]
    }

    fn media_types(&self) -> &'static [MediaType] {
        &[
            MediaType { name: "application/fhir+json", ending: "json" },
            MediaType { name: "application/json", ending: "json" },
            MediaType { name: "application/fhir+xml", ending: "xml" },
            MediaType { name: "application/xml", ending: "xml" },
            MediaType { name: "application/fhir+ndjson", ending: "ndjson" },
        ]
    }

    fn keys(&self) -> Keys {
        Keys::Optional
    }

    fn body_bytes_max(&self) -> u64 {
        POST_BYTES_MAX
    }

    fn accept(&self, post: &Post<'_>, body: &mut dyn BufRead) -> Result<Answer, Refusal> {
        let mut held = Vec::new();
        let unread = |_| Refusal::new(RefusalCode::NotKept, "the body could not be read back: send it again later");
        body.read_to_end(&mut held).map_err(unread)?;
        let organisation = match post.controllers {
            [only] if !only.ends_with('*') => Some(only.clone()),
            _ => None,
        };
        let name = format!("post.{}", post.media_type.ending);
        let mut read = Collected::of(&Fhir { organisation }, &[(&name, &held)]);
        refuse_others(post, &mut read);
        let unreadable =
            |rejection: &&Rejection| matches!(rejection.reason, Reason::FileUnreadable | Reason::EncodingUnsupported);
        if read.drafts.is_empty()
            && let Some(broken) = read.rejections.iter().find(unreadable)
        {
            return Err(Refusal::new(RefusalCode::BodyUnreadable, broken.message.clone()));
        }
        if let Some(requests) = Requests::of(&held)? {
            return requests.answer(post, &read);
        }
        let severity = if read.drafts.is_empty() { "error" } else { "warning" };
        let issues: Vec<Issue> = read.rejections.iter().take(ISSUES_MAX).map(|one| Issue::of(one, severity)).collect();
        let status = if read.drafts.is_empty() && !issues.is_empty() { 422 } else { 200 };
        let issues = if issues.is_empty() { vec![Issue::information("it was taken")] } else { issues };
        Ok(outcome(post.asked, status, &issues).with("location", post.status_path))
    }

    fn report(&self, asked: Asked<'_>, _id: &str, standing: &Standing) -> Answer {
        let text = match standing {
            Standing::Waiting => "it waits for its turn",
            Standing::DealtWith(_) => "it was dealt with",
        };
        outcome(asked, 200, &[Issue::information(text)])
    }

    fn refuse(&self, asked: Asked<'_>, refusal: &Refusal) -> Answer {
        let status = refusal.code.status();
        let code = match status {
            401 => "login",
            403 => "forbidden",
            404 => "not-found",
            405 | 415 => "not-supported",
            408 => "timeout",
            409 => "duplicate",
            413 => "too-long",
            429 => "throttled",
            500.. => "transient",
            _ => "structure",
        };
        let issue = |text: &str| Issue {
            severity: "error",
            code,
            said: refusal.code.name().to_owned(),
            text: text.to_owned(),
            at: String::new(),
        };
        let more = refusal.more.as_ref().and_then(|more| more.as_array());
        let more = more.into_iter().flatten().filter_map(|told| told.as_str()).map(issue);
        let issues: Vec<Issue> = std::iter::once(issue(&refusal.detail)).chain(more).collect();
        outcome(asked, status, &issues)
    }

    fn page(&self, asked: Asked<'_>) -> Option<Answer> {
        if asked.path != "/fhir/metadata" {
            return None;
        }
        let formats = ["application/fhir+json", "application/fhir+xml"];
        let statement = json!({
            "resourceType": "CapabilityStatement", "status": "active", "kind": "instance", "fhirVersion": "4.0.1",
            "format": formats, "date": "2026-11-22",
            "rest": [{
                "mode": "server",
                "interaction": [{ "code": "transaction" }, { "code": "batch" }],
                "operation": [{
                    "name": "process-message",
                    "definition": "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message",
                }],
            }],
        });
        Some(Answer { content_type: "application/fhir+json".to_owned(), ..Answer::json(200, &statement) })
    }
}

/// What its caller may not send for is refused here, while the caller hears of it: a transaction then as a whole.
fn refuse_others(post: &Post<'_>, read: &mut Collected) {
    let within = Credentials { controllers: post.controllers.to_vec(), home: String::new() };
    let (own, others): (Vec<_>, Vec<_>) =
        std::mem::take(&mut read.drafts).into_iter().partition(|draft| within.name(&draft.controller));
    read.drafts = own;
    for draft in others {
        let is_told = |told: &Rejection| {
            told.reason == Reason::ControllerNotYours && told.place.byte_offset == draft.place.byte_offset
        };
        if !read.rejections.last().is_some_and(is_told) {
            let message =
                "the record's organisation is none that this caller may send for: have it sent by its own caller";
            read.rejections.push(Rejection::of(Reason::ControllerNotYours, message, draft.place, &[]));
        }
    }
}

/// A set of requests: a transaction, or a batch.
struct Requests {
    is_transaction: bool,
    /// Where each entry begins, in their order.
    entries: Vec<u64>,
}

impl Requests {
    /// `None` where it is no such set. A transaction that cannot be read to its end is refused whole.
    fn of(held: &[u8]) -> Result<Option<Self>, Refusal> {
        let Ok(Ok(text)) = connector_kit::text::TextReader::open(held) else { return Ok(None) };
        // As it is read, whatever its sender called it.
        match document::shape(text, false) {
            Ok(Shape::Document(format, text)) => Self::of_document(format, text),
            Ok(Shape::Lines(text)) => Self::of_lines(text),
            Ok(Shape::Empty) | Err(_) => Ok(None),
        }
    }

    /// A set is a post of its own: there is one answer, and it has a place for each entry of one set.
    fn of_lines(text: impl BufRead) -> Result<Option<Self>, Refusal> {
        let mut lines = 0_usize;
        let mut set = None;
        for line in text.split(b'\n') {
            let Ok(line) = line else { break };
            if !line.trim_ascii().is_empty() {
                lines += 1;
                set = set.or(Self::of_document(Format::Json, line.as_slice())?);
            }
        }
        if lines > 1 && set.is_some() {
            let detail = "a batch or a transaction stands among other lines: send it by itself; nothing was taken";
            return Err(Refusal::new(RefusalCode::BodyUnreadable, detail));
        }
        Ok(set)
    }

    fn of_document(format: Format, text: impl BufRead) -> Result<Option<Self>, Refusal> {
        let mut listed = Listed::default();
        let read = document::read(format, text, &document::tape(), &mut listed);
        let is_within = |read: &document::Document| read.whole.element.as_ref().is_ok_and(holds_set);
        if listed.holds_set || read.as_ref().is_ok_and(is_within) {
            let detail = "a batch or a transaction stands within another: send it by itself; nothing was taken";
            return Err(Refusal::new(RefusalCode::BodyUnreadable, detail));
        }
        let read = match read {
            Ok(read) => read,
            Err(broken) if listed.may_be_transaction() => {
                let detail = format!("{broken}; nothing of the transaction was taken");
                return Err(Refusal::new(RefusalCode::BodyUnreadable, detail));
            }
            Err(_) => return Ok(None),
        };
        // What is wrong with the bundle itself is among the rejections; what it is, it may have said before its entries.
        let Ok(bundle) = read.whole.element else {
            let is_transaction = listed.may_be_transaction();
            return Ok(is_transaction.then_some(Self { is_transaction, entries: listed.entries }));
        };
        let kind = bundle.text("type").filter(|_| bundle.kind() == "Bundle").unwrap_or_default();
        let is_transaction = kind == "transaction";
        let is_set = is_transaction || kind == "batch";
        // Where the reader did not know in time that it was a bundle, nothing tells its entries apart, and none can be answered.
        if is_set && bundle.get("entry").is_some() {
            return Err(Refusal::new(RefusalCode::BodyUnreadable, UNTOLD));
        }
        Ok(is_set.then_some(Self { is_transaction, entries: listed.entries }))
    }

    fn answer(&self, post: &Post<'_>, read: &Collected) -> Result<Answer, Refusal> {
        if self.entries.len() > REQUESTS_MAX {
            let detail = format!("a set of requests may have {REQUESTS_MAX} entries here: send it in several");
            return Err(Refusal::new(RefusalCode::BodyTooLarge, detail));
        }
        let mut by_place: HashMap<u64, Vec<&Rejection>> = HashMap::new();
        for rejection in &read.rejections {
            by_place.entry(rejection.place.byte_offset).or_default().push(rejection);
        }
        // A consent that waits for a person was taken: it is durable, and somebody looks at it.
        let refuses = |rejection: &&&Rejection| rejection.reason != Reason::ConsentToRecord;
        let refused: Vec<&Rejection> = read.rejections.iter().filter(|one| refuses(&one)).collect();
        if self.is_transaction && !refused.is_empty() {
            let told = refused.iter().take(ISSUES_MAX).map(|one| {
                let nth = self.entries.iter().position(|at| *at == one.place.byte_offset).map(|nth| nth + 1);
                let nth = nth.map_or_else(String::new, |nth| format!("entry {nth}: "));
                json!(format!("{nth}{} {}: {}", one.reason.name(), one.place.field, one.message))
            });
            let detail = "an entry of the transaction cannot be used, so that nothing of it was taken: put it right, and send all of it again, \
                          or send it as a batch";
            let more = Some(told.collect());
            return Err(Refusal { more, ..Refusal::new(RefusalCode::RecordsRefused, detail) });
        }
        let done: Vec<Done> = self.entries.iter().map(|at| done(by_place.get(at).map_or(&[], Vec::as_slice))).collect();
        let kind = if self.is_transaction { "transaction-response" } else { "batch-response" };
        Ok(responses(post.asked, kind, &done).with("location", post.status_path))
    }
}

/// What became of one entry. What was taken is accepted and not created: no resource of it can be asked for here.
fn done(rejections: &[&Rejection]) -> Done {
    let waits = rejections.iter().all(|one| one.reason == Reason::ConsentToRecord);
    let status = match rejections {
        [] => "202 Accepted",
        _ if waits => "202 Accepted",
        _ => "422 Unprocessable Entity",
    };
    let severity = if waits { "warning" } else { "error" };
    Done { status, issues: rejections.iter().map(|one| Issue::of(one, severity)).collect() }
}

/// Whether a set of requests stands in what holds resources, however deep.
fn holds_set(of: &Element) -> bool {
    let within = ["entry", "resource", "parameter", "part"].into_iter().flat_map(|name| of.all(name));
    within.into_iter().any(|held| is_set(held) || holds_set(held))
}

fn is_set(resource: &Element) -> bool {
    resource.kind() == "Bundle" && matches!(resource.text("type"), Some("batch" | "transaction"))
}

#[derive(Default)]
struct Listed {
    entries: Vec<u64>,
    /// What sort of bundle it says it is, where it did before its entries.
    kind: Option<String>,
    /// A set stands in one of the entries.
    holds_set: bool,
}

impl Listed {
    /// Whether what broke off is a transaction, or a bundle that had not said yet that it is none.
    fn may_be_transaction(&self) -> bool {
        self.kind.as_deref().map_or(!self.entries.is_empty(), |kind| kind == "transaction")
    }
}

impl Entries for Listed {
    fn entry(&mut self, head: &Element, part: Part) -> Result<(), Broken> {
        self.entries.push(part.offset);
        self.holds_set |= part.element.as_ref().is_ok_and(|entry| is_set(entry) || holds_set(entry));
        if self.kind.is_none() {
            self.kind = head.text("type").map(str::to_owned);
        }
        Ok(())
    }
}
