//! `start` (ApplicationStart) copies the artifact to a release of its own and starts it in the idle slot, out of the
//! agent's reach. It looks at the artifact and at the slot, which has to be free.

pub mod boot;
mod leftovers;
pub mod pinned;
pub mod retire;
pub mod room;
pub mod supervised;
mod waiting;

use std::path::PathBuf;

use shared::budget::FAILED_GRACE;
use shared::config::Settings;
use shared::discovery::witness;
use shared::error::{Error, Kind, Result};
use shared::host::{Host, Process};
use shared::language::{Text, text, translated};
use shared::ledger::{Change, Stage};
use shared::occupant::{self, Occupant};
use shared::plan::{Action, Plan, Step, launching};
use shared::probe::warm_up::NotLinked;
use shared::release::{self, Artifact, Release};
use shared::run::{Hook, Scene};
use shared::slot::Slot;

use self::room::MakingRoom;
use self::supervised::Supervised;

/// The hook `start`.
#[derive(Debug)]
pub struct Start;

/// `start` has no arguments of its own.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {}

impl Hook for Start {
    const NAME: &'static str = "start";
    const ABOUT: Text = text!("Copies the artifact to a release of its own and starts it in the idle slot");
    type Arguments = Arguments;
    type Warming = NotLinked;

    async fn plan(_: &Arguments, scene: &mut Scene<'_, impl Host>) -> Result<Plan> {
        let deployment = scene.ledger.admit(Self::NAME, scene.lifecycle, &[Stage::Stopped])?;
        let (idle, name) = (deployment.idle, deployment.name().to_owned());
        let seen = deployment.artifact.clone();
        // The standby that `stop` has left to be what is deployed.
        let reused = scene.ledger.process(idle, &scene.host.boot_id()).filter(|_| scene.ledger.is_reused());
        let mut steps = Vec::new();
        match occupant::find(scene.host, scene.settings, scene.ledger, idle).await? {
            Occupant::Nobody => {}
            Occupant::Ours(processes)
                if reused.is_some_and(|kept| processes.iter().any(|process| process.identity == kept)) =>
            {
                find_artifact(scene, seen.as_ref())?;
                return Ok(stays(scene.settings, idle));
            }
            Occupant::Stranger(who) => return Err(occupant::refuse(&who)),
            Occupant::Ours(processes)
                if occupant::were_launched(scene.host, scene.settings, scene.ledger, idle, &processes) =>
            {
                let place = scene.settings.place(idle).clone();
                // The live one has died since, and nginx has gone on to it (I2).
                if witness::may_serve(scene.host, scene.settings, idle).await? {
                    return Err(Error::new(
                        Kind::Undecided,
                        translated!(
                            "what an earlier run of `start` launched in {place} was left alone: nginx sends the traffic there, \
                             or has nowhere else to send it"
                        ),
                    )
                    .advise(translated!("deploy again: `stop` follows nginx, and works in the other slot")));
                }
                scene.report.say(&match reused {
                    Some(_) => {
                        translated!("the standby that was to stay has been started anew since `stop`: {place} is freed")
                    }
                    None => {
                        translated!("an earlier run of `start` was ended before it was done: {place} is freed again")
                    }
                });
                steps = free(scene.settings, idle, processes);
            }
            Occupant::Ours(processes) => {
                let ids: Vec<String> = processes.iter().map(|process| process.identity.id.to_string()).collect();
                let place = scene.settings.place(idle);
                return Err(Error::new(
                    Kind::Undecided,
                    translated!("{place} is not free: process {} has come since `stop`", ids.join(", ")),
                )
                .advise(translated!("see who starts it (a unit of systemd, a cron job?), then deploy again")));
            }
        }
        let artifact = find_artifact(scene, seen.as_ref())?;
        let release = Release::of(&artifact, scene.settings, scene.host.wall_clock(), &name);
        let supervised = supervised::look(scene, idle).await?;
        let in_use = in_use(scene)?;
        let outdated = outdated(scene, &in_use);
        let unused = boot::unused(scene.host, scene.settings, &artifact, &outdated, |name| in_use.contains(name));
        let mut gone = gone(scene.settings, &outdated, leftovers::find(scene.host, scene.settings));
        gone.extend(unused);
        let room = room::look(scene, idle).await?;
        let mut plan = plan(scene.settings, idle, artifact, release, supervised, room, gone);
        launching::through(scene.settings, &mut plan.steps, &scene.host.program());
        steps.extend(plan.steps);
        plan.steps = steps;
        Ok(plan)
    }
}

