//! One invented child with about two hundred entries in three systems, and an invented reader of them.

use std::sync::Arc;

use connector_kit::publish::Publisher;
use connector_kit::{Connector, Draft, Place};
use event_log::EventLog;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use projection::command::Commands;
use proto::admin::Fact;
use proto::events::{self as e, Coded, Date, Event, Scheme, Subject, Version, When, identifier, when};
use proto::sharing as s;
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyPair, PKCS_ED25519};
use serde::{Deserialize, Serialize};

use crate::house::{self, House};

/// When the facts are recorded.
pub(crate) const TODAY: Date = Date { year: 2025, month: Some(10), day: Some(1), estimated: false };
const ENTRIES: u32 = 200;
const OTHERS: u32 = 500;
const READER: &str = "la-878-social-care";
const CERTIFICATE_NAME: &str = "la-878-social-care.invalid";
const TOKEN_ISSUER: &str = "https://id.la-878-social-care.invalid";
const UPN: &str = "X878299925001";
const NHS_NUMBER: &str = "9999999999";

/// All that TLS and tokens need, PEM.
#[derive(Serialize, Deserialize)]
pub(crate) struct Papers {
    pub(crate) ca: String,
    pub(crate) server: (String, String),
    pub(crate) client: (String, String),
    pub(crate) token: String,
}

/// By whom the child is asked for.
pub(crate) fn child() -> Subject {
    Subject { scheme: Scheme::LaChildId.into(), issuer: "878".into(), value: "FIGURES1".into() }
}

/// The child as each system knows them: connector, organisation, local id, and the identifier that it states.
fn known_as() -> [(&'static str, &'static str, Subject, Option<Subject>); 3] {
    let subject = |scheme: Scheme, issuer: &str, value: &str| Subject {
        scheme: scheme.into(),
        issuer: issuer.into(),
        value: value.into(),
    };
    let upn = || Some(subject(Scheme::Upn, "dfe", UPN));
    let nhs = Some(subject(Scheme::NhsNumber, "nhs", NHS_NUMBER));
    [
        ("education-school-census", "school-8784001", subject(Scheme::SchoolPupil, "8784001", "FIGURES1"), upn()),
        ("social-care-cin-census", READER, child(), upn()),
        ("health-hl7v2", "ods-rh8", subject(Scheme::ProviderPerson, "ods-rh8/RH8", "FIGURES1"), nhs),
    ]
}

/// Puts the child and the reader on the log.
pub(crate) async fn record(house: &House, log: &Arc<dyn EventLog>, commands: &Commands) -> anyhow::Result<()> {
    let linked = e::SubjectsLinked {
        other: known_as().into_iter().find_map(|(source, _, _, states)| states.filter(|_| source == "health-hl7v2")),
        decided_by: Some("records.team".into()),
        ..Default::default()
    };
    let (papers, token_key_pem) = papers()?;
    let mut organisation = s::OrganisationRecorded {
        id: Some(READER.into()),
        name: Some("Children's Social Care (invented)".into()),
        authority: Some("878".into()),
        designated: Some(true),
        certificate_name: Some(CERTIFICATE_NAME.into()),
        token_issuer: Some(TOKEN_ISSUER.into()),
        token_key_pem: Some(token_key_pem),
        from: Some(Date { year: 2014, ..TODAY }),
        ..Default::default()
    };
    organisation.set_sector(s::Sector::SocialCare);
    let organisation_subject =
        Subject { scheme: Scheme::Organisation.into(), issuer: "throughline".into(), value: READER.into() };
    let fact = |subject, event| Fact { subject: Some(subject), event: Some(event), ..Default::default() };
    // A later version than the one that the authority's facts hold, of another entry: the last to begin stands.
    // A return does not say that the council works with the child still.
    let mut works =
        e::InvolvementStarted { organisation: Some(READER.into()), start_on: Some(TODAY), ..Default::default() };
    works.set_kind(e::involvement::Kind::Statutory);
    let facts = vec![
        fact(organisation_subject, organisation.into()),
        fact(child(), linked.into()),
        fact(child(), works.into()),
    ];
    commands.record(facts, 1_760_000_000_000_001, TODAY).await?;
    let rules = sharing::Engine::load()?;
    for person in ["approver-1", "approver-2"] {
        commands.approve_policy(rules.policy_hash(), person, 1_760_000_000_000_002, TODAY).await?;
    }
    for (connector, (_, controller, subject, states)) in house::connectors().into_iter().zip(known_as()) {
        let drafts = drafts(connector.as_ref(), controller, &subject, states);
        let wrapping = Arc::clone(&house.wrapping);
        let opening =
            Publisher::open(Arc::clone(log), House::key(), wrapping, house::credentials(), connector.descriptor());
        opening.await?.publish_feed(drafts, 1_760_000_000_000_000).await?;
    }
    std::fs::write(house.at("papers.json"), serde_json::to_vec(&papers)?)?;
    Ok(())
}

fn drafts(connector: &dyn Connector, controller: &str, subject: &Subject, states: Option<Subject>) -> Vec<Draft> {
    let described = e::PersonDescribed {
        birth_on: Some(Date { year: 2012, month: Some(3), day: Some(4), estimated: false }),
        identifiers: vec![e::Identifier {
            subject: states,
            standing: identifier::Standing::Current.into(),
            usable: true,
            verification: None,
        }],
        ..Default::default()
    };
    let entries = (0..ENTRIES).filter_map(|n| {
        let of = if n % 8 == 0 {
            "social-care-cin-census"
        } else if n % 4 == 0 {
            "education-school-census"
        } else {
            "health-hl7v2"
        };
        (of == connector.descriptor().name).then(|| (n + 1, event(of, n)))
    });
    std::iter::once((0, Event::from(described)))
        .chain(entries)
        .map(|(n, event)| draft(subject, controller, n, event))
        .collect()
}

