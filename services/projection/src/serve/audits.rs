//! The service that auditors ask: over TLS whoever the rules let read the record of decisions, and the operator at the socket. Each call is
//! on record before it is answered.

mod access;
mod answers;
mod due;
mod reach;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use event_log::{EventLog, Pseudonym};
use jiff::civil::Date;
use prost::Message as _;
use proto::audit::audits_server::Audits;
use proto::audit::{
    Access, AccessesResponse, Linked, ListDueRequest, ListDueResponse, ReplayRequest, ReplayResponse, RerunRequest,
    RerunResponse, SubjectAccessRequest, SubjectAccessResponse, UnusualRequest, UnusualResponse, WhatDidRequest,
    WhoCanSeeRequest, WhoCanSeeResponse, WhoSawRequest, replay_request,
};
use proto::disclosure::Disclosure;
use proto::sharing::{Call, DenialReason, Purpose};
use tonic::{Request, Response, Status};

pub use answers::{replay_answer, rerun_answer};

use super::caller::{Caller, PERSON_BYTES_MAX};
use super::desk::Desk;
use super::limits::Limits;
use super::refusal::Refusal;
use super::request::{Malformed, civil};
use super::timelines::{TimelineService, now};
use crate::audit::{Days, Scope, Thresholds, unusual};
use crate::child::ChildError;
use crate::disclose::digest::sixteen;
use crate::disclose::{FindError, Undisclosed, day_number, decision_id};
use crate::replay::records::{self, Place, Sought};
use crate::replay::{At, Facts, Recorded, Replayer, Rules, Stood, With};

/// How an auditor comes in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Door {
    /// Over TLS, with a certificate and a token.
    Readers,
    /// At the operator's socket.
    Operator,
}

/// Serves auditors.
#[derive(Clone)]
pub struct AuditService {
    desk: Desk,
    limits: Arc<Limits>,
    log: Arc<dyn EventLog>,
    replayer: Arc<Replayer>,
    thresholds: Arc<Thresholds>,
    door: Door,
    one_at_a_time: Arc<tokio::sync::Mutex<()>>,
    decisions_max: usize,
}

/// Who audits.
struct Auditor {
    scope: Scope,
    /// Nobody of a token, at the operator's socket.
    caller: Option<Caller>,
}

/// A moment, microseconds since 1970, and its day in England.
type Moment = (i64, Date);

impl AuditService {
    /// Beside the service of timelines, with the same readers and the same log.
    pub fn beside(
        timelines: &TimelineService,
        log: Arc<dyn EventLog>,
        replayer: Arc<Replayer>,
        limits: Limits,
        thresholds: Thresholds,
    ) -> Self {
        let (limits, thresholds) = (Arc::new(limits), Arc::new(thresholds));
        let (one_at_a_time, decisions_max) = (Arc::default(), DECISIONS_MAX);
        let desk = timelines.desk();
        Self { desk, limits, log, replayer, thresholds, door: Door::Readers, one_at_a_time, decisions_max }
    }

    /// With so many decisions in one answer at most.
    #[must_use]
    pub fn at_most(self, decisions_max: usize) -> Self {
        Self { decisions_max, ..self }
    }

    /// The same, for the operator.
    #[must_use]
    pub fn for_operator(&self) -> Self {
        Self { door: Door::Operator, ..self.clone() }
    }

    /// Who asks. Before a caller is known there is nobody to put on record.
    fn received<T>(&self, request: &Request<T>, today: Date) -> Result<Option<Caller>, Status> {
        match self.door {
            Door::Operator => Ok(None),
            Door::Readers => self.desk.identify(&self.desk.shown(request), today).map(Some).map_err(Refusal::status),
        }
    }

