//! What each kind of client says and expects on one connection, a file for each kind of exchange.

pub(crate) mod echo;
pub(crate) mod events;
pub(crate) mod get;
pub(crate) mod http2;
pub(crate) mod large;
pub(crate) mod web_socket;
