//! `keepalive_min_timeout`, with an nginx that knows it and with one that does not. What it saves are the connections that a
//! reload would close while a client is about to use them (I1b).

use std::net::SocketAddr;
use std::time::Duration;

use demo_app::{Fault, Jar};
use sandbox::{Sandbox, recent_nginx};
use strict_client::{History, Load, Mode, Record};

use crate::rig::{Rig, ended, eventually, flat, said};

/// Longer than any client here leaves a connection alone, on however busy a machine.
const KEPT: &str = "\"10s\"";

/// Lets clients that keep their connections send requests while `act` runs, and from each of them enough before and after.
fn under_load(host: &Sandbox, act: impl FnOnce()) -> History {
    let door = SocketAddr::from(([127, 0, 0, 1], host.ports().door));
    let modes = [Mode::Fresh, Mode::KeepAlive, Mode::Blind];
    let load = Load::builder(door)
        .rate_per_second(100)
        .connections(10)
        .modes(modes)
        .timeout(Duration::from_mins(2))
        .start()
        .unwrap();
    let more = |count: u64| {
        let before = modes.map(|mode| load.summary().mode(mode).requests);
        eventually("every client has sent more requests", || {
            modes.iter().zip(before).all(|(mode, before)| load.summary().mode(*mode).requests >= before + count)
        });
    };
    more(30);
    act();
    more(30);
    load.finish().expect("a history")
}

/// Moves the traffic to the other slot, by a reload.
fn to_the_other_slot(rig: &Rig) {
    ended(&rig.host.hook("switch").argument("--back").run().unwrap(), 0, &[]);
}

#[test]
fn with_a_recent_nginx_and_the_setting_no_client_loses_a_request_in_twenty_cutovers() {
    let rig = Rig::with_nginx(&recent_nginx().unwrap());
    rig.deploy(&Jar::release("v1")).succeeds();
    rig.deploy(&Jar::release("v2")).succeeds();
    // What the setting is for: without it each idle connection is closed, and a client that does not look loses a request.
    let without = under_load(&rig.host, || to_the_other_slot(&rig));
    assert!(without.summary().mode(Mode::Blind).failed() > 0, "{}", without.summary());
    assert!(!rig.include().contains("keepalive_min_timeout"));

    rig.host.set("proxy.keepalive_min_timeout", KEPT).unwrap();
    // The reload that brings the line is made by workers that do not have it yet.
    let first = rig.host.hook("switch").argument("--back").run().unwrap();
    ended(&first, 0, &["note: `keepalive_min_timeout 10s` goes into the include. It holds from the next reload on"]);
    let (live, _) = rig.live_and_idle_ports();
    let include = |port| format!("set $service_url http://127.0.0.1:{port};\nkeepalive_min_timeout 10s;\n");
    assert_eq!(rig.include(), include(live));

    let history = under_load(&rig.host, || (0..20).for_each(|_| to_the_other_slot(&rig)));
    assert_eq!(history.failures(), Vec::<&Record>::new(), "{}", history.summary());
    let releases = history.releases_between(Duration::ZERO, Duration::MAX);
    assert_eq!(releases.into_keys().collect::<Vec<_>>(), ["v1", "v2"], "traffic has moved");
    assert_eq!(rig.include(), include(live), "the line stands there once");
}

#[test]
fn with_a_recent_nginx_releases_are_deployed_refused_and_gone_back_from_as_with_any_other() {
    let rig = Rig::with_nginx(&recent_nginx().unwrap());
    let offer = "`proxy.keepalive_min_timeout = \"1s\"` keeps connections that are in use through a reload";
    ended(&rig.host.hook("status").run().unwrap(), 2, &["proxy: nginx 1.", offer]);
    rig.host.set("proxy.keepalive_min_timeout", KEPT).unwrap();
    let told = flat(&rig.host.hook("status").run().unwrap());
    assert!(told.contains("proxy: nginx 1.") && !told.contains("keepalive_min_timeout"), "{told}");

    for release in ["v1", "v2", "v3"] {
        rig.deploy(&Jar::release(release)).succeeds();
        assert_eq!(rig.release(), release);
    }
    rig.untouched_by(|| {
        rig.deploy(&Jar::release("v4").fault(Fault::DiesAtBoot { code: 1 })).fails("start", 30, &[]);
    });
    rig.deploy(&Jar::release("v5")).succeeds();
    to_the_other_slot(&rig);
    assert_eq!(rig.release(), "v3");
}

#[test]
fn an_nginx_that_does_not_know_the_directive_is_never_given_it_and_the_note_says_why() {
    let rig = Rig::new();
    let told = flat(&rig.host.hook("status").run().unwrap());
    assert!(!told.contains("proxy.keepalive_min_timeout"), "needed an nginx before 1.27.4 on this machine:\n{told}");
    rig.host.set("proxy.keepalive_min_timeout", KEPT).unwrap();
    for release in ["v1", "v2"] {
        rig.stage(&Jar::release(release));
        for hook in ["stop", "start", "health"] {
            ended(&rig.run(hook), 0, &[]);
        }
        let switched = rig.run("switch");
        let words = ["note: `keepalive_min_timeout 10s` is left out: found nginx 1.", "needed nginx 1.27.4 or later"];
        ended(&switched, 0, &words);
        assert_eq!(flat(&switched).matches("keepalive_min_timeout").count(), 1, "said once:\n{}", switched.output);
        assert_eq!(rig.release(), release);
        let (live, _) = rig.live_and_idle_ports();
        assert_eq!(rig.include(), format!("set $service_url http://127.0.0.1:{live};\n"));
    }
    rig.host.nginx().test_configuration().unwrap();
}

#[test]
fn what_a_person_has_written_already_is_not_written_a_second_time() {
    let rig = Rig::with_nginx(&recent_nginx().unwrap());
    rig.host.set("proxy.keepalive_min_timeout", KEPT).unwrap();
    // Another file of the configuration; the include lies beside it.
    let own = rig.host.nginx().include_path().with_file_name("own.conf");
    std::fs::write(&own, "keepalive_min_timeout 3s;\n").unwrap();
    rig.deploy(&Jar::release("v1")).succeeds();
    let deployed = rig.deploy(&Jar::release("v2"));
    deployed.succeeds();
    assert!(!rig.include().contains("keepalive_min_timeout"), "{}", rig.include());
    let back = rig.host.hook("switch").argument("--back").run().unwrap();
    said(&back, &["is left out, since nginx's configuration says `keepalive_min_timeout` already"]);

    // In the include itself a person's line counts, wherever it stands, and gets the value of the settings.
    std::fs::remove_file(own).unwrap();
    let (live, idle) = rig.live_and_idle_ports();
    let text = |port, value| {
        format!("# ours\nkeepalive_min_timeout  {value} ; # see the wiki\nset $service_url http://127.0.0.1:{port};\n")
    };
    rig.host.nginx().write_include(&text(live, "300ms")).unwrap();
    rig.host.nginx().reload_and_wait().unwrap();
    to_the_other_slot(&rig);
    assert_eq!(rig.include(), text(idle, "10s"));
}
