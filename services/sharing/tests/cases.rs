//! The decision cases of `cases/*.jsonl`, through the same door as the projection: see `sharing::cases`.

#![cfg(test)]

use sharing::Engine;
use sharing::cases::Case;

#[test]
fn every_case_is_decided_as_it_says() {
    let engine = Engine::load().unwrap();
    let cases = Case::built_in().unwrap();
    let failed: Vec<String> = cases
        .iter()
        .map(|case| (case, case.judge(&engine)))
        .filter(|(_, verdict)| !verdict.passed())
        .map(|(case, verdict)| format!("{} ({}; {}): {verdict:?}", case.id(), case.title(), case.why()))
        .collect();
    println!("sharing: {} passed, {} failed", cases.len() - failed.len(), failed.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Each rule is taken away in turn: some case must notice. R11 alone decides nothing: P16 and P17 end at eighteen by their
/// own conditions, and it stands for the day on which somebody writes another permit for parents.
#[test]
fn every_rule_is_missed_by_some_case() {
    let engine = Engine::load().unwrap();
    let cases = Case::built_in().unwrap();
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
