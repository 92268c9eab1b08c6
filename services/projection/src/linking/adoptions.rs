//! The parameters that were adopted, and which of them stood at a time.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use event_log::{EventId, Pseudonym};
use identity::Probable;
use identity::linker::{Guards, Parameters, Record, Thresholds, Veto, veto};
use proto::events::event::Kind;
use proto::events::{LinkingParametersAdopted, Scheme, Subject};

use crate::child::ChildError;
use crate::project::Projector;
use crate::row;
use crate::store::keys::{self, Parsed};
use crate::store::{Moment, Store};

/// Whose events adoptions are.
pub fn subject() -> Subject {
    Subject { scheme: Scheme::Organisation.into(), issuer: "throughline".into(), value: "linking-parameters".into() }
}

/// Parameters that somebody adopted.
#[derive(Debug)]
pub struct Adopted {
    /// The event of it, by which edges name it: parameters can be adopted again.
    pub event: EventId,
    /// When it was published, microseconds since 1970.
    pub at_us: i64,
    /// When the next was; the end of time where it is the last.
    pub until_us: i64,
    /// What the event says, but for the parameters' bytes.
    pub said: LinkingParametersAdopted,
    /// The hash that names them.
    pub version: [u8; 16],
    /// From which probability on.
    pub thresholds: Thresholds,
    /// What decides.
    pub parameters: Arc<Parameters>,
}

impl Adopted {
    /// Reads an adoption; nothing where its parameters are not what their version says, or its thresholds mean nothing.
    pub fn read(said: &LinkingParametersAdopted, event: EventId, at_us: i64) -> Option<Self> {
        let parameters = Arc::new(Parameters::from_bytes(said.parameters()).ok()?);
        let version = parameters.version();
        let thresholds = Thresholds { automatic: said.automatic(), review: said.review() };
        let said = LinkingParametersAdopted { parameters: None, ..said.clone() };
        let sound = said.version() == version && is_sound(&thresholds);
        sound.then_some(Self { event, at_us, until_us: i64::MAX, said, version, thresholds, parameters })
    }

    /// How probable it is that two records are of one child, where it is enough for a person to look at.
    pub fn weigh(&self, one: &Record, other: &Record) -> Option<Probable> {
        let weighed = self.parameters.weigh(one, other);
        (weighed.probability >= self.thresholds.review).then_some(Probable {
            weight: weighed.weight,
            probability: weighed.probability,
            is_automatic: weighed.probability >= self.thresholds.automatic,
        })
    }

    /// Why no weight makes two records one child's, where something does. Seals are known elsewhere.
    pub fn veto(&self, one: &Record, other: &Record) -> Option<Veto> {
        veto(&self.parameters, Guards::default(), false, one, other)
    }
}

/// Whether thresholds can be meant: no link is certain, and none is made that nobody would look at.
pub(crate) fn is_sound(thresholds: &Thresholds) -> bool {
    let Thresholds { automatic, review } = thresholds;
    0.5 <= *review && review <= automatic && *automatic < 1.0
}

/// Reads them, again whenever they change.
#[derive(Clone)]
pub struct Adoptions {
    store: Store,
    projector: Projector,
    own: Pseudonym,
    held: Arc<Mutex<Option<Held>>>,
}

struct Held {
    since: (Moment, u64),
    known: Known,
}

/// What the store holds of adoptions.
#[derive(Clone)]
pub(crate) struct Known {
    /// Oldest first.
    pub(crate) all: Arc<[Arc<Adopted>]>,
    /// By which everything is linked.
    pub(crate) linked: Arc<BTreeSet<EventId>>,
}

impl Adoptions {
    /// Nothing read yet.
    pub fn new(store: Store, projector: Projector) -> Self {
        let own = projector.pseudonyms.of(&subject());
        Self { store, projector, own, held: Arc::default() }
    }

    /// Under whose pseudonym they stand.
    pub fn own(&self) -> Pseudonym {
        self.own
    }

    /// The parameters by which readers are answered: of those adopted by then, the last by which everything is linked.
    ///
    /// # Errors
    /// [`ChildError`].
    pub fn in_force(&self, known_at_us: Option<i64>) -> Result<Option<Arc<Adopted>>, ChildError> {
        let Known { all, linked } = self.known()?;
        let by_then = all.iter().filter(|adopted| known_at_us.is_none_or(|limit| adopted.at_us <= limit));
        Ok(by_then.rev().find(|adopted| linked.contains(&adopted.event)).cloned())
    }

    /// Of these adoptions, the first that was published by then.
    ///
    /// # Errors
    /// [`ChildError`].
    pub(crate) fn of(&self, named: &[EventId], known_at_us: Option<i64>) -> Result<Option<Arc<Adopted>>, ChildError> {
        let Known { all, .. } = self.known()?;
        let find = |event: &EventId| all.iter().find(|adopted| adopted.event == *event);
        let by_then = |adopted: &&Arc<Adopted>| known_at_us.is_none_or(|limit| adopted.at_us <= limit);
        Ok(named.iter().filter_map(find).find(by_then).cloned())
    }

    /// The parameters that were adopted last, and whether everything is linked by them.
    ///
    /// # Errors
    /// [`ChildError`].
    pub fn newest(&self) -> Result<Option<(Arc<Adopted>, bool)>, ChildError> {
        let Known { all, linked } = self.known()?;
        Ok(all.last().map(|adopted| (Arc::clone(adopted), linked.contains(&adopted.event))))
    }

    pub(crate) fn known(&self) -> Result<Known, ChildError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let since = (self.store.moment(), self.projector.keyring.destructions());
        if let Some(Held { since: (moment, destructions), known }) = held.as_ref()
            && *destructions == since.1
            && self.store.unchanged(self.own, *moment)
        {
            return Ok(known.clone());
        }
        let known = self.read()?;
        *held = Some(Held { since, known: known.clone() });
        Ok(known)
    }

    fn read(&self) -> Result<Known, ChildError> {
        let (mut rows, mut linked) = (Vec::new(), BTreeSet::new());
        self.store.read(self.own.partition().into(), |view| {
            rows.clear();
            linked.clear();
            view.scan_prefix(&keys::row_prefix(self.own), |_, value| {
                rows.extend(row::read(value));
                ControlFlow::Continue(())
            })?;
            view.scan_prefix(&keys::linked_prefix(self.own), |key, _| {
                if let Some(Parsed::Linked { adoption, .. }) = keys::parse(key) {
                    linked.insert(adoption);
                }
                ControlFlow::Continue(())
            })
        })?;
        let mut all: Vec<Adopted> = Vec::new();
        for row in rows {
            let Some(checked) = self.projector.open(row.envelope)? else { continue };
            let Some(Kind::LinkingParametersAdopted(said)) = checked.event() else { continue };
            match Adopted::read(said, checked.header.event_id, row.published_at_us) {
                Some(adopted) => all.push(adopted),
                None => {
                    tracing::error!("adopted linking parameters mean nothing to this program: those before them stand")
                }
            }
        }
        all.sort_by_key(|adopted| (adopted.at_us, adopted.event));
        let starts: Vec<i64> = all.iter().map(|adopted| adopted.at_us).skip(1).collect();
        all.iter_mut().zip(starts).for_each(|(adopted, next)| adopted.until_us = next);
        Ok(Known { all: all.into_iter().map(Arc::new).collect(), linked: Arc::new(linked) })
    }
}
