//! The host goes down before any effect of any hook, and everything that ran on it with it; detached releases do not come back.
//! The next deployment brings the site up, whatever was half done (F09, I4).

use shared::slot::Slot;

use crate::exit::{Exit, Hook};
use crate::site::{Setup, Site};

const HOOKS: [Hook; 5] = [Hook::Stop, Hook::Start, Hook::Health, Hook::Switch, Hook::Back];

/// A site on which `hook` is next, with a standby to stop.
fn prepared(hook: Hook, setup: Setup) -> Site {
    let site = Site::of_scripts(Slot::Blue, setup);
    site.deploys("d-0");
    for before in Hook::DEPLOY.into_iter().take_while(|before| *before != hook && hook != Hook::Back) {
        let exit = site.run(before, Some("d-1"));
        assert!(exit.is_done(), "{before:?} ended with {exit:?}");
    }
    site
}

/// How a host goes down.
#[derive(Clone, Copy, Debug)]
enum End {
    Reboot,
    PowerCut,
}

#[test]
fn f09_i4_a_reboot_before_any_effect_of_any_hook_leaves_a_host_that_the_next_deployment_brings_up() {
    goes_down_before_any_effect_of_any_hook(End::Reboot);
}

#[test]
fn f141_i4_a_power_cut_that_takes_the_last_notes_leaves_a_host_that_the_next_deployment_brings_up() {
    goes_down_before_any_effect_of_any_hook(End::PowerCut);
}

#[test]
fn f141_a_power_cut_after_stop_or_switch_takes_nothing_that_the_next_hook_needs() {
    for setup in Setup::ALL {
        // `start` goes on, though the machine has lost its power since.
        let site = prepared(Hook::Start, setup);
        site.host.lose_power();
        let exit = site.run(Hook::Start, Some("d-1"));
        assert!(exit.is_done(), "{setup:?}: {exit:?}");
        let site = prepared(Hook::Switch, setup);
        let exit = site.run(Hook::Switch, Some("d-1"));
        assert!(exit.is_done(), "{setup:?}: {exit:?}");
        let noted = site.ledger();
        site.host.lose_power();
        assert_eq!(site.ledger(), noted, "{setup:?}");
    }
}

#[test]
fn f141_after_a_power_cut_right_after_health_the_release_before_it_is_remembered_and_none_is_taken_for_healthy() {
    for setup in Setup::ALL {
        let site = prepared(Hook::Switch, setup);
        let live = site.ledger().live;
        site.host.lose_power();
        assert_eq!(site.ledger().live, live, "{setup:?}");
        assert!(!site.run(Hook::Switch, Some("d-1")).is_done(), "{setup:?}");
        site.deploys("d-2");
    }
}

fn goes_down_before_any_effect_of_any_hook(end: End) {
    let mut found = Vec::new();
    for setup in Setup::ALL {
        for hook in HOOKS {
            let prepared = prepared(hook, setup);
            for point in 1.. {
                let site = prepared.clone();
                site.host.kill_at(point);
                let exit = site.run(hook, Some("d-1"));
                site.host.clear_faults();
                let is_last = exit != Exit::Killed;
                match end {
                    End::Reboot => site.host.reboot(),
                    End::PowerCut => site.host.lose_power(),
                }
                let mut tell = |what: String| found.push(format!("{setup:?}, {hook:?}, point {point}: {what}"));
                // There is nobody to go back to, and no traffic goes to whoever has the id of one that was.
                let back = site.clone().run(Hook::Back, None);
                if back.is_done() {
                    tell("the way back leads to nobody".to_owned());
                }
                for again in [false, true] {
                    let site = site.clone();
                    if again {
                        // The agent comes up again and goes on, say: whatever becomes of it, the next deployment is as good.
                        let same = site.run(hook, Some("d-1"));
                        if same == Exit::Killed {
                            tell("the same hook was killed".to_owned());
                        }
                    }
                    let launched = site.host.launches().len();
                    let (last, exit) = site.deploy("d-2");
                    if !exit.is_done() {
                        tell(format!("{last:?} of the next ended with {exit:?}, the same hook again: {again}"));
                        continue;
                    }
                    let serves = site.host.live().and_then(|live| shared::host::Host::process(&site.host, live.id));
                    let started = site.host.launches().get(launched).map(|launch| launch.id);
                    if serves.map(|process| process.session) != started {
                        tell("something else serves than what the next deployment started".to_owned());
                    }
                }
                if is_last {
                    assert!(point > 8, "{hook:?} ended with {exit:?} at point {point}");
                    break;
                }
            }
        }
    }
    assert!(found.is_empty(), "{} of them: {found:#?}", found.len());
}
