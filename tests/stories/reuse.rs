//! CodeDeploy's rollback to the release that stands by, with real processes and under load (F168): the standby is what is deployed, no process
//! is ended or started, and no request is lost.

use std::net::SocketAddr;
use std::time::Duration;

use demo_app::{Fault, Jar};
use strict_client::{Load, Mode, Record};

use crate::rig::{Rig, listener, more_requests};

#[test]
fn f168_a_rollback_to_the_bytes_that_stand_by_only_switches_and_loses_nothing() {
    for rig in [Rig::instant(), Rig::live_in("real1")] {
        rig.host.set("stop.reuse_standby", "true").unwrap();
        // What was made for the next deploy, and is not needed.
        rig.host.set("warm_up.paths", "[\"/\"]").unwrap();
        rig.deploy(&Jar::release("v2")).succeeds();
        let (live, idle) = rig.live_and_idle_ports_by_the_door();
        let processes = [listener(live), listener(idle)];
        let door = SocketAddr::from(([127, 0, 0, 1], rig.host.ports().door));
        let load = Load::builder(door).rate_per_second(100).modes(Mode::PLAIN).timeout(Duration::from_mins(1));
        let load = load.start().unwrap();
        more_requests(&load);
        let back = rig.deploy(&Jar::release("v1")).succeeds().output();
        more_requests(&load);
        for words in ["it has the very bytes of this deployment", "nothing was started", "stays warm behind it"] {
            assert!(back.replace("\n    ", " ").contains(words), "`{words}` in {back}");
        }
        assert!(!back.contains("warm-up"), "it is warm: {back}");
        assert_eq!((rig.release().as_str(), [listener(live), listener(idle)]), ("v1", processes));
        // Once more, with a release between that fails: that one has taken the place of the standby.
        rig.deploy(&Jar::release("bad").fault(Fault::DiesAtBoot { code: 1 })).fails("start", 30, &[]);
        let anew = rig.deploy(&Jar::release("v2")).succeeds().output();
        assert!(!anew.contains("the very bytes"), "{anew}");
        assert_eq!(rig.release(), "v2");
        let history = load.finish().unwrap();
        assert_eq!(history.failures_on_fresh(), Vec::<&Record>::new());
        assert_eq!(history.failures_on_reused_that_a_retry_would_not_have_saved(), Vec::<&Record>::new());
    }
}
