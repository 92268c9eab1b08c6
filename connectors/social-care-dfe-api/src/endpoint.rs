//! The data posted as it is to the Department: `POST /children_social_care_data/{la_code}/children`, an array of at most a hundred
//! children.
//!
//! Each child stands by itself. When all can be used the answer is 200 and a list with a receipt for each child, in their order:
//! `2026-01-31_09:30:00.000000_<uuid>`. Otherwise it is 400, and `errors` says what is wrong by the child's place, `[3].la_child_id`;
//! the others are taken all the same, and sent again they change nothing. A key is not asked for, since no case system sends one;
//! where there is one, the same key has the same answer.

use std::collections::BTreeMap;
use std::io::BufRead;

use connector_kit::file_name::Authority;
use connector_kit::receive::{Answer, Keys, MediaType, Post, Receives, Refusal, RefusalCode};
use connector_kit::{Collected, Rejection};
use jiff::Timestamp;
use proto::quarantine::Reason;
use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::ChildrenSocialCare;

/// Most children of one post.
const CHILDREN_MAX: usize = 100;
/// Longest post; a hundred children are some hundreds of kilobytes.
const POST_BYTES_MAX: u64 = 32 << 20;
/// Most errors that are told one by one.
const ERRORS_MAX: usize = 1_000;

/// The endpoint.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChildrenEndpoint;

impl Receives for ChildrenEndpoint {
    fn paths(&self) -> Vec<&'static str> {
        vec!["/children_social_care_data/{la_code}/children"]
    }

    fn media_types(&self) -> &'static [MediaType] {
        &[MediaType { name: "application/json", ending: "json" }]
    }

    fn keys(&self) -> Keys {
        Keys::Optional
    }

    fn file_name(&self, post: &Post<'_>) -> Result<String, Refusal> {
        Ok(name_of(authority(post)?))
    }

    fn body_bytes_max(&self) -> u64 {
        POST_BYTES_MAX
    }

    fn accept(&self, post: &Post<'_>, body: &mut dyn BufRead) -> Result<Answer, Refusal> {
        let authority = authority(post)?;
        let mut held = Vec::new();
        let unread = |_| Refusal::new(RefusalCode::NotKept, "the body could not be read back: send it again later");
        body.read_to_end(&mut held).map_err(unread)?;
        let children = count(&held)?;
        if children > CHILDREN_MAX {
            let detail = format!("a post may hold {CHILDREN_MAX} children: send them in several");
            return Err(Refusal::new(RefusalCode::BodyTooLarge, detail));
        }
        let connector = ChildrenSocialCare { authority: Some(authority) };
        let read = Collected::of(&connector, &[(&name_of(authority), &held)]);
        if read.rejections.iter().any(|rejection| rejection.reason == Reason::FileUnreadable) {
            let detail = "the body is no list of children to its end: nothing of it was taken";
            return Err(Refusal::new(RefusalCode::BodyUnreadable, detail));
        }
        if read.rejections.is_empty() {
            Ok(taken(post, children))
        } else {
            Ok(refused(post, children, &read.rejections))
        }
    }
}

/// Whose children the path says that they are, if the caller may send for them.
fn authority(post: &Post<'_>) -> Result<Authority, Refusal> {
    let named = post.capture("la_code").and_then(Authority::parse);
    let may = named.filter(|authority| post.may_send_for(&authority.social_care()));
    may.ok_or_else(|| {
        let detail =
            "the path must name the three digits of an authority whose children's social care you may send for";
        Refusal::new(RefusalCode::NotYoursToSend, detail)
    })
}

/// The file says whose it is, and no day: a part of what is new does not confirm the rest.
fn name_of(authority: Authority) -> String {
    format!("{}_children.json", authority.as_str())
}

/// How many children there are, without holding them.
fn count(held: &[u8]) -> Result<usize, Refusal> {
    let mut reader = serde_json::Deserializer::from_slice(held);
    let children = Vec::<serde::de::IgnoredAny>::deserialize(&mut reader).and_then(|children| {
        reader.end()?;
        Ok(children.len())
    });
    children.map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let detail =
            format!("the body must be a JSON array of children: it is not from line {line}, column {column} on");
        Refusal::new(RefusalCode::BodyUnreadable, detail)
    })
}

/// A receipt for each child.
fn taken(post: &Post<'_>, children: usize) -> Answer {
    let at = Timestamp::from_microsecond(post.received_us).unwrap_or_default();
    let at = at.strftime("%Y-%m-%d_%H:%M:%S.%6f").to_string();
    let receipts: Vec<Value> = (0..children).map(|place| format!("{at}_{}", uuid(post.id, place)).into()).collect();
    Answer::json(200, &Value::Array(receipts)).with("location", post.status_path)
}

/// One for each child of a post: the submission's id, with the child's place at its end.
fn uuid(id: &str, place: usize) -> String {
    let part = |from: usize, to: usize| id.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}{place:04x}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 28))
}

