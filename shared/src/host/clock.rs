//! Time, and the signals that cut a wait short.

use std::time::Duration;

use super::signals::StopSignals;
use crate::error::{Error, Result};

pub(super) async fn wait(pause: Duration, signals: &StopSignals) -> Result<()> {
    if signals.asked() {
        return Err(Error::interrupted());
    }
    tokio::select! {
        () = sleep(pause) => Ok(()),
        () = signals.wait() => Err(Error::interrupted()),
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the place that waits, for everybody")]
async fn sleep(pause: Duration) {
    tokio::time::sleep(pause).await;
}
