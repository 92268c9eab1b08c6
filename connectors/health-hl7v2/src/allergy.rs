//! AL1 and IAM: allergies and intolerances. One that a later message leaves out is still there; only IAM-6 D,
//! and IAM-17 where it was never right, take it back.

use proto::events::{AllergyRecorded, Coded, EntryRetracted, Event, FindingCode};

use crate::er7::{Segment, Value};
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

/// The code of IAM-17 for one that was never there.
const ERRONEOUS: &str = "E";

/// IAM-17 (table 0438) and the words that feeds put there: whether they have it still, as the contract says it. What is not
/// settled stays the sender's code, with its words: nobody is to take it for sure.
const STATUSES: &[(&str, &str, &str)] = &[
    ("C", "active", "Confirmed or verified"),
    ("CONFIRMED", "active", "Confirmed or verified"),
    ("ACTIVE", "active", "Active"),
    ("I", "inactive", "Confirmed but inactive"),
    ("INACTIVE", "inactive", "Inactive"),
    ("RESOLVED", "resolved", "Resolved"),
    ("U", "U", "Unconfirmed"),
    ("UNCONFIRMED", "U", "Unconfirmed"),
    ("P", "P", "Pending"),
    ("PENDING", "P", "Pending"),
    ("S", "S", "Suspect"),
    ("SUSPECT", "S", "Suspect"),
    ("SUSPECTED", "S", "Suspect"),
    ("D", "D", "Doubt raised"),
    ("DOUBT RAISED", "D", "Doubt raised"),
    ("E", ERRONEOUS, "Erroneous"),
    ("ERRONEOUS", ERRONEOUS, "Erroneous"),
    ("ENTERED IN ERROR", ERRONEOUS, "Erroneous"),
    ("ENTERED-IN-ERROR", ERRONEOUS, "Erroneous"),
];

/// IAM-17. One that is not known is kept and told.
fn status(reading: &mut Reading, value: Value<'_>) -> Option<Coded> {
    let coded = reading.coded(value, "IAM-17", "allergy_clinical_status")?;
    let known = |said: &str| STATUSES.iter().find(|(known, ..)| known.eq_ignore_ascii_case(said.trim()));
    let Some((_, code, words)) = known(&coded.code).or_else(|| known(coded.text.as_deref()?)) else {
        reading.flag(FindingCode::CodeUnknown, "IAM-17");
        return Some(coded);
    };
    Some(Coded { code: (*code).to_owned(), text: coded.text.or_else(|| Some((*words).to_owned())), ..coded })
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
        let stated = Some(fields.field(17)).filter(|_| name == "IAM");
        let status = stated.and_then(|stated| r.asserted(5, stated, status));
        let deleted = name == "IAM" && fields.field(6).component(1).text().value == "D";
        let erroneous = status.as_ref().is_some_and(|status| status.code == ERRONEOUS);
        let taken_back = deleted.then_some("IAM-6 D").or(erroneous.then_some("IAM-17 E"));
        let event: Event = if let Some(why) = taken_back {
            EntryRetracted { reason: Some(format!("{} {why}", saying.header.name())) }.into()
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
                status,
            }
            .into()
        };
        let recorded = saying.recorded;
        saying.say_of(Some(segment), "allergy", &key, recorded, reading, None, event);
    }
}
