//! NK1, and the mother of PID-21: the people around the child. Each is a person of their own, and their numbers are no claims about the child.

use connector_kit::identifier;
use proto::events::parental_responsibility::Held;
use proto::events::relationship_recorded::Kind;
use proto::events::{Coded, FindingCode, ParentalResponsibility, RelationshipRecorded, Scheme, Subject};

use crate::er7::{Fields, Segment};
use crate::header::Header;
use crate::person::{address, emails, has_gone, name, phone, phones};
use crate::reading::Reading;
use crate::subject;

/// Somebody around the child, and by what they are told from the others.
pub(crate) struct Related {
    pub(crate) relationship: RelationshipRecorded,
    pub(crate) person: Subject,
    /// The same for the same person in a later message.
    pub(crate) key: String,
}

/// Whether an NK1 segment names somebody. One that does not is kept as it came.
pub(crate) fn names_somebody(segment: &Segment<'_>, header: &Header) -> bool {
    related(&segment.fields(), header, &[], &mut Reading::default()).is_some()
}

/// NK1. `None` when it names nobody. `own` are the child's numbers, the one that it is known by first.
pub(crate) fn related(nk1: &Fields<'_>, header: &Header, own: &[&Subject], reading: &mut Reading) -> Option<Related> {
    let at = header.recorded;
    let name = reading.asserted(2, nk1.field(2), |r, v| name(r, v.first(), "NK1-2", at));
    let number = reading.text(nk1.field(33).first().component(1), "NK1-33");
    let related = reading.asserted(6, nk1.field(33), |r, v| subject::of_somebody_else(v, "NK1-33", header, r));
    // Nobody is related to themself: the child's number was put where the other's belongs.
    let is_the_childs = related.as_ref().is_some_and(|number| own.contains(&number));
    if is_the_childs {
        reading.flag(FindingCode::FieldsContradict, "NK1-33");
    }
    let related = related.filter(|_| !is_the_childs);
    let relationship = reading.asserted(1, nk1.field(3), |r, v| r.coded(v, "NK1-3", "relationship"));
    let spelt = name.as_ref().map(|name| {
        let parts = [&name.given, &name.middle, &name.family].into_iter().flatten();
        parts.map(|part| part.to_uppercase()).collect::<Vec<_>>().join(" ")
    });
    // The code that stands first, whichever of them the relation is known by: a person keeps their key.
    let stated = nk1.field(3).first().component(1).text().value.into_owned();
    let code = relationship.as_ref().map_or("", |_| stated.trim());
    let known_by = match (number.filter(|_| !is_the_childs || spelt.is_none()), spelt) {
        (Some(number), _) => number,
        (None, Some(spelt)) => format!("{code}/{spelt}"),
        (None, None) => return None,
    };
    let mut numbers = phones(reading, nk1.field(5), "NK1-5", at);
    numbers.extend(phones(reading, nk1.field(6), "NK1-6", at));
    if numbers.is_empty() && [5, 6].into_iter().any(|number| has_gone(nk1.field(number), at, phone)) {
        reading.clears.push(4);
    }
    // What the relation is, is said with its code, and unsaid with it.
    if nk1.field(3).is_deleted() {
        reading.clears.push(7);
    }
    let role = reading.asserted(5, nk1.field(7), |r, v| r.coded(v, "NK1-7", "contact_role"));
    let codings = |number, field, list| Reading::default().codings(nk1.field(number), field, list);
    let (roles, relations) = (codings(7, "NK1-7", "contact_role"), codings(3, "NK1-3", "relationship"));
    let parental_responsibility = roles.iter().chain(&relations).find_map(parental_responsibility);
    if parental_responsibility.is_none() && nk1.field(7).is_deleted() {
        reading.clears.push(8);
    }
    let recorded = RelationshipRecorded {
        kind: relations
            .iter()
            .find_map(|coded| kind(&coded.code))
            .or_else(|| relations.iter().find_map(kind_in_words))
            .map(Into::into),
        parental_responsibility,
        relationship,
        name,
        address: reading.asserted(3, nk1.field(4), |r, v| address(r, v.first(), "NK1-4")),
        phones: numbers,
        role,
        related: related.clone(),
        // No field of the standard says so.
        lives_with_child: None,
        since_on: reading.asserted(10, nk1.field(8), |r, v| r.date(v, "NK1-8")),
        until_on: reading.asserted(11, nk1.field(9), |r, v| r.date(v, "NK1-9")),
        emails: emails(reading, nk1.field(5), "NK1-5", at),
        contact_order: None,
    };
    // Somebody without a number is known only as this child's, so that two children's namesakes stay two people.
    let issuer = own.first().map_or_else(String::new, |child| format!("{}/{}", child.issuer, child.value));
    let person = related.unwrap_or_else(|| identifier::subject(Scheme::ThirdParty, &issuer, &known_by));
    Some(Related { relationship: recorded, person, key: known_by })
}

