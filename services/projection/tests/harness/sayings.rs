//! What sources say, and facts that people record. All invented.

use proto::admin::Fact;
use proto::events::{self as e, Cause, Coded, Date, Event, Scheme, Subject, identifier};
use proto::sharing as s;

use super::Saying;

pub const SCHOOL: &str = "school-8784001";
pub const COUNCIL: &str = "la-878";
pub const HOSPITAL: &str = "ods-rh8";
pub const CENSUS: &str = "education-school-census";
/// The council's case system, which is read as it changes: see [`organisations`].
pub const CIN: &str = "social-care-case-system";
pub const HL7: &str = "health-hl7v2";
pub const UPN: &str = "X878299925001";
pub const NHS_NUMBER: &str = "9999999999";

pub fn day(year: i32, month: u32, day: u32) -> Date {
    Date { year, month: Some(month), day: Some(day), estimated: false }
}

pub fn subject(scheme: Scheme, issuer: &str, value: &str) -> Subject {
    Subject { scheme: scheme.into(), issuer: issuer.into(), value: value.into() }
}

pub fn pupil(value: &str) -> Subject {
    subject(Scheme::SchoolPupil, "8784001", value)
}

pub fn council_child(value: &str) -> Subject {
    subject(Scheme::LaChildId, "878", value)
}

pub fn hospital_person(value: &str) -> Subject {
    subject(Scheme::ProviderPerson, "RH8", value)
}

pub fn upn(value: &str) -> Subject {
    subject(Scheme::Upn, "dfe", value)
}

pub fn nhs(value: &str) -> Subject {
    subject(Scheme::NhsNumber, "nhs", value)
}

pub fn coded(code: &str) -> Option<Coded> {
    Some(Coded { code: code.into(), code_set: "invented".into(), text: None })
}

/// A source's word on one of its records.
pub fn saying(controller: &str, subject: &Subject, record_key: &str, on: Date, event: impl Into<Event>) -> Saying {
    Saying {
        subject: subject.clone(),
        controller: controller.into(),
        record_key: format!("{}/{record_key}", subject.value),
        version: 1,
        on,
        cause: Cause::Started,
        third_parties: Vec::new(),
        event: event.into(),
    }
}

/// A person as a source describes them, with the identifiers it has.
pub fn described(controller: &str, local: &Subject, identifiers: &[Subject]) -> Saying {
    let identifiers = identifiers
        .iter()
        .map(|subject| e::Identifier {
            subject: Some(subject.clone()),
            standing: identifier::Standing::Current.into(),
            usable: true,
            verification: None,
        })
        .collect();
    let person = e::PersonDescribed { birth_on: Some(day(2014, 3, 4)), identifiers, ..Default::default() };
    saying(controller, local, "person", day(2014, 3, 4), person)
}

pub fn enrolled(school: &str, local: &Subject) -> Saying {
    let on = day(2020, 9, 1);
    saying(
        school,
        local,
        "roll",
        on,
        e::EnrolmentStarted { school: Some(school.into()), entry_on: Some(on), ..Default::default() },
    )
}

pub fn attended(local: &Subject, year: i32) -> Saying {
    let event =
        e::AttendanceSummarised { school_year: Some(year as u32), sessions_possible: Some(120), ..Default::default() };
    saying(SCHOOL, local, &format!("attendance/{year}"), day(year, 7, 1), event)
}

pub fn referred(local: &Subject) -> Saying {
    let on = day(2025, 10, 1);
    saying(COUNCIL, local, "referral", on, e::ReferralReceived { received_on: Some(on), ..Default::default() })
}

pub fn emergency(local: &Subject) -> Saying {
    let event = e::AttendedEmergency { place: Some("An invented ward".into()), ..Default::default() };
    saying(HOSPITAL, local, "emergency", day(2024, 5, 6), event)
}

/// What a hospital's record says of somebody around its patient, whose name and telephone it has.
pub fn related(local: &Subject, person: &Subject, kind: e::relationship_recorded::Kind) -> Saying {
    let event = e::RelationshipRecorded {
        related: Some(person.clone()),
        kind: Some(kind.into()),
        name: Some(e::PersonName { family: Some("INVENTED".into()), ..Default::default() }),
        phones: vec!["01632 960777".into()],
        ..Default::default()
    };
    saying(HOSPITAL, local, &format!("relation/{}/{}", person.value, kind as i32), day(2024, 1, 1), event)
}

