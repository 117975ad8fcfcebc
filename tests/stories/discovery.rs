//! Who is live: the door may say what it likes, the live app stays as it is (F45, F46, F69, I2, I16).

use demo_app::Jar;
use sandbox::Door;

use crate::rig::{Rig, ended, is_alive, kill};

#[test]
fn b1_f69_i16_whatever_nginx_answers_at_the_door_the_live_app_is_never_stopped() {
    for live in ["real1", "real2"] {
        for (door, arrives) in [
            (Door::returns(301), true),
            (Door::returns(302), true),
            (Door::returns(401), true),
            (Door::returns(404), true),
            (Door::returns(503), true),
            (Door::Html, true),
            (Door::AnotherProfile("real".into()), true),
            // An error of nginx's own, or silence, is what users would get: traffic is sent back.
            (Door::returns(500), false),
            (Door::Hangs, false),
        ] {
            let rig = Rig::live_in(live);
            let (port, _) = rig.live_and_idle_ports();
            let process = crate::rig::listener(port).expect("the live app");
            rig.host.nginx().set_door(&door).unwrap();
            let deployed = rig.deploy(&Jar::release("v2"));
            assert!(is_alive(process), "{live}, {door:?}: the app that was live runs on\n{}", deployed.output());
            assert!(deployed.output().contains("the door was no help"), "{live}, {door:?}\n{}", deployed.output());
            if arrives {
                deployed.succeeds();
                assert_eq!(rig.release(), "v2", "{live}, {door:?}");
            } else {
                deployed.fails("switch", 41, &["traffic did not arrive"]);
                assert_eq!((rig.release().as_str(), rig.live_and_idle_ports().0), ("v1", port), "{live}, {door:?}");
            }
        }
    }
}

#[test]
fn i16_the_door_answers_with_the_other_slots_profile_and_the_hook_refuses_to_guess() {
    for (live, other) in [("real1", "real2"), ("real2", "real1")] {
        let rig = Rig::live_in(live);
        rig.host.nginx().set_door(&Door::AnotherProfile(other.into())).unwrap();
        rig.untouched_by(|| {
            rig.deploy(&Jar::release("v2")).fails(
                "stop",
                12,
                &["cannot tell which slot is live", "nginx -t && nginx -s reload"],
            );
        });
    }
}

#[test]
fn i3a_an_include_that_nginx_never_read_is_not_believed() {
    let rig = Rig::live_in("real1");
    let ports = rig.host.ports();
    // As after a switch of the scripts whose reload was refused: the file says green, nginx still does blue.
    rig.host.nginx().set_door(&Door::returns(301)).unwrap();
    let process = crate::rig::listener(ports.blue).expect("the live app");
    // Start times are known to a tick and the clock may be adjusted, so a change within a second proves nothing.
    let began = std::time::Instant::now();
    crate::rig::eventually("the workers are old enough", || began.elapsed().as_millis() > 1200);
    rig.host.nginx().write_include(&format!("set $service_url http://127.0.0.1:{};\n", ports.green)).unwrap();
    rig.deploy(&Jar::release("v2")).fails("stop", 12, &["it changed after nginx last read it", "HTTP 301"]);
    assert!(is_alive(process));
}

#[test]
fn f45_both_slots_are_down_and_a_deploy_brings_the_site_back() {
    for profile in ["real1", "real2"] {
        let rig = Rig::live_in(profile);
        let (live, idle) = rig.live_and_idle_ports();
        kill(crate::rig::listener(live).expect("the live app"));
        kill(crate::rig::listener(idle).expect("the standby"));
        rig.deploy(&Jar::release("v2")).succeeds();
        assert_eq!((rig.release().as_str(), rig.live_and_idle_ports().0), ("v2", idle));
    }
}

