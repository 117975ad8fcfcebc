//! A host with a kernel of its own that loses its power, and with it all that is not on its disk, or is rebooted: who was live
//! serves again without a human, what the hooks have written is whole, and the next deploy goes through (F09, I4).

use std::time::Duration;

use booted_host::{BootedHost, End, OwnKernel};
use demo_app::{Fault, Jar};

use crate::points::{Point, goes_on, survives};
use crate::rig::{SLOTS, comes_back, deploys, release_at_the_door, tell};

const MEGABYTES: u32 = 384;

fn boots(cutover: &str) -> BootedHost<OwnKernel> {
    let host = BootedHost::builder().supervisor("user").with_linger().cutover(cutover);
    host.boot_a_kernel(MEGABYTES).unwrap()
}

/// A host that is cut at one of these points after the other, each in a deploy of its own.
fn is_cut_at(cutover: &str, points: &[Point]) {
    let mut host = boots(cutover);
    deploys(&host, "v0");
    for (round, point) in points.iter().enumerate() {
        survives(&mut host, *point, End::Cut, &format!("v{round}"), &format!("cut-{round}"));
        goes_on(&host, &format!("v{}", round + 1));
    }
}

/// Every hook that takes its time, and the moment after traffic was moved.
fn everywhere() -> Vec<Point> {
    let during = ["start", "health", "switch"]
        .into_iter()
        .flat_map(|hook| [0, 150, 400].map(|milliseconds| Point::During(hook, Duration::from_millis(milliseconds))));
    during.chain([0, 100, 1500].map(|milliseconds| Point::Moved(Duration::from_millis(milliseconds)))).collect()
}

#[test]
fn f09_i4_a_power_cut_right_after_traffic_has_moved_or_while_a_release_starts_leaves_what_the_disk_names() {
    is_cut_at("instant", &[Point::Moved(Duration::ZERO), Point::begun("start"), Point::begun("switch")]);
}

#[test]
fn f09_after_a_reboot_with_another_start_of_the_kernel_the_live_release_alone_is_back() {
    let mut host = boots("instant");
    deploys(&host, "v1");
    deploys(&host, "v2");
    let boot = host.read("/proc/sys/kernel/random/boot_id").unwrap();
    host.ends(End::Orderly).unwrap();
    let taken = comes_back(&mut host);
    tell(&format!("rebooted: {:.1} s until the first answer", taken.as_secs_f64()));
    assert_ne!(host.read("/proc/sys/kernel/random/boot_id").unwrap(), boot, "another kernel");
    assert_eq!(release_at_the_door(&host), "v2");
    let running = SLOTS.into_iter().filter(|port| host.listener(*port).unwrap().is_some()).count();
    assert_eq!(running, 1, "the standby stays down");
    goes_on(&host, "v3");
}

#[test]
#[ignore = "minutes: `scripts/host-test.sh --all`"]
fn f09_i4_wherever_a_deploy_is_when_the_power_is_cut_the_next_deploy_goes_through() {
    is_cut_at("instant", &everywhere());
}

#[test]
#[ignore = "minutes: `scripts/host-test.sh --all`"]
fn f09_i4_the_same_where_each_cutover_writes_the_include_and_reloads_nginx() {
    is_cut_at("reload", &everywhere());
}

#[test]
#[ignore = "minutes: `scripts/host-test.sh --all`"]
fn f09_i4_a_power_cut_while_stop_ends_the_standby_leaves_the_live_release() {
    let mut host = boots("instant");
    for end in [End::Cut, End::Orderly] {
        let slow = Jar::release("standby").fault(Fault::StopsSlowly { delay: Duration::from_secs(5) });
        assert!(host.deploy(&slow).unwrap().succeeded);
        deploys(&host, "live");
        survives(&mut host, Point::begun("stop"), end, "live", "cut");
        goes_on(&host, "next");
    }
}
