//! Runs a load for as long as a test needs it.

use std::time::{Duration, Instant};

use strict_client::{History, Load, Mode};

use crate::server::Server;

/// Lets a load run until every mode has ended at least `requests` requests.
pub(crate) fn run_until(load: Load, requests: u64) -> History {
    let deadline = Instant::now() + Duration::from_secs(20);
    let has_enough = |load: &Load| Mode::ALL.iter().all(|mode| load.snapshot().mode(*mode).requests >= requests);
    while !has_enough(&load) {
        assert!(Instant::now() < deadline, "waited in vain for {requests} requests:\n{}", load.snapshot());
        std::thread::sleep(Duration::from_millis(2));
    }
    load.finish()
}

/// A load of all modes, with four connections each, on the server.
pub(crate) fn run(server: &Server) -> History {
    run_until(Load::builder(server.address).connections(4).start().unwrap(), 30)
}
