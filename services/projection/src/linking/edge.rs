//! What stands under a pair: enough to list it, and nothing of what anybody said.

use identity::Probable;
use identity::linker::Veto;

const BYTES: usize = 8 + 8 + 1;

/// A pair that may be of one child, as it was last weighed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Edge {
    /// Of what stands said, where it is still probable; otherwise of what once stood.
    pub probable: Probable,
    /// What the weight alone makes of it. What a child's other numbers and people's decisions make of it, reading tells.
    pub standing: Standing,
}

/// What the weight of a pair makes of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Standing {
    /// A link, unless something else keeps the two apart.
    Automatic,
    /// For a person.
    Possible,
    /// Probable, and no weight joins them.
    Vetoed(Veto),
    /// It was probable once, of what was said then.
    Past,
}

impl Edge {
    /// The row's value: weight and probability, eight bytes each, and the standing.
    pub(super) fn to_bytes(self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        let (weight, rest) = bytes.split_at_mut(8);
        let (probability, standing) = rest.split_at_mut(8);
        weight.copy_from_slice(&self.probable.weight.to_bits().to_be_bytes());
        probability.copy_from_slice(&self.probable.probability.to_bits().to_be_bytes());
        let automatic = u8::from(self.probable.is_automatic) << 7;
        standing.copy_from_slice(&[automatic | number(self.standing)]);
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (weight, rest) = bytes.split_first_chunk::<8>()?;
        let (probability, rest) = rest.split_first_chunk::<8>()?;
        let [standing] = rest else { return None };
        let float = |bytes: &[u8; 8]| f64::from_bits(u64::from_be_bytes(*bytes));
        Some(Self {
            probable: Probable {
                weight: float(weight),
                probability: float(probability),
                is_automatic: standing >> 7 == 1,
            },
            standing: standing_of(standing & 0x7f)?,
        })
    }
}

/// The number of a standing, which is written down.
fn number(standing: Standing) -> u8 {
    match standing {
        Standing::Automatic => 1,
        Standing::Possible => 2,
        Standing::Past => 3,
        Standing::Vetoed(Veto::Sealed) => 16,
        Standing::Vetoed(Veto::TwoIdentifiers) => 17,
        Standing::Vetoed(Veto::OneIssuer) => 18,
        Standing::Vetoed(Veto::Twins) => 19,
        Standing::Vetoed(Veto::Siblings) => 20,
    }
}

fn standing_of(number: u8) -> Option<Standing> {
    Some(match number {
        1 => Standing::Automatic,
        2 => Standing::Possible,
        3 => Standing::Past,
        16 => Standing::Vetoed(Veto::Sealed),
        17 => Standing::Vetoed(Veto::TwoIdentifiers),
        18 => Standing::Vetoed(Veto::OneIssuer),
        19 => Standing::Vetoed(Veto::Twins),
        20 => Standing::Vetoed(Veto::Siblings),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_reads_back_as_it_was_written() {
        for standing in (0..=u8::MAX).filter_map(standing_of) {
            for is_automatic in [false, true] {
                let probable = Probable { weight: -3.25, probability: 0.875, is_automatic };
                let edge = Edge { probable, standing };
                assert_eq!(Edge::from_bytes(&edge.to_bytes()), Some(edge));
            }
        }
        let golden = Edge {
            probable: Probable { weight: 12.5, probability: 0.96875, is_automatic: true },
            standing: Standing::Vetoed(Veto::Twins),
        };
        assert_eq!(hex::encode(golden.to_bytes()), "40290000000000003fef00000000000093");
        assert_eq!(Edge::from_bytes(&[0; 17]), None);
        assert_eq!(Edge::from_bytes(&[]), None);
    }
}
