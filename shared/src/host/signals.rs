//! The signals that ask a hook to end: noted at once, obeyed at the next wait, and not at all once an undo is on its way.

use std::cell::Cell;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens for SIGTERM, SIGINT and SIGHUP.
#[derive(Debug)]
pub(super) struct StopSignals {
    asked: Cell<bool>,
    shielded: Cell<bool>,
    streams: tokio::sync::Mutex<[Signal; 3]>,
}

impl StopSignals {
    pub(super) fn listen() -> std::io::Result<StopSignals> {
        Ok(StopSignals {
            asked: Cell::new(false),
            shielded: Cell::new(false),
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

    pub(super) fn asked(&self) -> bool {
        self.asked.get() && !self.shielded.get()
    }

    /// Ends when a signal asks this hook to end; never ends behind the shield.
    pub(super) async fn wait(&self) {
        if self.shielded.get() {
            std::future::pending::<()>().await;
        }
        let mut streams = self.streams.lock().await;
        let [terminate, interrupt, hang_up] = &mut *streams;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hang_up.recv() => {}
        }
        self.asked.set(true);
    }
}
