//! Pairs of subjects: what keeps two apart, what joins them, and what people did about it.

use std::collections::{BTreeMap, BTreeSet};

use event_log::Pseudonym;
use identity::linker::Veto;
use identity::{Claim, Evidence, Id, Probable, Withheld};
use proto::events::event::Kind;
use proto::events::{PersonDescribed, Subject, Verdict, Why};
use proto::identity::Standing;
use timeline::Entry;

use super::steps::{self, Pair, Step, pair};
use crate::child::{Around, ChildError, Children};

/// Subjects around one or two, and which of them are one child.
pub(crate) struct Surroundings {
    around: Around,
    clusters: Vec<BTreeSet<Id>>,
    withheld: BTreeSet<(Id, Id, Withheld)>,
    steps: Vec<Step>,
}

/// Two subjects of which it is, or was, a question whether they are one child.
#[derive(Clone, Debug)]
pub(crate) struct Matter {
    pub(crate) pair: Pair,
    /// In the order of the pair.
    pub(crate) sides: [Side; 2],
    /// Why they were not linked by themselves; empty where they are linked, or nothing says that they should be.
    pub(crate) why: BTreeSet<Why>,
    /// Why a person who links them needs another to agree: of what would keep them apart if a source said that they are one.
    pub(crate) contested: BTreeSet<Why>,
    pub(crate) is_linked: bool,
    /// They would stay one child though the two were parted: by what people decided about others.
    pub(crate) is_held_by_others: bool,
    pub(crate) is_unlinked: bool,
    /// Of this pair, in order.
    pub(crate) steps: Vec<Step>,
    pub(crate) probable: Option<Probable>,
}

/// One of the two.
#[derive(Clone, Debug)]
pub(crate) struct Side {
    pub(crate) id: Id,
    pub(crate) subject: Subject,
    /// Who is one child with it.
    pub(crate) cluster: BTreeSet<Id>,
    /// What describes them, of the subject itself first.
    pub(crate) described: Vec<Entry>,
    /// The subjects of those that sources describe.
    pub(crate) names: BTreeMap<Id, Subject>,
    /// When the subject itself was first described, and when any of them was last, microseconds since 1970.
    pub(crate) first_us: i64,
    pub(crate) last_us: i64,
}

/// Why something was withheld, as a reviewer is told. Nothing is told of a seal.
fn why(withheld: Withheld) -> Option<Why> {
    Some(match withheld {
        Withheld::Sealed | Withheld::Vetoed(Veto::Sealed) => return None,
        Withheld::SharedWithinIssuer => Why::SharedWithinIssuer,
        Withheld::Unlinked => Why::Unlinked,
        Withheld::TwoExclusive | Withheld::Vetoed(Veto::TwoIdentifiers) => Why::TwoExclusive,
        Withheld::DescriptionsContradict => Why::DescriptionsContradict,
        Withheld::Possible => Why::Possible,
        Withheld::Many => Why::Many,
        Withheld::Vetoed(Veto::OneIssuer) => Why::OneIssuer,
        Withheld::Vetoed(Veto::Twins) => Why::Twins,
        Withheld::Vetoed(Veto::Siblings) => Why::Siblings,
    })
}

/// A reason that one person alone does not overrule.
fn takes_two(why: Why) -> bool {
    !matches!(why, Why::Possible | Why::Many | Why::Asked | Why::Unspecified)
}

impl Surroundings {
    /// Everything around these.
    pub(crate) fn read(children: &Children, subjects: &[Id]) -> Result<Self, ChildError> {
        let mut around: Option<Around> = None;
        for subject in subjects {
            let subject = Pseudonym(*subject);
            around = Some(match around {
                Some(known) if known.said.contains_key(&subject) => known,
                Some(known) => both(known, children.around(subject, None)?),
                None => children.around(subject, None)?,
            });
        }
        let around = around.unwrap_or_else(nothing);
        let (mut clusters, mut withheld): (Vec<BTreeSet<Id>>, BTreeSet<_>) = Default::default();
        for subject in around.said.keys().filter(|_| around.is_whole) {
            if !clusters.iter().any(|cluster| cluster.contains(&subject.0)) {
                let resolution = identity::resolve(subject.0, &around.evidence);
                withheld.extend(resolution.withheld);
                clusters.push(resolution.subjects);
            }
        }
        let said = around.said.values().flatten();
        let steps = said.filter_map(|(at, said)| Step::of(at, said, &children.projector.pseudonyms)).collect();
        Ok(Self { around, clusters, withheld, steps: steps::in_order(steps) })
    }

