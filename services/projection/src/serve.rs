//! Serving: timelines to readers over TLS, and the operator's commands on a Unix socket.

pub mod admin;
pub mod caller;
pub mod expiry;
pub mod limits;
pub mod listen;
pub mod observe;
pub mod page;
pub mod request;
pub mod timelines;
