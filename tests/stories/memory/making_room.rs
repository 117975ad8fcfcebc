//! Where memory is too short for two, and `start.overlap = "stop-first"` (F128): the live release makes room for the new one, and is
//! started again as it was whatever else the deploy comes to.

use std::io::ErrorKind;
use std::time::Duration;

use fake_host::{App, AppAnswer, WriteFault};
use shared::config::Overlap;
use shared::error::Kind;
use shared::host::Host;
use shared::host::codedeploy::{Deployment, Status};
use shared::slot::Slot;

use crate::exit::Hook;
use crate::site::{Cutover, Setup, Site, User};

const SETUPS: [Setup; 3] = [
    Setup { user: User::Application, cutover: Cutover::Instant },
    Setup { user: User::Root, cutover: Cutover::Reload },
    Setup { user: User::Application, cutover: Cutover::ReloadAsked },
];

/// A site where one release of these hooks serves alone, and memory is too short for another one beside it.
fn short(setup: Setup) -> Site {
    let mut site = Site::of_scripts(Slot::Blue, setup);
    site.deploys("d-0");
    site.host.kill_listener(site.port(Slot::Blue));
    site.host.room(1_000_000_000, 10_000_000);
    site.settings.start.overlap = Overlap::StopFirst;
    site
}

fn listens(site: &Site, slot: Slot) -> bool {
    !site.host.listening(site.port(slot)).is_empty()
}

/// Asserts that the release before serves again, alone, as it was started, and that the next deploy goes through.
#[track_caller]
fn is_restored(site: &Site, name: &str) {
    let told = format!("{name}: {:?}", site.told);
    assert_eq!(
        (site.live(), listens(site, Slot::Blue), listens(site, Slot::Green)),
        (Some(Slot::Green), false, true),
        "{told}"
    );
    assert!(
        site.serving.borrow().contains("serves") || site.serving.borrow().starts_with("`real2`"),
        "{:?}, {told}",
        site.serving
    );
    assert!(site.told.borrow().join(" ").contains("serves again"), "{told}");
    assert_eq!(site.ledger().room(), None, "{told}");
    let launches = site.host.launches();
    let commands: Vec<_> = launches
        .iter()
        .filter(|launch| site.host.is_running(launch))
        .filter_map(|launch| site.host.process(launch.id))
        .collect();
    assert_eq!(commands.len(), 1, "{told}");
    assert!(commands[0].command.iter().any(|word| word.contains("d-0")), "{told}: {commands:?}");
    assert_eq!(launches.last().and_then(|launch| site.host.memory_sacrifice(launch)), Some(0), "{told}");
    site.host.clear_faults();
    site.deploys("d-2");
    assert_eq!(site.live(), Some(Slot::Blue), "{told}");
}

#[test]
fn f128_where_two_do_not_fit_the_live_release_makes_room_and_the_time_without_any_is_told() {
    for setup in SETUPS {
        let mut site = short(setup);
        // Nobody is warmed up meanwhile: users have nothing.
        site.settings.warm_up.paths = vec!["/".to_owned()];
        assert!(site.run(Hook::Stop, Some("d-1")).is_done());
        let told = site.told.borrow().join("\n");
        assert!(told.contains("memory is too short") && told.contains("THE SITE IS DOWN"), "{told}");
        assert!(listens(&site, Slot::Green), "`stop` never touches the live one");
        assert!(site.run(Hook::Start, Some("d-1")).is_done());
        assert_eq!((listens(&site, Slot::Green), listens(&site, Slot::Blue)), (false, true), "never two at once");
        assert!(site.run(Hook::Health, Some("d-1")).is_done());
        assert!(!site.told.borrow().join("\n").contains("warm-up"), "{:?}", site.told);
        let exit = site.run(Hook::Switch, Some("d-1"));
        assert!(exit.is_done(), "{exit:?}");
        let told = site.told.borrow().join("\n");
        assert!(told.contains("nobody served for at most"), "{told}");
        assert_eq!(site.live(), Some(Slot::Blue));
        let back = site.run(Hook::Back, None);
        assert!(back.kind() == Some(Kind::NotHealthy) && format!("{back:?}").contains("`start.overlap`"), "{back:?}");
        site.deploys("d-2");
    }
}

