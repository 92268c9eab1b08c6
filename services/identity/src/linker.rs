//! Probable links: which records describe one child, judged by what they say.
//!
//! A record is [normalised](Schema::record) field by field; two records are [compared](compare) into one [`Agreement`] a
//! field; the agreements are weighed by [`Parameters`] into the probability that both are one child (Fellegi and Sunter 1969,
//! with rarer values weighing more). Parameters are estimated from records without labels ([`estimate`]), frozen, and named by
//! their own hash. [`Population`] holds records and finds those that may be one child. What becomes of weighed pairs is decided with all
//! else that is known: see [`crate::resolve`].
//!
//! Everything here is a pure function of its arguments.

mod block;
pub mod children;
mod compare;
mod estimate;
mod normalise;
mod parameters;
mod population;
mod sample;
mod schema;
mod sounds;
mod veto;

pub use compare::{Agreement, compare};
pub use estimate::{EstimateError, estimate};
pub use parameters::{Comparison, FieldWeight, Parameters, ParametersError};
pub use population::{Again, Edge, Found, Likely, Population, PopulationFull};
pub use sample::Sample;
pub use schema::{Check, Field, Kind, Record, Schema, SchemaError};
pub use veto::{Guards, Veto, veto};

/// What linking a record came to, by the thresholds of the Department for Education's matching service.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Outcome {
    /// One child, at or above the automatic threshold.
    Link,
    /// One child, between the two thresholds: for a person to decide.
    Possible,
    /// More than one child at or above the automatic threshold: for a person to decide.
    Many,
    /// Only children below the review threshold.
    Low,
    /// Nobody to compare with.
    None,
}

/// From which probability on a link is made, and from which one is put before a person.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Thresholds {
    /// At or above: linked.
    pub automatic: f64,
    /// At or above, and below `automatic`: reviewed.
    pub review: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { automatic: 0.95, review: 0.85 }
    }
}

impl Thresholds {
    /// The outcome for a record whose best probability with each child that it may be is one of these.
    pub fn outcome(&self, best_by_child: impl IntoIterator<Item = f64>) -> Outcome {
        let (mut automatic, mut best) = (0_u32, None::<f64>);
        for probability in best_by_child {
            automatic += u32::from(probability >= self.automatic);
            best = Some(best.map_or(probability, |best| best.max(probability)));
        }
        match (automatic, best) {
            (1, _) => Outcome::Link,
            (2.., _) => Outcome::Many,
            (0, Some(best)) if best >= self.review => Outcome::Possible,
            (0, Some(_)) => Outcome::Low,
            (0, None) => Outcome::None,
        }
    }
}

#[cfg(test)]
mod tests;
