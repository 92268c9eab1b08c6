//! The properties of the rules are proved, and each can fail.

#![cfg(test)]

use std::collections::BTreeMap;

use sharing::Engine;
use sharing::prove::prove;

#[test]
fn every_property_is_proved() {
    let proofs = prove(&Engine::load().unwrap()).unwrap();
    for proof in &proofs {
        eprintln!("{}: {} ways", proof.id, proof.ways);
        if let Some(case) = &proof.counterexample {
            eprintln!("{}: {case}", proof.id);
        }
    }
    let failed: Vec<_> = proofs.iter().filter(|proof| proof.counterexample.is_some()).map(|proof| &proof.id).collect();
    assert!(failed.is_empty(), "not proved: {failed:?}");
    assert!(proofs.len() >= 12);
}
