//! Each hook ends before the agent's timeout would end it, with a verdict of its own (I9).

use std::time::Duration;

use fake_host::{App, AppAnswer, OnTerminate, Reloading};
use shared::error::Kind;
use shared::slot::Slot;
use shared::timeouts::app_spec::AppSpec;

use crate::exit::Hook;
use crate::site::{Site, User};

/// A site whose `appspec.yml` gives this hook so many seconds, and the others an hour.
fn with_timeout(hook: &str, seconds: u64) -> Site {
    let mut site = Site::of_scripts(Slot::Blue, User::Root);
    let text = format!("hooks:\n  AfterInstall:\n    - {{location: hooks/{hook}, timeout: {seconds}}}\n");
    site.caller.event = Some("AfterInstall".into());
    site.caller.app_spec = Some(AppSpec::parse(&text).unwrap_or_else(|why| unreachable!("{why}")));
    site
}

/// Runs a hook, and asserts that it ends before its timeout and not long before.
#[track_caller]
fn ends_in_time(site: &Site, hook: Hook, seconds: u64, kind: Kind) -> String {
    let began = site.host.now();
    let exit = site.run(hook, Some("d-1"));
    let took = site.host.now().saturating_sub(began);
    assert_eq!(exit.kind(), Some(kind), "{exit:?}");
    let timeout = Duration::from_secs(seconds);
    assert!(took < timeout && took >= timeout / 2, "{took:?} of {timeout:?}");
    format!("{exit:?}")
}

#[test]
fn i9_health_gives_up_before_the_agent_does_and_says_what_it_waited_for() {
    let site = with_timeout("health", 20);
    site.host.next_release(App::good().answering(AppAnswer::Says(503, "starting".into())));
    assert!(site.run(Hook::Stop, Some("d-1")).is_done() && site.run(Hook::Start, Some("d-1")).is_done());
    let told = ends_in_time(&site, Hook::Health, 20, Kind::NotHealthy);
    assert!(told.contains("503"), "{told}");
}

#[test]
fn i9_stop_gives_up_a_process_that_will_not_end_before_the_agent_gives_up_stop_and_with_time_the_next_run_ends_it() {
    let mut site = with_timeout("stop", 20);
    // Two deploys: the release that takes no notice of SIGTERM is the standby then, which the next `stop` has to end.
    site.host.next_release(App::good().on_terminate(OnTerminate::Ignores));
    site.deploys("d-0");
    site.deploys("d-0b");
    let told = ends_in_time(&site, Hook::Stop, 20, Kind::Interrupted);
    assert!(told.contains("appspec.yml gives it `timeout: 20`; under way: end process "), "{told}");
    site.caller.app_spec = None;
    site.deploys("d-1");
}

#[test]
fn i3_i9_switch_keeps_the_time_that_sending_traffic_back_needs() {
    let site = with_timeout("switch", 14);
    for hook in &Hook::DEPLOY[..3] {
        assert!(site.run(*hook, Some("d-1")).is_done());
    }
    site.host.next_reload(Reloading::WorksLate(Duration::from_mins(1)));
    let exit = site.run(Hook::Switch, Some("d-1"));
    assert!(!exit.is_done(), "{exit:?}");
    assert_eq!(site.live(), Some(Slot::Blue));
    assert_eq!(site.host.include_port(), Some(site.port(Slot::Blue)), "the include is back");
}
