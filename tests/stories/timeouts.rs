//! A plan knows how long it may take: with default settings each hook ends before the timeout that the shipped
//! `appspec.yml` gives it.

use std::path::Path;
use std::time::{Duration, SystemTime};

use agent::AppSpec;
use shared::budget;
use shared::codedeploy::consent::Question;
use shared::config::{self, Settings, SettingsFile, Standby};
use shared::cutover::{By, Cutover, Nginx};
use shared::discovery::witness::DOOR_AT_MOST;
use shared::host::codedeploy::Asking;
use shared::host::{Answer, Process, ProcessIdentity, User};
use shared::ledger::{DeploymentRecord, Stage};
use shared::nginx::access::Access;
use shared::nginx::configuration_file::ConfigurationFile;
use shared::nginx::flag_directory::FlagDirectory;
use shared::occupant::Occupant;
use shared::plan::{Plan, Retirement};
use shared::probe::Probe;
use shared::proof::watch::Watch;
use shared::release::{Artifact, Release};
use shared::route::include::Include;
use shared::slot::Slot;
use shared::sudo::Way;

/// The longest plan that each hook can make.
fn longest_plans(settings: &Settings, by: By) -> [(&'static str, Plan); 4] {
    let file = |path: &Path| ConfigurationFile { path: path.to_owned(), way: Way::Sudo, staged: "/staged".into() };
    let process = Process {
        identity: ProcessIdentity { id: 7, started: 1 },
        parent: 1,
        session: 7,
        owner: 1000,
        started_at: SystemTime::UNIX_EPOCH,
        command: vec!["java".into()],
    };
    let deployment = DeploymentRecord { id: None, live: Some(Slot::Blue), idle: Slot::Green, stage: Stage::Opened };
    let stop = stop::plan(settings, deployment, Occupant::Ours(vec![process.clone()]), Some(Slot::Blue)).unwrap();
    let artifact = Artifact { path: "/zip/app.jar".into(), size: 1 };
    let release = Release { name: "r".into(), path: "/r/app.jar".into(), sha256: None };
    let start = start::plan(settings, Slot::Green, artifact, release.clone(), &[]);
    let health = health::plan(settings, Slot::Green, Probe::of(settings, Slot::Green, process.identity), &release);
    let door = Answer::Silence("x".into());
    let retirement = Retirement { slot: Slot::Blue, drain: settings.stop.drain, grace: settings.stop.grace };
    let cutover = Cutover {
        watch: Watch::of(settings, Slot::Green, process.identity, &door),
        retirement: (settings.switch.standby == Standby::Stop).then_some(retirement),
        from: Some(Slot::Blue),
        to: Slot::Green,
        by,
        nginx: Nginx {
            include: Include::parse(b"set $service_url http://127.0.0.1:8081;", "service_url").unwrap(),
            upstreams: Vec::new(),
            master: process.identity,
            workers: Vec::new(),
            access: Access {
                include: file(&settings.proxy.include),
                upstreams: file(&settings.proxy.upstreams),
                flag_directory: FlagDirectory {
                    path: "/flags".into(),
                    way: Way::Sudo,
                    owner: User { id: 1000, name: "ec2-user".into() },
                },
                nginx: Way::Sudo,
                program: vec!["nginx".into()],
            },
            door,
        },
        consent: Some(Question {
            deployment: "d-ABCDEF123".into(),
            required: false,
            asking: Asking { at_most: Duration::from_secs(1), attempts: 2, region: None },
        }),
        process: process.identity,
        standby: Some(process.identity),
    };
    [("stop", stop), ("start", start), ("health", health), ("switch", switch::plan(settings, &cutover, false))]
}

#[test]
fn the_plans_of_all_hooks_fit_the_timeouts_of_the_shipped_appspec() {
    let settings = config::settings(SettingsFile::parse("hooks.toml", include_str!("../../hooks.toml"))).unwrap();
    let spec = AppSpec::parse(include_str!("../../appspec.yml")).unwrap();
    let timeout = |hook: &str| {
        spec.hooks
            .iter()
            .flat_map(|(_, scripts)| scripts)
            .find(|script| script.location == format!("hooks/{hook}"))
            .unwrap_or_else(|| panic!("`{hook}` is not in appspec.yml"))
            .timeout
    };
    let plans = [By::Reload { keepalive_min_timeout: None }, By::Flag, By::InstalledFlag]
        .map(|by| longest_plans(&settings, by));
    for (hook, plan) in plans.into_iter().flatten() {
        let longest = budget::longest(hook, &settings).unwrap();
        // Before a plan there are the lock and the door.
        let planned = settings.lock_wait + DOOR_AT_MOST + plan.at_most();
        assert!(planned <= longest, "`{hook}` plans {planned:?}, which is more than {longest:?}");
        assert!(longest < timeout(hook), "`{hook}` may take {longest:?}, its timeout is {:?}", timeout(hook));
    }
}

#[test]
fn a_switch_that_stops_the_old_release_as_well_is_told_how_long_its_timeout_has_to_be() {
    let text = "[switch]\nstandby = \"stop\"\n";
    let settings = config::settings(SettingsFile::parse("hooks.toml", text)).unwrap();
    let (hook, plan) =
        longest_plans(&settings, By::Reload { keepalive_min_timeout: None }).into_iter().next_back().unwrap();
    let longest = budget::longest(hook, &settings).unwrap();
    assert!(settings.lock_wait + DOOR_AT_MOST + plan.at_most() <= longest, "{longest:?}");
    let spec = shared::timeouts::app_spec::AppSpec::parse(include_str!("../../appspec.yml")).unwrap();
    let told = budget::too_short(&spec, &settings);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("`timeout: 90` of `switch`") && told[0].contains("`stop.grace`"), "{told:?}");
}

#[test]
fn the_hooks_stand_in_appspec_in_the_order_of_a_deploy() {
    let spec = AppSpec::parse(include_str!("../../appspec.yml")).unwrap();
    let found: Vec<(String, String)> = spec
        .hooks
        .iter()
        .flat_map(|(event, scripts)| scripts.iter().map(move |script| (event.clone(), script.location.clone())))
        .collect();
    let wanted = [
        ("AfterInstall", "hooks/stop"),
        ("ApplicationStart", "hooks/start"),
        ("ValidateService", "hooks/health"),
        ("ValidateService", "hooks/switch"),
    ]
    .map(|(event, location)| (event.to_owned(), location.to_owned()));
    assert_eq!(found, wanted);
}
