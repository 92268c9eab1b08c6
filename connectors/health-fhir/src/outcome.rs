//! What is told of a post: issues, as an OperationOutcome, and of a set of requests each entry by itself. In JSON or in XML.

use connector_kit::Rejection;
use connector_kit::receive::{Answer, Asked};
use proto::quarantine::Reason;
use quick_xml::escape::escape;
use serde_json::{Map, Value, json};

/// The system of our own codes.
const SAID: &str = "urn:throughline:reason";

/// One thing about a post. Names fields and never values.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Issue {
    pub(crate) severity: &'static str,
    pub(crate) code: &'static str,
    /// Our own code: a reason of quarantine, or of a refusal.
    pub(crate) said: String,
    pub(crate) text: String,
    /// Where it stood.
    pub(crate) at: String,
}

impl Issue {
    pub(crate) fn information(text: &str) -> Self {
        Self {
            severity: "information",
            code: "informational",
            said: String::new(),
            text: text.to_owned(),
            at: String::new(),
        }
    }

    pub(crate) fn of(rejection: &Rejection, severity: &'static str) -> Self {
        let code = match rejection.reason {
            Reason::SubjectMissing => "not-found",
            Reason::RecordTooLarge => "too-long",
            Reason::DateMissing => "required",
            Reason::FileUnreadable => "incomplete",
            Reason::ConsentToRecord => "suppressed",
            _ => "invalid",
        };
        let place = &rejection.place;
        let at = format!("line {}, byte {}, {}", place.line, place.byte_offset, place.field);
        Self {
            severity,
            code,
            said: rejection.reason.name().to_owned(),
            text: rejection.message.clone(),
            at: at.trim_end_matches([',', ' ']).to_owned(),
        }
    }

    fn json(&self) -> Value {
        let mut details = Map::new();
        if !self.said.is_empty() {
            details.insert("coding".to_owned(), json!([{ "system": SAID, "code": self.said }]));
        }
        details.insert("text".to_owned(), self.text.clone().into());
        let mut told = Map::new();
        told.insert("severity".to_owned(), self.severity.into());
        told.insert("code".to_owned(), self.code.into());
        told.insert("details".to_owned(), details.into());
        if !self.at.is_empty() {
            told.insert("diagnostics".to_owned(), self.at.clone().into());
        }
        told.into()
    }

    fn xml(&self, out: &mut String) {
        out.push_str(&format!(
            "<issue><severity value=\"{}\"/><code value=\"{}\"/><details>",
            self.severity, self.code
        ));
        if !self.said.is_empty() {
            let said = escape(self.said.as_str());
            out.push_str(&format!("<coding><system value=\"{SAID}\"/><code value=\"{said}\"/></coding>"));
        }
        out.push_str(&format!("<text value=\"{}\"/></details>", escape(self.text.as_str())));
        if !self.at.is_empty() {
            out.push_str(&format!("<diagnostics value=\"{}\"/>", escape(self.at.as_str())));
        }
        out.push_str("</issue>");
    }
}

/// What became of one entry of a set of requests.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Done {
    /// "202 Accepted"
    pub(crate) status: &'static str,
    pub(crate) issues: Vec<Issue>,
}

fn wants_xml(asked: Asked<'_>) -> bool {
    asked.accept.contains("xml") && !asked.accept.contains("json")
}

fn answer(status: u16, content_type: &str, body: String) -> Answer {
    Answer { status, content_type: content_type.to_owned(), headers: Vec::new(), body }
}

/// The issues as an OperationOutcome.
pub(crate) fn outcome(asked: Asked<'_>, status: u16, issues: &[Issue]) -> Answer {
    if wants_xml(asked) {
        let mut body = outcome_xml(issues, " xmlns=\"http://hl7.org/fhir\"");
        body.push('\n');
        return answer(status, "application/fhir+xml", body);
    }
    answer(status, "application/fhir+json", format!("{}\n", outcome_json(issues)))
}

fn outcome_json(issues: &[Issue]) -> Value {
    let issues: Vec<Value> = issues.iter().map(Issue::json).collect();
    json!({ "resourceType": "OperationOutcome", "issue": issues })
}

fn outcome_xml(issues: &[Issue], attributes: &str) -> String {
    let mut body = format!("<OperationOutcome{attributes}>");
    issues.iter().for_each(|issue| issue.xml(&mut body));
    body.push_str("</OperationOutcome>");
    body
}

/// The answer to a set of requests, in their order: `kind` is "transaction-response" or "batch-response".
pub(crate) fn responses(asked: Asked<'_>, kind: &str, done: &[Done]) -> Answer {
    if wants_xml(asked) {
        let mut body = format!("<Bundle xmlns=\"http://hl7.org/fhir\"><type value=\"{kind}\"/>");
        for Done { status, issues } in done {
            body.push_str(&format!("<entry><response><status value=\"{status}\"/>"));
            if !issues.is_empty() {
                body.push_str(&format!("<outcome>{}</outcome>", outcome_xml(issues, "")));
            }
            body.push_str("</response></entry>");
        }
        body.push_str("</Bundle>\n");
        return answer(200, "application/fhir+xml", body);
    }
    let entries = done.iter().map(|Done { status, issues }| match issues.as_slice() {
        [] => json!({ "response": { "status": status } }),
        issues => json!({ "response": { "status": status, "outcome": outcome_json(issues) } }),
    });
    let entries: Vec<Value> = entries.collect();
    let bundle = json!({ "resourceType": "Bundle", "type": kind, "entry": entries });
    answer(200, "application/fhir+json", format!("{bundle}\n"))
}
