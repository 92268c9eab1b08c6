//! What every connector must hold.

#![cfg(test)]

use connector_kit::conformance::{Sample, check, check_overlapping};
use health_hl7v2::Hl7V2;

const DAY: &[u8] = include_bytes!("messages/day.hl7");
const OTHERS: &[u8] = include_bytes!("messages/others.hl7");

#[test]
fn the_connector_holds_the_bargain() {
    let files: [(&str, &[u8]); 1] = [("day.hl7", DAY)];
    let canaries = ["ASHDOWN", "Merrin", "9991110009", "Tansy", "ZZ99 3WZ", "01632"];
    check(&Hl7V2::default(), &Sample::new(&files).canaries(&canaries).end_is_not_marked());
}

#[test]
fn it_holds_it_for_results_problems_documents_and_schedules_too() {
    let files: [(&str, &[u8]); 1] = [("others.hl7", OTHERS)];
    let canaries = ["ASHDOWN", "Merrin", "9991110003", "Chlamydia"];
    check(&Hl7V2::default(), &Sample::new(&files).canaries(&canaries).end_is_not_marked());
}

#[test]
fn it_holds_it_for_referrals_merges_and_words_of_feeds() {
    let files: [(&str, &[u8]); 5] = [
        ("referrals.hl7", include_bytes!("messages/referrals.hl7")),
        ("words-of-statuses.hl7", include_bytes!("messages/words-of-statuses.hl7")),
        ("names-that-were.hl7", include_bytes!("messages/names-that-were.hl7")),
        ("mothers-in-merges.hl7", include_bytes!("messages/mothers-in-merges.hl7")),
        ("specimens.hl7", include_bytes!("messages/specimens.hl7")),
    ];
    let canaries = ["ASHDOWN", "Merrin", "9991110003", "01632", "Ottoline", "SOMEBODY"];
    check(&Hl7V2::default(), &Sample::new(&files).canaries(&canaries).end_is_not_marked());
}

#[test]
fn queues_that_overlap_may_be_sent_in_any_order() {
    // A queue that is sent again from the middle, and one in which a message is put right: what comes of it is the same.
    let messages: Vec<&[u8]> = split(DAY);
    let [first, last] =
        [&messages[..messages.len() * 2 / 3], &messages[messages.len() / 3..]].map(|part| part.concat());
    check_overlapping(&Hl7V2::default(), &[&[("first.hl7", &first)], &[("last.hl7", &last)], &[("all.hl7", DAY)]]);
    let messages: Vec<&[u8]> = split(OTHERS);
    let backwards: Vec<u8> = messages.iter().rev().flat_map(|message| message.iter().copied()).collect();
    let half = messages[..messages.len() / 2].concat();
    check_overlapping(&Hl7V2::default(), &[&[("half.hl7", &half)], &[("backwards.hl7", &backwards)]]);
}

/// A file's messages, each with its line ends.
fn split(file: &[u8]) -> Vec<&[u8]> {
    let starts: Vec<usize> = (0..file.len()).filter(|at| file[*at..].starts_with(b"MSH|")).collect();
    let ends = starts.iter().skip(1).copied().chain([file.len()]);
    starts.iter().zip(ends).map(|(start, end)| &file[*start..end]).collect()
}
