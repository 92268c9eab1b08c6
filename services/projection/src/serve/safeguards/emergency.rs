//! Breaking the glass, what was broken, and its review.

use event_log::Pseudonym;
use proto::events::Subject;
use proto::events::event::Kind;
use proto::sharing::{
    AssertBreakGlassRequest, AssertBreakGlassResponse, BreakGlass, BreakGlassAlarm, BreakGlassAsserted,
    BreakGlassReview, BreakGlassReviewed, Call, DenialReason, ListBreakGlassRequest, ListBreakGlassResponse,
    Obligation, Purpose, ReviewBreakGlassRequest, ReviewBreakGlassResponse, break_glass_reviewed,
};
use proto::timeline::GetTimelineRequest;
use runtime::metrics;
use sharing::{Act, BREAK_GLASS_MINUTES_MAX};

use super::{At, SafeguardService, bounds, malformed, words};
use crate::identities::timestamp;
use crate::notices::{Broken, REVIEW_WITHIN_US, alarms, overdue};
use crate::serve::desk::Credentials;
use crate::serve::refusal::Refusal;
use crate::serve::request;

const REASON: (usize, usize) = (10, 1_000);
const REVIEW_WORDS: (usize, usize) = (3, 2_000);

/// What an emergency was asserted as, checked.
struct Asserted {
    child: Subject,
    subject: Pseudonym,
    purpose: Purpose,
    reason: String,
    minutes: u32,
}

impl SafeguardService {
    pub(super) async fn asserted(
        &self,
        at: At<'_>,
        shown: &Credentials,
        request: AssertBreakGlassRequest,
    ) -> Result<AssertBreakGlassResponse, Refusal> {
        self.admit(at.caller)?;
        let asserted = self.read(at, request)?;
        self.may_break(at, shown, asserted.purpose)?;
        let _in_turn = self.in_turn.lock().await;
        // An emergency waits for no list: what is not read yet may be asserted twice, and does no more than once.
        if let Err(error) = self.noticed.catch_up().await {
            tracing::warn!("what was asserted before is not all read: {error}");
        }
        let purpose = asserted.purpose;
        let call = (Call::AssertBreakGlass, purpose);
        if let Some(stands) = self.stands(at, &asserted) {
            return self.on_record(at, call, Some(asserted.subject), 0, stands, |a, id| a.decision_id = id).await;
        }
        let id = uuid::Uuid::now_v7().into_bytes();
        let answer = answer(&id, at.now_us, asserted.minutes);
        // On record before it is done, and on the log before it opens anything.
        let answer = self.on_record(at, call, Some(asserted.subject), 0, answer, |a, id| a.decision_id = id).await?;
        let kind = Kind::BreakGlassAsserted(BreakGlassAsserted {
            person: Some(at.caller.person.clone()),
            organisation: Some(at.caller.organisation.clone()),
            reason: Some(asserted.reason),
            asserted_at: Some(timestamp(at.now_us)),
            minutes: Some(asserted.minutes),
            purpose: Some(purpose.into()),
            id: Some(id.to_vec()),
        });
        self.publish(at, asserted.child, kind).await?;
        metrics::BREAK_GLASS_ASSERTED.add(1, []);
        tracing::warn!(organisation = at.caller.organisation, "the glass was broken");
        Ok(answer)
    }

    fn read(&self, at: At<'_>, request: AssertBreakGlassRequest) -> Result<Asserted, Refusal> {
        let AssertBreakGlassRequest { child, purpose, reason, minutes } = request;
        let asked = GetTimelineRequest { child, purpose, ..GetTimelineRequest::default() };
        let asked = request::read(asked, at.now_us, at.today)?;
        let minutes = match minutes {
            0 => BREAK_GLASS_MINUTES_MAX,
            minutes if minutes <= BREAK_GLASS_MINUTES_MAX => minutes,
            _ => return Err(malformed("minutes", "must be at most 60")),
        };
        let reason = words(&reason, "reason", REASON)?;
        let subject = self.desk.pseudonyms.of(&asked.child);
        Ok(Asserted { child: asked.child, subject, purpose: asked.purpose, reason, minutes })
    }

