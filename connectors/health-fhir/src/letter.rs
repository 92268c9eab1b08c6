//! DocumentReference and Composition: that there is a document about a child. What it says is kept as it came.

use proto::events::{Coded, DocumentRecorded};

use crate::person::organisation_of;
use crate::reading::Reading;
use crate::saying::{Part, Saying};

pub(crate) fn say(saying: &mut Saying<'_, '_>) {
    const TABLE: &str = "document";
    let resource = &saying.entry.resource;
    let mut reading = Reading::default();
    let r = &mut reading;
    let written =
        ["date", "created", "indexed"].into_iter().find_map(|path| r.time(resource, path)).or_else(|| saying.seen());
    let status = resource.text("status").unwrap_or_default();
    if status == "entered-in-error" {
        let reason = format!("{} entered-in-error", resource.kind());
        saying.retract(TABLE, Part::default(), written, &reason);
        return saying.keep_no_more(written, &reason);
    }
    let is_reference = resource.kind() == "DocumentReference";
    // Of a reference whether the document is the one that stands, and beside it how far it is finished.
    let (status, availability) = match is_reference {
        true => (
            r.code_of(resource, "docStatus", &["preliminary", "final", "amended"]),
            r.code_of(resource, "status", &["current", "superseded"]),
        ),
        false => (r.code_of(resource, "status", &["preliminary", "final", "amended"]), None),
    };
    let title = resource.text("title").or_else(|| resource.text("description"));
    let title = title.or_else(|| resource.text("content/attachment/title")).map(str::to_owned);
    let related = resource.get("relatesTo");
    let parent = related.and_then(|to| {
        to.text("target/reference")
            .or_else(|| to.text("targetReference/reference"))
            .or_else(|| to.text("target/identifier/value"))
    });
    let author = ["custodian", "author"].into_iter().flat_map(|path| resource.all(path)).collect::<Vec<_>>();
    let author = author
        .into_iter()
        .find_map(|by| organisation_of(saying.bundle, by, resource).or_else(|| saying.bundle.called(by, resource)));
    let event = DocumentRecorded {
        document: Some(saying.key.clone()),
        kind: ["type", "class"].into_iter().find_map(|path| r.concept(resource, path)),
        title,
        written_at: Saying::when(written),
        author_organisation: author,
        status,
        availability,
        parent: parent.map(str::to_owned),
        relation: related.and_then(|to| {
            let code = to.text("code").or_else(|| to.text("code/coding/code"))?.to_owned();
            Some(Coded { code, code_set: "fhir.relatesTo".to_owned(), text: None })
        }),
        confidentiality: ["securityLabel", "confidentiality"].into_iter().find_map(|path| r.concept(resource, path)),
    };
    saying.say(TABLE, written, reading, event);
    saying.keep(written, resource.kind());
}
