//! The people around a child. Each is a person of their own, and whatever they are called is no claim about the child.

use connector_kit::identifier;
use proto::events::parental_responsibility::Held;
use proto::events::person_name::Use;
use proto::events::{Coded, ParentalResponsibility, PersonName, RelationshipRecorded, Scheme};

use crate::codes;
use crate::history::in_order;
use crate::part::Part;
use crate::pupil::{Pupil, Said, address_of, key_part, phones_of};

/// Says a child's contacts.
pub(crate) fn say(child: &mut Pupil<'_>, pupil: &mut Part<'_>) {
    let contacts =
        pupil.each("contacts").into_iter().flat_map(|list| list.each("contact").collect::<Vec<_>>()).collect();
    for element in in_order(contacts) {
        let mut contact = Part::of(element);
        let mut findings = Vec::new();
        let (family, given) = (contact.words("surname"), contact.words("forename"));
        let relationship = contact.unlisted("relationship", "ctf.relationship");
        if family.is_none() && given.is_none() {
            // Nobody is named: whatever it says is kept as it came.
            child.keep(vec![element]);
            continue;
        }
        let spelt: Vec<String> = [&given, &family].into_iter().flatten().map(|part| part.to_uppercase()).collect();
        let code = relationship.as_ref().map_or("", |relationship| relationship.code.as_str());
        let known_by = format!("{code}/{}", spelt.join(" "));
        let mut left = Vec::new();
        let mut address = contact.one("address");
        let of_address = address.as_mut().and_then(|address| address.flag("addressaspupil", &mut findings));
        let lives_with_child = contact.flag("addressaspupil", &mut findings).or(of_address).filter(|same| *same);
        let address = address.and_then(|address| address_of(address, &mut left));
        let responsible = contact.flag("responsible", &mut findings);
        let responsible = responsible.or_else(|| contact.flag("responsibility", &mut findings));
        let responsibility = responsible.map(|holds| ParentalResponsibility {
            held: if holds { Held::Yes } else { Held::No }.into(),
            source: Some(Coded { code: holds.to_string(), code_set: "ctf.responsible".to_owned(), text: None }),
            from: None,
            to: None,
        });
        let recorded = RelationshipRecorded {
            kind: codes::relation(code).map(Into::into),
            relationship,
            name: Some(PersonName {
                family,
                given,
                middle: contact.words("middlenames"),
                prefix: contact.words("title"),
                r#use: Use::Usual.into(),
                ..PersonName::default()
            }),
            address,
            phones: phones_of(&mut contact),
            emails: contact.words("email").into_iter().collect(),
            parental_responsibility: responsibility,
            lives_with_child,
            contact_order: contact.count("order", &mut findings),
            ..RelationshipRecorded::default()
        };
        left.extend(contact.rest());
        // Known only as this child's, so that two children's namesakes stay two people.
        let issuer = format!("{}/{}", child.subject.issuer, child.subject.value);
        let person = identifier::subject(Scheme::ThirdParty, &issuer, &known_by);
        let key = child.own_key(format!("contact/{}", key_part(&known_by)));
        let said = Said::one("contact", key.clone(), child.of.made_on, recorded).found(findings);
        child.draft(Said { third_parties: vec![person.clone()], ..said });
        child.keep_of(&key, &[person], left);
    }
}
