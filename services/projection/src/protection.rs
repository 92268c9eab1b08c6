//! Which children the National Health Service is told of: those with a child protection plan, born or not, and those looked after,
//! of one authority, from its live sources. By rule, child by child; put on record before anything is given.
//!
//! The file that carries it is written by `throughline cpis`. What it holds of a child is an NHS number, a birth date, which kind of
//! plan, and when it began and ended: nothing of what is in it, or why.

mod periods;

use event_log::Pseudonym;
use jiff::civil::Date;
use proto::admin::{LeftOut, ProtectionRow};
use proto::disclosure::Disclosure;
use proto::events::Subject;
use proto::sharing::{Call, RoleGroup};
use sharing::{Act, Principal, Purpose, Registry, Request};

use crate::child::{Child, ChildError};
use crate::disclose::{Discloser, day_number, decision_id, digest};
use periods::{Period, Person, periods};

/// Who tells whom, and of when.
#[derive(Clone, Debug)]
pub struct Telling {
    /// The organisation id of the authority's social care ("la-878").
    pub authority: String,
    /// The organisation id of the service that is told.
    pub recipient: String,
    /// The day on which it is told.
    pub on: Date,
    /// The moment, microseconds since 1970.
    pub at_us: i64,
    /// The state of the organisations and agreements that the consumer has read to.
    pub registry_generation: u64,
}

/// What would be told, with the records of the decisions that let it be: nothing is given before those are on the log.
#[derive(Default, Debug)]
pub struct Told {
    /// One for each plan or time in care, by NHS number and start.
    pub rows: Vec<ProtectionRow>,
    /// What is not told, and why.
    pub left_out: Vec<LeftOut>,
    /// Plans and times in care within scope.
    pub in_scope: u64,
    /// Of those, how many have an NHS number that can be used.
    pub matched: u64,
    pub(crate) records: Vec<Disclosure>,
}

/// Reads every child whom this authority's live sources know, once. Takes a while.
///
/// # Errors
/// [`ChildError`].
pub fn told(discloser: &Discloser, telling: &Telling) -> Result<Told, ChildError> {
    let children = &discloser.children;
    let registry = discloser.registries.current(telling.registry_generation)?;
    let mut told = Told::default();
    children.each_described(|subject, child| {
        told.of((discloser, &registry), telling, subject, child);
        Ok(())
    })?;
    told.rows.sort_by(|one, other| key(one).cmp(&key(other)));
    told.left_out.sort_by(|one, other| (one.reason, &one.reference).cmp(&(other.reason, &other.reference)));
    Ok(told)
}

fn key(row: &ProtectionRow) -> impl Ord + '_ {
    (&row.nhs_number, row.start_on.map(|on| (on.year, on.month, on.day)), row.plan)
}

impl Told {
    fn of(
        &mut self,
        (discloser, registry): (&Discloser, &Registry),
        telling: &Telling,
        asked: Pseudonym,
        child: &Child,
    ) {
        let live = |source: &str| discloser.engine.is_live(source);
        let own = child.entries.iter().filter(|entry| entry.controller == telling.authority && live(&entry.source));
        let (found, passed_over) = periods(own, telling.on);
        if found.is_empty() && passed_over.is_empty() {
            return;
        }
        let reference = local_reference(child, &telling.authority);
        let left_out = |reason| LeftOut { reason, reference: reference.clone() };
        self.left_out.extend(passed_over.into_iter().map(|reason| left_out(reason.into())));
        let person = Person::read(child, &telling.authority);
        let mut rows = Vec::new();
        for period in &found {
            self.in_scope += 1;
            let number = person.nhs_number(period);
            self.matched += u64::from(number.is_ok());
            match number.and_then(|number| period.row(&person, number, telling.on)) {
                Ok(row) => rows.push((period, row)),
                Err(reason) => self.left_out.push(left_out(reason.into())),
            }
        }
        let told = self.by_rule((discloser, registry), telling, child, rows, &left_out);
        if !told.is_empty() {
            self.records.push(record(discloser, telling, asked, child, &told));
            self.rows.extend(told);
        }
    }

    /// Those of which the rules let the recipient be told: of every record that a row rests on.
    fn by_rule(
        &mut self,
        (discloser, registry): (&Discloser, &Registry),
        telling: &Telling,
        child: &Child,
        rows: Vec<(&Period, ProtectionRow)>,
        left_out: &dyn Fn(i32) -> LeftOut,
    ) -> Vec<ProtectionRow> {
        if rows.is_empty() {
            return Vec::new();
        }
        let on_day = discloser.on_day(child, telling.on);
        let mut request = Request::new(recipient(telling), Purpose::ChildProtection, telling.on);
        request.asked_at_us = Some(telling.at_us);
        let (standing, classes) = ((&on_day.facts, registry), on_day.classes.keys());
        let may = sharing::may_of(&discloser.engine, &request, standing, Act::TellRegister, classes);
        let mut told = Vec::new();
        for (period, row) in rows {
            let is_told = period
                .rests_on
                .iter()
                .all(|id| on_day.classified.iter().any(|(class, entry)| entry.entry_id == *id && may.contains(class)));
            if is_told {
                told.push(row);
            } else {
                self.left_out.push(left_out(proto::admin::left_out::Reason::NotByRule.into()));
            }
        }
        told
    }
}

/// The service that is told is nobody in person: it asks nothing, and is told what it may be.
fn recipient(telling: &Telling) -> Principal {
    Principal::Staff {
        organisation: telling.recipient.clone(),
        person: RECIPIENT.to_owned(),
        roles: [RoleGroup::Safeguarding].into(),
        active: true,
        trained: true,
    }
}

/// As whom the recipient stands on record.
const RECIPIENT: &str = "child-protection-information-sharing";

/// The child as the authority itself knows them, for the list of what is left out.
fn local_reference(child: &Child, authority: &str) -> String {
    let own = child.said.iter().filter(|(_, said)| said.body.controller == authority);
    let stated = own.filter_map(|(_, said)| said.body.subject.as_ref()).map(written).min();
    stated.unwrap_or_default()
}

fn written(subject: &Subject) -> String {
    let scheme = subject.scheme().as_str_name();
    format!("{}:{}:{}", scheme.strip_prefix("SCHEME_").unwrap_or(scheme), subject.issuer, subject.value)
}

fn record(
    discloser: &Discloser,
    telling: &Telling,
    asked: Pseudonym,
    child: &Child,
    rows: &[ProtectionRow],
) -> Disclosure {
    let subjects = &child.resolution.subjects;
    let mut named = vec![asked.0.to_vec()];
    named.extend(subjects.iter().filter(|id| **id != asked.0).map(|id| id.to_vec()).take(2));
    let answer: Vec<Vec<u8>> = rows.iter().map(prost::Message::encode_to_vec).collect();
    let [book, ..] = asked.0;
    let id = decision_id::new(&discloser.children.projector.pseudonyms, book % decision_id::BOOKS);
    Disclosure {
        decision_id: id.to_vec(),
        organisation: telling.recipient.clone(),
        person: RECIPIENT.to_owned(),
        roles: vec![RoleGroup::Safeguarding.into()],
        purpose: Purpose::ChildProtection.into(),
        subjects: named,
        subjects_digest: digest::sixteen(subjects.iter()).to_vec(),
        policy_hash: discloser.engine.policy_hash().to_vec(),
        valid_day: day_number(telling.on),
        entries_released: u32::try_from(rows.len()).unwrap_or(u32::MAX),
        answer_digest: digest::sixteen(answer.iter()).to_vec(),
        call: Call::TellRegister.into(),
        ..Disclosure::default()
    }
}
