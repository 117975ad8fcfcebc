//! The instant cutover is brought in and kept only where nginx would read its flag rightly: what is looked at before it is installed
//! (by `switch`, or by root with `switch --install`), and looked at again by the `stop` of each later deploy.

use std::path::Path;

use fake_host::{Deed, Door};
use shared::config::CutoverWay;
use shared::error::Kind;
use shared::host::{Answer, Host, Signal};
use shared::route::{upstreams, word};
use shared::slot::{BySlot, Slot};

use crate::exit::{Exit, Hook};
use crate::site::{Cutover, Setup, Site, User};

/// What makes nginx see a flag only now and then.
const CACHE: &str = "open_file_cache max=1000;\n";

fn site(user: User) -> Site {
    Site::of_scripts(Slot::Blue, Setup { user, cutover: Cutover::Instant })
}

/// Writes a line into the file of the groups, as somebody would who does not know whose it is.
fn add_to_groups(site: &Site, line: &str) {
    let path = site.settings.proxy.upstreams.clone();
    let before = site.host.read_file(&path).unwrap_or_default();
    // A file without these hooks' mark would be somebody else's (F90).
    let marked = upstreams::with_word(&before, &site.settings, b"");
    site.host.write(&path, &[&marked, line.as_bytes()].concat());
}

/// How often nginx's whole configuration was read.
fn dumps(site: &Site) -> usize {
    let is_dump = |deed: &Deed| matches!(deed, Deed::Ran(command) if command.last().is_some_and(|word| word == "-T"));
    site.host.journal().iter().filter(|entry| is_dump(&entry.deed)).count()
}

fn reloads(site: &Site) -> usize {
    site.host.signals().into_iter().filter(|(_, signal)| *signal == Signal::Reload).count()
}

/// Everything by which traffic is moved, and what nginx was told.
fn moved_by(site: &Site) -> (String, Option<Vec<u8>>, bool, usize) {
    let groups = site.host.read_file(&site.settings.proxy.upstreams).ok();
    (site.include(), groups, site.host.describe(&site.settings.proxy.flag).is_ok(), reloads(site))
}

/// Asserts that a hook refuses, says these words, and leaves everything as it was.
#[track_caller]
fn refuses(site: &Site, hook: Hook, words: &str) -> Kind {
    let before = moved_by(site);
    let exit = site.run(hook, Some("d-9"));
    let Exit::Failed(error) = &exit else { unreachable!("{hook:?} did not refuse: {exit:?}") };
    assert!(error.to_string().contains(words), "{hook:?}: {error}");
    assert_eq!(moved_by(site), before, "{hook:?}: {error}");
    assert_eq!(site.live(), Some(Slot::Blue));
    error.kind()
}

#[test]
fn i3_a_configuration_that_began_to_misread_the_flag_after_stop_is_found_by_switch_before_it_brings_the_flag_in() {
    for user in User::BOTH {
        let site = site(user);
        for hook in &Hook::DEPLOY[..3] {
            assert!(site.run(*hook, Some("d-9")).is_done());
        }
        add_to_groups(&site, CACHE);
        refuses(&site, Hook::Switch, "`open_file_cache`");
    }
}

#[test]
fn a_configuration_that_nginx_has_read_anew_since_the_flag_was_brought_in_is_looked_at_again_and_once() {
    for user in User::BOTH {
        let site = site(user);
        site.deploys("d-1");
        // The first `stop` after the reload that brought it in looks, and the one after that need not.
        let looked = dumps(&site);
        site.deploys("d-2");
        assert_eq!(dumps(&site), looked + 1, "{user:?}");
        site.deploys("d-3");
        site.deploys("d-4");
        assert_eq!(dumps(&site), looked + 1, "{user:?}: nginx has read nothing since");
        let right = site.host.read_file(&site.settings.proxy.upstreams).unwrap_or_default();
        add_to_groups(&site, CACHE);
        site.host.foreign_reload();
        let signals = site.host.signals();
        refuses(&site, Hook::Stop, "`open_file_cache`");
        assert_eq!(site.host.signals(), signals, "{user:?}: the standby runs on");
        // Who may not look goes on without: the flag needs neither root nor nginx.
        let blind = site.clone();
        blind.host.sudo_allows(false);
        assert_eq!(blind.run(Hook::Stop, Some("d-9")).is_done(), user == User::Application);
        site.host.write(&site.settings.proxy.upstreams.clone(), &right);
        site.host.foreign_reload();
        site.deploys("d-5");
    }
}

