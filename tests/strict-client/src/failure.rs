//! The ways in which a request fails. Whatever is not a complete and right response with a status of 2xx is one of them.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The way in which a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failure {
    /// No connection could be made, or TLS could not be agreed on.
    Connect,
    /// The connection broke, before the response or within it.
    Reset,
    /// The server closed the connection without a byte of a response.
    EofBeforeResponse,
    /// The server closed the connection in the middle of the response, or of a WebSocket.
    EofWithinResponse,
    /// The response was not complete in time.
    Timeout,
    /// What came was not the protocol, or more than the response.
    Malformed,
    /// Another body came back than was sent.
    WrongBody,
    /// A stream went on with another instance than it began with.
    WrongInstance,
    /// An event or message of a stream was missing, or came twice.
    OutOfSequence,
    /// A stream was ended in order, but before its last event or message.
    EndedEarly,
    /// The server said that it has not processed the request and will not on this connection (HTTP/2): to send it again is
    /// safe, whatever it was (RFC 9113, section 8.7).
    Unprocessed,
    /// The response was complete, and its status not the one of success.
    BadStatus(u16),
}

/// Every failure that has no number, with its text.
const TEXTS: [(Failure, &str); 11] = [
    (Failure::Connect, "connect"),
    (Failure::Reset, "reset"),
    (Failure::EofBeforeResponse, "eof before response"),
    (Failure::EofWithinResponse, "eof within response"),
    (Failure::Timeout, "timeout"),
    (Failure::Malformed, "malformed"),
    (Failure::WrongBody, "wrong body"),
    (Failure::WrongInstance, "wrong instance"),
    (Failure::OutOfSequence, "out of sequence"),
    (Failure::EndedEarly, "ended early"),
    (Failure::Unprocessed, "unprocessed"),
];

/// A failure and what is known about it in words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) failure: Failure,
    pub(crate) detail: Option<String>,
}

impl Failure {
    /// Whether it says that the connection ended by the server's doing, whatever had come until then.
    pub(crate) fn is_death_of_connection(self) -> bool {
        matches!(self, Self::Reset | Self::EofBeforeResponse | Self::EofWithinResponse)
    }

    pub(crate) fn because(self, detail: impl Into<String>) -> Broken {
        Broken { failure: self, detail: Some(detail.into()) }
    }
}

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Self {
        Self { failure, detail: None }
    }
}

impl Display for Failure {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        if let Self::BadStatus(status) = self {
            return write!(formatter, "bad status {status}");
        }
        let text = TEXTS.iter().find(|(failure, _)| failure == self).map_or("", |(_, text)| text);
        formatter.write_str(text)
    }
}

impl FromStr for Failure {
    type Err = String;

    /// Reads what [`Failure`] displays.
    fn from_str(text: &str) -> Result<Self, String> {
        let status = || text.strip_prefix("bad status ")?.parse().ok().map(Self::BadStatus);
        let plain = TEXTS.iter().find(|(_, known)| *known == text).map(|(failure, _)| *failure);
        plain.or_else(status).ok_or_else(|| format!("failure {text:?} is unknown"))
    }
}

impl Serialize for Failure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Failure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_reads_as_it_is_written() {
        for failure in TEXTS.map(|(failure, _)| failure).into_iter().chain([Failure::BadStatus(502)]) {
            assert_eq!(failure.to_string().parse(), Ok(failure));
            assert!(!failure.to_string().is_empty());
        }
        assert_eq!("gone".parse::<Failure>().unwrap_err(), "failure \"gone\" is unknown");
    }
}
