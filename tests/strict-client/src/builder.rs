//! What a load is to send, and how.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::delayed_path::DelayedPath;
use crate::load::Load;
use crate::mode::Mode;
use crate::player::Part;
use crate::recorder::Recorder;
use crate::request::Target;
use crate::secure::Secure;
use crate::sender::Sender;
use crate::timing::{Sequence, Timing};

/// A load that is to be started.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `start`"]
pub struct LoadBuilder {
    address: SocketAddr,
    target: Target,
    rate_per_second: u32,
    rates: BTreeMap<Mode, u32>,
    limits: BTreeMap<Mode, u64>,
    connections: usize,
    modes: Vec<Mode>,
    timeout: Duration,
    timing: Timing,
    round_trip: Duration,
    record_to: Option<PathBuf>,
    secure: Option<(SocketAddr, Vec<u8>)>,
}

impl LoadBuilder {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            target: Target { host: "localhost".to_owned(), path: "/".to_owned(), accept: None },
            rate_per_second: 100,
            rates: BTreeMap::new(),
            limits: BTreeMap::new(),
            connections: 10,
            modes: Mode::PLAIN.to_vec(),
            timeout: Duration::from_secs(10),
            timing: Timing::default(),
            round_trip: Duration::ZERO,
            record_to: None,
            secure: None,
        }
    }

    /// The `Host` of every request; `localhost`, if none is given.
    pub fn host(mut self, host: &str) -> Self {
        host.clone_into(&mut self.target.host);
        self
    }

    /// The path (and query) of the modes that GET what they are told to; `/`, if none is given.
    pub fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.target.path);
        self
    }

    /// The `Accept` of those that GET; none, if none is given.
    pub fn accept(mut self, accept: &str) -> Self {
        self.target.accept = Some(accept.to_owned());
        self
    }

    /// How many requests (or streams) are begun in a second, by each mode that [`LoadBuilder::rate`] does not name.
    pub fn rate_per_second(mut self, rate: u32) -> Self {
        self.rate_per_second = rate;
        self
    }

    /// How many requests (or streams) this mode begins in a second.
    pub fn rate(mut self, mode: Mode, per_second: u32) -> Self {
        self.rates.insert(mode, per_second);
        self
    }

    /// How many requests (or streams) each of these modes begins in a second.
    pub fn rate_of_each(self, modes: impl IntoIterator<Item = Mode>, per_second: u32) -> Self {
        modes.into_iter().fold(self, |load, mode| load.rate(mode, per_second))
    }

    /// After how many requests (or streams) this mode stops to send; see [`Load::wait`].
    pub fn at_most(mut self, mode: Mode, count: u64) -> Self {
        self.limits.insert(mode, count);
        self
    }

    /// How many connections each of the modes that keep them takes turns with. If all are busy, more are opened.
    pub fn connections(mut self, connections: usize) -> Self {
        self.connections = connections;
        self
    }

    /// The kinds of client to play, at the same time; [`Mode::PLAIN`], if nothing is said.
    pub fn modes(mut self, modes: impl IntoIterator<Item = Mode>) -> Self {
        self.modes = modes.into_iter().collect();
        self
    }

    /// How long a request may take from its sending to its response's last byte. Modes that take their time have as much
    /// more as that is.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long [`Mode::Upload`] pauses in the middle of its body; 300 ms, if nothing is said.
    pub fn upload_pause(mut self, pause: Duration) -> Self {
        self.timing.pause = pause;
        self
    }

    /// How long [`Mode::Preconnected`] is silent; 300 ms, if nothing is said.
    pub fn silence(mut self, silence: Duration) -> Self {
        self.timing.silence = silence;
        self
    }

    /// How long [`Mode::Long`] lets the service think, in whole milliseconds; 500 ms, if nothing is said.
    pub fn long(mut self, long: Duration) -> Self {
        self.timing.long = long;
        self
    }

    /// How long a stream of [`Mode::Sse`] is: `count` events, one every so many whole milliseconds; 10, every 100 ms, if
    /// nothing is said.
    pub fn events(mut self, count: u64, every: Duration) -> Self {
        self.timing.events = Sequence { count, every };
        self
    }

    /// How long a stream of [`Mode::WebSocket`] is: `count` messages, one every so often; 10, every 100 ms, if nothing is
    /// said.
    pub fn messages(mut self, count: u64, every: Duration) -> Self {
        self.timing.messages = Sequence { count, every };
        self
    }

    /// Puts so long a way between the client and the server: see [`DelayedPath`].
    pub fn round_trip(mut self, round_trip: Duration) -> Self {
        self.round_trip = round_trip;
        self
    }

    /// Writes every record and mark to a file as a line of JSON while the load runs. Of the records, memory then keeps
    /// only those that failed.
    pub fn record_to(mut self, path: impl AsRef<Path>) -> Self {
        self.record_to = Some(path.as_ref().to_path_buf());
        self
    }

    /// Where [`Mode::SECURE`] go: a server for `localhost` that shows this certificate, in DER.
    pub fn secure(mut self, address: SocketAddr, certificate: &[u8]) -> Self {
        self.secure = Some((address, certificate.to_vec()));
        self
    }

    /// Starts to send.
    ///
    /// # Errors
    /// A rate or an interval is zero, a mode needs [`LoadBuilder::secure`], the file cannot be made, or the system has no thread
    /// or port to spare.
    pub fn start(self) -> io::Result<Load> {
        let Sequence { every, .. } = self.timing.events;
        if every < Duration::from_millis(1) || self.timing.messages.every.is_zero() {
            return Err(invalid("the interval of `events` or `messages` is 0; needed 1 ms or more"));
        }
        let mut parts = Vec::new();
        for mode in &self.modes {
            if mode.is_secure() && self.secure.is_none() {
                return Err(invalid(&format!("the mode `{mode}` speaks TLS; needed an address for it")));
            }
            let rate = self.rates.get(mode).copied();
            if rate.unwrap_or(self.rate_per_second) == 0 {
                let name = if rate.is_some() { "rate" } else { "rate_per_second" };
                return Err(invalid(&format!("`{name}` is 0; needed 1 or more")));
            }
            parts.push(Part {
                mode: *mode,
                period: Duration::from_secs(1) / rate.unwrap_or(self.rate_per_second),
                limit: self.limits.get(mode).copied(),
                connections: self.connections,
            });
        }
        let recorder = self.record_to.as_deref().map_or_else(|| Ok(Recorder::in_memory()), Recorder::to_file)?;
        let mut paths = Vec::new();
        let mut way_to = |address: SocketAddr| -> io::Result<SocketAddr> {
            if self.round_trip.is_zero() {
                return Ok(address);
            }
            let path = DelayedPath::open(address, self.round_trip)?;
            let begin = path.address();
            paths.push(path);
            Ok(begin)
        };
        let address = way_to(self.address)?;
        let secure = match &self.secure {
            Some((address, certificate)) => Some(Secure::new(way_to(*address)?, certificate)?),
            None => None,
        };
        let sender = Sender::new(address, secure, &self.target, self.timing, self.timeout, recorder);
        Load::play(sender, parts, paths)
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, what)
}