fn draft(subject: &Subject, controller: &str, n: u32, event: Event) -> Draft {
    Draft {
        subject: subject.clone(),
        controller: controller.to_owned(),
        scope_key: None,
        table: "figures",
        record_key: format!("{}/{n}", subject.value),
        ordinal: 0,
        effective: When { when: Some(when::When::On(day(n % ENTRIES))) },
        observed_at_us: None,
        version: Some(Version { as_of_us: 1_750_000_000_000_000, sequence: 0, mapping_revision: 1 }),
        findings: Vec::new(),
        third_parties: Vec::new(),
        clears: Vec::new(),
        in_part: false,
        labels: Vec::new(),
        event,
        place: Place::default(),
    }
}

/// One more entry of the child, from the hospital.
pub(crate) fn one_more(n: u32) -> Draft {
    let [_, _, (source, controller, subject, _)] = known_as();
    // The records before it are 0 to ENTRIES.
    draft(&subject, controller, ENTRIES + 1 + n, event(source, ENTRIES + 1 + n))
}

/// What schools say of other children meanwhile.
pub(crate) fn of_another(n: u32) -> Draft {
    let [(source, controller, mut subject, _), ..] = known_as();
    subject.value = format!("FIGURES-OTHER-{}", n % OTHERS);
    draft(&subject, controller, n, event(source, n % ENTRIES))
}

/// A week apart.
fn day(n: u32) -> Date {
    Date {
        year: 2021 + i32::try_from(n / 52).unwrap_or_default(),
        month: Some(n % 52 / 5 + 1),
        day: Some(n % 5 * 5 + 1),
        estimated: false,
    }
}

fn coded(code: String, text: &str) -> Option<Coded> {
    Some(Coded { code, code_set: "figures".into(), text: Some(text.into()) })
}

fn event(source: &str, n: u32) -> Event {
    let at = prost_types::Timestamp { seconds: 1_600_000_000 + i64::from(n) * 604_800, nanos: 0 };
    match (source, n % 3) {
        ("education-school-census", _) => e::AttendanceSummarised {
            school_year: Some(2021 + n / 52),
            term: coded("AUT".into(), "Autumn term"),
            sessions_possible: Some(120),
            sessions: (0..4)
                .map(|code| e::SessionCount {
                    reason: coded(format!("A{code}"), "Absent, invented reason"),
                    sessions: n,
                })
                .collect(),
            ..Default::default()
        }
        .into(),
        ("social-care-cin-census", _) if n == 8 => e::ReferralReceived {
            received_on: Some(day(n)),
            referred_by: coded("1A".into(), "Individual"),
            ..Default::default()
        }
        .into(),
        ("social-care-cin-census", _) => e::ConferenceHeld { held_on: Some(day(n)), ..Default::default() }.into(),
        (_, 0) => e::ImmunisationGiven {
            given_at: Some(at),
            vaccine: coded(format!("V{n}"), "An invented vaccine against nothing"),
            dose_number: Some(n),
            amount: Some("0.5 ml".into()),
            lot: Some(format!("LOT{n:06}")),
            ..Default::default()
        }
        .into(),
        _ => e::AppointmentBooked {
            starts_at: Some(at),
            ends_at: Some(prost_types::Timestamp { seconds: at.seconds + 1_800, nanos: 0 }),
            service: coded("420".into(), "Paediatrics, outpatient follow-up"),
            place: Some("An invented clinic, second floor, room 12".into()),
            reason: coded("R1".into(), "Routine review of an invented condition"),
        }
        .into(),
    }
}

/// Certificates and a token for the reader; and the public key of the token's issuer.
fn papers() -> anyhow::Result<(Papers, String)> {
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let key = KeyPair::generate()?;
    let ca = params.self_signed(&key)?.pem();
    let issuer = rcgen::Issuer::new(params, key);
    let issue = |name: &str, usage| -> anyhow::Result<(String, String)> {
        let mut params = CertificateParams::new(vec![name.to_owned()])?;
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate()?;
        Ok((params.signed_by(&key, &issuer)?.pem(), key.serialize_pem()))
    };
    let pair = KeyPair::generate_for(&PKCS_ED25519)?;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
    let claims = serde_json::json!({
        "iss": TOKEN_ISSUER, "aud": projection::serve::caller::AUDIENCE, "sub": "invented.reader",
        "exp": now + 12 * 3_600, "standing": "staff", "roles": ["safeguarding", "case_holding"],
        "active": true, "trained": true,
    });
    let signing = EncodingKey::from_ed_pem(pair.serialize_pem().as_bytes())?;
    let token = encode(&Header::new(Algorithm::EdDSA), &claims, &signing)?;
    let server = issue("localhost", ExtendedKeyUsagePurpose::ServerAuth)?;
    let client = issue(CERTIFICATE_NAME, ExtendedKeyUsagePurpose::ClientAuth)?;
    Ok((Papers { ca, server, client, token }, pair.public_key_pem()))
}
