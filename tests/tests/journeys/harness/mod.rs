//! What journeys stand on: the program, a place for it to run in, readers who ask it, and the log as it lies on the disk.

#[allow(dead_code, reason = "tests/telemetry uses all of it")]
mod collector;
#[allow(dead_code, reason = "who erases a child uses all of it")]
pub(crate) mod erasing;
pub(crate) mod program;
mod reader;
mod sealed;
#[allow(dead_code, reason = "who works quarantine uses all of it")]
pub(crate) mod visits;
#[allow(dead_code, reason = "tests/telemetry uses all of it")]
mod watched;

pub(crate) use program::{CONNECTORS, Place, line_with, number_in};
pub(crate) use reader::{Child, ask, asks, canonical, channel, child, client, request};
#[allow(unused_imports, reason = "tests/kafka has several nodes")]
pub(crate) use reader::{Client, channel_at, client_on};
#[allow(unused_imports, reason = "tests/kafka reads a cluster")]
pub(crate) use sealed::{Vault, records, said, said_on};
