//! The operator's service. Every call that reads is put on record as a disclosure is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use event_log::envelope::{self, Opened};
use event_log::seal::Keyring;
use event_log::{Ends, EventLog, LogError, Partition, Topic};
use prost::Message;
use proto::admin::admin_server::Admin;
use proto::admin::{
    Fact, GetMatchRatesRequest, GetMatchRatesResponse, GetStatusRequest, GetStatusResponse, ListDisclosuresRequest,
    ListDisclosuresResponse, ListQuarantineRequest, ListQuarantineResponse, QuarantineGroup, QuarantineSelection,
    RecordFactsRequest, RecordFactsResponse, RecordedDisclosure, ShowQuarantineRequest, SourceStatus,
};
use proto::disclosure::Disclosure;
use proto::events::Date;
use proto::events::event::Kind;
use proto::quarantine::{Handled, Item};
use proto::sharing::OrganisationRecorded;
use runtime::health::{Health, Probe};
use sharing::Registry;
use tokio::sync::watch;
use tonic::{Request, Response, Status};

use super::policies::RulesStanding;
use super::timelines::now;
use crate::child::Children;
use crate::command::{CommandError, Commands};
use crate::consume::Progress;
use crate::disclose::Recorder;
use crate::identities::by_file;
use crate::match_rates::match_rates;
use crate::notices::Noticed;

const LISTED_DEFAULT: u32 = 100;
const LISTED_MAX: u32 = 10_000;
const RECORDS_A_READ: usize = 1_000;
/// How long a status waits for the log.
const ASK_MAX: Duration = Duration::from_secs(2);
/// What a status counts.
const ASKED: [Topic; 7] = [
    Topic::Education,
    Topic::SocialCare,
    Topic::Health,
    Topic::Identity,
    Topic::Sharing,
    Topic::Quarantine,
    Topic::Disclosure,
];

/// Why something at the edges of the process cannot be said.
pub type OperationsError = Box<dyn std::error::Error + Send + Sync>;

/// What the operator asks of the connectors' side of the process.
#[async_trait]
pub trait Operations: Send + Sync + 'static {
    /// What each source gave so far.
    fn sources(&self) -> Vec<SourceStatus>;
    /// Why nothing is accepted, when nothing is.
    fn not_accepting(&self) -> Option<String>;
    /// Items of quarantine, without their records, newest first, each with the last thing that was done about it: those that wait,
    /// or all.
    async fn quarantined(&self, with_dealt_with: bool) -> Result<Vec<(Item, Option<Handled>)>, OperationsError>;
    /// How many items wait; `None` where they cannot be counted.
    async fn quarantine_waiting(&self) -> Option<u64>;
    /// How often an item may be read again and refused.
    fn tries_max(&self) -> u32;
    /// One item, with its record.
    async fn quarantine_item(&self, id: [u8; 16]) -> Result<Option<Item>, OperationsError>;
}

/// Serves the operator.
pub struct AdminService {
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// Opens recorded disclosures.
    pub keyring: Arc<Keyring>,
    /// Puts operators' reads on record.
    pub recorder: Arc<Recorder>,
    /// Publishes commands.
    pub commands: Arc<Commands>,
    /// Reads children, to count how many are linked.
    pub children: Children,
    /// What is known of emergencies.
    pub noticed: Option<Arc<Noticed>>,
    /// How the rules stand.
    pub rules: RulesStanding,
    /// How far the consumer is.
    pub progress: watch::Receiver<Progress>,
    /// The rest of the process.
    pub operations: Arc<dyn Operations>,
    /// Which process it is: `up` or `serve`.
    pub process: String,
    /// Whether it is ready.
    pub health: Health,
}

