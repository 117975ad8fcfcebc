//! nginx's own word: what it shows that the door cannot tell, and what is said where nothing shows anything.

use std::path::Path;
use std::process::Command;

use demo_app::{Fault, Jar};
use sandbox::Door;

use crate::permissions::{as_nobody, stage_of_nobody};
use crate::rig::{HOOKS, Rig, ended, eventually, flat, listener};

const DOCUMENT: &str = include_str!("../../docs/nginx.md");

/// The answer of an actuator that is the same for both slots.
const UP: &str = "{\"status\":\"UP\"}";

/// A host whose application says nothing of its profile, by one of the two cutovers.
fn whose_door_cannot_tell(cutover: &str) -> Rig {
    let rig = Rig::new();
    rig.host.set("proxy.cutover", &format!("\"{cutover}\"")).unwrap();
    rig.host.set("health.body", &format!("{:?}", UP.to_owned())).unwrap();
    rig
}

fn up(release: &str) -> Jar {
    Jar::release(release).fault(Fault::answers(200, UP))
}

fn word(rig: &Rig) -> String {
    rig.host.direct_get(rig.host.ports().word, "/word").unwrap().body
}

#[test]
fn f100_where_the_door_cannot_tell_nginx_itself_shows_that_traffic_has_arrived() {
    for cutover in ["instant", "reload"] {
        let rig = whose_door_cannot_tell(cutover);
        for release in ["v1", "v2", "v3"] {
            let deployed = rig.deploy(&up(release));
            deployed.succeeds();
            assert!(!deployed.output().contains("NOT PROVEN"), "{cutover}: {}", deployed.output());
            assert_eq!(rig.release(), release, "{cutover}");
        }
        let said = word(&rig);
        let (worker, target) = said.split_once(' ').unwrap();
        assert!(rig.host.nginx().worker_pids().iter().any(|id| id.to_string() == worker), "{said}");
        let named = if cutover == "instant" { "http://service-url-real" } else { "http://127.0.0.1:" };
        assert!(target.starts_with(named), "{said}");
    }
}

#[test]
fn f100_where_nothing_can_show_it_the_verdict_is_not_proven_and_says_what_that_costs() {
    for cutover in ["instant", "reload"] {
        let rig = whose_door_cannot_tell(cutover);
        rig.host.set("proxy.word", "\"off\"").unwrap();
        for release in ["v1", "v2"] {
            let deployed = rig.deploy(&up(release));
            deployed.succeeds();
            let told = deployed.output().replace("\n    ", " ");
            assert!(told.contains("OK switch: NOT PROVEN: traffic was sent to `real"), "{cutover}: {told}");
            assert!(
                told.contains("nginx's own word is not installed") && told.contains("whose `stop` ends the other"),
                "{told}"
            );
            assert!(!told.contains("has arrived"), "{told}");
            // docs/nginx.md shows it whole.
            let shown = DOCUMENT.split("```text\nOK switch: NOT PROVEN: traffic was sent to ").nth(1).unwrap();
            let shown = shown.split("\n```").next().unwrap().replace("\n    ", " ");
            let (_, what_it_costs) = shown.split_once(", and nobody").unwrap();
            assert!(told.contains(what_it_costs), "{what_it_costs} is not in {told}");
            assert_eq!(rig.release(), release, "it has arrived all the same");
        }
    }
}