/// What is wrong, by child. Names fields and never values.
fn refused(post: &Post<'_>, children: usize, rejections: &[Rejection]) -> Answer {
    let mut errors: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for rejection in rejections.iter().take(ERRORS_MAX) {
        let Rejection { reason, message, place, .. } = rejection;
        let of = match (place.record.checked_sub(1), place.field.as_str()) {
            (Some(child), "") => format!("[{child}]"),
            (Some(child), field) => format!("[{child}].{field}"),
            (None, field) => field.to_owned(),
        };
        errors.entry(of).or_default().push(format!("{}: {message}", reason.name()));
    }
    let refused: std::collections::BTreeSet<u64> = rejections.iter().map(|rejection| rejection.place.record).collect();
    let code = RefusalCode::RecordsRefused;
    let said = json!({
        "type": format!("urn:throughline:refusal:{}", code.name()), "title": code.title(), "status": code.status(),
        "code": code.name(), "id": post.id, "status_url": post.status_path, "errors": errors,
        "detail": "these children cannot be used as they are, or not all of them: put them right and send them again; the others were taken",
        "children": children, "children_with_errors": refused.len(),
    });
    let answer = Answer::json(code.status(), &said).with("location", post.status_path);
    Answer { content_type: "application/problem+json".to_owned(), ..answer }
}

#[cfg(test)]
mod tests {
    use connector_kit::receive::Asked;

    use super::*;

    const CHILD: &str =
        r#"{"la_child_id":"C1","child_details":{"first_name":"Invented-Ada","date_of_birth":"2015-01-02","sex":"F"}}"#;
    const NO_ID: &str = r#"{"child_details":{"first_name":"Invented-Ben","date_of_birth":"2015-01-02"}}"#;
    const NO_DATE: &str = r#"{"la_child_id":"C3","child_details":{"first_name":"Invented-Cai"},"purge":false}"#;
    const PURGED: &str = r#"{"la_child_id":"C4","purge":true}"#;

    fn post<'a>(controllers: &'a [String], captured: &'a [(String, String)]) -> Post<'a> {
        Post {
            asked: Asked { path: "/children_social_care_data/878/children", accept: "" },
            id: "0123456789abcdef0123456789abcdef",
            status_path: "/submissions/0123456789abcdef0123456789abcdef",
            received_us: 1_768_469_400_000_000,
            captured,
            media_type: ChildrenEndpoint.media_types()[0],
            file_name: None,
            controllers,
        }
    }

    fn answered(la_code: &str, body: &str) -> Result<Answer, Refusal> {
        let captured = [("la_code".to_owned(), la_code.to_owned())];
        let controllers = ["la-878*".to_owned()];
        let post = post(&controllers, &captured);
        ChildrenEndpoint.file_name(&post)?;
        ChildrenEndpoint.accept(&post, &mut body.as_bytes())
    }

    #[test]
    fn each_child_has_a_receipt_in_its_place() {
        let said = answered("878", &format!("[{CHILD},{PURGED}]")).unwrap();
        let receipts: Vec<String> = serde_json::from_str(&said.body).unwrap();
        assert_eq!(
            (said.status, receipts),
            (
                200,
                vec![
                    "2026-01-15_09:30:00.000000_01234567-89ab-cdef-0123-456789ab0000".to_owned(),
                    "2026-01-15_09:30:00.000000_01234567-89ab-cdef-0123-456789ab0001".to_owned(),
                ]
            )
        );
        assert_eq!(answered("878", "[]").unwrap().body, "[]\n", "a night in which nothing changed");
    }

    #[test]
    fn what_is_wrong_is_said_by_child_and_names_nobody() {
        let said = answered("878", &format!("[{CHILD},{NO_ID},{NO_DATE},{CHILD}]")).unwrap();
        let told: Value = serde_json::from_str(&said.body).unwrap();
        let errors: Vec<&String> = told["errors"].as_object().unwrap().keys().collect();
        assert_eq!(errors, ["[1].la_child_id", "[2].date_of_birth", "[3].la_child_id"], "{told}");
        assert_eq!((said.status, told["code"].as_str()), (400, Some("RECORDS_REFUSED")));
        assert_eq!((told["children"].as_u64(), told["children_with_errors"].as_u64()), (Some(4), Some(3)));
        assert!(!said.body.contains("Invented") && !said.body.contains("C3"), "{told}");
    }

    #[test]
    fn a_post_that_is_no_list_or_too_long_or_another_authoritys_is_refused_whole() {
        for (la_code, body, code) in [
            ("878", CHILD.to_owned(), RefusalCode::BodyUnreadable),
            ("878", "[{]".to_owned(), RefusalCode::BodyUnreadable),
            ("878", "[] []".to_owned(), RefusalCode::BodyUnreadable),
            ("878", format!("[{}]", vec![PURGED; 101].join(",")), RefusalCode::BodyTooLarge),
            ("879", "[]".to_owned(), RefusalCode::NotYoursToSend),
            ("8781", "[]".to_owned(), RefusalCode::NotYoursToSend),
            ("..", "[]".to_owned(), RefusalCode::NotYoursToSend),
        ] {
            assert_eq!(answered(la_code, &body).unwrap_err().code, code, "{la_code}");
        }
        let deep = format!("[{}{}]", "[".repeat(100_000), "]".repeat(100_000));
        let said = answered("878", &deep).unwrap();
        assert_eq!(
            (said.status, said.body.contains("[0]")),
            (400, true),
            "a child nested more deeply than any record is refused alone"
        );
    }
}
