//! The ledger as it is kept on disk, and what a verification says of a log, or of a bundle, that is not what was signed.

mod bundle;
mod keeper;
mod killed;
mod place;
mod service;
mod tampered;
