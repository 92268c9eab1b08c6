//! The service of facts: people record what the sharing rules read, end it, and read what is on record.

mod ending;
mod said;

use std::sync::Arc;
use std::time::{Duration, Instant};

use event_log::Pseudonym;
use jiff::civil::Date;
use prost::Message as _;
use proto::admin::Fact;
use proto::disclosure::Disclosure;
use proto::events::event::Kind;
use proto::events::{Event, RecordedBy, Subject};
use proto::sharing::facts_server::Facts;
use proto::sharing::record_fact_response::Outcome;
use proto::sharing::{
    Call, DenialReason, EndFactRequest, ListFactsRequest, ListFactsResponse, Purpose, RecordFactRequest,
    RecordFactResponse,
};
use proto::subject::normalised;
use tonic::{Request, Response, Status};

use super::caller::Caller;
use super::desk::Desk;
use super::limits::Limits;
use super::refusal::Refusal;
use super::request::Malformed;
use super::timelines::{TimelineService, now};
use crate::command::Commands;
use crate::disclose::digest::sixteen;
use crate::disclose::{Ask, Discloser, PermittedFacts, Proposed, Undisclosed, Weighing};

/// An answer leaves at the next of these moments after it was asked: how much is on record does not show in when.
const STEP: Duration = Duration::from_millis(50);
const PART_BYTES_MAX: usize = 64;
/// Of a reason, and of where evidence is kept.
const WORDS_CHARACTERS_MAX: usize = 500;
/// The least of a fact's id that it can be ended by.
const ID_BYTES_MIN: usize = 4;
/// As many subjects as the record of a decision names.
const SEALED_MAX: usize = 8;

/// A moment, microseconds since 1970, and its day in England.
type Moment = (i64, Date);

/// Serves people who record facts.
pub struct FactsService {
    desk: Desk,
    limits: Limits,
    commands: Arc<Commands>,
    /// One records at a time on a node: whoever comes second is judged by what the first recorded, once it is read.
    recording: tokio::sync::Mutex<()>,
}

/// What somebody would record, checked as far as it can be without reading anything.
struct Wanted {
    call: Call,
    about: Subject,
    purpose: Purpose,
    fact: Fact,
    by: RecordedBy,
    dry_run: bool,
}

impl FactsService {
    /// Beside the service of timelines, with the same readers and the same log.
    pub fn beside(timelines: &TimelineService, commands: Arc<Commands>, limits: Limits) -> Self {
        Self { desk: timelines.desk(), limits, commands, recording: tokio::sync::Mutex::default() }
    }

    /// Who asks. Before a caller is known there is nobody to put on record.
    fn received<T>(&self, request: &Request<T>, today: Date) -> Result<Caller, Status> {
        self.desk.identify(&self.desk.shown(request), today).map_err(Refusal::status)
    }

    fn admit(&self, caller: &Caller) -> Result<(), Refusal> {
        if !self.limits.admit(&caller.who(), Instant::now()) {
            return Err(Refusal::new(DenialReason::RateLimited, "too many requests: ask again in a second"));
        }
        self.desk.fresh()
    }

    fn ask(&self, caller: &Caller, child: Pseudonym, purpose: Purpose, digest: [u8; 16], at: Moment) -> Ask {
        Ask {
            request_digest: digest,
            registry_generation: self.desk.registry_generation(),
            ..Ask::everything(caller.clone(), child, purpose, at)
        }
    }

    async fn recorded(
        &self,
        caller: &Caller,
        request: RecordFactRequest,
        at: Moment,
    ) -> Result<RecordFactResponse, Refusal> {
        self.admit(caller)?;
        let mut wanted = read(caller, request)?;
        let _in_turn = self.recording.lock().await;
        if let Some((of, source)) = self.rectified(&wanted).await? {
            wanted.fact.subject = Some(of.clone());
            wanted.about = of;
            if let Some(Kind::EntryRectified(said)) = wanted.fact.event.as_mut().and_then(|event| event.kind.as_mut()) {
                said.source = Some(source);
            }
        }
        self.put(caller, wanted, at).await
    }

