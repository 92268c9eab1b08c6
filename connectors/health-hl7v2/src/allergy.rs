//! AL1 and IAM: allergies and intolerances. One that a later message leaves out is still there; only IAM-6 D takes it back.

use proto::events::{AllergyRecorded, Coded, EntryRetracted, Event};

use crate::er7::Segment;
use crate::reading::{Reading, named};
use crate::saying::Saying;

/// Whether the segment names a substance. One that does not, or says that there is none, is kept as it came.
pub(crate) fn names_a_substance(segment: &Segment<'_>) -> bool {
    let substance = segment.fields().field(3);
    let none_known = || Reading::default().codings(substance, "", "allergy").iter().any(is_none_known);
    !substance.is_empty() && !substance.is_deleted() && !none_known()
}

/// That no allergy is known: SNOMED CT (none at all, of drugs, of surroundings, of food), and the codes and words of feeds.
fn is_none_known(substance: &Coded) -> bool {
    let says_none = |said: &str| {
        let words = said.trim().to_ascii_lowercase();
        let none = ["no known ", "none known", "nil known", "no allerg", "no drug allerg"];
        matches!(words.as_str(), "nka" | "nkda" | "nkfa" | "716186003" | "409137002" | "428607008" | "429625007")
            || none.iter().any(|none| words.starts_with(none))
    };
    [Some(substance.code.as_str()), substance.text.as_deref()].into_iter().flatten().any(says_none)
}

/// Says each allergy of the message.
pub(crate) fn say(saying: &mut Saying<'_, '_>) {
    let segments: Vec<Segment<'_>> = saying.all("AL1").chain(saying.all("IAM")).filter(names_a_substance).collect();
    for segment in segments {
        let name = segment.name();
        let fields = segment.fields();
        let mut reading = Reading::default();
        let r = &mut reading;
        let Some(substance) = r.coded(fields.field(3), &format!("{name}-3"), "allergy") else { continue };
        let key = format!("allergy/{}", named(fields.field(3)).unwrap_or_default());
        let deleted = name == "IAM" && fields.field(6).component(1).text().value == "D";
        let event: Event = if deleted {
            EntryRetracted { reason: Some(format!("{} IAM-6 D", saying.header.name())) }.into()
        } else {
            AllergyRecorded {
                kind: r.asserted(1, fields.field(2), |r, v| r.coded(v, &format!("{name}-2"), "allergen_type")),
                substance: Some(substance),
                severity: r.asserted(3, fields.field(4), |r, v| r.coded(v, &format!("{name}-4"), "allergy_severity")),
                reaction: r.asserted(4, fields.field(5), |r, v| {
                    let field = format!("{name}-5");
                    let reactions: Vec<String> = v.repetitions().filter_map(|v| r.text(v, &field)).collect();
                    (!reactions.is_empty()).then(|| reactions.join("; "))
                }),
                status: Some(fields.field(17))
                    .filter(|_| name == "IAM")
                    .and_then(|status| r.asserted(5, status, |r, v| r.coded(v, "IAM-17", "allergy_clinical_status"))),
            }
            .into()
        };
        let recorded = saying.recorded;
        saying.say_of(Some(segment), "allergy", &key, recorded, reading, None, event);
    }
}
