//! The words of the contract, of the rules' schema and of this crate are the same words.

#![cfg(test)]

use std::collections::BTreeSet;

use sharing::Engine;

#[test]
fn proto_enums_and_schema_have_the_same_members() {
    let engine = Engine::load().unwrap();
    let ours = engine.vocabulary();
    let schema = engine.schema_vocabulary();
    let types: BTreeSet<&String> = schema.keys().collect();
    assert_eq!(ours.keys().collect::<BTreeSet<_>>(), types, "closed lists");
    assert_eq!(types.len(), 12);
    for (name, words) in &ours {
        assert_eq!(&words.iter().cloned().collect::<BTreeSet<_>>(), &schema[name], "{name}");
        assert!(words.len() >= 3, "{name} was read");
    }
}

/// A word of the proto that this crate's list would miss.
#[test]
fn every_member_of_the_proto_enums_is_a_word() {
    let engine = Engine::load().unwrap();
    let contract = members_by_number();
    for (name, members) in contract {
        let words: BTreeSet<String> = engine.vocabulary()[name].iter().cloned().collect();
        assert_eq!(words, members, "{name}");
    }
}

/// The members of the enums by their generated names, over more numbers than any of them has.
fn members_by_number() -> Vec<(&'static str, BTreeSet<String>)> {
    use proto::sharing as s;
    let members = |prefix: &str, keep_unspecified: bool, name: &dyn Fn(i32) -> Option<&'static str>| {
        (0..1000)
            .filter_map(name)
            .filter_map(|name| name.strip_prefix(prefix))
            .filter(|word| keep_unspecified || *word != "UNSPECIFIED")
            .map(str::to_lowercase)
            .collect::<BTreeSet<String>>()
    };
    vec![
        ("Purpose", members("PURPOSE_", true, &|n| s::Purpose::try_from(n).ok().map(|e| e.as_str_name()))),
        ("Sector", members("SECTOR_", false, &|n| s::Sector::try_from(n).ok().map(|e| e.as_str_name()))),
        ("RoleGroup", members("ROLE_GROUP_", false, &|n| s::RoleGroup::try_from(n).ok().map(|e| e.as_str_name()))),
        ("Category", members("CATEGORY_", false, &|n| s::Category::try_from(n).ok().map(|e| e.as_str_name()))),
        ("Label", members("LABEL_", false, &|n| s::Label::try_from(n).ok().map(|e| e.as_str_name()))),
    ]
}
