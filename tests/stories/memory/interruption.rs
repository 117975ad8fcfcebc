//! A hook that is ended from outside at any point: SIGTERM at each wait, SIGKILL before each effect. Whatever was under
//! way, the live release serves on and the next deployment succeeds (I2, I3, I3a, I4).

use std::io::ErrorKind;
use std::time::Duration;

use fake_host::{App, AppAnswer, Door, WriteFault};
use shared::config::Standby;
use shared::error::Kind;
use shared::host::Answer;
use shared::slot::Slot;

use crate::exit::{Exit, Hook};
use crate::site::{Cutover, Setup, Site, User};

/// The hooks that can be ended from outside.
const HOOKS: [Hook; 5] = [Hook::Stop, Hook::Start, Hook::Health, Hook::Switch, Hook::Back];

/// A site on which `hook` is next: the second deploy, so that there is a standby to stop.
fn prepared(hook: Hook, setup: impl Into<Setup>) -> Site {
    let mut site = Site::of_scripts(Slot::Blue, setup);
    site.deploys("d-0");
    site.settings.switch.watch = Duration::from_millis(800);
    for before in Hook::DEPLOY.into_iter().take_while(|before| *before != hook && hook != Hook::Back) {
        let exit = site.run(before, Some("d-1"));
        assert!(exit.is_done(), "{before:?} ended with {exit:?}");
    }
    site
}