#[tonic::async_trait]
impl Admin for AdminService {
    async fn get_status(&self, _: Request<GetStatusRequest>) -> Result<Response<GetStatusResponse>, Status> {
        let ready = self.health.report(Probe::Ready);
        // In the order of a record's way: what a source no longer holds is on the log that is measured after it.
        let sources = self.operations.sources();
        let progress = *self.progress.borrow();
        // The last that is known, when the log cannot be asked.
        let asked = tokio::time::timeout(ASK_MAX, self.log.ends(&ASKED)).await;
        let (ends, away) = match asked.unwrap_or_else(|_| Err(does_not_answer())) {
            Ok(ends) => (ends, None),
            Err(error) if error.is_transient() => (Ends::new(), Some(error.to_string())),
            Err(error) => return Err(unavailable(error)),
        };
        let end = |of: &[Topic]| -> u64 {
            ends.iter().filter(|((topic, _), _)| of.contains(topic)).map(|(_, end)| end).sum()
        };
        let behind = end(&Topic::EVENTS).saturating_sub(progress.records);
        let no_room = progress
            .no_room
            .then(|| "the store's disk is nearly full: free some space and it goes on by itself".to_owned());
        let emergencies = self.noticed.as_ref().map(|noticed| noticed.counts(now().0)).unwrap_or_default();
        let [break_glass_overdue, break_glass_alarms] =
            [emergencies.0, emergencies.1].map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        let (approvals, policy_approved) = self.rules.approvals();
        let refusing = away.clone().or(self.operations.not_accepting()).or(no_room);
        Ok(Response::new(GetStatusResponse {
            caught_up: away.is_none() && progress.caught_up && behind == 0,
            records_behind: behind,
            events: progress.records,
            parked: progress.parked,
            quarantined: self.operations.quarantine_waiting().await,
            disclosures: end(&[Topic::Disclosure]),
            sources,
            accepting: refusing.is_none(),
            not_accepting_because: refusing.unwrap_or_default(),
            process: self.process.clone(),
            ready: ready.good,
            not_ready_because: ready.failing(),
            break_glass_overdue,
            break_glass_alarms,
            policy_hash: self.rules.policy_hash().to_vec(),
            policy_approved,
            policy_approvals: u32::try_from(approvals).unwrap_or(u32::MAX),
        }))
    }

    async fn record_facts(
        &self,
        request: Request<RecordFactsRequest>,
    ) -> Result<Response<RecordFactsResponse>, Status> {
        let (now_us, today) = now();
        let today = Date {
            year: today.year().into(),
            month: u32::try_from(today.month()).ok(),
            day: u32::try_from(today.day()).ok(),
            estimated: false,
        };
        let facts = request.into_inner().facts;
        is_for_an_operator(&facts)?;
        is_nobody_elses(&facts, &*self.rules.registry()?)?;
        self.takes_one_person(&facts).await?;
        match self.commands.record(facts, now_us, today).await {
            Ok(recorded) => Ok(Response::new(RecordFactsResponse { recorded })),
            Err(error @ CommandError::Fact { .. }) => Err(Status::invalid_argument(error.to_string())),
            Err(error @ CommandError::Record(_)) => Err(Status::unavailable(error.to_string())),
        }
    }

    async fn list_quarantine(
        &self,
        request: Request<ListQuarantineRequest>,
    ) -> Result<Response<ListQuarantineResponse>, Status> {
        self.on_record("quarantine list").await?;
        let ListQuarantineRequest { limit, selection, with_dealt_with } = request.into_inner();
        let mut items = self.operations.quarantined(with_dealt_with).await.map_err(internal)?;
        items.retain(|(item, _)| selection.as_ref().is_none_or(|selection| selected(selection, item)));
        let groups = grouped(&items, self.operations.tries_max());
        let total = items.len() as u64;
        items.truncate(listed(limit));
        let (items, handled): (Vec<Item>, Vec<Option<Handled>>) = items.into_iter().unzip();
        let handled = handled.into_iter().map(Option::unwrap_or_default).collect();
        Ok(Response::new(ListQuarantineResponse { items, total, handled, groups }))
    }

