//! Everything about one child, as the store has it at one point in time.

mod everybody;
mod kept;
mod moved;
mod neighbourhood;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use event_log::envelope::EnvelopeError;
use event_log::{EventId, Position, Pseudonym};
use identity::linker::Veto;
use identity::{Evidence, Resolution, Withheld, told};
use proto::events::event::Kind;
use proto::events::{Event, Subject, Verdict};
use proto::timeline::GetTimelineResponse;
use timeline::{Entry, FoldError, Said};

use crate::disclose::digest;
use crate::identities::steps::{self, Step};
use crate::linking::{Adoptions, Tried};
use crate::project::Projector;
use crate::replay::Past;
use crate::store::{Moment, Store, StoreError};
pub(crate) use kept::{Judged, OnDay};
use kept::{Kept, KeptChildren};
use moved::Moves;
use neighbourhood::{Known, Neighbourhood, Weighed};

/// A child, with all that is said of them.
#[derive(Clone, Debug)]
pub struct Child {
    /// Who is one child with whom was asked about, and what was not followed.
    pub resolution: Resolution,
    /// What was said of each of them, with its place in the log.
    pub said: Vec<(Position, Said)>,
    /// Restrictions recorded of subjects whom somebody claims to be this child, or who probably are, and whom a guard keeps
    /// apart. A claim that may be false shows nothing of anybody, but a restriction that may be this child's binds.
    pub cautions: Vec<(Position, Said)>,
    /// Those subjects.
    pub(crate) kept_apart: BTreeSet<identity::Id>,
    /// The entries that it folds to, newest first.
    pub entries: Vec<Entry>,
    /// How far each partition that was read had been read from the log: the next offset of each.
    pub positions: Vec<Position>,
    /// What else it takes to read the same again.
    pub(crate) read: Read,
    /// What the rules made of it, once they were asked.
    pub(crate) judged: Judged,
    pub(crate) standing: Standing,
}

impl Child {
    /// When the newest of what is said was published, microseconds since 1970; 0 when nothing is.
    pub fn newest_us(&self) -> i64 {
        self.read.newest_us
    }

    /// What people put right of it, as if the sources had said that last: what the rules read of a child is what stands.
    pub(crate) fn put_right(&self) -> Vec<(Position, Said)> {
        let is_one = |said: &Said| matches!(kind_of(said), Some(Kind::EntryRectified(_)));
        if !self.said.iter().any(|(_, said)| is_one(said)) {
            return Vec::new();
        }
        let said: Vec<Said> = self.said.iter().map(|(_, said)| said.clone()).collect();
        let found = timeline::rectifications(&said).unwrap_or_default();
        let placed = found.into_iter().filter_map(|one| Some((self.said.get(one.at)?.0, one.says)));
        placed.collect()
    }
}

/// What a child was read from, so that the same can be read later: with the positions.
#[derive(Clone, Default, Debug)]
pub(crate) struct Read {
    /// Over the ids of the events of all that is said, cautions too, sorted; and how many they are.
    pub(crate) digest: [u8; 16],
    pub(crate) events: usize,
    /// When the newest of what is said of the child was published, microseconds since 1970; 0 when nothing is.
    pub(crate) newest_us: i64,
    /// The adoption of the parameters by which records were linked.
    pub(crate) linked_by: Option<EventId>,
    /// The pairs that were probable enough to be looked at.
    pub(crate) probable: BTreeSet<(identity::Id, identity::Id)>,
}

/// What a child was read from: enough to see whether they would be read the same again.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    /// The whole neighbourhood: those that turned out to be other children too.
    subjects: Arc<[Pseudonym]>,
    /// A moment before it was read, and how many keys had been destroyed by then.
    since: (Moment, u64),
}

