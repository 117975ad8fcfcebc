//! The end of a release that was refused: whoever was not proven, or has lost that again, may not be nginx's backup (F117).

use super::action::Refusal;
use super::processes;
use crate::config::Settings;
use crate::discovery::witness;
use crate::error::{Error, Kind, Result};
use crate::host::{Host, ProcessIdentity};
use crate::language::translated;
use crate::occupant;
use crate::report::Report;

/// Whether a probe that failed says that the release is bad. Whoever was interrupted has refused nobody, and a stranger on the port
/// says nothing about the release.
pub(super) fn is_refusal(error: &Error) -> bool {
    matches!(error.kind(), Kind::NotHealthy | Kind::NotStarted)
}

/// Ends it with all that it started. What users have is not ours to take, bad as it is: traffic may have moved there meanwhile, by a
/// person or since the live one has died (I2).
///
/// # Errors
/// `Kind::Undecided` if users may have it; as `processes::terminate`.
pub(super) async fn end(
    host: &impl Host,
    settings: &Settings,
    report: &Report,
    process: ProcessIdentity,
    Refusal { slot, grace }: Refusal,
) -> Result<()> {
    // Nobody has a release that is gone.
    if occupant::family(host, &process).is_empty() {
        return Ok(());
    }
    if witness::may_serve(host, settings, slot).await? {
        return Err(Error::new(
            Kind::Undecided,
            translated!("nginx sends the traffic there, or has nowhere else to send it"),
        ));
    }
    // Asked again: the witnesses take their time.
    let family = occupant::family(host, &process);
    processes::terminate(host, settings, report, settings.place(slot), &family, grace, None).await
}
