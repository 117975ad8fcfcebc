//! Releases that do not come up: each is told as what it is, and the live one serves on.

use std::io::ErrorKind;
use std::time::Duration;

use fake_host::{App, AppAnswer, Binding, OnTerminate};
use shared::error::Kind;
use shared::host::Host;
use shared::slot::Slot;

use crate::exit::Hook;
use crate::site::{Site, User};

#[test]
fn f40_a_release_that_the_kernel_ends_for_want_of_memory_is_told_so_even_where_it_was_between_two_hooks() {
    let seconds = Duration::from_secs;
    // When it is ended, and what passes between two hooks.
    for (starves_after, between, hook) in [
        (Duration::ZERO, Duration::ZERO, Hook::Start),
        (seconds(4), Duration::ZERO, Hook::Health),
        (seconds(4), seconds(5), Hook::Health),
        (seconds(90), seconds(60), Hook::Switch),
    ] {
        let site = Site::of_scripts(Slot::Blue, User::Root);
        let boots = if hook == Hook::Switch { seconds(2) } else { seconds(9) };
        site.host.next_release(App::good().booting_for(boots).starving_after(starves_after));
        let live = site.host.live().unwrap();
        for done in [Hook::Stop, Hook::Start, Hook::Health].into_iter().take_while(|done| *done != hook) {
            assert!(site.run(done, Some("d-1")).is_done(), "{done:?} before {hook:?}");
            site.host.pass(between);
        }
        let exit = site.run(hook, Some("d-1"));
        assert_eq!(exit.kind(), Some(Kind::NotStarted), "{exit:?}");
        let told = format!("{exit:?}");
        for words in ["memory was short, and the kernel has ended 1 process", "add memory or swap"] {
            assert!(told.contains(words), "{hook:?}, {between:?}: {told}");
        }
        assert!(site.host.is_running(&live) && site.live() == Some(Slot::Blue), "the live one is not touched");
    }
}

#[test]
fn f129_traffic_goes_to_nobody_who_has_a_small_share_of_the_processors() {
    for user in User::BOTH {
        let site = Site::of_scripts(Slot::Blue, user);
        let has_small_share = || site.host.launches().last().and_then(|launched| site.host.has_small_share(launched));
        assert!(site.run(Hook::Stop, Some("d-1")).is_done() && site.run(Hook::Start, Some("d-1")).is_done());
        assert_eq!(has_small_share(), Some(true));
        assert!(site.run(Hook::Health, Some("d-1")).is_done());
        assert_eq!(has_small_share(), Some(false));
    }
}

#[test]
fn f33_f50_f53_a_release_that_does_not_come_up_is_told_as_what_it_is() {
    let milliseconds = Duration::from_millis;
    let says = |status, body: &str| App::good().answering(AppAnswer::Says(status, body.to_owned()));
    for (name, app, hook, kind) in [
        ("dies at once", App::good().dying_after(Duration::ZERO), Hook::Start, Kind::NotStarted),
        ("dies after a second", App::good().dying_after(milliseconds(1000)), Hook::Start, Kind::NotStarted),
        (
            "dies after start has ended",
            App::good().booting_for(milliseconds(9000)).dying_after(milliseconds(4000)),
            Hook::Health,
            Kind::NotStarted,
        ),
        ("never listens", App::good().binding(Binding::Never), Hook::Health, Kind::NotHealthy),
        ("boots for ever", App::good().booting_for(milliseconds(600_000)), Hook::Health, Kind::NotHealthy),
        ("never answers", App::good().answering(AppAnswer::Hangs), Hook::Health, Kind::NotHealthy),
        ("F52 not found", says(404, "real2"), Hook::Health, Kind::NotHealthy),
        ("F51 a realm", says(401, "{\"realm\":\"real2\"}"), Hook::Health, Kind::NotHealthy),
        (
            "F52 a login page",
            App::good().answering(AppAnswer::Redirects("/login".into())),
            Hook::Health,
            Kind::NotHealthy,
        ),
        ("F53 `real`", says(200, "real"), Hook::Health, Kind::NotHealthy),
        ("the other profile", says(200, "real1"), Hook::Health, Kind::NotHealthy),
        ("F51 HTML", says(200, "<p>real2</p>"), Hook::Health, Kind::NotHealthy),
        (
            "F50 two good answers, then errors",
            App::good()
                .then_answering(milliseconds(60), AppAnswer::Says(500, String::new()))
                .booting_for(milliseconds(3000)),
            Hook::Health,
            Kind::NotHealthy,
        ),
    ] {
        for user in User::BOTH {
            let site = Site::of_scripts(Slot::Blue, user);
            let old = site.host.live().unwrap();
            site.host.next_release(app.clone());
            let (last, exit) = site.deploy("d-1");
            assert_eq!((last, exit.kind()), (hook, Some(kind)), "{name}: {exit:?}");
            assert!(site.host.is_running(&old), "{name}");
            assert_eq!(site.live(), Some(Slot::Blue), "{name}");
            site.deploys("d-2");
            assert_eq!(site.live(), Some(Slot::Green), "{name}");
        }
    }
}

