//! One request from the connection it is sent on to the record of what became of it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::connection::{Broken, Connection};
use crate::failure::Failure;
use crate::history::History;
use crate::mode::Mode;
use crate::pool::Pool;
use crate::record::Record;
use crate::request::Request;
use crate::response::Head;

/// More requests than this are never in flight; beyond it they fail, since not to send them would hide that the
/// server no longer answers.
const MOST_IN_FLIGHT: usize = 8192;

/// What all requests of a load have in common.
#[derive(Debug)]
pub(crate) struct Sender {
    pub(crate) address: SocketAddr,
    pub(crate) request: Request,
    pub(crate) timeout: Duration,
    pub(crate) started: Instant,
    connections: AtomicU64,
    in_flight: AtomicUsize,
    history: Mutex<History>,
}

/// What is known of one request while it is under way.
#[derive(Debug, Default)]
struct Progress {
    connection: u64,
    nth_use: u64,
    first_byte: Option<Instant>,
    head: Option<Head>,
    retried: bool,
}

impl Sender {
    pub(crate) fn new(address: SocketAddr, request: Request, timeout: Duration) -> Self {
        let (connections, in_flight, history) = Default::default();
        Self { address, request, timeout, started: Instant::now(), connections, in_flight, history }
    }

    /// The records so far. They are whole even if a thread broke off while it held them: each is added in one step.
    pub(crate) fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends one request and records it.
    pub(crate) async fn send(&self, mode: Mode, pool: &Mutex<Pool>) {
        let sent_at = self.started.elapsed();
        let mut progress = Progress::default();
        let outcome = if self.in_flight.fetch_add(1, Ordering::Relaxed) < MOST_IN_FLIGHT {
            match timeout(self.timeout, self.attempt(mode, pool, &mut progress)).await {
                Ok(outcome) => outcome,
                Err(_) => Err(Broken { failure: Failure::Timeout, detail: None }),
            }
        } else {
            let detail = Some(format!("{MOST_IN_FLIGHT} requests are in flight already"));
            Err(Broken { failure: Failure::Connect, detail })
        };
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.record(mode, sent_at, progress, outcome.err());
    }

    async fn attempt(&self, mode: Mode, pool: &Mutex<Pool>, progress: &mut Progress) -> Result<(), Broken> {
        if !mode.reuses_connections() {
            let mut connection = self.open(progress).await?;
            return self.exchange(mode, &mut connection, progress).await;
        }
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
        progress.connection = self.connections.fetch_add(1, Ordering::Relaxed) + 1;
        progress.nth_use = 1;
        Connection::open(self.address, progress.connection).await
    }

    async fn exchange(&self, mode: Mode, connection: &mut Connection, progress: &mut Progress) -> Result<(), Broken> {
        progress.connection = connection.number;
        progress.nth_use = connection.uses + 1;
        let request = self.request.to_bytes(mode.reuses_connections());
        connection.exchange(&request, &mut progress.first_byte, &mut progress.head).await
    }

    fn record(&self, mode: Mode, sent_at: Duration, progress: Progress, broken: Option<Broken>) {
        let Progress { connection, nth_use, first_byte, head, retried } = progress;
        let status = head.as_ref().map(|head| head.status);
        let (failure, detail) = match (broken, status) {
            (Some(Broken { failure, detail }), _) => (Some(failure), detail),
            (None, Some(200..=299)) => (None, None),
            (None, status) => (Some(Failure::BadStatus(status.unwrap_or_default())), None),
        };
        let (release, instance) = head.map_or((None, None), |head| (head.release, head.instance));
        let first_byte_at = first_byte.map(|at| at.duration_since(self.started));
        let mut history = self.history();
        // Taken under the lock, so that the records stand in the order in which they finished.
        let finished_at = self.started.elapsed();
        history.add(Record {
            mode,
            sent_at,
            first_byte_at,
            finished_at,
            connection,
            nth_use,
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
