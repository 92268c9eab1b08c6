//! Answers, and the words that a connector has when it says none of its own.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::receipts::SubmissionOutcome;
use super::{Post, Refusal};

/// An answer. Nothing of it names a child.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// 200, 202, 400 and so on.
    pub status: u16,
    /// "application/json"
    pub content_type: String,
    /// Further headers: names in lower case, and values.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// Text.
    pub body: String,
}

impl Answer {
    /// JSON.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self { status, content_type: "application/json".to_owned(), headers: Vec::new(), body: format!("{body}\n") }
    }

    /// With one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// How far a submission is.
#[derive(Clone, PartialEq, Debug)]
pub enum Standing {
    /// It is durable, and waits for its turn or is being dealt with.
    Waiting,
    /// It was dealt with.
    DealtWith(SubmissionOutcome),
}

pub(super) fn accepted(post: &Post<'_>) -> Answer {
    Answer::json(202, &json!({ "id": post.id, "status_url": post.status_path })).with("location", post.status_path)
}

pub(super) fn report(id: &str, standing: &Standing) -> Answer {
    match standing {
        Standing::Waiting => Answer::json(200, &json!({ "id": id, "standing": "WAITING" })),
        Standing::DealtWith(outcome) => {
            let mut said = json!({ "id": id, "standing": "DEALT_WITH" });
            if let (Some(said), Ok(serde_json::Value::Object(of))) =
                (said.as_object_mut(), serde_json::to_value(outcome))
            {
                said.extend(of);
            }
            Answer::json(200, &said)
        }
    }
}

pub(super) fn problem(refusal: &Refusal) -> Answer {
    let code = refusal.code;
    let mut said = json!({
        "type": format!("urn:throughline:refusal:{}", code.name()),
        "title": code.title(), "status": code.status(), "code": code.name(), "detail": refusal.detail,
    });
    if let (Some(said), Some(more)) = (said.as_object_mut(), &refusal.more) {
        said.insert("errors".to_owned(), more.clone());
    }
    Answer { content_type: "application/problem+json".to_owned(), ..Answer::json(code.status(), &said) }
}