#[test]
fn f51_a_body_that_is_another_one_each_time_is_given_up_long_before_patience_is_and_one_that_stays_is_not() {
    let says = |text: String| AppAnswer::Says(200, text);
    let stamped = (0..3000).fold(App::good(), |app, at| {
        let body = format!("{{\"status\":\"UP\",\"time\":\"{at}\"}}");
        app.then_answering(Duration::from_millis(at * 40), says(body))
    });
    let up = App::good().answering(says("{\"status\":\"UP\"}".into()));
    for (name, app, at_least, at_most) in [("a time stamp", stamped, 0, 10), ("always the same", up, 100, 120)] {
        let site = Site::of_scripts(Slot::Blue, User::Root);
        site.host.next_release(app);
        let (hook, exit) = site.deploy("d-1");
        assert_eq!((hook, exit.kind()), (Hook::Health, Some(Kind::NotHealthy)), "{name}: {exit:?}");
        assert!(format!("{exit:?}").contains("`health.body = \\\"\\\"`"), "{name}: {exit:?}");
        let took = site.host.elapsed().as_secs();
        assert!((at_least..=at_most).contains(&took), "{name}: {took} s");
    }
}

#[test]
fn f108_a_release_that_opens_its_port_and_gives_up_is_told_to_have_died_however_long_its_threads_take_to_end() {
    let milliseconds = Duration::from_millis;
    for lingers in [1, 30, 400, 1900].map(milliseconds) {
        for (name, app, hook) in [
            ("in its first moments", App::good().booting_for(milliseconds(1500)).dying_after(milliseconds(1505)), None),
            ("while it is asked", App::good().booting_for(milliseconds(4000)).dying_after(milliseconds(4010)), None),
            ("while it answers", App::good().answering(AppAnswer::Hangs).dying_after(milliseconds(2700)), None),
            ("after health", App::good().dying_after(milliseconds(1900)), Some(Hook::Switch)),
        ] {
            let site = Site::of_scripts(Slot::Blue, User::Application);
            let app = app.lingering(lingers);
            site.host.next_release(app);
            let (last, exit) = if hook == Some(Hook::Switch) {
                for before in [Hook::Stop, Hook::Start, Hook::Health] {
                    assert!(site.run(before, Some("d-1")).is_done(), "{name}, {lingers:?}");
                }
                site.host.pass(milliseconds(500));
                site.deploy_from(Hook::Switch, "d-1")
            } else {
                site.deploy("d-1")
            };
            assert_eq!(exit.kind(), Some(Kind::NotStarted), "{name}, {lingers:?}: {last:?} ended with {exit:?}");
            // The next one may begin while the last thread still holds the port.
            site.deploys("d-2");
        }
    }
}

#[test]
fn f33_a_program_that_cannot_be_started_is_told_at_once() {
    for kind in [ErrorKind::NotFound, ErrorKind::PermissionDenied, ErrorKind::OutOfMemory] {
        let site = Site::of_scripts(Slot::Green, User::Application);
        site.host.fail_launch(kind);
        let (hook, exit) = site.deploy("d-1");
        assert_eq!((hook, exit.kind()), (Hook::Start, Some(Kind::NotStarted)));
        site.host.clear_faults();
        site.deploys("d-2");
    }
}

