//! The properties of the rules are proved, each can fail, and the prover evaluates rules as Cedar does.

#![cfg(test)]

use proptest::prelude::*;
use sharing::Engine;
use sharing::cases::Case;
use sharing::prove::{agrees_with_cedar, prove, prove_those, slices_agree};

#[test]
fn every_property_is_proved() {
    let proofs = prove(&Engine::load().unwrap()).unwrap();
    let failed: Vec<_> = proofs.iter().filter_map(|proof| Some((&proof.id, proof.counterexample.as_ref()?))).collect();
    assert!(failed.is_empty(), "not proved: {failed:?}");
    assert!(proofs.len() >= 12 && proofs.iter().all(|proof| proof.ways > 0), "{proofs:?}");
}

/// What breaks each property: the rules without some, and with others in their place.
const MUTANTS: [(&str, &[&str], &str); 15] = [
    ("I1-", &["R03-"], ""),
    ("I2-", &["G04-"], ""),
    ("I3-", &["R03-"], ""),
    // A hole of the first draft: any safeguarding role in England could read a child under an open enquiry.
    (
        "I4-",
        &[],
        r#"permit (principal is Share::Staff, action in Share::Action::"UpToFull", resource)
           when { context.purpose == Share::Purpose::"child_protection" && resource.child.s47Open };"#,
    ),
    (
        "I5-",
        &["G05-"],
        r#"forbid (principal, action in Share::Action::"UpToFull", resource)
           when { resource.labels.contains(Share::Label::"court_restricted") } unless { context.breakGlass };"#,
    ),
    (
        "I6-",
        &[],
        r#"permit (principal is Share::Staff, action in Share::Action::"UpToFull", resource)
           when { context.detriment && context.involvement != Share::Involvement::"none" };"#,
    ),
    ("I7-", &["G08-"], ""),
    ("I8-", &["G01-"], ""),
    ("I9-", &["G02-"], ""),
    ("I10-", &["G06-"], ""),
    ("I11-", &["R09-"], ""),
    ("I12-", &["R01-"], ""),
    // A hole of an earlier rule: direct care named every involvement but the statutory one.
    (
        "I13-",
        &[],
        r#"permit (principal is Share::Staff, action in Share::Action::"UpToFull", resource)
           when { context.purpose == Share::Purpose::"direct_care" && context.involvement == Share::Involvement::"targeted" };"#,
    ),
    ("I14-", &["G17-"], ""),
    // Another organisation's records are counted only where an agreement says so.
    (
        "I15-",
        &[],
        r#"permit (principal is Share::Staff, action == Share::Action::"CountChildren", resource)
           when { context.purpose == Share::Purpose::"service_planning" && principal in Share::RoleGroup::"commissioning" };"#,
    ),
];

/// The rules without those of these beginnings, and with one more, a gate or a permit.
fn mutant(without: &[&str], with: &str) -> Engine {
    let mut set = Engine::load().unwrap().rule_set().clone();
    for id in without {
        let from = set.rules.find(&format!("@id(\"{id}")).unwrap();
        let to = set.rules[from + 1..].find("@id(").map_or(set.rules.len(), |next| from + 1 + next);
        set.rules.replace_range(from..to, "");
    }
    if !with.is_empty() {
        let head = if with.starts_with("permit") {
            r#"@id("P64-mutant") @basis("b")"#
        } else {
            r#"@id("G64-mutant") @law("l")"#
        };
        set.rules += &format!("{head} @say(\"s\") {with}");
    }
    Engine::from_stored(set).unwrap()
}

#[test]
fn each_property_fails_where_a_rule_is_missing_or_wrong_and_the_counterexample_is_a_case() {
    let mut wrong = Vec::new();
    for (id, without, with) in MUTANTS {
        let proofs = prove_those(&mutant(without, with), |property| property.starts_with(id)).unwrap();
        let [proof] = proofs.as_slice() else { panic!("{id}: {} properties", proofs.len()) };
        let Some(case) = proof.counterexample.clone() else {
            wrong.push(format!("{id} holds in its mutant"));
            continue;
        };
        wrong.extend(Case::of(case.clone()).err().map(|problems| format!("{case}: {problems:?}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let properties = include_str!("../rules/properties.cedar").matches("@id(").count();
    assert_eq!(properties, MUTANTS.len(), "every property has its mutant");
}

#[test]
fn a_rule_that_the_prover_cannot_evaluate_proves_nothing() {
    let unknown = r#"permit (principal is Share::Staff, action in Share::Action::"UpToFull", resource)
        when { context has purpose && context.purpose == Share::Purpose::"direct_care" };"#;
    let problem = prove(&mutant(&[], unknown)).unwrap_err().to_string();
    assert!(problem.contains("P64-mutant: the prover cannot evaluate `has`"), "{problem}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_prover_and_cedar_answer_alike(picks in prop::collection::vec(any::<u8>(), 160)) {
        let engine = Engine::load().unwrap();
        let mut at = 0;
        let pick = |values: usize| { at += 1; usize::from(picks[at % picks.len()]) % values.max(1) };
        prop_assert!(agrees_with_cedar(&engine, pick).unwrap());
    }

    /// What a question meets of the rules is all that can say anything of it.
    #[test]
    fn the_rules_that_a_question_meets_answer_it_as_all_of_them_do(picks in prop::collection::vec(any::<u8>(), 160)) {
        let engine = Engine::load().unwrap();
        let mut at = 0;
        let pick = |values: usize| { at += 1; usize::from(picks[at % picks.len()]) % values.max(1) };
        prop_assert!(slices_agree(&engine, pick).unwrap());
    }
}

#[test]
fn every_case_is_decided_by_the_same_rules_whether_it_meets_some_or_all() {
    let (engine, unsliced) = (Engine::load().unwrap(), Engine::load().unwrap().unsliced());
    let cases = Case::built_in().unwrap();
    let otherwise = cases.iter().filter(|case| case.explain(&engine) != case.explain(&unsliced)).map(Case::id);
    assert_eq!(otherwise.collect::<Vec<_>>(), Vec::<&str>::new());
}