/// nginx in a mount namespace of its own, in which something else lies over the directory of the flag.
fn nginx_that_sees_other_flags(directory: &Path) -> std::path::PathBuf {
    let wrapper = directory.join("nginx-of-another-view");
    let nginx = sandbox::ensure_nginx().unwrap();
    let script = format!(
        "#!/bin/sh\nexec unshare --mount sh -c 'mkdir -p \"$1\" && mount -t tmpfs none \"$1\" && shift && exec {} \"$@\"' nginx \"$(dirname \"$0\")/flags\" \"$@\"\n",
        nginx.display()
    );
    std::fs::write(&wrapper, script).unwrap();
    std::fs::set_permissions(&wrapper, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    wrapper
}

#[test]
fn f100_an_nginx_that_cannot_see_the_flag_is_found_out_by_its_own_word_and_no_traffic_is_said_to_have_moved() {
    let directory = tempfile::tempdir().unwrap();
    let wrapper = nginx_that_sees_other_flags(directory.path());
    let rig = Rig::with_nginx(&wrapper);
    rig.host.set("proxy.cutover", "\"instant\"").unwrap();
    rig.host.set("proxy.flag", &format!("{:?}", directory.path().join("flags/green").display().to_string())).unwrap();
    rig.host.set("health.body", &format!("{:?}", UP.to_owned())).unwrap();
    // The first release goes to the slot that serves without the flag, or with it: one of the two does not arrive.
    let first = rig.deploy(&up("v1"));
    let told = first.output().replace("\n    ", " ");
    assert!(
        told.contains("FAILED switch (exit code 41)") && told.contains("nginx does not send requests to"),
        "{told}"
    );
    assert!(!directory.path().join("flags/green").exists(), "it was taken back");
}

#[test]
fn f101_a_pid_file_of_another_nginx_is_refused_before_anything_changes() {
    let (rig, other) = (Rig::live_in("real1"), Rig::new());
    let theirs = other.host.nginx().pid_file();
    let before = other.host.nginx().worker_pids();
    let words: [(bool, &[&str]); 2] = [
        (true, &["speaks for nginx, and is no worker of the nginx that `proxy.pid_file` names"]),
        (false, &["this nginx writes its process id to", "but `proxy.pid_file` is"]),
    ];
    for (speaks, words) in words {
        if !speaks {
            // Where nginx cannot be asked its configuration still says which nginx it is.
            rig.host.set("proxy.word", "\"off\"").unwrap();
        }
        rig.host.set("proxy.pid_file", &format!("{:?}", theirs.display().to_string())).unwrap();
        rig.untouched_by(|| rig.deploy(&Jar::release("v2")).fails("stop", 10, words).output());
        rig.host.set("proxy.pid_file", &format!("{:?}", rig.host.nginx().pid_file().display().to_string())).unwrap();
    }
    assert_eq!(other.host.nginx().worker_pids(), before, "the other nginx was not told anything");
}

#[test]
fn f101_where_another_nginx_speaks_nobody_takes_it_for_ours() {
    let (rig, other) = (Rig::instant(), Rig::new());
    rig.deploy(&Jar::release("v2")).succeeds();
    // `stop` has looked; from then on the pid file is another's.
    rig.stage(&Jar::release("v3"));
    for hook in &HOOKS[..3] {
        ended(&rig.run(hook), 0, &[]);
    }
    rig.host.set("proxy.pid_file", &format!("{:?}", other.host.nginx().pid_file().display().to_string())).unwrap();
    let run = rig.run("switch");
    ended(&run, 10, &["speaks for nginx, and is no worker of the nginx that `proxy.pid_file` names"]);
    assert_eq!(rig.release(), "v2");
}

#[test]
fn f101_two_masters_of_an_upgrade_are_told_before_anything_changes() {
    for cutover in ["reload", "instant"] {
        let rig = Rig::live_in("real1");
        rig.host.set("proxy.cutover", &format!("\"{cutover}\"")).unwrap();
        let pid_file = rig.host.nginx().pid_file();
        let old: i32 = std::fs::read_to_string(&pid_file).unwrap().trim().parse().unwrap();
        let kill = |id: i32, signal| {
            rustix::process::kill_process(rustix::process::Pid::from_raw(id).unwrap(), signal).unwrap();
        };
        kill(old, rustix::process::Signal::USR2);
        let old_file = pid_file.with_file_name("nginx.pid.oldbin");
        eventually("a second master runs", || old_file.exists() && pid_file.exists());
        rig.untouched_by(|| {
            rig.deploy(&Jar::release("v2"))
                .fails("stop", 40, &["two masters of nginx serve", &format!("kill -QUIT {old}")])
                .output()
        });
        kill(old, rustix::process::Signal::QUIT);
        eventually("the first one is gone", || !old_file.exists());
        rig.deploy(&Jar::release("v2")).succeeds();
        assert_eq!(rig.release(), "v2");
    }
}

#[test]
fn f103_a_door_that_says_nothing_while_nginx_runs_is_refused_by_stop() {
    type Break = fn(&Rig);
    let shapes: [(&str, Break); 4] = [
        ("it listens on IPv6 only", |rig| {
            let path = rig.host.directory().join("nginx/nginx.conf");
            let text = std::fs::read_to_string(&path).unwrap();
            std::fs::write(&path, text.replace("listen 127.0.0.1:", "listen [::1]:")).unwrap();
        }),
        ("it wants the proxy protocol", |rig| {
            let path = rig.host.directory().join("nginx/nginx.conf");
            let text = std::fs::read_to_string(&path).unwrap();
            let port = rig.host.ports().door;
            std::fs::write(&path, text.replace(&format!("{port};"), &format!("{port} proxy_protocol;"))).unwrap();
        }),
        ("it closes on an unknown host", |rig| {
            let port = rig.host.ports().door;
            let closes = format!("server {{ listen 127.0.0.1:{port} default_server; return 444; }}\n");
            std::fs::write(rig.host.directory().join("nginx/conf.d/default.conf"), closes).unwrap();
            rig.host.set("proxy.host", "\"shop.example.org\"").unwrap();
        }),
        ("nobody listens there", |rig| {
            rig.host.set("proxy.door", "\"http://127.0.0.1:7/profile\"").unwrap();
        }),
    ];
    for cutover in ["reload", "instant"] {
        for (name, shape) in shapes {
            let rig = Rig::live_in("real1");
            rig.host.set("proxy.cutover", &format!("\"{cutover}\"")).unwrap();
            let standby = listener(rig.live_and_idle_ports().1);
            shape(&rig);
            rig.host.nginx().reload_and_wait().unwrap();
            let include = rig.include();
            let deployed = rig.deploy(&Jar::release("v2"));
            deployed.fails("stop", 10, &["`proxy.door`) does not answer for the host", "takes plain http"]);
            assert_eq!(rig.include(), include, "{name}");
            assert_eq!(listener(rig.live_and_idle_ports().1), standby, "{name}: the standby runs on");
        }
    }
}

/// What stands before a door: its name, what nginx needs for it at http level, how it is put there, and what is to be said of it.
type Guard<'a> = (&'a str, &'a str, Box<dyn Fn(&Rig)>, &'a [&'a str]);

#[test]
fn f104_what_is_said_of_a_door_that_answers_wrong_fits_the_answer() {
    let site = |directive: &'static str| {
        move |rig: &Rig| {
            let path = rig.host.directory().join("nginx/nginx.conf");
            let text = std::fs::read_to_string(&path).unwrap();
            let with = text.replacen("proxy_pass $service_url;", &format!("{directive} proxy_pass $service_url;"), 1);
            std::fs::write(&path, with).unwrap();
        }
    };
    let shapes: [Guard<'_>; 2] = [
        (
            "a cache",
            "proxy_cache_path CACHE keys_zone=z:1m;\n",
            Box::new(site(
                "proxy_cache z; proxy_cache_key $uri; proxy_cache_valid 200 1h; proxy_ignore_headers Cache-Control Expires Vary;",
            )),
            &["the old release still answers", "proxy_cache"],
        ),
        (
            "a limiter",
            "limit_req_zone $server_name zone=l:1m rate=1r/m;\n",
            Box::new(site("limit_req zone=l burst=2 nodelay;")),
            &["HTTP 503", "limiter"],
        ),
    ];
    for (name, zone, shape, words) in shapes {
        let rig = Rig::live_in("real1");
        shape(&rig);
        let cache = rig.host.directory().join("cache").display().to_string();
        rig.host.nginx().configure("zone.conf", &zone.replace("CACHE", &cache)).unwrap();
        if name == "a cache" {
            // What is cached is the old release's.
            assert_eq!(rig.profile(), "real1");
        }
        let deployed = rig.deploy(&Jar::release("v2"));
        let told = deployed.output().replace("\n    ", " ");
        deployed.fails("switch", 41, &[]);
        for word in words {
            assert!(told.contains(word), "{name}: `{word}` is not in {told}");
        }
    }
}

#[test]
fn f112_an_empty_host_without_sudo_makes_its_first_deploy_once_root_has_installed() {
    let rig = stage_of_nobody();
    rig.host.set("proxy.cutover", "\"instant\"").unwrap();
    rig.host.stage(rig.jar(&Jar::release("v1"))).unwrap();
    let (code, told) = as_nobody(&rig, "stop", "");
    assert!(code == 13 && told.contains("run this once, as root: "), "{code}: {told}");
    let command = told.split("run this once, as root: ").nth(1).and_then(|rest| rest.split(" (").next()).unwrap();
    let words: Vec<&str> = command.split(' ').collect();
    let output = Command::new(words[0]).args(&words[1..]).env("AWS_EC2_METADATA_DISABLED", "true").output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && told.contains("neither slot serves yet"), "{told}");
    for release in ["v1", "v2"] {
        rig.host.stage(rig.jar(&Jar::release(release))).unwrap();
        for hook in HOOKS {
            let (code, told) = as_nobody(&rig, hook, "");
            assert_eq!(code, 0, "{hook}: {told}");
        }
        assert_eq!(rig.release(), release);
    }
}

