//! A release that was proven and is not any more, when `switch` looks or after traffic was sent back: it is ended as one that
//! `health` refuses, unless nginx or the door was to blame, or users have it (F117).

use std::time::Duration;

use fake_host::{App, AppAnswer, OnTerminate, Reloading};
use shared::error::Kind;
use shared::slot::Slot;

use crate::exit::Hook;
use crate::site::{Cutover, Setup, Site, User};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A site with a watch of 5 s and a deployment `d-1` that is ready for its cutover to the second slot.
fn ready(app: App, setup: impl Into<Setup>) -> Site {
    let mut site = Site::of_scripts(Slot::Blue, setup);
    site.settings.switch.watch = seconds(5);
    site.host.next_release(app);
    for hook in &Hook::DEPLOY[..3] {
        let exit = site.run(*hook, Some("d-1"));
        assert!(exit.is_done(), "{hook:?} ended with {exit:?}");
    }
    site
}

fn turns_bad_after(time: Duration, answer: AppAnswer) -> App {
    App::good().then_answering(time, answer)
}

/// Asserts that the new release is gone, and that its slot can be filled again by the same deployment.
#[track_caller]
fn is_ended(site: &Site, name: &str) {
    assert_eq!(site.live(), Some(Slot::Blue), "{name}");
    assert!(site.host.listening(8082).is_empty(), "{name}: {:?}", site.told);
    let left: Vec<_> = site.host.launches().into_iter().filter(|launch| site.host.is_running(launch)).collect();
    assert_eq!(left, [], "{name}");
    assert!(site.told.borrow().join(" ").contains("was ended"), "{name}: {:?}", site.told);
    let ledger = site.ledger();
    assert!(ledger.tenants.green.release.is_none() && ledger.refused.is_some(), "{name}: {ledger:?}");
    for hook in &Hook::DEPLOY[1..] {
        let exit = site.run(*hook, Some("d-1"));
        assert!(exit.is_done(), "{name}, run again: {hook:?} {exit:?}");
    }
    assert_eq!((site.live(), site.ledger().refused), (Some(Slot::Green), None), "{name}");
}

/// Asserts that the new release still stands behind the live one, as proven as it was.
#[track_caller]
fn stays(site: &Site, name: &str) {
    assert_eq!(site.live(), Some(Slot::Blue), "{name}");
    assert_eq!(site.host.listening(8082).len(), 1, "{name}: {:?}", site.told);
    let ledger = site.ledger();
    assert!(ledger.tenants.green.release.is_some() && ledger.refused.is_none(), "{name}: {ledger:?}");
}

#[test]
fn f117_a_release_that_is_bad_when_switch_looks_is_ended_and_its_slot_can_be_filled_again() {
    let says = |status, body: &str| AppAnswer::Says(status, body.to_owned());
    for (name, answer, kind) in [
        ("it answers 500", Some(says(500, "")), Kind::NotHealthy),
        ("it wants a login", Some(says(401, "who are you?")), Kind::NotHealthy),
        ("it hangs", Some(AppAnswer::Hangs), Kind::NotHealthy),
        ("it has died", None, Kind::NotStarted),
    ] {
        for setup in Setup::ALL {
            let bad = answer.clone().map_or_else(App::good, |answer| turns_bad_after(seconds(10), answer));
            let site = ready(bad.on_terminate(OnTerminate::Ignores), setup);
            site.host.pass(seconds(10));
            if answer.is_none() {
                site.host.kill_listener(8082);
            }
            let exit = site.run(Hook::Switch, Some("d-1"));
            assert_eq!(exit.kind(), Some(kind), "{name}: {exit:?}");
            is_ended(&site, &format!("{name}, {setup:?}"));
        }
    }
}

#[test]
fn f117_a_release_that_is_sent_back_for_its_own_fault_is_ended() {
    for setup in Setup::ALL {
        for (name, app) in [
            ("it answers wrong", turns_bad_after(seconds(2), AppAnswer::Says(500, String::new()))),
            ("it wants a login", turns_bad_after(seconds(2), AppAnswer::Says(401, String::new()))),
            ("it hangs", turns_bad_after(seconds(2), AppAnswer::Hangs)),
            (
                "it does not listen to SIGTERM",
                turns_bad_after(seconds(2), AppAnswer::Hangs).on_terminate(OnTerminate::Ignores),
            ),
        ] {
            let site = ready(app, setup);
            let exit = site.run(Hook::Switch, Some("d-1"));
            assert_eq!(exit.kind(), Some(Kind::SentBack), "{name}: {exit:?}");
            is_ended(&site, &format!("{name}, {setup:?}"));
        }
        let site = ready(App::good(), setup);
        let new = site.host.listening(8082);
        site.host.will_die(&new[0], seconds(2));
        let exit = site.run(Hook::Switch, Some("d-1"));
        assert_eq!(exit.kind(), Some(Kind::SentBack), "it dies: {exit:?}");
        is_ended(&site, &format!("it dies, {setup:?}"));
    }
}

