//! The log on Apache Kafka, through librdkafka.

mod connection;

pub use connection::{Connection, Sasl, Security, Tls};