    /// Of whom an entry was said that would be put right, and by which source: a rectification stands beside it, by whatever number the
    /// child was named.
    async fn rectified(&self, wanted: &Wanted) -> Result<Option<(Subject, String)>, Refusal> {
        let kind = wanted.fact.event.as_ref().and_then(|event| event.kind.as_ref());
        let Some(Kind::EntryRectified(said)) = kind else { return Ok(None) };
        let (child, entry_id) = (self.desk.pseudonyms.of(&wanted.about), said.entry_id().to_vec());
        self.desk.decide(move |discloser| discloser.said_of_entry(child, &entry_id)).await
    }

    async fn ended(&self, caller: &Caller, request: EndFactRequest, at: Moment) -> Result<RecordFactResponse, Refusal> {
        self.admit(caller)?;
        let (about, purpose) = (about(request.about.as_ref())?, purpose(request.purpose)?);
        if !(ID_BYTES_MIN..=16).contains(&request.fact.len()) {
            return Err(malformed("fact", "must be 4 to 16 bytes of a fact's id"));
        }
        let reason = words(&request.reason, "reason")?;
        if reason.is_empty() {
            return Err(malformed("reason", "must say why, in at most 500 characters"));
        }
        let day = request.on.unwrap_or_else(|| date(at.1));
        if timeline::day_number(&day).is_none() {
            return Err(malformed("on", "is no day"));
        }
        let _in_turn = self.recording.lock().await;
        // What may not be seen is not ended: whoever may see it is told of it by the list, and ends it by the same id.
        let ask = self.ask(caller, self.desk.pseudonyms.of(&about), purpose, sixteen([request.encode_to_vec()]), at);
        let listed: PermittedFacts = self.desk.release(ask, Discloser::decide_facts).await?;
        let none = || Refusal::new(DenialReason::NoSuchFact, "no fact of this id stands on record before you");
        // Recorded of whom the fact was: an end under another record of the same child would end nothing.
        let (stands, about) = listed.named(&request.fact).ok_or_else(none)?;
        let (stands, about) = (stands.fact.as_ref().ok_or_else(none)?, about.clone());
        let kind = stands.kind.as_ref().and_then(|kind| ending::of(kind, day, &reason)).ok_or_else(none)?;
        let wanted = RecordFactRequest {
            about: Some(about),
            purpose: purpose.into(),
            fact: Some(Event { kind: Some(kind) }),
            effective_on: Some(day),
            evidence: reason,
            sealed: Vec::new(),
            dry_run: request.dry_run,
        };
        self.put(caller, Wanted { call: Call::EndFact, ..read(caller, wanted)? }, at).await
    }

    /// Decides, puts the decision on record, and then the fact.
    async fn put(&self, caller: &Caller, wanted: Wanted, at: Moment) -> Result<RecordFactResponse, Refusal> {
        let Wanted { call, about, purpose, fact, by, dry_run } = wanted;
        let Some(kind) = fact.event.as_ref().and_then(|event| event.kind.clone()) else {
            return Err(malformed("fact", "says nothing"));
        };
        let digest = sixteen([fact.encode_to_vec()]);
        let sealed =
            fact.sealed.iter().filter_map(normalised).map(|subject| self.desk.pseudonyms.of(&subject)).collect();
        let prepared = self.commands.prepare(fact, &by, at.0, date(at.1)).map_err(|what| malformed("fact", what))?;
        let entry_id = prepared.entry_id;
        // The others can be said before what they end is known: a consent withdrawn that was given on paper, a status closed.
        let needs_what_it_ends =
            matches!(kind, Kind::RestrictionLifted(_) | Kind::AccessRevoked(_) | Kind::RectificationWithdrawn(_));
        let runs_service = caller.organisation == self.desk.recorder.organisation();
        let ask = self.ask(caller, self.desk.pseudonyms.of(&about), purpose, digest, at);
        let proposed = Proposed { call, kind, entry_id, runs_service, sealed };
        let weighing = self.desk.decide(move |discloser| discloser.weigh_recording(&ask, &proposed)).await?;
        let Some(Weighing { decision, stands_already, has_what_it_ends, changes_who_is_known, problem, mut record }) =
            weighing
        else {
            return Err(malformed(
                "fact",
                "is of a kind that is not recorded here: docs/OPERATING.md lists those that are",
            ));
        };
        if !decision.may {
            return Err(self.refused(caller, record).await);
        }
        if let Some(problem) = problem {
            return Err(malformed("fact", problem));
        }
        if changes_who_is_known {
            let problem = "sets or changes a certificate's name, an issuer or key of tokens, or who vouches for people: that is recorded \
                           at the operator's socket";
            return Err(malformed("fact", problem));
        }
        let outcome = match (dry_run, stands_already) {
            (_, true) => Outcome::StoodAlready,
            (true, false) => Outcome::WouldBeRecorded,
            (false, false) => Outcome::Recorded,
        };
        if needs_what_it_ends && !has_what_it_ends && !stands_already {
            return Err(Refusal::new(DenialReason::NoSuchFact, "nothing that this ends stands on record"));
        }
        let decision_id = record.decision_id.clone();
        record.entries_released = 0;
        let answer = RecordFactResponse { outcome: outcome.into(), fact: entry_id.to_vec(), decision_id };
        // On record before it is done: who recorded what, by which rules.
        let answer = self.desk.record(Undisclosed::new(record, answer)).await?;
        if outcome == Outcome::Recorded {
            self.commands.put(prepared).await.map_err(|error| {
                tracing::error!("a fact could not be recorded: {error}");
                Refusal::not_recorded()
            })?;
        }
        Ok(answer)
    }

