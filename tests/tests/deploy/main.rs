#![cfg(test)]
//! What is deployed: the rehearsal of a restore, and that everything which deploy/ names is there.

mod apart;
mod backup;
mod examples;
#[path = "../journeys/harness/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the journeys use the rest")]
mod harness;
mod named;
mod sbom;
