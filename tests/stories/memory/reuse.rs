//! A deployment of the bytes that run as the standby, such as CodeDeploy's rollback (`stop.reuse_standby`, F168): nothing is ended, nothing is
//! started, and traffic goes back; and whatever may be otherwise than it was is a reason to start them anew.

use std::path::Path;
use std::time::Duration;

use fake_host::{App, AppAnswer};
use shared::error::Kind;
use shared::host::ProcessIdentity;
use shared::ledger::Stage;
use shared::slot::Slot;

use crate::exit::{Exit, Hook};
use crate::jar;
use crate::site::{Cutover, Setup, Site, User};

const INSTANT: Setup = Setup { user: User::Application, cutover: Cutover::Instant };
const RELOAD: Setup = Setup { user: User::Root, cutover: Cutover::Reload };
/// What the standby had when it was deployed.
const OLD: &str = "1";
const NEW: &str = "2";

fn unpack(site: &Site, version: &str) {
    site.host.write(Path::new("/app/zip/app.jar"), &jar::of(version));
}

/// A site on which version 2 serves, and version 1 stands by.
fn prepared(setup: Setup) -> (Site, Slot) {
    let mut site = Site::of_scripts(Slot::Blue, setup);
    site.settings.stop.reuse_standby = true;
    site.settings.app.config_locations = vec![
        "/etc/shop.properties".into(),
        "classpath:/application.properties".into(),
        "optional:file:shop/*/".into(),
        "optional:file:db-{profile}.conf".into(),
    ];
    site.host.write(Path::new("/etc/shop.properties"), b"a=1");
    site.host.pass(Duration::from_secs(5));
    for (version, deployment) in [(OLD, "d-1"), (NEW, "d-2")] {
        unpack(&site, version);
        site.deploys(deployment);
        site.host.pass(Duration::from_mins(1));
    }
    let live = site.live().unwrap_or(Slot::Blue);
    (site, live)
}

fn process(site: &Site, slot: Slot) -> Vec<ProcessIdentity> {
    site.host.listening(site.port(slot))
}

/// Whether the hook said all of these words, in its verdict or before it.
#[track_caller]
fn said(site: &Site, exit: &Exit, words: &[&str]) {
    let told = format!("{:?} {exit:?}", site.told.borrow());
    assert!(words.iter().all(|word| told.contains(word)), "{words:?} in {told}");
}

#[test]
fn f168_a_deployment_of_the_bytes_of_the_standby_ends_nothing_starts_nothing_and_moves_the_traffic_back() {
    for setup in [INSTANT, RELOAD] {
        let (mut site, live) = prepared(setup);
        site.settings.warm_up.paths = vec!["/".into()];
        let (standby, launches) = (process(&site, !live), site.host.launches().len());
        unpack(&site, OLD);
        for (hook, words) in [
            (Hook::Stop, ["Z-d-1` stays in", "it has the very bytes of this deployment"]),
            (Hook::Start, ["runs it already", "nothing was started"]),
            (Hook::Health, ["Z-d-1` in", "is healthy"]),
            (Hook::Switch, ["serves", "stays warm behind it"]),
        ] {
            let exit = site.run(hook, Some("d-3"));
            assert!(exit.is_done(), "{exit:?}");
            said(&site, &exit, &words);
            assert!(!format!("{:?}", site.told.borrow()).contains("warm-up"), "it is warm: {:?}", site.told);
        }
        assert_eq!((site.live(), process(&site, !live), site.host.launches().len()), (Some(!live), standby, launches));
        // The one that was left is a standby like any other, and so is what comes next.
        assert!(site.run(Hook::Back, None).is_done() && site.live() == Some(live));
        assert!(site.run(Hook::Back, None).is_done() && site.live() == Some(!live));
        unpack(&site, "3");
        site.deploys("d-4");
        unpack(&site, OLD);
        assert_eq!((site.deploy("d-5").0, site.live()), (Hook::Switch, Some(!live)), "and back once more");
        assert_eq!(site.host.launches().len(), launches + 1);
    }
}