/// A description with this address besides.
pub fn living_at(mut described: Saying, line: &str) -> Saying {
    if let Some(e::event::Kind::PersonDescribed(person)) = &mut described.event.kind {
        person.addresses =
            vec![e::Address { lines: vec![line.into()], postcode: Some("ZQ1 2AB".into()), ..Default::default() }];
    }
    described
}

/// A statutory status, open since a few days before readers ask.
pub fn status(child: &Subject, status: s::statutory_status_changed::Status) -> Fact {
    let mut changed = s::StatutoryStatusChanged { open: Some(true), on: Some(day(2026, 1, 10)), ..Default::default() };
    changed.set_status(status);
    fact(child, changed)
}

pub fn fact(subject: &Subject, event: impl Into<Event>) -> Fact {
    Fact { subject: Some(subject.clone()), event: Some(event.into()), ..Fact::default() }
}

pub fn organisation(id: &str, sector: s::Sector) -> Fact {
    let recorded = s::OrganisationRecorded {
        id: Some(id.into()),
        name: Some(format!("{id}, invented")),
        sector: Some(sector.into()),
        authority: Some("878".into()),
        designated: Some(true),
        contact: Some(format!("office of {id}")),
        certificate_name: Some(format!("{id}.invalid")),
        ..Default::default()
    };
    fact(&subject(Scheme::Organisation, "throughline", id), recorded)
}

/// Everybody's agreement with everybody, for all but the parties left out.
pub fn agreement(parties: &[&str]) -> Fact {
    let recorded = s::AgreementRecorded {
        id: Some("everybody".into()),
        parties: parties.iter().map(|party| (*party).to_owned()).collect(),
        from: Some(day(2020, 1, 1)),
        to: Some(day(2099, 12, 31)),
        ..Default::default()
    };
    fact(&subject(Scheme::Organisation, "throughline", "agreement/everybody"), recorded)
}

/// The three organisations, a practice's stand-in of another area, and their agreement.
pub fn organisations() -> Vec<Fact> {
    vec![
        organisation(SCHOOL, s::Sector::Education),
        organisation(COUNCIL, s::Sector::SocialCare),
        organisation(HOSPITAL, s::Sector::Health),
        organisation("school-9994001", s::Sector::Education),
        agreement(&[SCHOOL, COUNCIL, HOSPITAL]),
        read_whole(COUNCIL, CIN, 4_000_000_000),
    ]
}

/// A live feed that was read whole at a moment, seconds since 1970.
pub fn read_whole(organisation: &str, source: &str, seconds: i64) -> Fact {
    let confirmed = s::FeedConfirmed {
        organisation: Some(organisation.into()),
        source: Some(source.into()),
        confirmed_at: Some(prost_types::Timestamp { seconds, nanos: 0 }),
    };
    fact(&subject(Scheme::Organisation, "throughline", organisation), confirmed)
}

pub fn linked(one: &Subject, other: &Subject) -> Fact {
    fact(one, e::SubjectsLinked { other: Some(other.clone()), ..Default::default() })
}

pub fn unlinked(one: &Subject, other: &Subject) -> Fact {
    fact(one, e::SubjectsUnlinked { other: Some(other.clone()), ..Default::default() })
}

pub fn restriction(child: &Subject, id: &str, kind: s::restriction::Kind) -> Fact {
    let set = s::RestrictionSet {
        id: Some(id.into()),
        kind: Some(kind.into()),
        from: Some(day(2025, 1, 1)),
        ..Default::default()
    };
    fact(child, set)
}

pub fn consent(child: &Subject, id: &str, state: s::consent_recorded::State, from: Date) -> Fact {
    use s::consent_recorded::{GivenBy, Kind};
    let recorded = s::ConsentRecorded {
        id: Some(id.into()),
        kind: Some(Kind::Share.into()),
        state: Some(state.into()),
        by: Some(GivenBy::Parent.into()),
        from: Some(from),
        ..Default::default()
    };
    fact(child, recorded)
}
