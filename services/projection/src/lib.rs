//! Consume, fold, store, decide, record, serve.
