//! What is known of one request while it is under way: it must survive a time-out, which drops everything else.

use std::time::Instant;

use crate::response::Head;

/// What is known of one request.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    pub(crate) connection: u64,
    pub(crate) nth_use: u64,
    pub(crate) written: Option<Instant>,
    pub(crate) first_byte: Option<Instant>,
    pub(crate) head: Option<Head>,
    pub(crate) exchanges: u64,
    pub(crate) retried: bool,
}

impl Progress {
    /// Whether the response says that it is the one that was asked for.
    pub(crate) fn has_succeeded(&self) -> bool {
        self.head.as_ref().is_some_and(Head::is_success)
    }
}
