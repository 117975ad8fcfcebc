//! The open loop: requests are sent by the clock, whether or not earlier ones were answered, since real clients do
//! not wait for each other either. Runs in a thread of its own, so that whoever starts it needs no runtime.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::history::History;
use crate::mode::Mode;
use crate::pool::Pool;
use crate::request::Request;
use crate::sender::Sender;
use crate::summary::Summary;

/// A load that is to be started.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `start`"]
pub struct LoadBuilder {
    address: SocketAddr,
    request: Request,
    rate_per_second: u32,
    connections: usize,
    modes: Vec<Mode>,
    timeout: Duration,
}

/// A load that is running. Dropped without [`Load::finish`], it stops sending.
#[derive(Debug)]
pub struct Load {
    sender: Arc<Sender>,
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
}

impl LoadBuilder {
    /// The `Host` of every request; `localhost`, if none is given.
    pub fn host(mut self, host: &str) -> Self {
        host.clone_into(&mut self.request.host);
        self
    }

    /// The path (and query) of every request; `/`, if none is given.
    pub fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.request.path);
        self
    }

    /// How many requests are sent in a second, by each mode.
    pub fn rate_per_second(mut self, rate: u32) -> Self {
        self.rate_per_second = rate;
        self
    }

    /// How many connections each of the modes that keep them takes turns with. If all are busy, more are opened.
    pub fn connections(mut self, connections: usize) -> Self {
        self.connections = connections;
        self
    }

    /// The kinds of client to play, at the same time.
    pub fn modes(mut self, modes: impl IntoIterator<Item = Mode>) -> Self {
        self.modes = modes.into_iter().collect();
        self
    }

    /// How long a request may take from its sending to its response's last byte.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Starts to send.
    ///
    /// # Errors
    /// The rate is zero, or the system has no thread to spare.
    pub fn start(self) -> io::Result<Load> {
        if self.rate_per_second == 0 {
            return Err(io::Error::new(ErrorKind::InvalidInput, "`rate_per_second` is 0; needed 1 or more"));
        }
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let sender = Arc::new(Sender::new(self.address, self.request.clone(), self.timeout));
        let (stop, stopped) = watch::channel(false);
        let shared = Arc::clone(&sender);
        let thread = std::thread::Builder::new()
            .name("strict-client".to_owned())
            .spawn(move || runtime.block_on(self.play(&shared, &stopped)))?;
        Ok(Load { sender, stop, thread })
    }

    /// Plays all modes until it is told to stop and the last request has ended.
    async fn play(self, sender: &Arc<Sender>, stopped: &watch::Receiver<bool>) {
        let period = Duration::from_secs(1) / self.rate_per_second;
        let begin = Instant::now();
        let mut players = JoinSet::new();
        for (mode, index) in self.modes.iter().copied().zip(0_u32..) {
            let pool = Arc::new(Mutex::new(Pool::new(self.connections)));
            // The modes' ticks are spread over the period, rather than all at the same instant.
            let first = begin + period * index / u32::try_from(self.modes.len()).unwrap_or(u32::MAX);
            players.spawn(play_mode(mode, Arc::clone(sender), pool, first, period, stopped.clone()));
        }
        while let Some(ended) = players.join_next().await {
            pass_panic_on(ended);
        }
    }
}

async fn play_mode(
    mode: Mode,
    sender: Arc<Sender>,
    pool: Arc<Mutex<Pool>>,
    first: Instant,
    period: Duration,
    mut stopped: watch::Receiver<bool>,
) {
    let mut ticks = interval_at(first, period);
    // What could not be sent in time is sent late, but is sent: the number of requests is part of the promise.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut requests = JoinSet::new();
    loop {
        tokio::select! {
            // Ends with `true`, and with an error if the load was dropped.
            _ = stopped.wait_for(|stopped| *stopped) => break,
            _ = ticks.tick() => {
                let (sender, pool) = (Arc::clone(&sender), Arc::clone(&pool));
                requests.spawn(async move { sender.send(mode, &pool).await });
            }
        }
        while let Some(ended) = requests.try_join_next() {
            pass_panic_on(ended);
        }
    }
    while let Some(ended) = requests.join_next().await {
        pass_panic_on(ended);
    }
}

fn pass_panic_on(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && let Ok(panic) = error.try_into_panic()
    {
        resume_unwind(panic);
    }
}

impl Load {
    /// A load on the server at `address`: 100 requests in a second by every mode, unless told otherwise.
    pub fn builder(address: SocketAddr) -> LoadBuilder {
        LoadBuilder {
            address,
            request: Request { host: "localhost".to_owned(), path: "/".to_owned() },
            rate_per_second: 100,
            connections: 10,
            modes: Mode::ALL.to_vec(),
            timeout: Duration::from_secs(10),
        }
    }

    /// What is known of the requests that have ended until now.
    #[must_use]
    pub fn snapshot(&self) -> Summary {
        self.sender.history().summary().clone()
    }

    /// How long the load has been running: the clock of all records.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.sender.started.elapsed()
    }

    /// Notes in the history that something happens now; the time of it.
    #[expect(clippy::must_use_candidate, reason = "the mark is the purpose, and its time a convenience")]
    pub fn mark(&self, label: &str) -> Duration {
        let at = self.elapsed();
        self.sender.history().add_mark(label, at);
        at
    }

    /// Stops to send and waits for the requests in flight, none of which takes longer than the time-out; all records.
    #[must_use]
    pub fn finish(self) -> History {
        self.stop.send_replace(true);
        if let Err(panic) = self.thread.join() {
            resume_unwind(panic);
        }
        let mut history = std::mem::take(&mut *self.sender.history());
        history.sort_by_sending();
        history
    }
}
