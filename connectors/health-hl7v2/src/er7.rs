//! The vertical-bar encoding of HL7 v2 (ER7): one message's bytes, split as far as somebody asks.
//!
//! Nothing is copied or decoded until a [`Value`] is asked for its text, so positions are positions in the bytes as they
//! came. What a feed gets wrong is kept as it stands and told, never guessed away: see [`Text::odd`].

mod charset;
mod delimiters;
mod escape;
mod message;
mod value;

pub use charset::Charset;
pub use delimiters::{Delimiters, DelimitersError};
pub use escape::escape;
pub use message::{Encoding, Fields, Message, ParseError, SEGMENTS_MAX, Segment};
pub(crate) use message::{blanks_before, is_name};
pub use value::{Text, Value};
