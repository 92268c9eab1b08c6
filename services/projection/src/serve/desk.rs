//! Where every answer is made: who asks, whether anything may be answered now, and the way from a decision to its release.

use std::sync::Arc;
use std::time::{Duration, Instant};

use event_log::Position;
use event_log::seal::PseudonymKey;
use jiff::civil::Date;
use proto::disclosure::Disclosure;
use proto::sharing::{Call, DenialReason, StepUp};
use runtime::trace;
use sharing::Registry;
use tokio::sync::watch;
use tonic::{Request, Response, Status};

use super::caller::{Caller, Issuer};
use super::refusal::Refusal;
use super::request::Asked;
use super::tokens::Tokens;
use crate::child::ChildError;
use crate::consume::Progress;
use crate::disclose::{Ask, Discloser, PermittedView, Recorded, Recorder, Undisclosed};
use crate::store::Heights;

/// How long a page after the first waits for this node to read what the node that gave the page before had read.
const READ_ON_MAX: Duration = Duration::from_secs(2);

/// How often an answer is decided whose child changes each time before it can leave.
const DECIDED_MAX: usize = 5;

/// What answering takes; cheap to clone, so that a stream has its own.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) discloser: Arc<Discloser>,
    pub(super) recorder: Arc<Recorder>,
    pub(super) pseudonyms: Arc<PseudonymKey>,
    pub(super) progress: watch::Receiver<Progress>,
    pub(super) facts_lag_max: Duration,
    pub(super) tokens: Arc<Tokens>,
}

/// What a caller showed: kept by a stream, to be looked at again.
#[derive(Clone)]
pub(super) struct Credentials {
    /// The names of the client certificate, whose chain TLS has checked.
    names: Arc<[String]>,
    token: Option<String>,
}

impl Desk {
    pub(super) fn shown<T>(&self, request: &Request<T>) -> Credentials {
        let certificates = request.peer_certs();
        let first = certificates.as_ref().and_then(|certificates| certificates.first());
        let token = request.metadata().get("authorization").and_then(|value| value.to_str().ok());
        Credentials {
            names: first.map(|first| self.tokens.names(first)).unwrap_or_default(),
            token: token.map(str::to_owned),
        }
    }

    /// Who shows these, today.
    pub(super) fn identify(&self, shown: &Credentials, today: Date) -> Result<Caller, Refusal> {
        let (issuer, _) = self.issuer(shown, today)?;
        self.tokens
            .caller(shown.token.as_deref(), &issuer)
            .map_err(|reason| Refusal::new(reason, "the token is missing, expired, or not of this organisation"))
    }

    /// Whether whoever shows these signed in as their organisation asks before the glass is broken. `now_us` is microseconds since
    /// 1970.
    pub(super) fn stepped_up(&self, shown: &Credentials, (now_us, today): (i64, Date)) -> Result<bool, Refusal> {
        let (issuer, asked) = self.issuer(shown, today)?;
        let sign_in = self.tokens.sign_in(shown.token.as_deref(), &issuer).unwrap_or_default();
        let now_s = u64::try_from(now_us / 1_000_000).unwrap_or_default();
        Ok(sign_in.is_fresh(asked.as_ref(), now_s))
    }

    /// The organisation of the client certificate: whose word it is who calls, and what it asks of a sign-in.
    fn issuer(&self, shown: &Credentials, today: Date) -> Result<(Issuer, Option<StepUp>), Refusal> {
        let unknown =
            || Refusal::new(DenialReason::UnknownOrganisation, "the client certificate is of no recorded organisation");
        if shown.names.is_empty() {
            return Err(unknown());
        }
        let registry = self.registry()?;
        let mut organisations = shown.names.iter().filter_map(|name| registry.organisation_by_certificate(name, today));
        let organisation = organisations.next().ok_or_else(unknown)?;
        let issuer = Issuer {
            organisation: organisation.id().to_owned(),
            token_issuer: organisation.token_issuer().to_owned(),
            token_key_pem: organisation.token_key_pem().to_owned(),
            vouches_for_people: organisation.vouches_for_people(),
        };
        Ok((issuer, organisation.step_up.clone()))
    }

