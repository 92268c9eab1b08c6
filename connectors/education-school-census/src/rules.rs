//! The published validation rules of the collection that matter to a timeline, by their official numbers. Those on numbers
//! (1500 to 1578) are with the identifiers; of others no list with numbers was to be had, and their findings name no rule.

/// A leaver's date of leaving is there, not before the entry, and not after the census day.
pub(crate) const LEAVING: &str = "school-census/1920";
/// A current pupil's date of entry is there, and not after the census day.
pub(crate) const ENTRY: &str = "school-census/1880";
/// No period of free meals begins after the census day.
pub(crate) const FREE_MEALS_START: &str = "school-census/1762";
/// The sessions that a leaver could have attended are there.
pub(crate) const LEAVER_SESSIONS: &str = "school-census/2510";
