//! What `stop` does about those who are still connected to the slot that it frees (F63, row 42).

use std::io::{Read, Write};
use std::net::TcpStream;

use demo_app::{Fault, Jar};

use crate::rig::{Stage, connections_to, ended, eventually, flat, said};

/// Asks at the door for an answer that takes so long.
fn ask_slowly(stage: &Stage, milliseconds: u32) -> TcpStream {
    let (live, _) = stage.live_and_idle_ports();
    let before = connections_to(live);
    let mut client = TcpStream::connect(("127.0.0.1", stage.host.ports().door)).unwrap();
    let request = format!("GET /slow?milliseconds={milliseconds} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    client.write_all(request.as_bytes()).unwrap();
    eventually("nginx holds a connection to the slot", || connections_to(live) > before);
    client
}

#[test]
fn f63_row_42_a_request_across_two_deployments_finishes_a_connection_that_never_ends_is_closed_and_both_are_told() {
    let stage = Stage::new();
    stage.host.set("stop.drain", "\"4s\"").unwrap();
    stage.host.set("stop.grace", "\"200ms\"").unwrap();
    // The release waits for nobody itself, so that nothing but the drain gives a request its time.
    stage.deploy(&Jar::release("v0")).succeeds();
    stage.deploy(&Jar::release("v1").fault(Fault::IgnoresSigterm)).succeeds();
    stage.stage(&Jar::release("v2"));
    for hook in ["stop", "start", "health"] {
        ended(&stage.run(hook), 0, &[]);
    }
    let mut endless = ask_slowly(&stage, 600_000);
    let mut slow = ask_slowly(&stage, 2500);
    let place = stage.profile();
    ended(&stage.run("switch"), 0, &[]);
    stage.stage(&Jar::release("v3"));
    let stop = stage.run("stop");
    ended(&stop, 0, &[&format!("1 request to `{place}`"), "finished in"]);
    said(&stop, &["; 1 long connection is closed after 4 s"]);
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("x-release: v1"), "{answer}");
    answer.clear();
    endless.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 502"), "it ended with its process: {answer}");
}

#[test]
fn f63_where_nobody_is_connected_nothing_is_said() {
    let stage = Stage::live_in("real1");
    stage.stage(&Jar::release("v2"));
    let stop = stage.run("stop");
    ended(&stop, 0, &[]);
    assert!(!flat(&stop).contains("finished in") && !flat(&stop).contains("long connection"), "{}", stop.output);
}

#[test]
fn f63_a_switch_that_stops_the_old_release_lets_its_requests_finish_first() {
    let stage = Stage::live_in("real1");
    stage.host.set("switch.standby", "\"stop\"").unwrap();
    stage.stage(&Jar::release("v2"));
    for hook in ["stop", "start", "health"] {
        ended(&stage.run(hook), 0, &[]);
    }
    let mut slow = ask_slowly(&stage, 2500);
    let switch = stage.run("switch");
    ended(&switch, 0, &["1 request to `real1`", "finished in", "was stopped", "`real2`", "not kept as a standby"]);
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("x-release: v1"), "{answer}");
}