    /// Decided by who they are and what for, and never by the child.
    fn may_break(&self, at: At<'_>, shown: &Credentials, purpose: Purpose) -> Result<(), Refusal> {
        let mut request = self.request(at, purpose);
        let own = &at.caller.organisation;
        request.stepped_up = true;
        if !self.may(&request, Act::AssertBreakGlass, own)? {
            let told = "breaking the glass is for safeguarding and clinical roles, for child protection or direct care";
            return Err(Refusal::new(DenialReason::MayNotBreakGlass, told));
        }
        request.stepped_up = self.desk.stepped_up(shown, (at.now_us, at.today))?;
        if !self.may(&request, Act::AssertBreakGlass, own)? {
            let told =
                "breaking the glass takes a fresh sign-in: sign in again, as your organisation asks, and repeat this";
            return Err(Refusal::new(DenialReason::StepUpNeeded, told));
        }
        Ok(())
    }

    /// The same, asserted before and not over: perhaps because no answer came.
    fn stands(&self, at: At<'_>, asserted: &Asserted) -> Option<AssertBreakGlassResponse> {
        let held = self.noticed.held();
        let same = |broken: &&Broken| {
            let said = &broken.said;
            broken.subject == asserted.subject.0
                && (said.organisation(), said.person()) == (&at.caller.organisation, &at.caller.person)
                && (said.purpose(), said.reason()) == (asserted.purpose, asserted.reason.as_str())
                && (broken.at_us..broken.ends_us()).contains(&at.now_us)
        };
        let broken = held.broken.values().find(same)?;
        Some(answer(&broken.id, broken.at_us, broken.said.minutes()))
    }

    pub(super) async fn listed(
        &self,
        at: At<'_>,
        request: ListBreakGlassRequest,
    ) -> Result<ListBreakGlassResponse, Refusal> {
        self.admit(at.caller)?;
        let (since_us, limit) = bounds(request.since, request.limit, at.now_us)?;
        self.own(at, Act::ReadNotices)?;
        self.caught_up().await?;
        let everybodys = self.runs_service(at.caller);
        let own = &at.caller.organisation;
        let answer = {
            let held = self.noticed.held();
            let theirs = held.broken.values().filter(|broken| everybodys || broken.said.organisation() == own);
            let mut listed: Vec<&Broken> = theirs.clone().filter(|broken| broken.at_us >= since_us).collect();
            listed.retain(|broken| !request.overdue || overdue(broken, at.now_us));
            listed.sort_by_key(|broken| std::cmp::Reverse((broken.at_us, broken.id)));
            let shown = |broken: &&Broken| show(broken, broken.said.organisation() == own, at.now_us);
            ListBreakGlassResponse {
                break_glass: listed.iter().take(limit).map(shown).collect(),
                alarms: alarms(theirs, at.now_us, self.noticed.often())
                    .into_iter()
                    .map(|alarm| BreakGlassAlarm {
                        organisation: alarm.organisation,
                        person: alarm.person,
                        in_a_day: alarm.in_a_day,
                        in_a_week: alarm.in_a_week,
                    })
                    .collect(),
                decision_id: Vec::new(),
            }
        };
        let lines = answer.break_glass.len();
        let call = (Call::ListBreakGlass, Purpose::Audit);
        self.on_record(at, call, None, lines, answer, |answer, id| answer.decision_id = id).await
    }

