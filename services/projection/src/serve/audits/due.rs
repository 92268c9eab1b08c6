//! What is past its schedule: proposals, and never more. Nothing is destroyed by being listed here, or by not being.

use std::collections::BTreeMap;

use event_log::authority::COMMAND;
use event_log::{Partition, Pseudonym};
use jiff::civil::Date;
use prost::Message as _;
use proto::audit::{Due, ListDueRequest, ListDueResponse};
use proto::events::event::Kind;
use proto::sharing::retention_decided::Outcome;
use proto::sharing::{Call, Category, DenialReason, Purpose, RetentionDecided, RetentionScheduleRecorded};
use sharing::Act;
use timeline::{day_number, sort_key_us};

use super::{About, AuditService, Auditor, Moment, malformed};
use crate::audit::Scope;
use crate::child::{Child, ChildError};
use crate::disclose::own_reference_of;
use crate::serve::caller::Caller;
use crate::serve::desk::Desk;
use crate::serve::refusal::Refusal;
use crate::serve::request::civil;

const DAY_US: i64 = 86_400_000_000;

/// What of one child and one category is past which schedule.
#[derive(Default)]
struct Past {
    entries: u32,
    first_day: Option<i64>,
    last_day: Option<i64>,
    schedule: RetentionScheduleRecorded,
}

impl AuditService {
    pub(super) async fn due(
        &self,
        caller: Option<Caller>,
        asked: ListDueRequest,
        (_, today): Moment,
    ) -> Result<ListDueResponse, Refusal> {
        let socket = "what an organisation is to decide of its own records it asks itself: ask with --as";
        let caller = caller.ok_or_else(|| Refusal::new(DenialReason::NotForThisRole, socket))?;
        self.admit_reader(&caller)?;
        let on = match asked.on {
            None => today,
            Some(date) => civil(&date).ok_or_else(|| malformed("on", "is no day"))?,
        };
        let request = sharing::Request::new(caller.principal(), Purpose::Audit, today);
        let (engine, own) = (&self.desk.discloser.engine, caller.organisation.clone());
        if !sharing::may(engine, &request, self.desk.registry()?.as_ref(), Act::ReadNotices, &own) {
            let role = "this is for information governance of the organisation whose records they are";
            return Err(Refusal::new(DenialReason::NotForThisRole, role));
        }
        let _alone = self.one_at_a_time.lock().await;
        let (mut due, looked_at) = self.reading(move |desk| past_their_schedule(desk, &own, on)).await?;
        due.sort_by_cached_key(|due| (due.last.as_ref().and_then(day_number), due.child.encode_key(), due.category));
        let answer = ListDueResponse { due, looked_at, audit_id: Vec::new() };
        let auditor = Auditor { scope: Scope::Own(caller.organisation.clone()), caller: Some(caller) };
        let of = (answer.due.len(), answer.encode_to_vec());
        let about = About::command("retention propose");
        let audit_id = self.on_record(&auditor, Call::ListDue, about, (of.0, &of.1), today).await?;
        Ok(ListDueResponse { audit_id, ..answer })
    }
}

trait EncodeKey {
    fn encode_key(&self) -> Vec<u8>;
}

impl EncodeKey for Option<proto::events::Subject> {
    fn encode_key(&self) -> Vec<u8> {
        self.as_ref().map(prost::Message::encode_to_vec).unwrap_or_default()
    }
}

fn past_their_schedule(desk: &Desk, organisation: &str, on: Date) -> Result<(Vec<Due>, u64), ChildError> {
    let children = &desk.discloser.children;
    let (mut due, mut looked_at) = (Vec::new(), 0);
    for shard in Partition::all() {
        for subject in children.subjects(shard)? {
            looked_at += 1;
            let child = children.read(subject, None)?;
            due.extend(of_child(desk, &child, subject, organisation, on));
        }
    }
    Ok((due, looked_at))
}

/// What was said of this number of a child by the organisation, and is past its schedule.
fn of_child(desk: &Desk, child: &Child, subject: Pseudonym, organisation: &str, on: Date) -> Vec<Due> {
    let is_own = |entry: &timeline::Entry| {
        entry.subject == subject.0 && entry.controller == organisation && entry.source != COMMAND
    };
    if !child.entries.iter().any(is_own) {
        return Vec::new();
    }
    let on_day = desk.discloser.on_day(child, on);
    let registry = desk.discloser.registries.held();
    let mut past: BTreeMap<Category, Past> = BTreeMap::new();
    for (class, entry) in on_day.classified.iter().filter(|(_, entry)| is_own(entry)) {
        let Some(schedule) = registry.due_by(class, &entry.effective, &on_day.facts) else { continue };
        let of = past.entry(class.category).or_default();
        let day = sort_key_us(&entry.effective).map(|at| at.div_euclid(DAY_US));
        of.entries += 1;
        of.first_day = of.first_day.into_iter().chain(day).min();
        of.last_day = of.last_day.max(day);
        of.schedule = schedule.clone();
    }
    let reference = own_reference_of(child, organisation, subject.0);
    let proposed = past.into_iter().filter_map(|(category, past)| {
        let decided = last_decided(child, organisation, category);
        let is_kept = decided.as_ref().is_some_and(|decided| {
            let until = decided.until.as_ref().and_then(civil);
            decided.outcome() == Outcome::Kept && until.is_none_or(|until| on <= until)
        });
        (!is_kept).then(|| Due {
            child: reference.clone(),
            category: category.into(),
            entries: past.entries,
            first: past.first_day.and_then(date),
            last: past.last_day.and_then(date),
            schedule: Some(past.schedule),
            decided,
        })
    });
    proposed.collect()
}

/// What the organisation decided last of records of this category.
fn last_decided(child: &Child, organisation: &str, category: Category) -> Option<RetentionDecided> {
    let said = child.said.iter().map(|(_, said)| said);
    let own = said.filter(|said| said.body.recorded_by.as_ref().is_some_and(|by| by.organisation == organisation));
    let decided = own.filter_map(|said| match said.body.event.as_ref()?.kind.as_ref()? {
        Kind::RetentionDecided(decided) if decided.categories.contains(&category.into()) => Some((said, decided)),
        _ => None,
    });
    decided.max_by_key(|(said, _)| (said.published_at_us, said.event_id)).map(|(_, decided)| decided.clone())
}

/// A day since 1970 as the contract has it.
fn date(day: i64) -> Option<proto::events::Date> {
    let day = jiff::Timestamp::from_microsecond(day.checked_mul(DAY_US)?).ok()?;
    let day = jiff::tz::TimeZone::UTC.to_datetime(day).date();
    Some(proto::events::Date {
        year: day.year().into(),
        month: u32::try_from(day.month()).ok(),
        day: u32::try_from(day.day()).ok(),
        estimated: false,
    })
}
