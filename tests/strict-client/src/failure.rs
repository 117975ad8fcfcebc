//! The ways in which a request fails. Whatever is not a complete response with a status of 2xx is one of them.

use std::fmt::{self, Display, Formatter};

use serde::{Serialize, Serializer};

/// The way in which a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failure {
    /// No connection could be made.
    Connect,
    /// The connection broke, before the response or within it.
    Reset,
    /// The server closed the connection without a byte of a response.
    EofBeforeResponse,
    /// The server closed the connection in the middle of the response.
    EofWithinResponse,
    /// The response was not complete in time.
    Timeout,
    /// What came was not HTTP/1, or more than the response.
    Malformed,
    /// The response was complete, and its status not 2xx.
    BadStatus(u16),
}

impl Failure {
    /// Whether it says that the connection ended by the server's doing, whatever had come until then.
    pub(crate) fn is_death_of_connection(self) -> bool {
        matches!(self, Self::Reset | Self::EofBeforeResponse | Self::EofWithinResponse)
    }
}

impl Display for Failure {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect => formatter.write_str("connect"),
            Self::Reset => formatter.write_str("reset"),
            Self::EofBeforeResponse => formatter.write_str("eof before response"),
            Self::EofWithinResponse => formatter.write_str("eof within response"),
            Self::Timeout => formatter.write_str("timeout"),
            Self::Malformed => formatter.write_str("malformed"),
            Self::BadStatus(status) => write!(formatter, "bad status {status}"),
        }
    }
}

impl Serialize for Failure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
