//! What `stop` does about those who are still connected to the slot that it frees (F63).

use std::io::{Read, Write};
use std::net::TcpStream;

use demo_app::{Fault, Jar};

use crate::rig::{Rig, connections_to, ended, eventually, flat, said};

/// Asks at the door for an answer that takes so long.
fn ask_slowly(rig: &Rig, milliseconds: u32) -> TcpStream {
    let (live, _) = rig.live_and_idle_ports();
    let before = connections_to(live);
    let mut client = TcpStream::connect(("127.0.0.1", rig.host.ports().door)).unwrap();
    let request = format!("GET /slow?milliseconds={milliseconds} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    client.write_all(request.as_bytes()).unwrap();
    eventually("nginx holds a connection to the slot", || connections_to(live) > before);
    client
}

#[test]
fn f63_a_request_across_two_deployments_finishes_a_connection_that_never_ends_is_closed_and_both_are_told() {
    let rig = Rig::new();
    rig.host.set("stop.drain", "\"4s\"").unwrap();
    rig.host.set("stop.grace", "\"200ms\"").unwrap();
    // The release waits for nobody itself, so that nothing but the drain gives a request its time.
    rig.deploy(&Jar::release("v0")).succeeds();
    rig.deploy(&Jar::release("v1").fault(Fault::IgnoresSigterm)).succeeds();
    rig.stage(&Jar::release("v2"));
    for hook in ["stop", "start", "health"] {
        ended(&rig.run(hook), 0, &[]);
    }
    let mut endless = ask_slowly(&rig, 600_000);
    let mut slow = ask_slowly(&rig, 2500);
    let place = rig.profile();
    ended(&rig.run("switch"), 0, &[]);
    rig.stage(&Jar::release("v3"));
    let stop = rig.run("stop");
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
    let rig = Rig::live_in("real1");
    rig.stage(&Jar::release("v2"));
    let stop = rig.run("stop");
    ended(&stop, 0, &[]);
    assert!(!flat(&stop).contains("finished in") && !flat(&stop).contains("long connection"), "{}", stop.output);
}

#[test]
fn f63_a_switch_that_stops_the_old_release_lets_its_requests_finish_first() {
    let rig = Rig::live_in("real1");
    rig.host.set("switch.standby", "\"stop\"").unwrap();
    rig.stage(&Jar::release("v2"));
    for hook in ["stop", "start", "health"] {
        ended(&rig.run(hook), 0, &[]);
    }
    let mut slow = ask_slowly(&rig, 2500);
    let switch = rig.run("switch");
    ended(&switch, 0, &["1 request to `real1`", "finished in", "was stopped", "`real2`", "not kept as a standby"]);
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("x-release: v1"), "{answer}");
}
