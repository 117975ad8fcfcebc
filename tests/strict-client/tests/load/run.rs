//! Runs a load for as long as a test needs it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use strict_client::{History, Load, Mode, Record};

use crate::server::Server;

/// Lets a load run until every plain mode has ended at least `requests` requests.
pub(crate) fn run_until(load: Load, requests: u64) -> History {
    let deadline = Instant::now() + Duration::from_secs(20);
    let has_enough = |load: &Load| Mode::PLAIN.iter().all(|mode| load.summary().mode(*mode).requests >= requests);
    while !has_enough(&load) {
        assert!(Instant::now() < deadline, "waited in vain for {requests} requests:\n{}", load.summary());
        std::thread::sleep(Duration::from_millis(2));
    }
    load.finish().unwrap()
}

/// A load of the plain modes, with four connections each, on the server.
pub(crate) fn run(server: &Server) -> History {
    run_until(Load::builder(server.address).connections(4).start().unwrap(), 30)
}

/// What becomes of the first `count` requests of a mode, whose pauses are short; in the order of sending.
pub(crate) fn first_of(mode: Mode, count: u64, address: SocketAddr) -> Vec<Record> {
    let load = Load::builder(address)
        .modes([mode])
        .connections(1)
        .at_most(mode, count)
        .timeout(Duration::from_secs(2))
        .upload_pause(Duration::from_millis(20))
        .silence(Duration::from_millis(20))
        .events(3, Duration::from_millis(1))
        .messages(3, Duration::from_millis(1));
    let history = load.start().unwrap().wait().unwrap();
    assert_eq!(history.records().len() as u64, count);
    history.records().to_vec()
}
