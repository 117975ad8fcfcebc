//! Watches a running script: one deadline for its exit, the end of its standard output and the end of its standard error.

use std::io;
use std::mem;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use super::output_pipe::{OutputPipe, PipeState};
use crate::{Generation, OutputStream, ScriptOutcome};

/// Generation 2: between SIGTERM and SIGKILL, and again after SIGKILL.
const GRACE: Duration = Duration::from_secs(5);

type OnLine<'a> = &'a mut dyn FnMut(OutputStream, &[u8]) -> io::Result<()>;

/// Waits for the script to end, ending it at its deadline.
pub(super) fn supervise(
    mut child: Child,
    started: Instant,
    timeout: Duration,
    generation: Generation,
    on_line: OnLine<'_>,
) -> io::Result<ScriptOutcome> {
    let group = Pid::from_child(&child);
    let result = Supervision::new(&mut child, generation, on_line)
        .and_then(|supervision| supervision.run(started, timeout, group));
    if result.is_err() {
        // The watch itself broke, on a full disk for example: leave nothing running that nobody watches.
        signal_group(group, Signal::KILL)?;
        child.wait()?;
    }
    result
}

struct Supervision<'a> {
    child: &'a mut Child,
    exit: OwnedFd,
    status: Option<ExitStatus>,
    outputs: Vec<OutputPipe>,
    generation: Generation,
    on_line: OnLine<'a>,
}

impl<'a> Supervision<'a> {
    fn new(child: &'a mut Child, generation: Generation, on_line: OnLine<'a>) -> io::Result<Self> {
        let exit = pidfd_open(Pid::from_child(child), PidfdFlags::empty())?;
        let stdout = child.stdout.take().map(|pipe| (OutputStream::Stdout, OwnedFd::from(pipe)));
        let stderr = child.stderr.take().map(|pipe| (OutputStream::Stderr, OwnedFd::from(pipe)));
        let outputs = stdout.into_iter().chain(stderr);
        let outputs = outputs.map(|(stream, pipe)| OutputPipe::new(stream, pipe, generation)).collect();
        Ok(Self { child, exit, status: None, outputs, generation, on_line })
    }

    fn run(mut self, started: Instant, timeout: Duration, group: Pid) -> io::Result<ScriptOutcome> {
        // A deadline beyond the clock's range is none.
        let status = self.watch_until(started.checked_add(timeout), Self::is_over)?;
        let Some(status) = status else {
            self.end_by_force(group)?;
            return Ok(ScriptOutcome::TimedOut { timeout });
        };
        for output in &self.outputs {
            match output.state {
                PipeState::Ended => {}
                PipeState::Unreadable => return Ok(ScriptOutcome::OutputUnreadable(output.stream)),
                PipeState::Open => return Ok(ScriptOutcome::OutputsLeftOpen(output.stream)),
            }
        }
        Ok(match (status.code(), status.signal()) {
            (Some(code), _) => ScriptOutcome::Exited(code),
            (None, signal) => ScriptOutcome::Signalled(signal.unwrap_or_default()),
        })
    }

    /// Whether nothing more can change the outcome: the process ended and its outputs did, or reading the first broke.
    fn is_over(&self) -> bool {
        let first_not_ended = self.outputs.iter().find(|output| output.state != PipeState::Ended);
        self.status.is_some() && first_not_ended.is_none_or(|output| output.state == PipeState::Unreadable)
    }

    fn end_by_force(mut self, group: Pid) -> io::Result<()> {
        signal_group(group, Signal::TERM)?;
        match self.generation {
            Generation::One => {
                // Whatever the script still writes meets a closed pipe, and the wait has no end but the script's own.
                drop(mem::take(&mut self.outputs));
                self.child.wait()?;
            }
            Generation::Two => {
                let has_exited = |supervision: &Self| supervision.status.is_some();
                if self.watch_until(Instant::now().checked_add(GRACE), has_exited)?.is_none() {
                    signal_group(group, Signal::KILL)?;
                    self.watch_until(Instant::now().checked_add(GRACE), has_exited)?;
                }
            }
        }
        Ok(())
    }

    /// Passes lines on until `done` or the deadline. Returns the exit status, when the process ended by then.
    fn watch_until(
        &mut self,
        deadline: Option<Instant>,
        done: impl Fn(&Self) -> bool,
    ) -> io::Result<Option<ExitStatus>> {
        while !done(self) {
            let remaining = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            // At the deadline everything that is already there is still taken, once.
            self.take_what_comes(remaining)?;
            if remaining.is_some_and(|remaining| remaining.is_zero()) {
                break;
            }
        }
        Ok(self.status)
    }

    fn take_what_comes(&mut self, at_most: Option<Duration>) -> io::Result<()> {
        let at_most = at_most.map(|duration| Timespec::try_from(duration).map_err(io::Error::other)).transpose()?;
        let open: Vec<usize> =
            (0..self.outputs.len()).filter(|&index| self.outputs[index].state == PipeState::Open).collect();
        let mut watched: Vec<PollFd<'_>> = open
            .iter()
            .map(|&index| PollFd::from_borrowed_fd(self.outputs[index].descriptor(), PollFlags::IN))
            .collect();
        if self.status.is_none() {
            watched.push(PollFd::from_borrowed_fd(self.exit.as_fd(), PollFlags::IN));
        }
        match poll(&mut watched, at_most.as_ref()) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        let ready: Vec<bool> = watched.iter().map(|watched| !watched.revents().is_empty()).collect();
        for (&index, &ready) in open.iter().zip(&ready) {
            if ready {
                self.outputs[index].read(self.on_line)?;
            }
        }
        if ready.get(open.len()) == Some(&true) {
            self.status = self.child.try_wait()?;
        }
        Ok(())
    }
}

fn signal_group(group: Pid, signal: Signal) -> io::Result<()> {
    match kill_process_group(group, signal) {
        // The last of them ended in this moment.
        Ok(()) | Err(Errno::SRCH) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
