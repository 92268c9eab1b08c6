//! What keeps a set of rules from failing open: each of these sets is refused, or hides.

#![cfg(test)]

use proto::sharing::RuleSet;
use sharing::cases::Case;
use sharing::{Engine, LoadError};

fn this_build() -> RuleSet {
    Engine::load().unwrap().rule_set().clone()
}

/// An entity or a context that does not fit the schema is an error, and not an attribute short: then every question fails, the
/// first ones with it.
#[test]
fn a_schema_that_asks_for_more_or_less_than_is_given_does_not_load() {
    for (from, to) in [
        ("protectedAddress: Bool,", "protectedAddress: Bool, shoeSize: Bool,"),
        ("detriment: Bool,", "detriment: Bool, weather: Bool,"),
        ("active: Bool, trained: Bool", "active: Bool, trained: Bool, tall: Bool"),
        ("maybeAdult: Bool, maybe25: Bool,", "maybeAdult: Bool, maybe25: Bool, maybe30: Bool,"),
    ] {
        let set = this_build();
        let schema = set.schema.replacen(from, to, 1);
        assert_ne!(schema, set.schema, "{from}");
        let loaded = Engine::of(RuleSet { schema, ..set });
        assert!(matches!(loaded, Err(LoadError::SelfTest(_))), "{to}: {:?}", loaded.err());
    }
}

/// Cedar passes over a rule that fails to evaluate, a restriction included. Here one overflows.
#[test]
fn a_rule_that_fails_to_evaluate_hides_everything_and_a_set_with_one_does_not_load() {
    let set = this_build();
    let fails = r#"@id("R64-overflow") @law("l") @say("s") @plain("p")
        forbid (principal, action, resource) when { 9223372036854775807 + 1 > 0 };"#;
    let set = RuleSet { rules: format!("{}\n{fails}", set.rules), ..set };
    assert!(matches!(Engine::of(set.clone()), Err(LoadError::SelfTest(_))));
    let engine = Engine::from_stored(set).unwrap();
    let cases = Case::built_in().unwrap();
    let shown: Vec<_> = cases.iter().filter(|case| case.shown(&engine).0 != "hide").map(Case::id).collect();
    assert!(shown.is_empty(), "{shown:?}");
}

/// The known answers at start-up notice each of these: a restriction that does not fire, a permit that is too wide.
#[test]
fn a_set_that_answers_a_known_question_wrongly_does_not_load() {
    for (from, to) in [
        ("@id(\"G01-", "@id(\"G61-"),
        ("@id(\"G03-", "@id(\"G63-"),
        ("@id(\"G04-", "@id(\"G64-"),
        ("@id(\"G08-", "@id(\"G62-"),
    ] {
        let set = this_build();
        let rules = set.rules.replacen(from, to, 1);
        assert_ne!(rules, set.rules, "{from}");
        let loaded = Engine::of(RuleSet { rules, ..set });
        assert!(matches!(loaded, Err(LoadError::SelfTest(_))), "{to}: {:?}", loaded.err());
    }
}
