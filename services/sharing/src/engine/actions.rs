//! What may be asked of the rules: the actions of the schema, and the ladders that they make.

use std::collections::BTreeMap;

use cedar_policy::{EntityId, EntityUid};

use crate::engine::LoadError;
use crate::vocabulary::{Outcome, entity_type};

/// The entities that every question is about, and the actions.
#[derive(Debug)]
pub(crate) struct Types {
    pub(super) staff: EntityUid,
    pub(super) person: EntityUid,
    pub(super) child: EntityUid,
    pub(super) class: EntityUid,
    pub(super) reader_organisation: EntityUid,
    pub(super) source_organisation: EntityUid,
    pub(super) actions: BTreeMap<Action, EntityUid>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Action {
    RecordFact,
    ViewFull,
    ViewRedacted,
    ViewExistence,
    ViewInvolvement,
    ViewFamily,
    ReviewFull,
    ReviewRedacted,
    ReadReleases,
    InvokeBreakGlass,
    ReadAuditMeta,
    ReadNotices,
    ReviewBreakGlass,
    RecordRefusal,
    ReadRefusals,
    PrepareAccess,
    ProposeErasure,
    ConfirmErasure,
    ReadErasures,
    CountChildren,
    AskWhoCanSee,
    TellRegister,
}

/// What is asked about a class: how much of its records, how much of whom they tell to be at work, whether it may be known
/// whose family they make the child one of, or how much of them beside another subject's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ladder {
    Records,
    Involvement,
    Family,
    Review,
}

impl Ladder {
    /// The views from the fullest down. Of involvement "full" is the capacity, and "existence" the name and no more.
    pub(super) fn views(self) -> &'static [(Action, Outcome)] {
        match self {
            Self::Records => &[
                (Action::ViewFull, Outcome::Full),
                (Action::ViewRedacted, Outcome::Redacted),
                (Action::ViewExistence, Outcome::Existence),
            ],
            Self::Involvement => {
                &[(Action::ViewInvolvement, Outcome::Full), (Action::ViewExistence, Outcome::Existence)]
            }
            // There is no knowing of it in part.
            Self::Family => &[(Action::ViewFamily, Outcome::Full)],
            Self::Review => &[(Action::ReviewFull, Outcome::Full), (Action::ReviewRedacted, Outcome::Redacted)],
        }
    }
}

impl Action {
    pub(crate) const ALL: [Self; 22] = [
        Self::RecordFact,
        Self::ViewFull,
        Self::ViewRedacted,
        Self::ViewExistence,
        Self::ViewInvolvement,
        Self::ViewFamily,
        Self::ReviewFull,
        Self::ReviewRedacted,
        Self::ReadReleases,
        Self::InvokeBreakGlass,
        Self::ReadAuditMeta,
        Self::ReadNotices,
        Self::ReviewBreakGlass,
        Self::RecordRefusal,
        Self::ReadRefusals,
        Self::PrepareAccess,
        Self::ProposeErasure,
        Self::ConfirmErasure,
        Self::ReadErasures,
        Self::CountChildren,
        Self::AskWhoCanSee,
        Self::TellRegister,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::RecordFact => "RecordFact",
            Self::ViewFull => "ViewFull",
            Self::ViewRedacted => "ViewRedacted",
            Self::ViewExistence => "ViewExistence",
            Self::ViewInvolvement => "ViewInvolvement",
            Self::ViewFamily => "ViewFamily",
            Self::ReviewFull => "ReviewFull",
            Self::ReviewRedacted => "ReviewRedacted",
            Self::ReadReleases => "ReadReleases",
            Self::InvokeBreakGlass => "InvokeBreakGlass",
            Self::ReadAuditMeta => "ReadAuditMeta",
            Self::ReadNotices => "ReadNotices",
            Self::ReviewBreakGlass => "ReviewBreakGlass",
            Self::RecordRefusal => "RecordRefusal",
            Self::ReadRefusals => "ReadRefusals",
            Self::PrepareAccess => "PrepareAccess",
            Self::ProposeErasure => "ProposeErasure",
            Self::ConfirmErasure => "ConfirmErasure",
            Self::ReadErasures => "ReadErasures",
            Self::CountChildren => "CountChildren",
            Self::AskWhoCanSee => "AskWhoCanSee",
            Self::TellRegister => "TellRegister",
        }
    }
}

impl Types {
    pub(crate) fn new() -> Result<Self, LoadError> {
        let uid = |type_name: &str, id: &str| -> Result<EntityUid, LoadError> {
            Ok(EntityUid::from_type_name_and_id(entity_type(type_name)?, EntityId::new(id)))
        };
        let mut actions = BTreeMap::new();
        for action in Action::ALL {
            actions.insert(action, uid("Action", action.name())?);
        }
        Ok(Self {
            staff: uid("Staff", "reader")?,
            person: uid("Person", "reader")?,
            child: uid("Child", "child")?,
            class: uid("RecordClass", "class")?,
            reader_organisation: uid("Org", "reader")?,
            source_organisation: uid("Org", "source")?,
            actions,
        })
    }
}
