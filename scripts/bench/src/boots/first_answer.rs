//! The first answer of a release in its slot, seen by a thread of its own while the hooks run.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use sandbox::HttpAnswer;

use crate::feel::cpu_of_the_youngest_at;

/// How often the slot is asked. Until it listens that costs next to nothing.
const EVERY: Duration = Duration::from_millis(10);
/// How long it may take.
const AT_MOST: Duration = Duration::from_mins(5);

/// A slot that is watched. Dropped, it is not any more.
#[derive(Debug)]
pub(super) struct FirstAnswer {
    held: Sender<()>,
    watcher: JoinHandle<anyhow::Result<(Duration, Duration)>>,
}

impl FirstAnswer {
    /// Watches from now on.
    pub(super) fn watch(port: u16) -> FirstAnswer {
        let began = Instant::now();
        let (held, ended) = mpsc::channel();
        let watcher = thread::spawn(move || {
            while began.elapsed() < AT_MOST {
                if HttpAnswer::get(port, "/profile").is_ok_and(|answer| answer.status == 200) {
                    let cpu = cpu_of_the_youngest_at(&[port]).context("the process that answers cannot be seen")?;
                    return Ok((began.elapsed(), cpu));
                }
                if ended.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout) {
                    bail!("a hook failed before it answered")
                }
            }
            bail!("nobody has answered at port {port} within {AT_MOST:?}")
        });
        FirstAnswer { held, watcher }
    }

    /// When it came, from when it was first watched for, and what the process had taken of the processors.
    ///
    /// # Errors
    /// It did not come.
    pub(super) fn seen(self) -> anyhow::Result<(Duration, Duration)> {
        let seen = self.watcher.join().unwrap_or_else(|_| bail!("a thread has panicked"));
        drop(self.held);
        seen
    }
}
