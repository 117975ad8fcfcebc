//! Deploys on which nothing goes wrong.

use fake_host::{App, Binding, OnTerminate};
use shared::error::Kind;
use shared::slot::Slot;
use std::time::Duration;

use crate::exit::Hook;
use crate::site::{Setup, Site, User};

#[test]
fn i8_two_deploys_and_the_way_back_leave_a_warm_standby_each_time() {
    for setup in Setup::ALL {
        for first in Slot::BOTH {
            let site = Site::of_scripts(first, setup);
            for (number, live) in [!first, first, !first].into_iter().enumerate() {
                let old = site.host.live().unwrap();
                site.deploys(&format!("d-{number}"));
                assert_eq!(site.live(), Some(live));
                assert!(site.host.is_running(&old), "the standby runs");
                let new = site.host.live().unwrap();
                assert_eq!((site.host.memory_sacrifice(&new), site.host.memory_sacrifice(&old)), (Some(0), Some(1000)));
            }
            let launched = site.host.launches().len();
            for live in [first, !first] {
                let exit = site.run(Hook::Back, None);
                assert!(exit.is_done(), "{exit:?}");
                assert_eq!(site.live(), Some(live));
                assert_eq!(site.host.listening(site.port(Slot::Blue)).len(), 1);
                assert_eq!(site.host.listening(site.port(Slot::Green)).len(), 1);
            }
            assert_eq!(site.host.launches().len(), launched, "the way back starts nothing");
        }
    }
}

#[test]
fn f45_a_cold_host_gets_its_first_release() {
    for setup in Setup::ALL {
        let site = Site::cold(Slot::Blue, setup);
        site.host.delete(&site.settings.proxy.include.clone());
        site.host.write(&site.settings.proxy.include.clone(), b"set $service_url http://127.0.0.1:8080;\n");
        site.host.foreign_reload();
        site.deploys("d-1");
        assert_eq!(site.live(), Some(Slot::Blue));
        site.deploys("d-2");
        assert_eq!(site.live(), Some(Slot::Green));
    }
}

#[test]
fn f09_after_a_reboot_with_nobody_in_either_slot_a_deploy_succeeds() {
    for setup in Setup::ALL {
        let site = Site::of_scripts(Slot::Blue, setup);
        site.deploys("d-1");
        site.host.reboot();
        site.deploys("d-2");
        assert_eq!(site.live(), Some(Slot::Blue));
    }
}

#[test]
fn f80_a_deploy_after_the_ledger_was_damaged_or_lost_succeeds() {
    let damages: [Option<&[u8]>; 4] = [None, Some(b""), Some(b"{}"), Some(b"\xff\xfe")];
    for damage in damages {
        let site = Site::of_scripts(Slot::Blue, User::Application);
        site.deploys("d-1");
        let path = site.settings.ledger_directory().join("ledger.json");
        match damage {
            Some(bytes) => site.host.write(&path, bytes),
            None => site.host.delete(&path),
        }
        site.deploys("d-2");
        assert_eq!(site.live(), Some(Slot::Blue));
    }
}

#[test]
fn f34_releases_that_boot_slowly_or_behind_a_wrapper_or_end_slowly_are_deployed_and_replaced() {
    let seconds = Duration::from_secs;
    for (name, app) in [
        ("boots for 90 s", App::good().booting_for(seconds(90))),
        ("a wrapper", App::good().binding(Binding::ByChild)),
        ("ends after 30 s", App::good().on_terminate(OnTerminate::EndsAfter(seconds(30)))),
        ("ends after 60 s", App::good().on_terminate(OnTerminate::EndsAfter(seconds(60)))),
        ("ignores SIGTERM", App::good().on_terminate(OnTerminate::Ignores)),
        ("ignores SIGTERM behind a wrapper", App::good().binding(Binding::ByChild).on_terminate(OnTerminate::Ignores)),
    ] {
        for setup in Setup::ALL {
            let site = Site::of_scripts(Slot::Blue, setup);
            for number in 0..4 {
                site.host.next_release(app.clone());
                site.deploys(&format!("d-{number}"));
            }
            let expected = if app.binding == Binding::ByChild { 4 } else { 2 };
            assert_eq!(site.host.releases().len(), expected, "{name}: nothing of the older releases is left");
        }
    }
}

#[test]
fn f81_a_hook_that_finds_the_lock_held_ends_with_busy() {
    let site = Site::of_scripts(Slot::Blue, User::Root);
    for hook in Hook::DEPLOY {
        site.host.hold_lock("stop of deployment `d-0`, process 7");
        let exit = site.run(hook, Some("d-1"));
        assert_eq!(exit.kind(), Some(Kind::Busy), "{exit:?}");
        site.host.clear_faults();
        assert!(site.run(hook, Some("d-1")).is_done());
    }
}