/// What is deployed, which has to be what `stop` saw.
fn find_artifact(scene: &Scene<'_, impl Host>, seen: Option<&Artifact>) -> Result<Artifact> {
    let artifact = release::find_artifact(scene.host, scene.settings, scene.lifecycle.app_spec.as_ref())?;
    artifact.is_what_stop_saw(seen)?;
    Ok(artifact)
}

/// What `start` does where the standby is what is deployed.
fn stays(settings: &Settings, idle: Slot) -> Plan {
    let steps = vec![Step::of(Action::remember(settings, Change::Started(idle)))];
    let result = translated!("{} runs it already: it stood by there, and nothing was started", settings.place(idle));
    Plan { steps, result }
}

/// What a run of `start` launched that was killed is ended by the next one (F115).
fn free(settings: &Settings, idle: Slot, processes: Vec<Process>) -> Vec<Step> {
    let place = settings.place(idle).clone();
    let actions = [
        Action::Terminate { live: None, place: place.clone(), processes, grace: FAILED_GRACE },
        Action::AwaitFree(place),
        Action::remember(settings, Change::Freed(idle)),
    ];
    actions.map(Step::of).into()
}

/// The names of releases that are remembered, and the command lines of whoever listens in a slot.
fn in_use(scene: &Scene<'_, impl Host>) -> Result<String> {
    let (host, settings) = (scene.host, scene.settings);
    let mut in_use = String::new();
    for slot in Slot::BOTH {
        if let Some(release) = &scene.ledger.tenants.get(slot).release {
            in_use.push_str(&release.name);
        }
        for process in occupant::listening(host, settings.place(slot).port)? {
            in_use.push_str(&process.command.join(" "));
        }
    }
    Ok(in_use)
}

/// The releases that may go: those that are not in use.
fn outdated(scene: &Scene<'_, impl Host>, in_use: &str) -> Vec<String> {
    let names = scene.host.list(&scene.settings.releases()).unwrap_or_default();
    let keep = usize::try_from(scene.settings.start.keep_releases).unwrap_or(usize::MAX);
    let never_served = |name: &str| scene.ledger.never_served.iter().any(|one| one == name);
    release::outdated(names, keep, |name| in_use.contains(name), never_served)
}

/// What nobody needs any more: releases with their logs, and what killed runs have left.
fn gone(settings: &Settings, outdated: &[String], leftovers: Vec<PathBuf>) -> Vec<PathBuf> {
    let of_release = |name: &String| {
        let logs = Slot::BOTH.map(|slot| settings.log_of(slot, name));
        std::iter::once(settings.releases().join(name)).chain(logs)
    };
    outdated.iter().flat_map(of_release).chain(leftovers).collect()
}

