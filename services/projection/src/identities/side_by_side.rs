//! Two subjects side by side, as a reviewer may see them.

use std::collections::BTreeMap;

use identity::linker::{Agreement as Agrees, FieldWeight, children, compare};
use prost_types::Timestamp;
use proto::events::address::Use as Home;
use proto::events::identifier::Standing as Stands;
use proto::events::person_name::Use;
use proto::events::{Address, Date, PersonDescribed, PersonName, Scheme, Subject};
use proto::identity::{Agreement, FieldCompared, QueueItem, ShowItemResponse, Stated, Step as Shown};
use sharing::FieldGroup;

use super::pairs::{Matter, Side};
use super::{Described, Kept, Permitted, Permitting};
use crate::disclose::digest::sixteen;
use crate::linking::Adopted;

/// A pair as a reviewer may see it.
pub(crate) struct PermittedPair(ShowItemResponse);

/// A field, as a reviewer reads it: its name in the linker's schema, what it is called, and what a person is described by.
type FieldOf = (&'static str, &'static str, fn(&PersonDescribed) -> Vec<String>);

const FIELDS: [FieldOf; 10] = [
    ("given_name", "given name", |person| names(person, |name| name.given.as_ref())),
    ("middle_names", "middle names", |person| names(person, |name| name.middle.as_ref())),
    ("surname", "surname", |person| names(person, |name| name.family.as_ref())),
    ("birth_date", "born", births),
    ("sex", "sex", |person| person.sex.iter().map(|sex| sex.code.clone()).collect()),
    ("house", "address", |person| addresses(person, |address| Some(address.lines.join(", ")))),
    ("postcode", "postcode", |person| addresses(person, |address| address.postcode.clone())),
    ("nhs_number", "NHS number", |person| identifiers(person, Scheme::NhsNumber)),
    ("upn", "UPN", |person| identifiers(person, Scheme::Upn)),
    ("uln", "ULN", |person| identifiers(person, Scheme::Uln)),
];

impl PermittedPair {
    /// Made of what was permitted, and of what people did about the pair.
    pub(crate) fn new(
        permitting: &Permitting,
        matter: &Matter,
        permitted: &Permitted,
        adopted: Option<&Adopted>,
        now_us: i64,
    ) -> Self {
        let records = both(matter, permitted).map(|(side, described)| {
            children::record(&side.subject, described.iter().map(|described| &described.person))
        });
        let [one, other] = &records;
        let schema = children::schema();
        let weighed = adopted.map(|adopted| adopted.parameters.weigh(one, other));
        let agreements: Vec<Option<FieldWeight>> = match &weighed {
            Some(weighed) => weighed.fields.clone(),
            None => {
                let agree =
                    |agreement: Option<Agrees>| agreement.map(|agreement| FieldWeight { agreement, weight: 0.0 });
                compare(schema, one, other).into_iter().map(agree).collect()
            }
        };
        let by_name: BTreeMap<&str, FieldWeight> = schema
            .fields()
            .iter()
            .zip(agreements)
            .filter_map(|(field, weight)| Some((field.name.as_str(), weight?)))
            .collect();
        let fields = FIELDS.iter().filter_map(|(name, called, values)| {
            let [one, other] = permitted.sides.each_ref().map(|side| stated(side, values));
            let found = by_name.get(name);
            (!one.is_empty() || !other.is_empty()).then(|| FieldCompared {
                field: (*called).to_owned(),
                one,
                other,
                agreement: found.map_or(Agreement::Unspecified, |found| agreement(found.agreement)).into(),
                weight: found.filter(|_| weighed.is_some()).map(|found| found.weight),
            })
        });
        let [one, other] = both(matter, permitted).map(|(side, described)| shown_side(side, described, permitted));
        let groups = permitted.groups.iter().map(|group| group.name().to_owned()).collect();
        Self(ShowItemResponse {
            item: Some(item(permitting, matter, permitted, now_us)),
            fields: fields.collect(),
            one: Some(one),
            other: Some(other),
            weight: weighed.as_ref().map(|weighed| weighed.weight),
            probability: weighed.as_ref().map(|weighed| weighed.probability),
            parameters: adopted.map(|adopted| adopted.version.to_vec()).unwrap_or_default(),
            history: history(matter),
            field_groups: groups,
            seen: seen(matter, permitted).to_vec(),
            decision_id: Vec::new(),
        })
    }

