//! `stop` (AfterInstall) frees the idle slot. It looks at who is in it, and before anything changes it refuses what a later
//! hook would stumble over (`shared::preflight`).

mod privileges;
mod reuse;

use shared::boot;
use shared::config::Settings;
use shared::error::Result;
use shared::host::{Host, Process};
use shared::language::{Text, text, translated};
use shared::ledger::{Change, DeploymentRecord, Stage};
use shared::occupant::{self, Occupant};
use shared::plan::{Action, Plan, Step, launching};
use shared::preflight;
use shared::preflight::checks::Checks;
use shared::probe::warm_up::NotLinked;
use shared::run::{Hook, Scene};
use shared::slot::{Place, Roles, Slot};

/// The hook `stop`.
#[derive(Debug)]
pub struct Stop;

/// `stop` has no arguments of its own.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {}

impl Hook for Stop {
    const NAME: &'static str = "stop";
    const ABOUT: Text = text!("Frees the idle slot for the next release; the live one is never touched");
    type Arguments = Arguments;
    type Warming = NotLinked;

    async fn plan(_: &Arguments, scene: &mut Scene<'_, impl Host>) -> Result<Plan> {
        let seen = preflight::look(scene, &mut Checks::of_hook(scene.report)).await?;
        let mut steps = seen.follow;
        let reused = match &steps[..] {
            [] => reuse::find(scene, &seen.deployment, &seen.occupant).await?,
            // It has just become the live one.
            _ => None,
        };
        steps.extend(seen.flag_directory.map(Step::of));
        // Whoever has a listener now and none when the idle slot is to be ended leaves that one as the last (F114).
        let watched = seen.roles.live.filter(|live| *seen.testimony.evidence.listening.get(*live));
        let idle = scene.settings.place(seen.deployment.idle).clone();
        let deployment = DeploymentRecord { reused, ..seen.deployment };
        let plan = plan(scene.settings, deployment, seen.occupant, watched)?;
        steps.extend(end_makers(idle, boot::makers(scene.host, scene.settings)));
        steps.extend(plan.steps);
        steps.extend(seen.configuration.map(|change| Step::of(Action::remember(scene.settings, change))));
        Ok(Plan { steps, ..plan })
    }

    async fn besides(scene: &Scene<'_, impl Host>) -> Result<Option<String>> {
        privileges::needed(scene).await.map(Some)
    }
}

/// What makes a class archive for this deploy gives its memory and its share of the processors back: the archive can wait.
fn end_makers(idle: Place, makers: Vec<Process>) -> Option<Step> {
    (!makers.is_empty()).then(|| Step::of(Action::EndMaker { place: idle, processes: makers }))
}

/// What `stop` does about the occupant of the idle slot. `watched` is the live slot, where it must still have its listener
/// when the idle one is ended.
///
/// # Errors
/// `Kind::Undecided` if a stranger holds it.
pub fn plan(
    settings: &Settings,
    deployment: DeploymentRecord,
    occupant: Occupant,
    watched: Option<Slot>,
) -> Result<Plan> {
    let idle = deployment.idle;
    let place = settings.place(idle).clone();
    let roles = deployment.roles();
    let opened = DeploymentRecord { stage: Stage::Opened, ..deployment };
    let serving = serving(settings, roles, watched);
    let reused = opened.reused.clone();
    let mut steps = vec![Step::of(Action::remember(settings, Change::Open(opened)))];
    if let Some(release) = reused {
        steps.push(Step::of(Action::remember(settings, Change::Kept(idle))));
        let result =
            translated!("release `{release}` stays in {place}: it has the very bytes of this deployment; {serving}");
        return Ok(Plan { steps, result });
    }
    let found = match occupant {
        Occupant::Stranger(who) => return Err(occupant::refuse(&who)),
        Occupant::Nobody => translated!("was free already"),
        Occupant::Ours(processes) => {
            steps.extend(launching::freeing(settings, idle, processes, watched));
            translated!("is free")
        }
    };
    steps.push(Step::of(Action::remember(settings, Change::Freed(idle))));
    Ok(Plan { steps, result: translated!("{place} {found}; {serving}") })
}

