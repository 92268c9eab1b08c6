//! Serving: timelines to readers over TLS, and the operator's commands on a Unix socket.

pub mod admin;
pub mod audits;
pub mod caller;
mod desk;
pub mod erasures;
pub mod expiry;
pub mod facts;
pub mod identities;
pub mod limits;
pub mod linker;
pub mod listen;
pub mod observe;
pub mod page;
pub mod planning;
pub mod policies;
pub mod protection;
mod readers;
pub mod refusal;
pub mod request;
pub mod safeguards;
pub mod stream;
pub mod timelines;
pub mod tokens;
