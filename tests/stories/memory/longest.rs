//! How long things take where everything goes as slowly as it may: what single actions, and whole hooks, say of that is held
//! against a host's clock.

use std::time::Duration;

use fake_host::{App, AppAnswer, Door, OnTerminate, Reloading};
use shared::budget;
use shared::config::{self, Settings, SettingsFile};
use shared::host::codedeploy::{Deployment, Status};
use shared::host::{Answer, Host, Signal};
use shared::nginx::workers;
use shared::plan::action::Refusal;
use shared::plan::{Action, Retirement};
use shared::probe::Probe;
use shared::probe::warm_up::WarmUp;
use shared::proof::arrival::Proof;
use shared::proof::watch::Watch;
use shared::slot::Slot;

use crate::actions::carry_out;
use crate::exit::Hook;
use crate::site::{Cutover, Setup, Site, User};

const SECOND: Duration = Duration::from_secs(1);
/// What single effects take on a host in memory.
const MOMENT: Duration = Duration::from_millis(25);

/// Settings of which no two are alike and none is the default.
fn unlike(cutover: &str) -> Settings {
    let text = format!(
        "[app]\ndirectory = \"/app\"\nconfig_locations = []\n[lock]\nwait = \"7s\"\n[stop]\ndrain = \"300ms\"\n\
         grace = \"13s\"\n[start]\nsurvive = \"17s\"\n[health]\npatience = \"19s\"\ntimeout = \"3s\"\n[proxy]\n\
         reload_at_most = \"23s\"\ncutover = \"{cutover}\"\n[switch]\nwatch = \"29s\"\n"
    );
    config::settings(SettingsFile::parse("hooks.toml", &text)).unwrap_or_else(|error| unreachable!("{error}"))
}

fn site(names: Slot) -> Site {
    let mut site = Site::cold(names, User::Root);
    site.settings = unlike("reload");
    site
}

/// Asserts that an action takes no longer than it says, and, gone as slowly as here, not much less.
#[track_caller]
fn takes(name: &str, site: &Site, action: Action, less: Duration) {
    let says = action.at_most();
    let (_, took) = carry_out(site, action);
    assert!(took <= says + MOMENT, "{name} takes {took:?} and says at most {says:?}");
    assert!(took + less + MOMENT >= says, "{name} takes {took:?} here and says at most {says:?}");
}

#[test]
fn i9_single_actions_take_as_long_as_they_say_where_everything_goes_slowly_and_no_longer() {
    let mut site = site(Slot::Green);
    let standby = site.host.place_app(App::good().on_terminate(OnTerminate::Ignores), "real1", 8081);
    let hanging = site.host.place_app(App::good().answering(AppAnswer::Hangs), "real2", 8082);
    let place = site.settings.place(Slot::Blue).clone();
    let processes = || site.host.process(standby.id).into_iter().collect();
    let grace = site.settings.stop.grace;
    let terminate = Action::Terminate { live: None, place: place.clone(), processes: processes(), grace };
    takes("SIGTERM and SIGKILL", &site.clone(), terminate, 3 * SECOND);
    takes("a port that stays held", &site, Action::AwaitFree(place.clone()), Duration::ZERO);
    // nginx's old workers hold requests towards the old slot for longer than they are waited for.
    let draining = Site::cold(Slot::Blue, User::Root);
    let draining = Site { settings: site.settings.clone(), ..draining };
    draining.host.place_app(App::good().on_terminate(OnTerminate::Ignores), "real1", 8081);
    draining.host.place_app(App::good(), "real2", 8082);
    let include = draining.settings.proxy.include.clone();
    draining.host.write(&include, b"set $service_url http://127.0.0.1:8082;\n");
    let master = workers::master(&draining.host, &draining.settings.proxy.pid_file).map(|master| master.identity);
    assert!(master.is_ok_and(|master| draining.host.signal(&master, Signal::Reload).is_ok()), "nginx runs");
    draining.host.pass(Duration::from_millis(80));
    let drain = draining.settings.stop.drain;
    takes(
        "requests on their way",
        &draining.clone(),
        Action::Drain { place: place.clone(), at_most: drain },
        Duration::ZERO,
    );
    let retirement = Retirement { drain, grace, ..Retirement::of(&draining.settings, Slot::Blue) };
    takes("the end of the old slot", &draining, Action::Retire(retirement), (2 + 3 + 3 + 1) * SECOND);
    // One more answer than patience has room for.
    site.settings.health.patience.at_most = 3 * SECOND + Duration::from_millis(50);
    let probe = Probe::of(&site.settings, Slot::Green, hanging);
    // Nobody else holds its port, so that nobody is looked at again.
    takes(
        "a release that hangs",
        &site,
        Action::Probe { probe, log: None, refusal: None },
        Duration::from_millis(2050),
    );
    // It is slow for ever, and nobody is in the live slot any more to be compared with.
    let slow = Site { settings: site.settings.clone(), ..Site::cold(Slot::Blue, User::Root) };
    let release = slow.host.place_app(App::good().slow_at_first(usize::MAX, 2 * SECOND), "real2", 8082);
    let mut settings = slow.settings.clone();
    (settings.warm_up.paths, settings.warm_up.at_most) = (vec!["/".to_owned()], 20 * SECOND);
    let (warm_up, _) = WarmUp::of(&slow.host, &settings, &Probe::of(&settings, Slot::Green, release), None);
    let Some(warm_up) = warm_up else { unreachable!("it is wanted") };
    let refusal = Refusal { slot: Slot::Green, grace: SECOND };
    let warm_up = Action::WarmUp { warm_up: Box::new(warm_up), log: "/app/logs/r.log".into(), refusal };
    // Nobody else holds its port, so that nobody is looked at again.
    takes("a release that stays slow", &slow, warm_up, 2 * SECOND);
    site.host.door(Door::Hangs);
    let mut proof = Proof::of(&site.settings, Slot::Green, &Answer::Silence("x".into()));
    proof.at_most = 2 * SECOND + Duration::from_millis(50);
    takes("a door that hangs", &site, Action::Prove(proof), Duration::from_millis(50));
}

