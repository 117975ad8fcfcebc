//! What runs in each slot, and what that says of the standby.

use serde::Serialize;
use shared::boot::Boot;
use shared::config::Standby;
use shared::error::Result;
use shared::host::Host;
use shared::occupant::{self, Occupant};
use shared::run::Scene;
use shared::slot::{Roles, Slot};

use crate::finding::Finding;

/// What is seen in a slot.
#[derive(Debug, Serialize)]
pub(crate) struct SlotView {
    pub(crate) role: &'static str,
    pub(crate) profile: String,
    pub(crate) port: u16,
    pub(crate) release: Option<String>,
    /// How it was made to boot, where it could have been otherwise.
    pub(crate) boot: Option<String>,
    pub(crate) processes: Vec<u32>,
    /// Who else holds the port, as a sentence.
    pub(crate) stranger: Option<String>,
}

impl SlotView {
    /// Looks into a slot.
    pub(crate) async fn see(scene: &Scene<'_, impl Host>, slot: Slot, roles: Option<Roles>) -> Result<SlotView> {
        let place = scene.settings.place(slot).clone();
        let tenant = scene.ledger.tenants.get(slot);
        let (processes, stranger) = match occupant(scene, slot).await? {
            Occupant::Nobody => (Vec::new(), None),
            Occupant::Ours(processes) => (processes.iter().map(|process| process.identity.id).collect(), None),
            Occupant::Stranger(who) => (Vec::new(), Some(who)),
        };
        let role = match roles {
            None => "unknown",
            Some(roles) if roles.live == Some(slot) => "live",
            Some(Roles { live: Some(_), .. }) if tenant.served && !processes.is_empty() => "standby",
            _ => "idle",
        };
        let release = tenant.release.as_ref().map(|release| release.name.clone());
        let boot = release.as_ref().filter(|_| !processes.is_empty());
        let boot = boot.and_then(|release| Boot::of(scene.host, scene.settings, release)).map(|boot| boot.told);
        Ok(SlotView { role, profile: place.profile, port: place.port, release, boot, processes, stranger })
    }
}

/// Whether this user is shown whose a port is: root, and the one that deploys.
pub(crate) fn sees_occupants(scene: &Scene<'_, impl Host>) -> bool {
    let user = scene.host.user().id;
    let deploys = scene.host.describe(&scene.settings.ledger_directory()).map_or(user, |facts| facts.owner);
    user == 0 || user == deploys
}

/// Who is in a slot. A user who is neither root nor the one that deploys is not shown whose a port is: to that one a process that is
/// known and lives is the occupant.
async fn occupant(scene: &Scene<'_, impl Host>, slot: Slot) -> Result<Occupant> {
    let (host, settings, ledger) = (scene.host, scene.settings, &*scene.ledger);
    if sees_occupants(scene) {
        return occupant::find(host, settings, ledger, slot).await;
    }
    let known = occupant::current(host, settings, ledger, slot).and_then(|launched| host.process(launched.id));
    match known {
        Some(process) if host.lives(&process.identity) => Ok(Occupant::Ours(vec![process])),
        _ => occupant::glance(host, settings, ledger, slot),
    }
}

/// What is to be said of the slot that stands by, or should.
pub(crate) fn standby(scene: &Scene<'_, impl Host>, live: Option<Slot>, slots: &[SlotView]) -> Option<Finding> {
    let (settings, ledger) = (scene.settings, &*scene.ledger);
    if let Some(release) = &ledger.refused {
        return Some(Finding::Refused(release.clone()));
    }
    if let Some(slot) = ledger.retired {
        return Some(Finding::Retired(settings.place(slot).clone()));
    }
    let idle = !live?;
    let (tenant, place) = (ledger.tenants.get(idle), settings.place(idle));
    let is_there =
        slots.iter().any(|slot| slot.port == place.port && (!slot.processes.is_empty() || slot.stranger.is_some()));
    if is_there || !tenant.served || tenant.release.is_none() || settings.switch.standby == Standby::Stop {
        return None;
    }
    if ledger.boot != scene.host.boot_id() {
        return Some(Finding::StandbyNotBack(place.clone()));
    }
    let why = tenant.ended_before.and_then(|before| occupant::memory_was_short(scene.host, Some(before)));
    Some(Finding::StandbyGone(place.clone(), why.map(|(why, _)| why).unwrap_or_default()))
}
