//! Every mode on the demo service itself, through the sandbox's nginx, and over a long way: not one failure, and a history
//! that violates no invariant.

use std::io::Cursor;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use demo_app::Jar;
use sandbox::{Binaries, BuildProfile, Sandbox};
use strict_client::check::{self, Findings, Invariant, Settings};
use strict_client::{Load, LoadBuilder, Mark, Mode};

use crate::run::{PATIENCE, run_until};

/// How many requests of each mode have to be seen, at least.
const REQUESTS: u64 = 12;
const EVENTS: u64 = 5;

/// Seldom enough for a busy machine to keep up, and with patience for one that does not.
fn every_mode(host: &Sandbox, port: u16) -> LoadBuilder {
    Load::builder(SocketAddr::from(([127, 0, 0, 1], port)))
        .modes(Mode::every())
        .secure(SocketAddr::from(([127, 0, 0, 1], host.ports().secure)), host.nginx().certificate().unwrap())
        .rate_per_second(20)
        .rate_of_each(Mode::HEAVY, 8)
        .connections(3)
        .timeout(PATIENCE)
        .upload_pause(Duration::from_millis(50))
        .silence(Duration::from_millis(50))
        .long(Duration::from_millis(50))
        .events(EVENTS, Duration::from_millis(10))
        .messages(EVENTS, Duration::from_millis(10))
}

/// A host whose service and nginx run.
fn host() -> Sandbox {
    let binaries = Binaries::built(BuildProfile::Debug).unwrap();
    let host = Sandbox::builder().binaries(binaries).tls().build().unwrap();
    let jar = host.directory().join("demo.jar");
    Jar::release("v1").write(&jar).unwrap();
    let java = host.binaries().unwrap().java().unwrap();
    host.start_as_the_scripts_did("real1", host.ports().blue, &jar, java).unwrap();
    host.nginx().start().unwrap();
    host
}

fn judged(file: &Path, settings: Settings) -> Findings {
    check::check(Cursor::new(std::fs::read(file).unwrap()), settings).unwrap()
}

#[test]
fn no_mode_fails_on_a_service_that_is_left_alone() {
    let host = host();
    let door = host.ports().door;
    let table = [
        ("the service itself", every_mode(&host, host.ports().blue)),
        ("through nginx", every_mode(&host, door)),
        ("through nginx and over a long way", every_mode(&host, door).round_trip(Duration::from_millis(20))),
    ];
    for (case, load) in table {
        let file = host.directory().join("load.jsonl");
        let load = load.record_to(&file).start().unwrap();
        load.mark(Mark::cutover_end("v1"));
        // Of these each mode has sent some after the mark, and on connections of before.
        let enough: Vec<u64> = Mode::every().map(|mode| load.summary().mode(mode).requests + 2 * REQUESTS).collect();
        let history = run_until(load, "requests", |summary| {
            Mode::every().zip(&enough).all(|(mode, enough)| summary.mode(mode).requests >= *enough)
        });
        let summary = history.summary();
        assert_eq!(summary.failures(), 0, "{case}: {:?}\n{summary}", history.records());
        for mode in Mode::every() {
            let counts = summary.mode(mode);
            let each = if matches!(mode, Mode::Sse | Mode::WebSocket) { EVENTS } else { 1 };
            assert_eq!(counts.exchanges, counts.requests * each, "{case}: {mode}");
            assert_eq!(counts.releases["v1"].count, counts.requests, "{case}: {mode}");
        }
        let findings = judged(&file, Settings::default());
        assert_eq!(findings.violations(), 0, "{case}: {findings}");
        assert!(findings.of(Invariant::I10).looked_at > 0, "{case}: {findings}");
        assert!(findings.of(Invariant::I1b).looked_at > 0, "{case}: {findings}");
        assert_eq!(findings.of(Invariant::I1).looked_at, summary.requests(), "{case}: {findings}");
    }
}

#[test]
fn reloads_of_nginx_cost_nothing_but_what_a_client_may_send_again_by_the_exceptions_of_i1a_and_i1b() {
    let host = host();
    let file = host.directory().join("load.jsonl");
    let load =
        every_mode(&host, host.ports().door).round_trip(Duration::from_millis(10)).record_to(&file).start().unwrap();
    let all_have = |count| Mode::every().all(|mode| load.summary().mode(mode).requests >= count);
    host.wait_until("every mode is under way", PATIENCE, || all_have(10)).unwrap();
    for _ in 0..3 {
        load.mark(Mark::reload());
        host.nginx().reload_and_wait().unwrap();
    }
    let enough = load.summary().mode(Mode::Sse).requests + 20;
    host.wait_until("streams of before have ended", PATIENCE, || all_have(enough)).unwrap();
    load.finish().unwrap();
    // On a busy machine the way to nginx may be a good deal longer than the one that was asked for, and old workers may close what
    // they keep long after the reload. What may die, and how, is judged as ever.
    let findings = judged(&file, Settings { on_the_way: PATIENCE, reload_window: PATIENCE });
    let log = host.nginx().error_log().unwrap();
    assert_eq!(findings.violations(), 0, "{findings}\n{log}");
    assert_eq!(findings.marks, 3, "{findings}");
}

#[test]
fn the_program_speaks_tls_and_http2_where_it_is_told_whom_to_trust() {
    let host = host();
    let certificate = host.directory().join("nginx/tls/certificate.pem");
    let run = |certificate: &Path| {
        let output = Command::new(env!("CARGO_BIN_EXE_strict-client"))
            .args(["--url", &format!("http://127.0.0.1:{}/", host.ports().door)])
            .args(["--modes", "large,tls,http2,http2-retry", "--rate", "10", "--requests", "3", "--certificate"])
            .arg(certificate)
            .args(["--tls", &format!("127.0.0.1:{}", host.ports().secure)])
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let (code, told) = run(&certificate);
    assert_eq!(code, Some(0), "{told}");
    for mode in Mode::HEAVY {
        assert!(told.contains(&format!("\n{mode:<13}        3         3        0")), "{told}");
    }
    let (code, told) = run(&host.directory().join("nothing"));
    assert!(code == Some(2) && told.contains("nothing` could not be read"), "{told}");
}
