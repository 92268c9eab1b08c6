//! Who asks, and what for.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::vocabulary::{PersonKind, Purpose, RoleGroup};

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
}

impl Request {
    /// A request with fresh facts, no break-glass, and no other person with whom the reader works.
    pub fn new(principal: Principal, purpose: Purpose, valid_on: Date) -> Self {
        Self { principal, purpose, valid_on, asked_at_us: None, also_works_with: BTreeSet::new(), facts_stale: false }
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
    /// The child, or somebody of the family.
    Person {
        /// Whom they are to this child.
        kind: PersonKind,
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
