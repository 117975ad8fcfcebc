//! The keep-alive connections of one mode: a wanted number that take turns, and as many more as are needed for a
//! moment, since an open loop does not wait for a connection to become free.

use std::collections::VecDeque;

use crate::connection::Connection;

/// The idle connections, and a count of those in use.
#[derive(Debug)]
pub(crate) struct Pool {
    idle: VecDeque<Connection>,
    in_use: usize,
    wanted: usize,
}

impl Pool {
    pub(crate) fn new(wanted: usize) -> Self {
        Self { idle: VecDeque::new(), in_use: 0, wanted }
    }

    /// The connection that has been idle for longest, if it is not seen to be closed. None: a new one is to be
    /// opened. Either way one more is in use, until [`Pool::give_back`] or [`Pool::give_up`].
    pub(crate) fn take(&mut self) -> Option<Connection> {
        self.idle.retain(|connection| !connection.looks_closed());
        let is_full = self.idle.len() + self.in_use >= self.wanted;
        self.in_use += 1;
        if is_full { self.idle.pop_front() } else { None }
    }

    /// The connection may be used again.
    pub(crate) fn give_back(&mut self, connection: Connection) {
        self.in_use -= 1;
        if self.idle.len() + self.in_use < self.wanted {
            self.idle.push_back(connection);
        }
    }

    /// The connection that was in use is no more.
    pub(crate) fn give_up(&mut self) {
        self.in_use -= 1;
    }
}
