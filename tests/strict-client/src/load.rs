//! A load that runs, in a thread of its own, so that whoever starts it needs no runtime.

use std::io;
use std::net::SocketAddr;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime;
use tokio::sync::watch;

use crate::builder::LoadBuilder;
use crate::delayed_path::DelayedPath;
use crate::history::History;
use crate::mark::Mark;
use crate::player::{self, Part};
use crate::sender::Sender;
use crate::summary::Summary;

/// A load that is running. Dropped without [`Load::finish`], it stops sending.
#[derive(Debug)]
pub struct Load {
    sender: Arc<Sender>,
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
    /// Last, so that it outlives what travels on it.
    _paths: Vec<DelayedPath>,
}

impl Load {
    /// A load on the server at `address`: 100 requests in a second by each of [`crate::Mode::PLAIN`], unless told
    /// otherwise.
    pub fn builder(address: SocketAddr) -> LoadBuilder {
        LoadBuilder::new(address)
    }

    pub(crate) fn play(sender: Sender, parts: Vec<Part>, paths: Vec<DelayedPath>) -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let sender = Arc::new(sender);
        let (stop, stopped) = watch::channel(false);
        let shared = Arc::clone(&sender);
        let thread = std::thread::Builder::new()
            .name("strict-client".to_owned())
            .spawn(move || runtime.block_on(player::play(parts, shared, stopped)))?;
        Ok(Self { sender, stop, thread, _paths: paths })
    }

    /// What is known of the requests that have ended until now.
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.sender.recorder().summary().clone()
    }

    /// How long the load has been running: the clock of all records.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.sender.elapsed()
    }

    /// Notes in the history that something happens now; the time of it.
    pub fn mark(&self, mark: impl Into<Mark>) -> Duration {
        self.sender.mark(mark.into())
    }

    /// Whether every mode has sent as many requests as it was to send at most, and all have ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits until [`Load::has_ended`], which is never if a mode has no [`LoadBuilder::at_most`]; the records.
    ///
    /// # Errors
    /// The file of [`LoadBuilder::record_to`] could not be written.
    pub fn wait(self) -> io::Result<History> {
        if let Err(panic) = self.thread.join() {
            resume_unwind(panic);
        }
        self.sender.recorder().finish()
    }

    /// Stops to send and waits for the requests in flight, none of which takes longer than the time-out; the records.
    ///
    /// # Errors
    /// The file of [`LoadBuilder::record_to`] could not be written.
    pub fn finish(self) -> io::Result<History> {
        self.stop.send_replace(true);
        self.wait()
    }
}
