//! `health` (ValidateService) asks the new release on its own port until it is proven. It looks at the process that `start`
//! launched: nobody else's answer counts.

use shared::config::Settings;
use shared::error::{Error, Kind, Result};
use shared::host::{Host, ProcessIdentity};
use shared::ledger::{Note, Stage};
use shared::plan::{Action, Plan, Step};
use shared::probe::Probe;
use shared::release::Release;
use shared::run::{Hook, Scene};
use shared::slot::Slot;

/// The hook `health`.
#[derive(Debug)]
pub struct Health;

/// `health` has no arguments of its own.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {}

impl Hook for Health {
    const NAME: &'static str = "health";
    const ABOUT: &'static str = "Asks the new release on its own port until it is proven healthy";
    type Arguments = Arguments;

    async fn plan(_: &Arguments, scene: &mut Scene<'_, impl Host>) -> Result<Plan> {
        let deployment = scene.ledger.admit(Self::NAME, scene.lifecycle, &[Stage::Started, Stage::Healthy])?;
        let idle = deployment.idle;
        let process = scene.ledger.process(idle, &scene.host.boot_id());
        match (process, &scene.ledger.tenants.get(idle).release) {
            (Some(process), Some(release)) => Ok(plan(scene.settings, idle, process, release)),
            _ => Err(Error::new(
                Kind::NotStarted,
                format!(
                    "no process is known in {}: this host has started anew since `start`",
                    scene.settings.place(idle)
                ),
            )
            .advise("deploy again")),
        }
    }
}

/// What `health` does about a release that was launched.
#[must_use]
pub fn plan(settings: &Settings, idle: Slot, process: ProcessIdentity, release: &Release) -> Plan {
    let place = settings.place(idle);
    let log = settings.logs().join(format!("{}-{}.log", place.profile, release.name));
    Plan {
        steps: vec![
            Step::of(Action::Probe { probe: Probe::of(settings, idle, process), log: Some(log) }),
            Step::of(Action::Remember(Note::Proven)),
        ],
        result: format!("release `{}` in {place} is healthy", release.name),
    }
}

#[cfg(test)]
mod tests {
    use shared::config::{SettingsFile, settings};

    use super::*;

    #[test]
    fn f35_the_release_is_asked_on_its_own_port_and_only_its_own_process_counts() {
        let settings = settings(SettingsFile::parse("", "")).unwrap();
        let release = Release { name: "r1".into(), path: "/r1/app.jar".into(), sha256: None };
        let plan = plan(&settings, Slot::Green, ProcessIdentity { id: 77, started: 1 }, &release);
        assert_eq!(
            plan.to_string(),
            "1. ask http://127.0.0.1:8082/profile until 3 good answers in a row have come from process 77\n\
             2. remember: the release is proven\n\
             then: release `r1` in `real2` (port 8082) is healthy"
        );
    }
}
