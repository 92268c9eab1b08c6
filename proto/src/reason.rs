//! Reasons by name, as people and machines outside the process are told them.

use crate::quarantine::Reason;
use crate::sharing::DenialReason;

impl Reason {
    /// Every reason, in order of number.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..).map_while(|number| Self::try_from(number).ok())
    }

    /// Without its prefix: `RECORD_MALFORMED`.
    pub fn name(self) -> &'static str {
        self.as_str_name().trim_start_matches("REASON_")
    }
}

impl DenialReason {
    /// Without its prefix: `FACTS_STALE`.
    pub fn name(self) -> &'static str {
        self.as_str_name().trim_start_matches("DENIAL_REASON_")
    }
}

#[test]
fn reasons_are_counted_without_a_gap() {
    assert!(Reason::all().count() >= 15);
    assert!(Reason::all().all(|reason| !reason.name().starts_with("REASON")));
    // A number left out would end the count: then this finds what stands behind it.
    let last = Reason::all().last().unwrap() as i32;
    assert!((last + 1..last + 100).all(|number| Reason::try_from(number).is_err()));
    assert_eq!(DenialReason::FactsStale.name(), "FACTS_STALE");
}
