//! A host that is rebooted or cut in the middle of each hook, and in the moments after traffic has moved: who was live serves again
//! without a human, and the next deploy goes through (F09, I4). The machine's kernel keeps what was written: `power_cuts.rs` loses it.

use std::time::Duration;

use booted_host::{BootedHost, End};
use demo_app::{Fault, Jar};

use crate::points::{Point, goes_on, survives};
use crate::rig::deploys;

const HOOKS: [&str; 4] = ["stop", "start", "health", "switch"];

/// Ends the host while a deploy has come to `point`, and boots it again; the next deploy goes through.
fn is_ended(host: &mut BootedHost, point: Point, end: End) {
    // The standby takes its time to end, so that `stop` is at work for a while.
    let standby = Jar::release("standby").fault(Fault::StopsSlowly { delay: Duration::from_secs(3) });
    assert!(host.deploy(&standby).unwrap().succeeded);
    deploys(host, "live");
    survives(host, point, end, "live", "new");
    goes_on(host, "next");
}

#[test]
fn f09_i4_wherever_a_deploy_is_when_its_host_is_rebooted_the_live_release_is_back_and_the_next_deploy_goes_through() {
    let mut host = BootedHost::builder().supervisor("user").with_linger().boot().unwrap();
    for hook in HOOKS {
        is_ended(&mut host, Point::begun(hook), End::Orderly);
    }
}

#[test]
fn f09_i4_wherever_a_deploy_is_when_its_host_is_cut_the_live_release_is_back_and_the_next_deploy_goes_through() {
    let mut host = BootedHost::builder().supervisor("user").with_linger().boot().unwrap();
    for hook in HOOKS {
        is_ended(&mut host, Point::begun(hook), End::Cut);
    }
    for milliseconds in [0, 100, 1500] {
        is_ended(&mut host, Point::Moved(Duration::from_millis(milliseconds)), End::Cut);
    }
}
