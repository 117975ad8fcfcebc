//! The watch after a cutover, and what becomes of the slot that served before it (F75, I8).

use std::time::Duration;

use fake_host::{App, AppAnswer, OnTerminate};
use shared::config::Standby;
use shared::error::Kind;
use shared::slot::Slot;

use crate::exit::{Exit, Hook};
use crate::site::{Site, User};

/// A site with a watch of 5 s, as the shipped settings have it, and a deployment `d-1` that is ready for its cutover.
fn ready(app: App, user: User) -> Site {
    let mut site = Site::of_scripts(Slot::Blue, user);
    site.settings.switch.watch = Duration::from_secs(5);
    ready_for_switch(&site, app);
    site
}

fn ready_for_switch(site: &Site, app: App) {
    site.host.next_release(app);
    for hook in &Hook::DEPLOY[..3] {
        let exit = site.run(*hook, Some("d-1"));
        assert!(exit.is_done(), "{hook:?} ended with {exit:?}");
    }
}

/// A release that is good until it has been listening for so long.
fn turns_bad_after(seconds: u64) -> App {
    App::good().then_answering(Duration::from_secs(seconds), AppAnswer::Says(500, String::new()))
}

#[track_caller]
fn sent_back(site: &Site, exit: &Exit, words: &str) {
    assert_eq!(exit.kind(), Some(Kind::SentBack), "{exit:?}");
    assert!(format!("{exit:?}").contains(words), "{exit:?}");
    assert_eq!(site.live(), Some(Slot::Blue), "{exit:?}");
}

#[test]
fn f75_a_release_that_dies_while_it_is_watched_is_sent_back_and_one_that_dies_later_is_not() {
    for user in User::BOTH {
        for (milliseconds, watched) in [(500, true), (2000, true), (4900, true), (20_000, false)] {
            let site = ready(App::good(), user);
            let new = site.host.listening(site.port(Slot::Green));
            site.host.will_die(&new[0], Duration::from_millis(milliseconds));
            let exit = site.run(Hook::Switch, Some("d-1"));
            if watched {
                sent_back(&site, &exit, "`real2` (port 8082) died ");
            } else {
                assert_eq!((exit.is_done(), site.live()), (true, Some(Slot::Green)), "{exit:?}");
            }
            site.deploys("d-2");
        }
    }
}

#[test]
fn f75_a_release_whose_door_answers_wrong_is_sent_back_as_long_as_the_standby_is_better() {
    let site = ready(turns_bad_after(2), User::Root);
    let exit = site.run(Hook::Switch, Some("d-1"));
    sent_back(&site, &exit, "3 times in a row");
    site.deploys("d-2");
    // The standby dies, or answers no better: a bad answer is better than none.
    for kill in [true, false] {
        let mut site = Site::cold(Slot::Blue, User::Root);
        site.settings.switch.watch = Duration::from_secs(5);
        let bad = App::good().answering(AppAnswer::Says(500, String::new()));
        site.host.place_app(bad, "real1", 8081);
        ready_for_switch(&site, turns_bad_after(2));
        if kill {
            site.host.kill_listener(8081);
        }
        let exit = site.run(Hook::Switch, Some("d-1"));
        assert_eq!((exit.is_done(), site.live()), (true, Some(Slot::Green)), "{exit:?}");
    }
}

#[test]
fn f75_a_first_release_that_answers_wrong_stays_and_one_that_dies_is_told_as_a_failure() {
    for (dies, done) in [(false, true), (true, false)] {
        let mut site = Site::cold(Slot::Blue, User::Root);
        site.settings.switch.watch = Duration::from_secs(5);
        site.host.write(&site.settings.proxy.include.clone(), b"set $service_url http://127.0.0.1:8080;\n");
        site.host.foreign_reload();
        ready_for_switch(&site, if dies { App::good() } else { turns_bad_after(2) });
        if dies {
            let new = site.host.listening(site.port(Slot::Blue));
            site.host.will_die(&new[0], Duration::from_secs(1));
        }
        let exit = site.run(Hook::Switch, Some("d-1"));
        assert_eq!(exit.is_done(), done, "{exit:?}");
        assert_eq!(site.live(), done.then_some(Slot::Blue), "{exit:?}");
    }
}

