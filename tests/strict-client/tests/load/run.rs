//! Runs a load for as long as a test needs it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use strict_client::{History, Load, Mode, Record, Summary};

use crate::server::Server;

/// For whatever has to come about on a machine that may be busy.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);
/// Seldom enough for a busy machine to answer one request before the next, so that connections are used again.
const PER_SECOND: u32 = 25;

/// Lets a load run until it has seen what it is for: a number of requests shows nothing of that on a machine that is too slow or
/// too quick for it.
pub(crate) fn run_until(load: Load, what: &str, seen: impl Fn(&Summary) -> bool) -> History {
    let deadline = Instant::now() + PATIENCE;
    while !seen(&load.summary()) {
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} in vain for {what}:\n{}", load.summary());
        std::thread::sleep(Duration::from_millis(2));
    }
    load.finish().unwrap()
}

/// Whether every plain mode has ended so many requests.
pub(crate) fn each_has(requests: u64) -> impl Fn(&Summary) -> bool {
    move |summary| Mode::PLAIN.iter().all(|mode| summary.mode(*mode).requests >= requests)
}

/// A load of the plain modes, with four connections each, on the server, until all have sent 30 requests and more is `seen`.
pub(crate) fn run(server: &Server, what: &str, seen: impl Fn(&Summary) -> bool) -> History {
    let load = Load::builder(server.address).connections(4).rate_per_second(PER_SECOND).timeout(PATIENCE);
    run_until(load.start().unwrap(), what, |summary| each_has(30)(summary) && seen(summary))
}

/// A load of one mode on one connection, until that many of its requests have failed.
pub(crate) fn run_until_failed(mode: Mode, failures: u64, address: SocketAddr) -> History {
    let load = Load::builder(address).modes([mode]).connections(1).rate_per_second(PER_SECOND).timeout(PATIENCE);
    run_until(load.start().unwrap(), "failures", |summary| summary.failures() >= failures)
}

/// What becomes of the first `count` requests of a mode, whose pauses are short; in the order of sending.
pub(crate) fn first_of(mode: Mode, count: u64, address: SocketAddr) -> Vec<Record> {
    let load = Load::builder(address)
        .modes([mode])
        .connections(1)
        .at_most(mode, count)
        .timeout(PATIENCE)
        .upload_pause(Duration::from_millis(20))
        .silence(Duration::from_millis(20))
        .events(3, Duration::from_millis(1))
        .messages(3, Duration::from_millis(1));
    let history = load.start().unwrap().wait().unwrap();
    assert_eq!(history.records().len() as u64, count);
    history.records().to_vec()
}
