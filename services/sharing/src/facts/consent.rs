//! What was agreed to, for one recipient, category and purpose.

use jiff::civil::Date;
use proto::events::event::Kind;
use proto::sharing::ConsentRecorded;
use proto::sharing::consent_recorded::{GivenBy, Kind as ConsentKind, State};

use crate::days::{first_day, last_day};
use crate::facts::ChildFacts;
use crate::facts::versions::Stated;
use crate::vocabulary::{Category, ConsentState, Purpose};

/// Every act of consent to share that has taken effect by the day.
#[derive(Clone, Debug, Default)]
pub(crate) struct Consents(Vec<Act>);

#[derive(Clone, Debug)]
struct Act {
    subject: [u8; 16],
    position: (i64, u64),
    on: Date,
    consent: ConsentRecorded,
}

/// What consent is asked about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'a> {
    /// An organisation id, or a person's token subject.
    pub(crate) recipient: &'a str,
    /// The recipient must be named: consent that any organisation may receive is none that any person may.
    pub(crate) must_be_named: bool,
    pub(crate) category: Category,
    pub(crate) purpose: Purpose,
}

impl Consents {
    pub(crate) fn fold(stated: &[Stated], valid_on: Date) -> Self {
        let acts = stated.iter().filter_map(|event| {
            let Some(Kind::ConsentRecorded(consent)) = &event.event.kind else {
                return None;
            };
            // What stops sharing takes effect on the first day that its date can mean, what opens it on the last.
            let side = if consent.state() == State::Given { last_day } else { first_day };
            let on = consent.from.as_ref().map_or(event.published_on, side)?;
            let act = Act { subject: event.subject, position: event.position, on, consent: consent.clone() };
            (consent.kind() == ConsentKind::Share && on <= valid_on).then_some(act)
        });
        Self(acts.collect())
    }
}

impl ChildFacts {
    /// The state of consent for this scope. A refusal binds until the same giver consents of the same subject, or under
    /// the refusal's own id; a withdrawal takes back the consent it names, or everything of its scope when it names none.
    pub(crate) fn consent(&self, scope: &Scope<'_>) -> ConsentState {
        let acts = &self.consents().0;
        let covering = |state: State| acts.iter().filter(move |act| act.state() == state && act.covers(scope));
        let given: Vec<&Act> = covering(State::Given).collect();
        let refused = covering(State::Refused).any(|refusal| {
            !self.authority_ended(refusal) && !given.iter().any(|act| act.resolves(refusal) && self.stands(act, scope))
        });
        if refused {
            return ConsentState::Refused;
        }
        if given.iter().any(|act| self.stands(act, scope)) {
            return ConsentState::Given;
        }
        let withdrawn = given.iter().any(|act| self.withdrawn(act, scope)) || covering(State::Withdrawn).any(|_| true);
        match (withdrawn, given.is_empty()) {
            (true, _) => ConsentState::Withdrawn,
            (false, false) => ConsentState::Lapsed,
            (false, true) => ConsentState::None,
        }
    }

    /// Given by somebody who may still give it, not expired, not taken back.
    fn stands(&self, given: &Act, scope: &Scope<'_>) -> bool {
        let unexpired = match &given.consent.to {
            None => true,
            Some(to) => first_day(to).is_some_and(|to| self.valid_on() <= to),
        };
        unexpired && self.may_still_give(given, scope) && !self.withdrawn(given, scope)
    }

    fn may_still_give(&self, given: &Act, scope: &Scope<'_>) -> bool {
        match given.consent.by() {
            GivenBy::Subject => self.competence().competent,
            GivenBy::Parent => !self.parent_outgrown(scope.category) && !scope.must_be_named,
            GivenBy::Unspecified => false,
        }
    }

    /// Whether a parent's consent has, or may have, lapsed for this category: for health from sixteen, for special
    /// educational needs from the end of compulsory school age unless the young person lacks capacity, else from eighteen.
    fn parent_outgrown(&self, category: Category) -> bool {
        let on = self.valid_on();
        match category {
            Category::GpSummary
            | Category::Immunisation
            | Category::Hospital
            | Category::Therapy
            | Category::MentalHealth
            | Category::SexualHealth
            | Category::SubstanceMisuse => self.births().maybe_aged(16, on),
            Category::Send | Category::Ehcp => {
                self.births().maybe_past_compulsory_school_age(on) && !self.competence().lacking
                    || self.births().maybe_aged(18, on)
            }
            _ => self.births().maybe_aged(18, on),
        }
    }

    /// A parent's refusal ends when the child is surely an adult.
    fn authority_ended(&self, refusal: &Act) -> bool {
        refusal.consent.by() == GivenBy::Parent && self.births().surely_aged(18, self.valid_on())
    }

    fn withdrawn(&self, given: &Act, scope: &Scope<'_>) -> bool {
        let acts = &self.consents().0;
        let names_a_consent = |id: &str| acts.iter().any(|act| act.state() == State::Given && act.consent.id() == id);
        acts.iter().filter(|act| act.state() == State::Withdrawn && !given.later_than(act)).any(|act| {
            if !act.consent.id().is_empty() && names_a_consent(act.consent.id()) {
                act.consent.id() == given.consent.id()
            } else {
                act.covers(scope)
            }
        })
    }
}

impl Act {
    fn state(&self) -> State {
        self.consent.state()
    }

    fn covers(&self, scope: &Scope<'_>) -> bool {
        let named = self.consent.recipients.iter().any(|id| id == scope.recipient);
        let any = |list: &[i32], wanted: i32| list.is_empty() || list.contains(&wanted);
        let recipient =
            named || self.consent.recipients.is_empty() && (!scope.must_be_named || self.state() != State::Given);
        recipient
            && any(&self.consent.categories, scope.category.into())
            && any(&self.consent.purposes, scope.purpose.into())
    }

    /// Whether this comes after the other: on a later day, or on the same day of the same subject and later in the log. Two
    /// subjects' acts of one day contradict, and then neither comes after.
    fn later_than(&self, other: &Self) -> bool {
        self.on > other.on || self.on == other.on && self.subject == other.subject && self.position > other.position
    }

    /// Whether this consent takes the place of that refusal.
    fn resolves(&self, refusal: &Self) -> bool {
        let same_id = !refusal.consent.id().is_empty() && refusal.consent.id() == self.consent.id();
        let same_subject = self.subject == refusal.subject && self.consent.by() == refusal.consent.by();
        self.later_than(refusal) && (same_id || same_subject)
    }
}