    /// What people did about a pair, in order.
    pub(crate) fn steps(&self, of: Pair) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(move |step| step.pair == of)
    }

    /// Every subject that was read.
    pub(crate) fn subjects(&self) -> impl Iterator<Item = Id> {
        self.around.said.keys().map(|subject| subject.0)
    }

    /// Who is one child with a subject.
    pub(crate) fn cluster(&self, id: Id) -> BTreeSet<Id> {
        let found = self.clusters.iter().find(|cluster| cluster.contains(&id));
        found.cloned().unwrap_or_else(|| BTreeSet::from([id]))
    }

    /// Every pair that waits for a person, that people did something about, or both; each two children once.
    pub(crate) fn pairs(&self) -> BTreeSet<Pair> {
        let mut by_children: BTreeMap<Pair, Pair> = BTreeMap::new();
        for (one, other, withheld) in &self.withheld {
            if why(*withheld).is_none() {
                continue;
            }
            for (a, b) in self.described_sides(*one, *other) {
                let children = self.children(a, b);
                if children.0 != children.1 && !self.around.evidence.unlinked.contains(&pair(a, b)) {
                    let found = by_children.entry(children).or_insert_with(|| pair(a, b));
                    *found = (*found).min(pair(a, b));
                }
            }
        }
        let acted_on = self.steps.iter().filter(|step| step.review.is_some()).map(|step| step.pair);
        by_children.into_values().chain(acted_on).collect()
    }

    /// The two children that two subjects are of, each by its smallest id.
    fn children(&self, one: Id, other: Id) -> Pair {
        let of = |id: Id| self.cluster(id).first().copied().unwrap_or(id);
        pair(of(one), of(other))
    }

    /// The described subjects that an edge would join: its ends, or of an identifier those that claim it.
    fn described_sides(&self, one: Id, other: Id) -> Vec<Pair> {
        let ends = |end: Id, across: Id| -> BTreeSet<Id> {
            if self.is_described(end) {
                return BTreeSet::from([end]);
            }
            let theirs = self.cluster(across);
            let claims = self.around.evidence.claims.iter().filter(|claim| claim.identifier == end);
            let mut found: BTreeSet<Id> = claims.map(|claim| claim.local).filter(|id| !theirs.contains(id)).collect();
            if found.is_empty() {
                found.extend(self.cluster(end).into_iter().filter(|id| self.is_described(*id) && *id != across));
            }
            found
        };
        let (ours, theirs) = (ends(one, other), ends(other, one));
        ours.iter().flat_map(|a| theirs.iter().map(move |b| (*a, *b))).filter(|(a, b)| a != b).collect()
    }

    fn is_described(&self, id: Id) -> bool {
        !self.descriptions(id).is_empty()
    }

    fn descriptions(&self, id: Id) -> Vec<&Entry> {
        let entries = self.around.folded.get(&Pseudonym(id)).into_iter().flatten();
        entries.filter(|entry| describes(entry).is_some()).collect()
    }

    fn name(&self, id: Id) -> Option<&Subject> {
        let said = self.around.said.get(&Pseudonym(id))?;
        said.iter().find_map(|(_, said)| said.body.subject.as_ref())
    }

    /// What there is to say of a pair. Nothing where either is not described, is of a sealed identity, or is claimed to be more
    /// than one child can be: those are no reviewer's.
    pub(crate) fn matter(&self, of: Pair) -> Option<Matter> {
        let clusters = [self.cluster(of.0), self.cluster(of.1)];
        let sealed = |id: &Id| self.around.evidence.sealed.iter().any(|identity| identity.contains(id));
        if !self.around.is_whole || clusters.iter().flatten().any(sealed) {
            return None;
        }
        let is_linked = clusters.first() == clusters.last();
        let [ours, theirs] = &clusters;
        let sides = [self.side(of.0, ours)?, self.side(of.1, theirs)?];
        let between = |one: &Id, other: &Id| {
            let touches = |side: &BTreeSet<Id>, id: &Id| {
                side.contains(id)
                    || self.around.evidence.claims.iter().any(|c| c.identifier == *id && side.contains(&c.local))
            };
            (touches(ours, one) && touches(theirs, other)) || (touches(ours, other) && touches(theirs, one))
        };
        let withheld = self.withheld.iter().filter(|(one, other, _)| !is_linked && between(one, other));
        let why: BTreeSet<Why> = withheld.filter_map(|(_, _, withheld)| why(*withheld)).collect();
        let contested = self.contested(of, &why);
        let steps: Vec<Step> = self.steps.iter().filter(|step| step.pair == of).cloned().collect();
        let evidence = &self.around.evidence;
        Some(Matter {
            pair: of,
            sides,
            why,
            contested,
            is_linked,
            is_held_by_others: is_linked && self.stay_one_though_parted(of),
            is_unlinked: evidence.unlinked.contains(&of),
            steps,
            probable: evidence.probable.get(&of).copied(),
        })
    }

    fn side(&self, id: Id, cluster: &BTreeSet<Id>) -> Option<Side> {
        let own = self.descriptions(id);
        if own.is_empty() {
            return None;
        }
        let others = cluster.iter().filter(|other| **other != id).flat_map(|other| self.descriptions(*other));
        let described: Vec<Entry> = own.into_iter().chain(others).cloned().collect();
        let at = |of: Id| {
            let said = self.around.said.get(&Pseudonym(of)).into_iter().flatten();
            said.filter(|(_, said)| is_description(said)).map(|(_, said)| said.published_at_us)
        };
        Some(Side {
            id,
            subject: self.name(id)?.clone(),
            names: cluster.iter().filter_map(|id| Some((*id, self.name(*id)?.clone()))).collect(),
            first_us: at(id).min().unwrap_or_default(),
            last_us: cluster.iter().flat_map(|id| at(*id)).max().unwrap_or_default(),
            cluster: cluster.clone(),
            described,
        })
    }

    /// A person's decisions bind until a person turns them over, so two whom such decisions join by way of others stay joined.
    fn stay_one_though_parted(&self, of: Pair) -> bool {
        let mut supposed: Evidence = self.around.evidence.clone();
        supposed.linked.remove(&of);
        supposed.superseded.remove(&of);
        supposed.superseded.remove(&(of.1, of.0));
        supposed.unlinked.insert(of);
        identity::resolve(of.0, &supposed).subjects.contains(&of.1)
    }

    /// Whether one person alone does not decide this: of two whom sources describe as the queue has it, of others by what would keep
    /// them apart.
    pub(crate) fn takes_two(&self, of: Pair, verdict: Verdict) -> bool {
        let evidence = &self.around.evidence;
        let turned = (of.1, of.0);
        let stands_already = match verdict {
            Verdict::Link => evidence.linked.contains(&of),
            Verdict::Unlink => evidence.unlinked.contains(&of),
            Verdict::Supersede => evidence.superseded.contains(&of) || evidence.superseded.contains(&turned),
            Verdict::Leave | Verdict::Unspecified => false,
        };
        if stands_already {
            return false;
        }
        match (self.matter(of), verdict) {
            (Some(matter), _) => matter.needs_two(verdict),
            (None, Verdict::Link) => !self.contested(of, &BTreeSet::new()).is_empty(),
            (None, Verdict::Supersede) => self.is_described(of.0) || self.is_described(of.1),
            (None, _) => false,
        }
    }

    /// What would keep the two apart if a source stated one number of both, by name and number as they stand; and whether a
    /// person has parted them before.
    fn contested(&self, of: Pair, known: &BTreeSet<Why>) -> BTreeSet<Why> {
        const STATED_OF_BOTH: Id = [0xff; 16];
        let mut supposed: Evidence = self.around.evidence.clone();
        supposed.linked.retain(|linked| *linked != of);
        for local in [of.0, of.1] {
            supposed.claims.insert(Claim {
                local,
                issuer: self.issuer(local),
                identifier: STATED_OF_BOTH,
                rank: u8::MAX,
                exclusive: false,
            });
        }
        let resolution = identity::resolve(STATED_OF_BOTH, &supposed);
        let withheld = resolution.withheld.iter().filter(|(_, identifier, _)| *identifier == STATED_OF_BOTH);
        let mut found: BTreeSet<Why> = withheld.filter_map(|(_, _, withheld)| why(*withheld)).collect();
        found.extend(supposed.vetoed.get(&of).and_then(|veto| why(Withheld::Vetoed(*veto))));
        found.extend(known.iter().copied());
        let parted = |step: &Step| step.pair == of && step.counts() && step.verdict == Verdict::Unlink;
        if self.steps.iter().any(parted) {
            found.insert(Why::Unlinked);
        }
        found.retain(|why| takes_two(*why));
        found
    }

    fn issuer(&self, id: Id) -> String {
        let claimed =
            self.around.evidence.claims.iter().find(|claim| claim.local == id).map(|claim| claim.issuer.clone());
        let named = || self.name(id).map(|subject| format!("{}/{}", subject.scheme().as_str_name(), subject.issuer));
        // Of whom nothing is known it is nobody else's.
        claimed.or_else(named).unwrap_or_else(|| format!("{id:02x?}"))
    }
}

