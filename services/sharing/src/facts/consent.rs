//! What was agreed to, for one recipient, category and purpose.

use std::collections::BTreeSet;

use jiff::civil::Date;
use proto::events::event::Kind;
use proto::sharing::consent_recorded::{CapacityBasis as Basis, GivenBy, Kind as ConsentKind, State};
use proto::sharing::{ConsentRecorded, DecisionKind};

use crate::days::{first_day, last_day};
use crate::decide::consent_mark;
use crate::facts::ChildFacts;
use crate::facts::forms::ConsentForms;
use crate::facts::versions::Stated;
use crate::vocabulary::{Category, ConsentState, Label, Purpose};

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
    pub(crate) recipient: Recipient<'a>,
    pub(crate) category: Category,
    pub(crate) purpose: Purpose,
}

/// Who would receive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Recipient<'a> {
    /// By its id.
    Organisation(&'a str),
    /// Somebody who is not staff, as their issuer names them. Consent must name them too: that any organisation may receive is
    /// no consent that any person may.
    Person { issuer: &'a str, person: &'a str },
}

impl Consents {
    pub(crate) fn fold(stated: &[Stated], forms: &ConsentForms, valid_on: Date) -> Self {
        let acts = stated.iter().filter_map(|event| {
            let Some(Kind::ConsentRecorded(consent)) = &event.event.kind else {
                return None;
            };
            // What stops sharing takes effect on the first day that its date can mean, what opens it on the last.
            let side = if consent.state() == State::Given { last_day } else { first_day };
            let on = consent.from.as_ref().map_or(event.published_on, side)?;
            let consent = forms.read(consent, on)?;
            // To take a service, to be assessed or treated is another matter: to stop a service shuts nobody out of the record.
            let shares = consent.kind() == ConsentKind::Share;
            let act = Act { subject: event.subject, position: event.position, on, consent };
            (shares && on <= valid_on).then_some(act)
        });
        Self(acts.collect())
    }
}

impl ChildFacts {
    /// The state of consent for this scope. A refusal binds until whoever refused consents of the same subject, or somebody
    /// does under the refusal's own id, or a young person who may decide for themself consents after a parent refused. A
    /// withdrawal takes back the consent it names, so far as it says, or everything of its scope when it names none.
    pub(crate) fn consent(&self, scope: &Scope<'_>) -> ConsentState {
        self.consent_to(scope, &BTreeSet::new())
    }

    /// The state of consent for records of this scope that bear these labels.
    pub(crate) fn consent_to(&self, scope: &Scope<'_>, labels: &BTreeSet<Label>) -> ConsentState {
        let acts = &self.consents().0;
        let covering = |state: State| acts.iter().filter(move |act| act.state() == state && act.covers(scope));
        let given: Vec<&Act> = covering(State::Given).collect();
        let refused = covering(State::Refused).any(|refusal| {
            !self.authority_ended(refusal)
                && !given.iter().any(|act| act.resolves(refusal) && self.stands(act, scope, labels))
        });
        if refused {
            return ConsentState::Refused;
        }
        if given.iter().any(|act| self.stands(act, scope, labels)) {
            return ConsentState::Given;
        }
        let answered = |withdrawal: &Act| given.iter().any(|act| act.answers(withdrawal) && self.could_give(act));
        if self.withdrawals(scope).any(|withdrawal| !answered(withdrawal)) {
            return ConsentState::Withdrawn;
        }
        if given.is_empty() { ConsentState::None } else { ConsentState::Lapsed }
    }

    /// The consents that stand for this scope, each by its mark: see [`consent_mark`].
    pub(crate) fn consents_standing(&self, scope: &Scope<'_>, labels: &BTreeSet<Label>) -> BTreeSet<[u8; 4]> {
        let given = self.consents().0.iter().filter(|act| act.state() == State::Given && act.covers(scope));
        let standing = given.filter(|act| self.stands(act, scope, labels));
        standing.map(|act| consent_mark(&act.subject, act.consent.id())).collect()
    }

    /// Given by somebody who may still give it, not expired, not taken back.
    fn stands(&self, given: &Act, scope: &Scope<'_>, labels: &BTreeSet<Label>) -> bool {
        let unexpired = match &given.consent.to {
            None => true,
            Some(to) => first_day(to).is_some_and(|to| self.valid_on() <= to),
        };
        unexpired && self.may_still_give(given, scope, labels) && !self.withdrawn(given, scope)
    }

    fn may_still_give(&self, given: &Act, scope: &Scope<'_>, labels: &BTreeSet<Label>) -> bool {
        let to_organisation = matches!(scope.recipient, Recipient::Organisation(_));
        let sexual_health = scope.category == Category::SexualHealth || labels.contains(&Label::SexualHealth);
        // What is asked of a parent in general is not asked about this, and nobody asks whom it would tell.
        let of_it = !sexual_health || given.consent.categories.contains(&Category::SexualHealth.into());
        let confided = [Label::SexualHealth, Label::MentalHealth, Label::SubstanceMisuse];
        let of_health = is_health(scope.category) || confided.iter().any(|label| labels.contains(label));
        let of_parent = given.consent.by() == GivenBy::Parent;
        self.could_give(given)
            && (!of_parent || to_organisation && of_it && !self.parent_outgrown(scope.category, of_health))
    }

