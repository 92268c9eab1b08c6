//! Who asks, and what for.

use std::collections::BTreeSet;

use jiff::civil::Date;
use proto::sharing::statutory_status_changed::Status;

use crate::facts::ChildFacts;
use crate::registry::Registry;
use crate::vocabulary::{Involvement, Purpose, RoleGroup};

/// One request about one child.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// Who asks.
    pub principal: Principal,
    /// What for.
    pub purpose: Purpose,
    /// The day at which the rules are judged; that of the facts must be the same.
    pub valid_on: Date,
    /// The moment of asking, microseconds since 1970. Without it no break-glass counts.
    pub asked_at_us: Option<i64>,
    /// Pseudonyms of the people other than the child with whom the reader's organisation is known to work.
    pub also_works_with: BTreeSet<[u8; 16]>,
    /// The facts are not known to be up to date: everything is hidden.
    pub facts_stale: bool,
    /// The child asked about, where this request is about another who may be of that child's family; nobody elsewhere.
    pub family_of: FamilyOf,
    /// In a review of identity: the reader's organisation runs the service.
    pub runs_service: bool,
    /// In a review of identity: the reader's organisation has a record of one of the two subjects.
    pub part_of_pair: bool,
    /// The reader signed in afresh, as their organisation asks before the glass is broken.
    pub stepped_up: bool,
    /// In a review of a break-glass: the reader broke it themself.
    pub own_act: bool,
}

/// What the rules may know of the child asked about when they are asked of another child of the family. Made of that child's
/// facts and of nothing else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FamilyOf {
    pub(crate) involvement: Involvement,
    pub(crate) s47_open: bool,
    pub(crate) cp_plan: bool,
    pub(crate) cin: bool,
}

impl FamilyOf {
    /// The child of these facts, as this reader works with them.
    pub fn child(facts: &ChildFacts, registry: &Registry, reader: &Principal) -> Self {
        let open = |status| facts.statuses().open(status, registry, facts.valid_on());
        Self {
            involvement: reader.organisation().map_or(Involvement::None, |id| facts.involvement(id, registry)),
            s47_open: open(Status::Section47),
            cp_plan: open(Status::ProtectionPlan),
            cin: open(Status::ChildInNeed),
        }
    }
}

impl Default for FamilyOf {
    fn default() -> Self {
        Self { involvement: Involvement::None, s47_open: false, cp_plan: false, cin: false }
    }
}

impl Request {
    /// A request with fresh facts, no break-glass, and no other person with whom the reader works.
    pub fn new(principal: Principal, purpose: Purpose, valid_on: Date) -> Self {
        Self {
            principal,
            purpose,
            valid_on,
            asked_at_us: None,
            also_works_with: BTreeSet::new(),
            facts_stale: false,
            family_of: FamilyOf::default(),
            runs_service: false,
            part_of_pair: false,
            stepped_up: false,
            own_act: false,
        }
    }
}

/// Who asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Principal {
    /// Somebody who works for an organisation.
    Staff {
        /// The organisation id of the client certificate.
        organisation: String,
        /// The person of the token ("sub").
        person: String,
        /// Their roles, of the token.
        roles: BTreeSet<RoleGroup>,
        /// Their account is in good standing.
        active: bool,
        /// Their safeguarding training is current.
        trained: bool,
    },
    /// The child, or somebody of the family. Whom they are to the child is what was recorded of it, and nothing that they say.
    Person {
        /// The organisation id of the client certificate, which vouches for them.
        organisation: String,
        /// The issuer of the token ("iss").
        issuer: String,
        /// The person of the token ("sub").
        person: String,
    },
}

impl Principal {
    /// The person of the token.
    pub fn person(&self) -> &str {
        match self {
            Self::Staff { person, .. } | Self::Person { person, .. } => person,
        }
    }

    /// The organisation, of staff.
    pub fn organisation(&self) -> Option<&str> {
        match self {
            Self::Staff { organisation, .. } => Some(organisation),
            Self::Person { .. } => None,
        }
    }
}
