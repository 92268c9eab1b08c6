//! The glass: broken by one person, for one child and one purpose, for a short time.

use proto::events::event::Kind;
use proto::sharing::BreakGlassAsserted;

use crate::days::microseconds;
use crate::facts::ChildFacts;
use crate::facts::versions::Stated;
use crate::vocabulary::Purpose;

/// Break-glass ends by itself after so many minutes, whatever was asked for.
pub const BREAK_GLASS_MINUTES_MAX: u32 = 60;

/// Every breaking of the glass for a child that can open anything.
#[derive(Clone, Debug, Default)]
pub(crate) struct BrokenGlass(Vec<Broken>);

/// One of them.
#[derive(Clone, Debug)]
struct Broken {
    glass: Glass,
    from_us: i64,
    organisation: String,
    person: String,
    purpose: Purpose,
}

/// What stands open to one reader.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Glass {
    /// The break-glass.
    pub id: [u8; 16],
    /// It opens nothing from this moment on, microseconds since 1970.
    pub ends_us: i64,
}

impl BrokenGlass {
    pub(crate) fn fold(stated: &[Stated]) -> Self {
        let asserted = stated.iter().filter_map(|event| match &event.event.kind {
            Some(Kind::BreakGlassAsserted(asserted)) => Broken::of(asserted),
            _ => None,
        });
        Self(asserted.collect())
    }

    /// Whoever ever broke it.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|broken| (broken.organisation.as_str(), Some(broken.person.as_str())))
    }

    /// The one that stands open to this person of this organisation for this purpose; of several the one that ends last.
    pub(crate) fn open(&self, organisation: &str, person: &str, purpose: Purpose, at_us: i64) -> Option<Glass> {
        let theirs = self.0.iter().filter(|broken| {
            broken.organisation == organisation
                && broken.person == person
                && broken.purpose == purpose
                && (broken.from_us..broken.glass.ends_us).contains(&at_us)
        });
        theirs.map(|broken| broken.glass).max_by_key(|glass| (glass.ends_us, glass.id))
    }
}

impl Broken {
    /// Nothing of one that does not say who, what for and why: it can be reviewed by nobody.
    fn of(asserted: &BreakGlassAsserted) -> Option<Self> {
        let from_us = asserted.asserted_at.as_ref().and_then(microseconds)?;
        let minutes = asserted.minutes().min(BREAK_GLASS_MINUTES_MAX);
        let said = !asserted.reason().trim().is_empty() && asserted.purpose() != Purpose::Unspecified;
        said.then_some(())?;
        Some(Self {
            glass: Glass {
                id: asserted.id().try_into().ok()?,
                ends_us: from_us.saturating_add(i64::from(minutes) * 60_000_000),
            },
            from_us,
            organisation: asserted.organisation().to_owned(),
            person: asserted.person().to_owned(),
            purpose: asserted.purpose(),
        })
    }
}

impl ChildFacts {
    /// What a break-glass of this person of this organisation opens for this purpose at this moment, microseconds since 1970.
    pub fn open_glass(&self, organisation: &str, person: &str, purpose: Purpose, at_us: i64) -> Option<Glass> {
        self.broken_glass().open(organisation, person, purpose, at_us)
    }
}
