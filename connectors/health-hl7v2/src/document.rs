//! MDM: documents, and what became of them. That there is one is said; its text is kept apart, for its own organisation.

use proto::events::{Coded, DocumentRecorded, EntryRetracted, FindingCode};

use crate::er7::Fields;
use crate::reading::Reading;
use crate::saying::Saying;
use crate::time::Time;
use crate::visit::Taken;

/// TXA-17 (table 0271).
const STATUSES: &[&str] = &["AU", "DI", "DO", "IN", "IP", "LA", "PA"];

/// TXA-18 (table 0272).
const CONFIDENTIALITIES: &[&str] = &["R", "U", "V"];

/// TXA-19 (table 0273).
const AVAILABILITIES: &[&str] = &["AV", "CA", "OB", "UN"];

/// Says what a message tells of its document. Content (OBX) is kept with the segments of which nothing is made.
pub(crate) fn say(saying: &mut Saying<'_, '_>, trigger: &str) -> Taken {
    let txa = saying.fields("TXA");
    let mut owned = Reading::default();
    let reading = &mut owned;
    let Some(number) = number(reading, &txa, 12, "TXA-12") else { return Taken::InPart };
    let parent = self::number(reading, &txa, 13, "TXA-13").filter(|parent| *parent != number);
    let relation = match trigger {
        "T05" | "T06" => Some("addendum"),
        "T09" | "T10" => Some("replacement"),
        _ => None,
    };
    if relation.is_some() && parent.is_none() {
        reading.flag(FindingCode::FieldMissing, "TXA-13");
    }
    let availability =
        reading.asserted(7, txa.field(19), |r, v| r.code_of(v, "TXA-19", "availability", AVAILABILITIES));
    let written = [(7, "TXA-7"), (6, "TXA-6"), (4, "TXA-4")]
        .into_iter()
        .find_map(|(at, field)| reading.time(txa.field(at), field));
    let stands_at = written.unwrap_or(saying.happened());
    let is_gone = trigger == "T11" || availability.as_ref().is_some_and(|availability| availability.code == "CA");
    let key = |number: &str| format!("document/{number}");
    if is_gone {
        let event = EntryRetracted { reason: Some(saying.header.name()) };
        saying.say("TXA", "document", &key(&number), stands_at, owned, event);
        return Taken::Wholly;
    }
    let event = document(saying, reading, &txa, relation);
    let event = DocumentRecorded {
        document: Some(number.clone()),
        written_at: written.map(Time::when),
        availability,
        parent: parent.clone(),
        ..event
    };
    saying.say("TXA", "document", &key(&number), stands_at, owned, event);
    // The one that it takes the place of is obsolete.
    if let Some(parent) = parent.filter(|_| relation == Some("replacement")) {
        let event = EntryRetracted { reason: Some(saying.header.name()) };
        saying.say("TXA", "document", &key(&parent), stands_at, Reading::default(), event);
    }
    Taken::Wholly
}

fn document(saying: &Saying<'_, '_>, r: &mut Reading, txa: &Fields<'_>, relation: Option<&str>) -> DocumentRecorded {
    let content = saying.fields("OBX").field(3);
    let title = r.asserted(3, txa.field(25), |r, v| r.text(v, "TXA-25"));
    let title = title.or_else(|| r.coded(content, "OBX-3", "content").and_then(|content| content.text));
    DocumentRecorded {
        kind: r.asserted(2, txa.field(2), |r, v| r.coded(v, "TXA-2", "document_type")),
        title,
        author_organisation: r.asserted(5, txa.field(9), |r, v| {
            let author = v.first();
            let part = |r: &mut Reading, number| r.text(author.component(number).subcomponent(1), "TXA-9");
            part(r, 14).or_else(|| part(r, 9))
        }),
        status: r.asserted(6, txa.field(17), |r, v| r.code_of(v, "TXA-17", "completion_status", STATUSES)),
        relation: relation.map(|relation| Coded {
            code: relation.to_owned(),
            code_set: "hl7v2.document_relation".to_owned(),
            text: None,
        }),
        confidentiality: r
            .asserted(10, txa.field(18), |r, v| r.code_of(v, "TXA-18", "confidentiality", CONFIDENTIALITIES)),
        ..DocumentRecorded::default()
    }
}

/// An entity identifier: its first component, else (of older versions, which put the source's kind first) its third.
fn number(reading: &mut Reading, txa: &Fields<'_>, at: usize, field: &str) -> Option<String> {
    let stated = txa.field(at).first();
    reading.text(stated.component(1), field).or_else(|| reading.text(stated.component(3), field))
}
