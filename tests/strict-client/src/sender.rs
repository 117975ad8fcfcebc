//! One request from the connection it is sent on to the record of what became of it.

mod over_tls;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};

use crate::connection::Connection;
use crate::exchange::http2::Session;
use crate::exchange::{echo, events, get, large, web_socket};
use crate::failure::{Broken, Failure};
use crate::mark::Mark;
use crate::mode::Mode;
use crate::pool::Pool;
use crate::progress::Progress;
use crate::record::Record;
use crate::recorder::Recorder;
use crate::request::{Requests, Target};
use crate::response::Head;
use crate::secure::Secure;
use crate::timing::Timing;

/// More requests than this are never in flight; beyond it they fail, since not to send them would hide that the
/// server no longer answers.
const MOST_IN_FLIGHT: usize = 8192;

/// What all requests of a load have in common.
#[derive(Debug)]
pub(crate) struct Sender {
    address: SocketAddr,
    secure: Option<Secure>,
    /// The one that [`Mode::Http2Retry`] shares.
    session: tokio::sync::Mutex<Option<Session>>,
    requests: Requests,
    timing: Timing,
    timeout: Duration,
    started: Instant,
    connections: AtomicU64,
    bodies: AtomicU64,
    in_flight: AtomicUsize,
    recorder: Mutex<Recorder>,
}

impl Sender {
    pub(crate) fn new(
        address: SocketAddr,
        secure: Option<Secure>,
        target: &Target,
        timing: Timing,
        timeout: Duration,
        recorder: Recorder,
    ) -> Self {
        Self {
            address,
            secure,
            session: tokio::sync::Mutex::default(),
            requests: Requests::new(target, &timing),
            timing,
            timeout,
            started: Instant::now(),
            connections: AtomicU64::new(0),
            bodies: AtomicU64::new(0),
            in_flight: AtomicUsize::new(0),
            recorder: Mutex::new(recorder),
        }
    }

    /// The records so far. They are whole even if a thread broke off while it held them: each is added in one step.
    pub(crate) fn recorder(&self) -> MutexGuard<'_, Recorder> {
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long the load has been running.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Records that something happens now.
    pub(crate) fn mark(&self, mut mark: Mark) -> Duration {
        let mut recorder = self.recorder();
        // Taken under the lock, so that a mark stands between the records that finished before it and after it.
        mark.at = self.elapsed();
        let at = mark.at;
        recorder.add_mark(mark);
        at
    }

    /// Sends one request and records it.
    pub(crate) async fn send(&self, mode: Mode, pool: &Mutex<Pool>) {
        let sent_at = self.elapsed();
        let mut progress = Progress::default();
        let outcome = if self.in_flight.fetch_add(1, Ordering::Relaxed) < MOST_IN_FLIGHT {
            let limit = self.timeout + self.timing.planned(mode);
            match timeout(limit, self.attempt(mode, pool, &mut progress)).await {
                Ok(outcome) => outcome,
                Err(_) => Err(Failure::Timeout.into()),
            }
        } else {
            Err(Failure::Connect.because(format!("{MOST_IN_FLIGHT} requests are in flight already")))
        };
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.record(mode, sent_at, progress, outcome.err());
    }

    async fn attempt(&self, mode: Mode, pool: &Mutex<Pool>, progress: &mut Progress) -> Result<(), Broken> {
        if mode.reuses_connections() {
            return self.attempt_on_kept(mode, pool, progress).await;
        }
        if mode.is_secure() {
            // On the heap, so that the others, of which there are many more, stay small.
            return Box::pin(self.attempt_over_tls(mode, progress)).await;
        }
        let mut connection = self.open(progress).await?;
        match mode {
            // As above.
            Mode::WebSocket => {
                let host = &self.requests.host;
                Box::pin(web_socket::talk(connection, host, self.timing.messages, progress)).await
            }
            Mode::Sse => {
                let request = self.requests.get(mode);
                Box::pin(events::follow(&mut connection, request, self.timing.events.count, progress)).await
            }
            Mode::Upload => {
                let body = self.requests.echo(mode, self.bodies.fetch_add(1, Ordering::Relaxed));
                echo::upload(&mut connection, &body, self.timing.pause, progress).await
            }
            Mode::Large => large::fetch(&mut connection, self.requests.get(mode), progress).await,
            Mode::Preconnected => {
                sleep(self.timing.silence).await;
                self.exchange(mode, &mut connection, progress).await
            }
            _ => self.exchange(mode, &mut connection, progress).await,
        }
    }

