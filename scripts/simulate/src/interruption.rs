//! Ctrl-C: the story is told in a thread of its own, and a signal ends what that thread waits for, so that it comes to its own
//! end and takes the sandbox with it. Otherwise hooks would go on in process groups that the terminal's signal never reached.

use std::collections::HashSet;
use std::future::poll_fn;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};
use procfs::process::{Stat, all_processes};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::runtime;
use tokio::signal::unix::{Signal as Waiting, SignalKind, signal};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

/// How long a hook may take to end in its own way.
const GRACE: Duration = Duration::from_secs(3);
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// The signals that end the story, and what a shell says of a program that they ended.
const SIGNALS: [(SignalKind, u8); 3] =
    [(SignalKind::interrupt(), 130), (SignalKind::terminate(), 143), (SignalKind::hangup(), 129)];

/// Whether a signal came.
#[derive(Debug, Default)]
pub(crate) struct Interruption {
    exit_code: AtomicU8,
}

impl Interruption {
    /// The exit code that the signal asks for; nothing if none came.
    pub(crate) fn exit_code(&self) -> Option<u8> {
        Some(self.exit_code.load(Ordering::SeqCst)).filter(|code| *code > 0)
    }

    /// Ends the story between two steps.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.exit_code().is_some() {
            bail!("interrupted");
        }
        Ok(())
    }
}

/// Runs `story` to its end, which a signal brings nearer.
pub(crate) fn guard<T: Send>(story: impl FnOnce(&Interruption) -> anyhow::Result<T> + Send) -> anyhow::Result<T> {
    let interruption = Interruption::default();
    let runtime =
        runtime::Builder::new_current_thread().enable_all().build().context("signals cannot be waited for")?;
    let entered = runtime.enter();
    let mut signals = Vec::new();
    for (kind, exit_code) in SIGNALS {
        signals.push((signal(kind).context("signals cannot be caught")?, exit_code));
    }
    drop(entered);
    thread::scope(|scope| {
        let (ending, mut end) = oneshot::channel::<()>();
        let teller = scope.spawn(|| {
            // Dropped at the end, also by a panic: that is what the other side waits for.
            let _ending = ending;
            story(&interruption)
        });
        runtime.block_on(async {
            let first_signal = poll_fn(|context| {
                let came = |(signal, exit_code): &mut (Waiting, u8)| {
                    signal.poll_recv(context).is_ready().then_some(*exit_code)
                };
                signals.iter_mut().find_map(came).map_or(Poll::Pending, Poll::Ready)
            });
            tokio::select! {
                _ = &mut end => {}
                exit_code = first_signal => {
                    interruption.exit_code.store(exit_code, Ordering::SeqCst);
                    end_children_until(end).await;
                }
            }
        });
        teller.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

/// Ends the hooks that the story waits for, SIGTERM first, until the story has ended.
async fn end_children_until(mut end: oneshot::Receiver<()>) {
    let began = Instant::now();
    let mut asked = HashSet::new();
    loop {
        for child in children() {
            if began.elapsed() >= GRACE {
                send(&child, Signal::KILL);
            } else if asked.insert((child.pid, child.starttime)) {
                send(&child, Signal::TERM);
            }
        }
        if timeout(BETWEEN_LOOKS, &mut end).await.is_ok() {
            return;
        }
    }
}

/// The processes that this one has started and not yet waited for.
fn children() -> Vec<Stat> {
    let own = i32::try_from(std::process::id()).ok();
    let all = all_processes().into_iter().flatten().flatten();
    all.filter_map(|process| process.stat().ok()).filter(|stat| Some(stat.ppid) == own && stat.state != 'Z').collect()
}

/// To the whole group where the child leads one, as the agent does: a script's own children are in it.
fn send(child: &Stat, signal: Signal) {
    let Some(id) = Pid::from_raw(child.pid) else { return };
    let sent = if child.pgrp == child.pid { kill_process_group(id, signal) } else { kill_process(id, signal) };
    match sent {
        Ok(()) | Err(Errno::SRCH) => {}
        Err(error) => crate::console::say(&format!("process {} cannot be ended: {error}", child.pid)),
    }
}
