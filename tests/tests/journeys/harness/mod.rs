//! What journeys stand on: the program, a place for it to run in, readers who ask it, and the log as it lies on the disk.

mod collector;
pub(crate) mod program;
mod reader;
mod sealed;
mod watched;

pub(crate) use program::{CONNECTORS, Place, line_with, number_in};
pub(crate) use reader::{Child, ask, asks, canonical, channel, child, client, request};
pub(crate) use sealed::{Vault, records, said};
pub(crate) use watched::Watched;
