//! The contract: what is written to the log for ever, and what readers are given.
//!
//! The `.proto` files under `throughline/` are the source. The Rust is generated from them and committed, so that no
//! build needs protoc; `tests/generated.rs` regenerates it and fails on any difference. `tests/golden.rs` holds bytes of
//! every message, because every byte ever published must decode.
//!
//! Adding an event kind: write the message in its family's file, every field commented and with a group; give it the
//! next number of its family in `Event`; regenerate; then the compiler points at the classifier (`sharing`), the
//! who-may-say-what table (`event-log`) and the golden bytes.

mod address;
pub mod event;
pub mod fields;
mod reason;
pub mod subject;
pub mod wire;

/// The compiled `.proto` files, options included: for reflection, and for printing messages as JSON.
pub const DESCRIPTORS: &[u8] = include_bytes!("generated/descriptors.bin");

macro_rules! packages {
    ($($area:ident)*) => {
        /// The generated packages, nested as their names are: `throughline.events.v1` is `generated::events::v1`.
        mod generated {
            $(#[allow(unreachable_pub, reason = "reached through the re-export below")]
            pub mod $area {
                #[allow(
                    missing_docs,
                    unreachable_pub,
                    clippy::all,
                    clippy::allow_attributes_without_reason,
                    reason = "generated code"
                )]
                pub mod v1 {
                    include!(concat!("generated/throughline.", stringify!($area), ".v1.rs"));
                }
            })*
        }
        $(pub use generated::$area::v1 as $area;)*
    };
}

packages! { events sharing timeline identity linking disclosure quarantine keys admin audit planning }
