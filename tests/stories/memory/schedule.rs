//! Random schedules: deploys, single hooks, crashes and mishaps in any order. After each hook the invariants of `Site::run`
//! hold; at the end everything is mended, and a deploy succeeds. F106, F121, F122 and a part of F105 were found in this way.
//! `RANDOM_SEED=SEED cargo test --workspace --test memory` repeats a run, with the seed that it printed.

use std::io::ErrorKind;
use std::time::Duration;

use fake_host::{Door, PidFile, Reloading, WriteFault};
use proptest::prelude::*;
use shared::config::Standby;
use shared::error::Kind;
use shared::host::{Answer, Host};
use shared::slot::Slot;

use crate::exit::{Exit, Hook};
use crate::operation::{Behaviour, Operation, operation};
use crate::site::{Cutover, Setup, Site, User};

/// A site and the deployments that are told apart on it.
struct Story {
    site: Site,
    deployments: usize,
}

impl Story {
    fn happens(&mut self, operation: &Operation) {
        let host = &self.site.host;
        match operation {
            Operation::Deploy(behaviour) => {
                host.next_release(behaviour.app());
                self.deploy();
            }
            Operation::Single(hook, who) => {
                let exit = self.site.run(*hook, self.deployment(*who).as_deref());
                self.hold(*hook, &exit);
            }
            Operation::Interrupted(hook, wait) => {
                host.interrupt_at(*wait);
                self.site.run(*hook, self.deployment(0).as_deref());
            }
            Operation::KilledAt(hook, point) => {
                host.kill_at(*point);
                self.site.run(*hook, self.deployment(0).as_deref());
            }
            Operation::WriteFails(hook, nth) => {
                host.fail_write(WriteFault {
                    nth: *nth,
                    for_good: false,
                    kind: ErrorKind::StorageFull,
                    after_the_rename: nth % 2 == 0,
                });
                self.site.run(*hook, self.deployment(0).as_deref());
            }
            Operation::KillLive => {
                if let Some(live) = self.site.live() {
                    host.kill_listener(self.site.port(live));
                }
            }
            Operation::KillStandby => {
                if let Some(live) = self.site.live() {
                    host.kill_listener(self.site.port(!live));
                }
            }
            Operation::NginxDown(pid_file) => host.nginx_down(*pid_file),
            Operation::NginxUp => {
                host.nginx_up();
            }
            Operation::Configuration(valid) => host.configuration_is_valid(*valid),
            Operation::DoorNoHelp => host.door(Door::Answers(Answer::Response {
                status: 301,
                location: Some("https://example.org/".into()),
                body: String::new(),
            })),
            Operation::DoorHelps => host.door(Door::Nginx),
            Operation::NextReload(reloading) => host.next_reload(*reloading),
            Operation::ForeignReload => host.foreign_reload(),
            // Whoever loses the ledger in the middle of a cutover loses what there is to settle.
            Operation::DamageLedger | Operation::LoseLedger if self.site.unsettled.get() => {}
            Operation::DamageLedger => {
                if host.describe(&self.ledger()).is_ok() {
                    host.write(&self.ledger(), b"zero-downtime-hooks ledger, format 1, sha256 0\n{}\n");
                }
            }
            Operation::LoseLedger => host.delete(&self.ledger()),
            Operation::Reboot => host.reboot(),
            Operation::Wait(seconds) => host.pass(Duration::from_secs(*seconds)),
        }
        self.site.host.clear_faults();
    }

    fn deploy(&mut self) {
        self.deployments += 1;
        let name = format!("d-{}", self.deployments);
        let before = self.site.host.live();
        let (hook, exit) = self.site.deploy(&name);
        self.site.host.next_releases_are_good();
        self.hold(hook, &exit);
        if exit.is_done() {
            assert_eq!(hook, Hook::Switch);
            assert_ne!(self.site.host.live(), before, "a new release serves");
        }
    }

    /// What a switch says is true of the host (I10).
    fn hold(&self, hook: Hook, exit: &Exit) {
        if exit.is_done() && matches!(hook, Hook::Switch | Hook::Back) {
            assert!(self.site.live().is_some(), "{exit:?}, and nginx sends traffic to neither slot");
        }
    }

    fn deployment(&self, who: u8) -> Option<String> {
        match who {
            0 => Some(format!("d-{}", self.deployments)),
            1 => Some("d-other".to_owned()),
            _ => None,
        }
    }

    fn ledger(&self) -> std::path::PathBuf {
        self.site.settings.ledger_directory().join("ledger.json")
    }

    /// Everything is mended, as a person would who reads the advice.
    fn ends_well(mut self) {
        let host = &self.site.host;
        host.configuration_is_valid(true);
        host.door(Door::Nginx);
        host.pass(Duration::from_mins(1));
        host.nginx_up();
        for _ in 0..6 {
            // Reloads that were to fail are used up.
            host.foreign_reload();
        }
        // A first deploy may have to settle what is open, or to say that it cannot tell.
        self.deployments += 1;
        let (hook, exit) = self.site.deploy(&format!("d-{}", self.deployments));
        if exit.is_done() {
            return;
        }
        assert_eq!(exit.kind(), Some(Kind::Undecided), "{hook:?} ended with {exit:?}");
        // The advice: the last release that runs gets the traffic; or the ledger goes, which is only a cache, since the include and
        // nginx agree by now.
        if !self.site.run(Hook::Back, None).is_done() {
            self.site.host.delete(&self.ledger());
            self.site.host.foreign_reload();
            let (hook, exit) = self.site.deploy("d-without-ledger");
            if exit.is_done() {
                return;
            }
            assert_eq!(exit.kind(), Some(Kind::Undecided), "{hook:?} ended with {exit:?}");
            if let (false, Some(live)) = (self.site.run(Hook::Back, None).is_done(), self.site.live()) {
                self.site.host.kill_listener(self.site.port(!live));
            }
        }
        self.site.deploys("d-last");
    }
}

