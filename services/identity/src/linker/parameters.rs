//! What an agreement weighs.

mod kept;

use std::collections::BTreeMap;

use super::block::Rule;
use super::compare::{Agreement, Agreements, LEVELS, across_fields, agreements, compare_fields};
use super::population::FIELDS_MAX;
use super::schema::{Kind, Record, Says, Schema};

pub use kept::ParametersError;

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
    /// So many records it was estimated from.
    pub(super) records: u64,
    /// Records that share a key with more than this many are not looked for by it: a hostel's postcode, a default date.
    pub(super) block_records_max: usize,
}

/// What a record asks of those that it is compared with.
pub(super) struct Asking {
    probability_min: f64,
    /// Of less, the probability is too low.
    weight_min: f64,
    /// What each of its fields can weigh at most, whatever the other says.
    most_of: [f64; FIELDS_MAX],
}

/// One field's.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct FieldParameters {
    /// How often each agreement is seen between records of one child.
    pub(super) of_one: [f64; LEVELS],
    /// How often between records of two.
    pub(super) of_two: [f64; LEVELS],
    /// So many values were said.
    pub(super) said: u64,
    /// How many records say each of the values that most say: agreeing on a rare one weighs more.
    pub(super) counts: BTreeMap<String, u64>,
    /// The share of a value that stands nowhere above.
    pub(super) share_of_others: f64,
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

    /// Compares and weighs two records. Symmetric, and the same to the last bit on every machine.
    pub fn weigh(&self, one: &Record, other: &Record) -> Comparison {
        let agreements = agreements(&self.schema, one, other);
        let weights = self.weights(&agreements, one, other);
        let weight = weights.iter().sum();
        let fields = agreements.into_iter().zip(weights).take(self.fields.len());
        let fields = fields.map(|(agreement, weight)| Some(FieldWeight { agreement: agreement?, weight })).collect();
        Comparison { fields, weight, probability: probability(weight, self.prior) }
    }

    /// What is asked of every record that is compared with this one: at least this probability.
    pub(super) fn asking(&self, one: &impl Says, probability_min: f64) -> Asking {
        let most = |(at, field): (usize, &FieldParameters)| {
            let weigh = |agreement| field.weight(agreement, one.said(at), one.said(at));
            Agreement::ALL.into_iter().map(weigh).fold(0.0, f64::max)
        };
        let odds = |probability: f64| (probability / (1.0 - probability)).ln();
        let mut most_of = [0.0; FIELDS_MAX];
        most_of.iter_mut().zip(self.fields.iter().enumerate().map(most)).for_each(|(to, from)| *to = from);
        // A step of rounding less: whether it is enough is said by the probability.
        Asking { probability_min, weight_min: odds(probability_min) - odds(self.prior) - 0.001, most_of }
    }

    /// The sum of the weights and the probability alone, of records wherever they are held, when it is enough. Names and
    /// houses, which take long to compare, are compared only where the rest leaves it possible.
    pub(super) fn weight(&self, one: &impl Says, other: &impl Says, asking: &Asking) -> Option<(f64, f64)> {
        let takes_long = |kind: Kind| {
            matches!(kind, Kind::GivenName | Kind::MiddleName | Kind::Surname | Kind::House | Kind::Address)
        };
        let mut agreements = [None; FIELDS_MAX];
        compare_fields(&self.schema, one, other, &mut agreements, |kind| !takes_long(kind));
        let mut most = 0.0;
        for (at, (field, parameters)) in self.schema.fields().iter().zip(&self.fields).enumerate() {
            most += match agreements.get(at).copied().flatten() {
                Some(agreement) => parameters.weight(agreement, one.said(at), other.said(at)),
                None if takes_long(field.kind) => asking.most_of.get(at).copied().unwrap_or_default(),
                None => 0.0,
            };
        }
        if most < asking.weight_min {
            return None;
        }
        compare_fields(&self.schema, one, other, &mut agreements, takes_long);
        across_fields(&self.schema, one, other, &mut agreements);
        let weight = self.weight_of(&agreements, one, other);
        let probability = probability(weight, self.prior);
        (probability >= asking.probability_min).then_some((weight, probability))
    }

    /// The same of two that were compared before.
    pub(super) fn weight_of(&self, agreements: &Agreements, one: &impl Says, other: &impl Says) -> f64 {
        self.weights(agreements, one, other).iter().sum()
    }

    fn weights(&self, agreements: &Agreements, one: &impl Says, other: &impl Says) -> [f64; FIELDS_MAX] {
        let mut weights = [0.0; FIELDS_MAX];
        for (at, ((agreement, field), weight)) in agreements.iter().zip(&self.fields).zip(&mut weights).enumerate() {
            if let Some(agreement) = agreement {
                *weight = field.weight(*agreement, one.said(at), other.said(at));
            }
        }
        self.weigh_one_home_once(&mut weights);
        weights
    }

    /// Whoever shares a house shares its postcode, and whoever moved has another of both: where the two speak alike the one
    /// that says more counts, and the other weighs nothing. Counted twice, a home would outweigh a birthday, and link brothers.
    fn weigh_one_home_once(&self, weights: &mut [f64; FIELDS_MAX]) {
        let (Some(postcode), Some(house)) = (self.schema.place(Kind::Postcode), self.schema.place(Kind::House)) else {
            return;
        };
        let of = |at: usize| weights.get(at).copied().unwrap_or_default();
        let (of_postcode, of_house) = (of(postcode), of(house));
        let lesser = if of_postcode.abs() < of_house.abs() { postcode } else { house };
        if of_postcode * of_house > 0.0
            && let Some(weight) = weights.get_mut(lesser)
        {
            *weight = 0.0;
        }
    }

    /// The probability that two records of this weight are one child.
    pub fn probability(&self, weight: f64) -> f64 {
        probability(weight, self.prior)
    }

    /// Whether many records say this value.
    pub(super) fn is_common(&self, field: usize, value: &str) -> bool {
        self.fields.get(field).is_some_and(|field| field.counts.contains_key(value))
    }

    /// By which values candidates are found.
    pub(super) fn rules(&self) -> &[Rule] {
        &self.rules
    }
}

