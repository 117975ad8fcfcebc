//! The kinds of client that are played: what each does with its connections and sends on them.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A kind of client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// A new connection for each GET, `Connection: close`.
    Fresh,
    /// Reuses connections after a look whether the server has closed them, and never sends a request twice.
    KeepAlive,
    /// Reuses connections without that look, unless a response forbade it, and never sends a request twice: the
    /// simplest client there is, and the one that loses most where connections are closed without a word.
    Blind,
    /// As [`Mode::KeepAlive`], and sends a request once more, on a new connection, if a *reused* connection died
    /// before any byte of the response: what browsers and most libraries do.
    Retry,
    /// POSTs to `/echo` on connections that are kept as those of [`Mode::KeepAlive`], never twice: it is not known
    /// whether the server did what it was asked. The same body must come back.
    Post,
    /// As [`Mode::Post`], on a new connection, with a pause in the middle of the body.
    Upload,
    /// Connects, stays silent for a while, and sends its GET only then, as browsers that connect in advance do.
    Preconnected,
    /// A GET whose answer takes long, on a new connection: `/slow` of the demo service.
    Long,
    /// A stream of server-sent events, on a new connection: `/events` of the demo service. One record for a stream.
    Sse,
    /// A WebSocket with numbered messages that come back: `/websocket` of the demo service. One record for a stream.
    #[serde(rename = "websocket")]
    WebSocket,
    /// A GET of a large page on a new connection, compressed where the server can: `/large` of the demo service.
    Large,
    /// As [`Mode::Large`], over TLS.
    Tls,
    /// As [`Mode::Tls`], by HTTP/2, and never sends a request twice: a program with a library that leaves that to it.
    #[serde(rename = "http2")]
    Http2,
    /// As [`Mode::Http2`], on one connection that is kept and shared, as a browser's, and sends a request once more, on a new
    /// connection, if the server says that it has not processed it, or if the *reused* connection died before any byte of
    /// the response.
    #[serde(rename = "http2-retry")]
    Http2Retry,
}

impl Mode {
    /// Every mode without TLS. From [`Mode::Post`] on they need the demo service's endpoints, [`Mode::Preconnected`]
    /// excepted.
    pub const ALL: [Self; 11] = [
        Self::Fresh,
        Self::KeepAlive,
        Self::Blind,
        Self::Retry,
        Self::Post,
        Self::Upload,
        Self::Preconnected,
        Self::Long,
        Self::Sse,
        Self::WebSocket,
        Self::Large,
    ];

    /// Those over TLS, which go to the address of [`crate::LoadBuilder::secure`].
    pub const SECURE: [Self; 3] = [Self::Tls, Self::Http2, Self::Http2Retry];

    /// Those that GET a large page, which costs nginx many times what a small one does.
    pub const HEAVY: [Self; 4] = [Self::Large, Self::Tls, Self::Http2, Self::Http2Retry];

    /// Those that GET the load's path, of whatever server, and of which a careful server need not fail any.
    pub const PLAIN: [Self; 3] = [Self::Fresh, Self::KeepAlive, Self::Retry];

    /// The mode's name in tables and files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::KeepAlive => "keep-alive",
            Self::Blind => "blind",
            Self::Retry => "retry",
            Self::Post => "post",
            Self::Upload => "upload",
            Self::Preconnected => "preconnected",
            Self::Long => "long",
            Self::Sse => "sse",
            Self::WebSocket => "websocket",
            Self::Large => "large",
            Self::Tls => "tls",
            Self::Http2 => "http2",
            Self::Http2Retry => "http2-retry",
        }
    }

    /// Every mode, with TLS and without.
    pub fn every() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().chain(Self::SECURE)
    }

    /// Whether it needs the address of [`crate::LoadBuilder::secure`].
    #[must_use]
    pub fn is_secure(self) -> bool {
        Self::SECURE.contains(&self)
    }

    /// Whether connections of HTTP/1.1 are used more than once.
    pub(crate) fn reuses_connections(self) -> bool {
        matches!(self, Self::KeepAlive | Self::Blind | Self::Retry | Self::Post)
    }

    /// Whether it looks for a FIN or RST that has already come before it uses a connection again.
    pub(crate) fn looks_before_reuse(self) -> bool {
        self.reuses_connections() && self != Self::Blind
    }

    /// Whether a request may be sent again if a reused connection died under it.
    pub(crate) fn retries(self) -> bool {
        matches!(self, Self::Retry | Self::Http2Retry)
    }
}

impl Display for Mode {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Mode {
    type Err = String;

    /// Reads [`Mode::name`].
    fn from_str(text: &str) -> Result<Self, String> {
        Self::every().find(|mode| mode.name() == text).ok_or_else(|| {
            let names = Self::every().map(Self::name).collect::<Vec<_>>().join("`, `");
            format!("mode {text:?} is unknown; needed one of `{names}`")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_has_one_name_wherever_it_is_written() {
        for mode in Mode::every() {
            assert_eq!(mode.name().parse(), Ok(mode));
            assert_eq!(serde_json::to_string(&mode).unwrap(), format!("\"{mode}\""));
        }
        assert!("slow".parse::<Mode>().unwrap_err().starts_with("mode \"slow\" is unknown; needed one of `fresh`, `"));
    }
}
