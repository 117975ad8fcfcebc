//! Whether the new release fits beside the live one, or that one makes room for it.

use crate::config::Overlap;
use crate::error::Result;
use crate::host::Host;
use crate::language::translated;
use crate::ledger::Room;
use crate::occupant::Occupant;
use crate::preflight::checks::{Checks, Subject};
use crate::run::Scene;
use crate::run::memory::{self, Shortage};
use crate::slot::Roles;
use crate::supervisor::Supervision;

/// Refuses where memory is too short for both, unless the live one is to make room: then how.
///
/// # Errors
/// `Kind::NoRoom`, with both numbers; as `occupant::find`.
pub(super) async fn check(
    scene: &Scene<'_, impl Host>,
    roles: Roles,
    idle: &Occupant,
    supervision: &Supervision,
    checks: &mut Checks<'_>,
) -> Result<Option<Room>> {
    let (settings, Roles { live, .. }) = (scene.settings, roles);
    let Some((slot, shortage)) = live.zip(memory::shortage(scene, roles, idle, supervision).await?) else {
        return Ok(None);
    };
    let Shortage { too_short, live, fits_alone } = shortage;
    // One that these hooks did not start could not be brought back.
    let restorable = scene.ledger.tenants.get(slot).release.is_some();
    let first = live.first().filter(|_| settings.start.overlap == Overlap::StopFirst && restorable);
    match first {
        Some(process) if fits_alone => {
            let place = settings.place(slot);
            checks.warn(
                Subject::Memory,
                translated!(
                    "{too_short}: `start` ends {place} first, and THE SITE IS DOWN until the new release serves (`start.overlap`)"
                ),
            );
            Ok(Some(Room { command: process.command.clone(), since: None }))
        }
        _ => Err(too_short),
    }
}