    async fn show_quarantine(&self, request: Request<ShowQuarantineRequest>) -> Result<Response<Item>, Status> {
        let id = request.into_inner().id.try_into();
        let id = id.map_err(|_| Status::invalid_argument("`id` must be sixteen bytes"))?;
        self.on_record("quarantine show").await?;
        let item = self.operations.quarantine_item(id).await.map_err(internal)?;
        item.map(Response::new).ok_or_else(|| Status::not_found("no item of this `id` is in quarantine"))
    }

    async fn list_disclosures(
        &self,
        request: Request<ListDisclosuresRequest>,
    ) -> Result<Response<ListDisclosuresResponse>, Status> {
        let limit = listed(request.into_inner().limit);
        let mut newest = Vec::new();
        for partition in Partition::all() {
            let end = self.log.end(Topic::Disclosure, partition).await.map_err(unavailable)?;
            newest.extend(self.disclosures(partition, end.saturating_sub(limit as u64)).await?);
        }
        newest.sort_by_key(|recorded| std::cmp::Reverse(recorded.recorded_at.map(|at| (at.seconds, at.nanos))));
        newest.truncate(limit);
        let total = self.end(Topic::Disclosure).await?;
        self.on_record("disclosures").await?;
        Ok(Response::new(ListDisclosuresResponse { disclosures: newest, total }))
    }

    async fn get_match_rates(
        &self,
        _: Request<GetMatchRatesRequest>,
    ) -> Result<Response<GetMatchRatesResponse>, Status> {
        self.on_record("identity report").await?;
        let children = self.children.clone();
        let counted = tokio::task::spawn_blocking(move || match_rates(&children)).await;
        let counted = counted.map_err(|error| Status::internal(error.to_string()))?;
        counted.map(Response::new).map_err(|error| Status::internal(error.to_string()))
    }
}

/// Whether a selection takes this item.
pub fn selected(selection: &QuarantineSelection, item: &Item) -> bool {
    let QuarantineSelection { ids, reason, source, field, submission } = selection;
    let of = item.place.as_ref().map_or("", |place| place.field.as_str());
    (ids.is_empty() || ids.contains(&item.id))
        && (*reason == 0 || *reason == item.reason)
        && (source.is_empty() || *source == item.source)
        && (field.is_empty() || *field == of || (field == NO_FIELD && of.is_empty()))
        && (*submission == 0 || *submission == item.quarantined_at_us)
}

/// What selects items that name no field.
const NO_FIELD: &str = "-";

/// Items by reason, source and field, the largest group first.
fn grouped(items: &[(Item, Option<Handled>)], tries_max: u32) -> Vec<QuarantineGroup> {
    let mut groups: BTreeMap<(i32, &str, &str), QuarantineGroup> = BTreeMap::new();
    for (item, handled) in items {
        let field = item.place.as_ref().map_or("", |place| place.field.as_str());
        let group = groups.entry((item.reason, &item.source, field)).or_insert_with(|| QuarantineGroup {
            reason: item.reason,
            source: item.source.clone(),
            field: field.to_owned(),
            oldest_us: i64::MAX,
            ..QuarantineGroup::default()
        });
        group.items += 1;
        group.oldest_us = group.oldest_us.min(item.quarantined_at_us);
        group.newest_us = group.newest_us.max(item.quarantined_at_us);
        group.for_a_person += u64::from(handled.as_ref().is_some_and(|handled| handled.tries >= tries_max));
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.items));
    groups
}

/// What people do under their own names nobody records for them.
fn is_for_an_operator(facts: &[Fact]) -> Result<(), Status> {
    let told = |fact: &Fact| match fact.event.as_ref().and_then(|event| event.kind.as_ref()) {
        Some(Kind::BreakGlassAsserted(_) | Kind::BreakGlassReviewed(_)) => {
            Some("an emergency is asserted and reviewed by whoever does it: `throughline break-glass`")
        }
        Some(Kind::RefusalToShareRecorded(_)) => {
            Some("a decision not to share is recorded by whoever makes it: `throughline refusal record`")
        }
        _ => None,
    };
    match (1..).zip(facts).find_map(|(at, fact)| Some((at, told(fact)?))) {
        Some((at, what)) => Err(Status::invalid_argument(format!("fact {at}: {what}; nothing was recorded"))),
        None => Ok(()),
    }
}