#[test]
fn f75_a_watch_takes_as_long_as_it_says_where_the_door_begins_to_hang_at_its_very_end_and_the_standby_hangs_too() {
    let mut longest = Duration::ZERO;
    let mut says = Duration::ZERO;
    for early in (0..300).step_by(10).map(Duration::from_millis) {
        let site = site(Slot::Green);
        let standby = site.host.place_app(App::good().answering(AppAnswer::Hangs), "real1", 8081);
        let hangs = App::good().then_answering((29 * SECOND).saturating_sub(early), AppAnswer::Hangs);
        let release = site.host.place_app(hangs, "real2", 8082);
        let before = Answer::Silence("x".into());
        let Some(mut watch) = Watch::of(&site.settings, Slot::Green, release, &before) else {
            unreachable!("a watch is wanted")
        };
        watch.standby = Some(Probe::of(&site.settings, Slot::Blue, standby));
        let action = Action::Watch(Box::new(watch));
        says = action.at_most();
        let (_, took) = carry_out(&site, action);
        assert!(took <= says + MOMENT, "hanging {early:?} before its end it takes {took:?} and says at most {says:?}");
        longest = longest.max(took);
    }
    assert!(longest + MOMENT >= says, "the longest took {longest:?} and says at most {says:?}");
}

/// Runs a hook and asserts that it takes at least `wanted`, and no longer than the budget says.
#[track_caller]
fn within_budget(site: &Site, hook: Hook, name: &str, wanted: Duration) {
    let began = site.host.now();
    let exit = site.run(hook, Some("d-1"));
    let took = site.host.now().saturating_sub(began);
    let longest = budget::longest(name, &site.settings).unwrap_or_default();
    assert!(took <= longest, "`{name}` took {took:?}, and its budget is {longest:?}: {exit:?}");
    assert!(took >= wanted, "`{name}` took {took:?}, which is not slow: {exit:?}");
}

#[test]
fn i9_no_hook_takes_longer_than_its_budget_where_everything_goes_slowly() {
    for cutover in [Cutover::Reload, Cutover::Instant] {
        let mut site = Site::of_scripts(Slot::Blue, Setup { user: User::Root, cutover });
        site.settings = unlike(if cutover == Cutover::Reload { "reload" } else { "instant" });
        site.caller.aws = true;
        let under_way = Deployment { id: "d-1".into(), status: Status::of("InProgress"), ..Deployment::default() };
        site.host.codedeploy_says(Ok(under_way), Duration::from_mins(1));
        // Whoever is in the idle slot takes no notice of SIGTERM, and the door hangs.
        site.host.place_app(App::good().on_terminate(OnTerminate::Ignores), "real2", 8082);
        site.host.door(Door::Hangs);
        within_budget(&site, Hook::Stop, "stop", (2 + 13) * SECOND);
        // It boots for longer than it is watched, then hangs; asked again by `switch`, it does for as long as that has patience.
        let hangs = App::good().booting_for(20 * SECOND).answering(AppAnswer::Hangs);
        site.host.next_release(hangs.then_answering(11 * SECOND, AppAnswer::Profile).answering_nginx(AppAnswer::Hangs));
        within_budget(&site, Hook::Start, "start", 17 * SECOND);
        within_budget(&site, Hook::Health, "health", 14 * SECOND);
        for _ in 0..2 {
            site.host.next_reload(Reloading::WorksLate(22 * SECOND));
        }
        // The door, CodeDeploy, the reload, the proof that fails, the way back.
        within_budget(&site, Hook::Switch, "switch", (2 + 1 + 22 + 3 + 22) * SECOND);
        assert_eq!(site.live(), Some(Slot::Blue));
    }
}