/// PID-21: the mother, by her own number. Her name is not there; an NK1 that has it says more.
pub(crate) fn mother(pid: &Fields<'_>, header: &Header, reading: &mut Reading) -> Option<Related> {
    let number = reading.text(pid.field(21).first().component(1), "PID-21")?;
    let person = subject::of_somebody_else(pid.field(21), "PID-21", header, reading)?;
    let code = Coded { code: "MTH".to_owned(), code_set: "hl7v2.relationship".to_owned(), text: None };
    let relationship = RelationshipRecorded {
        relationship: Some(code),
        kind: Some(Kind::Parent.into()),
        related: Some(person.clone()),
        ..RelationshipRecorded::default()
    };
    Some(Related { relationship, person, key: number })
}

/// What a code says the relation is: HL7 table 0063, and the codes of version 3 (RoleCode) that feeds put in its place. A
/// code that is in neither says nothing that we may take it to say.
fn kind(code: &str) -> Option<Kind> {
    Some(match code.to_ascii_uppercase().as_str() {
        "MTH" | "FTH" | "PAR" | "PRN" | "NMTH" | "NFTH" | "NPRN" | "ADOPTP" | "ADOPTM" | "ADOPTF" => Kind::Parent,
        "STPMTH" | "STPFTH" | "STPPRN" => Kind::StepParent,
        "GRD" | "CGV" | "FOST" | "PRNFOST" | "MTHFOST" | "FTHFOST" | "GUARD" => Kind::Carer,
        "SIB" | "BRO" | "SIS" | "NBRO" | "NSIS" | "NSIB" | "TWIN" | "TWINBRO" | "TWINSIS" => Kind::Sibling,
        "HBRO" | "HSIS" | "HSIB" => Kind::HalfSibling,
        "STPBRO" | "STPSIS" | "STPSIB" => Kind::StepSibling,
        "GRP" | "GRPRN" | "GRMTH" | "GRFTH" | "MGRMTH" | "MGRFTH" | "PGRMTH" | "PGRFTH" => Kind::Grandparent,
        "ASC" | "CHD" | "DEP" | "DOM" | "EME" | "EMR" | "EXF" | "FND" | "MGR" | "NCH" | "OAD" | "OTH" | "SPO"
        | "TRA" | "WRD" | "AUNT" | "UNCLE" | "COUSN" | "NBOR" | "FAMMEMB" | "EXT" => Kind::Other,
        _ => return None,
    })
}

/// What feeds write where a code should stand, or behind one of their own, as whole words: "mother's partner" is no mother.
fn kind_in_words(stated: &Coded) -> Option<Kind> {
    let of_words = |words: &str| {
        let letters = words.chars().filter(char::is_ascii_alphabetic);
        Some(match letters.collect::<String>().to_ascii_uppercase().as_str() {
            "MOTHER" | "FATHER" | "PARENT" | "MUM" | "DAD" | "BIRTHMOTHER" | "BIRTHFATHER" | "BIRTHPARENT"
            | "NATURALMOTHER" | "NATURALFATHER" | "ADOPTIVEMOTHER" | "ADOPTIVEFATHER" | "ADOPTIVEPARENT" => {
                Kind::Parent
            }
            "STEPMOTHER" | "STEPFATHER" | "STEPPARENT" => Kind::StepParent,
            "GUARDIAN" | "LEGALGUARDIAN" | "CARER" | "CAREGIVER" | "FOSTERCARER" | "FOSTERPARENT" | "FOSTERMOTHER"
            | "FOSTERFATHER" => Kind::Carer,
            "BROTHER" | "SISTER" | "SIBLING" => Kind::Sibling,
            "HALFBROTHER" | "HALFSISTER" | "HALFSIBLING" => Kind::HalfSibling,
            "STEPBROTHER" | "STEPSISTER" | "STEPSIBLING" => Kind::StepSibling,
            "GRANDMOTHER" | "GRANDFATHER" | "GRANDPARENT" => Kind::Grandparent,
            _ => return None,
        })
    };
    of_words(&stated.code).or_else(|| of_words(stated.text.as_deref()?))
}

/// Whether somebody has parental responsibility. There is no field for it; a feed that says so says it in words beside a
/// code. It is never concluded from the relation.
fn parental_responsibility(coded: &Coded) -> Option<ParentalResponsibility> {
    let words: String = coded.text.as_deref()?.trim().to_ascii_lowercase();
    let held = match words.as_str() {
        "parental responsibility" | "has parental responsibility" | "with parental responsibility" => Held::Yes,
        "no parental responsibility" | "without parental responsibility" => Held::No,
        "parental responsibility unknown" | "parental responsibility not known" => Held::Unknown,
        _ => return None,
    };
    Some(ParentalResponsibility { held: held.into(), source: Some(coded.clone()), from: None, to: None })
}