#[test]
fn f125_what_systemd_has_started_again_and_could_not_note_is_known_by_its_unit_and_anybody_elses_is_a_stranger() {
    for (group, known) in [
        ("/user.slice/user-1000.slice/user@1000.service/app.slice/service-url-real2.service", true),
        ("/user.slice/user-1000.slice/user@1000.service/app.slice/service-url-real1.service", false),
        ("/user.slice/user-1001.slice/user@1001.service/app.slice/service-url-real2.service", false),
    ] {
        let site = Site::of_scripts(Slot::Blue, User::Application);
        // Its command line tells nobody whose it is.
        let process = site.host.place_app(App::good(), "none", site.port(Slot::Green));
        site.host.place_in_control_group(&process, group);
        let exit = site.run(Hook::Stop, Some("d-1"));
        assert_eq!((exit.is_done(), site.host.is_running(&process)), (known, !known), "{group}: {exit:?}");
    }
}

#[test]
fn f31_f35_a_stranger_who_takes_the_port_between_stop_and_start_or_health_is_told() {
    for (hooks, hook, kind) in [(1, Hook::Start, Kind::Undecided), (2, Hook::Health, Kind::Undecided)] {
        let site = Site::of_scripts(Slot::Blue, User::Root);
        site.host.next_release(App::good().booting_for(Duration::from_secs(20)));
        for before in &Hook::DEPLOY[..hooks] {
            assert!(site.run(*before, Some("d-1")).is_done());
        }
        let stranger = site.host.place_stranger(site.port(Slot::Green), 1000, "nc -l 8082");
        let exit = site.run(hook, Some("d-1"));
        assert_eq!(exit.kind(), Some(kind), "{exit:?}");
        assert!(site.host.is_running(&stranger));
    }
}

#[test]
fn f47_the_live_release_dies_during_a_deploy_and_the_new_one_is_the_remedy() {
    for hooks in 1..4 {
        for user in User::BOTH {
            let site = Site::of_scripts(Slot::Blue, user);
            for before in &Hook::DEPLOY[..hooks] {
                assert!(site.run(*before, Some("d-1")).is_done());
            }
            site.host.kill_listener(site.port(Slot::Blue));
            let (hook, exit) = site.deploy_from(Hook::DEPLOY[hooks], "d-1");
            assert!(exit.is_done(), "died before {:?}: {hook:?} ended with {exit:?}", Hook::DEPLOY[hooks]);
            assert_eq!(site.live(), Some(Slot::Green));
            let back = site.run(Hook::Back, None);
            assert_eq!(back.kind(), Some(Kind::NotHealthy), "{back:?}");
        }
    }
}

#[test]
fn f88_the_way_back_leads_only_to_a_release_that_served_and_runs_and_answers() {
    let site = Site::of_scripts(Slot::Blue, User::Root);
    assert_eq!(site.run(Hook::Back, None).kind(), Some(Kind::NotHealthy), "nothing runs there");
    site.host.next_release(App::good().answering(AppAnswer::Says(500, String::new())));
    assert_eq!(site.deploy("d-1").1.kind(), Some(Kind::NotHealthy));
    assert_eq!(site.run(Hook::Back, None).kind(), Some(Kind::NotHealthy), "it never served");
    let turns = App::good().then_answering(Duration::from_mins(1), AppAnswer::Says(500, String::new()));
    site.host.next_release(turns);
    site.deploys("d-2");
    site.deploys("d-3");
    site.host.pass(Duration::from_mins(2));
    assert_eq!(site.run(Hook::Back, None).kind(), Some(Kind::NotHealthy), "it answers no more");
    assert_eq!(site.live(), Some(Slot::Blue));
    site.host.reboot();
    assert_eq!(site.run(Hook::Back, None).kind(), Some(Kind::NotHealthy), "a reboot ended it");
}

#[test]
fn f34_a_release_that_failed_and_does_not_end_is_replaced_all_the_same() {
    let stubborn = App::good().on_terminate(OnTerminate::Ignores).answering(AppAnswer::Says(500, String::new()));
    let site = Site::of_scripts(Slot::Blue, User::Application);
    site.host.next_release(stubborn);
    assert_eq!(site.deploy("d-1").1.kind(), Some(Kind::NotHealthy));
    site.deploys("d-2");
    assert_eq!(site.host.releases().len(), 2);
}
