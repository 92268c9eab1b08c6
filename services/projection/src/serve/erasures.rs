//! The service of erasures: proposed and confirmed by two people over TLS, run and certified at the operator's socket as well. Each call
//! is decided by the rules, and on record before it is answered or done.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use event_log::Pseudonym;
use jiff::civil::Date;
use proto::disclosure::Disclosure;
use proto::events::event::Kind;
use proto::sharing::erasures_server::Erasures;
use proto::sharing::{
    Call, CancelErasureRequest, CertifyErasureRequest, ConfirmErasureRequest, DenialReason, ErasureAuthority,
    ErasureCancelled, ErasureCertificate, ErasureConfirmed, ErasureProposed, ErasureReadmitted, ErasureStage,
    ErasureStanding, ListErasuresRequest, ListErasuresResponse, ProposeErasureRequest, Purpose, ReadmitErasureRequest,
    RunErasureRequest,
};
use proto::subject::normalised;
use sharing::Act;
use sharing::erasures::{Erasure, ErasureId};
use tonic::{Request, Response, Status};

use super::audits::Door;
use super::caller::Caller;
use super::desk::Desk;
use super::limits::Limits;
use super::refusal::Refusal;
use super::request::Malformed;
use super::timelines::{TimelineService, now};
use crate::child::is_shown;
use crate::command::Commands;
use crate::disclose::{Undisclosed, day_number, decision_id};
use crate::erasure::{Eraser, ErasureError, Standing};

const REFERENCE_CHARACTERS_MAX: usize = 100;
const WORDS_CHARACTERS_MAX: usize = 500;
const NAME_BYTES_MAX: usize = 64;
/// A year: whoever proposes an erasure for later proposes it later.
const COOLING_OFF_HOURS_MAX: u32 = 24 * 366;
const HOUR_US: i64 = 3_600_000_000;

/// Serves whoever has records erased.
#[derive(Clone)]
pub struct ErasureService {
    desk: Desk,
    limits: Arc<Limits>,
    commands: Arc<Commands>,
    eraser: Arc<Eraser>,
    /// The least time between a proposal and its beginning.
    cooling_off_hours_min: u32,
    door: Door,
    /// Two who confirm at once, or one who confirms while another calls off, come one after the other.
    in_turn: Arc<tokio::sync::Mutex<()>>,
}

/// A moment, microseconds since 1970, and its day in England.
type Moment = (i64, Date);

impl ErasureService {
    /// Beside the service of timelines, with the same readers and the same log.
    pub fn beside(
        timelines: &TimelineService,
        commands: Arc<Commands>,
        eraser: Arc<Eraser>,
        limits: Limits,
        cooling_off_hours_min: u32,
    ) -> Self {
        let (desk, limits) = (timelines.desk(), Arc::new(limits));
        Self { desk, limits, commands, eraser, cooling_off_hours_min, door: Door::Readers, in_turn: Arc::default() }
    }

    /// The same, for the operator.
    #[must_use]
    pub fn for_operator(&self) -> Self {
        Self { door: Door::Operator, ..self.clone() }
    }

    /// Who asks; nobody of a token, at the operator's socket.
    fn received<T>(&self, request: &Request<T>) -> Result<Option<Caller>, Status> {
        match self.door {
            Door::Operator => Ok(None),
            Door::Readers => self.desk.identify(&self.desk.shown(request), now().1).map(Some).map_err(Refusal::status),
        }
    }

    fn fresh(&self, caller: Option<&Caller>) -> Result<(), Refusal> {
        if let Some(caller) = caller
            && !self.limits.admit(&caller.who(), Instant::now())
        {
            return Err(Refusal::new(DenialReason::RateLimited, "too many requests: ask again in a second"));
        }
        self.desk.facts_are_fresh()
    }

    /// Whether the rules let this caller do this, of records of this organisation. `own_act`: they did what it is about.
    fn may(&self, caller: &Caller, act: Act, of: &str, own_act: bool) -> Result<bool, Refusal> {
        let mut request = sharing::Request::new(caller.principal(), Purpose::Audit, now().1);
        request.runs_service = caller.organisation == self.desk.recorder.organisation();
        request.own_act = own_act;
        Ok(sharing::may(&self.desk.discloser.engine, &request, self.desk.registry()?.as_ref(), act, of))
    }

