//! Serving: timelines to readers over TLS, and the operator's commands on a Unix socket.

pub mod caller;
pub mod page;