#[test]
fn i8_the_way_back_is_not_watched() {
    let mut site = Site::of_scripts(Slot::Blue, User::Root);
    site.deploys("d-0");
    site.settings.switch.watch = Duration::from_mins(5);
    let began = site.host.now();
    assert!(site.run(Hook::Back, None).is_done());
    assert!(site.host.now().saturating_sub(began) < Duration::from_secs(1));
}

#[test]
fn f75_sigterm_while_it_is_watched_sends_traffic_back() {
    let site = ready(App::good(), User::Root);
    let mut interrupted = 0;
    for wait in 1.. {
        let site = site.clone();
        site.host.interrupt_at(wait);
        let exit = site.run(Hook::Switch, Some("d-1"));
        if !site.host.fault_struck() {
            break;
        }
        interrupted += 1;
        assert_eq!((exit.kind(), site.live()), (Some(Kind::Interrupted), Some(Slot::Blue)), "wait {wait}: {exit:?}");
    }
    assert!(interrupted > 40, "every look of the watch was interrupted: {interrupted}");
}

/// The same site, on which the release that served before is stopped after a cutover.
fn stopping(app: App, user: User) -> Site {
    let mut site = Site::of_scripts(Slot::Blue, user);
    site.settings.switch.standby = Standby::Stop;
    ready_for_switch(&site, app);
    site
}

#[test]
fn with_standby_stop_the_old_release_is_gone_after_the_cutover_and_there_is_no_way_back_but_a_deploy() {
    for user in User::BOTH {
        let site = stopping(App::good(), user);
        let exit = site.run(Hook::Switch, Some("d-1"));
        assert!(format!("{exit:?}").contains("`real1` (port 8081) is not kept as a standby"), "{exit:?}");
        assert_eq!(site.live(), Some(Slot::Green));
        assert_eq!((site.host.listening(8081).len(), site.host.listening(8082).len()), (0, 1));
        let back = site.run(Hook::Back, None);
        assert_eq!(back.kind(), Some(Kind::NotHealthy), "{back:?}");
        assert!(format!("{back:?}").contains("there is no standby to go back to"), "{back:?}");
        assert!(site.run(Hook::Switch, Some("d-1")).is_done(), "a second switch is still of a deployment that is done");
        site.deploys("d-2");
        assert_eq!((site.host.listening(8081).len(), site.host.listening(8082).len()), (1, 0));
    }
}

#[test]
fn with_standby_stop_an_old_release_that_will_not_end_is_killed() {
    let mut site = Site::cold(Slot::Blue, User::Root);
    site.settings.switch.standby = Standby::Stop;
    site.host.place_app(App::good().on_terminate(OnTerminate::Ignores), "real1", 8081);
    site.deploys("d-1");
    assert_eq!(site.host.listening(8081).len(), 0);
}

#[test]
fn i3_once_traffic_is_proven_neither_sigterm_nor_sigkill_in_the_stop_of_the_old_release_takes_the_cutover_back() {
    for user in User::BOTH {
        let prepared = stopping(App::good(), user);
        for signal in ["SIGTERM", "SIGKILL"] {
            let mut after_the_cutover = 0;
            for point in 1.. {
                let site = prepared.clone();
                if signal == "SIGTERM" {
                    site.host.interrupt_at(point);
                } else {
                    site.host.kill_at(point);
                }
                let exit = site.run(Hook::Switch, Some("d-1"));
                let struck = site.host.fault_struck();
                site.host.clear_faults();
                if !struck && exit != Exit::Killed {
                    break;
                }
                if exit.is_done() {
                    after_the_cutover += 1;
                    assert_eq!(site.live(), Some(Slot::Green), "{signal} at {point}: {exit:?}");
                }
                site.host.pass(Duration::from_secs(1));
                site.deploys("d-2");
            }
            assert!(signal == "SIGKILL" || after_the_cutover > 2, "{after_the_cutover} of {signal}");
        }
    }
}