    pub(super) fn registry(&self) -> Result<Arc<Registry>, Refusal> {
        self.discloser.registries.current(self.registry_generation()).map_err(|error| {
            tracing::error!("the registry cannot be read: {error}");
            Refusal::new(DenialReason::FactsStale, "the facts that the rules read are not to be had")
        })
    }

    pub(super) fn registry_generation(&self) -> u64 {
        self.progress.borrow().registry_generation
    }

    /// The facts that the rules read are up to date.
    pub(super) fn is_fresh(&self) -> bool {
        self.progress.borrow().facts_read_at.is_some_and(|at| at.elapsed() <= self.facts_lag_max)
    }

    /// Whether anything may be decided now: the facts are up to date, and the rules are approved.
    pub(super) fn fresh(&self) -> Result<(), Refusal> {
        self.facts_are_fresh()?;
        let unapproved = "the rules that this service runs are not approved by two people: ask whoever runs it";
        match self.policy_standing() {
            (_, true) => Ok(()),
            (_, false) => Err(Refusal::new(DenialReason::PolicyNotApproved, unapproved)),
        }
    }

    /// How many people have approved the set of rules that runs, and whether it may decide.
    pub(super) fn policy_standing(&self) -> (usize, bool) {
        let Ok(registry) = self.registry() else { return (0, false) };
        let (hash, organisation) = (self.discloser.engine.policy_hash(), self.recorder.organisation());
        let policies = registry.policies();
        (policies.approved_by(hash, organisation).count(), policies.in_force(hash, organisation))
    }

    pub(super) fn facts_are_fresh(&self) -> Result<(), Refusal> {
        let stale = "the facts that the rules read are not up to date: ask again shortly";
        if self.is_fresh() { Ok(()) } else { Err(Refusal::new(DenialReason::FactsStale, stale)) }
    }

    /// This node has read all that another had when it gave the page before; waited for, a moment. Otherwise entries would be
    /// missing from the page, or on it for the second time.
    pub(super) async fn has_read(&self, before: &Heights) -> Result<(), Refusal> {
        let (mut progress, until) = (self.progress.clone(), tokio::time::Instant::now() + READ_ON_MAX);
        loop {
            // Before it is looked: what is read in between counts as a change.
            progress.mark_unchanged();
            if self.discloser.children.store.heights_held().cover(before) {
                return Ok(());
            }
            let Ok(Ok(())) = tokio::time::timeout_at(until, progress.changed()).await else { break };
        }
        let behind = "this node has not read as far as the one that gave the page before: ask again shortly";
        Err(Refusal::new(DenialReason::FactsStale, behind))
    }

    /// Waits a moment until the store holds a record of the log; `false` where it does not by then.
    pub(super) async fn has_read_to(&self, at: Position) -> bool {
        let (mut progress, until) = (self.progress.clone(), tokio::time::Instant::now() + READ_ON_MAX);
        loop {
            progress.mark_unchanged();
            let store = self.discloser.children.store.clone();
            let read = move || store.read(at.partition.into(), |view| view.offset(at.topic, at.partition));
            match tokio::task::spawn_blocking(read).await {
                Ok(Ok(next)) if next > at.offset => return true,
                Ok(Ok(_)) => {}
                _ => return false,
            }
            let Ok(Ok(())) = tokio::time::timeout_at(until, progress.changed()).await else { return false };
        }
    }

    /// What is asked of the whole of a child's present record.
    pub(super) fn ask_now(&self, caller: &Caller, asked: &Asked, request_digest: [u8; 16], at: (i64, Date)) -> Ask {
        Ask {
            from_day: asked.from_day,
            to_day: asked.to_day,
            categories: asked.categories.clone(),
            request_digest,
            registry_generation: self.registry_generation(),
            ..Ask::everything(caller.clone(), self.pseudonyms.of(&asked.child), asked.purpose, at)
        }
    }

