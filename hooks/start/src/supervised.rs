//! Whether the new release runs as a unit, and what of that unit is missing on this host.

use shared::config::Supervisor;
use shared::error::Result;
use shared::host::Host;
use shared::language::translated;
use shared::run::Scene;
use shared::slot::Slot;
use shared::supervisor::control_group;
use shared::supervisor::{self, Supervision, Unit};

/// The unit of the slot that the release goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supervised {
    /// The unit.
    pub unit: Unit,
    /// Whether this host has all of it.
    pub is_installed: bool,
    /// The boot in which the release is launched.
    pub boot: String,
}

/// Looks which supervisor this host offers; nothing where the release is a child of nobody.
pub(crate) async fn look(scene: &Scene<'_, impl Host>, idle: Slot) -> Result<Option<Supervised>> {
    let (host, settings) = (scene.host, scene.settings);
    match supervisor::choose(host, settings.app.supervisor)? {
        Supervision::Unit(manager) => {
            let unit = Unit::of(settings, manager, idle);
            let is_installed = unit.is_installed(host).await?;
            Ok(Some(Supervised { unit, is_installed, boot: host.boot_id() }))
        }
        Supervision::Detached(why) => {
            if settings.app.supervisor == Supervisor::Auto {
                scene.report.say(&translated!(
                    "note: the release runs without systemd ({why}): after a crash or a reboot it stays down until the next deploy"
                ));
            }
            if let Some(service) = control_group::service_of_hook(host) {
                scene.report.say(&translated!(
                    "note: the release lies in the control group of `{service}`, as this hook does: a restart of that service ends it"
                ));
            }
            Ok(None)
        }
    }
}