    /// Whether they may read the record of decisions, and whose.
    fn admit(&self, caller: Option<Caller>, today: Date) -> Result<Auditor, Refusal> {
        let Some(caller) = caller else { return Ok(Auditor { scope: Scope::Everybodys, caller: None }) };
        self.admit_reader(&caller)?;
        let request = sharing::Request::new(caller.principal(), Purpose::Audit, today);
        let registry = self.desk.registry()?;
        if !sharing::may_read_decisions(&self.desk.discloser.engine, &request, registry.as_ref()) {
            return Err(Refusal::new(DenialReason::NoSuchDecision, "the record of decisions is read by auditors only"));
        }
        let runs_service = caller.organisation == self.desk.recorder.organisation();
        let scope = if runs_service { Scope::Everybodys } else { Scope::Own(caller.organisation.clone()) };
        Ok(Auditor { scope, caller: Some(caller) })
    }

    /// As [`Self::admit`], for what is told to the organisation that runs the service and to nobody else.
    fn admit_serving(&self, caller: Option<Caller>, today: Date) -> Result<Auditor, Refusal> {
        let auditor = self.admit(caller, today)?;
        match auditor.scope {
            Scope::Everybodys => Ok(auditor),
            Scope::Own(_) => Err(Refusal::new(
                DenialReason::NoSuchDecision,
                "this is for auditors of the organisation that runs the service",
            )),
        }
    }

    /// The answer, or a refusal that is on record.
    async fn answered<A>(
        &self,
        caller: Option<Caller>,
        call: Call,
        answer: Result<A, Refusal>,
    ) -> Result<Response<A>, Status> {
        match caller {
            Some(caller) => self.desk.answered(&self.limits, &caller, call, answer).await,
            None => answer.map(Response::new).map_err(Refusal::status),
        }
    }

    /// Puts an answer on record, and gives the id of the record.
    async fn on_record(
        &self,
        auditor: &Auditor,
        call: Call,
        about: About<'_>,
        (count, answer): (usize, &[u8]),
        today: Date,
    ) -> Result<Vec<u8>, Refusal> {
        let engine = &self.desk.discloser.engine;
        let book = about.child.map(|child| child.0[0]).or_else(|| about.decision?.subjects.first()?.first().copied());
        let id = decision_id::new(&self.desk.pseudonyms, book.unwrap_or_default() % decision_id::BOOKS).to_vec();
        let about_child = about.child.map(|child| child.0.to_vec());
        let of_decision = about.decision.and_then(|of| of.subjects.first().cloned());
        let record = Disclosure {
            decision_id: id.clone(),
            purpose: Purpose::Audit.into(),
            subjects: about_child.or(of_decision).into_iter().collect(),
            policy_hash: engine.policy_hash().to_vec(),
            valid_day: day_number(today),
            call: call.into(),
            entries_released: u32::try_from(count).unwrap_or(u32::MAX),
            answer_digest: sixteen([answer]).to_vec(),
            explained: about.decision.map(|of| of.decision_id.clone()).unwrap_or_default(),
            ..Disclosure::default()
        };
        let record = match &auditor.caller {
            Some(caller) => Disclosure {
                organisation: caller.organisation.clone(),
                person: caller.person.clone(),
                roles: caller.roles.iter().map(|role| (*role).into()).collect(),
                ..record
            },
            None => Disclosure {
                organisation: self.desk.recorder.organisation().to_owned(),
                person: "operator".to_owned(),
                purpose: Purpose::SystemAdmin.into(),
                operator_command: about.command.to_owned(),
                ..record
            },
        };
        self.desk.record(Undisclosed::new(record, ())).await?;
        Ok(id)
    }

    /// Decisions of these days that this auditor may read of and `keep` takes, of these subjects' books or of all; one such question at
    /// a time, since each reads the record.
    async fn decisions(
        &self,
        scope: &Scope,
        of: Option<&BTreeSet<[u8; 16]>>,
        days: Days,
        after: Option<Place>,
        keep: impl Fn(&Disclosure) -> bool,
    ) -> Result<Decisions, Refusal> {
        let (keyring, organisation) =
            (&self.desk.discloser.children.projector.keyring, self.desk.recorder.organisation());
        let _alone = self.one_at_a_time.lock().await;
        let sought = Sought { of, since_us: days.since_us(), after, at_most: self.decisions_max };
        let keep = |at_us, decision: &Disclosure| days.hold(at_us) && scope.holds(decision) && keep(decision);
        let pseudonyms = &self.desk.pseudonyms;
        let read = records::sought(self.log.as_ref(), keyring, pseudonyms, organisation, sought, keep, |_| {}).await;
        let (found, looked_at, more) = read.map_err(|error| unread(&error))?;
        Ok(Decisions { found, looked_at: scope.looked_at(looked_at), more })
    }

