//! Consume, fold, store, decide, record, serve.

pub mod store;
pub mod serve;