#[test]
fn f117_a_release_that_turns_bad_before_traffic_has_arrived_is_ended() {
    for user in User::BOTH {
        let site = ready(turns_bad_after(seconds(1), AppAnswer::Says(500, String::new())), user);
        site.host.next_reload(Reloading::WorksLate(seconds(2)));
        let exit = site.run(Hook::Switch, Some("d-1"));
        assert_eq!(exit.kind(), Some(Kind::SentBack), "{exit:?}");
        is_ended(&site, &format!("{user:?}"));
    }
}

#[test]
fn f117_a_release_that_nginx_or_the_door_was_to_blame_for_stays_and_can_be_switched_to_again() {
    for setup in Setup::ALL {
        for answer in [AppAnswer::Says(502, String::new()), AppAnswer::Says(400, String::new()), AppAnswer::Hangs] {
            let site = ready(App::good().answering_nginx(answer.clone()), setup);
            let exit = site.run(Hook::Switch, Some("d-1"));
            assert_eq!(exit.kind(), Some(Kind::SentBack), "{answer:?}: {exit:?}");
            stays(&site, &format!("{answer:?}, {setup:?}"));
        }
    }
    for (name, reloading) in [("refused", Reloading::Refused), ("new workers die", Reloading::NewWorkersDie)] {
        let site = ready(App::good(), User::Root);
        site.host.next_reload(reloading);
        let exit = site.run(Hook::Switch, Some("d-1"));
        assert_eq!(exit.kind(), Some(Kind::SentBack), "{name}: {exit:?}");
        stays(&site, name);
        let again = site.run(Hook::Switch, Some("d-1"));
        assert_eq!((again.is_done(), site.live()), (true, Some(Slot::Green)), "{name}: {again:?}");
    }
}

#[test]
fn f117_whoever_interrupts_switch_has_refused_nobody() {
    for cutover in [Cutover::Reload, Cutover::Instant] {
        let prepared = ready(
            turns_bad_after(seconds(2), AppAnswer::Says(500, String::new())),
            Setup { user: User::Root, cutover },
        );
        let mut interrupted = 0;
        for wait in 1.. {
            let site = prepared.clone();
            site.host.interrupt_at(wait);
            let exit = site.run(Hook::Switch, Some("d-1"));
            if exit.kind() != Some(Kind::Interrupted) {
                break;
            }
            interrupted += 1;
            stays(&site, &format!("wait {wait}"));
        }
        assert!(interrupted > 5, "{interrupted}");
    }
}

#[test]
fn f117_i2_a_release_that_nginx_has_gone_on_to_is_all_that_users_have_and_stays_whatever_switch_finds() {
    let mut site = Site::of_scripts(Slot::Blue, Setup { user: User::Root, cutover: Cutover::Instant });
    site.deploys("d-1");
    site.settings.switch.watch = seconds(5);
    site.host.next_release(turns_bad_after(seconds(10), AppAnswer::Says(500, String::new())));
    for hook in &Hook::DEPLOY[..3] {
        assert!(site.run(*hook, Some("d-2")).is_done());
    }
    site.host.pass(seconds(10));
    site.host.kill_listener(8082);
    let exit = site.run(Hook::Switch, Some("d-2"));
    assert!(!exit.is_done(), "{exit:?}");
    assert_eq!(site.host.listening(8081).len(), 1, "{:?}", site.told);
    site.deploys("d-3");
}

#[test]
fn f117_a_way_back_that_fails_does_not_end_the_standby() {
    for setup in Setup::ALL {
        // It is bad by the time that one wants it back, or cannot be reached.
        for (name, app, pass) in [
            ("bad", turns_bad_after(seconds(60), AppAnswer::Says(500, String::new())), seconds(60)),
            ("good", App::good(), Duration::ZERO),
        ] {
            let site = Site::of_scripts(Slot::Blue, setup);
            site.host.next_release(app);
            site.deploys("d-1");
            site.host.next_releases_are_good();
            site.deploys("d-2");
            site.host.pass(pass);
            if name == "good" {
                site.host.next_reload(Reloading::Refused);
            }
            let by_flag = matches!(setup.cutover, Cutover::Instant | Cutover::InstantAsked);
            let exit = site.run(Hook::Back, None);
            assert_eq!(exit.is_done(), name == "good" && by_flag, "{name}, {setup:?}: {exit:?}");
            assert_eq!(site.host.listening(8082).len(), 1, "{name}, {setup:?}: {:?}", site.told);
            assert!(site.ledger().refused.is_none() && site.ledger().tenants.green.served, "{name}, {setup:?}");
        }
    }
}