/// Why the standby is started anew, what makes it so, and what `stop` says of it.
type Doubt = (&'static str, fn(&mut Site, Slot), Option<&'static str>);

const DOUBTS: [Doubt; 14] = [
    ("nobody has asked for it", |site, _| site.settings.stop.reuse_standby = false, None),
    ("other bytes, as many", |site, _| unpack(site, "4"), None),
    ("other bytes, more of them", |site, _| unpack(site, "10"), None),
    (
        "the same bytes under another name",
        |site, _| {
            site.host.delete(Path::new("/app/zip/app.jar"));
            site.host.write(Path::new("/app/zip/shop.jar"), &jar::of(OLD));
        },
        None,
    ),
    ("it has died", |site, live| site.host.kill_listener(site.port(!live)), None),
    (
        "another option of the JVM",
        |site, _| site.settings.app.jvm_options = vec!["-Xmx300m".into()],
        Some("what `app` in hooks.toml says of its start has changed since"),
    ),
    (
        "a file that the settings name",
        |site, _| site.host.write(Path::new("/etc/shop.properties"), b"a=2"),
        Some("`/etc/shop.properties` has changed since it was started"),
    ),
    (
        "a file that Spring finds where it works",
        |site, _| site.host.write(Path::new("/app/application-real1.yml"), b"a: 2"),
        Some("`/app/application-real1.yml` has changed since it was started"),
    ),
    (
        "a file that Spring finds below that",
        |site, _| {
            assert!(site.host.own_directory(Path::new("/app/config")).is_ok());
            site.host.write(Path::new("/app/config/application.properties"), b"a=2");
        },
        Some("`/app/config"),
    ),
    (
        "a file two below that",
        |site, _| site.host.write(Path::new("/app/config/a/application.properties"), b"a=2"),
        Some("`/app/config"),
    ),
    (
        "a file below a pattern, where it works",
        |site, _| site.host.write(Path::new("/app/shop/a/application.properties"), b"a=2"),
        Some("`/app/shop"),
    ),
    (
        "a file of its profile, where it works",
        |site, _| {
            for profile in ["real1", "real2"] {
                site.host.write(Path::new(&format!("/app/db-{profile}.conf")), b"a=2");
            }
        },
        Some("`/app/db-real"),
    ),
    (
        "somebody has started another process there since",
        |site, live| {
            let port = site.port(!live);
            site.host.kill_listener(port);
            site.host.place_app(App::good(), &site.settings.place(!live).profile.clone(), port);
        },
        None,
    ),
    (
        "the live one has the same bytes: who deploys those wants them started anew",
        |site, _| {
            site.settings.stop.reuse_standby = false;
            site.deploys("d-2a");
            site.deploys("d-2b");
            site.settings.stop.reuse_standby = true;
        },
        None,
    ),
];

#[test]
fn f168_where_anything_may_be_otherwise_than_it_was_the_bytes_are_started_anew() {
    for (name, doubt, told) in DOUBTS {
        for setup in [INSTANT, RELOAD] {
            let (mut site, live) = prepared(setup);
            unpack(&site, OLD);
            doubt(&mut site, live);
            let stop = site.run(Hook::Stop, Some("d-3"));
            assert!(stop.is_done(), "{name}: {stop:?}");
            let kept = site.ledger().deployment.and_then(|deployment| deployment.reused);
            assert_eq!(kept, None, "{name}");
            told.map_or_else(|| (), |told| said(&site, &stop, &["is started anew all the same", told]));
            let launches = site.host.launches().len();
            let (hook, exit) = site.deploy_from(Hook::Start, "d-3");
            assert!(exit.is_done() && hook == Hook::Switch, "{name}: {hook:?} {exit:?}");
            assert_eq!(site.host.launches().len(), launches + 1, "{name}");
        }
    }
}

