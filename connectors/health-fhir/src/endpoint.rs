//! FHIR over HTTP: bundles that are posted, and servers that are asked.
//!
//! `POST /fhir` takes a bundle or a resource, `POST /fhir/$process-message` a message; the answer is an OperationOutcome, in JSON or
//! in XML as the caller asks. 200: all of it was taken. 200 with warnings: some entries wait for a person, the others were taken.
//! 422: nothing of it could be used, and it waits for a person. 400: it is no FHIR, and nothing was kept. A message that comes
//! again under its own id and time says nothing anew, whether or not there is a key.

use std::io::{BufRead, BufReader, Read as _};
use std::time::Duration;

use connector_kit::poll::{Fetched, PageUnusable, Pages, Told, Url, since};
use connector_kit::receive::{Answer, Asked, Keys, MediaType, Post, Receives, Refusal, RefusalCode, Standing};
use connector_kit::{Collected, Rejection};
use proto::quarantine::Reason;
use quick_xml::escape::escape;
use serde_json::{Value, json};

use crate::Fhir;
use crate::document::{self, Broken, Entries, Format, Part};
use crate::tape::Taped;
use crate::tree::Element;

/// Longest post that is looked into before it is answered.
const POST_BYTES_MAX: u64 = 64 << 20;
/// Most issues that are told one by one.
const ISSUES_MAX: usize = 200;

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

    fn accept(&self, post: &Post<'_>, body: &mut dyn BufRead) -> Result<Answer, Refusal> {
        let mut held = Vec::new();
        let unread = |_| Refusal::new(RefusalCode::NotKept, "the body could not be read back: send it again later");
        body.take(POST_BYTES_MAX + 1).read_to_end(&mut held).map_err(unread)?;
        if held.len() as u64 > POST_BYTES_MAX {
            let detail = format!("a post may have {POST_BYTES_MAX} bytes here: send it in several bundles");
            return Err(Refusal::new(RefusalCode::BodyTooLarge, detail));
        }
        let organisation = match post.controllers {
            [only] if !only.ends_with('*') => Some(only.clone()),
            _ => None,
        };
        let name = format!("post.{}", post.media_type.ending);
        let read = Collected::of(&Fhir { organisation }, &[(&name, &held)]);
        let unreadable =
            |rejection: &&Rejection| matches!(rejection.reason, Reason::FileUnreadable | Reason::EncodingUnsupported);
        if read.drafts.is_empty()
            && let Some(broken) = read.rejections.iter().find(unreadable)
        {
            return Err(Refusal::new(RefusalCode::BodyUnreadable, broken.message.clone()));
        }
        let issues: Vec<Issue> =
            read.rejections.iter().take(ISSUES_MAX).map(|one| Issue::of(one, read.drafts.is_empty())).collect();
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
        let issue = Issue {
            severity: "error",
            code,
            said: refusal.code.name().to_owned(),
            text: refusal.detail.to_string(),
            at: String::new(),
        };
        outcome(asked, status, &[issue])
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

/// One thing about a post. Names fields and never values.
struct Issue {
    severity: &'static str,
    code: &'static str,
    /// Our own code: a reason of quarantine, or of a refusal.
    said: String,
    text: String,
    /// Where it stood.
    at: String,
}

impl Issue {
    fn information(text: &str) -> Self {
        Self {
            severity: "information",
            code: "informational",
            said: String::new(),
            text: text.to_owned(),
            at: String::new(),
        }
    }

    fn of(rejection: &Rejection, all_of_it: bool) -> Self {
        let code = match rejection.reason {
            Reason::SubjectMissing => "not-found",
            Reason::RecordTooLarge => "too-long",
            Reason::DateMissing => "required",
            Reason::FileUnreadable => "incomplete",
            _ => "invalid",
        };
        let place = &rejection.place;
        let at = format!("line {}, byte {}, {}", place.line, place.byte_offset, place.field);
        Self {
            severity: if all_of_it { "error" } else { "warning" },
            code,
            said: rejection.reason.name().to_owned(),
            text: rejection.message.clone(),
            at: at.trim_end_matches([',', ' ']).to_owned(),
        }
    }
}

fn outcome(asked: Asked<'_>, status: u16, issues: &[Issue]) -> Answer {
    if asked.accept.contains("xml") && !asked.accept.contains("json") {
        let mut body = String::from("<OperationOutcome xmlns=\"http://hl7.org/fhir\">");
        for issue in issues {
            let text = escape(issue.text.as_str());
            body.push_str(&format!(
                "<issue><severity value=\"{}\"/><code value=\"{}\"/><details>",
                issue.severity, issue.code
            ));
            if !issue.said.is_empty() {
                let coding = format!("<coding><system value=\"{SAID}\"/><code value=\"{}\"/></coding>", issue.said);
                body.push_str(&coding);
            }
            body.push_str(&format!("<text value=\"{text}\"/></details>"));
            if !issue.at.is_empty() {
                body.push_str(&format!("<diagnostics value=\"{}\"/>", escape(issue.at.as_str())));
            }
            body.push_str("</issue>");
        }
        body.push_str("</OperationOutcome>\n");
        return Answer { status, content_type: "application/fhir+xml".to_owned(), headers: Vec::new(), body };
    }
    let issues: Vec<Value> = issues.iter().map(issue_json).collect();
    let body = json!({ "resourceType": "OperationOutcome", "issue": issues });
    Answer { content_type: "application/fhir+json".to_owned(), ..Answer::json(status, &body) }
}

/// The system of our own codes.
const SAID: &str = "urn:throughline:reason";

fn issue_json(issue: &Issue) -> Value {
    let mut details = json!({ "text": issue.text });
    if let (false, Some(details)) = (issue.said.is_empty(), details.as_object_mut()) {
        details.insert("coding".to_owned(), json!([{ "system": SAID, "code": issue.said }]));
    }
    let mut told = json!({ "severity": issue.severity, "code": issue.code, "details": details });
    if let (false, Some(told)) = (issue.at.is_empty(), told.as_object_mut()) {
        told.insert("diagnostics".to_owned(), issue.at.clone().into());
    }
    told
}

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
        let read = document::read(format, BufReader::new(body), &Taped::default(), &mut counted);
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
