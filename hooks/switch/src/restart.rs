//! `switch --back --restart`: where the standby has gone, the release that served before is started once more in its slot, and proven as
//! `health` proves a new one. Traffic stays where it is meanwhile; then it moves as on every way back. Whoever was killed and comes again
//! goes on where the last run was ended.

use shared::boot;
use shared::budget::{FAILED_GRACE, REFUSED_GRACE};
use shared::config::Settings;
use shared::discovery::witness;
use shared::error::{Error, Kind, Result};
use shared::host::{Host, Process, Share};
use shared::language::translated;
use shared::ledger::{Change, DeploymentRecord, Stage};
use shared::occupant::{self, Occupant};
use shared::plan::action::Refusal;
use shared::plan::{Action, Plan, Step, launching};
use shared::probe::Probe;
use shared::release::Release;
use shared::run::Scene;
use shared::run::memory::{self, Shortage};
use shared::slot::{Roles, Slot};
use shared::supervisor::{self, Supervision, UnitLaunch};

use crate::standby;

/// What is to be done before traffic can go back; nothing where the standby is there and proven. `is_started` says that this run has
/// started it already.
pub(crate) async fn plan(scene: &mut Scene<'_, impl Host>, is_started: bool) -> Result<Option<Plan>> {
    let (finding, testimony) = scene.find().await?;
    let Some(live) = finding.roles.live else { return Err(standby::missing(translated!("neither slot serves yet"))) };
    // A way back that had arrived and was not ended has nothing to start: it only comes to its end.
    if scene.ledger.returning == Some(live) {
        return Ok(None);
    }
    let to = !live;
    let (host, settings) = (scene.host, scene.settings);
    let tenant = scene.ledger.tenants.get(to);
    let served = tenant.release.is_none() || tenant.served;
    let in_its_way = match occupant::find(host, settings, scene.ledger, to).await? {
        Occupant::Stranger(who) => return Err(occupant::refuse(&who)),
        Occupant::Ours(processes) if served => return Ok(proof(scene, to, &processes)),
        Occupant::Ours(processes) => processes,
        Occupant::Nobody => Vec::new(),
    };
    let place = settings.place(to);
    // What would be ended may be all that users have.
    if !in_its_way.is_empty() && witness::may_serve(host, settings, to).await? {
        return Err(Error::new(
            Kind::Undecided,
            translated!("a release that never served runs in {place}, and nginx sends the traffic there, or has nowhere else to send it"),
        )
        .advise(translated!("deploy again: `stop` follows nginx, and works in the other slot")));
    }
    let Some(release) = scene.ledger.recorded(live).cloned() else {
        return Err(standby::missing(translated!("these hooks know of no release that served before")));
    };
    if host.describe(&release.path).is_err() {
        return Err(standby::missing(&translated!("nothing runs in {place}")).advise(standby::gone(&release)));
    }
    if is_started {
        let log = settings.log_of(to, &release.name);
        return Err(Error::new(
            Kind::NotStarted,
            translated!("release `{}` was started in {place} and has died", release.name),
        )
        .advise(translated!("see why in its log, `{}`", log.to_string_lossy())));
    }
    // What the way back needs is asked before anything is started.
    scene.nginx().await?;
    let roles = Roles { live: Some(live), idle: to };
    let supervision = supervisor::choose(host, settings.app.supervisor)?;
    let freed = Occupant::Ours(in_its_way.clone());
    if let Some(Shortage { too_short, .. }) = memory::shortage(scene, roles, &freed, &supervision).await? {
        return Err(too_short);
    }
    let unit = unit(scene, to, &release, &supervision);
    let watched = Some(live).filter(|live| *testimony.evidence.listening.get(*live));
    let mut plan = start(scene.settings, roles, in_its_way, watched, release, unit);
    launching::through(settings, &mut plan.steps, &host.program().with_file_name("start"));
    // What makes a class archive can wait: its memory is needed.
    let makers = boot::makers(host, settings);
    if !makers.is_empty() {
        plan.steps.insert(0, Step::of(Action::EndMaker { place: place.clone(), processes: makers }));
    }
    Ok(Some(plan))
}

/// The unit that starts the release, as it did before. Where it is not on this host any more the release is launched without.
fn unit(scene: &Scene<'_, impl Host>, slot: Slot, release: &Release, supervision: &Supervision) -> Option<UnitLaunch> {
    let (host, settings) = (scene.host, scene.settings);
    let Supervision::Unit(manager) = *supervision else { return None };
    let unit = supervisor::Unit::of(settings, manager, slot);
    if unit.is_written(host) && host.describe(&unit.program()).is_ok() {
        return Some(launching::by_unit(settings, slot, release, unit, &host.boot_id()));
    }
    scene.report.say(&translated!(
        "note: the release is started without its unit `{}`, which is not as it was: after a crash or a reboot it stays down until the next deploy",
        unit.name
    ));
    None
}