    /// Every decision that [`Self::decisions`] would give, however many.
    async fn every_decision(
        &self,
        scope: &Scope,
        of: &BTreeSet<[u8; 16]>,
        days: Days,
        keep: impl Fn(&Disclosure) -> bool,
    ) -> Result<Vec<(i64, Disclosure)>, Refusal> {
        let mut every: Vec<(i64, Disclosure)> = Vec::new();
        loop {
            let after = every.last().and_then(|(at_us, of)| Some((*at_us, of.decision_id.as_slice().try_into().ok()?)));
            let Decisions { found, more, .. } = self.decisions(scope, Some(of), days, after, &keep).await?;
            every.extend(found);
            if !more {
                return Ok(every);
            }
        }
    }

    /// Whether somebody who asks for a record, or of their own organisation's, may be answered now.
    fn admit_reader(&self, caller: &Caller) -> Result<(), Refusal> {
        if !self.limits.admit(&caller.who(), Instant::now()) {
            return Err(Refusal::new(DenialReason::RateLimited, "too many requests: ask again in a second"));
        }
        self.desk.fresh()
    }

    async fn saw(
        &self,
        caller: Option<Caller>,
        asked: WhoSawRequest,
        (_, today): Moment,
    ) -> Result<AccessesResponse, Refusal> {
        let auditor = self.admit(caller, today)?;
        let child = self.child(asked.child)?;
        let days = days(asked.from, asked.to)?;
        // Whoever was ever held, claimed or decided to be the child: by any of them the child can have been asked for. To another
        // organisation the same is read whichever child it is: how long it takes tells of no link either.
        let (ever, now) = match &auditor.scope {
            Scope::Own(_) => (None, BTreeSet::new()),
            Scope::Everybodys => {
                let around = self.reading(move |desk| {
                    let around = desk.discloser.children.around(child, None)?;
                    let now = desk.discloser.children.read_kept(child, None)?;
                    let mut ever: BTreeSet<[u8; 16]> = around.said.keys().map(|subject| subject.0).collect();
                    ever.insert(child.0);
                    Ok((Some(ever), now.resolution.subjects.clone()))
                });
                around.await?
            }
        };
        let scope = &auditor.scope;
        let about = |of: &Disclosure| scope.about(of, child.0, &now);
        let after = place(&asked.after)?;
        let decisions = self.decisions(scope, ever.as_ref(), days, after, |of| about(of).is_some()).await?;
        let engine = &self.desk.discloser.engine;
        let found = decisions.found.iter();
        let accesses = found.filter_map(|(at_us, of)| Some(scope.access(engine, *at_us, of, about(of)?)));
        let accesses: Vec<Access> = accesses.collect();
        let about = About { child: Some(child), ..About::command("audit who-saw") };
        self.given(&auditor, Call::WhoSaw, about, (accesses, &decisions), today).await
    }