#[test]
fn f128_where_two_fit_nobody_is_ended_and_a_setting_that_nobody_wrote_ends_nobody_either() {
    for setup in SETUPS {
        let site = short(setup);
        site.host.room(1_000_000_000, 900_000_000);
        site.deploys("d-1");
        assert!(listens(&site, Slot::Green), "the standby is there");
        for overlap in [Overlap::IfMemoryAllows, Overlap::StopFirst] {
            let mut refused = short(setup);
            refused.settings.start.overlap = overlap;
            if overlap == Overlap::StopFirst {
                // Not even alone.
                let live = refused.host.listening(8082)[0];
                refused.host.memory_is_limited_by("/system.slice/agent.service");
                refused.host.place_in_control_group(&live, "/user.slice");
            }
            let exit = refused.run(Hook::Stop, Some("d-1"));
            assert_eq!(exit.kind(), Some(Kind::NoRoom), "{exit:?}");
            assert!(listens(&refused, Slot::Green));
        }
        // What the scripts started could not be started again as it was.
        let mut scripts = Site::of_scripts(Slot::Blue, setup);
        scripts.host.room(1_000_000_000, 10_000_000);
        scripts.settings.start.overlap = Overlap::StopFirst;
        assert_eq!(scripts.run(Hook::Stop, Some("d-1")).kind(), Some(Kind::NoRoom));
        assert!(listens(&scripts, Slot::Blue));
    }
}

#[test]
fn f128_whatever_the_new_release_comes_to_the_one_before_it_is_started_again() {
    let milliseconds = Duration::from_millis;
    let says = |status, body: &str| App::good().answering(AppAnswer::Says(status, body.to_owned()));
    for (name, app, hook) in [
        ("dies at once", App::good().dying_after(Duration::ZERO), Hook::Start),
        (
            "dies while it boots",
            App::good().booting_for(milliseconds(9000)).dying_after(milliseconds(4000)),
            Hook::Health,
        ),
        ("answers with an error", says(404, ""), Hook::Health),
        ("never listens", App::good().booting_for(milliseconds(600_000)), Hook::Health),
    ] {
        for setup in SETUPS {
            let site = short(setup);
            site.host.next_release(app.clone());
            let (last, exit) = site.deploy("d-1");
            assert_eq!(last, hook, "{name}: {exit:?}");
            assert!(!exit.is_done(), "{name}");
            is_restored(&site, name);
        }
    }
}

#[test]
fn f128_f105_where_the_one_before_it_does_not_come_back_either_both_causes_are_told_and_the_next_deploy_brings_the_site_up()
 {
    for setup in SETUPS {
        let site = short(setup);
        site.host.next_release(App::good().dying_after(Duration::ZERO));
        site.host.next_release(App::good().answering(AppAnswer::Says(500, String::new())));
        let (hook, exit) = site.deploy("d-1");
        assert_eq!((hook, exit.kind()), (Hook::Start, Some(Kind::Uncertain)), "{exit:?}");
        let told = format!("{exit:?}");
        for words in ["died at once", "`real2` (port 8082) did not come back", "500", "NOBODY SERVES"] {
            assert!(told.contains(words), "`{words}` is not in {told}");
        }
        site.deploys("d-2");
    }
}