#[test]
fn what_switch_would_refuse_about_the_flag_is_refused_by_stop_before_the_standby_is_ended() {
    for user in User::BOTH {
        // A standby is there, and the deploys so far went by reload.
        let mut site = Site::of_scripts(Slot::Blue, user);
        site.deploys("d-1");
        site.deploys("d-2");
        site.settings.proxy.cutover = CutoverWay::Instant;
        let signals = site.host.signals();
        let cached = site.clone();
        add_to_groups(&cached, CACHE);
        refuses(&cached, Hook::Stop, "`open_file_cache`");
        assert_eq!(cached.host.signals(), signals);
        let others = site.clone();
        let directory = others.settings.proxy.flag.parent().map(Path::to_owned).unwrap_or_default();
        others.host.run_as(0);
        assert!(others.host.make_directory(&directory, 0o777).is_ok());
        others.host.run_as(if user == User::Root { 0 } else { 1000 });
        refuses(&others, Hook::Stop, "others may move the traffic");
        assert_eq!(others.host.signals(), signals);
        site.deploys("d-3");
    }
}

#[test]
fn groups_that_somebody_has_changed_are_put_right_by_a_reload_before_the_flag_moves_anything() {
    for nginx_has_read_them in [true, false] {
        let site = site(User::Root);
        site.deploys("d-1");
        let path = site.settings.proxy.upstreams.clone();
        let right = site.host.read_file(&path).unwrap_or_default();
        // Without the other slot behind it a group has nobody to go on to.
        let text = String::from_utf8_lossy(&right).replace("server 127.0.0.1:8082 max_fails=0 backup;", "");
        assert_ne!(text.as_bytes(), right);
        site.host.write(&path, text.as_bytes());
        if nginx_has_read_them {
            site.host.foreign_reload();
        }
        let before = reloads(&site);
        site.deploys("d-2");
        assert_eq!((reloads(&site), site.host.read_file(&path).ok()), (before + 1, Some(right)));
    }
}

#[test]
fn the_reading_of_another_boot_or_of_fewer_workers_does_not_count() {
    let site = site(User::Application);
    site.deploys("d-1");
    site.deploys("d-2");
    let looked = dumps(&site);
    site.host.reboot();
    site.deploys("d-3");
    assert_eq!(dumps(&site), looked + 1, "process ids of another boot mean nothing");
}

#[test]
fn switch_install_by_root_brings_the_flag_in_for_a_user_who_may_not_and_moves_nothing() {
    let site = site(User::Application);
    site.host.sudo_allows(false);
    refuses(&site, Hook::Stop, "may not install the instant cutover");
    site.host.run_as(0);
    let exit = site.run(Hook::Install, None);
    assert!(exit.is_done(), "{exit:?}");
    assert_eq!((site.live(), reloads(&site)), (Some(Slot::Blue), 1));
    let exit = site.run(Hook::Install, None);
    assert!(exit.is_done() && format!("{exit:?}").contains("installed already"), "{exit:?}");
    assert_eq!(reloads(&site), 1);
    site.host.run_as(1000);
    site.deploys("d-1");
    assert_eq!((site.live(), reloads(&site)), (Some(Slot::Green), 1), "by the flag alone");
}

#[test]
fn f100_a_host_that_has_the_flag_already_gets_nginxs_own_word_by_one_reload_of_switch_install() {
    let asked = Site::of_scripts(Slot::Blue, Setup { user: User::Application, cutover: Cutover::InstantAsked });
    let mut site = site(User::Application);
    site.deploys("d-1");
    let before = reloads(&site);
    site.settings.proxy.word = asked.settings.proxy.word;
    // The flag moves traffic without a reload, which alone could bring it in.
    site.deploys("d-2");
    assert_eq!(reloads(&site), before);
    let stands = |site: &Site| {
        let groups = site.host.read_file(&site.settings.proxy.upstreams).unwrap_or_default();
        word::stands_in(&groups, &site.settings)
    };
    assert!(!stands(&site));
    let live = site.live();
    site.host.run_as(0);
    let exit = site.run(Hook::Install, None);
    assert!(exit.is_done(), "{exit:?}");
    assert_eq!((reloads(&site), site.live(), stands(&site)), (before + 1, live, true));
    site.host.run_as(1000);
    site.deploys("d-3");
    assert_eq!(reloads(&site), before + 1);
}

