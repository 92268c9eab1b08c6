//! The notices of one organisation, from what is held.

use std::collections::BTreeSet;
use std::sync::Arc;

use proto::sharing::{Category, ConsentRecorded};
use sha2::{Digest, Sha256};
use sharing::ConsentMark;

use super::{Consents, Held, Id, Refused, Rested, Withdrawn};

/// Own answers that a notice of a withdrawal names.
const DECISIONS_MAX: usize = 100;

/// Something that an organisation is to know.
#[derive(Clone, Debug)]
pub(crate) struct Noted {
    /// The same notice has the same.
    pub(crate) id: Id,
    pub(crate) at_us: i64,
    /// A pseudonym of the child: one under which the organisation holds or was given something.
    pub(crate) subject: Id,
    /// The other organisation.
    pub(crate) organisation: String,
    pub(crate) purpose: i32,
    pub(crate) what: What,
}

/// What it is.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// Somebody of the organisation broke the glass: which.
    BrokenByYours(Id),
    /// Records of the organisation were opened.
    OpenedYours,
    /// Consent was withdrawn, on which these answers rested.
    Withdrawn(Vec<Vec<u8>>),
    /// It asked, and was refused; what would be needed.
    Refused(String),
}

impl Held {
    /// What an organisation is to know of what happened since, but for withdrawals of consent. Those whose glass was broken by their own people do not
    /// hear of it twice.
    pub(crate) fn notices_of(&self, organisation: &str, since_us: i64) -> Vec<Noted> {
        let mut found = Vec::new();
        for broken in self.broken.values() {
            let by = broken.said.organisation();
            let noted = |at_us, subject, what| Noted {
                id: id(&[&broken.id, organisation.as_bytes()]),
                at_us,
                subject,
                organisation: by.to_owned(),
                purpose: broken.said.purpose().into(),
                what,
            };
            if by == organisation {
                found.push(noted(broken.at_us, broken.subject, What::BrokenByYours(broken.id)));
            } else if let Some((at_us, subject)) = broken.opened.get(organisation) {
                found.push(noted(*at_us, *subject, What::OpenedYours));
            }
        }
        let told =
            |refused: &&Refused| refused.said.asked_by() == organisation && refused.said.organisation() != organisation;
        found.extend(self.refused.values().filter(told).map(|refused| Noted {
            id: id(&[refused.said.id(), organisation.as_bytes()]),
            at_us: refused.at_us,
            subject: refused.subject,
            organisation: refused.said.organisation().to_owned(),
            purpose: refused.said.purpose().into(),
            what: What::Refused(refused.said.would_need().to_owned()),
        }));
        found.retain(|noted| noted.at_us >= since_us);
        found
    }
}

impl Consents {
    /// Withdrawals of consents on which answers to this organisation rested before.
    pub(crate) fn withdrawals_to(&self, organisation: &str, since_us: i64) -> Vec<Noted> {
        let theirs: Vec<&Rested> =
            self.rested.iter().map(Arc::as_ref).filter(|rested| rested.organisation == organisation).collect();
        if theirs.is_empty() {
            return Vec::new();
        }
        let late = self.withdrawn.values().filter(|withdrawn| withdrawn.at_us >= since_us);
        let noted = |withdrawn: &Arc<Withdrawn>| {
            let marks = self.taken_back(withdrawn);
            let of_child: BTreeSet<Id> =
                marks.iter().filter_map(|mark| self.given.get(mark)).flatten().map(|given| given.subject).collect();
            let rested = |rested: &&&Rested| {
                let unnamed = rested.consents.is_empty() && rested.subjects.iter().any(|id| of_child.contains(id));
                rested.at_us < withdrawn.at_us && (unnamed || !rested.consents.is_disjoint(&marks))
            };
            let mut decisions: Vec<&&Rested> = theirs.iter().filter(rested).collect();
            decisions.sort_by_key(|rested| std::cmp::Reverse(rested.at_us));
            let first = decisions.first()?;
            Some(Noted {
                id: id(&[&withdrawn.event, organisation.as_bytes()]),
                at_us: withdrawn.at_us,
                subject: first.subjects.first().copied().unwrap_or(withdrawn.subject),
                // Who recorded the withdrawal is the family's business.
                organisation: String::new(),
                purpose: first.purpose,
                what: What::Withdrawn(
                    decisions.iter().take(DECISIONS_MAX).map(|rested| rested.decision.clone()).collect(),
                ),
            })
        };
        late.filter_map(noted).collect()
    }

    /// The consents that a withdrawal takes back: the one that it names, or of its subject whatever is within its scope.
    fn taken_back(&self, withdrawn: &Withdrawn) -> BTreeSet<ConsentMark> {
        let id = withdrawn.said.id();
        let given = || self.given.iter().flat_map(|(mark, given)| given.iter().map(move |given| (mark, given)));
        let named = given().filter(|(_, given)| !id.is_empty() && given.said.id() == id);
        let named: BTreeSet<ConsentMark> = named.map(|(mark, _)| *mark).collect();
        if !named.is_empty() {
            return named;
        }
        // And of those who were one child with it in an answer.
        let mut of_child = BTreeSet::from([withdrawn.subject]);
        let told = self.rested.iter().filter(|rested| rested.subjects.contains(&withdrawn.subject));
        of_child.extend(told.flat_map(|rested| &rested.subjects));
        let within = given().filter(|(_, given)| of_child.contains(&given.subject));
        within.filter(|(_, given)| overlap(&given.said, &withdrawn.said)).map(|(mark, _)| *mark).collect()
    }
}

/// Newest first.
pub(crate) fn in_order(noted: &mut [Noted]) {
    noted.sort_by_key(|one| std::cmp::Reverse((one.at_us, one.id)));
}

/// Whether two consents are about anything in common; what lists nothing is about all of it.
fn overlap(one: &ConsentRecorded, other: &ConsentRecorded) -> bool {
    fn both<T: PartialEq>(one: &[T], other: &[T]) -> bool {
        one.is_empty() || other.is_empty() || one.iter().any(|of| other.contains(of))
    }
    let categories = |consent: &ConsentRecorded| consent.categories().collect::<Vec<Category>>();
    both(&one.recipients, &other.recipients)
        && both(&categories(one), &categories(other))
        && both(&one.purposes, &other.purposes)
}

fn id(parts: &[&[u8]]) -> Id {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let whole: [u8; 32] = hasher.finalize().into();
    whole.first_chunk().copied().unwrap_or_default()
}
