//! Whoever follows a deploy sees every five seconds what `health` waits for, and a quick one says nothing of it.

use std::time::Duration;

use fake_host::{App, AppAnswer};
use shared::error::Kind;
use shared::slot::Slot;

use crate::exit::{Exit, Hook};
use crate::site::{Site, User};

const SECOND: Duration = Duration::from_secs(1);

/// What `health` says of a release while it waits for it: seconds, and what is missing then.
fn waits_for(app: App) -> (Exit, Vec<(String, String)>) {
    waits_on(&Site::of_scripts(Slot::Blue, User::Root), app)
}

fn waits_on(site: &Site, app: App) -> (Exit, Vec<(String, String)>) {
    site.host.next_release(app);
    for hook in [Hook::Stop, Hook::Start] {
        assert!(site.run(hook, Some("d-1")).is_done());
    }
    let exit = site.run(Hook::Health, Some("d-1"));
    let told = site.told.borrow().join("\n").replace("\n    ", " ").replace("\nhealth:     ", " ");
    let progress = told.lines().filter(|line| line.ends_with(" are left")).filter_map(|line| {
        let (time, what) = line.strip_prefix("health: ")?.split_once(": ")?;
        Some((time.to_owned(), what.to_owned()))
    });
    (exit, progress.collect())
}

#[test]
fn health_says_every_five_seconds_what_it_waits_for_and_how_long_it_will() {
    let starting = AppAnswer::Says(503, "starting".to_owned());
    let app = App::good().booting_for(14 * SECOND).answering(starting).then_answering(9 * SECOND, AppAnswer::Profile);
    let (exit, told) = waits_for(app);
    assert!(exit.is_done(), "{exit:?}");
    let times: Vec<&str> = told.iter().map(|(time, _)| time.as_str()).collect();
    assert_eq!(times, ["5 s", "10 s", "15 s", "20 s"]);
    for (index, words) in [
        (0, "waiting for `real2` (port 8082): it does not listen on port 8082; 1 min 45 s are left"),
        (1, "it does not listen on port 8082; 1 min 40 s are left"),
        (2, "/profile answers HTTP 503 `starting`, needed HTTP 200 `real2`; 1 min 35 s are left"),
        (3, "1 min 30 s are left"),
    ] {
        assert!(told[index].1.contains(words), "{told:?}");
    }
}

#[test]
fn a_release_that_never_comes_is_told_of_as_long_as_there_is_time_left_and_not_with_the_verdict() {
    let (exit, told) = waits_for(App::good().booting_for(600 * SECOND));
    assert_eq!(exit.kind(), Some(Kind::NotHealthy), "{exit:?}");
    assert_eq!(told.len(), 21, "every 5 s of 110: {told:?}");
    assert!(told[20].1.ends_with("; 5 s are left"), "{told:?}");
}

#[test]
fn a_release_that_is_there_within_five_seconds_is_told_of_by_its_verdict_alone() {
    let (exit, told) = waits_for(App::good());
    assert!(exit.is_done() && told.is_empty(), "{exit:?} {told:?}");
}

#[test]
fn health_says_that_it_warms_a_release_up_while_that_lasts() {
    let mut site = Site::of_scripts(Slot::Blue, User::Root);
    site.settings.warm_up.paths = vec!["/".to_owned()];
    site.settings.warm_up.at_most = 12 * SECOND;
    let (exit, told) = waits_on(&site, App::good().slow_at_first(usize::MAX, SECOND));
    assert!(exit.is_done(), "{exit:?}");
    let times: Vec<&str> = told.iter().map(|(time, _)| time.as_str()).collect();
    assert_eq!(times, ["5 s", "10 s"]);
    assert!(told[1].1.starts_with("warming up, ") && told[1].1.ends_with("requests so far; 2 s are left"), "{told:?}");
}
