//! Which subjects are one child: a pure function of the claims, people's decisions, the seals and what a frozen version of
//! the [`linker`]'s parameters makes probable. Nothing is merged when it is written, so a wrong link is undone by one event.
//!
//! The guards are in [`resolve`].

pub mod family;
pub mod linker;
mod resolve;

pub use resolve::{Claim, Description, Evidence, Id, Probable, Reason, Resolution, Withheld, resolve};