/// What starts the release that served before. It is a deployment of its own, by hand: one that was under way has lost the slot to it.
fn start(
    settings: &Settings,
    roles: Roles,
    in_its_way: Vec<Process>,
    watched: Option<Slot>,
    release: Release,
    unit: Option<UnitLaunch>,
) -> Plan {
    let slot = roles.idle;
    let place = settings.place(slot).clone();
    let opened = DeploymentRecord {
        id: None,
        live: roles.live,
        idle: slot,
        stage: Stage::Opened,
        artifact: None,
        room: None,
        reused: None,
    };
    let result =
        translated!("release `{}` runs again in {place}; next it is proven, then traffic goes to it", release.name);
    let end = Action::EndLaunched { slot, place, grace: FAILED_GRACE };
    let mut steps = vec![Step::of(Action::remember(settings, Change::Open(opened)))];
    if !in_its_way.is_empty() {
        steps.extend(launching::freeing(settings, slot, in_its_way, watched));
    }
    steps.push(Step::of(Action::remember(settings, Change::Freed(slot))));
    steps.extend(launching::steps(settings, slot, release, unit, Some(end)));
    Plan { steps, result }
}

/// The proof of a release that was started once more and is not proven yet; nothing where it is, or is the standby that it always was.
fn proof(scene: &Scene<'_, impl Host>, slot: Slot, processes: &[Process]) -> Option<Plan> {
    let settings = scene.settings;
    let deployment = scene.ledger.deployment.as_ref()?;
    let is_begun = matches!(deployment.stage, Stage::Stopped | Stage::Started);
    let under_way = deployment.id.is_none() && deployment.idle == slot && is_begun;
    let launched = scene.ledger.process(slot, &scene.host.boot_id());
    let process = launched.or_else(|| processes.first().map(|process| process.identity)).filter(|_| under_way)?;
    let release = scene.ledger.tenants.get(slot).release.as_ref()?;
    let probe =
        Probe { ended_before: scene.ledger.tenants.get(slot).ended_before, ..Probe::of(settings, slot, process) };
    let refusal = Some(Refusal { slot, grace: REFUSED_GRACE });
    let actions = [
        Action::Probe { probe, log: Some(settings.log_of(slot, &release.name)), refusal },
        Action::Share { process: Some(process), share: Share::Equal },
        Action::remember(settings, Change::Proven),
    ];
    let result =
        translated!("release `{}` in {} is healthy; next traffic goes to it", release.name, settings.place(slot));
    Some(Plan { steps: actions.map(Step::of).into(), result })
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::SystemTime;

    use expect_test::expect;
    use shared::config::{SettingsFile, settings};
    use shared::host::ProcessIdentity;

    use super::*;

    fn planned(text: &str, in_its_way: Vec<Process>) -> String {
        let settings = settings(SettingsFile::parse("", &format!("{text}\nconfig_locations = []"))).unwrap();
        let release = Release { name: "r1".into(), path: "/app/releases/r1/app.jar".into(), sha256: None };
        let roles = Roles::with_live(Slot::Green);
        let mut plan = start(&settings, roles, in_its_way, Some(Slot::Green), release, None);
        launching::through(&settings, &mut plan.steps, Path::new("/bundle/hooks/start"));
        plan.to_string()
    }

    #[test]
    fn f167_a_release_is_started_again_as_start_does_in_a_deployment_of_its_own() {
        expect![[r#"
            1. remember: deployment `by hand` works in `real1` (port 8081)
            2. remember: `real1` (port 8081) is free
            3. remember: `real1` (port 8081) is to run release `r1`
            4. start in `real1` (port 8081): /bundle/hooks/start --boot /home/ec2-user/app/step3/libraries -- java -Dspring.profiles.active=real1 -jar /app/releases/r1/app.jar --server.port=8081
               if it comes to nothing: end what was started in `real1` (port 8081), and free it
            5. remember: `real1` (port 8081) runs it
            6. let it have a small share of the processors until it is proven
            7. see how it boots; where a class archive is missing, let it be made once it serves
            8. watch it until it listens on port 8081 or has lived 2 s
            9. remember: `real1` (port 8081) has survived its first moments
            then: release `r1` runs again in `real1` (port 8081); next it is proven, then traffic goes to it"#]].assert_eq(&planned("[app]\nclass_archive = \"auto\"", Vec::new()));
    }

    #[test]
    fn f167_i2_a_release_that_never_served_makes_room_and_the_live_one_is_seen_to_serve_meanwhile() {
        let newcomer = Process {
            identity: ProcessIdentity { id: 7, started: 1 },
            parent: 1,
            session: 7,
            owner: 1000,
            started_at: SystemTime::UNIX_EPOCH,
            command: vec!["java".into()],
        };
        let planned = planned("[app]", vec![newcomer]);
        let first: Vec<&str> = planned.lines().take(6).collect();
        expect![[r#"
            1. remember: deployment `by hand` works in `real1` (port 8081)
            2. let requests on their way to `real1` (port 8081) end, for at most 10 s
            3. see that `real2` (port 8082) still serves
            4. end process 7 in `real1` (port 8081): SIGTERM, after 35 s SIGKILL
            5. wait until port 8081 is free
            6. remember: `real1` (port 8081) is free"#]]
        .assert_eq(&first.join("\n"));
    }
}
