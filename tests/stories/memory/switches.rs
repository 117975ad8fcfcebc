//! Cutovers that do not arrive: sent back and proven, or told loudly.

use std::io::ErrorKind;
use std::time::Duration;

use fake_host::{App, AppAnswer, Door, PidFile, Reloading, WriteFault};
use shared::error::Kind;
use shared::host::Answer;
use shared::slot::Slot;

use crate::exit::Hook;
use crate::site::{Cutover, Setup, Site, User};

/// A deployment `d-1` that is ready for its cutover.
fn ready(app: App, setup: impl Into<Setup>) -> Site {
    let site = Site::of_scripts(Slot::Blue, setup);
    site.host.next_release(app);
    for hook in &Hook::DEPLOY[..3] {
        let exit = site.run(*hook, Some("d-1"));
        assert!(exit.is_done(), "{hook:?} ended with {exit:?}");
    }
    site
}

#[test]
fn f57_i3_a_release_that_nginx_cannot_reach_is_sent_back() {
    for (name, answer) in [
        ("502", AppAnswer::Says(502, "Bad Gateway".into())),
        ("500", AppAnswer::Says(500, String::new())),
        ("a redirect", AppAnswer::Redirects("https://example.org/".into())),
        ("the wrong profile", AppAnswer::Says(200, "default".into())),
        ("nothing", AppAnswer::Hangs),
    ] {
        for setup in Setup::ALL {
            let site = ready(App::good().answering_nginx(answer.clone()), setup);
            let exit = site.run(Hook::Switch, Some("d-1"));
            assert_eq!(exit.kind(), Some(Kind::SentBack), "{name}: {exit:?}");
            assert_eq!(site.live(), Some(Slot::Blue), "{name}");
            site.deploys("d-2");
        }
    }
}

#[test]
fn f62_i3a_a_reload_that_is_refused_or_half_done_is_sent_back_and_leaves_no_time_bomb() {
    for (name, reloads) in [
        ("refused", vec![Reloading::Refused]),
        ("new workers die", vec![Reloading::NewWorkersDie]),
        ("old workers stay, the way back works", vec![Reloading::OldWorkersStay]),
    ] {
        for setup in Setup::ALL {
            let site = ready(App::good(), setup);
            for reloading in &reloads {
                site.host.next_reload(*reloading);
            }
            let exit = site.run(Hook::Switch, Some("d-1"));
            assert_eq!(exit.kind(), Some(Kind::SentBack), "{name}: {exit:?}");
            site.host.foreign_reload();
            assert_eq!(site.live(), Some(Slot::Blue), "{name}: an unrelated reload moves nothing");
            site.deploys("d-2");
        }
    }
}

#[test]
fn f62_a_slow_reload_is_waited_for_and_one_that_comes_too_late_is_sent_back() {
    for setup in Setup::ALL {
        for (late, wanted) in [(0, None), (1000, None), (4000, None), (7000, Some(Kind::SentBack))] {
            let site = ready(App::good(), setup);
            site.host.next_reload(Reloading::WorksLate(Duration::from_millis(late)));
            let exit = site.run(Hook::Switch, Some("d-1"));
            assert_eq!(exit.kind(), wanted, "{late} ms late: {exit:?}");
            site.host.pass(Duration::from_secs(30));
            let live = if wanted.is_none() { Slot::Green } else { Slot::Blue };
            assert_eq!(site.live(), Some(live), "{late} ms late: also when the late reload has come");
            site.deploys("d-2");
        }
    }
}

#[test]
fn f102_f72_traffic_that_was_sent_back_stays_there_also_where_nginx_was_slow_to_act_on_the_first_signal() {
    for user in User::BOTH {
        for cutover in [Cutover::Reload, Cutover::ReloadAsked] {
            for late in [0, 20, 90, 150, 400] {
                for nth in 1.. {
                    let site = ready(App::good(), Setup { user, cutover });
                    site.host.next_reload(Reloading::ReadsAtOnce(Duration::from_millis(late)));
                    // It tells nothing, so that only nginx can.
                    let body = "back soon".to_owned();
                    site.host.door(Door::Answers(Answer::Response { status: 503, location: None, body }));
                    site.host.interrupt_at(nth);
                    let exit = site.run(Hook::Switch, Some("d-1"));
                    if exit.is_done() {
                        break;
                    }
                    // From the hook's end on, at every moment.
                    for at in 0..60 {
                        assert_eq!(site.live(), Some(Slot::Blue), "{late} ms late, wait {nth}, {at} later: {exit:?}");
                        site.host.pass(Duration::from_millis(20));
                    }
                }
            }
        }
    }
}

#[test]
fn i3a_a_way_back_that_fails_as_well_is_told_loudly_and_a_later_deploy_is_still_safe() {
    for (name, setup, reloads) in [
        ("refused both ways", User::Root, [Reloading::NewWorkersDie, Reloading::Refused]),
        ("new workers die both ways", User::Root, [Reloading::NewWorkersDie, Reloading::NewWorkersDie]),
        ("the same through sudo", User::Application, [Reloading::NewWorkersDie, Reloading::Refused]),
    ] {
        let site = ready(App::good(), setup);
        for reloading in reloads {
            site.host.next_reload(reloading);
        }
        let old = site.host.listening(site.port(Slot::Blue));
        let exit = site.run(Hook::Switch, Some("d-1"));
        assert_eq!(exit.kind(), Some(Kind::Uncertain), "{name}: {exit:?}");
        assert_eq!(site.host.include_port(), Some(site.port(Slot::Blue)), "{name}: the include is back at least");
        assert_eq!(site.host.listening(site.port(Slot::Blue)), old, "{name}");
        // A person looks and reloads.
        site.host.foreign_reload();
        assert_eq!(site.live(), Some(Slot::Blue), "{name}");
        site.deploys("d-2");
    }
}

