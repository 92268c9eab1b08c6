//! The same edges for every process: how it reads its configuration, how it logs, counts and traces, how it says whether it is
//! well, and how it is told to stop.

pub mod config;
pub mod health;
pub mod http;
pub mod metrics;
pub mod shutdown;
pub mod telemetry;
pub mod tls;
pub mod trace;
