//! What systems get wrong: plausible disagreements between them, and records that are wrong in form.
//!
//! Every dirtied record is a line of `dirt.jsonl`, so that a test can hold what a connector found against it.

use jiff::civil::{Date, date};
use serde::Serialize;

use crate::dice::Dice;
use crate::names;
use crate::population::{Address, Child};
use crate::truth::{Disagreement, Subject};

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
}

/// A kind of dirt: what is done, to which field, and the finding that fits.
pub(crate) type Kind = (&'static str, &'static str, Option<&'static str>);

/// A child as one system describes them.
pub(crate) struct Description {
    pub(crate) surname: String,
    pub(crate) given: String,
    pub(crate) birth: Date,
    /// Still the address before the last move.
    pub(crate) stale_address: bool,
}

/// How a system describes a child, and where that differs from the truth.
pub(crate) fn describe(
    child: &Child,
    system: &'static str,
    dice: &mut Dice,
    found: &mut Vec<Disagreement>,
) -> Description {
    let mut told = Description {
        surname: child.surname.clone(),
        given: child.given.clone(),
        birth: child.birth,
        stale_address: false,
    };
    if child.demo {
        return told;
    }
    let mut say = |field, what| found.push(Disagreement { system, field, what });
    if dice.chance(0.06) {
        let (surname, what) = respell(&child.surname, dice);
        if surname != child.surname {
            told.surname = surname;
            say("surname", what);
        }
    }
    if dice.chance(0.06) {
        let plain = names::without_marks(&child.given);
        if let Some(short) = names::diminutive(&child.given) {
            told.given = short.to_owned();
            say("given", "diminutive");
        } else if plain != child.given {
            told.given = plain;
            say("given", "marks dropped");
        }
    }
    // The first twin's date of birth stays right, so that twins stay recognisable as such in one system.
    if child.twin.is_none() && dice.chance(0.012) {
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
    }
    if child.moved.is_some() && dice.chance(0.2) {
        told.stale_address = true;
        say("address", "previous address");
    }
    told
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
