//! What is removed and ended beside the deploy itself, and what must not be: releases that somebody needs, processes of others.

use std::path::Path;
use std::time::Duration;

use fake_host::{App, AppAnswer};
use shared::host::Host;
use shared::slot::Slot;

use crate::exit::{Exit, Hook};
use crate::site::{Site, User};

/// The deployments whose releases are still on the disk.
fn kept(site: &Site) -> Vec<String> {
    let names = site.host.list(&site.settings.releases()).unwrap_or_default();
    names.iter().filter_map(|name| Some(name.split_once("Z-")?.1.to_owned())).collect()
}

/// A site with releases of `d-1` to `d-4`, the last of them live, on which no release is kept but those in use.
fn crowded(keep: u32, user: User) -> Site {
    let mut site = Site::of_scripts(Slot::Blue, user);
    site.settings.start.keep_releases = keep;
    for number in 1..=4 {
        site.deploys(&format!("d-{number}"));
    }
    site
}

#[test]
fn f87_the_newest_releases_are_kept_and_those_in_use_and_no_others() {
    for user in User::BOTH {
        for (keep, wanted) in [
            (0, vec!["d-4", "d-5"]),
            (1, vec!["d-3", "d-4", "d-5"]),
            (2, vec!["d-2", "d-3", "d-4", "d-5"]),
            (9, vec!["d-1", "d-2", "d-3", "d-4", "d-5"]),
        ] {
            let site = crowded(keep, user);
            assert_eq!(site.live(), Some(Slot::Blue));
            site.deploys("d-5");
            assert_eq!(kept(&site), wanted, "{keep} are kept");
        }
    }
}

#[test]
fn f87_deploys_that_fail_in_a_row_leave_the_releases_that_served_and_the_last_two_of_their_own() {
    for (keep, wanted) in [
        (0, vec!["d-4", "d-10"]),
        (1, vec!["d-3", "d-4", "d-9", "d-10"]),
        (2, vec!["d-2", "d-3", "d-4", "d-8", "d-9", "d-10"]),
        (3, vec!["d-1", "d-2", "d-3", "d-4", "d-8", "d-9", "d-10"]),
    ] {
        let site = crowded(keep, User::Application);
        let serves = site.live();
        for number in 5..=10 {
            // Ended by `start`, or refused by `health`: each in its turn.
            let bad = AppAnswer::Says(503, "real".to_owned());
            let app =
                if number % 3 == 0 { App::good().dying_after(Duration::ZERO) } else { App::good().answering(bad) };
            site.host.next_release(app);
            let (_, exit) = site.deploy(&format!("d-{number}"));
            assert!(!exit.is_done(), "{exit:?}");
        }
        let mut kept = kept(&site);
        kept.sort_by_key(|name| name[2..].parse::<u32>().ok());
        assert_eq!(
            (site.live(), kept),
            (serves, wanted.iter().map(|name| (*name).to_owned()).collect()),
            "{keep} are kept"
        );
    }
}

#[test]
fn f87_the_live_release_is_never_removed_though_its_process_died_or_the_ledger_was_lost() {
    for user in User::BOTH {
        let site = crowded(0, user);
        assert!(site.run(Hook::Stop, Some("d-5")).is_done());
        let died = site.clone();
        died.host.kill_listener(died.port(Slot::Blue));
        assert!(died.run(Hook::Start, Some("d-5")).is_done());
        assert!(kept(&died).contains(&"d-4".to_owned()), "what the ledger remembers: {:?}", kept(&died));
        let lost = crowded(0, user);
        lost.host.delete(&lost.settings.ledger_directory().join("ledger.json"));
        for hook in [Hook::Stop, Hook::Start] {
            assert!(lost.run(hook, Some("d-5")).is_done());
        }
        assert!(kept(&lost).contains(&"d-4".to_owned()), "what runs in a slot: {:?}", kept(&lost));
    }
}

#[test]
fn i2_f83_a_process_of_somebody_else_that_names_a_releases_copy_is_not_taken_for_the_release() {
    let mut met = 0;
    for point in 1.. {
        let site = Site::of_scripts(Slot::Blue, User::Application);
        assert!(site.run(Hook::Stop, Some("d-1")).is_done());
        site.host.kill_at(point);
        if site.run(Hook::Start, Some("d-1")) != Exit::Killed {
            break;
        }
        site.host.clear_faults();
        let Some(release) =
            site.ledger().tenants.green.release.filter(|_| site.ledger().tenants.green.process.is_none())
        else {
            continue;
        };
        met += 1;
        // root looks at the copy; so does a program of this user's own that only has a longer path of that name.
        let command = format!("sha256sum {}", Path::new(&release.path).to_string_lossy());
        let foreign = site.host.place_stranger(9999, 0, &command);
        let other = site.host.place_stranger(9998, 1000, &format!("{command}.sig"));
        site.deploys("d-2");
        assert!(site.host.is_running(&foreign) && site.host.is_running(&other), "killed at {point}");
        assert_eq!(site.host.releases().len(), 2, "killed at {point}: and what was launched from it is gone");
    }
    assert!(met > 1, "{met} runs were killed between the launch and its note");
}