    /// The answer, resting on this decision.
    pub(crate) fn into_answer(self, decision_id: [u8; 16]) -> ShowItemResponse {
        ShowItemResponse { decision_id: decision_id.to_vec(), ..self.0 }
    }

    /// What it rests on but for the decision's id.
    pub(crate) fn answer(&self) -> &ShowItemResponse {
        &self.0
    }
}

/// Both sides, each with what may be shown of it.
fn both<'a>(matter: &'a Matter, permitted: &'a Permitted) -> [(&'a Side, &'a Vec<Described>); 2] {
    let ([one, other], [ours, theirs]) = (&matter.sides, &permitted.sides);
    [(one, ours), (other, theirs)]
}

fn item(permitting: &Permitting, matter: &Matter, permitted: &Permitted, now_us: i64) -> QueueItem {
    let mut organisations: Vec<String> =
        permitted.sides.iter().flatten().filter_map(|described| described.organisation.clone()).collect();
    organisations.sort();
    organisations.dedup();
    QueueItem {
        item: permitting.item(matter.pair).to_vec(),
        why: matter.why.iter().map(|why| (*why).into()).collect(),
        waiting_since: Some(timestamp(matter.waiting_since_us())),
        organisations,
        standing: matter.standing(now_us).into(),
        two_people: !matter.contested.is_empty(),
        probability: matter.probable.map(|probable| probable.probability),
    }
}

impl Kept {
    /// An item of the queue, of what is kept of a pair and what may be shown of it.
    pub(crate) fn item(permitting: &Permitting, matter: &Matter, permitted: &Permitted, now_us: i64) -> QueueItem {
        item(permitting, matter, permitted, now_us)
    }
}

/// A subject, where it may be told: a school's own number, and mostly a council's or a hospital's, is a place.
pub(crate) fn name(subject: &Subject, permitted: &Permitted) -> Option<Subject> {
    let is_a_place = proto::subject::national_issuer(subject.scheme()).is_none();
    (!is_a_place || !permitted.groups.contains(&FieldGroup::Location)).then(|| subject.clone())
}

fn shown_side(side: &Side, described: &[Described], permitted: &Permitted) -> proto::identity::Side {
    let mut organisations: Vec<String> = described.iter().filter_map(|one| one.organisation.clone()).collect();
    organisations.sort();
    organisations.dedup();
    let linked = side.names.iter().filter(|(id, _)| **id != side.id && described.iter().any(|one| one.subject == **id));
    proto::identity::Side {
        subject: name(&side.subject, permitted),
        scheme: side.subject.scheme,
        organisations,
        linked: linked.filter_map(|(_, subject)| name(subject, permitted)).collect(),
    }
}

/// What the sources say, each value once with the record that last said so.
fn stated(described: &[Described], values: &fn(&PersonDescribed) -> Vec<String>) -> Vec<Stated> {
    let mut found: BTreeMap<(String, String), i64> = BTreeMap::new();
    for one in described {
        for value in values(&one.person).into_iter().filter(|value| !value.is_empty()) {
            let at = found.entry((value, one.organisation.clone().unwrap_or_default())).or_insert(i64::MIN);
            *at = (*at).max(one.known_as_at_us);
        }
    }
    let mut found: Vec<((String, String), i64)> = found.into_iter().collect();
    found.sort_by(|(a, at_a), (b, at_b)| at_b.cmp(at_a).then_with(|| a.cmp(b)));
    let stated = found.into_iter().map(|((value, organisation), at)| Stated { value, organisation, as_of: day(at) });
    stated.collect()
}

fn history(matter: &Matter) -> Vec<Shown> {
    let shown = matter.steps.iter().map(|step| Shown {
        at: Some(timestamp(step.published_at_us)),
        verdict: step.verdict.into(),
        proposed: step.is_proposal,
        expires_at: step.expires_at_us.map(timestamp),
        person: step.person.clone(),
        organisation: step.organisation().to_owned(),
        proposed_by: step.review.as_ref().map(|review| review.proposed_by().to_owned()).unwrap_or_default(),
        reason: step.reason.clone(),
        overtaken: step.is_overtaken,
        event: step.event.to_vec(),
    });
    shown.collect()
}

