//! Which erasures were proposed, confirmed, begun and certified: folded from what was recorded of them.

use std::collections::{BTreeMap, BTreeSet};

use proto::events::event::Kind;
use proto::sharing::{ErasureBegun, ErasureCertified, ErasureProposed, ErasureStage};

use crate::facts::FactEvent;

/// The id of an erasure.
pub type ErasureId = [u8; 16];

/// Every erasure that is on record.
#[derive(Clone, Debug, Default)]
pub struct Erasures(BTreeMap<ErasureId, Erasure>);

/// One erasure, as it stands.
#[derive(Clone, PartialEq, Debug)]
pub struct Erasure {
    /// Its id.
    pub id: ErasureId,
    /// The organisation in whose name it was recorded.
    pub by: String,
    /// What was proposed.
    pub proposed: ErasureProposed,
    /// When, microseconds since 1970.
    pub proposed_at_us: i64,
    /// Who else confirmed it.
    pub confirmed_by: Option<String>,
    /// It was called off before anything was destroyed.
    pub cancelled: bool,
    /// What is to be destroyed, and since when, microseconds since 1970.
    pub begun: Option<(ErasureBegun, i64)>,
    /// The certificate.
    pub certified: Option<ErasureCertified>,
    /// Its subjects were let in again.
    pub readmitted: bool,
}

impl Erasures {
    /// Folds one more event; each must have been published after those before it. What does not follow from what stands is passed
    /// over: the same person's confirmation, one of what was called off, a calling off of what has begun.
    pub(crate) fn fold(&mut self, event: &FactEvent<'_>) {
        let by = &event.body.controller;
        let Some(kind) = event.body.event.as_ref().and_then(|event| event.kind.as_ref()) else { return };
        let id = |bytes: &[u8]| ErasureId::try_from(bytes).ok();
        match kind {
            Kind::ErasureProposed(said) => {
                let Some(id) = id(said.erasure_id()) else { return };
                self.0.entry(id).or_insert_with(|| Erasure {
                    id,
                    by: by.clone(),
                    proposed: said.clone(),
                    proposed_at_us: event.published_at_us,
                    confirmed_by: None,
                    cancelled: false,
                    begun: None,
                    certified: None,
                    readmitted: false,
                });
            }
            Kind::ErasureConfirmed(said) => {
                if let Some(of) = self.standing(said.erasure_id(), by)
                    && of.confirmed_by.is_none()
                    && !said.confirmed_by().is_empty()
                    && said.confirmed_by() != of.proposed.proposed_by()
                {
                    of.confirmed_by = Some(said.confirmed_by().to_owned());
                }
            }
            Kind::ErasureCancelled(said) => {
                if let Some(of) = self.standing(said.erasure_id(), by)
                    && of.begun.is_none()
                {
                    of.cancelled = true;
                }
            }
            Kind::ErasureBegun(said) => {
                if let Some(of) = self.standing(said.erasure_id(), by)
                    && of.confirmed_by.is_some()
                    && of.begun.is_none()
                {
                    of.begun = Some((said.clone(), event.published_at_us));
                }
            }
            Kind::ErasureCertified(said) => {
                if let Some(of) = self.standing(said.erasure_id(), by)
                    && of.begun.is_some()
                    && of.certified.is_none()
                {
                    of.certified = Some(said.clone());
                }
            }
            Kind::ErasureReadmitted(said) => {
                if let Some(of) = self.standing(said.erasure_id(), by)
                    && of.begun.is_some()
                {
                    of.readmitted = true;
                }
            }
            _ => {}
        }
    }

    fn standing(&mut self, id: &[u8], by: &str) -> Option<&mut Erasure> {
        self.0.get_mut(id).filter(|of| of.by == by && !of.cancelled)
    }

    /// Every one, in order of id.
    pub fn all(&self) -> impl Iterator<Item = &Erasure> {
        self.0.values()
    }

    /// The one of this id.
    pub fn of(&self, id: &ErasureId) -> Option<&Erasure> {
        self.0.get(id)
    }

    /// Those by which records of one of these subjects were erased, oldest first.
    pub fn about(&self, subjects: &BTreeSet<[u8; 16]>) -> Vec<&Erasure> {
        let is_about = |of: &&Erasure| {
            let mut erased = of.proposed.subjects.iter().chain(&of.proposed.linked);
            of.begun.is_some()
                && erased.any(|id| ErasureId::try_from(id.as_slice()).is_ok_and(|id| subjects.contains(&id)))
        };
        let mut about: Vec<&Erasure> = self.0.values().filter(is_about).collect();
        about.sort_by_key(|of| (of.begun.as_ref().map(|(_, at_us)| *at_us), of.id));
        about
    }
}

impl Erasure {
    /// How far it is, as the log alone tells.
    pub fn stage(&self) -> ErasureStage {
        match self {
            Self { cancelled: true, .. } => ErasureStage::Cancelled,
            Self { certified: Some(_), .. } => ErasureStage::Certified,
            Self { begun: Some(_), .. } => ErasureStage::Begun,
            Self { confirmed_by: Some(_), .. } => ErasureStage::Confirmed,
            Self { .. } => ErasureStage::Proposed,
        }
    }

    /// When it may be begun at the earliest, microseconds since 1970.
    pub fn cooling_off_ends_us(&self) -> i64 {
        let ends = self.proposed.cooling_off_ends_at.as_ref();
        ends.map_or(i64::MAX, |at| at.seconds.saturating_mul(1_000_000).saturating_add(i64::from(at.nanos / 1_000)))
    }
}