/// The same site at once, and when everything has arrived that was still on its way: a reload, an ending process.
fn at_once_and_later(site: &Site) -> [(&'static str, Site); 2] {
    let after = |time| {
        let site = site.clone();
        site.host.pass(time);
        site
    };
    // No agent starts its next hook in less than a tenth of a second.
    [("at once", after(Duration::from_millis(100))), ("later", after(Duration::from_secs(30)))]
}

#[test]
fn i4_sigterm_at_every_wait_of_every_hook_leaves_a_host_on_which_that_hook_and_a_new_deployment_succeed() {
    let mut found = Vec::new();
    for setup in Setup::ALL {
        for hook in HOOKS {
            let prepared = prepared(hook, setup);
            for wait in 1.. {
                let site = prepared.clone();
                site.host.interrupt_at(wait);
                let exit = site.run(hook, Some("d-1"));
                site.host.clear_faults();
                if !site.host.fault_struck() {
                    assert!(exit.is_done() && wait > 3, "{hook:?} ended with {exit:?} at wait {wait}");
                    break;
                }
                if exit.kind() != Some(Kind::Interrupted) {
                    found.push(format!("{setup:?}, {hook:?}, wait {wait}: {exit:?}"));
                }
                for (when, again) in at_once_and_later(&site) {
                    let whole = again.clone();
                    let same = again.run(hook, Some("d-1"));
                    if !same.is_done() {
                        found.push(format!("{setup:?}, {hook:?}, wait {wait}, the same hook again {when}: {same:?}"));
                    }
                    let (last, exit) = whole.deploy("d-2");
                    if !exit.is_done() {
                        found.push(format!("{setup:?}, {hook:?}, wait {wait}, {last:?} of the next {when}: {exit:?}"));
                    }
                }
            }
        }
    }
    assert!(found.is_empty(), "{} of them: {found:#?}", found.len());
}

#[test]
fn i4_f83_sigkill_before_every_effect_of_every_hook_leaves_a_host_on_which_a_new_deployment_succeeds() {
    let mut found = Vec::new();
    for setup in Setup::ALL {
        for hook in HOOKS {
            let prepared = prepared(hook, setup);
            for point in 1.. {
                let site = prepared.clone();
                site.host.kill_at(point);
                let exit = site.run(hook, Some("d-1"));
                site.host.clear_faults();
                if exit != Exit::Killed {
                    assert!(exit.is_done() && point > 8, "{hook:?} ended with {exit:?} at point {point}");
                    break;
                }
                for (when, whole) in at_once_and_later(&site) {
                    let (last, exit) = whole.deploy("d-2");
                    if !exit.is_done() {
                        found
                            .push(format!("{setup:?}, {hook:?}, point {point}, {last:?} of the next {when}: {exit:?}"));
                    }
                }
            }
        }
    }
    assert!(found.is_empty(), "{} of them: {found:#?}", found.len());
}

#[test]
fn f06_i3_a_failing_hook_that_is_ended_while_it_takes_things_back_leaves_a_host_as_it_was() {
    let unreachable = App::good().answering_nginx(AppAnswer::Says(502, String::new()));
    let mut found = Vec::new();
    for setup in Setup::ALL {
        for (hook, app, kind, ended_by) in [
            (Hook::Switch, unreachable.clone(), Kind::SentBack, "SIGTERM"),
            (Hook::Switch, unreachable.clone(), Kind::SentBack, "SIGKILL"),
            (Hook::Start, App::good().dying_after(Duration::from_millis(800)), Kind::NotStarted, "SIGTERM"),
            (Hook::Start, App::good().dying_after(Duration::from_millis(800)), Kind::NotStarted, "SIGKILL"),
        ] {
            let prepared = prepared(Hook::Start, setup);
            prepared.host.next_release(app);
            for before in Hook::DEPLOY.into_iter().skip(1).take_while(|before| *before != hook) {
                assert!(prepared.run(before, Some("d-1")).is_done());
            }
            for point in 1.. {
                let site = prepared.clone();
                if ended_by == "SIGTERM" {
                    site.host.interrupt_at(point);
                } else {
                    site.host.kill_at(point);
                }
                let exit = site.run(hook, Some("d-1"));
                site.host.clear_faults();
                site.host.next_releases_are_good();
                if !site.host.fault_struck() {
                    assert_eq!(exit.kind(), Some(kind));
                    break;
                }
                let told = format!("{setup:?}, {hook:?}, {ended_by} at {point}");
                let fine = [Some(kind), Some(Kind::Interrupted), None];
                if exit.is_done() || !fine.contains(&exit.kind()) {
                    found.push(format!("{told}: {exit:?}"));
                }
                for (when, whole) in at_once_and_later(&site) {
                    let (last, exit) = whole.deploy("d-2");
                    if !exit.is_done() {
                        found.push(format!("{told}, {last:?} of the next {when}: {exit:?}"));
                    }
                }
            }
        }
    }
    assert!(found.is_empty(), "{} of them: {found:#?}", found.len());
}

#[test]
fn f83_a_release_that_was_launched_and_not_yet_remembered_is_ended_by_the_next_deployment() {
    let prepared = prepared(Hook::Start, User::Root);
    let launches = prepared.host.launches().len();
    let site = (1..100)
        .map(|point| {
            let site = prepared.clone();
            site.host.kill_at(point);
            assert_eq!(site.run(Hook::Start, Some("d-1")), Exit::Killed);
            site
        })
        .find(|site| site.host.launches().len() > launches);
    let site = site.unwrap();
    site.host.clear_faults();
    site.deploys("d-2");
    assert_eq!(site.host.releases().len(), 2, "nothing but the live release and its standby runs");
}

#[test]
fn f73_sigterm_while_sudo_is_asked_is_told_as_an_interruption_and_not_as_a_missing_permission() {
    let site = Site::of_scripts(Slot::Blue, User::Application);
    // The first wait is the question at the door, the second is sudo's.
    site.host.interrupt_at(2);
    let exit = site.run(Hook::Stop, Some("d-1"));
    assert_eq!(exit.kind(), Some(Kind::Interrupted), "{exit:?}");
}

#[test]
fn i2_f83_a_way_back_that_was_killed_before_its_reload_is_never_taken_for_done() {
    let door = Door::Answers(Answer::Response { status: 301, location: None, body: String::new() });
    for since_switch in [0, 500, 900, 1500, 60_000] {
        let prepared = Site::of_scripts(Slot::Blue, User::Root);
        prepared.host.door(door.clone());
        prepared.deploys("d-0");
        prepared.host.pass(Duration::from_millis(since_switch));
        let include = prepared.settings.proxy.include.clone();
        let writes = |site: &Site| site.host.writes().into_iter().filter(|path| *path == include).count();
        let before = writes(&prepared);
        let site = (1..100)
            .map(|point| {
                let site = prepared.clone();
                site.host.kill_at(point);
                assert_eq!(site.run(Hook::Back, None), Exit::Killed);
                site
            })
            .find(|site| writes(site) > before);
        let site = site.unwrap();
        site.host.clear_faults();
        site.host.pass(Duration::from_secs(5));
        assert_eq!(site.live(), Some(Slot::Green), "nginx has not read the include");
        // `Site::run` holds I2 and I3a against each hook of it.
        site.deploys("d-1");
        assert_eq!(site.live(), Some(Slot::Blue));
    }
}

/// Kills `hook` at each of its points in turn, and hands over what is left of the site each time.
fn killed_everywhere(prepared: &Site, hook: Hook, mut then: impl FnMut(usize, &str, Site)) {
    for point in 1.. {
        let site = prepared.clone();
        site.host.kill_at(point);
        let exit = site.run(hook, Some("d-1"));
        site.host.clear_faults();
        if exit != Exit::Killed {
            assert!(exit.is_done() && point > 8, "{hook:?} ended with {exit:?} at point {point}");
            return;
        }
        for (when, site) in at_once_and_later(&site) {
            then(point, when, site);
        }
    }
}

#[test]
fn f115_i4_sigkill_before_every_effect_of_every_hook_and_the_same_hook_again_ends_as_the_first_one_would_have() {
    for setup in Setup::ALL {
        for standby in [Standby::Keep, Standby::Stop] {
            for hook in HOOKS {
                if (hook, standby) == (Hook::Back, Standby::Stop) {
                    continue;
                }
                let mut prepared = prepared(hook, setup);
                prepared.settings.switch.standby = standby;
                let whole = prepared.clone();
                assert!(whole.run(hook, Some("d-1")).is_done());
                let wanted = (whole.live(), whole.host.releases().len(), whole.ledger().deployment);
                killed_everywhere(&prepared, hook, |point, when, site| {
                    let told = format!("{setup:?}, {standby:?}, {hook:?}, point {point}, {when}");
                    let exit = site.run(hook, Some("d-1"));
                    assert!(exit.is_done(), "{told}: {exit:?}");
                    site.host.pass(Duration::from_secs(2));
                    let found = (site.live(), site.host.releases().len(), site.ledger().deployment);
                    assert_eq!(found, wanted, "{told}: who serves, how many run, how far it has come");
                    if let Some(next) = Hook::DEPLOY.into_iter().skip_while(|next| *next != hook).nth(1) {
                        let (last, exit) = site.deploy_from(next, "d-1");
                        assert!(exit.is_done(), "{told}: {last:?} ended with {exit:?}");
                    }
                });
            }
        }
    }
}

#[test]
fn f115_a_way_back_that_was_killed_never_leads_forward_and_one_that_ended_does() {
    let redirect = Door::Answers(Answer::Response { status: 301, location: None, body: String::new() });
    for door in [Door::Nginx, redirect] {
        for setup in Setup::ALL {
            let prepared = prepared(Hook::Back, setup);
            prepared.host.door(door.clone());
            let (fled, wanted) = (prepared.live(), prepared.live().map(|live| !live));
            killed_everywhere(&prepared, Hook::Back, |point, when, site| {
                let told = format!("{setup:?}, point {point}, {when}");
                // Killed once more, at any point of the second run, and run a third time.
                for again in [1, 3, 5, 8, 12, 20] {
                    let site = site.clone();
                    site.host.kill_at(again);
                    let exit = site.run(Hook::Back, None);
                    site.host.clear_faults();
                    site.host.pass(Duration::from_secs(1));
                    if exit == Exit::Killed {
                        let third = site.run(Hook::Back, None);
                        assert!(third.is_done(), "{told}, again at {again}: {third:?}");
                    }
                    assert_eq!(site.live(), wanted, "{told}, again at {again}: {exit:?}");
                }
                assert!(site.run(Hook::Back, None).is_done(), "{told}");
                assert_eq!(site.live(), wanted, "{told}");
                // One that has ended is over: the next one is wanted.
                assert!(site.run(Hook::Back, None).is_done(), "{told}");
                assert_eq!(site.live(), fled, "{told}");
                site.deploys("d-2");
            });
        }
    }
}
#[test]
fn f115_f107_a_way_back_that_could_not_be_noted_as_done_has_ended_all_the_same() {
    for nth in 1..12 {
        let site = prepared(Hook::Back, Setup { user: User::Root, cutover: Cutover::Instant });
        let fled = site.live();
        site.host.fail_write(WriteFault { nth, for_good: true, kind: ErrorKind::StorageFull, after_the_rename: false });
        let exit = site.run(Hook::Back, None);
        site.host.clear_faults();
        let moved = site.live() != fled;
        assert_eq!(exit.is_done(), moved, "{nth}: {exit:?}");
    }
}
