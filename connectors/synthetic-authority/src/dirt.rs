//! What systems get wrong: plausible disagreements between them, and records that are wrong in form.
//!
//! Every dirtied record is a line of `dirt.jsonl`, so that a test can hold what a connector found against it.

use jiff::civil::{Date, date};
use serde::Serialize;

use crate::calendar::plus;
use crate::dice::{Dice, Part};
use crate::life_course::education::number;
use crate::population::{Address, Child, World};
use crate::truth::{Disagreement, Subject};
use crate::{names, rates};

/// The share of records that are dirtied.
pub(crate) const SHARE: f64 = 0.034;

/// One line of `dirt.jsonl`: a record that was made wrong, and how.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Dirt {
    pub(crate) file: String,
    /// The record, as its own system refers to the child that it is of.
    pub(crate) record: Subject,
    /// The row key or the message's control id, where the record has one.
    pub(crate) key: String,
    pub(crate) truth: String,
    pub(crate) field: &'static str,
    pub(crate) what: &'static str,
    /// The finding that fits, a member of `throughline.events.v1.FindingCode` without its prefix; none where a
    /// connector should simply cope.
    pub(crate) finding: Option<&'static str>,
    /// The reason for which it waits in quarantine, a member of `throughline.quarantine.v1.Reason` without its prefix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<&'static str>,
}

/// A kind of dirt: what is done, to which field, and the finding that fits.
pub(crate) type Kind = (&'static str, &'static str, Option<&'static str>);

/// Who tells of a child.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    Education = 1,
    SocialCare = 2,
    Health = 3,
}

impl System {
    fn name(self) -> &'static str {
        match self {
            Self::Education => "education",
            Self::SocialCare => "social_care",
            Self::Health => "health",
        }
    }
}

/// A child as one system describes them.
#[derive(Clone)]
pub(crate) struct Description {
    pub(crate) surname: String,
    pub(crate) given: String,
    /// The surname that it has until this day, or for ever where it never heard of the new one.
    pub(crate) surname_until: Option<(String, Date)>,
    /// A former surname that it says beside the one that stands.
    pub(crate) former_surname: Option<String>,
    /// A surname that it says the child goes by.
    pub(crate) preferred_surname: Option<String>,
    pub(crate) birth: Date,
    pub(crate) girl: bool,
    /// Still the address before the last move.
    pub(crate) stale_address: bool,
    /// It says where the child lived before.
    pub(crate) tells_former_address: bool,
    /// The postcode of the child's home, where it was keyed wrongly.
    pub(crate) postcode: Option<String>,
}

impl Description {
    /// The surname that the system has on a day.
    pub(crate) fn surname_on(&self, on: Date) -> &str {
        match &self.surname_until {
            Some((before, until)) if on < *until => before,
            _ => &self.surname,
        }
    }

    /// The postcode as the system has it.
    pub(crate) fn postcode_of<'a>(&'a self, home: &'a Address, child: &Child) -> &'a str {
        self.postcode.as_deref().filter(|_| home.postcode == child.home.postcode).unwrap_or(&home.postcode)
    }
}

/// How a system describes a child, and where that differs from the truth. The system's own stream draws what has always
/// been drawn; the rest comes from a stream of its own.
pub(crate) fn describe(
    world: &World,
    child: &Child,
    system: System,
    dice: &mut Dice,
    found: &mut Vec<Disagreement>,
) -> Description {
    let mut told = Description {
        surname: child.surname.clone(),
        given: child.given.clone(),
        surname_until: None,
        former_surname: None,
        preferred_surname: None,
        birth: child.birth,
        girl: child.girl,
        stale_address: false,
        tells_former_address: false,
        postcode: None,
    };
    if child.demo {
        return told;
    }
    let mut apart = Dice::new(world.settings.seed, Part::Identity, number(child) << 2 | system as u64 | 1 << 41);
    let mut say = |field, what| found.push(Disagreement { system: system.name(), field, what });
    other_names(child, system, &mut told, &mut apart, &mut say);
    if dice.chance(rates::SURNAME_RESPELT) {
        let (surname, what) = respell(&told.surname, dice);
        if surname != told.surname {
            told.surname = surname;
            say("surname", what);
        }
    }
    if dice.chance(rates::GIVEN_NAME_SHORTENED) {
        let plain = names::without_marks(&told.given);
        if let Some(short) = names::diminutive(&told.given) {
            told.given = short.to_owned();
            say("given", "diminutive");
        } else if plain != told.given {
            told.given = plain;
            say("given", "marks dropped");
        }
    }
    slips(&mut told, &mut apart, &mut say);
    // A twin's date of birth is never turned, so that twins stay recognisable as such; a slip of the key it may have.
    if child.twin.is_none() && dice.chance(rates::BIRTH_TRANSPOSED) {
        let day = date(child.birth.year(), child.birth.month(), 15);
        let swapped = Date::new(child.birth.year(), child.birth.day(), child.birth.month()).ok();
        match swapped.filter(|swapped| *swapped < child.birth && dice.chance(0.6)) {
            Some(swapped) => {
                told.birth = swapped;
                say("birth", "day and month transposed");
            }
            None if day < child.birth => {
                told.birth = day;
                say("birth", "15th of the month");
            }
            None => {}
        }
    } else {
        birth_slips(child, &mut told, &mut apart, &mut say);
    }
    if apart.chance(rates::SEX_SLIP) {
        told.girl = !child.girl;
        say("sex", "the other sex");
    }
    if child.moved.is_some() && dice.chance(rates::ADDRESS_STALE) {
        told.stale_address = true;
        say("address", "previous address");
    }
    told.tells_former_address = child.moved.is_some() && apart.chance(rates::ADDRESS_HISTORY);
    if apart.chance(rates::POSTCODE_SLIP) {
        // The area stays the one that is not allocated.
        let (area, rest) = child.home.postcode.split_at_checked(2).unwrap_or_default();
        told.postcode = Some(format!("{area}{}", names::mistyped(rest, &mut apart)));
        say("address", "a slip in the postcode");
    }
    told
}