/// Why a child could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A row no longer opens as it did.
    #[error("a stored event does not open: rebuild the store")]
    Envelope(#[from] EnvelopeError),
    /// A row no longer folds.
    #[error(transparent)]
    Fold(#[from] FoldError),
}

/// Reads children.
#[derive(Clone)]
pub struct Children {
    /// Where from.
    pub store: Store,
    /// Opens what the store holds.
    pub projector: Projector,
    pub(crate) adoptions: Adoptions,
    kept: Arc<KeptChildren>,
    /// No more of the log shows than this.
    past: Option<Arc<Past>>,
    /// By these parameters, and not by those that were adopted.
    tried: Option<Arc<Tried>>,
    /// A leak that is planted: never but in the test that says that there is none.
    pub(crate) careless: Option<Careless>,
}

/// What a careless service would make of an answer about a child: it knows the entries that are hidden from whoever asks.
#[doc(hidden)]
pub type Careless = Arc<dyn Fn(Pseudonym, &mut GetTimelineResponse, &[&Entry]) + Send + Sync>;

/// All that it is decided by who is one child with a subject.
pub(crate) struct Around {
    pub(crate) evidence: Evidence,
    /// Of each subject that claims and decisions lead to.
    pub(crate) said: BTreeMap<Pseudonym, Vec<(Position, Said)>>,
    /// What of it stands.
    pub(crate) folded: BTreeMap<Pseudonym, Vec<Entry>>,
    /// False where they are more than can be one child: nothing is decided then.
    pub(crate) is_whole: bool,
}

impl Around {
    /// When something was published by which it can have changed who is one child, microseconds since 1970.
    pub(crate) fn identity_changed_us(&self) -> impl Iterator<Item = i64> {
        let said = self.said.values().flatten().map(|(_, said)| said);
        let kind = |said: &Said| said.body.event.as_ref().and_then(Event::kind_number);
        // What describes, links, parts, replaces or seals; and what takes one of these back.
        said.filter(move |said| kind(said).is_some_and(|kind| matches!(kind.0, 11..100 | 500..600)))
            .map(|said| said.published_at_us)
    }
}

impl Children {
    /// Reads what the store holds.
    pub fn new(store: Store, projector: Projector) -> Self {
        let adoptions = Adoptions::new(store.clone(), projector.clone());
        Self { store, projector, adoptions, kept: Arc::default(), past: None, tried: None, careless: None }
    }

    /// The same with a leak in it, to see that the test of leaks can fail.
    #[doc(hidden)]
    #[must_use]
    pub fn with_a_leak(self, careless: Careless) -> Self {
        Self { careless: Some(careless), ..self }
    }

    /// Reads what the store held of this part of the log. Nothing is kept of it for those who read all.
    pub(crate) fn of_past(store: Store, projector: Projector, past: Arc<Past>) -> Self {
        let adoptions = Adoptions::new(store.clone(), projector.clone());
        Self { store, projector, adoptions, kept: Arc::default(), past: Some(past), tried: None, careless: None }
    }

    /// Reads by parameters that nobody has adopted.
    pub(crate) fn trying(store: Store, projector: Projector, tried: Arc<Tried>) -> Self {
        Self { tried: Some(tried), ..Self::new(store, projector) }
    }

    /// The child of this subject, from what was published by `known_at_us`.
    ///
    /// # Errors
    /// [`ChildError`].
    pub fn read(&self, asked: Pseudonym, known_at_us: Option<i64>) -> Result<Child, ChildError> {
        self.fold(asked, self.neighbourhood(asked, known_at_us)?, known_at_us)
    }

    /// As [`Self::read`], without reading again what no commit has touched since. The two never differ: see [`kept`].
    ///
    /// # Errors
    /// [`ChildError`].
    pub fn read_kept(&self, asked: Pseudonym, known_at_us: Option<i64>) -> Result<Arc<Child>, ChildError> {
        if let Some(child) = self.kept.get(asked, known_at_us, &self.store, &self.projector) {
            return Ok(child);
        }
        let read = self.neighbourhood(asked, known_at_us)?;
        let published_last_us = read.published_last_us().filter(|last| known_at_us.is_none_or(|limit| *last <= limit));
        let child = Arc::new(self.fold(asked, read, known_at_us)?);
        if let Some(published_last_us) = published_last_us {
            self.kept.put(asked, Kept { child: Arc::clone(&child), published_last_us });
        }
        Ok(child)
    }

    /// The child as last read, if nothing of them has changed since.
    pub(crate) fn kept(&self, asked: Pseudonym) -> Option<Arc<Child>> {
        self.kept.get(asked, None, &self.store, &self.projector)
    }

    /// Whether a child would be read the same again. May say no of one that would.
    pub(crate) fn is_unchanged(&self, standing: &Standing) -> bool {
        let (moment, destructions) = standing.since;
        destructions == self.projector.keyring.destructions()
            && standing.subjects.iter().all(|subject| self.store.unchanged(*subject, moment))
    }

    /// Whether nothing was committed of those whom a child was read from since this moment.
    pub(crate) fn is_unchanged_since(&self, standing: &Standing, moment: Moment) -> bool {
        standing.subjects.iter().all(|subject| self.store.unchanged(*subject, moment))
    }

    /// All that it is decided by who is one child with a subject, before anything is decided.
    pub(crate) fn around(&self, asked: Pseudonym, known_at_us: Option<i64>) -> Result<Around, ChildError> {
        let Neighbourhood { known, weighed, is_whole, .. } = self.neighbourhood(asked, known_at_us)?;
        let folded = folded(&known, known_at_us)?;
        let evidence = if is_whole { self.evidence(&known, &folded, weighed) } else { Evidence::default() };
        let said = known.into_iter().map(|(subject, known)| (subject, known.said)).collect();
        Ok(Around { evidence, said, folded, is_whole })
    }

    fn fold(&self, asked: Pseudonym, read: Neighbourhood, known_at_us: Option<i64>) -> Result<Child, ChildError> {
        let Neighbourhood { known: neighbourhood, positions, since, weighed, is_whole, looked_at, linked_by, .. } =
            read;
        let probable = weighed.probable.keys().copied().collect();
        let mut read = Read { linked_by, probable, ..Read::default() };
        let standing = Standing { subjects: looked_at.into(), since };
        let mut folded = folded(&neighbourhood, known_at_us)?;
        if !is_whole {
            // Whose restrictions bind is not known, so nothing is shown.
            tracing::warn!(subjects = neighbourhood.len(), "more subjects are claimed to be one child than can be");
            let resolution = Resolution { subjects: BTreeSet::from([asked.0]), withheld: BTreeSet::new() };
            let judged = Judged::default();
            return Ok(Child {
                resolution,
                said: vec![],
                cautions: vec![],
                kept_apart: BTreeSet::new(),
                entries: vec![],
                positions,
                read,
                judged,
                standing,
            });
        }
        let evidence = self.evidence(&neighbourhood, &folded, weighed);
        let resolution = identity::resolve(asked.0, &evidence);
        let kept_apart = kept_apart(&resolution, &evidence);
        let mut moves = self.moves(&neighbourhood);
        let moved = moves.keep_followed(&resolution.subjects, &evidence);
        let elsewhere = moves.sources_of(&resolution.subjects);
        let (mut said, mut cautions, mut entries) = (Vec::new(), Vec::new(), Vec::new());
        for (subject, known) in neighbourhood {
            let is_of_child = resolution.subjects.contains(&subject.0);
            if !is_of_child && kept_apart.contains(&subject.0) {
                cautions.extend(known.said.iter().filter(|(_, said)| is_restriction(said)).cloned());
            }
            if is_of_child {
                entries.extend(folded.remove(&subject).unwrap_or_default());
            }
            if is_of_child || elsewhere.contains(&subject) {
                let placed = known.said.into_iter().map(|(position, said)| {
                    (position, if moved { moves.place(said, &self.projector.pseudonyms) } else { said })
                });
                said.extend(placed.filter(|(_, said)| resolution.subjects.contains(&said.subject)));
            }
        }
        if moved {
            entries = timeline::fold(said.iter().map(|(_, said)| said.clone()), known_at_us)?.entries;
        }
        timeline::sort(&mut entries);
        (read.digest, read.events) = events_digest(said.iter().chain(&cautions).map(|(_, said)| said.event_id));
        let newest_us = said.iter().map(|(_, said)| said.published_at_us).max().unwrap_or_default();
        let read = Read { newest_us, ..read };
        Ok(Child {
            resolution,
            said,
            cautions,
            kept_apart,
            entries,
            positions,
            read,
            judged: Judged::default(),
            standing,
        })
    }

    fn evidence(
        &self,
        known: &BTreeMap<Pseudonym, Known>,
        folded: &BTreeMap<Pseudonym, Vec<Entry>>,
        weighed: Weighed,
    ) -> Evidence {
        let Weighed { probable, vetoed } = weighed;
        let mut evidence = Evidence { probable, vetoed, ..Evidence::default() };
        for (subject, entries) in folded {
            for entry in entries {
                if let Some(Kind::PersonDescribed(person)) = &entry.event.kind {
                    let issuer = known.get(subject).and_then(issuer_of).unwrap_or_default();
                    let id_of = |subject: &Subject| self.projector.pseudonyms.of(subject).0;
                    evidence.claims.extend(told::claims(subject.0, &issuer, person, id_of));
                    let description = told::description(person, timeline::day_number);
                    evidence.descriptions.entry(subject.0).or_default().push(description);
                }
            }
        }
        evidence.superseded.extend(self.moves(known).superseded());
        let mut steps: Vec<Step> = Vec::new();
        for part in known.values() {
            for (position, said) in &part.said {
                steps.extend(Step::of(position, said, &self.projector.pseudonyms));
                let kind = said.body.event.as_ref().and_then(|event| event.kind.as_ref());
                if let Some(Kind::IdentitySealed(sealed)) = kind {
                    let ids = sealed.sealed_subjects.iter().filter_map(|id| id.as_slice().try_into().ok());
                    evidence.sealed.push(ids.collect());
                }
            }
        }
        // Of several decisions about one pair the last stands.
        for step in steps::in_order(steps).into_iter().filter(Step::counts) {
            let gone = if step.pair.0 == step.subject { step.pair.1 } else { step.pair.0 };
            match step.verdict {
                Verdict::Link => {
                    evidence.unlinked.remove(&step.pair);
                    evidence.linked.insert(step.pair);
                }
                Verdict::Unlink => {
                    evidence.linked.remove(&step.pair);
                    evidence.superseded.remove(&(gone, step.subject));
                    evidence.superseded.remove(&(step.subject, gone));
                    evidence.unlinked.insert(step.pair);
                }
                Verdict::Supersede => {
                    evidence.unlinked.remove(&step.pair);
                    evidence.superseded.insert((gone, step.subject));
                }
                Verdict::Leave | Verdict::Unspecified => {}
            }
        }
        evidence
    }

    fn moves(&self, known: &BTreeMap<Pseudonym, Known>) -> Moves {
        let said = known.values().flat_map(|known| known.said.iter().map(|(_, said)| said));
        Moves::of(said, &self.projector.pseudonyms)
    }
}

/// Sixteen bytes over events by their ids, in whatever order they come; and how many they are.
pub(crate) fn events_digest(ids: impl Iterator<Item = [u8; 16]>) -> ([u8; 16], usize) {
    let mut ids: Vec<[u8; 16]> = ids.collect();
    ids.sort_unstable();
    (digest::sixteen(&ids), ids.len())
}

/// What each subject's rows fold to.
fn folded(
    known: &BTreeMap<Pseudonym, Known>,
    known_at_us: Option<i64>,
) -> Result<BTreeMap<Pseudonym, Vec<Entry>>, FoldError> {
    let fold = |known: &Known| timeline::fold(known.said.iter().map(|(_, said)| said.clone()), known_at_us);
    known.iter().map(|(subject, known)| Ok((*subject, fold(known)?.entries))).collect()
}

fn same_issuer(one: Option<&Subject>, other: Option<&Subject>) -> bool {
    matches!((one, other), (Some(one), Some(other)) if one.scheme == other.scheme && one.issuer == other.issuer)
}

/// Everybody on the other side of an edge that was not followed and may be true.
fn kept_apart(resolution: &Resolution, evidence: &Evidence) -> BTreeSet<identity::Id> {
    let claimed = resolution.withheld.iter().filter(|(one, other, why)| may_be_true(*one, *other, *why, evidence));
    let mut apart = BTreeSet::new();
    for (one, other, _) in claimed {
        for side in [one, other] {
            apart.extend(identity::resolve(*side, evidence).subjects);
            // Of an identifier that links nobody, all who claim it.
            apart.extend(evidence.claims.iter().filter(|claim| claim.identifier == *side).map(|claim| claim.local));
        }
    }
    &apart - &resolution.subjects
}

/// Whether what was not followed may be true all the same, so that a restriction of the one may be the other's.
///
/// A claim may be, unless a seal or a person says otherwise. So may what is only probable: at the review threshold it is more
/// probable than not by far, and until a person has looked nobody knows that it is false. Where numbers of which a child has one
/// say that they are two, or neither their name nor their birth date is the other's, likeness is all there was.
fn may_be_true(one: identity::Id, other: identity::Id, why: Withheld, evidence: &Evidence) -> bool {
    let only_alike = evidence.probable.contains_key(&(one, other));
    match why {
        Withheld::Sealed | Withheld::Unlinked => false,
        Withheld::TwoExclusive | Withheld::DescriptionsContradict => !only_alike,
        Withheld::Vetoed(Veto::Sealed | Veto::TwoIdentifiers | Veto::Siblings) => false,
        Withheld::Vetoed(Veto::Twins | Veto::OneIssuer) => true,
        Withheld::SharedWithinIssuer | Withheld::Possible | Withheld::Many => true,
    }
}

fn kind_of(said: &Said) -> Option<&Kind> {
    said.body.event.as_ref().and_then(|event| event.kind.as_ref())
}

fn is_restriction(said: &Said) -> bool {
    matches!(kind_of(said), Some(Kind::RestrictionSet(_) | Kind::RestrictionLifted(_)))
}

/// Who issued a subject's own number, from anything that was said of it.
fn issuer_of(known: &Known) -> Option<String> {
    known.said.iter().find_map(|(_, said)| said.body.subject.as_ref().map(told::issuer))
}

/// Whether an entry is one of a timeline that readers are given: what happened, and not what the rules or the links rest on.
pub fn is_shown(event: &Event) -> bool {
    event.kind_number().is_some_and(|kind| matches!(kind.0, 10 | 100..=501))
}
