//! The kept connections of one mode: a wanted number that take turns, and as many more as are needed for a moment, since
//! an open loop does not wait for a connection to become free.

use std::collections::VecDeque;

use crate::connection::Connection;

/// The idle connections, and a count of those in use.
#[derive(Debug)]
pub(crate) struct Pool {
    idle: VecDeque<Connection>,
    in_use: usize,
    wanted: usize,
    looks: bool,
}

impl Pool {
    /// `looks`: whether a connection is looked at before it is used again.
    pub(crate) fn new(wanted: usize, looks: bool) -> Self {
        Self { idle: VecDeque::new(), in_use: 0, wanted, looks }
    }

    /// The connection that has been idle for longest, if it may be used. None: a new one is to be opened. Either way one
    /// more is in use, until [`Pool::give_back`] or [`Pool::give_up`].
    pub(crate) fn take(&mut self) -> Option<Connection> {
        let is_full = self.idle.len() + self.in_use >= self.wanted;
        self.in_use += 1;
        if !is_full {
            return None;
        }
        // Only those are looked at that would be used next: a look is a system call, and the rest may be closed later still.
        while let Some(connection) = self.idle.pop_front() {
            if !self.looks || !connection.looks_closed() {
                return Some(connection);
            }
        }
        None
    }

    /// The connection may be used again.
    pub(crate) fn give_back(&mut self, connection: Connection) {
        self.in_use -= 1;
        // Also while more are in use than wanted: to drop it then would mean to reuse none as long as the server is slow.
        if self.idle.len() < self.wanted {
            self.idle.push_back(connection);
        }
    }

    /// The connection that was in use is no more.
    pub(crate) fn give_up(&mut self) {
        self.in_use -= 1;
    }
}