impl Matter {
    /// Where it stands at a moment, microseconds since 1970.
    pub(crate) fn standing(&self, now_us: i64) -> Standing {
        let last = self.steps.iter().rfind(|step| !step.is_overtaken);
        if self.proposal(now_us).is_some() {
            return Standing::Proposed;
        }
        match last {
            _ if self.is_linked => Standing::Linked,
            _ if self.is_unlinked => Standing::Unlinked,
            Some(step) if step.verdict == Verdict::Leave && step.published_at_us >= self.described_last_us() => {
                Standing::LeftOpen
            }
            _ if self.why.is_empty() => Standing::Apart,
            _ => Standing::Waiting,
        }
    }

    /// What somebody has proposed and another can confirm.
    pub(crate) fn proposal(&self, now_us: i64) -> Option<&Step> {
        self.steps.iter().rfind(|step| !step.is_overtaken).filter(|step| step.is_open(now_us))
    }

    /// The decision that stands, if a person made one.
    pub(crate) fn decided(&self) -> Option<&Step> {
        self.steps.iter().rfind(|step| step.counts() && step.verdict != Verdict::Leave)
    }

    /// The last step that counts, which whoever decides now has seen.
    pub(crate) fn last(&self) -> Vec<u8> {
        self.steps.iter().rfind(|step| !step.is_overtaken).map(|step| step.event.to_vec()).unwrap_or_default()
    }

