//! Deciding about a pair: what is recorded, and what it takes.

use std::time::Duration;

use event_log::Position;
use identity::Id;
use jiff::civil::Date;
use proto::events::event::Kind;
use proto::events::{
    DecisionProposed, IdentifierSuperseded, PairLeftOpen, Review, Subject, SubjectsLinked, SubjectsUnlinked, Verdict,
};
use proto::identity::decide_response::Outcome;
use proto::identity::{DecideRequest, DecideResponse};
use proto::sharing::{Call, DenialReason};

use super::{Found, IdentityService, by_item, by_pair, malformed};
use crate::disclose::Undisclosed;
use crate::identities::steps::Step;
use crate::identities::{Matter, Pair, Surroundings, pair, seen, timestamp};
use crate::serve::caller::Caller;
use crate::serve::refusal::Refusal;

/// How long a proposal can be confirmed.
const PROPOSAL_HOLDS_US: i64 = 14 * 86_400_000_000;
/// How long a decision is waited for until it is read back.
const READ_BACK_MAX: Duration = Duration::from_secs(5);
const REASON_CHARACTERS_MAX: usize = 500;
/// The least of what was seen that a decision names.
const SEEN_BYTES_MIN: usize = 4;

/// What was asked, checked.
struct Asked {
    verdict: Verdict,
    seen: Vec<u8>,
    reason: String,
    from_all: bool,
    /// By a pair: the one named first.
    one: Option<Subject>,
}

/// One event to record.
struct Recorded {
    pair: Pair,
    subject: Subject,
    kind: Kind,
}

impl IdentityService {
    pub(super) async fn decision(
        &self,
        caller: &Caller,
        request: DecideRequest,
        (now_us, today): (i64, Date),
    ) -> Result<DecideResponse, Refusal> {
        use proto::identity::decide_request::About as By;
        self.admit(caller).await?;
        let about = match request.about.clone() {
            Some(By::Item(item)) => by_item(item)?,
            Some(By::Pair(pair)) => by_pair(pair.one, pair.other)?,
            None => return Err(malformed("about", "is missing")),
        };
        let one = match &about {
            super::About::Pair(one, _) => Some(one.clone()),
            _ => None,
        };
        let asked = read(request, one)?;
        let _in_turn = self.deciding.lock().await;
        let found = self.found(caller, about, today).await?;
        if let Some(stood) = stood_already(&found.matter, caller, &asked, now_us) {
            return self.on_record(caller, &found, stood, (now_us, today)).await;
        }
        self.stands_as_seen(&found, &asked)?;
        let proposal = needed(&found.matter, caller, &asked, now_us)?;
        let review = self.review(caller, &found, proposal)?;
        let (outcome, records) = if proposal.is_none() && found.matter.needs_two(asked.verdict) {
            (Outcome::Proposed, vec![propose(&found.matter, caller, &asked, review, now_us)])
        } else if asked.from_all {
            (Outcome::Decided, self.parted_from_all(caller, &found, &asked).await?)
        } else {
            (Outcome::Decided, vec![decided(&found.matter, caller, &asked, review)])
        };
        let expires_at = (outcome == Outcome::Proposed).then(|| timestamp(now_us.saturating_add(PROPOSAL_HOLDS_US)));
        let answer =
            DecideResponse { outcome: outcome.into(), expires_at, events: Vec::new(), decision_id: Vec::new() };
        // On record before it is done: who decided what they were shown.
        let mut answer = self.on_record(caller, &found, answer, (now_us, today)).await?;
        for record in records {
            let event = self.publish(record, now_us, today).await?;
            answer.events.push(event.to_vec());
        }
        Ok(answer)
    }

    /// Puts an answer about a pair on record.
    async fn on_record(
        &self,
        caller: &Caller,
        found: &Found,
        mut answer: DecideResponse,
        (now_us, today): (i64, Date),
    ) -> Result<DecideResponse, Refusal> {
        let mut record = self.record_of(caller, Call::Decide, found, today, now_us);
        // Nothing is shown by deciding.
        record.entries_released = 0;
        answer.decision_id.clone_from(&record.decision_id);
        self.desk.record(Undisclosed::new(record, answer)).await
    }

