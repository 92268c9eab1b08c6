//! Which subjects are one child: a pure function of the claims, people's decisions and the seals. Nothing is merged when
//! it is written, so a wrong link is undone by one event.
//!
//! Exact only: two subjects are linked when sources state a usable identifier of both, or a person says so. The guards
//! are in [`resolve`].

pub mod linker;
mod resolve;

pub use resolve::{Claim, Description, Evidence, Id, Reason, Resolution, Withheld, resolve};