    /// Since when both have been known, microseconds since 1970.
    pub(crate) fn waiting_since_us(&self) -> i64 {
        self.sides.iter().map(|side| side.first_us).max().unwrap_or_default()
    }

    fn described_last_us(&self) -> i64 {
        self.sides.iter().map(|side| side.last_us).max().unwrap_or_default()
    }

    /// Whether two people must agree on a verdict.
    pub(crate) fn needs_two(&self, verdict: Verdict) -> bool {
        match verdict {
            Verdict::Link => !self.contested.is_empty(),
            Verdict::Supersede => true,
            // What two made one alone does not undo.
            Verdict::Unlink => {
                let by_two = |step: &Step| step.review.as_ref().is_some_and(|review| review.proposal.is_some());
                self.is_linked && self.decided().is_some_and(|step| step.verdict != Verdict::Unlink && by_two(step))
            }
            Verdict::Leave | Verdict::Unspecified => false,
        }
    }

    /// Whose records describe either.
    pub(crate) fn controllers(&self) -> BTreeSet<String> {
        self.sides.iter().flat_map(|side| &side.described).map(|entry| entry.controller.clone()).collect()
    }
}

/// What describes a person, in an entry that does.
pub(crate) fn describes(entry: &Entry) -> Option<&PersonDescribed> {
    match &entry.event.kind {
        Some(Kind::PersonDescribed(person)) => Some(person),
        _ => None,
    }
}

fn is_description(said: &timeline::Said) -> bool {
    matches!(said.body.event.as_ref().and_then(|event| event.kind.as_ref()), Some(Kind::PersonDescribed(_)))
}

fn nothing() -> Around {
    Around { evidence: Evidence::default(), said: BTreeMap::new(), folded: BTreeMap::new(), is_whole: true }
}

/// What is around either.
fn both(one: Around, other: Around) -> Around {
    let Around { mut evidence, mut said, mut folded, is_whole } = one;
    evidence.claims.extend(other.evidence.claims);
    evidence.descriptions.extend(other.evidence.descriptions);
    evidence.linked.extend(other.evidence.linked);
    evidence.unlinked.extend(other.evidence.unlinked);
    evidence.superseded.extend(other.evidence.superseded);
    evidence.sealed.extend(other.evidence.sealed);
    evidence.probable.extend(other.evidence.probable);
    evidence.vetoed.extend(other.evidence.vetoed);
    said.extend(other.said);
    folded.extend(other.folded);
    Around { evidence, said, folded, is_whole: is_whole && other.is_whole }
}