#[test]
fn switch_install_refuses_what_would_let_others_move_the_traffic_or_move_it_by_itself_and_changes_nothing() {
    let fresh = site(User::Application);
    fresh.host.run_as(0);
    let flag = fresh.settings.proxy.flag.clone();
    let others = fresh.clone();
    let made = flag.parent().map(|directory| others.host.make_directory(directory, 0o777));
    assert!(made.is_some_and(|made| made.is_ok()));
    refuses(&others, Hook::Install, "others may move the traffic");
    let closed = fresh.clone();
    let directory = flag.parent().unwrap_or(&flag);
    let made = directory.parent().map(|above| closed.host.make_directory(above, 0o700));
    assert!(made.is_some_and(|made| made.is_ok()));
    refuses(&closed, Hook::Install, "cannot see the flag");
    assert!(closed.host.describe(directory).is_err(), "it is not even made");
    let misread = fresh.clone();
    add_to_groups(&misread, CACHE);
    refuses(&misread, Hook::Install, "`open_file_cache`");
    // The flag chooses between other groups so far: set for the new ones, it would move the traffic of the old ones.
    let mut renamed = site(User::Application);
    renamed.deploys("d-1");
    renamed.deploys("d-2");
    renamed.host.run_as(0);
    let places = renamed.settings.places.clone();
    renamed.settings.places.blue.profile = "blue".into();
    renamed.settings.places.green.profile = "green".into();
    // What nginx calls the slots stays as it is, whatever the application calls them.
    assert!(renamed.run(Hook::Install, None).is_done());
    renamed.settings.places = places;
    renamed.settings.places.blue.port = 9081;
    renamed.settings.places.green.port = 9082;
    renamed.settings.proxy.groups = BySlot { blue: "shop-real1".into(), green: "shop-real2".into() };
    let tells_nothing = Answer::Response { status: 301, location: None, body: String::new() };
    renamed.host.door(Door::Answers(tells_nothing));
    renamed.host.delete(&renamed.settings.ledger_directory().join("ledger.json"));
    for port in [8081, 8082] {
        renamed.host.kill_listener(port);
    }
    let exit = renamed.run(Hook::Install, None);
    let words = "chooses between `service-url-real1` and `service-url-real2` so far";
    assert!(matches!(&exit, Exit::Failed(error) if error.to_string().contains(words)), "{exit:?}");
}

#[test]
fn switch_install_waits_for_a_hook_that_runs_and_leaves_a_cutover_that_was_ended_in_the_middle_to_its_owner() {
    let site = site(User::Application);
    for hook in &Hook::DEPLOY[..3] {
        assert!(site.run(*hook, Some("d-1")).is_done());
    }
    let busy = site.clone();
    busy.host.run_as(0);
    busy.host.hold_lock("switch of deployment `d-1`, process 7");
    assert_eq!(refuses(&busy, Hook::Install, "d-1"), Kind::Busy);
    let mut unsettled = 0;
    for point in 1.. {
        let site = site.clone();
        site.host.kill_at(point);
        if site.run(Hook::Switch, Some("d-1")) != Exit::Killed {
            break;
        }
        site.host.clear_faults();
        if site.ledger().intent.is_none() {
            continue;
        }
        unsettled += 1;
        site.host.run_as(0);
        let before = moved_by(&site);
        let exit = site.run(Hook::Install, None);
        assert_eq!((exit.kind(), moved_by(&site)), (Some(Kind::Busy), before), "killed at {point}: {exit:?}");
    }
    assert!(unsettled > 10, "{unsettled} cutovers were ended in the middle");
}
