//! The decision cases of `cases/*.jsonl`, through the same door as the projection: see `sharing::cases`.

#![cfg(test)]

use sharing::Engine;
use sharing::cases::{Case, Noticing};

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

/// Each rule is taken away in turn: some case must notice.
#[test]
fn every_rule_is_missed_by_some_case() {
    let mut engine = Engine::load().unwrap();
    let cases = Case::built_in().unwrap();
    let noticing = Noticing::of(&mut engine, &cases);
    let unnoticed: Vec<String> = engine
        .removals()
        .into_iter()
        .filter(|mutant| noticing.by(&mut engine, mutant, 1).unwrap().is_empty())
        .map(|mutant| mutant.rule)
        .collect();
    assert!(unnoticed.is_empty(), "rules that no case would miss: {unnoticed:?}");
}