    /// A refusal by the rules, on record with what it was about, unless the caller's come too fast: then they are summed.
    async fn refused(&self, caller: &Caller, mut record: Disclosure) -> Refusal {
        let reason = record.denied();
        let who = caller.who();
        if let Some(denials_summed) = self.limits.denial(&who, Instant::now()) {
            record.denials_summed = denials_summed;
            if let Err(error) = self.desk.recorder.record(&record).await {
                tracing::error!("a denial could not be recorded: {error}");
            }
        }
        match reason {
            DenialReason::SecondPersonNeeded => Refusal::new(
                reason,
                "somebody else must record this: it lets you or your organisation in, or ends what you set and others contest",
            ),
            DenialReason::NotYoursToRecord => {
                Refusal::new(reason, "this is not yours to record of this child, or there is no such child before you")
            }
            other => Refusal::new(other, "the facts that the rules read are not to be had for this caller"),
        }
    }

    async fn listed(
        &self,
        caller: &Caller,
        request: ListFactsRequest,
        at: Moment,
    ) -> Result<ListFactsResponse, Refusal> {
        self.admit(caller)?;
        let (child, purpose) = (about(request.child.as_ref())?, purpose(request.purpose)?);
        let ask = self.ask(caller, self.desk.pseudonyms.of(&child), purpose, sixteen([request.encode_to_vec()]), at);
        let permitted = self.desk.release(ask, Discloser::decide_facts).await?;
        Ok(permitted.into_answer())
    }

    /// An answer, or a refusal: on record already where the rules refused, and put there now where nothing was asked of them.
    async fn answered<A>(
        &self,
        caller: &Caller,
        call: Call,
        began: tokio::time::Instant,
        answer: Result<A, Refusal>,
    ) -> Result<Response<A>, Status> {
        let steps = began.elapsed().as_micros() / STEP.as_micros() + 1;
        tokio::time::sleep_until(began + STEP * u32::try_from(steps).unwrap_or(u32::MAX)).await;
        match answer {
            Err(refusal)
                if matches!(refusal.reason, DenialReason::NotYoursToRecord | DenialReason::SecondPersonNeeded) =>
            {
                let (reason, call) = (refusal.reason.as_str_name(), call.as_str_name());
                tracing::info!(reason, call, organisation = caller.organisation, "request refused");
                Err(refusal.status())
            }
            other => self.desk.answered(&self.limits, caller, call, other).await,
        }
    }
}

#[tonic::async_trait]
impl Facts for FactsService {
    async fn record(&self, request: Request<RecordFactRequest>) -> Result<Response<RecordFactResponse>, Status> {
        let (at, began) = (now(), tokio::time::Instant::now());
        let caller = self.received(&request, at.1)?;
        let answer = self.recorded(&caller, request.into_inner(), at).await;
        self.answered(&caller, Call::RecordFact, began, answer).await
    }