    /// Records a decision, and reads it back: whether it stands, or another came between.
    async fn publish(&self, record: Recorded, now_us: i64, today: Date) -> Result<Id, Refusal> {
        let day = proto::events::Date {
            year: today.year().into(),
            month: u32::try_from(today.month()).ok(),
            day: u32::try_from(today.day()).ok(),
            estimated: false,
        };
        let published = self.commands.decided(record.subject, record.kind, now_us, day).await;
        let (event, position) = published.map_err(|error| {
            tracing::error!("a decision about a pair could not be recorded: {error}");
            Refusal::not_recorded()
        })?;
        self.has_read_to(position).await?;
        let of = record.pair;
        let overtaken = self
            .reading(move |permitting, queue| {
                queue.mark_subjects([of.0, of.1]);
                let around = Surroundings::read(permitting.children(), &[of.0, of.1])?;
                Ok(around.steps(of).any(|step| step.event == event.0 && step.is_overtaken))
            })
            .await?;
        if overtaken {
            return Err(changed("somebody else decided about this pair at the same moment: look again"));
        }
        Ok(event.0)
    }

    /// Waits until the store holds what was just recorded.
    async fn has_read_to(&self, at: Position) -> Result<(), Refusal> {
        let mut progress = self.desk.progress.clone();
        let until = tokio::time::Instant::now() + READ_BACK_MAX;
        loop {
            progress.mark_unchanged();
            let read = self
                .reading(move |permitting, _| {
                    let store = &permitting.children().store;
                    Ok(store.read(at.partition.into(), |view| view.offset(at.topic, at.partition))?)
                })
                .await?;
            if read > at.offset {
                return Ok(());
            }
            let Ok(Ok(())) = tokio::time::timeout_at(until, progress.changed()).await else {
                let late = "the decision is on the log and is not read yet: look at the pair again shortly";
                return Err(Refusal::new(DenialReason::NotRecorded, late));
            };
        }
    }

    /// A decision is made on what was seen.
    fn stands_as_seen(&self, found: &Found, asked: &Asked) -> Result<(), Refusal> {
        if seen(&found.matter, &found.permitted).starts_with(&asked.seen) {
            return Ok(());
        }
        Err(changed("the pair does not stand as you saw it: look again, and decide on what is there now"))
    }

    fn review(&self, caller: &Caller, found: &Found, proposal: Option<&Step>) -> Result<Review, Refusal> {
        let Found { matter, permitted } = found;
        let (weighed, _) = self.shown(caller, Call::Decide, found, (0, Date::constant(1970, 1, 1)))?;
        let weighed = weighed.answer();
        Ok(Review {
            organisation: Some(caller.organisation.clone()),
            proposed_by: proposal.map(|step| step.person.clone()),
            proposed_by_organisation: proposal.map(|step| step.organisation().to_owned()),
            proposal: proposal.map(|step| step.event.to_vec()),
            shown: Some(seen(matter, permitted).to_vec()),
            why: matter.why.union(&matter.contested).map(|why| (*why).into()).collect(),
            parameters: Some(weighed.parameters.clone()).filter(|version| !version.is_empty()),
            weight: weighed.weight,
            probability: weighed.probability,
            follows: Some(matter.last()),
        })
    }

