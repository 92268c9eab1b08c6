//! What a hospital's other systems tell of a visit: results, screens, problems and letters, some of them put right later. The
//! demonstration's children have none, so that their story stays as short as it is told.

use jiff::civil::DateTime;

use super::message::{Message, Results};
use crate::calendar::hl7_time;
use crate::life_course::health::hours_after;
use crate::population::Child;

/// Numbered by what it is of: the order or document stays the same when it is put right.
fn number(child: &Child, kind: char, at: DateTime) -> String {
    format!("{kind}{}{}", child.mrn, hl7_time(at))
}

/// What is told of some, by a figure that their number and the day give.
fn one_in(share: u64, child: &Child, at: DateTime) -> bool {
    let figure = child.mrn.bytes().fold(at.day() as u64 + at.hour() as u64, |sum, byte| sum * 31 + u64::from(byte));
    figure % share == 0
}

/// The blood spot of the fifth day, the hearing screen, the weight at birth.
pub(super) fn newborn(child: &Child, born: DateTime) -> Vec<Message> {
    if child.demo {
        return Vec::new();
    }
    let spot = hours_after(born, 5 * 24);
    let outcome = |condition: &'static str| ("CE", condition, "04^Condition not suspected".to_owned(), "", "F");
    let lines = vec![outcome("314081000^Phenylketonuria^SCT"), outcome("314080004^Cystic fibrosis^SCT")];
    let blood_spot = Results { number: number(child, 'B', spot), panel: "NBS^Newborn blood spot", taken: spot, lines };
    let heard = hours_after(born, 30);
    let clear = || "P^Clear response".to_owned();
    let lines = vec![
        ("CE", "54108-6^Newborn hearing screen - left^LN", clear(), "", "F"),
        ("CE", "54109-4^Newborn hearing screen - right^LN", clear(), "", "F"),
    ];
    let hearing =
        Results { number: number(child, 'H', heard), panel: "NHSP^Newborn hearing screen", taken: heard, lines };
    let weight = format!("{}", 2500 + born.day() as i32 * 40);
    let lines = vec![("NM", "27113001^Body weight^SCT", weight, "g", "F")];
    let weighed = Results { number: number(child, 'W', born), panel: "GROWTH^Growth", taken: born, lines };
    vec![
        Message::results(hours_after(born, 1), weighed),
        Message::results(hours_after(heard, 1), hearing),
        Message::results(hours_after(spot, 72), blood_spot),
    ]
}

/// A letter, withdrawn for a few; and for a wheeze the problem.
pub(super) fn emergency(child: &Child, reason: &str, discharged: DateTime) -> Vec<Message> {
    if child.demo {
        return Vec::new();
    }
    let letter = number(child, 'D', discharged);
    let mut messages = vec![Message::letter("T02", hours_after(discharged, 2), letter.clone())];
    if one_in(40, child, discharged) {
        messages.push(Message::letter("T11", hours_after(discharged, 26), letter));
    }
    if reason == "Wheeze" {
        let wheeze = ("56018004", "Wheezing");
        messages.push(Message::problem(hours_after(discharged, 3), number(child, 'P', discharged), wheeze));
    }
    messages
}

/// A blood count; for some corrected the next day, for a few taken back as another's.
pub(super) fn admission(child: &Child, admitted: DateTime) -> Vec<Message> {
    if child.demo {
        return Vec::new();
    }
    let taken = hours_after(admitted, 2);
    let count = |value: &str, status: &'static str| Results {
        number: number(child, 'L', taken),
        panel: "FBC^Full blood count",
        taken,
        lines: vec![("NM", "HB^Haemoglobin", value.to_owned(), "g/L", status)],
    };
    let mut messages = vec![Message::results(hours_after(taken, 3), count("121", "F"))];
    if one_in(11, child, taken) {
        messages.push(Message::results(hours_after(taken, 27), count("112", "C")));
    } else if one_in(17, child, taken) {
        messages.push(Message::results(hours_after(taken, 28), count("", "W")));
    }
    messages
}