/// Changes of name that a system has heard of or not, and the names by which a child goes.
fn other_names(
    child: &Child,
    system: System,
    told: &mut Description,
    dice: &mut Dice,
    say: &mut impl FnMut(&'static str, &'static str),
) {
    let hospital = system == System::Health;
    if let Some((former, on, _)) = &child.renamed {
        let heard = if hospital { rates::HOSPITAL_HEARD_OF_NAME } else { rates::SCHOOL_HEARD_OF_NAME };
        if !dice.chance(heard) {
            told.surname = former.clone();
            say("surname", "former surname");
        } else {
            told.surname_until = Some((former.clone(), *on));
            told.former_surname = dice.chance(rates::FORMER_NAME_KEPT).then(|| former.clone());
        }
    }
    if let Some(other) = &child.other_surname {
        if hospital && dice.chance(rates::HOSPITAL_USES_OTHER_SURNAME) {
            (told.surname, told.surname_until) = (other.clone(), None);
            say("surname", "the surname that they go by");
        } else if !hospital {
            told.preferred_surname = Some(other.clone());
        }
    }
    if let Some(middle) = child.middle.as_ref().filter(|_| child.by_middle_name && dice.chance(rates::MIDDLE_NAME_USED))
    {
        told.given = middle.clone();
        say("given", "the middle name that they go by");
    }
}

/// Another spelling, a slip of the key, and names in each other's place.
fn slips(told: &mut Description, dice: &mut Dice, say: &mut impl FnMut(&'static str, &'static str)) {
    for (name, field) in [(&mut told.given, "given"), (&mut told.surname, "surname")] {
        let spelling = names::other_spelling(name, dice).filter(|_| dice.chance(rates::TRANSLITERATED));
        if let Some(spelling) = spelling {
            *name = spelling.to_owned();
            say(field, "another spelling");
        } else if dice.chance(rates::NAME_SLIP) {
            *name = names::mistyped(name, dice);
            say(field, "a slip of the key");
        }
    }
    if dice.chance(rates::NAMES_SWAPPED) {
        std::mem::swap(&mut told.given, &mut told.surname);
        told.surname_until = None;
        say("given", "names in each other's place");
    }
}

fn birth_slips(
    child: &Child,
    told: &mut Description,
    dice: &mut Dice,
    say: &mut impl FnMut(&'static str, &'static str),
) {
    let birth = child.birth;
    if child.birth_assessed {
        let year = birth.year() - dice.weigh(&[(0, 80), (1, 20)]);
        let assessed = if dice.chance(0.7) { date(year, 1, 1) } else { birth };
        if assessed < birth {
            told.birth = assessed;
            say("birth", "assessed");
        }
    } else if dice.chance(rates::BIRTH_SLIP) {
        let slipped = match dice.between(0, 3) {
            0 => Some(plus(birth, -1)),
            1 => Some(plus(birth, -10)),
            2 => Date::new(birth.year(), (birth.month() - 1).max(1), birth.day()).ok(),
            _ => Date::new(birth.year() - 1, birth.month(), birth.day()).ok(),
        };
        if let Some(slipped) = slipped.filter(|slipped| *slipped != birth) {
            told.birth = slipped;
            say("birth", "a slip of the key");
        }
    }
}

/// The same surname as another clerk would key it.
fn respell(surname: &str, dice: &mut Dice) -> (String, &'static str) {
    if surname.contains('-') && dice.chance(0.7) {
        return match surname.split_once('-') {
            Some((first, _)) if dice.chance(0.3) => (first.to_owned(), "half of a double surname"),
            _ => (surname.replace('-', " "), "hyphen dropped"),
        };
    }
    if surname.contains('\'') && dice.chance(0.7) {
        return (surname.replace('\'', ""), "apostrophe dropped");
    }
    let plain = names::without_marks(surname);
    if plain != surname {
        return (plain, "marks dropped");
    }
    if dice.chance(0.6) { (surname.to_uppercase(), "capitals") } else { (surname.to_lowercase(), "small letters") }
}

/// The address that a system has on a day.
pub(crate) fn address_on(child: &Child, on: Date, stale: bool) -> &Address {
    match &child.moved {
        Some((before, moved)) if stale || on < *moved => before,
        _ => &child.home,
    }
}
