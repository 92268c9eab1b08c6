//! The children of an invented authority, as its sources' connectors translate them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use connector_kit::{Collected, Connector, Draft};
use event_log::seal::PseudonymKey;
use jiff::civil::Date;
use proto::events::{Body, Cause, Scheme, Subject, Version};
use proto::sharing as s;
use serde_json::Value;
use synthetic_authority::Settings;

use crate::harness::sayings::{day, fact};

/// What vouches for parents, carers and young people, and the issuer of their tokens.
pub const PORTAL: (&str, &str) = ("families-878", "https://id.families-878.invalid");

/// Households of them; how often each is taken again with other numbers does not matter, for no two worlds meet.
const CHILDREN: u32 = 150;
/// What is said of one child at most.
const SAID_MAX: usize = 14;

/// One invented child: every system's own number for them, and what each said.
pub struct BaseChild {
    pub subjects: Vec<Subject>,
    pub said: Vec<Body>,
}

/// The authority, and who answers for its records.
pub struct Authority {
    pub today: Date,
    pub children: Vec<BaseChild>,
    /// Its organisations and the agreement between them, as facts.
    pub organisations: Vec<s::OrganisationRecorded>,
    pub parties: Vec<String>,
}

pub static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("authority");
    let settings = Settings { children: CHILDREN, ..Settings::default() };
    synthetic_authority::generate(&settings, &out, &mut |_, _| {}).unwrap();
    let mut said: BTreeMap<String, Vec<Body>> = BTreeMap::new();
    for connector in connectors() {
        for body in bodies(connector.as_ref(), &out.join(connector.descriptor().name)) {
            said.entry(spelt(body.subject.as_ref().unwrap())).or_default().push(body);
        }
    }
    let children = lines(&out.join("truth.jsonl")).filter_map(|truth| child(&truth, &said)).collect();
    let (organisations, parties) = organisations(&out.join("facts.jsonl"));
    Authority { today: settings.reference_date, children, organisations, parties }
});

pub const SOURCES: [&str; 3] = ["education-school-census", "social-care-cin-census", "health-hl7v2"];

fn connectors() -> [Box<dyn Connector>; 3] {
    [
        Box::new(education_school_census::SchoolCensus),
        Box::new(social_care_cin_census::CinCensus),
        Box::new(health_hl7v2::Hl7V2::default()),
    ]
}

/// What a connector makes of the files of a folder, one submission after another: the latest statement of each record.
fn bodies(connector: &dyn Connector, folder: &Path) -> Vec<Body> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let source = connector.descriptor().name;
    let mut latest = BTreeMap::new();
    for group in connector.submissions(&names) {
        let files: Vec<(&str, Vec<u8>)> =
            group.iter().map(|name| (name.as_str(), std::fs::read(folder.join(name)).unwrap())).collect();
        let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
        for draft in Collected::of(connector, &files).drafts {
            latest.insert((spelt(&draft.subject), draft.record_key.clone(), draft.ordinal), draft);
        }
    }
    latest.into_values().map(|draft| body(source, draft)).collect()
}

fn body(source: &str, draft: Draft) -> Body {
    Body {
        subject: Some(draft.subject),
        controller: draft.controller,
        source: source.to_owned(),
        record_key: draft.record_key,
        ordinal: draft.ordinal,
        version: Some(Version { as_of_us: 1_700_000_000_000_000, sequence: 1, mapping_revision: 1 }),
        effective: Some(draft.effective),
        cause: Cause::Started.into(),
        findings: draft.findings,
        third_parties: draft.third_parties.iter().map(party_id).collect(),
        event: Some(draft.event),
        ..Body::default()
    }
}

/// A subject as a key.
fn spelt(subject: &Subject) -> String {
    format!("{}/{}/{}", subject.scheme, subject.issuer, subject.value)
}

/// Any sixteen bytes: who these people are, no test asks.
fn party_id(party: &Subject) -> Vec<u8> {
    PseudonymKey::from_bytes([3; 32]).of(party).0.to_vec()
}

