//! Whoever may be all that is left is not ended: the live release is looked at again right before the other one gets its SIGTERM.

use std::time::Duration;

use fake_host::{App, AppAnswer, Deed};
use shared::config::Standby;
use shared::error::Kind;
use shared::host::Signal;
use shared::slot::Slot;

use crate::exit::{Exit, Hook};
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
fn f114_the_last_release_that_runs_is_not_ended_where_nginx_does_not_go_on_to_it_by_itself_and_the_way_back_leads_to_it()
 {
    let milliseconds = Duration::from_millis;
    for user in User::BOTH {
        for live in Slot::BOTH {
            // Before `stop` begins, and while it waits for requests to the standby.
            for dies in [None, Some(milliseconds(100))] {
                let site = Site::of_scripts(!live, user);
                site.deploys("d-1");
                let (serves, standby) = (site.host.listening(site.port(live)), site.host.listening(site.port(!live)));
                match dies {
                    Some(after) => site.host.will_die(&serves[0], after),
                    None => site.host.kill_listener(site.port(live)),
                }
                let before = site.include();
                let exit = site.run(Hook::Stop, Some("d-2"));
                let told = format!("{user:?}, {live:?}, {dies:?}: {exit:?}");
                assert_eq!(exit.kind(), Some(Kind::Undecided), "{told}");
                let Exit::Failed(error) = &exit else { unreachable!("{told}") };
                assert!(error.advice().is_some_and(|advice| advice.contains("--back")), "{told}");
                assert!(site.serving.borrow().starts_with("SITE DOWN: "), "{told}: {}", site.serving.borrow());
                assert_eq!(
                    (site.host.listening(site.port(!live)), site.include()),
                    (standby.clone(), before),
                    "{told}"
                );
                assert!(site.run(Hook::Back, None).is_done(), "{told}");
                assert_eq!(site.host.live(), Some(standby[0]), "the site is up: {told}");
                site.deploys("d-3");
            }
        }
    }
}

#[test]
fn f114_f47_a_release_that_could_not_serve_either_is_in_nobodys_way() {
    let bad = || App::good().answering(AppAnswer::Says(500, String::new()));
    let ill = App::good().then_answering(Duration::from_mins(1), AppAnswer::Hangs);
    for (name, standby, runs) in [
        ("it was refused by `health`, which ends it (F117)", bad(), false),
        ("it has fallen ill since it served", ill, true),
    ] {
        let site = Site::of_scripts(Slot::Blue, User::Application);
        site.host.next_release(standby);
        if site.deploy("d-1").1.is_done() {
            site.deploys("d-2");
            site.host.pass(Duration::from_mins(2));
        }
        let Some(live) = site.live() else { unreachable!("{name}: nginx runs") };
        site.host.kill_listener(site.port(live));
        assert_eq!(!site.host.listening(site.port(!live)).is_empty(), runs, "{name}");
        site.deploys("d-3");
    }
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
