//! A hook that runs. Each of its outputs has a reader of its own, so that it never waits for us.

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::error::{Context, Error, Result};
use crate::hook_run::HookRun;
use crate::process::Process;

/// How often to look whether it has ended.
const BETWEEN_LOOKS: Duration = Duration::from_millis(3);
/// How long its outputs may stay open after its end: what it wrote is in the pipes by then.
const REST: Duration = Duration::from_secs(1);

/// A hook that was started. One that still runs when its sandbox ends is ended with it.
#[derive(Debug)]
pub struct RunningHook {
    name: String,
    child: Child,
    chunks: Receiver<Vec<u8>>,
    output: Vec<u8>,
    started: Instant,
    at_most: Duration,
}

impl RunningHook {
    pub(crate) fn new(name: String, mut child: Child, started: Instant, at_most: Duration) -> Self {
        let (sender, chunks) = mpsc::channel();
        if let Some(pipe) = child.stdout.take() {
            read_on(pipe, sender.clone());
        }
        if let Some(pipe) = child.stderr.take() {
            read_on(pipe, sender);
        }
        Self { name, child, chunks, output: Vec::new(), started, at_most }
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has written so far.
    pub fn output(&mut self) -> String {
        self.output.extend(self.chunks.try_iter().flatten());
        self.output_as_text()
    }

    /// Asks it to end, with SIGTERM.
    ///
    /// # Errors
    /// The signal could not be sent.
    pub fn terminate(&self) -> Result<()> {
        self.send(Signal::TERM)
    }

    /// Ends it, with SIGKILL.
    ///
    /// # Errors
    /// The signal could not be sent.
    pub fn kill(&self) -> Result<()> {
        self.send(Signal::KILL)
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// It takes too long, and was killed for that.
    pub fn wait(mut self) -> Result<HookRun> {
        let Some(status) = self.wait_for_end()? else {
            self.kill()?;
            self.child.wait().context(|| format!("the hook `{}` could not be waited for", self.name))?;
            self.drain();
            return Err(Error::new(format!(
                "the hook `{}` was killed because it took longer than {:?}; its output: {}",
                self.name,
                self.at_most,
                self.output_as_text().trim()
            )));
        };
        let duration = self.started.elapsed();
        let outputs_closed = self.drain();
        // A process has either an exit code or a signal.
        let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
        Ok(HookRun { code, output: self.output_as_text(), duration, outputs_closed })
    }

    fn wait_for_end(&mut self) -> Result<Option<ExitStatus>> {
        let mut open = true;
        loop {
            let is_last_look = self.started.elapsed() >= self.at_most;
            let ended =
                self.child.try_wait().context(|| format!("the hook `{}` could not be waited for", self.name))?;
            if ended.is_some() || is_last_look {
                return Ok(ended);
            }
            if open {
                match self.chunks.recv_timeout(BETWEEN_LOOKS) {
                    Ok(chunk) => self.output.extend(chunk),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => open = false,
                }
            } else {
                thread::sleep(BETWEEN_LOOKS);
            }
        }
    }

    /// Takes what is left in the outputs; says whether they were closed.
    fn drain(&mut self) -> bool {
        let deadline = Instant::now() + REST;
        loop {
            match self.chunks.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(chunk) => self.output.extend(chunk),
                Err(RecvTimeoutError::Timeout) => return false,
                Err(RecvTimeoutError::Disconnected) => return true,
            }
        }
    }

    fn send(&self, signal: Signal) -> Result<()> {
        // Not waited for yet, the process cannot have given its id to another one.
        Process::find(self.pid()).map_or(Ok(()), |process| process.send(signal))
    }

    fn output_as_text(&self) -> String {
        String::from_utf8_lossy(&self.output).into_owned()
    }
}

fn read_on(mut pipe: impl Read + Send + 'static, sender: Sender<Vec<u8>>) {
    thread::spawn(move || {
        let mut buffer = vec![0; 1 << 14];
        loop {
            match pipe.read(&mut buffer) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                // The end, or a pipe that cannot be read: there is nothing more to come. A receiver that is gone has lost
                // interest.
                Ok(0) | Err(_) => break,
                Ok(count) => {
                    if sender.send(buffer.get(..count).unwrap_or_default().to_vec()).is_err() {
                        break;
                    }
                }
            }
        }
    });
}
