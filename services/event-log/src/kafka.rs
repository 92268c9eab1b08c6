//! The log on Apache Kafka, through librdkafka.

pub mod admin;
mod connection;
pub mod topics;

pub use connection::{Connection, Sasl, Security, Tls};
