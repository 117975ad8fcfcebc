//! A plan knows how long it may take: with default settings each hook ends before the timeout that the shipped
//! `appspec.yml` gives it.

use std::path::Path;
use std::time::{Duration, SystemTime};

use agent::AppSpec;
use fake_host::FakeHost;
use shared::budget::{self, FAILED_GRACE, REFUSED_GRACE, STANDBY_PATIENCE};
use shared::codedeploy::consent::Question;
use shared::config::{self, Overlap, Settings, SettingsFile, Standby, Supervisor};
use shared::cutover::{By, Cutover, Nginx, Reconsidered, Word};
use shared::discovery::witness::DOOR_AT_MOST;
use shared::host::codedeploy::Asking;
use shared::host::{Answer, Launch, Process, ProcessIdentity, User};
use shared::ledger::{DeploymentRecord, Stage};
use shared::nginx::access::Access;
use shared::nginx::configuration_file::ConfigurationFile;
use shared::nginx::flag_directory::FlagDirectory;
use shared::occupant::Occupant;
use shared::patience::Patience;
use shared::plan::action::Refusal;
use shared::plan::{Plan, Restoration, Retirement};
use shared::probe::Probe;
use shared::probe::warm_up::WarmUp;
use shared::proof::watch::Watch;
use shared::release::{Artifact, Release};
use shared::route::include::Include;
use shared::slot::Slot;
use shared::sudo::Way;
use shared::supervisor::{Manager, Unit};
use start::room::MakingRoom;
use start::supervised::Supervised;

/// How the release in the first slot comes back that has made room.
fn restoration(settings: &Settings, grace: Duration) -> Restoration {
    let launch = Launch {
        command: vec!["java".into()],
        directory: "/app".into(),
        environment: Vec::new(),
        variables: Vec::new(),
        log: "/app/log".into(),
    };
    Restoration {
        slot: Slot::Blue,
        place: settings.place(Slot::Blue).clone(),
        newcomer: settings.place(Slot::Green).clone(),
        grace,
        launch,
        unit: None,
        patience: settings.health.patience.at_most,
    }
}