    async fn did(
        &self,
        caller: Option<Caller>,
        asked: WhatDidRequest,
        (_, today): Moment,
    ) -> Result<AccessesResponse, Refusal> {
        let auditor = self.admit(caller, today)?;
        let days = days(asked.from, asked.to)?;
        if asked.organisation.is_empty() || asked.organisation.len() > NAME_BYTES_MAX {
            return Err(malformed("organisation", "is missing, or longer than any is"));
        }
        if asked.person.len() > PERSON_BYTES_MAX {
            return Err(malformed("person", "is longer than any is"));
        }
        let theirs = |of: &Disclosure| {
            of.organisation == asked.organisation && (asked.person.is_empty() || of.person == asked.person)
        };
        let decisions = self.decisions(&auditor.scope, None, days, place(&asked.after)?, theirs).await?;
        let engine = &self.desk.discloser.engine;
        let accesses: Vec<Access> = decisions
            .found
            .iter()
            .map(|(at_us, of)| auditor.scope.access(engine, *at_us, of, Linked::Unspecified))
            .collect();
        self.given(&auditor, Call::WhatDid, About::command("audit what-did"), (accesses, &decisions), today).await
    }

    async fn given(
        &self,
        auditor: &Auditor,
        call: Call,
        about: About<'_>,
        (accesses, decisions): (Vec<Access>, &Decisions),
        today: Date,
    ) -> Result<AccessesResponse, Refusal> {
        let Decisions { looked_at, more, found } = decisions;
        let next = found
            .last()
            .filter(|_| *more)
            .map(|(at_us, of)| [&at_us.to_be_bytes(), of.decision_id.as_slice()].concat());
        let answer = AccessesResponse {
            accesses,
            looked_at: *looked_at,
            more: *more,
            next: next.unwrap_or_default(),
            ..AccessesResponse::default()
        };
        let of = (answer.accesses.len(), answer.encode_to_vec());
        let audit_id = self.on_record(auditor, call, about, (of.0, &of.1), today).await?;
        Ok(AccessesResponse { audit_id, ..answer })
    }

    async fn again(
        &self,
        caller: Option<Caller>,
        asked: RerunRequest,
        (_, today): Moment,
    ) -> Result<RerunResponse, Refusal> {
        let auditor = self.admit_serving(caller, today)?;
        let recorded = self.recorded(asked.decision_id).await?;
        let with = With {
            rules: if asked.rules_current { Rules::Current } else { Rules::Recorded },
            facts: if asked.facts_now { Facts::Now } else { Facts::Recorded },
            drafts: Vec::new(),
        };
        let (replayer, of) = (Arc::clone(&self.replayer), recorded.clone());
        let rerun = tokio::task::spawn_blocking(move || replayer.rerun(&of, &with)).await;
        let rerun = rerun.map_err(|_| Refusal::not_recorded())?.map_err(|error| unread(&error))?;
        let rerun = self.replayer.settle(&recorded, rerun, self.log.as_ref()).await.map_err(|error| unread(&error))?;
        let engine = &self.desk.discloser.engine;
        let at_us = <[u8; 16]>::try_from(recorded.decision.decision_id.as_slice()).ok();
        let at_us = at_us.and_then(decision_id::made_at_ms).unwrap_or_default().saturating_mul(1_000);
        let access = auditor.scope.access(engine, at_us, &recorded.decision, Linked::Unspecified);
        let answer = rerun_answer(engine, access, rerun);
        let about = About { decision: Some(&recorded.decision), ..About::command("audit explain") };
        let audit_id = self.on_record(&auditor, Call::Rerun, about, (1, &answer.encode_to_vec()), today).await?;
        Ok(RerunResponse { audit_id, ..answer })
    }

    async fn stood(
        &self,
        caller: Option<Caller>,
        asked: ReplayRequest,
        (_, today): Moment,
    ) -> Result<ReplayResponse, Refusal> {
        let auditor = self.admit_serving(caller, today)?;
        let child = self.child(asked.child)?;
        let stood = match asked.at {
            None => Stood::Now,
            Some(replay_request::At::Time(at)) => {
                Stood::Time(at.seconds.saturating_mul(1_000_000).saturating_add(i64::from(at.nanos / 1_000)))
            }
            Some(replay_request::At::DecisionId(id)) => Stood::For(Box::new(self.recorded(id).await?.decision)),
            Some(replay_request::At::Position(text)) => match text.parse() {
                Ok(At::Positions(positions)) => Stood::Before(positions),
                _ => return Err(malformed("at.position", "is no place of the log")),
            },
        };
        let replayed = self.replayer.stood(child, stood, today, self.log.as_ref()).await;
        let replayed = replayed.map_err(|error| unread(&error))?.ok_or_else(|| {
            malformed("at.decision_id", "is of a decision whose record does not say what it was made from")
        })?;
        let answer = replay_answer(replayed);
        let about = About { child: Some(child), ..About::command("audit replay") };
        let of = (answer.entries.len(), answer.encode_to_vec());
        let audit_id = self.on_record(&auditor, Call::Replay, about, (of.0, &of.1), today).await?;
        Ok(ReplayResponse { audit_id, ..answer })
    }

