//! Time, and what cuts a wait short.

use std::time::Duration;

use super::signals::StopSignals;
use crate::error::Result;

#[expect(clippy::disallowed_methods, reason = "this is the place that waits, for everybody")]
pub(super) async fn wait(pause: Duration, signals: &StopSignals) -> Result<()> {
    signals.unless_asked(tokio::time::sleep(pause)).await
}