/// What `start` does with an artifact, and with what nobody needs any more.
#[must_use]
pub fn plan(
    settings: &Settings,
    idle: Slot,
    artifact: Artifact,
    release: Release,
    supervised: Option<Supervised>,
    room: Option<MakingRoom>,
    gone: Vec<PathBuf>,
) -> Plan {
    let place = settings.place(idle).clone();
    let log = settings.log_of(idle, &release.name);
    let result = translated!("release `{}` runs in {place}, log `{}`", release.name, log.to_string_lossy());
    let install = supervised.as_ref().filter(|supervised| !supervised.is_installed);
    let install = install.map(|supervised| Step::of(Action::InstallUnit(supervised.unit.clone())));
    let unit =
        supervised.map(|Supervised { unit, boot, .. }| launching::by_unit(settings, idle, &release, unit, &boot));
    // First: a unit that cannot be installed leaves no copy behind that nobody ever starts.
    let mut steps: Vec<Step> = install.into_iter().collect();
    steps.push(Step::of(Action::Publish { artifact, release: release.clone() }));
    // Where another one comes back in its place, that ends it.
    let end = room.is_none().then_some(Action::EndLaunched { slot: idle, place, grace: FAILED_GRACE });
    steps.extend(room.into_iter().flat_map(|room| room.steps(settings)));
    steps.extend(launching::steps(settings, idle, release, unit, end));
    steps.extend(gone.into_iter().map(|path| Step::of(Action::Discard(path))));
    Plan { steps, result }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use shared::config::{SettingsFile, settings};

    use super::*;

    fn planned(text: &str, slot: Slot) -> Plan {
        let settings = settings(SettingsFile::parse("", text)).unwrap();
        let artifact = Artifact {
            path: "/home/ec2-user/app/step3/zip/app.jar".into(),
            size: 17_000_000,
            written: std::time::SystemTime::UNIX_EPOCH,
        };
        // 2026-11-22T10:20:30.5Z
        let made = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(1_795_342_830_500);
        let release = Release::of(&artifact, &settings, made, "d-ABC123");
        plan(&settings, slot, artifact, release, None, None, Vec::new())
    }

    #[test]
    fn f30_f33_a_jar_is_copied_to_a_new_place_started_there_and_ended_again_if_it_fails() {
        expect![[r#"
            1. copy `/home/ec2-user/app/step3/zip/app.jar` (17 MB) to `/home/ec2-user/app/step3/releases/20261122T102030500Z-d-ABC123/app.jar`
            2. remember: `real2` (port 8082) is to run release `20261122T102030500Z-d-ABC123`
            3. start in `real2` (port 8082): java -Dspring.config.location=classpath:/application.properties,classpath:/application-real2.properties,/home/ec2-user/app/application-oauth.properties,/home/ec2-user/app/application-real-db.properties -Dspring.profiles.active=real2 -jar /home/ec2-user/app/step3/releases/20261122T102030500Z-d-ABC123/app.jar --server.port=8082
               if it comes to nothing: end what was started in `real2` (port 8082), and free it
            4. remember: `real2` (port 8082) runs it
            5. let it have a small share of the processors until it is proven
            6. watch it until it listens on port 8082 or has lived 2 s
            7. remember: `real2` (port 8082) has survived its first moments
            then: release `20261122T102030500Z-d-ABC123` runs in `real2` (port 8082), log `/home/ec2-user/app/step3/logs/real2-20261122T102030500Z-d-ABC123.log`"#]].assert_eq(&planned("", Slot::Green).to_string());
    }

    #[test]
    fn i17_a_release_is_started_with_the_file_that_says_who_is_live_whoever_starts_it() {
        let plan = planned("[app]\ndirectory = \"/srv/shop\"", Slot::Green);
        let Action::Launch { launch, .. } = &plan.steps[2].action else { panic!("{plan}") };
        let named = [("LIVE_SLOT_FILE".to_owned(), "/srv/shop/live.properties".to_owned())];
        assert_eq!(launch.variables, named);
        let settings = settings(SettingsFile::parse("", "")).unwrap();
        let pin = shared::supervisor::pin::Pin::of(&settings, Slot::Green, "boot", "r", launch);
        assert_eq!(pin.variables.last(), Some(&named[0]), "it wins over what is inherited");
    }

    #[test]
    fn anything_else_than_a_jar_runs_with_a_command_of_its_own() {
        let plan = planned(
            "[health]\nport = \"+1000\"\n[app]\ncommand = [\"/usr/bin/node\", \"{artifact}\", \"-p\", \"{port}\", \"{profile}\", \"{health_port}\"]",
            Slot::Blue,
        );
        let Action::Launch { launch, .. } = &plan.steps[2].action else { panic!("{plan}") };
        assert_eq!(launch.command[2..], ["-p", "8081", "real1", "9081"]);
        assert!(launch.command[1].ends_with("/app.jar"));
    }
}