    /// Whether a parent's consent has, or may have, lapsed for this category: for health from sixteen, and before it where the
    /// child decides for themself; for special educational needs from the end of compulsory school age unless the young person
    /// lacks capacity; else from eighteen.
    fn parent_outgrown(&self, category: Category, of_health: bool) -> bool {
        let on = self.valid_on();
        let decides = self.births().maybe_aged(16, on) || !self.competence(DecisionKind::Information).lacking;
        let otherwise = match category {
            Category::Send | Category::Ehcp | Category::EhcDraft => {
                self.births().maybe_past_compulsory_school_age(on) && !self.competence(DecisionKind::Education).lacking
            }
            _ => false,
        };
        of_health && decides || otherwise || self.births().maybe_aged(18, on)
    }

    /// A parent's refusal ends when the child is surely an adult.
    fn authority_ended(&self, refusal: &Act) -> bool {
        refusal.consent.by() == GivenBy::Parent && self.births().surely_aged(18, self.valid_on())
    }

    /// Whether it was theirs to give at all: by the right that is stated, where one is, and by no other than their own.
    fn could_give(&self, given: &Act) -> bool {
        let competence = self.competence(DecisionKind::Information);
        match (given.consent.by(), given.consent.capacity_basis()) {
            (GivenBy::Subject, Basis::Unspecified | Basis::CompetentChild | Basis::Presumed) => competence.competent,
            (GivenBy::Parent, Basis::Unspecified | Basis::ParentalResponsibility) => true,
            // For whoever lacks capacity, of whatever age.
            (GivenBy::Unspecified, Basis::Appointed) => competence.lacking,
            _ => false,
        }
    }

    /// Whether this consent, which covers the scope, was taken back.
    fn withdrawn(&self, given: &Act, scope: &Scope<'_>) -> bool {
        self.withdrawals(scope).any(|withdrawal| {
            let of_another = self.names_a_consent(withdrawal) && withdrawal.consent.id() != given.consent.id();
            !of_another && !given.answers(withdrawal)
        })
    }

    /// Withdrawals that reach this scope: one that names a consent reaches no further than the consent did.
    fn withdrawals<'a>(&'a self, scope: &'a Scope<'a>) -> impl Iterator<Item = &'a Act> {
        let acts = &self.consents().0;
        let reached = |withdrawal: &Act| {
            !self.names_a_consent(withdrawal)
                || acts.iter().any(|act| act.is_given_as(withdrawal.consent.id()) && act.covers(scope))
        };
        let withdrawals = acts.iter().filter(|act| act.state() == State::Withdrawn && act.covers(scope));
        withdrawals.filter(move |act| reached(act))
    }

    fn names_a_consent(&self, withdrawal: &Act) -> bool {
        let id = withdrawal.consent.id();
        !id.is_empty() && self.consents().0.iter().any(|act| act.is_given_as(id))
    }
}

impl Act {
    fn state(&self) -> State {
        self.consent.state()
    }

    fn is_given_as(&self, id: &str) -> bool {
        self.state() == State::Given && self.consent.id() == id
    }

    fn covers(&self, scope: &Scope<'_>) -> bool {
        let consent = &self.consent;
        let names_nobody = consent.recipients.is_empty() && consent.people.is_empty();
        let any = |list: &[i32], wanted: i32| list.is_empty() || list.contains(&wanted);
        let recipient = match scope.recipient {
            Recipient::Organisation(id) => names_nobody || consent.recipients.iter().any(|named| named == id),
            Recipient::Person { issuer, person } => {
                let named = consent.people.iter().any(|named| named.issuer() == issuer && named.person() == person);
                named || names_nobody && self.state() != State::Given
            }
        };
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
        // A consent of the subject stands only where they may decide for themself: then it is theirs to say, and no parent's.
        let own_decision = self.consent.by() == GivenBy::Subject && refusal.consent.by() == GivenBy::Parent;
        let theirs = own_decision || self.same_giver(refusal);
        // An exception to this consent has its id, a slash and a number: it stands whichever of the two was recorded first.
        let rest = refusal.consent.id().strip_prefix(self.consent.id());
        let is_exception = !self.consent.id().is_empty() && rest.is_some_and(|rest| rest.starts_with('/'));
        self.later_than(refusal) && theirs && (same_id || self.subject == refusal.subject) && !is_exception
    }

    /// Whether this consent was given again after that withdrawal, by somebody who may answer it.
    fn answers(&self, withdrawal: &Self) -> bool {
        let another_holder = self.consent.by() == GivenBy::Parent
            && withdrawal.consent.by() == GivenBy::Parent
            && !self.same_giver(withdrawal);
        self.later_than(withdrawal) && !another_holder
    }

    /// Of two who hold parental responsibility each speaks for themself: where they disagree, the more restrictive stands. Where
    /// only one of two acts says which of them it was, they may be two.
    fn same_giver(&self, other: &Self) -> bool {
        self.consent.by() == other.consent.by() && self.consent.holder() == other.consent.holder()
    }
}

fn is_health(category: Category) -> bool {
    use Category as Of;
    matches!(
        category,
        Of::GpSummary
            | Of::Immunisation
            | Of::Hospital
            | Of::Therapy
            | Of::MentalHealth
            | Of::SexualHealth
            | Of::SubstanceMisuse
    )
}
