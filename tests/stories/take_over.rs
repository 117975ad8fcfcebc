//! A host as the five scripts left it is taken over: its nginx, its directories and its JVM stay as they are, and nobody
//! notices.

use std::net::SocketAddr;
use std::time::Duration;

use demo_app::Jar;
use strict_client::{Load, Mode};

use crate::rig::{Rig, ended, eventually, is_alive};

#[test]
fn a_host_of_the_scripts_is_deployed_to_without_touching_its_nginx_and_without_a_failed_request() {
    let rig = Rig::new();
    let ports = rig.host.ports();
    let java = rig.host.binaries().unwrap().java().unwrap();
    let source = rig.jar(&Jar::release("old"));
    // The scripts copy the jar into the application's directory and run it there.
    let old_jar = rig.host.app_directory().join("application.jar");
    // Their standby of the deploy before, which nobody ever stopped.
    let older = rig.host.start_as_the_scripts_did("real2", ports.green, &source, &java).unwrap();
    let old = rig.host.start_as_the_scripts_did("real1", ports.blue, &source, &java).unwrap();
    let nginx_before = everything_below(&rig.host.directory().join("nginx/nginx.conf"));
    let jar_before = std::fs::read(&old_jar).unwrap();

    let door = SocketAddr::from(([127, 0, 0, 1], ports.door));
    let load =
        Load::builder(door).rate_per_second(100).modes(Mode::PLAIN).timeout(Duration::from_mins(2)).start().unwrap();
    // Requests come to their end before, between and after the cutovers, however quick or slow the machine is.
    let more = || {
        let enough = load.summary().requests() + 100;
        eventually("more requests have come to their end", || load.summary().requests() >= enough);
    };
    more();
    rig.deploy(&Jar::release("v1")).succeeds();
    more();
    assert!(is_alive(old), "the scripts' JVM that was live is the standby now");
    assert!(!is_alive(older), "the scripts' JVM in the idle slot made room");
    assert_eq!(rig.release(), "v1");
    rig.deploy(&Jar::release("v2")).succeeds();
    assert!(!is_alive(old), "and it made room in its turn");
    assert_eq!(rig.release(), "v2");
    more();
    let history = load.finish().unwrap();

    assert_eq!(history.failures_on_fresh(), Vec::<&strict_client::Record>::new());
    assert_eq!(history.failures_on_reused_that_a_retry_would_not_have_saved(), Vec::<&strict_client::Record>::new());
    assert_eq!(everything_below(&rig.host.directory().join("nginx/nginx.conf")), nginx_before);
    assert_eq!(std::fs::read(&old_jar).unwrap(), jar_before, "the scripts' jar was not written");
    assert_eq!(rig.include(), format!("set $service_url http://127.0.0.1:{};\n", ports.blue));
}

#[test]
fn going_back_to_the_jvm_of_the_scripts_is_possible_as_long_as_it_runs() {
    let rig = Rig::new();
    let ports = rig.host.ports();
    let java = rig.host.binaries().unwrap().java().unwrap();
    let source = rig.jar(&Jar::release("old"));
    rig.host.start_as_the_scripts_did("real1", ports.blue, &source, &java).unwrap();
    rig.deploy(&Jar::release("v1")).succeeds();
    ended(&rig.host.hook("switch").argument("--back").run().unwrap(), 0, &[]);
    assert_eq!(rig.release(), "old");
}

fn everything_below(path: &std::path::Path) -> (Vec<u8>, std::time::SystemTime) {
    (std::fs::read(path).unwrap(), std::fs::metadata(path).unwrap().modified().unwrap())
}
