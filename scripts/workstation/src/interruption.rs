//! Ctrl-C: the work is done in a thread of its own, and a signal ends the programs that this thread waits for, so that it comes to
//! its own end and takes its hosts down. Otherwise nginxes, applications and hooks would go on, some of them in process groups
//! that the terminal's signal never reached.

use std::collections::HashSet;
use std::future::poll_fn;
use std::panic::resume_unwind;
use std::process::ExitCode;
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

use crate::console::say;

/// How long a program may take to end in its own way.
const GRACE: Duration = Duration::from_secs(3);
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// The signals that end the work, and what a shell says of a program that they ended.
const SIGNALS: [(SignalKind, u8); 3] =
    [(SignalKind::interrupt(), 130), (SignalKind::terminate(), 143), (SignalKind::hangup(), 129)];

/// The exit code of the signal that came; a signal comes to the whole process. 0 before one did.
static EXIT_CODE: AtomicU8 = AtomicU8::new(0);

/// Ends the work between two of its steps.
///
/// # Errors
/// A signal came.
pub fn check() -> anyhow::Result<()> {
    if exit_code().is_some() {
        bail!("interrupted");
    }
    Ok(())
}

/// Does the work to its end, which a signal brings nearer, and says what became of it. 2 is the exit code of work that could not
/// be done; of work that a signal ended it is the one by which a shell knows that.
pub fn run(work: impl FnOnce() -> anyhow::Result<ExitCode> + Send) -> ExitCode {
    match (guard(work), exit_code()) {
        (Ok(exit_code), _) => exit_code,
        // Whatever broke because of the signal is no error of its own.
        (Err(_), Some(exit_code)) => {
            say("interrupted; nothing of it runs any more");
            ExitCode::from(exit_code)
        }
        (Err(error), None) => {
            say(&format!("error: {error:#}"));
            ExitCode::from(2)
        }
    }
}

fn exit_code() -> Option<u8> {
    Some(EXIT_CODE.load(Ordering::SeqCst)).filter(|code| *code > 0)
}

fn guard<T: Send>(work: impl FnOnce() -> anyhow::Result<T> + Send) -> anyhow::Result<T> {
    // Caught and not held back: what is held back here would be in every program that is started, and none of them could be
    // ended any more.
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
        let worker = scope.spawn(|| {
            // Dropped at the end, also by a panic: that is what the other side waits for.
            let _ending = ending;
            work()
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
                    EXIT_CODE.store(exit_code, Ordering::SeqCst);
                    end_children_until(end).await;
                }
            }
        });
        worker.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

/// Ends the programs that the work waits for, SIGTERM first, until the work has ended.
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
        Err(error) => say(&format!("process {} cannot be ended: {error}", child.pid)),
    }
}
