//! The standby that a way back leads to; and where there is none, what it takes to go back all the same.

use std::time::Duration;

use shared::error::{Error, Kind, Result};
use shared::host::{Host, ProcessIdentity};
use shared::language::translated;
use shared::ledger::history;
use shared::occupant::{self, Occupant};
use shared::release::Release;
use shared::report::duration;
use shared::run::Scene;
use shared::slot::Slot;

/// The process of the standby: it must be ours, run, and have served before.
pub(crate) async fn find(scene: &Scene<'_, impl Host>, slot: Slot) -> Result<ProcessIdentity> {
    let place = scene.settings.place(slot);
    let tenant = scene.ledger.tenants.get(slot);
    if tenant.release.is_some() && !tenant.served {
        return Err(needed(scene, slot, &translated!("{place} holds a release that never served")));
    }
    match occupant::find_launched(scene.host, scene.settings, scene.ledger, slot).await? {
        Occupant::Ours(processes) => match processes.first() {
            Some(process) => Ok(process.identity),
            None => Err(needed(scene, slot, &translated!("nothing runs in {place}"))),
        },
        Occupant::Nobody if scene.ledger.retired == Some(slot) => {
            let why = translated!("what ran in {place} was ended, as `switch.standby` or `start.overlap` says");
            Err(needed(scene, slot, &why))
        }
        Occupant::Nobody => Err(needed(scene, slot, &translated!("nothing runs in {place} any more"))),
        Occupant::Stranger(who) => Err(occupant::refuse(&who)),
    }
}

/// The error of a way back that leads to nobody.
pub(crate) fn missing(why: &str) -> Error {
    Error::new(Kind::NotHealthy, translated!("there is no standby to go back to: {why}"))
        .advise(translated!("deploy the release that you want (CodeDeploy: redeploy its revision)"))
}

/// The same with what it takes to go there all the same.
fn needed(scene: &Scene<'_, impl Host>, slot: Slot, why: &str) -> Error {
    let error = missing(why);
    let Some(release) = scene.ledger.recorded(!slot) else { return error };
    if scene.host.describe(&release.path).is_err() {
        return error.advise(gone(release));
    }
    let (endings, _) = history::read(scene.host, scene.settings);
    let mut boots = endings.iter().rev().filter(|ending| ending.release.as_deref() == Some(&*release.name));
    let took = |boot| translated!(", which took {} last time", duration(Duration::from_millis(boot)));
    let boot = boots.find_map(|ending| ending.boot_ms).map_or_else(String::new, took);
    error.advise(translated!(
        "`{} --back --restart` starts release `{}` again, which served before{boot}, proves it, and then moves the traffic to it",
        scene.host.program().with_file_name("switch").to_string_lossy(),
        release.name
    ))
}

/// What to do where a release is not on this host any more: its name ends with its deployment.
pub(crate) fn gone(release: &Release) -> String {
    let deployment = release.name.split_once("Z-").map_or("", |(_, deployment)| deployment);
    translated!(
        "release `{}`, which served before, is not on this host any more: redeploy the revision of deployment `{deployment}`",
        release.name
    )
}
