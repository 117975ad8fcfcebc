//! The kinds of client that are played: what each does with its connections.

use std::fmt::{self, Display, Formatter};

use serde::Serialize;

/// A kind of client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// A new connection for each request, `Connection: close`.
    Fresh,
    /// Reuses connections after a look whether the server has closed them, and never sends a request twice.
    KeepAlive,
    /// As [`Mode::KeepAlive`], and sends a request once more, on a new connection, if a *reused* connection died
    /// before any byte of the response: what browsers and most libraries do.
    Retry,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Fresh, Self::KeepAlive, Self::Retry];

    /// The mode's name in tables and files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::KeepAlive => "keep-alive",
            Self::Retry => "retry",
        }
    }

    /// Whether connections are used more than once.
    pub(crate) fn reuses_connections(self) -> bool {
        self != Self::Fresh
    }

    /// Whether a request may be sent again if a reused connection died under it.
    pub(crate) fn retries(self) -> bool {
        self == Self::Retry
    }
}

impl Display for Mode {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}