    /// Parts one subject from everybody whom it is linked with; those stay one child, though what made them so may be the number
    /// that is now in doubt.
    async fn parted_from_all(&self, caller: &Caller, found: &Found, asked: &Asked) -> Result<Vec<Recorded>, Refusal> {
        let one = asked.one.as_ref().map(|subject| self.desk.pseudonyms.of(subject).0);
        let one = one.ok_or_else(|| malformed("from_all", "is for a pair: which of the two is meant is not said"))?;
        let side = found.matter.sides.iter().find(|side| side.id == one);
        let others: Vec<Id> =
            side.into_iter().flat_map(|side| side.names.keys().copied()).filter(|id| *id != one).collect();
        let matters = self.reading(move |permitting, _| {
            let around = Surroundings::read(permitting.children(), &[one])?;
            let parted = others
                .iter()
                .filter_map(|other| around.matter(pair(one, *other)))
                .map(|matter| (matter, Verdict::Unlink));
            let (first, rest) = others.split_first().map_or((None, &[][..]), |(first, rest)| (Some(*first), rest));
            let kept = first.into_iter().flat_map(|first| rest.iter().map(move |other| pair(first, *other)));
            let kept = kept.filter_map(|of| around.matter(of)).map(|matter| (matter, Verdict::Link));
            Ok(parted.chain(kept).collect::<Vec<(Matter, Verdict)>>())
        });
        let matters = matters.await?;
        if matters.iter().any(|(matter, verdict)| *verdict == Verdict::Unlink && matter.needs_two(Verdict::Unlink)) {
            let two = "one of these links was made by two people: part that pair by itself first";
            return Err(Refusal::new(DenialReason::SecondPersonNeeded, two));
        }
        let review = self.review(caller, found, None)?;
        let recorded = |(matter, verdict): (Matter, Verdict)| {
            let review = Review { follows: Some(matter.last()), ..review.clone() };
            decided(&matter, caller, &Asked { verdict, ..asked.plain() }, review)
        };
        Ok(matters.into_iter().map(recorded).collect())
    }
}

impl Asked {
    /// The same without what is for one pair alone.
    fn plain(&self) -> Self {
        Self { verdict: self.verdict, seen: Vec::new(), reason: self.reason.clone(), from_all: false, one: None }
    }
}

fn read(request: DecideRequest, one: Option<Subject>) -> Result<Asked, Refusal> {
    let verdict = Verdict::try_from(request.verdict).ok().filter(|verdict| *verdict != Verdict::Unspecified);
    let verdict = verdict.ok_or_else(|| malformed("verdict", "must say what becomes of the pair"))?;
    if !(SEEN_BYTES_MIN..=16).contains(&request.seen.len()) {
        return Err(malformed("seen", "must be what came with the pair, or its first four bytes"));
    }
    let reason = request.reason.trim().to_owned();
    if reason.is_empty() || reason.chars().count() > REASON_CHARACTERS_MAX {
        return Err(malformed("reason", "must say why, in at most 500 characters"));
    }
    if request.from_all && verdict != Verdict::Unlink {
        return Err(malformed("from_all", "goes with unlinking alone"));
    }
    if verdict == Verdict::Supersede && one.is_none() {
        return Err(malformed("about", "must be a pair: the number that went, and the one that stands"));
    }
    Ok(Asked { verdict, seen: request.seen, reason, from_all: request.from_all, one })
}

/// What this person did before and asks for again, perhaps because no answer came: it is not done twice.
fn stood_already(matter: &Matter, caller: &Caller, asked: &Asked, now_us: i64) -> Option<DecideResponse> {
    let last = matter.steps.iter().rfind(|step| !step.is_overtaken)?;
    let is_theirs = last.person == caller.person && last.organisation() == caller.organisation;
    let same = is_theirs && last.verdict == asked.verdict && last.review.as_ref()?.shown().starts_with(&asked.seen);
    let stands = last.counts() || last.is_open(now_us);
    (same && stands).then(|| DecideResponse {
        outcome: Outcome::StoodAlready.into(),
        events: vec![last.event.to_vec()],
        expires_at: last.expires_at_us.map(timestamp),
        decision_id: Vec::new(),
    })
}

