//! The decision cases: every line of `cases/*.jsonl`, through the same door as the projection. What a case says of the
//! child, of consent, of agreements is turned into recorded events; nothing is handed to the rules directly.

#![cfg(test)]

mod case;

use case::Case;
use sharing::Engine;

#[test]
fn every_case_is_decided_as_it_says() {
    let engine = Engine::load().unwrap();
    let cases = Case::all();
    let failures: Vec<Vec<String>> =
        cases.iter().map(|case| case.failures(&engine)).filter(|failures| !failures.is_empty()).collect();
    println!("sharing: {} passed, {} failed", cases.len() - failures.len(), failures.len());
    assert!(failures.is_empty(), "{}", failures.concat().join("\n"));
}

/// Each rule is taken away in turn: some case must notice. R11 alone decides nothing: P16 and P17 end at eighteen by their
/// own conditions, and it stands for the day on which somebody writes another permit for parents.
#[test]
fn every_rule_is_missed_by_some_case() {
    let engine = Engine::load().unwrap();
    let cases = Case::all();
    let unnoticed: Vec<&str> = engine
        .rules()
        .map(|rule| rule.id.as_str())
        .filter(|id| {
            let without = Engine::load_without(&[id]).unwrap();
            cases.iter().all(|case| case.shown_as_expected(&without))
        })
        .collect();
    assert_eq!(unnoticed, ["R11-adult-subject"], "rules that no case would miss");
}
