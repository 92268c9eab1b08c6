//! RelatedPerson and Patient.contact: the people around the child. Their numbers are their own, and no claim about the child.

use std::collections::HashSet;

use connector_kit::identifier;
use proto::events::parental_responsibility::Held;
use proto::events::person_name::Use;
use proto::events::relationship_recorded::Kind;
use proto::events::{Coded, FindingCode, ParentalResponsibility, PersonName, RelationshipRecorded, Scheme, Subject};

use crate::person::{address, by_identifier, flag_unreached, is_past, name, telecoms};
use crate::reading::Reading;
use crate::saying::{Part, Saying};
use crate::time::Time;
use crate::tree::Element;

/// Says who a contact of a Patient is. Whether it was said: a contact can be an organisation, a telephone number alone, or one of whom
/// something changes what is meant. `told` are the contacts before it, two of which can have one name.
pub(crate) fn contact(saying: &mut Saying<'_, '_>, of: &Element, told: &mut HashSet<String>) -> bool {
    let coded = relations(of, &mut Reading::default());
    let name = called(of, saying.stood, &mut Reading::default()).filter(|_| !of.is_modified());
    let Some(name) = name else { return false };
    let parts = [&name.given, &name.middle, &name.family].into_iter().flatten();
    let spelt = parts.map(|part| part.to_uppercase()).collect::<Vec<_>>().join(" ");
    let mut known = format!("{}/{spelt}", plainest(&coded).map_or("", |relation| relation.code.as_str()));
    while !told.insert(known.clone()) {
        known.push_str("/again");
    }
    say(saying, of, &known);
    true
}

fn relations(of: &Element, reading: &mut Reading) -> Vec<Coded> {
    of.all("relationship").filter_map(|relation| reading.coded(relation, "relationship")).collect()
}