/// What is said of the live slot; `watched` is it, where somebody listens there.
fn serving(settings: &Settings, roles: Roles, watched: Option<Slot>) -> String {
    match roles.live {
        Some(live) if watched.is_none() => translated!("nobody listens in {}, which is live", settings.place(live)),
        Some(live) => translated!("{} serves", settings.place(live)),
        None => translated!("neither slot serves yet").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use expect_test::expect;
    use shared::config::{SettingsFile, settings};
    use shared::error::Kind;
    use shared::host::ProcessIdentity;

    use super::*;

    fn process(id: u32) -> Process {
        Process {
            identity: ProcessIdentity { id, started: 1 },
            parent: 1,
            session: id,
            owner: 1000,
            started_at: SystemTime::UNIX_EPOCH,
            command: vec!["java".into()],
        }
    }

    fn planned(live: Option<Slot>, idle: Slot, occupant: Occupant) -> Result<String> {
        let settings = settings(SettingsFile::parse("", "")).unwrap();
        let deployment = DeploymentRecord {
            id: Some("d-A".into()),
            live,
            idle,
            stage: Stage::Opened,
            artifact: None,
            room: None,
            reused: None,
        };
        plan(&settings, deployment, occupant, live).map(|plan| plan.to_string())
    }

    #[test]
    fn i2_only_the_idle_slot_is_ever_freed() {
        let text = planned(Some(Slot::Blue), Slot::Green, Occupant::Ours(vec![process(7), process(8)])).unwrap();
        expect![[r#"
            1. remember: deployment `d-A` works in `real2` (port 8082)
            2. let requests on their way to `real2` (port 8082) end, for at most 10 s
            3. see that `real1` (port 8081) still serves
            4. end process 7, 8 in `real2` (port 8082): SIGTERM, after 35 s SIGKILL
            5. wait until port 8082 is free
            6. remember: `real2` (port 8082) is free
            then: `real2` (port 8082) is free; `real1` (port 8081) serves"#]]
        .assert_eq(&text);
    }

    #[test]
    fn f168_a_standby_with_the_bytes_of_the_deployment_stays() {
        let settings = settings(SettingsFile::parse("", "")).unwrap();
        let deployment = DeploymentRecord {
            id: Some("d-C".into()),
            live: Some(Slot::Green),
            idle: Slot::Blue,
            stage: Stage::Opened,
            artifact: None,
            room: None,
            reused: Some("r1".into()),
        };
        let occupant = Occupant::Ours(vec![process(7)]);
        expect![[r#"
            1. remember: deployment `d-C` works in `real1` (port 8081)
            2. remember: `real1` (port 8081) keeps what runs there
            then: release `r1` stays in `real1` (port 8081): it has the very bytes of this deployment; `real2` (port 8082) serves"#]]
        .assert_eq(&plan(&settings, deployment, occupant, Some(Slot::Green)).unwrap().to_string());
    }

    #[test]
    fn an_empty_slot_needs_nothing_but_to_be_remembered() {
        expect![[r#"
            1. remember: deployment `d-A` works in `real1` (port 8081)
            2. remember: `real1` (port 8081) is free
            then: `real1` (port 8081) was free already; neither slot serves yet"#]]
        .assert_eq(&planned(None, Slot::Blue, Occupant::Nobody).unwrap());
    }

    #[test]
    fn f138_what_makes_a_class_archive_is_ended_by_a_deploy_and_nothing_is_where_there_is_none() {
        let settings = settings(SettingsFile::parse("", "")).unwrap();
        let ends = |makers| end_makers(settings.place(Slot::Green).clone(), makers).map(|step| step.action.to_string());
        assert_eq!(ends(Vec::new()), None);
        let told = "end process 7, 8, which makes a class archive for the next deploy";
        assert_eq!(ends(vec![process(7), process(8)]).as_deref(), Some(told));
    }

    #[test]
    fn f31_a_stranger_is_left_alone() {
        let refused =
            planned(Some(Slot::Green), Slot::Blue, Occupant::Stranger("port 8081 is held by x".into())).unwrap_err();
        assert_eq!(refused.kind(), Kind::Undecided);
        assert!(refused.to_string().contains("port 8081 is held by x"));
    }
}
