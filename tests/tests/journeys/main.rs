//! Journeys: the real program, as a process of its own, on invented records.
#![cfg(test)]

mod harness;
mod hostile_client;
mod killed;
mod mllp;
mod whole_way;
