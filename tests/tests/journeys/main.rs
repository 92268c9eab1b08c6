//! Journeys: the real program, as a process of its own, on invented records.
#![cfg(test)]

mod bad_days;
mod canary;
mod harness;
mod hostile_client;
mod hostile_producer;
mod killed;
mod linking;
mod mllp;
mod review;
mod whole_way;
