//! Journeys: the real program, as a process of its own, on invented records.
#![cfg(test)]

mod answered_for;
mod bad_days;
mod canary;
mod emergency;
mod erasure;
mod erasure_killed;
mod every_source;
mod harness;
mod hostile_client;
mod hostile_producer;
mod killed;
mod linking;
mod mapped;
mod mllp;
mod posted;
mod quarantine;
mod review;
mod said;
mod whole_way;