#[test]
fn f46_the_ledger_is_lost_or_damaged_and_the_witnesses_replace_it() {
    for damage in [None, Some("zero-downtime-hooks ledger, format 1, sha256 0\n{}\n"), Some("\u{0}")] {
        let rig = Rig::live_in("real2");
        let ledger = rig.host.app_directory().join("ledger/ledger.json");
        match damage {
            None => std::fs::remove_file(&ledger).unwrap(),
            Some(text) => std::fs::write(&ledger, text).unwrap(),
        }
        let deployed = rig.deploy(&Jar::release("v2"));
        deployed.succeeds();
        assert_eq!(deployed.output().contains("is damaged"), damage.is_some(), "{}", deployed.output());
        assert_eq!(rig.release(), "v2");
    }
}

#[test]
fn f02_a_ledger_of_a_later_version_is_left_alone() {
    let rig = Rig::live_in("real1");
    let ledger = rig.host.app_directory().join("ledger/ledger.json");
    let later = "zero-downtime-hooks ledger, format 9, sha256 0\n{}\n";
    std::fs::write(&ledger, later).unwrap();
    rig.untouched_by(|| rig.deploy(&Jar::release("v2")).fails("stop", 10, &["has format 9"]).output());
    assert_eq!(std::fs::read_to_string(&ledger).unwrap(), later);
}

#[test]
fn a_first_deploy_moves_traffic_from_the_port_that_served_before_the_slots_did() {
    let rig = Rig::new();
    let ports = rig.host.ports();
    // The book begins with the application on 8080, and an include that says so.
    rig.host.nginx().write_include("set $service_url http://127.0.0.1:9;\n").unwrap();
    rig.host.nginx().reload_and_wait().unwrap();
    rig.deploy(&Jar::release("v1")).succeeds();
    assert_eq!(
        (rig.release().as_str(), rig.include().as_str()),
        ("v1", format!("set $service_url http://127.0.0.1:{};\n", ports.blue).as_str())
    );
}

#[test]
fn f83_a_cutover_that_was_killed_half_way_is_settled_by_the_next_hook() {
    let rig = Rig::live_in("real1");
    rig.stage(&Jar::release("v2"));
    for hook in ["stop", "start", "health"] {
        ended(&rig.run(hook), 0, &[]);
    }
    // nginx's master sleeps, so that the reload cannot come into force; then the hook is killed while it waits for it.
    let master =
        rustix::process::Pid::from_raw(i32::try_from(rig.host.nginx().master_pid().unwrap()).unwrap()).unwrap();
    rustix::process::kill_process(master, rustix::process::Signal::STOP).unwrap();
    let before = rig.include();
    let running = rig.hook("switch").spawn().unwrap();
    crate::rig::eventually("the include is written", || rig.include() != before);
    running.kill().unwrap();
    running.wait().unwrap();
    rustix::process::kill_process(master, rustix::process::Signal::CONT).unwrap();
    let run = rig.run("switch");
    ended(&run, 0, &["an earlier run was ended in the middle of its cutover"]);
    assert_eq!(rig.release(), "v2");
}

#[test]
fn f119_a_first_deploy_whose_door_the_application_does_not_know_says_what_to_ask_instead() {
    let rig = Rig::new();
    rig.host.set("health.path", "\"/\"").unwrap();
    rig.host.set("health.body", "\"\"").unwrap();
    // The application has no such path, as one that is no Spring Boot has no `/profile`.
    rig.host.set("proxy.door", &format!("\"http://127.0.0.1:{}/no/such/path\"", rig.host.ports().door)).unwrap();
    let deployed = rig.deploy(&Jar::release("v1"));
    let words =
        ["`proxy.door` asks for `/no/such/path`, which has told nothing so far (HTTP 502", "`health.path` is `/`"];
    deployed.succeeds();
    let told = deployed.output().replace("\n    ", " ").replace("\nstop:     ", " ").replace("\nswitch:     ", " ");
    for word in words {
        assert!(told.contains(word), "`{word}` is not in {told}");
    }
    assert!(
        deployed.output().matches("note: `proxy.door` asks").count() == 2,
        "stop says so already: {}",
        deployed.output()
    );
    rig.host.set("proxy.door", &format!("\"http://127.0.0.1:{}/\"", rig.host.ports().door)).unwrap();
    let deployed = rig.deploy(&Jar::release("v1"));
    deployed.succeeds();
    assert!(!deployed.output().contains("`proxy.door` asks"), "{}", deployed.output());
}
