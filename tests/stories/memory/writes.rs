//! A disk that is full or read-only at any write of any hook: nothing moves, and the next deployment succeeds (I3, I4, F86, F107).

use std::io::ErrorKind;

use fake_host::WriteFault;
use shared::error::Kind;
use shared::host::Host;
use shared::slot::Slot;

use crate::exit::Hook;
use crate::site::{Cutover, Setup, Site, User};

#[test]
fn f21_f86_a_write_that_fails_at_any_turn_moves_nothing_and_the_next_deployment_succeeds() {
    for user in User::BOTH {
        for (kind, told_as) in [
            (ErrorKind::StorageFull, Kind::NoRoom),
            (ErrorKind::PermissionDenied, Kind::NotAllowed),
            (ErrorKind::ReadOnlyFilesystem, Kind::Settings),
        ] {
            for (for_good, after_the_rename) in [(false, false), (true, false), (false, true)] {
                for hook in Hook::DEPLOY {
                    let prepared = Site::of_scripts(Slot::Blue, user);
                    prepared.deploys("d-0");
                    for before in Hook::DEPLOY.into_iter().take_while(|before| *before != hook) {
                        assert!(prepared.run(before, Some("d-1")).is_done());
                    }
                    let mut nth = 0;
                    loop {
                        nth += 1;
                        let site = prepared.clone();
                        let fault = WriteFault { nth, for_good, kind, after_the_rename };
                        site.host.fail_write(fault);
                        let exit = site.run(hook, Some("d-1"));
                        let struck = site.host.fault_struck();
                        site.host.clear_faults();
                        if !struck {
                            assert!(exit.is_done(), "{exit:?}");
                            break;
                        }
                        let told = format!("{user:?}, {hook:?}, {fault:?}: {exit:?}");
                        // What was kept for the way back may stay, once nobody goes back any more, and the application may not be told (I17).
                        if exit.is_done() && hook == Hook::Switch && (user == User::Root || site.is_untold()) {
                            assert_eq!(site.live(), Some(Slot::Blue), "{told}");
                            site.deploys("d-2");
                            continue;
                        }
                        let wanted = [told_as, Kind::Uncertain, Kind::NotStarted];
                        assert!(exit.kind().is_some_and(|kind| wanted.contains(&kind)), "{told}");
                        if exit.kind() == Some(Kind::Uncertain) {
                            assert!(
                                for_good,
                                "only a disk that stays full can keep the include from going back: {told}"
                            );
                        }
                        let (last, after) = site.deploy("d-2");
                        assert!(after.is_done(), "{told}; then {last:?} of the next deployment ended with {after:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn f107_a_disk_that_is_full_from_any_write_on_is_told_as_that_and_traffic_is_where_it_was() {
    for setup in Setup::ALL {
        // Where root writes the include, it takes the new one from a file that this user has to make.
        let may_be_stuck =
            setup.user == User::Application && matches!(setup.cutover, Cutover::Reload | Cutover::ReloadAsked);
        for hook in [Hook::Switch, Hook::Back] {
            let prepared = Site::of_scripts(Slot::Blue, setup);
            prepared.deploys("d-0");
            prepared.deploys("d-1");
            if hook == Hook::Switch {
                for before in &Hook::DEPLOY[..3] {
                    assert!(prepared.run(*before, Some("d-2")).is_done());
                }
            }
            let (serves, include) = (prepared.live(), prepared.include());
            for nth in 1.. {
                let site = prepared.clone();
                let full = WriteFault { nth, for_good: true, kind: ErrorKind::StorageFull, after_the_rename: false };
                site.host.fail_write(full);
                let exit = site.run(hook, Some("d-2"));
                let struck = site.host.fault_struck();
                let told = format!("{setup:?}, {hook:?}, full from write {nth} on: {exit:?}");
                if exit.is_done() {
                    // On the way back only the last note is missing, which nobody needs, or the application was not told (I17).
                    assert!(!struck || hook == Hook::Back || site.is_untold(), "{told}");
                    if struck {
                        continue;
                    }
                    break;
                }
                if !(may_be_stuck && exit.kind() == Some(Kind::Uncertain)) {
                    assert_eq!(exit.kind(), Some(Kind::NoRoom), "{told}");
                    assert_eq!((site.live(), site.include()), (serves, include.clone()), "{told}");
                }
                // The next hook settles it, and nothing is left beside nginx's files.
                site.host.clear_faults();
                site.deploys("d-3");
                let directory =
                    site.settings.proxy.include.parent().map(|above| site.host.list(above).unwrap_or_default());
                let left = directory.into_iter().flatten().filter(|name| name.ends_with(".before")).count();
                assert_eq!(left, 0, "{told}");
            }
        }
    }
}

#[test]
fn f107_a_disk_that_is_read_only_when_switch_begins_is_told_as_wrong_settings_and_nothing_has_moved() {
    for setup in Setup::ALL {
        let site = Site::of_scripts(Slot::Blue, setup);
        site.deploys("d-0");
        for before in &Hook::DEPLOY[..3] {
            assert!(site.run(*before, Some("d-1")).is_done());
        }
        let serves = site.live();
        let kind = ErrorKind::ReadOnlyFilesystem;
        site.host.fail_write(WriteFault { nth: 1, for_good: true, kind, after_the_rename: false });
        let exit = site.run(Hook::Switch, Some("d-1"));
        assert_eq!((exit.kind(), site.live()), (Some(Kind::Settings), serves), "{setup:?}: {exit:?}");
        site.host.clear_faults();
        let (last, exit) = site.deploy_from(Hook::Switch, "d-1");
        assert!(exit.is_done(), "{setup:?}: {last:?} ended with {exit:?}");
    }
}
