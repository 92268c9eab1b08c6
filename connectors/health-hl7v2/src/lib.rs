//! HL7 v2 messages, from files and over MLLP.

pub mod er7;

mod framing;