    /// Somebody of a token, whom the rules let do this. An operator decides nothing: two users of one socket are one.
    fn decider<'c>(&self, caller: Option<&'c Caller>, act: Act, own_act: bool) -> Result<&'c Caller, Refusal> {
        let not_yours = || {
            let whose = "an erasure is proposed, confirmed and called off by information governance of the organisation that runs the \
                         service, each by their own name (`--as`)";
            Refusal::new(DenialReason::NotYoursToErase, whose)
        };
        let caller = caller.ok_or_else(not_yours)?;
        self.desk.fresh()?;
        if self.may(caller, act, &caller.organisation, own_act)? {
            return Ok(caller);
        }
        if own_act && self.may(caller, act, &caller.organisation, false)? {
            let another = "another person must confirm it: you proposed it";
            return Err(Refusal::new(DenialReason::SecondPersonNeeded, another));
        }
        Err(not_yours())
    }

    /// Whether they may know of this one.
    fn may_know(&self, caller: Option<&Caller>, of: &Erasure) -> Result<bool, Refusal> {
        let Some(caller) = caller else { return Ok(true) };
        if of.proposed.organisations.is_empty() {
            return self.may(caller, Act::ReadErasures, "", false);
        }
        for organisation in &of.proposed.organisations {
            if self.may(caller, Act::ReadErasures, organisation, false)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The erasure of this id, if it is one of which this caller may know: to others there is none.
    fn found(&self, caller: Option<&Caller>, id: &[u8]) -> Result<Erasure, Refusal> {
        let none = || Refusal::new(DenialReason::NoSuchErasure, "no erasure of this id is before you");
        let id = ErasureId::try_from(id).map_err(|_| malformed("erasure_id", "must be sixteen bytes"))?;
        let found = self.desk.registry()?.erasures().of(&id).cloned().ok_or_else(none)?;
        let runs_service = caller.is_none_or(|caller| caller.organisation == self.desk.recorder.organisation());
        if found.by == self.desk.recorder.organisation() && runs_service && self.may_know(caller, &found)? {
            Ok(found)
        } else {
            Err(none())
        }
    }

    /// Puts a call on record.
    async fn on_record(
        &self,
        caller: Option<&Caller>,
        call: Call,
        child: Option<Pseudonym>,
        command: &'static str,
    ) -> Result<(), Refusal> {
        let book = child.map(|child| child.0[0]).unwrap_or_default();
        let record = Disclosure {
            decision_id: decision_id::new(&self.desk.pseudonyms, book % decision_id::BOOKS).to_vec(),
            purpose: Purpose::Audit.into(),
            subjects: child.map(|child| child.0.to_vec()).into_iter().collect(),
            policy_hash: self.desk.discloser.engine.policy_hash().to_vec(),
            valid_day: day_number(now().1),
            call: call.into(),
            ..Disclosure::default()
        };
        let record = match caller {
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
                operator_command: command.to_owned(),
                ..record
            },
        };
        self.desk.record(Undisclosed::new(record, ())).await
    }

    /// Records what somebody decided, and waits until this node has read it.
    async fn decide(&self, kind: Kind) -> Result<(), Refusal> {
        let (now_us, today) = now();
        let decided = self.commands.decided(self.commands.own_subject(), kind, now_us, date(today)).await;
        let (_, at) = decided.map_err(|error| {
            tracing::error!("what was decided of an erasure could not be recorded: {error}");
            Refusal::not_recorded()
        })?;
        let _read = self.desk.has_read_to(at).await;
        Ok(())
    }

    async fn told(&self, caller: Option<&Caller>, id: &[u8]) -> Result<ErasureStanding, Refusal> {
        let of = self.found(caller, id)?;
        self.standing(&of).await
    }

    async fn standing(&self, of: &Erasure) -> Result<ErasureStanding, Refusal> {
        let standing = self.eraser.standing(of, now().0).await.map_err(not_now)?;
        Ok(told(of, standing))
    }

    async fn proposed(&self, caller: Option<Caller>, asked: ProposeErasureRequest) -> Result<ErasureStanding, Refusal> {
        self.fresh(caller.as_ref())?;
        let by = self.decider(caller.as_ref(), Act::ProposeErasure, false)?;
        let spelt =
            asked.child.as_ref().filter(|of| of.issuer.len() <= NAME_BYTES_MAX && of.value.len() <= NAME_BYTES_MAX);
        let child = spelt.and_then(normalised);
        let child = child.ok_or_else(|| malformed("child", "must have a scheme, its issuer and a value"))?;
        let child = self.desk.pseudonyms.of(&child);
        if asked.authority() == ErasureAuthority::Unspecified {
            return Err(malformed("authority", "must say under what authority records are erased"));
        }
        let reference = words(&asked.authority_reference, "authority_reference", REFERENCE_CHARACTERS_MAX)?;
        let reason = words(&asked.reason, "reason", WORDS_CHARACTERS_MAX)?;
        if !(self.cooling_off_hours_min..=COOLING_OFF_HOURS_MAX).contains(&asked.cooling_off_hours) {
            return Err(malformed("cooling_off_hours", "is shorter than this service asks, or longer than a year"));
        }
        self.on_record(Some(by), Call::ProposeErasure, Some(child), "").await?;
        let read = self.desk.decide(move |discloser| discloser.children.read(child, None)).await?;
        let all: BTreeSet<[u8; 16]> = read.resolution.subjects.iter().copied().chain([child.0]).collect();
        let (subjects, linked): (BTreeSet<_>, BTreeSet<_>) = match asked.only_this_number {
            true => all.into_iter().partition(|subject| *subject == child.0),
            false => (all, BTreeSet::new()),
        };
        let of_them = read.entries.iter().filter(|entry| subjects.contains(&entry.subject) && is_shown(&entry.event));
        let organisations: BTreeSet<String> = of_them.map(|entry| entry.controller.clone()).collect();
        let id = uuid::Uuid::now_v7().into_bytes();
        let ends_us = now().0.saturating_add(i64::from(asked.cooling_off_hours) * HOUR_US);
        let ids = |of: BTreeSet<[u8; 16]>| of.into_iter().map(|id| id.to_vec()).collect();
        self.decide(Kind::ErasureProposed(ErasureProposed {
            erasure_id: Some(id.to_vec()),
            subjects: ids(subjects),
            linked: ids(linked),
            authority: Some(asked.authority),
            authority_reference: Some(reference),
            reason: Some(reason),
            proposed_by: Some(by.person.clone()),
            cooling_off_ends_at: Some(crate::audit::timestamp(ends_us)),
            organisations: organisations.into_iter().collect(),
        }))
        .await?;
        tracing::warn!(erasure = hex::encode(id), "an erasure is proposed");
        self.told(caller.as_ref(), &id).await
    }

    async fn confirmed(&self, caller: Option<Caller>, id: &[u8]) -> Result<ErasureStanding, Refusal> {
        self.fresh(caller.as_ref())?;
        let _in_turn = self.in_turn.lock().await;
        let by = self.decider(caller.as_ref(), Act::ConfirmErasure, false)?;
        let of = self.found(caller.as_ref(), id)?;
        let by_self = of.proposed.proposed_by() == by.person;
        let by = self.decider(caller.as_ref(), Act::ConfirmErasure, by_self)?;
        if of.stage() != ErasureStage::Proposed {
            return Err(not_ready("it is confirmed, or called off"));
        }
        self.on_record(Some(by), Call::ConfirmErasure, None, "").await?;
        let (erasure_id, confirmed_by) = (Some(of.id.to_vec()), Some(by.person.clone()));
        self.decide(Kind::ErasureConfirmed(ErasureConfirmed { erasure_id, confirmed_by })).await?;
        self.told(caller.as_ref(), id).await
    }

    async fn cancelled(&self, caller: Option<Caller>, asked: CancelErasureRequest) -> Result<ErasureStanding, Refusal> {
        self.fresh(caller.as_ref())?;
        let _in_turn = self.in_turn.lock().await;
        let by = self.decider(caller.as_ref(), Act::ProposeErasure, false)?;
        let of = self.found(caller.as_ref(), &asked.erasure_id)?;
        let reason = words(&asked.reason, "reason", WORDS_CHARACTERS_MAX)?;
        if !matches!(of.stage(), ErasureStage::Proposed | ErasureStage::Confirmed) {
            return Err(not_ready("it has begun, or is called off: what is destroyed does not come back"));
        }
        self.on_record(Some(by), Call::CancelErasure, None, "").await?;
        let (erasure_id, cancelled_by) = (Some(of.id.to_vec()), Some(by.person.clone()));
        self.decide(Kind::ErasureCancelled(ErasureCancelled { erasure_id, cancelled_by, reason: Some(reason) }))
            .await?;
        self.told(caller.as_ref(), &asked.erasure_id).await
    }

    async fn readmitted(
        &self,
        caller: Option<Caller>,
        asked: ReadmitErasureRequest,
    ) -> Result<ErasureStanding, Refusal> {
        self.fresh(caller.as_ref())?;
        let _in_turn = self.in_turn.lock().await;
        let by = self.decider(caller.as_ref(), Act::ProposeErasure, false)?;
        let of = self.found(caller.as_ref(), &asked.erasure_id)?;
        let reason = words(&asked.reason, "reason", WORDS_CHARACTERS_MAX)?;
        let Some((begun, _)) = &of.begun else { return Err(not_ready("nothing of it is destroyed")) };
        if self.eraser.standing(&of, now().0).await.map_err(not_now)?.stage == ErasureStage::Begun {
            return Err(not_ready("its keys are not destroyed yet"));
        }
        self.on_record(Some(by), Call::ReadmitErasure, None, "").await?;
        let (erasure_id, readmitted_by) = (Some(of.id.to_vec()), Some(by.person.clone()));
        let said = ErasureReadmitted { erasure_id, readmitted_by, reason: Some(reason) };
        self.decide(Kind::ErasureReadmitted(said)).await?;
        self.eraser.readmit(begun).await.map_err(not_now)?;
        self.told(caller.as_ref(), &asked.erasure_id).await
    }

    async fn listed(&self, caller: Option<Caller>) -> Result<ListErasuresResponse, Refusal> {
        self.fresh(caller.as_ref())?;
        self.on_record(caller.as_ref(), Call::ListErasures, None, "erasure list").await?;
        let registry = self.desk.registry()?;
        let mut found = Vec::new();
        for of in registry.erasures().all().filter(|of| of.by == self.desk.recorder.organisation()) {
            if self.may_know(caller.as_ref(), of)? {
                found.push(of.clone());
            }
        }
        found.sort_by_key(|of| std::cmp::Reverse((of.proposed_at_us, of.id)));
        let runs_service =
            caller.as_ref().is_none_or(|caller| caller.organisation == self.desk.recorder.organisation());
        let mut erasures = Vec::new();
        for of in &found {
            let standing = self.standing(of).await?;
            // Another organisation is told of records of its own, and not whose else they were with.
            erasures.push(match (&caller, runs_service) {
                (Some(caller), false) => ErasureStanding {
                    reason: String::new(),
                    proposed_by: String::new(),
                    confirmed_by: String::new(),
                    waits_for: String::new(),
                    subjects: 0,
                    keys: 0,
                    quarantine_items: 0,
                    organisations: vec![caller.organisation.clone()],
                    ..standing
                },
                _ => standing,
            });
        }
        Ok(ListErasuresResponse { erasures })
    }

    async fn ran(&self, caller: Option<Caller>, asked: RunErasureRequest) -> Result<ErasureStanding, Refusal> {
        self.fresh(caller.as_ref())?;
        if caller.is_some() {
            self.decider(caller.as_ref(), Act::ProposeErasure, false)?;
        }
        let of = self.found(caller.as_ref(), &asked.erasure_id)?;
        let now: Moment = now();
        match of.stage() {
            ErasureStage::Confirmed if now.0 >= of.cooling_off_ends_us() => {}
            ErasureStage::Confirmed => return Err(not_ready("its cooling-off period is not over")),
            ErasureStage::Begun => {}
            ErasureStage::Proposed => return Err(not_ready("another person has to confirm it first")),
            _ => return Err(not_ready("it is called off, or done")),
        }
        let registry = self.desk.registry()?;
        for other in registry.erasures().all().filter(|other| other.id != of.id && other.begun.is_some()) {
            let standing = self.eraser.standing(other, now.0).await.map_err(not_now)?;
            if matches!(standing.stage, ErasureStage::Begun | ErasureStage::KeysDestroyed) {
                return Err(not_ready("another erasure has begun: run that to its end first"));
            }
        }
        self.on_record(caller.as_ref(), Call::RunErasure, None, "erasure run").await?;
        let ran = self.eraser.run(&of, asked.keys_brought, now).await.map_err(not_now)?;
        let of = self.found(caller.as_ref(), &asked.erasure_id)?;
        Ok(told(&of, ran))
    }

    async fn certificate(
        &self,
        caller: Option<Caller>,
        asked: CertifyErasureRequest,
    ) -> Result<ErasureCertificate, Refusal> {
        self.fresh(caller.as_ref())?;
        let of = self.found(caller.as_ref(), &asked.erasure_id)?;
        let copies = match of.certified {
            Some(_) => String::new(),
            None => {
                if caller.is_some() {
                    self.decider(caller.as_ref(), Act::ProposeErasure, false)?;
                }
                words(&asked.copies, "copies", WORDS_CHARACTERS_MAX)?
            }
        };
        self.on_record(caller.as_ref(), Call::CertifyErasure, None, "erasure certify").await?;
        let note = self.eraser.certify(&of, &copies, now()).await.map_err(not_now)?;
        let note =
            note.ok_or_else(|| not_ready("something of it is still to be done: `throughline erasure list` says what"))?;
        Ok(ErasureCertificate { note })
    }

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
}

