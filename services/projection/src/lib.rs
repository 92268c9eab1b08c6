//! Consume, fold, store, decide, record, serve.
//!
//! [`consume`] follows the log into the [`store`]; [`rebuild`] makes the same store from the log alone. [`child`] reads one
//! child at one point in time; [`disclose`] decides, records and releases; [`serve`] is what readers and operators reach.

pub mod audit;
pub mod child;
pub mod command;
pub mod consume;
pub mod disclose;
pub mod erasure;
pub mod freshness;
mod held_lock;
pub mod identities;
pub mod keys_held;
mod kin;
pub mod ledger;
pub mod linking;
pub mod match_rates;
pub mod notices;
pub mod own_records;
pub mod project;
pub mod protection;
pub mod rebuild;
pub mod refuse;
pub mod registry;
pub mod replay;
pub mod row;
pub mod serve;
pub mod store;
