//! No field of any event is born outside the rules.

use proto::events::group::Of;
use proto::fields::{KINDS, MESSAGES};

#[test]
fn every_field_of_every_event_states_its_group() {
    let silent: Vec<String> = MESSAGES
        .iter()
        .flat_map(|message| message.fields.iter().map(move |field| (message, field)))
        .filter(|(_, field)| field.group == Of::Unspecified)
        .map(|(message, field)| format!("{}.{}", message.name, field.name))
        .collect();
    assert!(silent.is_empty(), "fields without a (group) option: {silent:?}");
    assert!(MESSAGES.len() > KINDS.len(), "nested messages are in the table too");
}

#[test]
fn an_address_is_location_wherever_it_stands() {
    let address = MESSAGES.iter().find(|m| m.name == "throughline.events.v1.Address").unwrap();
    assert!(address.fields.iter().all(|field| field.group == Of::Location));
}

#[test]
fn kind_numbers_go_by_family_and_names_are_unique() {
    let mut names = std::collections::BTreeSet::new();
    for kind in KINDS {
        assert!(names.insert(kind.name), "{} stands twice", kind.name);
        assert!(matches!(kind.number, 10..=15 | 100..=699), "{} has number {}", kind.name, kind.number);
    }
}