    async fn end(&self, request: Request<EndFactRequest>) -> Result<Response<RecordFactResponse>, Status> {
        let (at, began) = (now(), tokio::time::Instant::now());
        let caller = self.received(&request, at.1)?;
        let answer = self.ended(&caller, request.into_inner(), at).await;
        self.answered(&caller, Call::EndFact, began, answer).await
    }

    async fn list(&self, request: Request<ListFactsRequest>) -> Result<Response<ListFactsResponse>, Status> {
        let (at, began) = (now(), tokio::time::Instant::now());
        let caller = self.received(&request, at.1)?;
        let answer = self.listed(&caller, request.into_inner(), at).await;
        self.answered(&caller, Call::ListFacts, began, answer).await
    }
}

/// A request to record, checked.
fn read(caller: &Caller, request: RecordFactRequest) -> Result<Wanted, Refusal> {
    let RecordFactRequest { about: of, purpose: what_for, fact, effective_on, evidence, sealed, dry_run } = request;
    let (about, purpose) = (about(of.as_ref())?, purpose(what_for)?);
    let mut kind = fact.and_then(|event| event.kind).ok_or(malformed("fact", "says nothing"))?;
    let Some(recordable) = sharing::recordable(&kind) else {
        return Err(malformed(
            "fact",
            "is of a kind that is not recorded here: docs/OPERATING.md lists those that are",
        ));
    };
    let is_organisation = about.scheme() == proto::events::Scheme::Organisation;
    if recordable.of_organisation != is_organisation {
        let what = if is_organisation {
            "is an organisation, and this fact is of a child"
        } else {
            "must be an organisation for this fact"
        };
        return Err(malformed("about", what));
    }
    if sealed.len() > SEALED_MAX || sealed.iter().any(is_too_long) {
        return Err(malformed("sealed", "lists more, or longer, than an identity has"));
    }
    let evidence = words(&evidence, "evidence")?;
    said::of_consent(&kind, &evidence)?;
    said::of_relation(&kind, &evidence)?;
    said::by_own_hand(&mut kind, &caller.organisation, &caller.person)?;
    let by = RecordedBy { organisation: caller.organisation.clone(), person: caller.person.clone(), evidence };
    let fact = Fact { subject: Some(about.clone()), event: Some(Event { kind: Some(kind) }), sealed, effective_on };
    Ok(Wanted { call: Call::RecordFact, about, purpose, fact, by, dry_run })
}

fn about(subject: Option<&Subject>) -> Result<Subject, Refusal> {
    let subject = subject.ok_or(malformed("about", "is missing"))?;
    if is_too_long(subject) {
        return Err(malformed("about", "is longer than any reference is"));
    }
    normalised(subject).ok_or(malformed("about", "must have a scheme, its issuer and a value"))
}

fn is_too_long(subject: &Subject) -> bool {
    subject.issuer.len() > PART_BYTES_MAX || subject.value.len() > PART_BYTES_MAX
}

fn purpose(number: i32) -> Result<Purpose, Refusal> {
    let purpose = Purpose::try_from(number).ok().filter(|purpose| *purpose != Purpose::Unspecified);
    let missing = Malformed {
        reason: DenialReason::PurposeMissing,
        field: "purpose",
        problem: "must say what it is recorded for",
    };
    purpose.ok_or(missing.into())
}

fn words(text: &str, field: &'static str) -> Result<String, Refusal> {
    let text = text.trim();
    if text.chars().count() > WORDS_CHARACTERS_MAX || text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(malformed(field, "must be at most 500 characters, without control characters"));
    }
    Ok(text.to_owned())
}

fn date(day: Date) -> proto::events::Date {
    proto::events::Date {
        year: day.year().into(),
        month: u32::try_from(day.month()).ok(),
        day: u32::try_from(day.day()).ok(),
        estimated: false,
    }
}

fn malformed(field: &'static str, problem: &'static str) -> Refusal {
    Malformed { reason: DenialReason::RequestMalformed, field, problem }.into()
}