#[tonic::async_trait]
impl Erasures for ErasureService {
    async fn propose(&self, request: Request<ProposeErasureRequest>) -> Result<Response<ErasureStanding>, Status> {
        let caller = self.received(&request)?;
        let answer = self.proposed(caller.clone(), request.into_inner()).await;
        self.answered(caller, Call::ProposeErasure, answer).await
    }

    async fn confirm(&self, request: Request<ConfirmErasureRequest>) -> Result<Response<ErasureStanding>, Status> {
        let caller = self.received(&request)?;
        let answer = self.confirmed(caller.clone(), &request.get_ref().erasure_id).await;
        self.answered(caller, Call::ConfirmErasure, answer).await
    }

    async fn cancel(&self, request: Request<CancelErasureRequest>) -> Result<Response<ErasureStanding>, Status> {
        let caller = self.received(&request)?;
        let answer = self.cancelled(caller.clone(), request.into_inner()).await;
        self.answered(caller, Call::CancelErasure, answer).await
    }

    async fn readmit(&self, request: Request<ReadmitErasureRequest>) -> Result<Response<ErasureStanding>, Status> {
        let caller = self.received(&request)?;
        let answer = self.readmitted(caller.clone(), request.into_inner()).await;
        self.answered(caller, Call::ReadmitErasure, answer).await
    }

