//! The way back where the standby has gone (F167): what it takes is said and nothing is changed; with `--restart` the release that
//! served before is started once more, proven, and gets the traffic.

use std::path::PathBuf;
use std::time::Duration;

use fake_host::{App, AppAnswer, PidFile};
use shared::error::Kind;
use shared::slot::Slot;

use crate::exit::{Exit, Hook};
use crate::site::{Cutover, Setup, Site, User};

const INSTANT: Setup = Setup { user: User::Application, cutover: Cutover::Instant };
const RELOAD: Setup = Setup { user: User::Root, cutover: Cutover::Reload };

fn bad() -> App {
    App::good().answering(AppAnswer::Says(503, "real".to_owned()))
}

/// A site whose live release came by `d-1`, with the one of `d-0` behind it.
fn prepared(setup: Setup) -> (Site, Slot) {
    let mut site = Site::of_scripts(Slot::Blue, setup);
    site.settings.health.patience.at_most = Duration::from_secs(20);
    site.deploys("d-0");
    site.deploys("d-1");
    let live = site.live().unwrap_or(Slot::Blue);
    (site, live)
}

/// A name, and what a host does to the standby of the live slot.
type Way = (&'static str, fn(&Site, Slot));

/// The ways in which a standby can be gone; the last one has another release in its place.
fn ways() -> [Way; 4] {
    [
        ("its time was over", |site, live| {
            let release = site.ledger().tenants.get(!live).release.as_ref().map(|release| release.name.clone());
            let generation = site.ledger().announced.map_or(0, |announced| announced.generation);
            assert!(site.retire(!live, release.as_deref(), generation).is_done());
        }),
        ("it was killed", |site, live| site.host.kill_listener(site.port(!live))),
        ("a deploy took its place and failed", |site, _| {
            site.host.next_release(bad());
            assert_eq!(site.deploy("d-2").0, Hook::Health);
        }),
        ("a deploy took its place and waits", |site, _| {
            for hook in &Hook::DEPLOY[..3] {
                assert!(site.run(*hook, Some("d-2")).is_done());
            }
        }),
    ]
}

fn release_in(site: &Site, slot: Slot) -> String {
    let release = site.ledger().tenants.get(slot).release.clone();
    release.map_or_else(String::new, |release| release.name)
}

fn copy_of(site: &Site, deployment: &str) -> PathBuf {
    let releases = site.settings.releases();
    let names = shared::host::Host::list(&site.host, &releases).unwrap_or_default();
    let name = names.into_iter().find(|name| name.ends_with(deployment)).unwrap_or_default();
    releases.join(name).join("app.jar")
}

#[track_caller]
fn said(exit: &Exit, words: &[&str]) {
    let told = format!("{exit:?}");
    assert!(words.iter().all(|word| told.contains(word)), "{words:?} in {told}");
}

#[test]
fn f167_where_the_standby_has_gone_the_way_back_says_what_it_takes_and_takes_it_when_told_to() {
    for setup in [INSTANT, RELOAD] {
        for (how, go) in ways() {
            let (site, live) = prepared(setup);
            go(&site, live);
            let launches = site.host.launches().len();
            let refused = site.run(Hook::Back, None);
            assert_eq!(refused.kind(), Some(Kind::NotHealthy), "{how}: {refused:?}");
            said(&refused, &["/switch --back --restart` starts release", "Z-d-0` again, which served before"]);
            assert_eq!((site.live(), site.host.launches().len()), (Some(live), launches), "{how}");
            let shown = site.dry_run(Hook::Restart, None);
            assert!(shown.is_done() && site.host.launches().len() == launches, "{how}: {shown:?}");
            assert!(site.told.borrow().join("\n").contains("Z-d-0/app.jar"), "{how}: {:?}", site.told);
            let back = site.run(Hook::Restart, None);
            assert!(back.is_done(), "{how}: {back:?}");
            assert_eq!((site.live(), site.host.launches().len()), (Some(!live), launches + 1), "{how}");
            assert!(release_in(&site, !live).ends_with("d-0"), "{how}: {}", release_in(&site, !live));
            // It is a standby like any other now, and so is the one that was left.
            for serves in [live, !live] {
                let warm = site.run(Hook::Restart, None);
                assert!(warm.is_done() && site.live() == Some(serves), "{how}: {warm:?}");
            }
            assert_eq!(site.host.launches().len(), launches + 1, "{how}");
            if how.ends_with("waits") {
                let late = site.run(Hook::Switch, Some("d-2"));
                assert_eq!(late.kind(), Some(Kind::Busy), "{late:?}");
            }
            site.deploys("d-3");
        }
    }
}

#[test]
fn f167_a_release_that_is_bad_when_it_is_started_again_gets_nobody_and_is_ended() {
    for (app, kind) in [
        (App::good().dying_after(Duration::ZERO), Kind::NotStarted),
        (App::good().dying_after(Duration::from_secs(3)).booting_for(Duration::from_secs(9)), Kind::NotStarted),
        (bad(), Kind::NotHealthy),
    ] {
        let (site, live) = prepared(INSTANT);
        site.host.kill_listener(site.port(!live));
        site.host.next_release(app);
        let exit = site.run(Hook::Restart, None);
        assert_eq!((exit.kind(), site.live()), (Some(kind), Some(live)), "{exit:?}");
        assert!(site.host.listening(site.port(!live)).is_empty(), "nobody is nginx's backup who was refused");
        let again = site.run(Hook::Restart, None);
        assert!(again.is_done() && site.live() == Some(!live), "{again:?}");
    }
}

#[test]
fn f167_where_nothing_is_left_to_start_the_way_back_names_the_deployment_to_make_instead() {
    let (site, live) = prepared(RELOAD);
    site.host.kill_listener(site.port(!live));
    site.host.delete(&copy_of(&site, "d-0"));
    for hook in [Hook::Back, Hook::Restart] {
        let exit = site.run(hook, None);
        assert_eq!((exit.kind(), site.live()), (Some(Kind::NotHealthy), Some(live)), "{exit:?}");
        said(&exit, &["is not on this host any more: redeploy the revision of deployment `d-0`"]);
    }
    let unknown = Site::of_scripts(Slot::Blue, RELOAD);
    unknown.deploys("d-0");
    unknown.host.kill_listener(unknown.port(Slot::Blue));
    let exit = unknown.run(Hook::Restart, None);
    assert_eq!((exit.kind(), unknown.live()), (Some(Kind::NotHealthy), Some(Slot::Green)), "{exit:?}");
    said(&exit, &["know of no release that served before"]);
}

#[test]
fn f167_nothing_is_started_while_nginx_is_down_or_a_stranger_has_the_slot() {
    let (site, live) = prepared(RELOAD);
    site.host.kill_listener(site.port(!live));
    let taken = site.clone();
    taken.host.place_stranger(taken.port(!live), 1000, "python3 -m http.server");
    site.host.nginx_down(PidFile::Removed);
    for (site, kind) in [(site, Kind::ProxyBroken), (taken, Kind::Undecided)] {
        let launches = site.host.launches().len();
        let exit = site.run(Hook::Restart, None);
        assert_eq!((exit.kind(), site.host.launches().len()), (Some(kind), launches), "{exit:?}");
    }
}

#[test]
fn f167_i4_who_is_killed_anywhere_on_the_way_leaves_the_live_release_and_comes_to_the_end_the_next_time() {
    for setup in [INSTANT, RELOAD] {
        let (prepared, live) = prepared(setup);
        prepared.host.kill_listener(prepared.port(!live));
        let mut killed = 0;
        for point in 1.. {
            let site = prepared.clone();
            site.host.kill_at(point);
            if site.run(Hook::Restart, None) != Exit::Killed {
                break;
            }
            killed += 1;
            site.host.clear_faults();
            site.host.pass(Duration::from_secs(30));
            assert!(site.live().is_some_and(|live| !site.host.listening(site.port(live)).is_empty()), "{point}");
            let other = site.clone();
            other.deploys("d-2");
            let again = site.run(Hook::Restart, None);
            assert!(again.is_done(), "killed at {point}: {again:?}");
            assert_eq!(site.live(), Some(!live), "killed at {point}");
            assert!(release_in(&site, !live).ends_with("d-0"), "killed at {point}");
            let running = site.host.releases().len();
            assert_eq!(running, 2, "killed at {point}: nothing was started twice");
        }
        assert!(killed > 10, "{killed} points");
    }
}