#[test]
fn f119_a_first_deploy_behind_a_door_that_the_application_does_not_know_serves_and_says_what_it_could_not_see() {
    for (word, proven) in [(true, true), (false, false)] {
        let rig = Rig::new();
        rig.host.set("health.path", "\"/\"").unwrap();
        rig.host.set("health.body", "\"\"").unwrap();
        rig.host.set("proxy.door", &format!("\"http://127.0.0.1:{}/nothing-there\"", rig.host.ports().door)).unwrap();
        if !word {
            rig.host.set("proxy.word", "\"off\"").unwrap();
        }
        let deployed = rig.deploy(&Jar::release("v1"));
        deployed.succeeds();
        assert_eq!(!deployed.output().contains("NOT PROVEN"), proven, "{}", deployed.output());
        assert_eq!(rig.release(), "v1");
    }
}

#[test]
fn f57_a_redirect_to_https_at_the_door_is_proven_by_nginx_itself() {
    let rig = Rig::live_in("real1");
    rig.host.nginx().set_door(&Door::returns(301)).unwrap();
    for release in ["v2", "v3"] {
        let deployed = rig.deploy(&Jar::release(release));
        deployed.succeeds();
        assert!(!deployed.output().contains("NOT PROVEN"), "{}", deployed.output());
        assert_eq!(rig.release(), release);
    }
    let back = rig.host.hook("switch").argument("--back").run().unwrap();
    ended(&back, 0, &["serves"]);
    assert!(!flat(&back).contains("NOT PROVEN") && rig.release() == "v2", "{}", back.output);
}
