//! An open-loop load client that records every request and forgives nothing: it speaks HTTP/1.1 on sockets of its
//! own, and HTTP/2 by the h2 crate, so that each record can tell on which connection, and on which use of it, a request
//! failed.
//!
//! ```text
//! mode          the kinds of client           exchange/     what each says and expects on a connection
//! builder, load what is to be sent, and runs  player        the clock of each mode
//! sender        one request, start to record  pool          the connections that are kept
//! record, mark  the lines of a history        recorder      where they go: memory, or a file
//! history       what tests ask of a history   summary       the counts
//! delayed_path  a network's round trip        check/        judges a recorded history
//! secure        TLS
//! ```
//!
//! [`Load`] sends and hands out a [`Summary`] meanwhile; at the end it becomes the [`History`] of its [`Record`]s. One that
//! was recorded to a file is judged by [`check::check`].

mod builder;
pub mod check;
mod connection;
mod delayed_path;
mod exchange;
mod failure;
mod history;
mod load;
mod mark;
mod microseconds;
mod mode;
mod open_files;
mod player;
mod pool;
mod progress;
mod read;
mod record;
mod recorder;
mod request;
mod response;
mod secure;
mod sender;
mod summary;
mod timing;

pub use builder::LoadBuilder;
pub use delayed_path::DelayedPath;
pub use failure::Failure;
pub use history::History;
pub use load::Load;
pub use mark::{Mark, MarkKind};
pub use mode::Mode;
pub use open_files::raise_open_file_limit;
pub use record::Record;
pub use summary::{ModeSummary, ReleaseSeen, Summary};
