//! Consume, fold, store, decide, record, serve.

pub mod child;
pub mod consume;
pub mod project;
pub mod rebuild;
pub mod row;
pub mod serve;
pub mod store;
