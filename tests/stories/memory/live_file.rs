//! The file that tells the application which slot is live (I17): its number grows with each cutover and never falls, a run that was
//! killed anywhere leaves it right after the next hook, and a disk that is full is a note. That it names who serves after every hook
//! that has looked is held by `invariants`.

use std::io::ErrorKind;
use std::path::Path;

use fake_host::WriteFault;
use shared::host::Host;
use shared::slot::Slot;

use crate::exit::{Exit, Hook};
use crate::site::{Cutover, Setup, Site, User};

const SETUPS: [Setup; 2] = [
    Setup { user: User::Root, cutover: Cutover::Instant },
    Setup { user: User::Application, cutover: Cutover::Reload },
];

impl Site {
    fn generation(&self) -> u64 {
        self.announced("generation").and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    #[track_caller]
    fn tells(&self, live: &str, generation: u64) {
        let found = (self.announced("live").unwrap_or_default(), self.generation());
        assert_eq!(found, (live.to_owned(), generation), "{:?}", self.told.borrow());
    }

    #[track_caller]
    fn done(&self, hook: Hook, deployment: &str) {
        let exit = self.run(hook, Some(deployment));
        assert!(exit.is_done(), "{hook:?} ended with {exit:?}");
    }
}

#[test]
fn i17_each_cutover_and_each_way_back_counts_once_and_nothing_else_does() {
    for setup in Setup::ALL {
        let site = Site::of_scripts(Slot::Blue, setup);
        site.done(Hook::Stop, "d-0");
        site.tells("real1", 1);
        site.done(Hook::Start, "d-0");
        site.done(Hook::Health, "d-0");
        site.tells("real1", 1);
        site.done(Hook::Switch, "d-0");
        site.tells("real2", 2);
        site.done(Hook::Switch, "d-0");
        site.tells("real2", 2);
        assert!(site.run(Hook::Back, None).is_done());
        site.tells("real1", 3);
        site.deploys("d-1");
        site.tells("real2", 4);
        let since = site.announced("since");
        site.host.pass(std::time::Duration::from_secs(90));
        site.done(Hook::Stop, "d-2");
        site.tells("real2", 4);
        assert_eq!(site.announced("since"), since, "nothing has changed since");
        assert_eq!(site.announced("port").as_deref(), Some("8082"));
        assert_eq!(
            site.host.describe(Path::new("/app/live.properties")).map(|facts| facts.mode & 0o777).ok(),
            Some(0o644)
        );
    }
}

#[test]
fn i17_f45_on_a_host_without_a_release_the_file_names_where_nginx_would_send_requests_until_the_first_one_serves() {
    let site = Site::cold(Slot::Blue, SETUPS[0]);
    for hook in &Hook::DEPLOY[..3] {
        site.done(*hook, "d-0");
        site.tells("real1", 1);
    }
    site.done(Hook::Switch, "d-0");
    site.tells("real2", 2);
}

#[test]
fn i17_f83_a_run_that_is_killed_anywhere_leaves_the_file_right_after_the_next_hook_and_its_number_never_falls() {
    for setup in SETUPS {
        for hook in [Hook::Stop, Hook::Switch, Hook::Back] {
            let prepared = Site::of_scripts(Slot::Blue, setup);
            prepared.deploys("d-0");
            for before in Hook::DEPLOY.into_iter().take_while(|before| *before != hook && hook != Hook::Back) {
                prepared.done(before, "d-1");
            }
            let before = prepared.generation();
            for point in 1.. {
                let site = prepared.clone();
                site.host.kill_at(point);
                let killed = site.run(hook, Some("d-1")) == Exit::Killed;
                site.host.clear_faults();
                if !killed {
                    break;
                }
                site.host.pass(std::time::Duration::from_secs(30));
                // Not the one of `switch`: that would move traffic. `invariants` looks at the file.
                site.done(Hook::Stop, "d-2");
                let (after, moved) = (site.generation(), site.live() != prepared.live());
                assert_eq!(after, before + u64::from(moved), "{setup:?}, {hook:?}, killed at point {point}");
            }
        }
    }
}

#[test]
fn i17_f86_a_file_that_cannot_be_written_is_a_note_and_the_next_hook_writes_it() {
    for setup in SETUPS {
        for after_the_rename in [false, true] {
            let prepared = Site::of_scripts(Slot::Blue, setup);
            prepared.deploys("d-0");
            let mut noted = 0;
            for nth in 1.. {
                let site = prepared.clone();
                let fault = WriteFault { nth, for_good: false, kind: ErrorKind::StorageFull, after_the_rename };
                site.host.fail_write(fault);
                let exit = site.run(Hook::Back, None);
                let struck = site.host.fault_struck();
                site.host.clear_faults();
                if !struck {
                    break;
                }
                let told = site.told.borrow().join(" ");
                if !told.contains("`/app/live.properties` could not be written") {
                    continue;
                }
                noted += 1;
                assert!(exit.is_done(), "traffic counts: {exit:?}");
                assert!(told.contains("It does not tell the application that `real1` (port 8081) is live"), "{told}");
                site.done(Hook::Stop, "d-1");
                site.tells("real1", 3);
            }
            assert_eq!(noted, 1, "{setup:?}");
        }
    }
}

#[test]
fn i17_f80_the_number_goes_on_where_the_ledger_is_lost_and_a_file_that_is_lost_or_spoilt_is_written_again() {
    for setup in SETUPS {
        let site = Site::of_scripts(Slot::Blue, setup);
        site.deploys("d-0");
        site.deploys("d-1");
        site.tells("real1", 3);
        site.host.delete(Path::new("/app/ledger/ledger.json"));
        site.deploys("d-2");
        site.tells("real2", 4);
        let (file, since) = (Path::new("/app/live.properties"), site.announced("since"));
        let spoilt: [&[u8]; 4] = [b"", b"live=real1\n", b"live=real1\nport=8081\ngeneration=2\nsince=x\n", b"\xff"];
        for bytes in spoilt {
            site.host.write(file, bytes);
            // Any hook, also one that is refused.
            let exit = site.run(Hook::Health, Some("d-other"));
            assert!(!exit.is_done(), "{exit:?}");
            site.tells("real2", 4);
            assert_eq!(site.announced("since"), since);
        }
        site.host.delete(file);
        site.done(Hook::Stop, "d-3");
        site.tells("real2", 4);
        // Both are lost: it begins anew, as on a host that never had one.
        site.host.delete(file);
        site.host.delete(Path::new("/app/ledger/ledger.json"));
        site.done(Hook::Stop, "d-4");
        site.tells("real2", 1);
    }
}

#[test]
fn i17_traffic_that_a_person_has_moved_is_told_by_the_next_hook_that_looks() {
    let site = Site::of_scripts(Slot::Blue, SETUPS[1]);
    site.deploys("d-0");
    site.tells("real2", 2);
    site.host.write(&site.settings.proxy.include, b"set $service_url http://127.0.0.1:8081;\n");
    site.host.foreign_reload();
    site.host.pass(std::time::Duration::from_secs(1));
    // A way back finds it there, and moves it again: twice, however it ends.
    let back = site.clone();
    assert!(back.run(Hook::Back, None).is_done());
    back.tells("real2", 4);
    site.done(Hook::Stop, "d-1");
    site.tells("real1", 3);
}
