//! Whether the releases that run would end with the agent: whatever lies in its control group is ended when it is restarted or updated.

use crate::error::Result;
use crate::host::Host;
use crate::language::translated;
use crate::occupant;
use crate::preflight::checks::{Checks, Subject};
use crate::run::Scene;
use crate::slot::Slot;
use crate::supervisor::control_group;

/// Tells which releases lie in the service that has started this hook.
///
/// # Errors
/// None of its own.
pub(super) fn warn(scene: &Scene<'_, impl Host>, checks: &mut Checks<'_>) -> Result<()> {
    for slot in Slot::BOTH {
        let service = occupant::current(scene.host, scene.settings, scene.ledger, slot)
            .and_then(|process| control_group::shared_with_hook(scene.host, &process));
        if let Some(service) = service {
            let place = scene.settings.place(slot);
            checks.warn(
                Subject::ControlGroup,
                translated!(
                    "{place} lies in the control group of `{service}`: a restart or an update of that ends it (docs/supervisor.md)"
                ),
            );
        }
    }
    checks.alone(Subject::ControlGroup, Ok(()))
}