/// The warm-up of paths that stand in the settings: no log is read for it.
fn warm_up(settings: &Settings, probe: &Probe) -> Option<WarmUp> {
    let host = FakeHost::new(&settings.proxy.include, &settings.proxy.pid_file, 8081);
    WarmUp::of(&host, settings, probe, Some(Slot::Blue)).0
}

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
    let deployment = DeploymentRecord {
        id: None,
        live: Some(Slot::Blue),
        idle: Slot::Green,
        stage: Stage::Opened,
        artifact: None,
        room: None,
        reused: None,
    };
    let stop = stop::plan(settings, deployment, Occupant::Ours(vec![process.clone()]), Some(Slot::Blue)).unwrap();
    let artifact = Artifact { path: "/zip/app.jar".into(), size: 1, written: SystemTime::UNIX_EPOCH };
    let release = Release { name: "r".into(), path: "/r/app.jar".into(), sha256: None };
    let unit = Unit::of(settings, Manager::User(1000), Slot::Green);
    let supervised = (settings.app.supervisor != Supervisor::Detached).then(|| Supervised {
        unit,
        is_installed: false,
        boot: "boot 1".into(),
    });
    let restoration = |grace| (settings.start.overlap == Overlap::StopFirst).then(|| restoration(settings, grace));
    let processes = vec![process.clone()];
    let room = restoration(FAILED_GRACE).map(|restoration| MakingRoom { processes, restoration });
    let start = start::plan(settings, Slot::Green, artifact, release.clone(), supervised, room, Vec::new());
    let probe = Probe::of(settings, Slot::Green, process.identity);
    let restored = restoration(REFUSED_GRACE);
    let warm_up = warm_up(settings, &probe).filter(|_| restored.is_none());
    let health = health::plan(settings, Slot::Green, probe, warm_up, &release, restored);
    let door = Answer::Silence("x".into());
    let retirement = Retirement::of(settings, Slot::Blue);
    let cutover = Cutover {
        watch: Watch::of(settings, Slot::Green, process.identity, &door),
        reconsidered: Some(Reconsidered {
            probe: Probe {
                patience: Patience {
                    at_most: STANDBY_PATIENCE.min(settings.health.patience.at_most),
                    ..settings.health.patience
                },
                ..Probe::of(settings, Slot::Green, process.identity)
            },
            log: None,
            refusal: Refusal { slot: Slot::Green, grace: REFUSED_GRACE },
        }),
        countdown: None,
        retirement: (settings.switch.standby == Standby::Stop).then_some(retirement),
        from: Some(Slot::Blue),
        to: Slot::Green,
        ended_before: None,
        by,
        nginx: Nginx {
            word: Word::Missing,
            include: Include::parse(b"set $service_url http://127.0.0.1:8081;", "service_url").unwrap(),
            upstreams: Vec::new(),
            master: process.identity,
            workers: Vec::new(),
            access: Access {
                include: file(&settings.proxy.include),
                upstreams: ConfigurationFile { way: Way::Own, ..file(&settings.proxy.upstreams) },
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
    [
        ("stop", stop),
        ("start", start),
        ("health", health),
        ("switch", switch::plan(settings, &cutover, switch::Direction::Forward, restoration(REFUSED_GRACE))),
    ]
}

#[test]
fn the_plans_of_all_hooks_fit_the_timeouts_of_the_shipped_appspec() {
    let settings = config::settings(SettingsFile::parse("hooks.toml", include_str!("../../hooks.toml"))).unwrap();
    let spec = AppSpec::parse(include_str!("../../appspec.yml")).unwrap();
    let script = |hook: &str| {
        let found = spec.all_scripts().find(|(_, script)| script.location == format!("hooks/{hook}"));
        found.unwrap_or_else(|| panic!("`{hook}` is not in appspec.yml")).1
    };
    let plans = [By::Reload { keepalive_min_timeout: None }, By::Flag, By::InstalledFlag]
        .map(|by| longest_plans(&settings, by));
    for (hook, plan) in plans.into_iter().flatten() {
        let longest = budget::longest(hook, &settings).unwrap();
        // Before a plan there are the lock and the door, which is asked again after a failure.
        let planned = settings.lock_wait + DOOR_AT_MOST * 2 + plan.at_most();
        assert!(planned <= longest, "`{hook}` plans {planned:?}, which is more than {longest:?}");
        let script = script(hook);
        assert_eq!(budget::too_short(&script.location, script.timeout, &settings), None, "{longest:?}");
    }
}

/// Settings of which no two are alike and none is the default: a term that is dropped or halved shows.
const UNLIKE: &str = "[lock]\nwait = \"7s\"\n[stop]\ndrain = \"11s\"\ngrace = \"13s\"\n[start]\nsurvive = \"17s\"\n\
                      [health]\npatience = \"19s\"\ntimeout = \"3s\"\n[proxy]\nword = \"+10000\"\nreload_at_most = \"23s\"\n\
                      [warm_up]\npaths = [\"/\"]\nat_most = \"31s\"\n[switch]\nwatch = \"29s\"\nstandby = \"stop\"\n";

#[test]
fn a_plan_says_how_long_its_steps_and_the_whole_way_back_can_take_and_the_budget_has_room_for_that() {
    let settings = config::settings(SettingsFile::parse("hooks.toml", UNLIKE)).unwrap();
    let (written, watched) = (1.0, 29.0 + 3.0 * (2.0 + 0.25) + 3.0);
    // The ledger, and the file for the application where it changes who serves.
    let told = 2.0 * written;
    let stopped = 11.0 + (13.0 + 3.0) + 3.0 + written;
    // Whoever is in the way is looked at again for 2 s.
    let again = 2.0;
    // A release that is refused is ended, where the door does not say that users have it; before the cutover, and once traffic was sent back.
    let refused = 2.0 + 2.0 + 3.0 + written;
    let (first_look, tested, asked, door) = (5.0 + 3.0 + again + refused, 10.0, 2.0, 3.0 + 2.0);
    let reconsidered = first_look;
    // nginx itself is asked before the door; on the way back only the door is, and nginx may be told to reload twice.
    let (word, back) = (3.0 + 1.0, door);
    // Root writes the include on this user's behalf by two commands, and reloads by one.
    let (file, reloaded) = (written + 2.0 * 5.0, 23.0 + 5.0);
    let (intent, flag, include) = (2.0 * told + reconsidered, 2.0 * written, 2.0 * file + 2.0 * reloaded + back);
    let after = word + door + watched + told + again + stopped;
    let to_speak = 2.0 * written + tested + 2.0 * written;
    let reload = first_look + tested + asked + intent + to_speak + include + reloaded + after;
    let by_flag = first_look + asked + intent + flag + back + after;
    let directory = 5.0 + written;
    let installed = reload - to_speak + directory + 3.0 * written + tested + (2.0 * written + tested + written) + flag;
    for (by, switch) in
        [(By::Reload { keepalive_min_timeout: None }, reload), (By::Flag, by_flag), (By::InstalledFlag, installed)]
    {
        let wanted = [
            ("stop", told + stopped),
            ("start", 50.0 + written + (2.0 + 1.0 + 3.0) + written + written + 1.0 + 17.0 + written),
            ("health", 19.0 + 3.0 + again + refused + (31.0 + again) + 1.0 + written),
            ("switch", switch),
        ];
        let cutover = if by == By::InstalledFlag { "instant" } else { "reload" };
        let text = format!("{UNLIKE}[report]\napi = \"auto\"\n")
            .replace("[proxy]\n", &format!("[proxy]\ncutover = \"{cutover}\"\n"));
        let budgeted = config::settings(SettingsFile::parse("hooks.toml", &text)).unwrap();
        for ((hook, plan), (name, seconds)) in longest_plans(&settings, by).into_iter().zip(wanted) {
            assert_eq!(hook, name);
            assert_eq!(plan.at_most(), Duration::from_secs_f64(seconds), "{hook} {by:?}:\n{plan}");
            let way_back = match (hook, by) {
                ("start", _) => 2.0 + 1.0 + 3.0 + written,
                ("switch", By::Reload { .. }) => told + reconsidered + written + written + file + 2.0 * reloaded + back,
                ("switch", By::Flag) => told + reconsidered + written + back,
                ("switch", By::InstalledFlag) => {
                    told + reconsidered + written + (file + written + 2.0 * reloaded + back) + 2.0 * written
                }
                _ => 0.0,
            };
            assert_eq!(plan.undo_at_most(), Duration::from_secs_f64(way_back), "{hook} {by:?}:\n{plan}");
            let longest = budget::longest(hook, &budgeted).unwrap();
            let planned = Duration::from_secs(7 + 2 + 2) + plan.at_most();
            assert!(planned <= longest, "`{hook}` {by:?} plans {planned:?}, which is more than {longest:?}");
        }
    }
}

#[test]
fn a_switch_that_stops_the_old_release_as_well_is_told_how_long_its_timeout_has_to_be() {
    let text = include_str!("../../hooks.toml").replace("standby = \"keep\"", "standby = \"stop\"");
    let settings = config::settings(SettingsFile::parse("hooks.toml", &text)).unwrap();
    let (hook, plan) = longest_plans(&settings, By::InstalledFlag).into_iter().next_back().unwrap();
    let longest = budget::longest(hook, &settings).unwrap();
    assert!(settings.lock_wait + DOOR_AT_MOST * 2 + plan.at_most() <= longest, "{longest:?}");
    let spec = AppSpec::parse(include_str!("../../appspec.yml")).unwrap();
    let short =
        spec.all_scripts().filter_map(|(_, script)| budget::too_short(&script.location, script.timeout, &settings));
    let told: Vec<String> = short.map(|short| short.to_string()).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("`timeout: 260` of `switch`") && told[0].contains("`stop.grace`"), "{told:?}");
}

#[test]
fn f128_hooks_whose_live_release_makes_room_are_told_how_long_their_timeouts_have_to_be() {
    let text = include_str!("../../hooks.toml").replace("overlap = \"if-memory-allows\"", "overlap = \"stop-first\"");
    let settings = config::settings(SettingsFile::parse("hooks.toml", &text)).unwrap();
    for by in [By::Reload { keepalive_min_timeout: None }, By::Flag, By::InstalledFlag] {
        for (hook, plan) in longest_plans(&settings, by) {
            let longest = budget::longest(hook, &settings).unwrap();
            assert!(settings.lock_wait + DOOR_AT_MOST * 2 + plan.at_most() <= longest, "{hook} {by:?}: {longest:?}");
        }
    }
    let spec = AppSpec::parse(include_str!("../../appspec.yml")).unwrap();
    let short =
        spec.all_scripts().filter_map(|(_, script)| budget::too_short(&script.location, script.timeout, &settings));
    let told: Vec<String> = short.map(|short| short.to_string()).collect();
    assert_eq!(told.len(), 3, "start, health and switch: {told:?}");
    assert!(told[0].contains("`timeout: 130` of `start`"), "{told:?}");
}

#[test]
fn the_hooks_stand_in_appspec_in_the_order_of_a_deploy() {
    let spec = AppSpec::parse(include_str!("../../appspec.yml")).unwrap();
    let found: Vec<(&str, &str)> =
        spec.all_scripts().map(|(event, script)| (event, script.location.as_str())).collect();
    let wanted = [
        ("AfterInstall", "hooks/stop"),
        ("ApplicationStart", "hooks/start"),
        ("ValidateService", "hooks/health"),
        ("ValidateService", "hooks/switch"),
    ];
    assert_eq!(found, wanted);
}
