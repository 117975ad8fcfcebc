//! Every mode on the demo service itself, through the sandbox's nginx, and over a long way: not one failure, and a history
//! that violates no invariant.

use std::net::SocketAddr;
use std::time::Duration;

use demo_app::Jar;
use sandbox::Sandbox;
use strict_client::check::{self, Invariant};
use strict_client::{Load, LoadBuilder, Mark, Mode};

const REQUESTS: u64 = 12;
const EVENTS: u64 = 5;

fn every_mode(port: u16) -> LoadBuilder {
    let load = Load::builder(SocketAddr::from(([127, 0, 0, 1], port)))
        .modes(Mode::ALL)
        .connections(3)
        .upload_pause(Duration::from_millis(50))
        .silence(Duration::from_millis(50))
        .long(Duration::from_millis(50))
        .events(EVENTS, Duration::from_millis(10))
        .messages(EVENTS, Duration::from_millis(10));
    Mode::ALL.into_iter().fold(load, |load, mode| load.at_most(mode, REQUESTS))
}

#[test]
fn no_mode_fails_on_a_service_that_is_left_alone() {
    let host = Sandbox::new().unwrap();
    let jar = host.directory().join("demo.jar");
    Jar::release("v1").write(&jar).unwrap();
    let java = host.binaries().unwrap().java().unwrap();
    host.start_as_the_scripts_did("real1", host.ports().blue, &jar, java).unwrap();
    host.nginx().start().unwrap();
    let door = host.ports().door;
    let table = [
        ("the service itself", every_mode(host.ports().blue)),
        ("through nginx", every_mode(door)),
        ("through nginx and over a long way", every_mode(door).round_trip(Duration::from_millis(20))),
    ];
    for (case, load) in table {
        let file = host.directory().join("load.jsonl");
        let load = load.record_to(&file).start().unwrap();
        load.mark(Mark::cutover_end("v1"));
        let history = load.wait().unwrap();
        let summary = history.summary();
        assert_eq!(summary.failures(), 0, "{case}: {:?}\n{summary}", history.records());
        for mode in Mode::ALL {
            let counts = summary.mode(mode);
            let exchanges = if matches!(mode, Mode::Sse | Mode::WebSocket) { REQUESTS * EVENTS } else { REQUESTS };
            assert_eq!((counts.requests, counts.exchanges), (REQUESTS, exchanges), "{case}: {mode}");
            assert_eq!(counts.releases["v1"].count, REQUESTS, "{case}: {mode}");
        }
        let findings = check::check(std::io::Cursor::new(std::fs::read(&file).unwrap()), check::RELOAD_WINDOW).unwrap();
        assert_eq!(findings.violations(), 0, "{case}: {findings}");
        assert!(findings.of(Invariant::I10).looked_at >= 6 * REQUESTS - 1, "{case}: {findings}");
        assert!(findings.of(Invariant::I1b).looked_at > REQUESTS, "{case}: {findings}");
        assert_eq!(findings.of(Invariant::I1).looked_at, Mode::ALL.len() as u64 * REQUESTS, "{case}: {findings}");
    }
}
