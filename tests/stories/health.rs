//! When a release is healthy, and what is said when it is not (F50 to F54): the live app serves on in every case.

use demo_app::{Bind, Fault, Jar};
use sandbox::PortsBeside;

use crate::rig::{Rig, listener};

#[track_caller]
fn unhealthy(fault: Fault, words: &[&str]) {
    let rig = Rig::live_in("real1");
    rig.impatient();
    rig.untouched_by(|| {
        rig.deploy(&Jar::release("v2").fault(fault)).fails("health", 31, words);
    });
    assert_eq!(rig.release(), "v1");
}

#[test]
fn b6_f51_a_refusal_whose_body_contains_the_word_is_no_health() {
    unhealthy(Fault::answers(401, "{\"realm\":\"real2\"}"), &["HTTP 401", "needed HTTP 200 `real2`", "permitAll()"]);
    unhealthy(Fault::answers(200, "<p>real2</p>"), &["needed HTTP 200 `real2`"]);
    let words = ["HTTP 500 `could not open the real-db`", "needed HTTP 200 `real2`"];
    unhealthy(Fault::answers(500, "could not open the real-db"), &words);
}

#[test]
fn f52_a_redirect_to_a_login_page_is_told_at_once() {
    unhealthy(
        Fault::redirects("/oauth2/authorization/google?token=secret"),
        &["HTTP 302 to /oauth2/authorization/google", "permitAll()"],
    );
    unhealthy(Fault::answers(404, "not here"), &["HTTP 404"]);
}

#[test]
fn f52_what_follows_the_question_mark_of_a_redirect_is_told_nobody() {
    let rig = Rig::live_in("real1");
    let deployed = rig.deploy(&Jar::release("v2").fault(Fault::redirects("/login?token=CANARY")));
    let log = std::fs::read_to_string(rig.host.app_directory().join("logs/hooks.log")).unwrap();
    assert!(!deployed.output().contains("CANARY") && !log.contains("CANARY"));
}

#[test]
fn f53_an_app_with_another_profile_is_told_with_the_property_to_set() {
    unhealthy(Fault::answers(200, "real"), &["answers HTTP 200 `real`", "spring.profiles.active=real2"]);
    unhealthy(Fault::answers(200, "default"), &["spring.profiles.active=real2"]);
}

#[test]
fn f50_one_good_answer_among_bad_ones_is_not_enough() {
    unhealthy(Fault::Flapping, &["is not healthy"]);
}

#[test]
fn f54_an_app_that_hangs_or_never_ends_its_answer_is_given_up() {
    unhealthy(Fault::Hangs, &["does not answer"]);
    unhealthy(Fault::EndlessBody, &["needed HTTP 200 `real2`"]);
}

#[test]
fn f35_an_app_that_listens_where_nginx_does_not_ask_is_told_which_address_that_is() {
    let rig = Rig::live_in("real1");
    let deployed = rig.deploy(&Jar::release("v2").bind(Bind::Loopback6));
    deployed.fails("health", 31, &["listens on `::1` alone", "nginx asks 127.0.0.1", "`server.address`"]);
    assert_eq!(rig.release(), "v1");
}

#[test]
fn f52_a_redirect_to_https_is_told_apart_from_a_login_page() {
    let words = ["HTTP 302 to https://shop.example.com/profile", "out of the redirect to https", "`health.path`"];
    unhealthy(Fault::redirects("https://shop.example.com/profile"), &words);
}

/// A host whose releases are asked for their health on a port of their own, which is nobody else's as long as the second is kept.
fn with_a_health_port() -> (Rig, PortsBeside) {
    let rig = Rig::live_in("real1");
    let beside = rig.host.ports_beside().unwrap();
    rig.host.set("health.port", &format!("\"+{}\"", beside.offset())).unwrap();
    rig.host.set("app.jvm_options", "[\"-Dmanagement.server.port={health_port}\"]").unwrap();
    (rig, beside)
}

#[test]
fn f123_a_release_is_asked_on_its_health_port_by_health_and_by_the_way_back() {
    let (rig, beside) = with_a_health_port();
    let offset = beside.offset();
    let ports = rig.host.ports();
    for (release, port) in [("v2", ports.green), ("v3", ports.blue)] {
        let deployed = rig.deploy(&Jar::release(release));
        deployed.succeeds();
        assert_eq!(rig.release(), release);
        assert_eq!(listener(port + offset), listener(port), "one process has both ports");
    }
    let back = rig.host.hook("switch").argument("--back").run().unwrap();
    assert_eq!((back.code, rig.release().as_str()), (0, "v2"), "{}", back.output);
    let log = std::fs::read_to_string(rig.host.app_directory().join("logs/hooks.log")).unwrap();
    for asked in [ports.green, ports.blue].map(|port| format!("ask http://127.0.0.1:{}/profile", port + offset)) {
        assert!(log.contains(&asked), "`{asked}` is not in the log");
    }
}

#[test]
fn f123_a_health_port_that_the_release_does_not_open_or_a_stranger_holds_is_told_and_costs_as_little_as_can_be() {
    let (rig, beside) = with_a_health_port();
    let offset = beside.offset();
    let (_, idle) = rig.live_and_idle_ports();
    let standby = listener(idle).expect("a standby");
    let stranger = std::net::TcpListener::bind(("127.0.0.1", idle + offset)).unwrap();
    let words = ["on which the new release in `real2`", "is to be asked (`health.port`), is held by process"];
    rig.deploy(&Jar::release("v2")).fails("stop", 12, &words);
    assert_eq!(listener(idle), Some(standby), "the standby runs on");
    drop(stranger);
    rig.host.set("app.jvm_options", "[]").unwrap();
    rig.impatient();
    let told = format!("it does not listen on port {} (`health.port`)", idle + offset);
    rig.deploy(&Jar::release("v2")).fails("health", 31, &[&told]);
    assert_eq!(rig.release(), "v1");
}

#[test]
fn i12_a_flood_in_the_apps_log_does_not_hide_the_verdict() {
    let rig = Rig::live_in("real1");
    let deployed = rig.deploy(&Jar::release("v2").fault(Fault::FloodsLog));
    deployed.fails("start", 30, &["FAILED start (exit code 30)", "serving: `real1`", "log: "]);
    let output = deployed.output();
    assert!(output.lines().all(|line| line.len() <= 200 && !line.chars().any(char::is_control)), "{output}");
    let verdict = &output[output.find("FAILED start").expect("a verdict")..];
    assert!(verdict.len() <= 1500, "{}", verdict.len());
}

#[test]
fn a_slow_boot_is_waited_for() {
    let rig = Rig::live_in("real1");
    rig.host.set("start.survive", "\"200ms\"").unwrap();
    rig.deploy(&Jar::release("v2").boot_milliseconds(1500)).succeeds();
    assert_eq!(rig.release(), "v2");
}

#[test]
fn an_app_that_dies_while_it_is_asked_is_noticed() {
    let rig = Rig::live_in("real1");
    rig.host.set("health.consecutive", "10").unwrap();
    rig.untouched_by(|| {
        let dies = Fault::dies_answering("/profile", 5);
        rig.deploy(&Jar::release("v2").fault(dies)).fails("health", 30, &["has died"]);
    });
}