/// What somebody is called now, else what they were.
pub(crate) fn called(of: &Element, stood: Option<Time>, reading: &mut Reading) -> Option<PersonName> {
    let names: Vec<PersonName> = of.all("name").filter_map(|stated| name(stated, stood, reading)).collect();
    let current = names.iter().find(|name| name.r#use() != Use::Former).cloned();
    current.or_else(|| names.into_iter().next())
}

fn plainest(coded: &[Coded]) -> Option<&Coded> {
    coded.iter().find(|coded| kind_told(coded).is_some()).or(coded.first())
}

/// Says a relation. `of` is the RelatedPerson, a contact of a Patient, or a Patient who is the child's mother; `known` what tells it from
/// the child's others.
pub(crate) fn say(saying: &mut Saying<'_, '_>, of: &Element, known: &str) {
    let mut reading = Reading::default();
    let r = &mut reading;
    let mut coded = relations(of, r);
    if coded.iter().any(|coded| coded.code == "ONESELF") {
        return;
    }
    coded.extend(as_given(of));
    let relationship = plainest(&coded).cloned();
    let name = called(of, saying.stood, r);
    let related = of
        .all("identifier")
        .filter(|stated| !is_past(stated, saying.stood, r))
        .find_map(|stated| by_identifier(&saying.controller, stated.text("system")?, stated.text("value")?));
    // Nobody is related to themself: the child's number was put where the other's belongs.
    let is_the_child = |related: &Subject| {
        let own = |id: &Element| by_identifier(&saying.controller, id.text("system")?, id.text("value")?);
        let child = ["patient", "subject"].into_iter().find_map(|path| saying.bundle.resolved(of, path));
        *related == saying.subject
            || child.is_some_and(|child| child.all("identifier").any(|id| own(id).as_ref() == Some(related)))
    };
    if related.as_ref().is_some_and(is_the_child) {
        r.flag(FindingCode::FieldsContradict, "identifier");
    }
    let related = related.filter(|related| !is_the_child(related));
    let mut told = |system| telecoms(of, system, saying.stood, r);
    let mut phones = told("phone");
    phones.extend(told("sms"));
    let emails = told("email");
    flag_unreached(of, r);
    // Where they live now, else where they did.
    let mut homes = of.all("address");
    let home = homes.find(|stated| !is_past(stated, saying.stood, r));
    let home = home.or_else(|| of.get("address"));
    if of.text("active") == Some("false") {
        r.flag(FindingCode::NotMapped, "active");
    }
    let rank = of.extension("ContactRank").and_then(|rank| rank.choice("value")?.1.own_text()?.parse().ok());
    let recorded = RelationshipRecorded {
        kind: coded.iter().find_map(kind_told).map(Into::into),
        relationship,
        name,
        address: home.and_then(|stated| address(stated, r)),
        phones,
        role: None,
        related: related.clone(),
        parental_responsibility: responsibility(of),
        lives_with_child: said_of(of, "HouseholdMember"),
        since_on: r.day(of, "period/start"),
        until_on: r.day(of, "period/end"),
        emails,
        contact_order: rank,
    };
    let issuer = format!("{}/{}", saying.subject.issuer, saying.subject.value);
    let person: Subject = related.unwrap_or_else(|| identifier::subject(Scheme::ThirdParty, &issuer, known));
    let part = format!("relationship/{known}");
    let part = if of.kind().is_empty() { Part { of: &part, ordinal: 0 } } else { Part::default() };
    let at = saying.stood;
    saying.say_part("relationship", part, at, reading, Some(person), recorded.into());
}

/// Whether a code says that somebody is a parent, or has a parent's place by law.
pub(crate) fn is_parent(of: &Element) -> bool {
    let mut codes = of.all("relationship").flat_map(|relation| relation.all("coding")).filter_map(|c| c.text("code"));
    codes.any(|code| kind(code) == Some(Kind::Parent))
}

/// What an extension says by a truth value, its own or one within it.
fn said_of(of: &Element, extension: &str) -> Option<bool> {
    let extension = of.extension(extension)?;
    let within = || extension.all("extension").find_map(|part| part.text("valueBoolean"));
    Some(extension.text("valueBoolean").or_else(within)? == "true")
}

fn responsibility(of: &Element) -> Option<ParentalResponsibility> {
    let held = if said_of(of, "ParentalResponsibility")? { Held::Yes } else { Held::No };
    Some(ParentalResponsibility { held: held.into(), ..ParentalResponsibility::default() })
}

/// Of the Patient who is the mother of a birth, what she is to the child.
fn as_given(of: &Element) -> Option<Coded> {
    (of.kind() == "Patient").then(|| Coded {
        code: "MTH".to_owned(),
        code_set: "fhir.relationship".to_owned(),
        text: None,
    })
}

/// What the relation is, by its code, else by its one word. A letter or two are no word.
fn kind_told(coded: &Coded) -> Option<Kind> {
    let word = || kind(coded.text.as_deref().filter(|word| word.len() > 2)?);
    kind(&coded.code).or_else(word)
}

/// What a code says the relation is: version 3 RoleCode, table 0131, and the words of UK Core. One that is in none says nothing
/// that we may take it to say.
fn kind(code: &str) -> Option<Kind> {
    Some(match code.to_ascii_uppercase().as_str() {
        "MTH" | "FTH" | "PRN" | "NMTH" | "NFTH" | "NPRN" | "ADOPTP" | "ADOPTM" | "ADOPTF" | "MOTHER" | "FATHER"
        | "PARENT" | "NMTHF" | "GESTM" => Kind::Parent,
        "STPMTH" | "STPFTH" | "STPPRN" => Kind::StepParent,
        "GRD" | "CGV" | "PRNFOST" | "MTHFOST" | "FTHFOST" | "GUARD" | "GUARDIAN" => Kind::Carer,
        "SIB" | "BRO" | "SIS" | "NBRO" | "NSIS" | "NSIB" | "TWIN" | "TWINBRO" | "TWINSIS" | "SIBLING" => Kind::Sibling,
        "HBRO" | "HSIS" | "HSIB" => Kind::HalfSibling,
        "STPBRO" | "STPSIS" | "STPSIB" => Kind::StepSibling,
        "GRPRN" | "GRMTH" | "GRFTH" | "MGRMTH" | "MGRFTH" | "PGRMTH" | "PGRFTH" | "MGRPRN" | "PGRPRN" => {
            Kind::Grandparent
        }
        "AUNT" | "UNCLE" | "COUSN" | "NBOR" | "FAMMEMB" | "EXT" | "FRND" | "NEPHEW" | "NIECE" | "ROOM" | "SPS"
        | "DOMPART" | "C" | "E" | "F" | "N" | "O" | "EP" | "CP" => Kind::Other,
        _ => return None,
    })
}
