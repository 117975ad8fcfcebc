//! How long the modes that take their time do so.

use std::time::Duration;

use crate::mode::Mode;

/// A stream's length: so many events or messages, one every so often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sequence {
    pub(crate) count: u64,
    pub(crate) every: Duration,
}

/// The durations of all modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timing {
    /// In the middle of an upload.
    pub(crate) pause: Duration,
    /// Between a connection and the first request on it.
    pub(crate) silence: Duration,
    /// Of a long request.
    pub(crate) long: Duration,
    pub(crate) events: Sequence,
    pub(crate) messages: Sequence,
}

impl Default for Timing {
    fn default() -> Self {
        let sequence = Sequence { count: 10, every: Duration::from_millis(100) };
        Self {
            pause: Duration::from_millis(300),
            silence: Duration::from_millis(300),
            long: Duration::from_millis(500),
            events: sequence,
            messages: sequence,
        }
    }
}

impl Timing {
    /// How long a request of the mode takes if everything else takes no time.
    pub(crate) fn planned(&self, mode: Mode) -> Duration {
        match mode {
            Mode::Fresh
            | Mode::KeepAlive
            | Mode::Blind
            | Mode::Retry
            | Mode::Post
            | Mode::Large
            | Mode::Tls
            | Mode::Http2
            | Mode::Http2Retry => Duration::ZERO,
            Mode::Upload => self.pause,
            Mode::Preconnected => self.silence,
            Mode::Long => self.long,
            Mode::Sse => self.events.planned(),
            Mode::WebSocket => self.messages.planned(),
        }
    }
}

impl Sequence {
    fn planned(self) -> Duration {
        self.every.saturating_mul(u32::try_from(self.count).unwrap_or(u32::MAX))
    }
}
