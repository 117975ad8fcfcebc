//! A host that is rebooted or cut in the middle of each hook, and in the moments after traffic has moved: who was live serves again
//! without a human, and the next deploy goes through (F09, I4).

use std::time::{Duration, Instant};

use booted_host::{BootedHost, End, wait_until};
use demo_app::{Fault, Jar};

use crate::rig::{SLOTS, deploys, release_at_the_door, status_at_the_door, tell};

/// While the flag is there `[green]` serves.
const FLAG: &str = "/var/lib/service-url/green";

/// When a deploy is ended.
#[derive(Clone, Copy, Debug)]
enum Point {
    /// While this hook is at work.
    During(&'static str),
    /// So long after the flag has moved traffic.
    Moved(Duration),
}

impl Point {
    /// Waits until a deploy that was just begun has come so far.
    fn is_waited_for(self, host: &BootedHost, before: &Before) {
        match self {
            Point::During(hook) => {
                let begun = || begun(host, hook) > before.begun(hook);
                wait_until("the hook is at work", begun).unwrap();
            }
            Point::Moved(since) => {
                wait_until("the flag moves traffic", || host.path(FLAG).exists() != before.flag).unwrap();
                let moved = Instant::now();
                wait_until("it was moved so long ago", || moved.elapsed() >= since).unwrap();
            }
        }
    }
}

/// What was the case before a deploy.
struct Before {
    flag: bool,
    begun: Vec<(&'static str, usize)>,
}

impl Before {
    fn of(host: &BootedHost) -> Before {
        let begun = ["stop", "start", "health", "switch"].map(|hook| (hook, begun(host, hook)));
        Before { flag: host.path(FLAG).exists(), begun: begun.into() }
    }

    fn begun(&self, hook: &str) -> usize {
        self.begun.iter().find(|(name, _)| *name == hook).map_or(0, |(_, count)| *count)
    }
}

/// How often a hook has begun on this host.
fn begun(host: &BootedHost, hook: &str) -> usize {
    let log = std::fs::read_to_string(host.path("/home/deploy/app/logs/hooks.log")).unwrap();
    log.matches(&format!(" {hook} of deployment ")).count()
}

/// Ends the host while a deploy has come to `point`, and boots it again; the next deploy goes through.
fn survives(host: &mut BootedHost, point: Point, end: End) {
    // The standby takes its time to end, so that `stop` is at work for a while.
    let standby = Jar::release("standby").fault(Fault::StopsSlowly { delay: Duration::from_secs(3) });
    assert!(host.deploy(&standby).unwrap().succeeded);
    deploys(host, "live");
    let before = Before::of(host);
    // However slow the machine is, the deploy is still on its way when the host ends.
    let newcomer = match point {
        Point::During("switch") | Point::Moved(_) => Jar::release("new"),
        Point::During(_) => Jar::release("new").boot_milliseconds(60_000),
    };
    host.set_watch("60s");
    std::thread::scope(|scope| {
        let deploy = scope.spawn(|| host.deploy(&newcomer));
        point.is_waited_for(host, &before);
        match end {
            End::Cut => host.ends_at_once().unwrap(),
            // It may be gone before it can say that it goes.
            End::Orderly => drop(host.run(&["systemctl", "--no-block", "poweroff"])),
        }
        assert!(!deploy.join().unwrap().is_ok_and(|answer| answer.succeeded), "the deploy ends with the host");
    });
    host.set_watch("1s");
    let began = Instant::now();
    host.boots_again(end).unwrap();
    wait_until("the live release answers at the door", || status_at_the_door(host) == 200).unwrap();
    tell(&format!("{point:?}, {end:?}: {:.1} s until the first answer", began.elapsed().as_secs_f64()));
    let served = release_at_the_door(host);
    let flag = host.path(FLAG).exists();
    assert_eq!(served, if flag == before.flag { "live" } else { "new" }, "{point:?}, {end:?}");
    let running = SLOTS.into_iter().filter(|port| host.listener(*port).unwrap().is_some()).count();
    assert_eq!(running, 1, "{point:?}, {end:?}: the other slot stays down");
    deploys(host, "next");
}

#[test]
fn f09_i4_wherever_a_deploy_is_when_its_host_is_rebooted_the_live_release_is_back_and_the_next_deploy_goes_through() {
    let mut host = BootedHost::builder().supervisor("user").with_linger().boot().unwrap();
    for hook in ["stop", "start", "health", "switch"] {
        survives(&mut host, Point::During(hook), End::Orderly);
    }
}

#[test]
fn f09_i4_wherever_a_deploy_is_when_its_host_is_cut_the_live_release_is_back_and_the_next_deploy_goes_through() {
    let mut host = BootedHost::builder().supervisor("user").with_linger().boot().unwrap();
    for hook in ["stop", "start", "health", "switch"] {
        survives(&mut host, Point::During(hook), End::Cut);
    }
    for milliseconds in [0, 100, 1500] {
        survives(&mut host, Point::Moved(Duration::from_millis(milliseconds)), End::Cut);
    }
}
