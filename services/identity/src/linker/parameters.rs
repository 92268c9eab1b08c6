//! What an agreement weighs.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::block::Rule;
use super::compare::{Agreement, LEVELS, compare};
use super::schema::{Record, Schema};

/// No single field may say more than this, in natural logarithm: a hundred million to one.
const FIELD_WEIGHT_MAX: f64 = 18.5;

/// Everything that decides how probable a link is. Frozen once estimated: another estimate is another version.
#[derive(Clone, PartialEq, Debug)]
pub struct Parameters {
    pub(super) schema: Schema,
    pub(super) fields: Vec<FieldParameters>,
    /// How probable it is that two records taken at random are one child.
    pub(super) prior: f64,
    /// By which values candidates are found.
    pub(super) rules: Vec<Rule>,
}

/// One field's.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct FieldParameters {
    /// How often each agreement is seen between records of one child.
    pub(super) of_one: [f64; LEVELS],
    /// How often between records of two.
    pub(super) of_two: [f64; LEVELS],
    /// The share of records that say each of the values that more than two say: agreeing on a rare one weighs more.
    pub(super) shares: BTreeMap<String, f64>,
    /// The share of a value that stands nowhere above.
    pub(super) share_least: f64,
}

/// Two records, compared and weighed.
#[derive(Clone, PartialEq, Debug)]
pub struct Comparison {
    /// A field each, in the schema's order; those of which either says nothing are `None`.
    pub fields: Vec<Option<FieldWeight>>,
    /// The sum of the weights: natural logarithm of how much likelier what is seen is of one child than of two.
    pub weight: f64,
    /// The probability that they are one child.
    pub probability: f64,
}

/// What one field says for or against.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct FieldWeight {
    /// How far it agrees.
    pub agreement: Agreement,
    /// For, when above 0; against, below.
    pub weight: f64,
}

impl Parameters {
    /// The fields that are compared.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The version that every link made with these parameters names: a hash over all of them.
    pub fn version(&self) -> [u8; 16] {
        let mut hash = Sha256::new();
        hash.update(b"throughline.linker.parameters.v1\0");
        hash.update(self.prior.to_bits().to_be_bytes());
        for (field, parameters) in self.schema.fields().iter().zip(&self.fields) {
            hash.update(format!("{}\0{:?}\0", field.name, field.kind));
            for share in parameters.of_one.iter().chain(&parameters.of_two).chain([&parameters.share_least]) {
                hash.update(share.to_bits().to_be_bytes());
            }
            for (value, share) in &parameters.shares {
                hash.update(format!("{value}\0"));
                hash.update(share.to_bits().to_be_bytes());
            }
        }
        for rule in &self.rules {
            hash.update(format!("{rule:?}\0"));
        }
        let mut version = [0; 16];
        version.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
        version
    }

    /// Compares and weighs two records. Symmetric.
    pub fn weigh(&self, one: &Record, other: &Record) -> Comparison {
        let agreements = compare(&self.schema, one, other);
        let weigh = |(at, agreement): (usize, Option<Agreement>)| {
            let agreement = agreement?;
            Some(FieldWeight {
                agreement,
                weight: self.fields.get(at)?.weight(agreement, one.values(at), other.values(at)),
            })
        };
        let fields: Vec<Option<FieldWeight>> = agreements.into_iter().enumerate().map(weigh).collect();
        let weight = fields.iter().flatten().map(|field| field.weight).sum();
        Comparison { fields, weight, probability: probability(weight, self.prior) }
    }

    /// Whether more than two records say this value.
    pub(super) fn is_common(&self, field: usize, value: &str) -> bool {
        self.fields.get(field).is_some_and(|field| field.shares.contains_key(value))
    }

    /// By which values candidates are found.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}

impl FieldParameters {
    fn weight(&self, agreement: Agreement, ours: &[String], theirs: &[String]) -> f64 {
        let of = |shares: &[f64; LEVELS]| shares.get(agreement.level()).copied().unwrap_or(1.0);
        let of_two = match agreement {
            Agreement::Exact => self.rarest_shared(ours, theirs).unwrap_or(of(&self.of_two)),
            _ => of(&self.of_two),
        };
        (of(&self.of_one) / of_two).ln().clamp(-FIELD_WEIGHT_MAX, FIELD_WEIGHT_MAX)
    }

    fn rarest_shared(&self, ours: &[String], theirs: &[String]) -> Option<f64> {
        let shared = ours.iter().filter(|value| theirs.contains(value));
        shared.map(|value| self.shares.get(value).copied().unwrap_or(self.share_least)).min_by(f64::total_cmp)
    }
}

/// A weight and a prior as a probability.
pub(super) fn probability(weight: f64, prior: f64) -> f64 {
    let against = -(weight + (prior / (1.0 - prior)).ln());
    1.0 / (1.0 + against.exp())
}