    async fn out_of_the_ordinary(
        &self,
        caller: Option<Caller>,
        asked: UnusualRequest,
        (_, today): Moment,
    ) -> Result<UnusualResponse, Refusal> {
        let auditor = self.admit(caller, today)?;
        let theirs = |of: &Disclosure| asked.organisation.is_empty() || of.organisation == asked.organisation;
        let days = days(asked.from, asked.to)?;
        let Decisions { found, looked_at, more } = self.decisions(&auditor.scope, None, days, None, theirs).await?;
        if more {
            return Err(malformed(
                "from",
                "and `to` hold more decisions than are looked at together: ask for fewer days",
            ));
        }
        let unusual = unusual(&self.desk.discloser.engine, &found, &self.thresholds);
        let answer = UnusualResponse { unusual, looked_at, audit_id: Vec::new() };
        let of = (answer.unusual.len(), answer.encode_to_vec());
        let about = About::command("audit unusual");
        let audit_id = self.on_record(&auditor, Call::Unusual, about, (of.0, &of.1), today).await?;
        Ok(UnusualResponse { audit_id, ..answer })
    }

    fn child(&self, child: Option<proto::events::Subject>) -> Result<Pseudonym, Refusal> {
        let spelt = child.filter(|child| child.issuer.len() <= NAME_BYTES_MAX && child.value.len() <= NAME_BYTES_MAX);
        let spelt = spelt.as_ref().and_then(proto::subject::normalised);
        let spelt = spelt.ok_or_else(|| malformed("child", "must have a scheme, its issuer and a value"))?;
        Ok(self.desk.pseudonyms.of(&spelt))
    }

    async fn recorded(&self, id: Vec<u8>) -> Result<Recorded, Refusal> {
        let id = id.try_into().map_err(|_| malformed("decision_id", "must be sixteen bytes"))?;
        let keyring = &self.desk.discloser.children.projector.keyring;
        let found =
            Recorded::gather(&self.desk.recorder, keyring, id).await.map_err(|error: FindError| unread(&error))?;
        found.ok_or_else(|| Refusal::new(DenialReason::NoSuchDecision, "no decision has this `decision_id`"))
    }

    /// Reads away from the threads that answer.
    async fn reading<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Desk) -> Result<T, ChildError> + Send + 'static,
    ) -> Result<T, Refusal> {
        let desk = self.desk.clone();
        let read = tokio::task::spawn_blocking(move || read(&desk)).await;
        read.map_err(|_| Refusal::not_recorded())?.map_err(|error| unread(&error))
    }
}

/// Decisions that an answer tells of.
struct Decisions {
    /// With when each was recorded, microseconds since 1970; oldest first.
    found: Vec<(i64, Disclosure)>,
    looked_at: u64,
    /// There are more than one answer gives.
    more: bool,
}

/// What an answer is about, for its record.
struct About<'a> {
    child: Option<Pseudonym>,
    decision: Option<&'a Disclosure>,
    command: &'static str,
}

impl About<'_> {
    fn command(command: &'static str) -> Self {
        Self { child: None, decision: None, command }
    }
}

#[tonic::async_trait]
impl Audits for AuditService {
    async fn who_saw(&self, request: Request<WhoSawRequest>) -> Result<Response<AccessesResponse>, Status> {
        let at = now();
        let caller = self.received(&request, at.1)?;
        let answer = self.saw(caller.clone(), request.into_inner(), at).await;
        self.answered(caller, Call::WhoSaw, answer).await
    }

