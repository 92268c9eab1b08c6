//! The service that whoever plans services asks: numbers of children, and no child.
//!
//! The numbers of a month are as things stood when it began, by what was known then: they are the same all month, so that two answers
//! differ by no child who came or went between them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use event_log::Partition;
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use prost::Message as _;
use proto::disclosure::Disclosure;
use proto::events::event::Kind;
use proto::planning::planning_server::Planning;
use proto::planning::{CountChildrenRequest, CountChildrenResponse, Counted, Part};
use proto::sharing::{Call, Category, DenialReason, Purpose};
use sharing::counts::{Countable, Counting, Tally, ToldNumbers, ToldPopulation};
use sharing::{Act, Registry};
use timeline::{Entry, day_number as day_of, sort_key_us};
use tonic::{Request, Response, Status};

use super::caller::Caller;
use super::desk::Desk;
use super::limits::Limits;
use super::refusal::Refusal;
use super::request::civil;
use super::timelines::{TimelineService, now};
use crate::child::ChildError;
use crate::disclose::digest::sixteen;
use crate::disclose::{Discloser, Undisclosed, day_number, decision_id};

/// A reader asks once a month.
const REQUESTS_PER_SECOND_MAX: u32 = 5;
/// Answers that are kept: each is of one organisation and month.
const RELEASES_MAX: usize = 64;
const DAY_US: i64 = 86_400_000_000;

/// Serves whoever plans services.
#[derive(Clone)]
pub struct PlanningService {
    desk: Desk,
    limits: Arc<Limits>,
    releases: Releases,
    one_at_a_time: Arc<tokio::sync::Mutex<()>>,
}

/// What an answer depends on: who asks in what capacity, the month, the rules, the organisations and agreements.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Release {
    as_at: Date,
    organisation: String,
    roles: BTreeSet<i32>,
    registry_generation: u64,
}

type Releases = Arc<Mutex<BTreeMap<Release, Arc<ToldNumbers>>>>;

impl PlanningService {
    /// Beside the service of timelines, with the same readers and the same log.
    pub fn beside(timelines: &TimelineService) -> Self {
        let limits = Arc::new(Limits::new(REQUESTS_PER_SECOND_MAX));
        Self { desk: timelines.desk(), limits, releases: Arc::default(), one_at_a_time: Arc::default() }
    }

    /// The answer to a caller who is known, at a moment (microseconds since 1970, and the day in England).
    ///
    /// # Errors
    /// The refusal, on record.
    pub async fn numbers_for(
        &self,
        caller: &Caller,
        at: (i64, Date),
    ) -> Result<Response<CountChildrenResponse>, Status> {
        let answer = self.numbers(caller, at).await;
        self.desk.answered(&self.limits, caller, Call::CountChildren, answer).await
    }

    async fn numbers(&self, caller: &Caller, (_, today): (i64, Date)) -> Result<CountChildrenResponse, Refusal> {
        if !self.limits.admit(&caller.who(), Instant::now()) {
            return Err(Refusal::new(DenialReason::RateLimited, "too many requests: ask again in a second"));
        }
        self.desk.fresh()?;
        let (as_at, registry) = (today.first_of_month(), self.desk.registry()?);
        let request = sharing::Request::new(caller.principal(), Purpose::ServicePlanning, as_at);
        let engine = &self.desk.discloser.engine;
        if !sharing::may(engine, &request, registry.as_ref(), Act::CountChildren, &caller.organisation) {
            let role = "numbers are for whoever plans the services of an authority, a health body or a school";
            return Err(Refusal::new(DenialReason::NotForThisRole, role));
        }
        let release = Release {
            as_at,
            organisation: caller.organisation.clone(),
            roles: caller.roles.iter().map(|role| (*role).into()).collect(),
            registry_generation: self.desk.registry_generation(),
        };
        let told = self.release(release, request, registry).await?;
        let mut answer = answer(&told, engine.counting(), as_at);
        let id = decision_id::new(&self.desk.pseudonyms, 0);
        let numbers = answer.counted.iter().map(|of| of.by_age.len() + of.by_area.len() + of.by_service.len() + 1);
        let record = Disclosure {
            decision_id: id.to_vec(),
            organisation: caller.organisation.clone(),
            person: caller.person.clone(),
            roles: caller.roles.iter().map(|role| (*role).into()).collect(),
            purpose: Purpose::ServicePlanning.into(),
            policy_hash: engine.policy_hash().to_vec(),
            valid_day: day_number(as_at),
            call: Call::CountChildren.into(),
            lines_released: u32::try_from(numbers.sum::<usize>()).unwrap_or(u32::MAX),
            answer_digest: sixteen([answer.encode_to_vec()]).to_vec(),
            ..Disclosure::default()
        };
        self.desk.record(Undisclosed::new(record, ())).await?;
        answer.decision_id = id.to_vec();
        Ok(answer)
    }

