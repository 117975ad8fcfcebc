//! Waiting for a condition. The only place that sleeps.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;

const BETWEEN_LOOKS: Duration = Duration::from_millis(5);
/// For a busy machine; what is waited for takes a second or two, and the boot of a kernel ten.
const PATIENCE: Duration = Duration::from_mins(3);

/// Waits until a condition holds.
///
/// # Errors
/// It did not come to hold within three minutes.
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) -> anyhow::Result<()> {
    let began = Instant::now();
    while !condition() {
        if began.elapsed() >= PATIENCE {
            bail!("waited {PATIENCE:?} until {what}, and it did not come to be");
        }
        thread::sleep(BETWEEN_LOOKS);
    }
    Ok(())
}