/// Sixteen bytes over all that a decision about a pair rests on: what is said of either and may be shown, why it was not linked,
/// what was decided before.
pub(crate) fn seen(matter: &Matter, permitted: &Permitted) -> [u8; 16] {
    use prost::Message as _;
    let mut parts: Vec<Vec<u8>> = vec![matter.pair.0.to_vec(), matter.pair.1.to_vec()];
    parts.push(vec![u8::from(matter.is_linked), u8::from(matter.is_unlinked)]);
    parts.push(matter.why.iter().flat_map(|why| i32::from(*why).to_be_bytes()).collect());
    parts.extend(permitted.groups.iter().map(|group| group.name().as_bytes().to_vec()));
    let of_side = |side: &Vec<Described>| -> Vec<Vec<u8>> {
        let mut said: Vec<Vec<u8>> =
            side.iter().map(|one| [&one.subject[..], &one.person.encode_to_vec()].concat()).collect();
        said.sort();
        said
    };
    parts.extend(permitted.sides.iter().flat_map(of_side));
    parts.extend(matter.steps.iter().map(|step| step.event.to_vec()));
    // Each after its length, so that no two lists of parts are one string of bytes.
    let framed = parts.into_iter().map(|part| [&(part.len() as u64).to_be_bytes()[..], &part].concat());
    sixteen(framed.collect::<Vec<_>>())
}

fn agreement(agrees: Agrees) -> Agreement {
    match agrees {
        Agrees::Exact => Agreement::Exact,
        Agrees::Variant => Agreement::Variant,
        Agrees::Close => Agreement::Close,
        Agrees::Near => Agreement::Near,
        Agrees::Different => Agreement::Different,
    }
}

fn names(person: &PersonDescribed, part: fn(&PersonName) -> Option<&String>) -> Vec<String> {
    let value = |name: &PersonName| {
        let value = part(name).filter(|value| !value.is_empty())?;
        Some(match name.r#use() {
            Use::Former => format!("{value} (former)"),
            Use::Preferred => format!("{value} (preferred)"),
            Use::Usual | Use::Unspecified => value.clone(),
        })
    };
    person.names.iter().filter_map(value).collect()
}

fn births(person: &PersonDescribed) -> Vec<String> {
    let born = person.birth_on.iter().map(date);
    born.chain(person.expected_birth_on.iter().map(|on| format!("{} (expected)", date(on)))).collect()
}

fn date(on: &Date) -> String {
    let day = match (on.month, on.day) {
        (Some(month), Some(day)) => format!("{:04}-{month:02}-{day:02}", on.year),
        (Some(month), None) => format!("{:04}-{month:02}", on.year),
        (None, _) => format!("{:04}", on.year),
    };
    if on.estimated { format!("{day} (estimated)") } else { day }
}

fn addresses(person: &PersonDescribed, part: fn(&Address) -> Option<String>) -> Vec<String> {
    let value = |address: &Address| {
        let value = part(address).filter(|value| !value.is_empty())?;
        let of_use = match address.r#use() {
            Home::Unspecified | Home::Home => None,
            Home::Temporary => Some("temporary"),
            Home::Former => Some("former"),
            Home::Correspondence => Some("correspondence"),
            Home::Birth => Some("of birth"),
            Home::Other => Some("no home"),
        };
        let until = address.to.as_ref().map(|to| format!("until {}", date(to)));
        let said: Vec<String> = of_use.map(str::to_owned).into_iter().chain(until).collect();
        Some(if said.is_empty() { value } else { format!("{value} ({})", said.join(", ")) })
    };
    person.addresses.iter().filter_map(value).collect()
}

fn identifiers(person: &PersonDescribed, scheme: Scheme) -> Vec<String> {
    let of = person.identifiers.iter().filter_map(|identifier| Some((identifier, identifier.subject.as_ref()?)));
    let of = of.filter(|(_, subject)| subject.scheme() == scheme);
    let value = of.map(|(identifier, subject)| match (identifier.usable, identifier.standing()) {
        (false, _) => format!("{} (not usable)", subject.value),
        (true, Stands::Former) => format!("{} (former)", subject.value),
        (true, _) => subject.value.clone(),
    });
    value.collect()
}

/// Microseconds since 1970 as the contract writes it.
pub(crate) fn timestamp(us: i64) -> Timestamp {
    let nanos = i32::try_from(us.rem_euclid(1_000_000) * 1_000).unwrap_or_default();
    Timestamp { seconds: us.div_euclid(1_000_000), nanos }
}

fn day(us: i64) -> Option<Date> {
    let on = jiff::Timestamp::from_microsecond(us).ok()?.to_zoned(jiff::tz::TimeZone::UTC).date();
    Some(Date {
        year: on.year().into(),
        month: u32::try_from(on.month()).ok(),
        day: u32::try_from(on.day()).ok(),
        estimated: false,
    })
}