/// Whether there is anything to decide, and the proposal that this decision confirms, if it is one that takes two.
fn needed<'m>(matter: &'m Matter, caller: &Caller, asked: &Asked, now_us: i64) -> Result<Option<&'m Step>, Refusal> {
    let nothing = |what| Err(Refusal::new(DenialReason::NothingToDecide, what));
    match asked.verdict {
        Verdict::Link if matter.is_linked => return nothing("the two are one child already"),
        Verdict::Unlink if matter.is_unlinked && !matter.is_linked => {
            return nothing("a person has parted the two already");
        }
        Verdict::Unlink if matter.is_held_by_others && !asked.from_all => {
            return nothing(
                "people's other decisions hold the two together: part those pairs first, or one of the two from all",
            );
        }
        Verdict::Leave if matter.is_linked || matter.is_unlinked => return nothing("a decision stands about the two"),
        Verdict::Supersede => {
            let [one, other] = matter.sides.each_ref().map(|side| (side.subject.scheme, side.subject.issuer.as_str()));
            if one != other {
                return nothing("a number takes the place of another of its own issuer alone");
            }
        }
        _ => {}
    }
    if !matter.needs_two(asked.verdict) {
        return Ok(None);
    }
    let Some(proposal) = matter.proposal(now_us).filter(|step| step.verdict == asked.verdict) else { return Ok(None) };
    let went = |step: &Step| matter.sides.iter().find(|side| side.id == step.subject).map(|side| side.subject.clone());
    if asked.verdict == Verdict::Supersede && asked.one.is_some() && went(proposal) != asked.one {
        return nothing("it was proposed the other way round");
    }
    if proposal.person == caller.person && proposal.organisation() == caller.organisation {
        let two = "you proposed this: another person must confirm it";
        return Err(Refusal::new(DenialReason::SecondPersonNeeded, two));
    }
    Ok(Some(proposal))
}

/// A proposal stands under the smaller id, as a decision does: one partition holds all that is done about a pair. That a number
/// went is proposed under that number.
fn propose(matter: &Matter, caller: &Caller, asked: &Asked, review: Review, now_us: i64) -> Recorded {
    let [one, other] = matter.sides.each_ref().map(|side| side.subject.clone());
    let (subject, other) = match &asked.one {
        Some(went) if asked.verdict == Verdict::Supersede && *went == other => (other, one),
        _ => (one, other),
    };
    let proposed = DecisionProposed {
        other: Some(other),
        verdict: Some(asked.verdict.into()),
        proposed_by: Some(caller.person.clone()),
        reason: Some(asked.reason.clone()),
        review: Some(review),
        expires_at: Some(timestamp(now_us.saturating_add(PROPOSAL_HOLDS_US))),
    };
    Recorded { pair: matter.pair, subject, kind: Kind::DecisionProposed(proposed.into()) }
}

fn decided(matter: &Matter, caller: &Caller, asked: &Asked, review: Review) -> Recorded {
    let [one, other] = matter.sides.each_ref().map(|side| side.subject.clone());
    let (decided_by, reason, review) = (Some(caller.person.clone()), Some(asked.reason.clone()), Some(review));
    let (subject, kind) = match asked.verdict {
        Verdict::Unlink => {
            (one, Kind::SubjectsUnlinked(SubjectsUnlinked { other: Some(other), decided_by, reason, review }.into()))
        }
        Verdict::Leave => {
            (one, Kind::PairLeftOpen(PairLeftOpen { other: Some(other), decided_by, reason, review }.into()))
        }
        Verdict::Supersede => {
            let (went, stands) = if asked.one.as_ref() == Some(&one) { (one, other) } else { (other, one) };
            let superseded = Some(went);
            (stands, Kind::IdentifierSuperseded(IdentifierSuperseded { superseded, decided_by, reason, review }.into()))
        }
        Verdict::Link | Verdict::Unspecified => {
            (one, Kind::SubjectsLinked(SubjectsLinked { other: Some(other), decided_by, reason, review }.into()))
        }
    };
    Recorded { pair: matter.pair, subject, kind }
}

fn changed(what: &'static str) -> Refusal {
    Refusal::new(DenialReason::ItemChanged, what)
}
