//! A release that is warmed up before users come: it is asked and the live one is not, what is wrong with it is found, and what it
//! dies of ends the deploy and nothing else.

use std::time::Duration;

use demo_app::{Fault, Jar};

use crate::rig::{Rig, ended, eventually};

/// How often the page was asked for on this port, this time among them.
fn pages(rig: &Rig, port: u16) -> u64 {
    let answer = rig.host.direct_get(port, "/").expect("it answers");
    answer.header("x-pages").and_then(|pages| pages.parse().ok()).expect("a number of pages")
}

/// A host with a live release whose next one is warmed up.
fn warming(paths: &str) -> Rig {
    let rig = Rig::live_in("real1");
    rig.host.set("warm_up.paths", paths).unwrap();
    rig.host.set("warm_up.at_most", "\"2m\"").unwrap();
    rig.host.set("warm_up.timeout", "\"1m\"").unwrap();
    rig
}

#[test]
fn f130_a_release_that_is_slow_at_first_is_asked_until_it_is_not_and_the_live_one_is_left_alone() {
    let rig = warming("[\"/\"]");
    let (live, idle) = rig.live_and_idle_ports();
    let before = pages(&rig, live);
    let slow = Fault::SlowAtFirst { answers: 20, time: Duration::from_secs(1) };
    let deployed = rig.deploy(&Jar::release("v2").fault(slow));
    deployed.succeeds();
    assert!(deployed.output().contains("health: note: warm-up: "), "{}", deployed.output());
    assert_eq!(pages(&rig, live), before + 1, "nobody but this test has asked it");
    assert!(pages(&rig, idle) > 60, "{}", deployed.output());
    assert_eq!(rig.release(), "v2");
}

#[test]
fn f132_a_page_that_only_the_new_release_cannot_show_is_found_before_users_find_it() {
    let rig = warming("[\"/\"]");
    let (live, idle) = rig.live_and_idle_ports();
    let before = pages(&rig, live);
    rig.host.set("warm_up.required", "true").unwrap();
    let broken = || Jar::release("v2").fault(Fault::PageAnswers { status: 500 });
    rig.untouched_by(|| {
        let words =
            ["does not answer as the live one does: `/`: HTTP 500 here, HTTP 200 in the live release", "was ended"];
        rig.deploy(&broken()).fails("health", 31, &words);
    });
    // `untouched_by` asks twice.
    assert_eq!(pages(&rig, live), before + 4, "the live release was asked once");
    assert!(!rig.host.is_listening(idle).unwrap(), "nginx cannot fall back on it");
    rig.host.set("warm_up.required", "false").unwrap();
    let deployed = rig.deploy(&broken());
    deployed.succeeds();
    let told = "note: warm-up: `/`: HTTP 500 here, HTTP 200 in the live release";
    assert!(deployed.output().contains(told), "{}", deployed.output());
}

#[test]
fn f131_what_users_ask_for_is_read_from_nginxs_log_in_the_form_that_it_has() {
    let rig = warming("[]");
    let log = rig.host.directory().join("access.log");
    let door = std::net::TcpListener::bind(("127.0.0.1", 0)).and_then(|free| free.local_addr()).unwrap().port();
    let form = r#"{"who":"$remote_user","agent":"$http_user_agent","request":"$request","status":$status}"#;
    let (include, log_name) = (rig.host.nginx().include_path(), log.display().to_string());
    let server = format!(
        "log_format told escape=json '{form}';\nserver {{\n listen 127.0.0.1:{door};\n server_name logged;\n access_log {log_name} \
         told;\n include {};\n location / {{ proxy_pass $service_url; }}\n}}\n",
        include.display()
    );
    rig.host.nginx().configure("logged.conf", &server).unwrap();
    for path in ["/", "/logout", "/missing", "/slow?milliseconds=1"] {
        (0..5).for_each(|_| drop(rig.host.direct_get(door, path).unwrap()));
    }
    eventually("nginx has written its log", || {
        std::fs::read_to_string(&log).is_ok_and(|log| log.lines().count() >= 20)
    });
    rig.host.set("warm_up.from", "\"access-log\"").unwrap();
    rig.host.set("warm_up.access_log", &format!("\"{log_name}\"")).unwrap();
    rig.host.set("warm_up.log_format", &format!("'{form}'")).unwrap();
    rig.host.set("warm_up.queries", "true").unwrap();
    rig.stage(&Jar::release("v2"));
    for hook in ["stop", "start"] {
        ended(&rig.run(hook), 0, &[]);
    }
    let (_, idle) = rig.live_and_idle_ports();
    let plan = rig.hook("health").argument("--dry-run").run().unwrap();
    ended(&plan, 0, &[&format!("warm it up: ask `/`, `/slow` on port {idle} until answers are as fast as they get")]);
    ended(&rig.run("health"), 0, &["note: warm-up: "]);
    assert!(pages(&rig, idle) > 60);
    std::fs::remove_file(&log).unwrap();
    rig.host.set("warm_up.paths", "[\"/\"]").unwrap();
    ended(&rig.run("health"), 0, &["cannot be read", "correct `warm_up.access_log` in hooks.toml"]);
}

#[test]
fn f133_a_release_that_dies_while_it_is_warmed_up_ends_the_deploy_and_nothing_else() {
    let rig = warming("[\"/\"]");
    let dies = Fault::dies_answering("/", 30);
    rig.untouched_by(|| {
        rig.deploy(&Jar::release("v2").fault(dies)).fails("health", 30, &["has died"]);
    });
    assert_eq!(rig.release(), "v1");
}