#[test]
fn f107_i3a_a_disk_that_is_full_does_not_keep_the_include_from_going_back_and_one_that_is_read_only_is_told_loudly() {
    for (kind, wanted) in [(ErrorKind::StorageFull, Kind::SentBack), (ErrorKind::ReadOnlyFilesystem, Kind::Uncertain)] {
        let site = ready(App::good().answering_nginx(AppAnswer::Says(502, String::new())), User::Root);
        // The intent, what goes back and the include can be written, and nothing after that.
        site.host.fail_write(WriteFault { nth: 4, for_good: true, kind, after_the_rename: false });
        let exit = site.run(Hook::Switch, Some("d-1"));
        assert_eq!(exit.kind(), Some(wanted), "{exit:?}");
        site.host.clear_faults();
        assert!(!site.host.listening(site.port(Slot::Blue)).is_empty(), "what served still runs");
        if wanted == Kind::SentBack {
            assert_eq!(site.live(), Some(Slot::Blue));
        }
        site.deploys("d-2");
    }
}

#[test]
fn i3_a_release_that_dies_before_or_during_the_cutover_gets_no_traffic() {
    for after in [0, 5, 20, 60, 70, 100, 150] {
        for setup in Setup::ALL {
            let site = ready(App::good(), setup);
            let new = site.host.listening(site.port(Slot::Green));
            site.host.will_die(&new[0], Duration::from_millis(after));
            let exit = site.run(Hook::Switch, Some("d-1"));
            if !exit.is_done() {
                assert_eq!(site.live(), Some(Slot::Blue), "{after} ms: {exit:?}");
            }
            // It may die in the very middle of the next `stop`, which then ends nobody.
            let (hook, exit) = site.deploy("d-2");
            if !exit.is_done() {
                assert_eq!((hook, exit.kind()), (Hook::Stop, Some(Kind::Undecided)), "{after} ms: {exit:?}");
                site.goes_back_if_the_last_one_stands_by();
                site.deploys("d-3");
            }
        }
    }
}

#[test]
fn i3a_i2_after_exit_42_the_next_run_sends_traffic_back_before_anything_else() {
    let redirect = Door::Answers(Answer::Response { status: 301, location: None, body: String::new() });
    for door in [Door::Nginx, redirect] {
        for user in User::BOTH {
            let site = ready(App::good().answering_nginx(AppAnswer::Says(502, String::new())), user);
            // The way there works, the release cannot be reached, and the way back is refused.
            site.host.next_reload(Reloading::Works);
            site.host.next_reload(Reloading::Refused);
            let exit = site.run(Hook::Switch, Some("d-1"));
            assert_eq!(exit.kind(), Some(Kind::Uncertain), "{exit:?}");
            assert_eq!((site.live(), site.host.include_port()), (Some(Slot::Green), Some(site.port(Slot::Blue))));
            site.host.door(door.clone());
            // `Site::run` holds I2 and I3a against each hook of it.
            site.deploys("d-2");
        }
    }
}

#[test]
fn i10_a_second_switch_is_done_only_while_its_release_serves() {
    let site = Site::of_scripts(Slot::Blue, User::Root);
    site.deploys("d-1");
    let down = site.clone();
    down.host.nginx_down(PidFile::Removed);
    assert_eq!(down.run(Hook::Switch, Some("d-1")).kind(), Some(Kind::ProxyBroken), "nginx is down");
    site.host.kill_listener(site.port(Slot::Green));
    let exit = site.run(Hook::Switch, Some("d-1"));
    assert!(!exit.is_done(), "its release is dead: {exit:?}");
}

#[test]
fn keepalive_min_timeout_is_written_only_where_nginx_says_that_it_knows_it() {
    let plain = |port: u16| format!("set $service_url http://127.0.0.1:{port};\n");
    for (version, knows) in [
        ("nginx version: nginx/1.22.1", false),
        ("nginx version: nginx/1.27.3", false),
        ("nginx version: nginx/1.27.4", true),
        ("nginx version: nginx/1.28.3 (Ubuntu)", true),
        // Whether it does is not known, so it is left out.
        ("nginx version: openresty/1.27.1.1", false),
        ("Segmentation fault", false),
        ("", false),
    ] {
        for user in User::BOTH {
            let mut site = ready(App::good(), user);
            site.settings.proxy.keepalive_min_timeout = Duration::from_secs(1);
            site.host.nginx_says(version, knows);
            let exit = site.run(Hook::Switch, Some("d-1"));
            assert!(exit.is_done(), "{version}: {exit:?}");
            let line = if knows { "keepalive_min_timeout 1s;\n" } else { "" };
            let wanted = plain(site.port(Slot::Green)) + line;
            assert_eq!(site.include(), wanted, "{version}, {user:?}");
            // And whatever was written stays good for the deploys to come.
            site.deploys("d-2");
            assert_eq!(site.include(), plain(site.port(Slot::Blue)) + line, "{version}, {user:?}");
        }
    }
}

#[test]
fn i3a_a_cutover_that_adds_the_directive_and_does_not_arrive_takes_it_back() {
    for user in User::BOTH {
        let mut site = ready(App::good(), user);
        let before = site.include();
        site.settings.proxy.keepalive_min_timeout = Duration::from_secs(1);
        // The program on the disk is newer than the one that runs, which refuses what it does not know.
        site.host.nginx_says("nginx version: nginx/1.28.3", false);
        let exit = site.run(Hook::Switch, Some("d-1"));
        assert_eq!(exit.kind(), Some(Kind::SentBack), "{exit:?}");
        assert_eq!(site.include(), before);
        assert_eq!(site.live(), Some(Slot::Blue));
    }
}
