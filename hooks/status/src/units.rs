//! What systemd says of the slots' units, as far as there is something to say: one that has given up, and a release that lies in the
//! control group of another service.

use shared::host::Host;
use shared::language::translated;
use shared::occupant;
use shared::run::Scene;
use shared::slot::{Place, Slot};
use shared::supervisor::{self, Supervision, Unit, control_group, pin};

use crate::finding::Finding;

/// What is found of the units of both slots.
pub(crate) async fn findings(scene: &Scene<'_, impl Host>) -> Vec<Finding> {
    let (host, settings) = (scene.host, scene.settings);
    let mut found = Vec::new();
    // Whoever looks may be another user than the one that deploys, and is then told nothing of that user's manager.
    let manager = match supervisor::choose(host, settings.app.supervisor) {
        Ok(Supervision::Unit(manager)) => Some(manager),
        Ok(Supervision::Detached(_)) | Err(_) => None,
    };
    for slot in Slot::BOTH {
        let place = settings.place(slot);
        if let Some(manager) = manager.filter(|_| matches!(pin::read(host, &settings.pin(place)), Ok(Some(_)))) {
            found.extend(failure(scene, place, &Unit::of(settings, manager, slot)).await);
        }
        let process = occupant::current(host, settings, scene.ledger, slot);
        let service = process.and_then(|process| control_group::service_of(host, process.id));
        let own = format!("{}.service", settings.group(slot));
        found.extend(service.filter(|service| *service != own).map(|service| {
            Finding::ForeignGroup(translated!(
                "{place} lies in the control group of `{service}`: a restart or an update of that ends it (docs/supervisor.md)"
            ))
        }));
    }
    found
}

/// That a unit has given up on its release, and where to look.
async fn failure(scene: &Scene<'_, impl Host>, place: &Place, unit: &Unit) -> Option<Finding> {
    let look = unit.manager.status_command(&unit.name);
    match unit.manager.see(scene.host, &unit.name).await {
        Ok(seen) if seen.state == "failed" => {
            let ending = seen.ending.unwrap_or_else(|| translated!("it ended too often").to_owned());
            Some(Finding::GivenUp(translated!(
                "systemd has given up on the release in {place} ({ending}): `{look}`; the next deploy starts it anew"
            )))
        }
        Ok(_) => None,
        Err(untold) => Some(Finding::Unanswered(untold.to_string())),
    }
}