    /// The numbers of a release: counted once. Whoever hangs up while it is counted finds it counted when they ask again.
    async fn release(
        &self,
        release: Release,
        request: sharing::Request,
        registry: Arc<Registry>,
    ) -> Result<Arc<ToldNumbers>, Refusal> {
        let _alone = self.one_at_a_time.lock().await;
        let held = |releases: &Releases| {
            let releases = releases.lock().unwrap_or_else(PoisonError::into_inner);
            releases.get(&release).cloned()
        };
        if let Some(told) = held(&self.releases) {
            return Ok(told);
        }
        let (releases, release) = (Arc::clone(&self.releases), release.clone());
        self.desk
            .decide(move |discloser| {
                let told = Arc::new(count(discloser, &request, &registry)?);
                let mut releases = releases.lock().unwrap_or_else(PoisonError::into_inner);
                if releases.len() >= RELEASES_MAX {
                    releases.clear();
                }
                releases.insert(release, Arc::clone(&told));
                Ok(told)
            })
            .await
    }
}

#[tonic::async_trait]
impl Planning for PlanningService {
    async fn count_children(
        &self,
        request: Request<CountChildrenRequest>,
    ) -> Result<Response<CountChildrenResponse>, Status> {
        let at = now();
        let caller = self.desk.identify(&self.desk.shown(&request), at.1).map_err(Refusal::status)?;
        self.numbers_for(&caller, at).await
    }
}

/// Counts everybody, each once, by what was known when the month began.
fn count(discloser: &Discloser, request: &sharing::Request, registry: &Registry) -> Result<ToldNumbers, ChildError> {
    let (counting, as_at) = (discloser.engine.counting(), request.valid_on);
    let zone = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
    let began = as_at.to_zoned(zone).map_or(0, |began| began.timestamp().as_microsecond());
    let known_at_us = began - 1;
    let (mut tally, mut seen) = (Tally::default(), BTreeSet::new());
    for shard in Partition::all() {
        for subject in discloser.children.subjects(shard)? {
            let child = discloser.children.read(subject, Some(known_at_us))?;
            let is_first = child.resolution.subjects.first().is_none_or(|first| seen.insert(*first));
            if child.said.is_empty() || !is_first {
                continue;
            }
            let (facts, classified) = discloser.known_then(&child, as_at, known_at_us, registry);
            let classes = || classified.iter().map(|(class, _)| class);
            let (counted, opted_out) = sharing::may_count(&discloser.engine, request, (&facts, registry), classes());
            let mut countable = Countable::default();
            for (class, entry) in &classified {
                let is_recent = is_recent(entry, as_at, counting.months) && class.category != Category::Identity;
                if counted.contains(class) && is_recent {
                    countable.with.insert((class.category, class.source_org.clone()));
                } else if counted.contains(class) {
                    describe(entry, as_at, &mut countable);
                }
                countable.opted_out |= is_recent && opted_out.contains(class);
            }
            tally.count(counting, &countable, as_at);
        }
    }
    Ok(tally.told(counting))
}

fn is_recent(entry: &Entry, as_at: Date, months: u32) -> bool {
    let day = |date: Date| i64::from(day_number(date));
    let from = as_at.saturating_sub(i64::from(months).months());
    let at = sort_key_us(&entry.effective).map(|at| at.div_euclid(DAY_US));
    at.is_some_and(|at| (day(from)..=day(as_at)).contains(&at))
}

/// Age and area, of what describes the child.
fn describe(entry: &Entry, as_at: Date, countable: &mut Countable) {
    let Some(Kind::PersonDescribed(person)) = &entry.event.kind else { return };
    countable.births.extend(person.birth_on.as_ref().and_then(civil));
    let today = i64::from(day_number(as_at));
    let current = person.addresses.iter().filter(|address| {
        let is_home = address.is_home_on_known_days();
        let begun = address.from.as_ref().and_then(day_of).is_none_or(|from| from <= today);
        is_home && begun && address.to.as_ref().and_then(day_of).is_none_or(|to| today <= to)
    });
    countable.areas.extend(current.filter_map(|address| Counting::area(address.postcode())));
}

fn answer(told: &ToldNumbers, counting: &Counting, as_at: Date) -> CountChildrenResponse {
    let parts = |parts: &[(String, u32)]| {
        parts.iter().map(|(of, children)| Part { of: of.clone(), children: *children }).collect::<Vec<_>>()
    };
    let counted = |(category, of): &(Option<Category>, ToldPopulation)| Counted {
        category: category.map(Into::into),
        children: of.total,
        by_age: parts(&of.by_age),
        by_area: parts(&of.by_area),
        by_service: parts(&of.by_service),
    };
    CountChildrenResponse {
        as_at: Some(proto::events::Date {
            year: as_at.year().into(),
            month: u32::try_from(as_at.month()).ok(),
            day: u32::try_from(as_at.day()).ok(),
            estimated: false,
        }),
        counted: told.populations.iter().map(counted).collect(),
        fewest: counting.fewest,
        rounded_to: counting.round_to,
        months: counting.months,
        opted_out: told.opted_out,
        decision_id: Vec::new(),
    }
}