impl FieldParameters {
    fn weight<'a>(
        &self,
        agreement: Agreement,
        ours: impl Iterator<Item = &'a str>,
        theirs: impl Iterator<Item = &'a str> + Clone,
    ) -> f64 {
        let of = |shares: &[f64; LEVELS]| shares.get(agreement.level()).copied().unwrap_or(1.0);
        let of_two = match agreement {
            Agreement::Exact => self.rarest_shared(ours, theirs).unwrap_or(of(&self.of_two)),
            // Whoever has a frequent name has it misspelt as often as the child in question: what is nearly a frequent value
            // says no more than that value itself does.
            Agreement::Variant | Agreement::Close | Agreement::Near => {
                let rarest = |share: f64, value: &str| share.min(self.share(value));
                let frequent = ours.fold(1.0, rarest).max(theirs.fold(1.0, rarest));
                of(&self.of_two).max(of(&self.of_one) * frequent)
            }
            Agreement::Different => of(&self.of_two),
        };
        in_steps((of(&self.of_one) / of_two).ln().clamp(-FIELD_WEIGHT_MAX, FIELD_WEIGHT_MAX))
    }

    fn rarest_shared<'a>(
        &self,
        ours: impl Iterator<Item = &'a str>,
        theirs: impl Iterator<Item = &'a str> + Clone,
    ) -> Option<f64> {
        let shared = ours.filter(|value| theirs.clone().any(|their| their == *value));
        shared.map(|value| self.share(value)).min_by(f64::total_cmp)
    }

    fn share(&self, value: &str) -> f64 {
        let count = self.counts.get(value).map(|count| *count as f64 / self.said.max(1) as f64);
        count.unwrap_or(self.share_of_others)
    }
}

/// To a step that a sum of them never leaves: sums are exact in any order, and the last bit of a machine's logarithm, in
/// which machines differ, is not in them.
fn in_steps(weight: f64) -> f64 {
    const STEPS: f64 = 65_536.0;
    (weight * STEPS).round() / STEPS
}

/// A weight and a prior as a probability.
pub(super) fn probability(weight: f64, prior: f64) -> f64 {
    let against = -(weight + (prior / (1.0 - prior)).ln());
    in_steps_of_probability(1.0 / (1.0 + against.exp()))
}

fn in_steps_of_probability(probability: f64) -> f64 {
    const STEPS: f64 = (1_u64 << 40) as f64;
    (probability * STEPS).round() / STEPS
}

#[cfg(test)]
mod tests;