#[test]
fn f128_what_a_cutover_comes_to_brings_the_one_before_it_back() {
    for setup in SETUPS {
        for fault in
            ["nobody wants the deployment any more", "nginx refuses", "it dies in the watch", "it turns bad before"]
        {
            let mut site = short(setup);
            site.caller.aws = true;
            if fault == "it turns bad before" {
                let bad = AppAnswer::Says(500, String::new());
                site.host.next_release(App::good().then_answering(Duration::from_secs(9), bad));
            }
            site.settings.switch.watch = Duration::from_secs(5);
            for hook in &Hook::DEPLOY[..3] {
                assert!(site.run(*hook, Some("d-ABCDEF1")).is_done());
            }
            match fault {
                "nobody wants the deployment any more" => {
                    let stopped =
                        Deployment { id: "d-ABCDEF1".into(), status: Status::of("Stopped"), ..Deployment::default() };
                    site.host.codedeploy_says(Ok(stopped), Duration::ZERO);
                }
                "it turns bad before" => site.host.pass(Duration::from_secs(20)),
                "nginx refuses" => site.host.configuration_is_valid(false),
                _ => {
                    let new = site.host.listening(8081)[0];
                    site.host.will_die(&new, Duration::from_secs(3));
                }
            }
            let exit = site.run(Hook::Switch, Some("d-ABCDEF1"));
            site.host.configuration_is_valid(true);
            if exit.is_done() {
                // The flag needs no word of nginx.
                assert!(fault == "nginx refuses" && setup.cutover == Cutover::Instant, "{fault}: {exit:?}");
                continue;
            }
            site.caller.aws = false;
            is_restored(&site, fault);
        }
    }
}

#[test]
fn f128_f47_a_live_release_that_dies_before_it_could_make_room_is_started_again_if_the_new_one_is_bad() {
    for setup in SETUPS {
        for good in [true, false] {
            let site = short(setup);
            assert!(site.run(Hook::Stop, Some("d-1")).is_done());
            site.host.kill_listener(site.port(Slot::Green));
            if !good {
                site.host.next_release(App::good().answering(AppAnswer::Says(404, String::new())));
            }
            let (hook, exit) = site.deploy_from(Hook::Start, "d-1");
            assert_eq!((hook, exit.is_done()), (if good { Hook::Switch } else { Hook::Health }, good), "{exit:?}");
            if good {
                assert!(!site.told.borrow().join(" ").contains("did not fit"), "{:?}", site.told);
            } else {
                is_restored(&site, "it had died");
            }
        }
    }
}

#[test]
fn f128_i4_who_is_killed_anywhere_leaves_a_host_that_can_be_deployed_to() {
    for setup in SETUPS {
        for hook in Hook::DEPLOY {
            for point in 1.. {
                let site = short(setup);
                for before in Hook::DEPLOY.into_iter().take_while(|before| *before != hook) {
                    assert!(site.run(before, Some("d-1")).is_done());
                }
                site.host.kill_at(point);
                let killed = site.run(hook, Some("d-1")) == crate::exit::Exit::Killed;
                site.host.clear_faults();
                if !killed {
                    break;
                }
                site.host.pass(Duration::from_secs(30));
                let (last, exit) = site.deploy("d-2");
                assert!(exit.is_done(), "{hook:?} killed at {point}, then {last:?}: {exit:?}");
            }
        }
    }
}

#[test]
fn f128_i3_a_signal_and_a_disk_that_fills_bring_the_one_before_it_back_or_leave_the_new_one() {
    for setup in SETUPS {
        for hook in [Hook::Start, Hook::Health] {
            for fault in 1..60 {
                let site = short(setup);
                site.host.next_release(App::good().booting_for(Duration::from_millis(900)));
                for before in Hook::DEPLOY.into_iter().take_while(|before| *before != hook) {
                    assert!(site.run(before, Some("d-1")).is_done());
                }
                if fault < 40 {
                    site.host.interrupt_at(fault);
                } else {
                    let kind = ErrorKind::StorageFull;
                    site.host.fail_write(WriteFault { nth: fault - 39, for_good: true, kind, after_the_rename: false });
                }
                let exit = site.run(hook, Some("d-1"));
                let told = format!("{hook:?}, {setup:?}, {fault}: {exit:?}, {:?}", site.told);
                site.host.clear_faults();
                site.host.pass(Duration::from_secs(2));
                assert_ne!(listens(&site, Slot::Green), listens(&site, Slot::Blue), "one of them, {told}");
                assert!(exit.is_done() || listens(&site, Slot::Green), "{told}");
                site.host.next_releases_are_good();
                site.deploys("d-2");
            }
        }
    }
}