    async fn what_did(&self, request: Request<WhatDidRequest>) -> Result<Response<AccessesResponse>, Status> {
        let at = now();
        let caller = self.received(&request, at.1)?;
        let answer = self.did(caller.clone(), request.into_inner(), at).await;
        self.answered(caller, Call::WhatDid, answer).await
    }

    async fn rerun(&self, request: Request<RerunRequest>) -> Result<Response<RerunResponse>, Status> {
        let at = now();
        let caller = self.received(&request, at.1)?;
        let answer = self.again(caller.clone(), request.into_inner(), at).await;
        self.answered(caller, Call::Rerun, answer).await
    }

    async fn replay(&self, request: Request<ReplayRequest>) -> Result<Response<ReplayResponse>, Status> {
        let at = now();
        let caller = self.received(&request, at.1)?;
        let answer = self.stood(caller.clone(), request.into_inner(), at).await;
        self.answered(caller, Call::Replay, answer).await
    }

    async fn subject_access(
        &self,
        request: Request<SubjectAccessRequest>,
    ) -> Result<Response<SubjectAccessResponse>, Status> {
        let at = now();
        let caller = self.received(&request, at.1)?;
        let answer = self.access(caller.clone(), request.into_inner(), at).await;
        self.answered(caller, Call::SubjectAccess, answer).await
    }

    async fn list_due(&self, request: Request<ListDueRequest>) -> Result<Response<ListDueResponse>, Status> {
        let at = now();
        let caller = self.received(&request, at.1)?;
        let answer = self.due(caller.clone(), request.into_inner(), at).await;
        self.answered(caller, Call::ListDue, answer).await
    }

    async fn who_can_see(&self, request: Request<WhoCanSeeRequest>) -> Result<Response<WhoCanSeeResponse>, Status> {
        let at = now();
        let caller = self.received(&request, at.1)?;
        let answer = self.can_see(caller.clone(), request.into_inner(), at).await;
        self.answered(caller, Call::WhoCanSee, answer).await
    }

    async fn unusual(&self, request: Request<UnusualRequest>) -> Result<Response<UnusualResponse>, Status> {
        let at = now();
        let caller = self.received(&request, at.1)?;
        let answer = self.out_of_the_ordinary(caller.clone(), request.into_inner(), at).await;
        self.answered(caller, Call::Unusual, answer).await
    }
}

/// An answer tells of so many decisions at most: of more it says that there are more, and gives them when asked to go on.
const DECISIONS_MAX: usize = 100_000;

/// A longer part of a reference, or name of an organisation, is none.
const NAME_BYTES_MAX: usize = 64;

fn days(from: Option<proto::events::Date>, to: Option<proto::events::Date>) -> Result<Days, Refusal> {
    let day = |date: Option<proto::events::Date>, field| match date {
        None => Ok(None),
        Some(date) => civil(&date).map(Some).ok_or_else(|| malformed(field, "is no day")),
    };
    Ok(Days { from: day(from, "from")?, to: day(to, "to")? })
}

/// Where to go on, as an answer before said it.
fn place(after: &[u8]) -> Result<Option<Place>, Refusal> {
    if after.is_empty() {
        return Ok(None);
    }
    let place = || Some((i64::from_be_bytes(*after.first_chunk()?), after.get(8..)?.try_into().ok()?));
    place().map(Some).ok_or_else(|| malformed("after", "is not `next` of an answer"))
}

fn malformed(field: &'static str, problem: &'static str) -> Refusal {
    Malformed { reason: DenialReason::RequestMalformed, field, problem }.into()
}

fn unread(error: &dyn std::fmt::Display) -> Refusal {
    tracing::error!("the record of decisions could not be read: {error}");
    Refusal::new(DenialReason::FactsStale, "the record of decisions cannot be read now: ask again shortly")
}
