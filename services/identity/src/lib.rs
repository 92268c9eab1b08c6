//! Which subjects are one child: a pure function of the claims, people's decisions, the seals and what a frozen version of
//! the [`linker`]'s parameters makes probable. Nothing is merged when it is written, so a wrong link is undone by one event.
//!
//! The guards are in [`resolve`].

mod evaluate;
mod everybody;
pub mod family;
pub mod linker;
mod resolve;
pub mod told;

pub use evaluate::{AtThreshold, Evaluated, Mistake, evaluate};
pub use everybody::{Concluded, Everybody, Member};
pub use resolve::{
    Claim, Description, Evidence, Id, Probable, Reason, Resolution, SUBJECTS_MAX, Withheld, resolve, resolve_each,
};
