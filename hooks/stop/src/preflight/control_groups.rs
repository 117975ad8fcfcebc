//! Whether the releases that run would end with the agent: whatever lies in its control group is ended when it is restarted or updated.

use shared::host::Host;
use shared::language::translated;
use shared::occupant;
use shared::run::Scene;
use shared::slot::Slot;
use shared::supervisor::control_group;

/// Tells which releases lie in the service that has started this hook.
pub(crate) fn tell(scene: &Scene<'_, impl Host>) {
    for slot in Slot::BOTH {
        let service = occupant::current(scene.host, scene.settings, scene.ledger, slot)
            .and_then(|process| control_group::shared_with_hook(scene.host, &process));
        if let Some(service) = service {
            let place = scene.settings.place(slot);
            scene.report.say(&translated!(
                "note: {place} lies in the control group of `{service}`: a restart or an update of that ends it (docs/supervisor.md)"
            ));
        }
    }
}
