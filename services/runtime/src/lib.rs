//! The same edges for every process: how it reads its configuration, how it logs, and how it is told to stop.

pub mod config;
pub mod shutdown;
pub mod telemetry;
