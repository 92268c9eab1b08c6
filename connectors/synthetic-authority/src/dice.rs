//! Chance, from a seed: every draw of the generator goes through here.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// A stream of draws. Each household and each part of a life has its own, so that one more child, or one more draw in
/// one part, moves nothing elsewhere.
pub(crate) struct Dice(StdRng);

/// The parts of a life that draw apart from each other.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    Household = 1,
    Education = 2,
    SocialCare = 3,
    Health = 4,
    Facts = 5,
    Identity = 6,
    Care = 7,
    Services = 8,
    Community = 9,
}

/// Spreads the bits of a number over all 64 (the finalizer of splitmix64).
pub(crate) fn spread(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

impl Dice {
    pub(crate) fn new(seed: u64, part: Part, number: u64) -> Self {
        Self(StdRng::seed_from_u64(spread(seed ^ spread(number ^ ((part as u64) << 56)))))
    }

    /// True with the probability given, 0 to 1.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.0.random::<f64>() < probability
    }

    /// A whole number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i32, high: i32) -> i32 {
        if high <= low { low } else { self.0.random_range(low..=high) }
    }

    /// How many times something happens that is expected `mean` times: the whole part, and chance for the rest.
    pub(crate) fn times(&mut self, mean: f64) -> u32 {
        let spread = self.0.random::<f64>() * 2.0 * mean.max(0.0);
        let whole = spread.floor();
        whole as u32 + u32::from(self.0.random::<f64>() < spread - whole)
    }

    /// One of a list, each as likely as the next. The default of an empty list.
    pub(crate) fn pick<T: Copy + Default>(&mut self, list: &[T]) -> T {
        let at = self.between(0, list.len().saturating_sub(1) as i32) as usize;
        list.get(at).copied().unwrap_or_default()
    }

    /// One of a list, as likely as its weight.
    pub(crate) fn weigh<T: Copy + Default>(&mut self, list: &[(T, u32)]) -> T {
        let total: u32 = list.iter().map(|(_, weight)| weight).sum();
        let mut at = self.between(0, total.saturating_sub(1) as i32) as u32;
        for (value, weight) in list {
            if at < *weight {
                return *value;
            }
            at -= weight;
        }
        T::default()
    }
}
