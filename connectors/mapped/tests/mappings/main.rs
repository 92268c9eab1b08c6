//! Mappings: the worked ones to the letter, what is refused and how, and what hostile files cost.
#![cfg(test)]

mod awkward;
mod conformance;
mod corpus;
mod days;
mod dirty;
mod golden;
mod hostile;
mod readme;
mod refused;
mod rows;
mod worked;
