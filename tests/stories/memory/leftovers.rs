//! What killed runs have left beside the files that they wrote: the next deploy removes it, and nothing else.

use std::path::PathBuf;
use std::time::Duration;

use shared::host::Host;
use shared::slot::Slot;

use crate::site::{Cutover, Setup, Site, User};

#[test]
fn f116_what_killed_runs_have_left_goes_once_no_hook_can_be_using_it_and_nothing_else_does() {
    let site = Site::of_scripts(Slot::Blue, Setup { user: User::Root, cutover: Cutover::Instant });
    site.deploys("d-1");
    site.deploys("d-2");
    let settings = &site.settings;
    let beside = |path: &PathBuf, name: &str| path.with_file_name(name);
    let releases = settings.releases();
    let unfinished = releases.join("20261101T000000000Z-d-0");
    let ours = [
        settings.ledger_directory().join(".hooks-a1B2c3"),
        settings.releases().join(".hooks-a1B2c3"),
        settings.logs().join(".hooks-a1B2c3"),
        settings.units().join(".hooks-a1B2c3"),
        beside(&settings.live_file(), ".hooks-a1B2c3"),
        beside(&settings.proxy.include, ".hooks-incINC"),
        beside(&settings.proxy.flag, ".hooks-flagFL"),
        unfinished.join(".release-q9W8e7"),
    ];
    let others = [
        beside(&settings.proxy.include, ".service-url.inc.next"),
        beside(&settings.proxy.include, ".hooks-of-mine"),
        beside(&settings.proxy.include, "hooks-a1B2c3"),
        settings.ledger_directory().join("ledger.json"),
        settings.ledger_directory().join("notes"),
        releases.join("mine/.hooks.txt"),
    ];
    let write = |paths: &[PathBuf]| paths.iter().for_each(|path| site.host.write(path, b"half"));
    let present = |paths: &[PathBuf]| paths.iter().filter(|path| site.host.describe(path).is_ok()).count();
    write(&ours);
    write(&others[..3]);
    write(&others[4..]);
    site.deploys("d-3");
    assert_eq!(present(&ours), ours.len(), "whoever wrote them may still be at it");
    site.host.pass(Duration::from_hours(3));
    let young = settings.ledger_directory().join(".hooks-Y0ung1");
    site.host.write(&young, b"half");
    site.deploys("d-4");
    let left: Vec<_> = ours.iter().filter(|path| site.host.describe(path).is_ok()).collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(site.host.describe(&unfinished).is_err(), "no empty release is kept");
    assert_eq!((present(&others), present(&[young])), (others.len(), 1));
}

#[test]
fn f42_the_logs_of_jvms_that_crashed_are_kept_like_releases_and_no_longer() {
    let site = Site::of_scripts(Slot::Blue, User::Root);
    let directory = site.settings.app.directory.clone();
    for number in 1..=8 {
        site.host.write(&directory.join(format!("hs_err_pid{number}.log")), b"# A fatal error");
        site.host.write(&directory.join(format!("java_pid{number}.hprof")), b"JAVA PROFILE");
        site.host.pass(Duration::from_secs(1));
    }
    for other in ["hs_err_pid1.txt", "my_hs_err_pid1.log"] {
        site.host.write(&directory.join(other), b"mine");
    }
    site.deploys("d-1");
    let mut left: Vec<_> = site.host.list(&directory).unwrap_or_default();
    left.retain(|name| name.contains("_pid"));
    left.sort();
    let dumps = left.split_off(4);
    assert_eq!(dumps, ["java_pid6.hprof", "java_pid7.hprof", "java_pid8.hprof", "my_hs_err_pid1.log"]);
    assert_eq!(left, ["hs_err_pid1.txt", "hs_err_pid6.log", "hs_err_pid7.log", "hs_err_pid8.log"]);
}
