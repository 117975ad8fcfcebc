//! The way back where the standby has gone, with real processes and under load (F167): the release that served before is started once
//! more, and no request is lost on the way, whatever becomes of the run.

use std::net::SocketAddr;
use std::time::Duration;

use demo_app::{Fault, Jar};
use sandbox::HookCommand;
use strict_client::{Load, Mode};

use crate::rig::{Rig, ended, eventually, flat, kill, listener, more_requests};

fn back(rig: &Rig) -> HookCommand {
    rig.host.hook("switch").argument("--back")
}

fn restart(rig: &Rig) -> HookCommand {
    back(rig).argument("--restart")
}

/// Loses no request to the live release or to the one that is gone back to.
fn without_a_failure(rig: &Rig, act: impl FnOnce(&Load)) {
    let door = SocketAddr::from(([127, 0, 0, 1], rig.host.ports().door));
    let load =
        Load::builder(door).rate_per_second(100).modes(Mode::PLAIN).timeout(Duration::from_mins(2)).start().unwrap();
    more_requests(&load);
    act(&load);
    more_requests(&load);
    let history = load.finish().unwrap();
    assert_eq!(history.failures_on_fresh(), Vec::<&strict_client::Record>::new());
    assert_eq!(history.failures_on_reused_that_a_retry_would_not_have_saved(), Vec::<&strict_client::Record>::new());
}

#[test]
fn f167_a_standby_that_was_ended_or_killed_is_started_again_and_nobody_notices() {
    for (standby, how) in [("stop", "was ended, as `switch.standby`"), ("keep", "nothing runs in `real1`")] {
        let rig = Rig::instant();
        rig.host.set("switch.standby", &format!("\"{standby}\"")).unwrap();
        rig.deploy(&Jar::release("v2")).succeeds();
        let (live, idle) = rig.live_and_idle_ports_by_the_door();
        if standby == "keep" {
            kill(listener(idle).expect("v1"));
        }
        without_a_failure(&rig, |load| {
            let refused = back(&rig).run().unwrap();
            ended(&refused, 31, &[how, "/switch --back --restart` starts release `", ", which took "]);
            assert_eq!((rig.release().as_str(), listener(idle)), ("v2", None), "nothing was changed");
            ended(&restart(&rig).run().unwrap(), 0, &["next it is proven", "is healthy", "`real1`", "serves"]);
            assert_eq!(rig.release(), "v1");
            more_requests(load);
            // And forward again, from a standby that is warm.
            assert!(listener(live).is_some(), "v2 stands by");
            ended(&restart(&rig).run().unwrap(), 0, &["`real2`", "serves"]);
        });
        assert_eq!(rig.release(), "v2");
    }
}

#[test]
fn f87_f167_after_deploys_that_failed_in_a_row_the_way_back_is_still_there() {
    let rig = Rig::live_in("real1");
    rig.host.set("start.keep_releases", "1").unwrap();
    rig.deploy(&Jar::release("v2")).succeeds();
    for _ in 0..4 {
        rig.deploy(&Jar::release("bad").fault(Fault::DiesAtBoot { code: 1 })).fails("start", 30, &[]);
    }
    assert_eq!(rig.release(), "v2");
    ended(&back(&rig).run().unwrap(), 31, &["--back --restart` starts release"]);
    ended(&restart(&rig).run().unwrap(), 0, &["serves"]);
    assert_eq!(rig.release(), "v1");
}

#[test]
fn f167_where_the_files_are_gone_the_deployment_to_make_instead_is_named() {
    let rig = Rig::live_in("real1");
    let (_, idle) = rig.live_and_idle_ports();
    kill(listener(idle).expect("v0"));
    let releases = rig.host.app_directory().join("releases");
    for name in rig.names_in("releases").iter().filter(|name| name.ends_with("d-STORY0001")) {
        std::fs::remove_dir_all(releases.join(name)).unwrap();
    }
    for hook in [back(&rig), restart(&rig)] {
        let run = rig.untouched_by(|| hook.run().unwrap());
        ended(&run, 31, &["is not on this host any more: redeploy the revision of deployment `d-STORY0001`"]);
    }
}

#[test]
fn f167_a_run_that_is_killed_leaves_the_live_release_and_the_next_one_goes_on() {
    let rig = Rig::live_in("real1");
    let (_, idle) = rig.live_and_idle_ports();
    kill(listener(idle).expect("v0"));
    without_a_failure(&rig, |_| {
        let log = rig.host.app_directory().join("logs/hooks.log");
        let planned = |what: &str| std::fs::read_to_string(&log).unwrap_or_default().matches(what).count();
        // While it is planned, once the release listens, and while that one is proven, which the run before has not come to.
        let points: [&dyn Fn(usize) -> bool; 3] =
            [&|before| planned("next it is proven") > before, &|_| listener(idle).is_some(), &|_| {
                planned("next traffic goes to it") > 0
            }];
        for point in points {
            let before = planned("next it is proven");
            let running = restart(&rig).spawn().unwrap();
            eventually("it is on its way", || point(before));
            running.kill().unwrap();
            running.wait().unwrap();
            assert!(rig.release() == "v1" || planned("a way back to") > 0, "v1 serves");
        }
        // The last one that was killed may have been through, or all but: then the next one only ends it, or goes forward again.
        let has_arrived = rig.release() == "v0";
        let last = restart(&rig).run().unwrap();
        assert!(last.code == 0, "{}", flat(&last));
        assert!(rig.release() == "v0" || has_arrived, "{}", flat(&last));
    });
}