#[test]
fn f168_a_standby_that_does_not_answer_well_any_more_is_started_anew() {
    let mut site = Site::of_scripts(Slot::Blue, INSTANT);
    site.settings.stop.reuse_standby = true;
    let turns_bad = AppAnswer::Says(503, "real".to_owned());
    site.host.next_release(App::good().then_answering(Duration::from_secs(90), turns_bad));
    unpack(&site, OLD);
    site.deploys("d-1");
    site.host.next_releases_are_good();
    unpack(&site, NEW);
    site.deploys("d-2");
    site.host.pass(Duration::from_mins(2));
    unpack(&site, OLD);
    let stop = site.run(Hook::Stop, Some("d-3"));
    assert!(stop.is_done(), "{stop:?}");
    said(&site, &stop, &["is started anew all the same", "HTTP 503"]);
    let launches = site.host.launches().len();
    assert!(site.deploy_from(Hook::Start, "d-3").1.is_done());
    assert_eq!(site.host.launches().len(), launches + 1);
}

#[test]
fn f168_a_standby_that_dies_on_the_way_is_started_anew_or_refused_and_the_live_one_serves() {
    let (site, live) = prepared(INSTANT);
    unpack(&site, OLD);
    assert!(site.run(Hook::Stop, Some("d-3")).is_done());
    let (before_start, launches) = (site.clone(), site.host.launches().len());
    before_start.host.kill_listener(site.port(!live));
    assert!(before_start.deploy_from(Hook::Start, "d-3").1.is_done());
    assert_eq!((before_start.live(), before_start.host.launches().len()), (Some(!live), launches + 1));
    assert!(site.run(Hook::Start, Some("d-3")).is_done());
    site.host.kill_listener(site.port(!live));
    let (hook, exit) = site.deploy_from(Hook::Health, "d-3");
    assert_eq!((hook, exit.kind(), site.live()), (Hook::Health, Some(Kind::NotStarted), Some(live)), "{exit:?}");
    assert!(site.deploy("d-4").1.is_done());
    assert_eq!(site.host.launches().len(), launches + 1);
}

#[test]
fn f168_f126_the_timer_of_a_standby_leaves_it_to_the_deployment_that_is_about_to_use_it() {
    let (site, live) = prepared(INSTANT);
    unpack(&site, OLD);
    let release = site.ledger().tenants.get(!live).release.as_ref().map(|release| release.name.clone());
    let generation = site.ledger().announced.map_or(0, |announced| announced.generation);
    for hook in [Hook::Stop, Hook::Start, Hook::Health] {
        assert!(site.run(hook, Some("d-3")).is_done());
        let timer = site.retire(!live, release.as_deref(), generation);
        assert!(format!("{timer:?}").contains("a deployment is about to move the traffic to it"), "{timer:?}");
    }
    assert!(site.run(Hook::Switch, Some("d-3")).is_done() && site.live() == Some(!live));
}

#[test]
fn f168_i4_whoever_is_killed_on_the_way_leaves_the_live_release_and_the_next_deployment_goes_through() {
    for setup in [INSTANT, RELOAD] {
        let (prepared, _) = prepared(setup);
        unpack(&prepared, OLD);
        for hook in Hook::DEPLOY {
            let ready = prepared.clone();
            for before in Hook::DEPLOY.into_iter().take_while(|before| *before != hook) {
                assert!(ready.run(before, Some("d-3")).is_done());
            }
            let mut killed = 0;
            for point in 1.. {
                let site = ready.clone();
                site.host.kill_at(point);
                if site.run(hook, Some("d-3")) != Exit::Killed {
                    break;
                }
                killed += 1;
                site.host.clear_faults();
                let serves = site.live().is_some_and(|live| !process(&site, live).is_empty());
                assert!(serves, "{hook:?} {point}");
                let next = site.clone();
                // The same hook once more, as somebody by hand does.
                let again = site.deploy_from(hook, "d-3");
                assert!(again.1.is_done(), "{hook:?} killed at {point}: {again:?}");
                assert_eq!(site.ledger().deployment.map(|deployment| deployment.stage), Some(Stage::Switched));
                unpack(&next, "3");
                let next = next.deploy("d-4");
                assert!(next.1.is_done(), "{hook:?} killed at {point}, then another: {next:?}");
            }
            assert!(killed > 0, "{hook:?}");
        }
    }
}