fn lines(file: &Path) -> impl Iterator<Item = Value> + use<> {
    let text = std::fs::read_to_string(file).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>().into_iter()
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}

/// The child of a line of the truth file: the newest of what was said, and what describes them.
fn child(truth: &Value, said: &BTreeMap<String, Vec<Body>>) -> Option<BaseChild> {
    let subjects = truth["subjects"].as_array()?.iter().filter_map(|subject| {
        let scheme = Scheme::from_str_name(&format!("SCHEME_{}", text(subject, "scheme")))?;
        Some(Subject { scheme: scheme.into(), issuer: text(subject, "issuer"), value: text(subject, "value") })
    });
    let subjects: Vec<Subject> = subjects.filter(|subject| said.contains_key(&spelt(subject))).collect();
    let mut all: Vec<Body> = subjects.iter().flat_map(|subject| said[&spelt(subject)].iter().cloned()).collect();
    // Of each kind the newest few, so that the child is known to as many services as they are.
    all.sort_by_key(|body| std::cmp::Reverse(body.effective.as_ref().and_then(timeline::sort_key_us)));
    let mut of_kind: BTreeMap<u32, usize> = BTreeMap::new();
    all.retain(|body| {
        let kind = body.event.as_ref().and_then(proto::events::Event::kind_number).map_or(0, |kind| kind.0);
        let seen = of_kind.entry(kind).or_default();
        *seen += 1;
        *seen <= 3
    });
    all.truncate(SAID_MAX);
    (!subjects.is_empty() && all.len() > 2).then_some(BaseChild { subjects, said: all })
}

fn organisations(facts: &Path) -> (Vec<s::OrganisationRecorded>, Vec<String>) {
    let (mut organisations, mut parties) = (Vec::new(), Vec::new());
    for line in lines(facts) {
        let fields = &line["fields"];
        match line["kind"].as_str() {
            Some("OrganisationRecorded") => {
                let id = text(fields, "id");
                organisations.push(s::OrganisationRecorded {
                    name: Some(text(fields, "name")),
                    sector: s::Sector::from_str_name(&text(fields, "sector")).map(Into::into),
                    authority: Some(text(fields, "authority")),
                    designated: fields["designated"].as_bool(),
                    sensitive: fields["sensitive"].as_bool(),
                    contact: Some(format!("desk of {id}")),
                    from: Some(day(2015, 1, 1)),
                    id: Some(id),
                    ..s::OrganisationRecorded::default()
                });
            }
            Some("AgreementRecorded") if text(fields, "id") == "agreement-children-878" => {
                parties.extend(fields["parties"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()));
            }
            _ => {}
        }
    }
    organisations.push(s::OrganisationRecorded {
        id: Some(PORTAL.0.into()),
        name: Some("Families' portal (invented)".into()),
        sector: Some(s::Sector::SocialCare.into()),
        designated: Some(false),
        vouches_for_people: Some(true),
        token_issuer: Some(PORTAL.1.into()),
        from: Some(day(2015, 1, 1)),
        ..s::OrganisationRecorded::default()
    });
    (organisations, parties)
}

impl Authority {
    /// Its organisations and their agreement, as facts to record.
    pub fn facts(&self) -> Vec<proto::admin::Fact> {
        let of = |name: &str| Subject {
            scheme: Scheme::Organisation.into(),
            issuer: "throughline".into(),
            value: name.into(),
        };
        let mut facts: Vec<_> = self.organisations.iter().map(|one| fact(&of(one.id()), one.clone())).collect();
        let agreement = s::AgreementRecorded {
            id: Some("everybody".into()),
            parties: self.parties.clone(),
            from: Some(day(2020, 1, 1)),
            to: Some(day(2099, 12, 31)),
            ..s::AgreementRecorded::default()
        };
        facts.push(fact(&of("agreement/everybody"), agreement));
        facts
    }
}