    async fn list(&self, request: Request<ListErasuresRequest>) -> Result<Response<ListErasuresResponse>, Status> {
        let caller = self.received(&request)?;
        let answer = self.listed(caller.clone()).await;
        self.answered(caller, Call::ListErasures, answer).await
    }

    async fn run(&self, request: Request<RunErasureRequest>) -> Result<Response<ErasureStanding>, Status> {
        let caller = self.received(&request)?;
        let answer = self.ran(caller.clone(), request.into_inner()).await;
        self.answered(caller, Call::RunErasure, answer).await
    }

    async fn certify(&self, request: Request<CertifyErasureRequest>) -> Result<Response<ErasureCertificate>, Status> {
        let caller = self.received(&request)?;
        let answer = self.certificate(caller.clone(), request.into_inner()).await;
        self.answered(caller, Call::CertifyErasure, answer).await
    }
}

fn told(of: &Erasure, Standing { stage, waits_for, files_in_clear }: Standing) -> ErasureStanding {
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let begun = of.begun.as_ref().map(|(begun, _)| begun);
    ErasureStanding {
        erasure_id: of.id.to_vec(),
        stage: stage.into(),
        waits_for,
        authority: of.proposed.authority().into(),
        authority_reference: of.proposed.authority_reference().to_owned(),
        reason: of.proposed.reason().to_owned(),
        proposed_by: of.proposed.proposed_by().to_owned(),
        confirmed_by: of.confirmed_by.clone().unwrap_or_default(),
        proposed_at: Some(crate::audit::timestamp(of.proposed_at_us)),
        cooling_off_ends_at: of.proposed.cooling_off_ends_at,
        subjects: count(of.proposed.subjects.len()),
        keys: count(begun.map_or(0, |begun| begun.keys.len())),
        quarantine_items: begun.map_or(0, |begun| begun.quarantine_items()),
        organisations: of.proposed.organisations.clone(),
        readmitted: of.readmitted,
        files_in_clear,
    }
}

fn words(text: &str, field: &'static str, characters_max: usize) -> Result<String, Refusal> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > characters_max {
        return Err(malformed(field, "is missing, or longer than it may be"));
    }
    Ok(text.to_owned())
}

fn malformed(field: &'static str, problem: &'static str) -> Refusal {
    Malformed { reason: DenialReason::RequestMalformed, field, problem }.into()
}

fn not_ready(why: &'static str) -> Refusal {
    Refusal::new(DenialReason::ErasureNotReady, why)
}

fn not_now(error: ErasureError) -> Refusal {
    tracing::error!("an erasure does not go on: {error}");
    Refusal::new(
        DenialReason::FactsStale,
        "the erasure cannot go on now, and goes on from where it is: run it again shortly",
    )
}

fn date(day: Date) -> proto::events::Date {
    proto::events::Date {
        year: day.year().into(),
        month: u32::try_from(day.month()).ok(),
        day: u32::try_from(day.day()).ok(),
        estimated: false,
    }
}
