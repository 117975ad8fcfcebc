//! Ctrl-C: the signals that end a program are taken by a thread of their own, and the measuring ends before its next program, so
//! that every host is taken down. Otherwise nginxes and applications would go on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context, bail};
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};

/// What a shell says of a program that Ctrl-C ended.
pub(crate) const EXIT_CODE: u8 = 130;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From here on signals only make [`check`] fail.
///
/// # Errors
/// They cannot be caught.
pub(crate) fn catch() -> anyhow::Result<()> {
    // Caught and not held back: what is held back here would be in every program that is started, and none of them could be
    // ended any more.
    let runtime =
        runtime::Builder::new_current_thread().enable_all().build().context("signals cannot be waited for")?;
    let entered = runtime.enter();
    let told = "signals cannot be caught";
    let mut interrupt = signal(SignalKind::interrupt()).context(told)?;
    let mut terminate = signal(SignalKind::terminate()).context(told)?;
    let mut hang_up = signal(SignalKind::hangup()).context(told)?;
    drop(entered);
    thread::spawn(move || {
        runtime.block_on(async {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                    _ = hang_up.recv() => {}
                }
                INTERRUPTED.store(true, Ordering::SeqCst);
            }
        });
    });
    Ok(())
}

/// Whether a signal came.
pub(crate) fn came() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// Ends the measuring between two programs.
///
/// # Errors
/// A signal came.
pub(crate) fn check() -> anyhow::Result<()> {
    if came() {
        bail!("interrupted");
    }
    Ok(())
}
