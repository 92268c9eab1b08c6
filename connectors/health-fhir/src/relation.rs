//! RelatedPerson and Patient.contact: the people around the child. Their numbers are their own, and no claim about the child.

use connector_kit::identifier;
use proto::events::relationship_recorded::Kind;
use proto::events::{Coded, RelationshipRecorded, Scheme, Subject};

use crate::person::{address, by_identifier, name, telecoms};
use crate::reading::Reading;
use crate::saying::{Part, Saying};
use crate::tree::Element;

/// Says a relation. `of` is the RelatedPerson, or one contact of a Patient; `known` what tells it from the child's others.
pub(crate) fn say(saying: &mut Saying<'_, '_>, of: &Element, known: Option<&str>) {
    let mut reading = Reading::default();
    let r = &mut reading;
    let coded: Vec<Coded> = of.all("relationship").filter_map(|relation| r.coded(relation, "relationship")).collect();
    if coded.iter().any(|coded| coded.code == "ONESELF") {
        return;
    }
    let relationship = coded.iter().find(|coded| kind(&coded.code).is_some()).or(coded.first()).cloned();
    let name = of.all("name").find_map(name);
    let spelt = name.as_ref().map(|name| {
        let parts = [&name.given, &name.middle, &name.family].into_iter().flatten();
        parts.map(|part| part.to_uppercase()).collect::<Vec<_>>().join(" ")
    });
    let related = of
        .all("identifier")
        .find_map(|stated| by_identifier(&saying.controller, stated.text("system")?, stated.text("value")?));
    let code = relationship.as_ref().map_or("", |relation| relation.code.as_str());
    let Some(known) = known.map(str::to_owned).or_else(|| Some(format!("{code}/{}", spelt.as_deref()?))) else {
        return;
    };
    let mut phones = telecoms(of, "phone");
    phones.extend(telecoms(of, "sms"));
    let rank = of.extension("ContactRank").and_then(|rank| rank.choice("value")?.1.own_text()?.parse().ok());
    let recorded = RelationshipRecorded {
        kind: coded.iter().find_map(|coded| kind(&coded.code)).map(Into::into),
        relationship,
        name,
        address: of.get("address").and_then(|stated| address(stated, r)),
        phones,
        role: None,
        related: related.clone(),
        parental_responsibility: None,
        lives_with_child: None,
        since_on: r.day(of, "period/start"),
        until_on: r.day(of, "period/end"),
        emails: telecoms(of, "email"),
        contact_order: rank,
    };
    let issuer = format!("{}/{}", saying.subject.issuer, saying.subject.value);
    let person: Subject = related.unwrap_or_else(|| identifier::subject(Scheme::ThirdParty, &issuer, &known));
    let part = format!("relationship/{known}");
    let part = if of.kind().is_empty() { Part { of: &part, ordinal: 0 } } else { Part::default() };
    let at = saying.stood;
    saying.say_part("relationship", part, at, reading, Some(person), recorded.into());
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
