//! A release that `health` has refused serves nobody, whatever happens to the live one: it is ended, and its slot is free.

use std::time::Duration;

use fake_host::{App, AppAnswer, Binding, OnTerminate};
use shared::error::Kind;
use shared::slot::Slot;

use crate::exit::Hook;
use crate::site::{Cutover, Setup, Site, User};

#[test]
fn f117_a_refused_release_is_ended_and_its_slot_can_be_filled_again() {
    let bad = || App::good().answering(AppAnswer::Says(401, "who are you?".into()));
    for (name, app) in [
        ("refused", bad()),
        ("a wrapper's", bad().binding(Binding::ByChild)),
        ("one that takes no notice of SIGTERM", bad().on_terminate(OnTerminate::Ignores)),
        ("one that never listens", App::good().binding(Binding::Never)),
        (
            "one that dies meanwhile",
            App::good().booting_for(Duration::from_secs(9)).dying_after(Duration::from_secs(4)),
        ),
    ] {
        for setup in Setup::ALL {
            let site = Site::of_scripts(Slot::Blue, setup);
            site.host.next_release(app.clone());
            let (hook, exit) = site.deploy("d-1");
            assert_eq!(hook, Hook::Health, "{name}: {exit:?}");
            let left: Vec<_> = site.host.launches().into_iter().filter(|launch| site.host.is_running(launch)).collect();
            assert_eq!(left, [], "{name}: {setup:?}");
            assert!(site.host.listening(8082).is_empty(), "{name}: {setup:?}");
            assert!(site.told.borrow().join(" ").contains("was ended"), "{name}: {:?}", site.told);
            let ledger = site.ledger();
            assert!(ledger.tenants.green.release.is_none() && ledger.refused.is_some(), "{name}: {ledger:?}");
            for hook in [Hook::Start, Hook::Health, Hook::Switch] {
                let exit = site.run(hook, Some("d-1"));
                assert!(exit.is_done(), "{name}, run again: {hook:?} {exit:?}");
            }
            assert_eq!((site.live(), site.ledger().refused), (Some(Slot::Green), None), "{name}: {setup:?}");
        }
    }
}

#[test]
fn f117_whoever_is_interrupted_has_refused_nobody() {
    let site = Site::of_scripts(Slot::Blue, Setup { user: User::Root, cutover: Cutover::Instant });
    site.host.next_release(App::good().answering(AppAnswer::Says(503, "starting".into())));
    for hook in &Hook::DEPLOY[..2] {
        assert!(site.run(*hook, Some("d-1")).is_done());
    }
    site.host.interrupt_at(3);
    let exit = site.run(Hook::Health, Some("d-1"));
    assert_eq!(exit.kind(), Some(Kind::Interrupted), "{exit:?}");
    site.host.clear_faults();
    assert_eq!(site.host.listening(8082).len(), 1, "it may be asked again");
    assert!(site.ledger().refused.is_none() && site.ledger().tenants.green.release.is_some());
}

#[test]
fn f117_i2_a_release_that_somebody_has_moved_the_traffic_to_is_not_ended_however_bad_it_is() {
    let site = Site::of_scripts(Slot::Blue, User::Root);
    site.host.next_release(App::good().answering(AppAnswer::Says(401, String::new())));
    for hook in &Hook::DEPLOY[..2] {
        assert!(site.run(*hook, Some("d-1")).is_done());
    }
    site.host.write(&site.settings.proxy.include.clone(), b"set $service_url http://127.0.0.1:8082;\n");
    site.host.foreign_reload();
    let exit = site.run(Hook::Health, Some("d-1"));
    assert_eq!(exit.kind(), Some(Kind::NotHealthy), "{exit:?}");
    let serves = site.host.listening(8082);
    assert_eq!(serves.iter().map(|one| site.host.has_small_share(one)).collect::<Vec<_>>(), [Some(false)], "F129");
    assert!(site.told.borrow().join(" ").contains("was not ended: nginx sends the traffic there"), "{:?}", site.told);
}

#[test]
fn f117_i2_a_refused_release_that_nginx_has_gone_on_to_is_all_that_users_have_and_stays() {
    let site = Site::of_scripts(Slot::Blue, Setup { user: User::Root, cutover: Cutover::Instant });
    site.deploys("d-1");
    site.host.next_release(App::good().answering(AppAnswer::Says(200, "real".into())));
    for hook in &Hook::DEPLOY[..2] {
        assert!(site.run(*hook, Some("d-2")).is_done());
    }
    site.host.pass(Duration::from_secs(2));
    site.host.kill_listener(site.port(Slot::Green));
    let exit = site.run(Hook::Health, Some("d-2"));
    assert_eq!(exit.kind(), Some(Kind::NotHealthy), "{exit:?}");
    let serves = site.host.listening(8081);
    assert_eq!(serves.iter().map(|one| site.host.has_small_share(one)).collect::<Vec<_>>(), [Some(false)], "F129");
    site.deploys("d-3");
}
