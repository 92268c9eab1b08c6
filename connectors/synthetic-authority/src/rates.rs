//! How often records of one child disagree, and how often people are hard to tell apart.
//!
//! All are shares, 0 to 1, and our choice: high enough that a few thousand children show each case, and none lower than
//! what makes linking easy. No public source gives such rates for English children's systems field by field. Each is drawn
//! apart from the others, so that some records disagree in several ways at once.

/// Households in which a parent's marriage or a new partner changed the children's surname.
pub(crate) const RENAMED_BY_MARRIAGE: f64 = 0.015;
/// Of those, the share whose new name is the old and the new, hyphened.
pub(crate) const RENAMED_TO_DOUBLE: f64 = 0.4;
/// Children whose surname was changed by deed poll.
pub(crate) const RENAMED_BY_DEED: f64 = 0.003;
/// A school has heard of a change of name by now.
pub(crate) const SCHOOL_HEARD_OF_NAME: f64 = 0.85;
/// The hospital has.
pub(crate) const HOSPITAL_HEARD_OF_NAME: f64 = 0.7;
/// A system that has heard of it still says the former name beside the new one.
pub(crate) const FORMER_NAME_KEPT: f64 = 0.4;
/// Children who go by a surname that is not their legal one.
pub(crate) const KNOWN_BY_OTHER_SURNAME: f64 = 0.02;
/// The hospital has that one as the child's surname; a school says it beside the legal one.
pub(crate) const HOSPITAL_USES_OTHER_SURNAME: f64 = 0.3;
/// Children who go by their middle name.
pub(crate) const KNOWN_BY_MIDDLE_NAME: f64 = 0.015;
/// A system has the middle name as the given name of such a child.
pub(crate) const MIDDLE_NAME_USED: f64 = 0.4;

/// A system writes a surname otherwise: hyphen, apostrophe, marks, capitals, half of a double surname.
pub(crate) const SURNAME_RESPELT: f64 = 0.06;
/// It has a diminutive, or a given name without its marks.
pub(crate) const GIVEN_NAME_SHORTENED: f64 = 0.06;
/// It spells a name that was written in another script its own way, of the names that have several spellings.
pub(crate) const TRANSLITERATED: f64 = 0.25;
/// A slip of the key in a given name; in a surname the same.
pub(crate) const NAME_SLIP: f64 = 0.012;
/// Given name and surname stand in each other's place.
pub(crate) const NAMES_SWAPPED: f64 = 0.003;

/// A birth date with day and month transposed, or the 15th of its month.
pub(crate) const BIRTH_TRANSPOSED: f64 = 0.012;
/// A birth date with a slip of the key: a day, ten days, a month or a year off.
pub(crate) const BIRTH_SLIP: f64 = 0.005;
/// Children whose birth date nobody knows: each system has an assessed one.
pub(crate) const BIRTH_ASSESSED: f64 = 0.003;
/// The wrong sex was keyed.
pub(crate) const SEX_SLIP: f64 = 0.002;

/// Families who moved in the last three years.
pub(crate) const MOVED: f64 = 0.16;
/// A system still has the address before the last move.
pub(crate) const ADDRESS_STALE: f64 = 0.2;
/// The hospital sends the address before the move along.
pub(crate) const ADDRESS_HISTORY: f64 = 0.3;
/// A slip of the key in a postcode.
pub(crate) const POSTCODE_SLIP: f64 = 0.006;

/// Children whom the hospital has never seen.
pub(crate) const UNKNOWN_TO_HOSPITAL: f64 = 0.03;
/// Children of whom the hospital has no NHS number at all.
pub(crate) const NHS_NUMBER_UNTRACED: f64 = 0.02;
/// Children under whom the hospital has the NHS number of a brother or sister.
pub(crate) const NHS_NUMBER_OF_SIBLING: f64 = 0.001;
/// Children under whom social care has the pupil number of a brother or sister. Not of a twin: a return has no names, so
/// that such a record would be the twin's in every field.
pub(crate) const UPN_OF_SIBLING: f64 = 0.002;
/// Children who began under a temporary pupil number; in the autumn they still stand under it.
pub(crate) const UPN_TEMPORARY_FIRST: f64 = 0.02;

/// Households that live with relatives of the same surname.
pub(crate) const HOME_SHARED: f64 = 0.008;
/// Births less than fourteen months after the one before, of all second and later children.
pub(crate) const SIBLINGS_CLOSE: f64 = 0.04;
/// One pair of households in so many has two children of one name, one birth date and two families.
pub(crate) const NAMESAKES_EVERY: u32 = 1_000;
