//! A disk that is full or read-only at any write of any hook: nothing moves, and the next deployment succeeds (I3, I4, F86).

use std::io::ErrorKind;

use fake_host::WriteFault;
use shared::error::Kind;
use shared::slot::Slot;

use crate::exit::Hook;
use crate::site::{Site, User};

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