    async fn attempt_on_kept(&self, mode: Mode, pool: &Mutex<Pool>, progress: &mut Progress) -> Result<(), Broken> {
        let mut lease = Lease::take(pool);
        let mut connection = match lease.connection.take() {
            Some(connection) => connection,
            None => self.open(progress).await?,
        };
        let mut outcome = self.exchange(mode, &mut connection, progress).await;
        let died = outcome.as_ref().is_err_and(|broken| broken.failure.is_death_of_connection());
        if mode.retries() && died && connection.uses >= 2 && progress.first_byte.is_none() {
            progress.retried = true;
            connection = self.open(progress).await?;
            outcome = self.exchange(mode, &mut connection, progress).await;
        }
        if outcome.is_ok() && progress.head.as_ref().is_some_and(Head::allows_reuse) {
            lease.connection = Some(connection);
        }
        outcome
    }

    async fn open(&self, progress: &mut Progress) -> Result<Connection, Broken> {
        self.open_to(self.address, progress).await
    }

    async fn open_to(&self, address: SocketAddr, progress: &mut Progress) -> Result<Connection, Broken> {
        progress.connection = self.connections.fetch_add(1, Ordering::Relaxed) + 1;
        progress.nth_use = 1;
        Connection::open(address, progress.connection).await
    }

    async fn exchange(&self, mode: Mode, connection: &mut Connection, progress: &mut Progress) -> Result<(), Broken> {
        if mode == Mode::Post {
            let body = self.requests.echo(mode, self.bodies.fetch_add(1, Ordering::Relaxed));
            return echo::post(connection, &body, progress).await;
        }
        get::get(connection, self.requests.get(mode), progress).await
    }

    fn record(&self, mode: Mode, sent_at: Duration, progress: Progress, broken: Option<Broken>) {
        let Progress { connection, nth_use, written, first_byte, head, exchanges, retried } = progress;
        let status = head.as_ref().map(|head| head.status);
        let (failure, detail) = match (broken, status) {
            (Some(Broken { failure, detail }), _) => (Some(failure), detail),
            (None, Some(200..=299)) if mode != Mode::WebSocket => (None, None),
            (None, Some(101)) if mode == Mode::WebSocket => (None, None),
            (None, status) => (Some(Failure::BadStatus(status.unwrap_or_default())), None),
        };
        let (release, instance) = head.map_or((None, None), |head| (head.release, head.instance));
        let at = |instant: Option<Instant>| instant.map(|at| at.duration_since(self.started));
        let (written_at, first_byte_at) = (at(written), at(first_byte));
        let mut recorder = self.recorder();
        // Taken under the lock, so that the records stand in the order in which they finished.
        let finished_at = self.elapsed();
        recorder.add(Record {
            mode,
            sent_at,
            written_at,
            first_byte_at,
            finished_at,
            connection,
            nth_use,
            exchanges,
            status,
            release,
            instance,
            failure,
            detail,
            retried,
        });
    }
}

/// A connection on loan from the pool. What is left in it goes back at the end, also if the time ran out.
struct Lease<'a> {
    pool: &'a Mutex<Pool>,
    connection: Option<Connection>,
}

impl<'a> Lease<'a> {
    fn take(pool: &'a Mutex<Pool>) -> Self {
        let connection = pool.lock().unwrap_or_else(PoisonError::into_inner).take();
        Self { pool, connection }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        match self.connection.take() {
            Some(connection) => pool.give_back(connection),
            None => pool.give_up(),
        }
    }
}