/// A whole schedule, and what has to hold at its end.
fn holds(live: Slot, setup: Setup, operations: &[Operation], watch: Duration, standby: Standby) {
    let mut site = Site::of_scripts(live, setup);
    // A few requests, so that what strikes at a wait strikes elsewhere as often.
    (site.settings.warm_up.paths, site.settings.warm_up.requests) = (vec!["/".to_owned()], 6);
    let mut story = Story { site, deployments: 0 };
    story.site.settings.switch.watch = watch;
    story.site.settings.switch.standby = standby;
    for operation in operations {
        story.happens(operation);
    }
    story.ends_well();
}

/// A schedule that was found once, on every site.
fn holds_everywhere(operations: &[Operation]) {
    for setup in Setup::ALL {
        for live in Slot::BOTH {
            for watch in [Duration::ZERO, Duration::from_secs(5)] {
                for standby in [Standby::Keep, Standby::Stop] {
                    holds(live, setup, operations, watch, standby);
                }
            }
        }
    }
}

#[test]
fn f121_found_by_chance_no_release_serves_where_nginx_has_no_worker_left() {
    holds_everywhere(&[
        Operation::DoorNoHelp,
        Operation::Deploy(Behaviour::Good),
        Operation::NextReload(Reloading::NewWorkersDie),
        Operation::ForeignReload,
        Operation::Deploy(Behaviour::Good),
    ]);
}

#[test]
fn f122_found_by_chance_a_hook_that_is_refused_since_nginx_is_down_leaves_the_flag_as_it_is() {
    for nth in 1..5 {
        for pid_file in [PidFile::Removed, PidFile::Left] {
            holds_everywhere(&[
                Operation::Deploy(Behaviour::Good),
                Operation::KillLive,
                Operation::WriteFails(Hook::Stop, nth),
                Operation::NginxDown(pid_file),
                Operation::Deploy(Behaviour::Good),
            ]);
        }
    }
}

#[test]
fn f106_found_by_chance_a_cutover_that_could_not_be_remembered_is_not_remembered_once_it_was_sent_back() {
    for hook in [Hook::Back, Hook::Switch] {
        for nth in 1..8 {
            holds_everywhere(&[
                Operation::Deploy(Behaviour::Good),
                Operation::WriteFails(hook, nth),
                Operation::Single(Hook::Switch, 2),
            ]);
        }
    }
}

#[test]
fn f114_found_by_chance_the_standby_that_nginx_falls_back_on_while_stop_waits_for_its_end_is_not_killed() {
    for seconds in 0..40 {
        holds_everywhere(&[
            Operation::Deploy(Behaviour::Stubborn),
            Operation::Deploy(Behaviour::DiesLater),
            Operation::Wait(seconds),
            Operation::Deploy(Behaviour::Good),
        ]);
    }
}

#[test]
fn f105_found_by_chance_a_site_is_down_in_part_while_old_workers_accept_beside_new_ones() {
    holds_everywhere(&[
        Operation::Interrupted(Hook::Switch, 2),
        Operation::NextReload(Reloading::OldWorkersStay),
        Operation::NextReload(Reloading::Refused),
        Operation::KillLive,
        Operation::Deploy(Behaviour::Good),
    ]);
}

#[test]
fn i2_found_by_chance_a_release_that_start_could_not_note_stays_while_it_is_all_that_users_have() {
    for interrupted_at in 1..12 {
        for nth in 1..6 {
            holds_everywhere(&[
                Operation::Deploy(Behaviour::Good),
                Operation::Interrupted(Hook::Stop, interrupted_at),
                Operation::KillLive,
                Operation::WriteFails(Hook::Start, nth),
            ]);
        }
    }
}

#[test]
fn i2_a_start_that_is_run_again_leaves_what_a_killed_one_has_launched_while_it_is_all_that_users_have() {
    for point in 1..12 {
        for wait in [0, 60] {
            let site = Site::of_scripts(Slot::Blue, Setup { user: User::Root, cutover: Cutover::Instant });
            site.deploys("d-1");
            assert!(site.run(Hook::Stop, Some("d-2")).is_done());
            site.host.kill_at(point);
            site.run(Hook::Start, Some("d-2"));
            site.host.clear_faults();
            site.host.kill_listener(site.port(Slot::Green));
            site.host.pass(Duration::from_secs(wait));
            let served = site.host.release_answers_nginx();
            site.run(Hook::Start, Some("d-2"));
            assert!(!served || site.host.release_answers_nginx(), "point {point}, {wait} s: {:?}", site.told);
            // What is advised helps.
            site.deploys("d-3");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 4_000, ..random::config(1_000) })]

    #[test]
    fn i2_i3_i3a_i4_i16_hold_in_any_order_of_deploys_and_mishaps(
        live in prop::sample::select(Slot::BOTH.to_vec()),
        setup in prop::sample::select(Setup::ALL.to_vec()),
        operations in prop::collection::vec(operation(), 1..14),
        watch in prop::sample::select(vec![Duration::ZERO, Duration::from_secs(5)]),
        standby in prop::sample::select(vec![Standby::Keep, Standby::Stop]),
    ) {
        holds(live, setup, &operations, watch, standby);
    }
}
