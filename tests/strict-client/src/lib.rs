//! An open-loop load client that records every request and forgives nothing: it speaks HTTP/1.1 on sockets of its
//! own, so that each record can tell on which connection, and on which use of it, a request failed.
//!
//! [`Load`] sends and hands out a [`Summary`] meanwhile; at the end it becomes the [`History`] of all [`Record`]s.

mod connection;
mod failure;
mod history;
mod load;
mod mode;
mod pool;
mod record;
mod request;
mod response;
mod sender;
mod summary;

pub use failure::Failure;
pub use history::{History, Mark};
pub use load::{Load, LoadBuilder};
pub use mode::Mode;
pub use record::Record;
pub use summary::{ModeSummary, ReleaseSeen, Summary};
