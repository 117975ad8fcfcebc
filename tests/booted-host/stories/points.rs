//! The points at which a deploy is ended together with its host, and what has to hold when that is up again: whoever the disk names
//! serves alone without a human, what was written is whole, and the next deploy goes through.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use booted_host::{BootedHost, Condition, End, Machine, wait_until};
use demo_app::Jar;

use crate::rig::{SLOTS, comes_back, deploys, release_at_the_door, status, tell};

/// While the flag is there `[green]` serves, with `instant`.
const FLAG: &str = "/var/lib/service-url/green";
/// It says who serves, with `reload`.
const INCLUDE: &str = "/etc/nginx/conf.d/service-url.inc";
const APPLICATION: &str = "/home/deploy/app";
const LOG: &str = "/home/deploy/app/logs/hooks.log";

/// When a deploy is ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Point {
    /// While this hook is at work, so long after it has begun.
    During(&'static str, Duration),
    /// So long after traffic was moved.
    Moved(Duration),
}

impl Point {
    /// As soon as a hook has begun.
    pub(crate) fn begun(hook: &'static str) -> Point {
        Point::During(hook, Duration::ZERO)
    }

    /// What holds as soon as it is near, and how long afterwards it is.
    fn condition<M: Machine>(self, host: &BootedHost<M>) -> (Condition, Duration) {
        match self {
            Point::During(hook, since) => {
                let text = format!(" {hook} of deployment ");
                let begun = host.read(LOG).unwrap().matches(&text).count();
                (Condition::Mentions(LOG.into(), text, begun + 1), since)
            }
            Point::Moved(since) => (named(host).moved(), since),
        }
    }
}

/// Who serves by what is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    Flag(bool),
    /// The port that the include names, where it names one and asks for no flag.
    Include(u16),
}

impl Named {
    /// What holds as soon as the other one is named.
    fn moved(self) -> Condition {
        match self {
            Named::Flag(true) => Condition::Missing(FLAG.into()),
            Named::Flag(false) => Condition::Exists(FLAG.into()),
            Named::Include(port) => {
                let other = if port == SLOTS[0] { SLOTS[1] } else { SLOTS[0] };
                Condition::Mentions(PathBuf::from(INCLUDE), format!("127.0.0.1:{other};"), 1)
            }
        }
    }
}

fn named<M: Machine>(host: &BootedHost<M>) -> Named {
    let include = host.read(INCLUDE).unwrap();
    match SLOTS.map(|port| include.contains(&format!("127.0.0.1:{port};"))) {
        [true, false] => Named::Include(SLOTS[0]),
        [false, true] => Named::Include(SLOTS[1]),
        _ => {
            assert!(include.contains(FLAG), "nobody is named: {include}");
            Named::Flag(host.exists(FLAG).unwrap())
        }
    }
}

/// Ends the host while a deploy of `newcomer` has come to `point`; `live` serves meanwhile.
#[track_caller]
pub(crate) fn survives<M: Machine>(host: &mut BootedHost<M>, point: Point, end: End, live: &str, newcomer: &str) {
    // However slow the machine is, the deploy is still on its way when the host ends.
    let jar = match point {
        Point::During("switch", _) | Point::Moved(_) => Jar::release(newcomer),
        Point::During(..) => Jar::release(newcomer).boot_milliseconds(60_000),
    };
    let (before, (condition, since)) = (named(host), point.condition(host));
    host.set_watch("60s");
    thread::scope(|scope| {
        let deploy = scope.spawn(|| host.deploy(&jar));
        if let Err(missing) = host.wait_for(&condition) {
            panic!("{point:?}: {missing}\n{:?}", deploy.join().unwrap());
        }
        let near = Instant::now();
        wait_until("it is so long ago", || near.elapsed() >= since).unwrap();
        host.ends(end).unwrap();
        let answer = deploy.join().unwrap();
        assert!(!answer.is_ok_and(|answer| answer.succeeded), "{point:?}: the deploy ends with the host");
    });
    host.set_watch("1s");
    let taken = comes_back(host);
    tell(&format!("{point:?}, {end:?}: {:.1} s until the first answer", taken.as_secs_f64()));
    let served = release_at_the_door(host);
    let wanted = if named(host) == before { live } else { newcomer };
    assert_eq!(served, wanted, "{point:?}, {end:?}");
    let running = SLOTS.into_iter().filter(|port| host.listener(*port).unwrap().is_some()).count();
    assert_eq!(running, 1, "{point:?}, {end:?}: the other slot stays down");
}

/// Looks at all that the hooks have written before the host was ended, and deploys a release over it.
#[track_caller]
pub(crate) fn goes_on<M: Machine>(host: &BootedHost<M>, release: &str) {
    let shown = status(host);
    assert!(shown.contains("serving: ") && !shown.contains("damaged"), "{shown}");
    let answer = deploys(host, release);
    assert!(!answer.log.contains("damaged"), "{}", answer.log);
    // A power cut leaves NULs where a file has grown and what was written did not reach the disk.
    let files =
        format!("{INCLUDE} {LOG} {APPLICATION}/live.properties {APPLICATION}/ledger/*.json {APPLICATION}/units/*.json");
    let read = host.run(&["sh", "-c", &format!("cat {files}")]).unwrap();
    assert_eq!(read.code, 0, "{}", read.output);
    assert!(!read.output.contains('\0'), "a file is torn: {}", read.output.escape_debug());
}
