//! Rules as a record of a decision names them: by letter and number, a bit each.

use proto::disclosure::Disclosure;

use crate::engine::Rule;

/// Letters of rules: gates, restrictions, permits.
const LETTERS: [char; 3] = ['G', 'R', 'P'];
/// Numbers of each letter, from 1.
const NUMBERS: u32 = u64::BITS;
/// In records from before each letter had bits of its own, the first bit of each and how many.
const NARROW: [(u32, u32); 3] = [(0, 16), (16, 24), (40, 24)];

/// The letter and number of a rule, which it keeps for as long as any record names it: "R05" of
/// "R05-consent-refused-or-withdrawn".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct RuleNumber {
    letter: usize,
    bit: u32,
}

/// A set of rules by letter and number: 64 gates, 64 restrictions, 64 permits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RuleBits([u64; 3]);

impl RuleNumber {
    /// Of the id of a rule; `None` unless it begins with G01 to G64, R01 to R64 or P01 to P64, and a hyphen.
    pub fn of(id: &str) -> Option<Self> {
        let (head, _) = id.split_once('-')?;
        let letter = LETTERS.iter().position(|letter| head.starts_with(*letter))?;
        let digits = head.get(1..).filter(|digits| digits.len() == 2)?;
        let number: u32 = digits.parse().ok()?;
        (1..=NUMBERS).contains(&number).then(|| Self { letter, bit: number - 1 })
    }
}

impl std::fmt::Display for RuleNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{:02}", LETTERS.get(self.letter).unwrap_or(&'?'), self.bit + 1)
    }
}

impl RuleBits {
    /// The rules that a record of a decision says its answer told of, in the form of its time.
    pub fn told(record: &Disclosure) -> Self {
        let mut bits = Self([record.gates_told, record.restrictions_told, record.permits_told]);
        for (word, (first, count)) in bits.0.iter_mut().zip(NARROW) {
            *word |= record.rules_told >> first & ((1 << count) - 1);
        }
        bits
    }

    /// Writes them into a record of a decision.
    pub fn write_told(self, record: &mut Disclosure) {
        [record.gates_told, record.restrictions_told, record.permits_told] = self.0;
    }

    /// Adds a rule.
    pub fn insert(&mut self, rule: RuleNumber) {
        if let Some(word) = self.0.get_mut(rule.letter) {
            *word |= 1 << rule.bit;
        }
    }

    /// Whether a rule is among them.
    pub fn has(self, rule: &Rule) -> bool {
        let word = |number: &RuleNumber| self.0.get(number.letter).copied().unwrap_or_default();
        RuleNumber::of(&rule.id).is_some_and(|number| word(&number) >> number.bit & 1 == 1)
    }

    /// No rule.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// Letter and number of each, in order, whether or not there is such a rule now.
    pub fn numbers(self) -> impl Iterator<Item = RuleNumber> {
        let words = self.0.into_iter().enumerate();
        words.flat_map(|(letter, word)| {
            (0..NUMBERS).filter(move |bit| word >> bit & 1 == 1).map(move |bit| RuleNumber { letter, bit })
        })
    }
}

impl std::ops::BitOr for RuleBits {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        let mut both = self;
        both.0.iter_mut().zip(other.0).for_each(|(word, more)| *word |= more);
        both
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_named_by_two_digits_from_one_to_sixty_four() {
        for (id, number) in
            [("G01-a", Some("G01")), ("R33-b-c", Some("R33")), ("P64-d", Some("P64")), ("P65-d", None), ("P00-d", None)]
        {
            assert_eq!(RuleNumber::of(id).map(|number| number.to_string()).as_deref(), number, "{id}");
        }
        for id in ["X01-a", "G1-a", "G001-a", "G01", "g01-a", ""] {
            assert_eq!(RuleNumber::of(id), None, "{id}");
        }
    }

    #[test]
    fn a_record_of_either_form_names_the_same_rules() {
        let ids = ["G01-a", "G16-a", "R01-a", "R24-a", "P01-a", "P24-a"];
        let old =
            Disclosure { rules_told: 1 | 1 << 15 | 1 << 16 | 1 << 39 | 1 << 40 | 1 << 63, ..Disclosure::default() };
        let mut bits = RuleBits::default();
        ids.iter().for_each(|id| bits.insert(RuleNumber::of(id).unwrap()));
        assert_eq!(RuleBits::told(&old), bits);
        let mut new = Disclosure::default();
        bits.insert(RuleNumber::of("P64-a").unwrap());
        bits.write_told(&mut new);
        assert_eq!((RuleBits::told(&new), new.rules_told), (bits, 0));
        let named: Vec<_> = bits.numbers().map(|number| number.to_string()).collect();
        assert_eq!(named, ["G01", "G16", "R01", "R24", "P01", "P24", "P64"]);
    }
}
