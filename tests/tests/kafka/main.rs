//! Bad days on a real Apache Kafka: what was acknowledged is there, in order, whatever happens to brokers and processes.
//!
//! `deploy/bad-days` has each of them as a script that says what it does, the long ones as long as you like.
#![cfg(test)]

mod alone;
mod audited;
mod clock;
mod cluster;
mod erased;
#[allow(dead_code, reason = "tests/audit uses all of it")]
#[path = "../audit/forged.rs"]
mod forged;
mod full_disk;
#[expect(dead_code, unused_imports, reason = "journeys use all of it")]
#[path = "../journeys/harness/mod.rs"]
mod harness;
mod killed_connector;
mod load;
mod moving;
mod one_node;
mod processes;
mod protection;
mod redriven;
mod three_nodes;
