//! The rules of this build load.

#[test]
fn the_rules_load() {
    let engine = sharing::Engine::load().unwrap();
    assert_eq!(engine.rules().count(), 42);
}