    pub(super) async fn reviewed(
        &self,
        at: At<'_>,
        request: ReviewBreakGlassRequest,
    ) -> Result<ReviewBreakGlassResponse, Refusal> {
        self.admit(at.caller)?;
        let outcome = break_glass_reviewed::Outcome::try_from(request.outcome).ok();
        let outcome = outcome.filter(|outcome| *outcome != break_glass_reviewed::Outcome::Unspecified);
        let outcome = outcome.ok_or_else(|| malformed("outcome", "must say what the review found"))?;
        let said = words(&request.words, "words", REVIEW_WORDS)?;
        let id: [u8; 16] =
            request.break_glass.try_into().map_err(|_| malformed("break_glass", "must be sixteen bytes"))?;
        // Before anything is waited for: whose it can be at all to review, whatever the glass.
        self.may_review_at_all(at)?;
        let _in_turn = self.reviews_in_turn.lock().await;
        self.caught_up().await?;
        let broken = self.noticed.held().broken.get(&id).cloned();
        let none = || Refusal::new(DenialReason::NoSuchBreakGlass, "no break-glass of this id is before you");
        let broken = broken.ok_or_else(none)?;
        self.may_review(at, &broken)?.then_some(()).ok_or_else(none)?;
        if broken.review.is_some() {
            return Err(Refusal::new(DenialReason::ReviewedAlready, "it has been reviewed: the first review stands"));
        }
        let child = broken.child.clone().ok_or_else(none)?;
        let call = (Call::ReviewBreakGlass, Purpose::Audit);
        let subject = Some(Pseudonym(broken.subject));
        let answer = ReviewBreakGlassResponse::default();
        let answer = self.on_record(at, call, subject, 0, answer, |answer, id| answer.decision_id = id).await?;
        let kind = Kind::BreakGlassReviewed(BreakGlassReviewed {
            break_glass: Some(id.to_vec()),
            outcome: Some(outcome.into()),
            reviewed_by: Some(at.caller.person.clone()),
            organisation: Some(at.caller.organisation.clone()),
            words: Some(said),
            reviewed_at: Some(timestamp(at.now_us)),
        });
        self.publish(at, child, kind).await?;
        Ok(answer)
    }

    /// Whether this caller may review any: of their own organisation, or of all where theirs runs the service.
    fn may_review_at_all(&self, at: At<'_>) -> Result<(), Refusal> {
        self.own(at, Act::ReviewBreakGlass)
    }

    /// Whether this caller may review it; that it is their own is said to them and to nobody else.
    fn may_review(&self, at: At<'_>, broken: &Broken) -> Result<bool, Refusal> {
        let of = broken.said.organisation();
        let mut request = self.request(at, Purpose::Audit);
        let may = self.may(&request, Act::ReviewBreakGlass, of)?;
        request.own_act = (of, broken.said.person()) == (at.caller.organisation.as_str(), at.caller.person.as_str());
        if may && !self.may(&request, Act::ReviewBreakGlass, of)? {
            let told = "you broke this glass yourself: somebody else reviews it";
            return Err(Refusal::new(DenialReason::SecondPersonNeeded, told));
        }
        Ok(may)
    }
}

fn answer(id: &[u8; 16], at_us: i64, minutes: u32) -> AssertBreakGlassResponse {
    let owed = [Obligation::Justify, Obligation::NotifyCaldicottGuardian, Obligation::Review72h];
    AssertBreakGlassResponse {
        break_glass: id.to_vec(),
        ends_at: Some(timestamp(at_us.saturating_add(i64::from(minutes) * 60_000_000))),
        owed: owed.into_iter().map(Into::into).collect(),
        review_due_at: Some(timestamp(at_us.saturating_add(REVIEW_WITHIN_US))),
        decision_id: Vec::new(),
    }
}

/// One of a list. What somebody wrote, and of which child, is for their own organisation.
fn show(broken: &Broken, own: bool, now_us: i64) -> BreakGlass {
    let said = &broken.said;
    let review = broken.review.as_ref().map(|review| BreakGlassReview {
        outcome: review.outcome().into(),
        reviewed_by: review.reviewed_by().to_owned(),
        organisation: review.organisation().to_owned(),
        words: if own { review.words().to_owned() } else { String::new() },
        reviewed_at: review.reviewed_at,
    });
    BreakGlass {
        id: broken.id.to_vec(),
        child: broken.child.clone().filter(|_| own),
        organisation: said.organisation().to_owned(),
        person: said.person().to_owned(),
        purpose: said.purpose().into(),
        reason: if own { said.reason().to_owned() } else { String::new() },
        asserted_at: Some(timestamp(broken.at_us)),
        ends_at: Some(timestamp(broken.ends_us())),
        review_due_at: Some(timestamp(broken.at_us.saturating_add(REVIEW_WITHIN_US))),
        overdue: overdue(broken, now_us),
        review,
        answers: u32::try_from(broken.answers.len()).unwrap_or(u32::MAX),
        organisations_opened: u32::try_from(broken.opened.len()).unwrap_or(u32::MAX),
    }
}
