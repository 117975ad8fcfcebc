//! Whoever may be all that is left is not ended: the live release is looked at again right before the other one gets its SIGTERM.

use std::time::Duration;

use fake_host::Deed;
use shared::config::Standby;
use shared::error::Kind;
use shared::host::Signal;
use shared::slot::Slot;

use crate::exit::Hook;
use crate::site::{Cutover, Setup, Site, User};

#[test]
fn i2_a_live_release_that_dies_while_stop_waits_for_requests_to_the_standby_keeps_that_from_being_ended() {
    for user in User::BOTH {
        let site = Site::of_scripts(Slot::Blue, Setup { user, cutover: Cutover::Instant });
        // The reload that brings the flag in leaves old workers behind, which hold requests towards the standby for a while.
        site.deploys("d-1");
        let (live, standby) = (site.host.listening(8082), site.host.listening(8081));
        assert_eq!((site.live(), live.len(), standby.len()), (Some(Slot::Green), 1, 1));
        site.host.will_die(&live[0], Duration::from_millis(100));
        let exit = site.run(Hook::Stop, Some("d-2"));
        assert_eq!(exit.kind(), Some(Kind::Undecided), "{exit:?}");
        assert!(!site.host.is_running(&live[0]), "it died while `stop` waited");
        assert_eq!(site.host.listening(8081), standby, "what nginx has gone on to runs");
        site.deploys("d-3");
    }
}

#[test]
fn f47_where_nginx_goes_nowhere_by_itself_a_live_release_that_dies_does_not_keep_the_idle_slot_from_being_freed() {
    let site = Site::of_scripts(Slot::Blue, User::Root);
    site.deploys("d-1");
    let live = site.host.listening(8082);
    site.host.will_die(&live[0], Duration::from_millis(100));
    let exit = site.run(Hook::Stop, Some("d-2"));
    assert!(exit.is_done() && !site.host.is_running(&live[0]), "{exit:?}");
    let (hook, exit) = site.deploy_from(Hook::Start, "d-2");
    assert!(exit.is_done(), "the next release is the remedy: {hook:?} ended with {exit:?}");
}

#[test]
fn f75_with_standby_stop_the_old_release_is_not_ended_once_the_new_one_is_dead_and_its_requests_may_end_first() {
    let mut kept = 0;
    for after in (0..600).step_by(20).map(Duration::from_millis) {
        let mut site = Site::of_scripts(Slot::Blue, User::Root);
        site.settings.switch.standby = Standby::Stop;
        for hook in &Hook::DEPLOY[..3] {
            assert!(site.run(*hook, Some("d-1")).is_done());
        }
        let (old, new) = (site.host.listening(8081)[0], site.host.listening(8082)[0]);
        let death = site.host.now() + after;
        site.host.will_die(&new, after);
        let exit = site.run(Hook::Switch, Some("d-1"));
        let ended = site.host.journal().into_iter().find(
            |entry| matches!(&entry.deed, Deed::Signalled { process, signal: Signal::Terminate, .. } if process.identity == old),
        );
        match ended {
            Some(ended) => {
                assert!(ended.at < death, "died after {after:?}, and the old one was ended all the same: {exit:?}");
                assert!(
                    ended.at > death.saturating_sub(after) + Duration::from_millis(300),
                    "its requests were cut off"
                );
            }
            None => kept += usize::from(exit.is_done()),
        }
    }
    assert!(kept > 5, "the new one died while requests to the old one were waited for: {kept} times");
}