    /// Decides away from the threads that answer, records, and releases what still stands: once a withdrawal is read, no answer
    /// leaves that was decided before it.
    pub(super) async fn release<V: Send + 'static>(
        &self,
        ask: Ask,
        decide: impl Fn(&Discloser, &Ask) -> Result<Undisclosed<V>, ChildError> + Clone + Send + 'static,
    ) -> Result<V, Refusal> {
        let deciding = |ask: Ask| {
            let decide = decide.clone();
            self.decide(move |discloser| decide(discloser, &ask))
        };
        self.released(ask, deciding).await
    }

    /// As [`Self::release`] a timeline; decided at once where it is at hand, since then it takes less than the way to another
    /// thread.
    pub(super) async fn release_timeline(&self, ask: Ask) -> Result<PermittedView, Refusal> {
        let deciding = async |ask: Ask| {
            if !self.discloser.is_at_hand(&ask) {
                return self.decide(move |discloser| discloser.decide(&ask)).await;
            }
            let span = tracing::info_span!(target: trace::TARGET, "decide");
            span.in_scope(|| self.discloser.decide(&ask)).map_err(cannot_be_read)
        };
        self.released(ask, deciding).await
    }

    async fn released<V, Deciding>(&self, mut ask: Ask, decide: impl Fn(Ask) -> Deciding) -> Result<V, Refusal>
    where
        Deciding: Future<Output = Result<Undisclosed<V>, Refusal>>,
    {
        for _ in 0..DECIDED_MAX {
            ask.registry_generation = self.registry_generation();
            let recorded = self.recorded(decide(ask.clone()).await?).await?;
            if recorded.stands(&self.discloser.children) && self.registry_generation() == ask.registry_generation {
                return Ok(recorded.release());
            }
        }
        let changing = "the facts that the rules read change as fast as they are read: ask again shortly";
        Err(Refusal::new(DenialReason::FactsStale, changing))
    }

    pub(super) async fn decide<D: Send + 'static>(
        &self,
        decide: impl FnOnce(&Discloser) -> Result<D, ChildError> + Send + 'static,
    ) -> Result<D, Refusal> {
        let discloser = Arc::clone(&self.discloser);
        let span = tracing::info_span!(target: trace::TARGET, "decide");
        let decided = tokio::task::spawn_blocking(move || span.in_scope(|| decide(&discloser))).await;
        decided.map_err(|_| Refusal::not_recorded())?.map_err(cannot_be_read)
    }

    pub(super) async fn record<V>(&self, undisclosed: Undisclosed<V>) -> Result<V, Refusal> {
        Ok(self.recorded(undisclosed).await?.release())
    }

    async fn recorded<V>(&self, undisclosed: Undisclosed<V>) -> Result<Recorded<V>, Refusal> {
        undisclosed.record(&self.recorder).await.map_err(|error| {
            tracing::error!("a decision could not be recorded: {error}");
            Refusal::not_recorded()
        })
    }

    /// An answer, or a refusal that is on record.
    pub(super) async fn answered<A>(
        &self,
        limits: &super::limits::Limits,
        caller: &Caller,
        call: Call,
        answer: Result<A, Refusal>,
    ) -> Result<Response<A>, Status> {
        match answer {
            Ok(answer) => Ok(Response::new(answer)),
            Err(refusal) => {
                let (reason, call_name) = (refusal.reason.as_str_name(), call.as_str_name());
                tracing::info!(reason, call = call_name, organisation = caller.organisation, "request refused");
                self.record_denial(limits, caller, call, refusal.reason).await;
                Err(refusal.status())
            }
        }
    }

    /// Puts a denial on record, unless the caller's come too fast: then they are summed into the next.
    pub(super) async fn record_denial(
        &self,
        limits: &super::limits::Limits,
        caller: &Caller,
        call: Call,
        reason: DenialReason,
    ) {
        let who = caller.who();
        let Some(denials_summed) = limits.denial(&who, Instant::now()) else { return };
        let denial = Disclosure {
            decision_id: uuid::Uuid::now_v7().into_bytes().to_vec(),
            organisation: caller.organisation.clone(),
            person: caller.person.clone(),
            roles: caller.roles.iter().map(|role| (*role).into()).collect(),
            denied: reason.into(),
            denials_summed,
            call: call.into(),
            ..Disclosure::default()
        };
        if let Err(error) = self.recorder.record(&denial).await {
            tracing::error!("a denial could not be recorded: {error}");
        }
    }
}

fn cannot_be_read(error: ChildError) -> Refusal {
    tracing::error!("a child could not be read: {error}");
    Refusal::not_recorded()
}