/// Two organisations that had one name could speak as one.
fn is_nobody_elses(facts: &[Fact], registry: &Registry) -> Result<(), Status> {
    let organisation = |fact: &Fact| match fact.event.as_ref().and_then(|event| event.kind.as_ref()) {
        Some(Kind::OrganisationRecorded(said)) => Some((**said).clone()),
        _ => None,
    };
    let recorded: Vec<(usize, OrganisationRecorded)> =
        (1..).zip(facts).filter_map(|(at, fact)| Some((at, organisation(fact)?))).collect();
    // As they will all stand: one may give up in the same file what another takes.
    let registry = registry.with(recorded.iter().map(|(_, said)| said));
    match recorded.iter().find_map(|(at, said)| Some((at, registry.known_by_another(said)?))) {
        Some((at, field)) => Err(Status::invalid_argument(format!(
            "fact {at}: `{field}` is another organisation's, on some of the same days; nothing was recorded"
        ))),
        None => Ok(()),
    }
}

impl AdminService {
    async fn end(&self, topic: Topic) -> Result<u64, Status> {
        let mut end = 0;
        for partition in Partition::all() {
            end += self.log.end(topic, partition).await.map_err(unavailable)?;
        }
        Ok(end)
    }

    async fn disclosures(&self, partition: Partition, mut from: u64) -> Result<Vec<RecordedDisclosure>, Status> {
        let mut found = Vec::new();
        loop {
            let records =
                self.log.read(Topic::Disclosure, partition, from, RECORDS_A_READ).await.map_err(unavailable)?;
            let Some(last) = records.last() else { return Ok(found) };
            from = last.position.offset + 1;
            for record in records {
                let opened = envelope::decode(record.value).and_then(|sealed| sealed.open(&self.keyring));
                if let Ok(Opened::Plain(plain)) = opened
                    && let Ok(disclosure) = Disclosure::decode(plain.bytes.as_slice())
                    && disclosure.basis_of.is_empty()
                {
                    let seconds = record.published_at_us.div_euclid(1_000_000);
                    let nanos = i32::try_from(record.published_at_us.rem_euclid(1_000_000) * 1_000).unwrap_or_default();
                    found.push(RecordedDisclosure {
                        recorded_at: Some(prost_types::Timestamp { seconds, nanos }),
                        disclosure: Some(disclosure),
                    });
                }
            }
        }
    }

    /// What takes two people where a person does it is not one operator's to record.
    async fn takes_one_person(&self, facts: &[Fact]) -> Result<(), Status> {
        let (children, facts) = (self.children.clone(), facts.to_vec());
        let judged = tokio::task::spawn_blocking(move || {
            let judge = |(at, fact): (usize, &Fact)| by_file::takes_two(&children, fact).map(|why| Some((at, why?)));
            (1..).zip(&facts).map(judge).find_map(Result::transpose).transpose()
        });
        match judged.await.map_err(|error| internal(error.into()))?.map_err(|error| internal(error.into()))? {
            Some((at, why)) => Err(Status::invalid_argument(format!("fact {at}: {why}; nothing was recorded"))),
            None => Ok(()),
        }
    }

    /// An operator's look is a disclosure: it is on record before it is answered.
    async fn on_record(&self, command: &str) -> Result<(), Status> {
        self.recorder.record_operator(command).await.map_err(|error| Status::unavailable(error.to_string()))
    }
}

fn listed(limit: u32) -> usize {
    let limit = if limit == 0 { LISTED_DEFAULT } else { limit.min(LISTED_MAX) };
    usize::try_from(limit).unwrap_or_default()
}

fn does_not_answer() -> LogError {
    LogError::Unavailable { because: "it does not answer".to_owned() }
}

fn unavailable(error: LogError) -> Status {
    Status::unavailable(error.to_string())
}

fn internal(error: OperationsError) -> Status {
    Status::internal(error.to_string())
}
