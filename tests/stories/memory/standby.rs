//! The standby that is kept for a while (`switch.standby = "30m"`, F126): who ends it when its time is over looks again, and never ends
//! what users may have. The timer itself is told by the stories on a booted host.

use std::time::Duration;

use shared::config::Standby;
use shared::error::Kind;
use shared::host::Host;
use shared::slot::Slot;

use crate::exit::{Exit, Hook};
use crate::site::{Cutover, Setup, Site, User};

const INSTANT: Setup = Setup { user: User::Application, cutover: Cutover::Instant };
const RELOAD: Setup = Setup { user: User::Root, cutover: Cutover::Reload };

/// A site with a live release and its standby, and what a timer would know of that standby.
fn prepared(setup: Setup) -> (Site, impl Fn(&Site) -> Exit) {
    let site = Site::of_scripts(Slot::Blue, setup);
    site.deploys("d-0");
    site.deploys("d-1");
    let standby = site.live().map_or(Slot::Blue, |live| !live);
    let release = site.ledger().tenants.get(standby).release.as_ref().map(|release| release.name.clone());
    let generation = site.ledger().announced.map_or(0, |announced| announced.generation);
    (site, move |site| site.retire(standby, release.as_deref(), generation))
}

fn listens(site: &Site, slot: Slot) -> bool {
    !site.host.listening(site.port(slot)).is_empty()
}

/// Who runs before is whoever runs after.
#[track_caller]
fn ends_nobody(site: &Site, timer: &impl Fn(&Site) -> Exit, why: &str) {
    let before = Slot::BOTH.map(|slot| listens(site, slot));
    let exit = timer(site);
    assert!(
        matches!(&exit, Exit::Done(result) if result.contains("nobody was ended") && result.contains(why)),
        "{exit:?}"
    );
    assert_eq!(Slot::BOTH.map(|slot| listens(site, slot)), before, "{why}");
}

#[test]
fn f126_when_its_time_is_over_the_standby_alone_is_ended_and_who_wants_it_back_is_told_why_there_is_none() {
    for setup in [INSTANT, RELOAD] {
        let (site, timer) = prepared(setup);
        let live = site.live();
        let exit = timer(&site);
        assert!(matches!(&exit, Exit::Done(result) if result.contains("was ended after its time")), "{exit:?}");
        assert_eq!((site.live(), Slot::BOTH.map(|slot| listens(&site, slot))), (live, [true, false]));
        ends_nobody(&site, &timer, "another release is there, or none");
        let back = site.run(Hook::Back, None);
        assert_eq!(back.kind(), Some(Kind::NotHealthy));
        assert!(format!("{back:?}").contains("as `switch.standby` or"), "{back:?}");
        site.deploys("d-2");
        assert_eq!(site.ledger().retired, None);
        assert!(site.run(Hook::Back, None).is_done(), "there is one again");
    }
}

#[test]
fn f126_a_timer_that_is_late_ends_nobody_where_traffic_has_moved_or_the_slot_has_another_release() {
    for setup in [INSTANT, RELOAD] {
        let (site, timer) = prepared(setup);
        let back = site.clone();
        assert!(back.run(Hook::Back, None).is_done());
        ends_nobody(&back, &timer, "traffic has moved since");
        // There and back again: the same release in the same slot, and it has not stood by for its time.
        assert!(back.run(Hook::Back, None).is_done());
        ends_nobody(&back, &timer, "traffic has moved since");
        for hook in &Hook::DEPLOY[..3] {
            assert!(site.run(*hook, Some("d-2")).is_done());
            ends_nobody(&site, &timer, "another release is there, or none");
        }
        assert!(site.run(Hook::Switch, Some("d-2")).is_done());
        ends_nobody(&site, &timer, "traffic has moved since");
        site.host.delete(&site.settings.ledger_directory().join("ledger.json"));
        ends_nobody(&site, &timer, "traffic has moved since");
    }
}

#[test]
fn f126_i2_a_standby_that_users_may_have_stays() {
    for setup in [INSTANT, RELOAD] {
        let (site, timer) = prepared(setup);
        let live = site.live().unwrap_or(Slot::Blue);
        let dead = site.clone();
        dead.host.kill_listener(dead.port(live));
        ends_nobody(&dead, &timer, "it may be all that users have");
        // By hand, behind the hooks' back.
        if setup == RELOAD {
            let include = format!("set $service_url http://127.0.0.1:{};\n", site.port(!live));
            site.host.write(&site.settings.proxy.include, include.as_bytes());
            site.host.foreign_reload();
            site.host.pass(Duration::from_secs(1));
            ends_nobody(&site, &timer, "it may be all that users have");
        }
    }
}

#[test]
fn f126_i4_who_is_killed_anywhere_while_ending_a_standby_leaves_a_host_that_can_be_deployed_to() {
    let (prepared, timer) = prepared(INSTANT);
    let live = prepared.live();
    for point in 1.. {
        let site = prepared.clone();
        site.host.kill_at(point);
        let killed = timer(&site) == Exit::Killed;
        site.host.clear_faults();
        if !killed {
            assert!(point > 2, "there was something to kill");
            break;
        }
        assert_eq!(site.live(), live, "killed at point {point}");
        site.host.pass(Duration::from_secs(30));
        site.deploys("d-2");
    }
}

#[test]
fn f126_i6_while_another_hook_is_at_work_nobody_is_ended_and_systemd_is_told_to_come_again() {
    let (site, timer) = prepared(INSTANT);
    let lock = site.host.lock(&site.settings.ledger_directory().join("lock"), "a deploy");
    assert!(matches!(lock, Ok(Ok(_))), "it is free");
    // By exit code 11, which `RestartForceExitStatus=` names.
    assert_eq!(timer(&site).kind(), Some(Kind::Busy));
    assert_eq!(Slot::BOTH.map(|slot| listens(&site, slot)), [true, true]);
    drop(lock);
    assert!(timer(&site).is_done());
}

#[test]
fn f126_without_systemd_a_time_is_refused_by_stop_and_switch_before_anything_changes() {
    for hook in [Hook::Stop, Hook::Switch] {
        let mut site = Site::of_scripts(Slot::Blue, INSTANT);
        site.deploys("d-0");
        for before in Hook::DEPLOY.into_iter().take_while(|before| *before != hook) {
            assert!(site.run(before, Some("d-1")).is_done());
        }
        site.settings.switch.standby = Standby::For(Duration::from_mins(30));
        let serves = site.live();
        let exit = site.run(hook, Some("d-1"));
        assert_eq!((exit.kind(), site.live()), (Some(Kind::Settings), serves), "{exit:?}");
        let told = format!("{exit:?}");
        assert!(told.contains("`switch.standby`") && told.contains("`app.supervisor = "), "{told}");
        if hook == Hook::Stop {
            assert!(site.run(Hook::Back, None).is_done(), "the way back needs no timer");
        }
    }
}
