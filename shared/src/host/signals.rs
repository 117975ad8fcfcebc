//! What asks a hook to end: signals, noted at once and obeyed at the next wait, and the limit that the hook was given. Neither
//! is obeyed once an undo is on its way.

use std::cell::{Cell, RefCell};
use std::time::Instant;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::{Error, Result};

/// Listens for SIGTERM, SIGINT and SIGHUP, and looks at the clock.
#[derive(Debug)]
pub(super) struct StopSignals {
    asked: Cell<bool>,
    shielded: Cell<bool>,
    limit: RefCell<Option<(Instant, String)>>,
    streams: tokio::sync::Mutex<[Signal; 3]>,
}

impl StopSignals {
    pub(super) fn listen() -> std::io::Result<StopSignals> {
        Ok(StopSignals {
            asked: Cell::new(false),
            shielded: Cell::new(false),
            limit: RefCell::default(),
            streams: tokio::sync::Mutex::new([
                signal(SignalKind::terminate())?,
                signal(SignalKind::interrupt())?,
                signal(SignalKind::hangup())?,
            ]),
        })
    }

    pub(super) fn shield(&self, raised: bool) {
        self.shielded.set(raised);
    }

    /// From then on the hook is asked to end: why.
    pub(super) fn limit(&self, at: Instant, why: &str) {
        self.limit.replace(Some((at, why.to_owned())));
    }

    /// Does something that waits, unless the hook is asked to end before it is done.
    pub(super) async fn unless_asked<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        if let Some(error) = self.asked() {
            return Err(error);
        }
        tokio::select! {
            done = work => Ok(done),
            error = self.wait() => Err(error),
        }
    }

    /// Why the hook is to end, if it is.
    fn asked(&self) -> Option<Error> {
        if self.shielded.get() {
            return None;
        }
        let limit = self.limit.borrow();
        match &*limit {
            _ if self.asked.get() => Some(Error::interrupted()),
            Some((at, why)) if *at <= Instant::now() => Some(Error::out_of_time(why)),
            _ => None,
        }
    }

    /// Ends when the hook is asked to end; never ends behind the shield.
    async fn wait(&self) -> Error {
        if self.shielded.get() {
            std::future::pending::<()>().await;
        }
        let limit = self.limit.borrow().clone();
        tokio::select! {
            () = self.signal() => {
                self.asked.set(true);
                Error::interrupted()
            }
            error = reached(limit) => error,
        }
    }

    async fn signal(&self) {
        let mut streams = self.streams.lock().await;
        let [terminate, interrupt, hang_up] = &mut *streams;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hang_up.recv() => {}
        }
    }
}

/// Ends at the limit; without one, never.
async fn reached(limit: Option<(Instant, String)>) -> Error {
    match limit {
        Some((at, why)) => {
            tokio::time::sleep_until(at.into()).await;
            Error::out_of_time(&why)
        }
        None => std::future::pending().await,
    }
}
