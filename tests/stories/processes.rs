//! What runs in a slot: strangers are left alone, the dying are noticed, the stubborn are ended (F31, F33 to F36).

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use demo_app::{Fault, Jar};

use crate::rig::{Rig, ended, eventually, is_alive};

#[test]
fn f31_a_stranger_on_the_idle_port_is_named_and_left_alone() {
    let rig = Rig::new();
    let ports = rig.host.ports();
    // The include names blue; this test itself holds green's port.
    let listener = TcpListener::bind(("0.0.0.0", ports.green)).unwrap();
    let own = format!("port {} is held by process {}", ports.green, std::process::id());
    rig.deploy(&Jar::release("v1")).fails("stop", 12, &[&own, "which is none of ours"]);
    drop(listener);
    rig.deploy(&Jar::release("v1")).succeeds();
}

#[test]
fn f31_a_stranger_that_comes_between_stop_and_start_is_left_alone_too() {
    let rig = Rig::live_in("real1");
    let (_, idle) = rig.live_and_idle_ports();
    rig.stage(&Jar::release("v2"));
    ended(&rig.run("stop"), 0, &[]);
    let _listener = TcpListener::bind(("127.0.0.1", idle)).unwrap();
    rig.untouched_by(|| ended(&rig.run("start"), 12, &["is held by process"]));
}

#[test]
fn f33_a_release_that_dies_at_boot_is_told_at_once_with_the_end_of_its_log() {
    let rig = Rig::live_in("real1");
    rig.untouched_by(|| {
        rig.deploy(&Jar::release("v2").fault(Fault::DiesAtBoot { code: 3 })).fails(
            "start",
            30,
            &["died at once: exit status 3", "APPLICATION FAILED TO START", "serving: `real1`"],
        );
    });
    // Nothing is left behind, and the next deploy goes through.
    rig.deploy(&Jar::release("v3")).succeeds();
    assert_eq!(rig.release(), "v3");
}

#[test]
fn f33_a_release_that_dies_after_start_is_told_by_health_at_once() {
    let rig = Rig::live_in("real1");
    rig.host.set("health.patience", "\"60s\"").unwrap();
    rig.stage(&Jar::release("v2").fault(Fault::NeverBinds));
    rig.host.set("start.survive", "\"100ms\"").unwrap();
    ended(&rig.run("stop"), 0, &[]);
    ended(&rig.run("start"), 0, &[]);
    let began = Instant::now();
    let health = rig.hook("health").spawn().unwrap();
    let launched = children_named(&rig, "v2");
    let logs = rig.host.app_directory().join("logs");
    let first_words = "Starting demo.Application v2";
    eventually("it has written into its log", || {
        let mut texts = rig.names_in("logs").into_iter().map(|name| std::fs::read_to_string(logs.join(name)));
        texts.any(|text| text.is_ok_and(|text| text.contains(first_words)))
    });
    crate::rig::kill(launched);
    // The advice speaks of last lines whatever is shown: what is wanted are the log's own words.
    ended(&health.wait().unwrap(), 30, &["has died", first_words]);
    assert!(began.elapsed() < Duration::from_secs(30), "it did not wait for its patience to end");
}

#[test]
fn f33_java_is_missing_or_no_program_and_nothing_is_changed() {
    let rig = Rig::live_in("real1");
    let (_, idle) = rig.live_and_idle_ports();
    let standby = crate::rig::listener(idle);
    for java in ["/no/such/java", "/etc/passwd", "no-such-java"] {
        rig.host.set("app.java", &format!("\"{java}\"")).unwrap();
        rig.untouched_by(|| rig.deploy(&Jar::release("v2")).fails("stop", 10, &[java, "was not found"]).output());
    }
    assert_eq!(crate::rig::listener(idle), standby, "the standby runs on");
}

#[test]
fn f34_an_old_app_that_ignores_sigterm_is_killed_after_its_grace() {
    let rig = Rig::new();
    rig.host.set("stop.grace", "\"500ms\"").unwrap();
    rig.deploy(&Jar::release("v1").fault(Fault::IgnoresSigterm)).succeeds();
    let stubborn = crate::rig::listener(rig.live_and_idle_ports().0).expect("v1");
    rig.deploy(&Jar::release("v2")).succeeds();
    assert!(is_alive(stubborn), "it is the standby now");
    let deployed = rig.deploy(&Jar::release("v3"));
    deployed.succeeds();
    assert!(deployed.output().contains("SIGKILL"), "{}", deployed.output());
    assert!(!is_alive(stubborn));
    assert_eq!(rig.release(), "v3");
}

#[test]
fn f35_an_answer_from_somebody_else_on_the_slots_port_is_no_health() {
    let rig = Rig::live_in("real1");
    let (_, idle) = rig.live_and_idle_ports();
    rig.host.set("start.survive", "\"100ms\"").unwrap();
    rig.stage(&Jar::release("v2").fault(Fault::NeverBinds));
    ended(&rig.run("stop"), 0, &[]);
    ended(&rig.run("start"), 0, &[]);
    // Somebody who gives the very answer that is waited for.
    let jar = rig.jar(&Jar::release("other"));
    let mut other = Command::new(rig.host.binaries().unwrap().java().unwrap())
        .arg("--artifact")
        .arg(&jar)
        .args(["--profile", "real2", "--port", &idle.to_string()])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    eventually("the other one listens", || crate::rig::listener(idle).is_some());
    rig.untouched_by(|| ended(&rig.run("health"), 12, &["not by the release"]));
    assert!(is_alive(other.id()), "it was left alone");
    other.kill().unwrap();
    other.wait().unwrap();
}

#[test]
fn a_wrapper_that_starts_the_real_app_as_its_child_is_followed() {
    let rig = Rig::new();
    let java = rig.host.binaries().unwrap().java().unwrap();
    let wrapper = rig.host.directory().join("java-wrapper");
    std::fs::write(&wrapper, format!("#!/bin/sh\n{} \"$@\"\n", java.display())).unwrap();
    std::fs::set_permissions(&wrapper, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    rig.host.set("app.java", &format!("\"{}\"", wrapper.display())).unwrap();
    for release in ["v1", "v2", "v3"] {
        rig.deploy(&Jar::release(release)).succeeds();
        assert_eq!(rig.release(), release);
    }
}

#[test]
fn a_command_that_goes_to_the_background_is_told_and_leaves_nothing_running() {
    let rig = Rig::new();
    let java = rig.host.binaries().unwrap().java().unwrap();
    let wrapper = rig.host.directory().join("run-in-background");
    std::fs::write(&wrapper, format!("#!/bin/sh\n{} \"$@\" &\n", java.display())).unwrap();
    std::fs::set_permissions(&wrapper, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    // A command of one's own, on which no profile tells whose it is.
    let command = format!(
        "[\"{}\", \"--artifact\", \"{{artifact}}\", \"--profile\", \"{{profile}}\", \"--port\", \"{{port}}\"]",
        wrapper.display()
    );
    rig.host.set("app.command", &command).unwrap();
    rig.stage(&Jar::release("v1"));
    ended(&rig.run("stop"), 0, &[]);
    // It says so itself: what ends at once with status 0 has not started.
    ended(&rig.run("start"), 30, &["died at once: exit status 0", "must stay in the foreground"]);
    // And what it sent to the background did not stay there.
    let ports = rig.host.ports();
    assert_eq!((crate::rig::listener(ports.blue), crate::rig::listener(ports.green)), (None, None));
}

#[test]
fn f36_a_zombie_is_as_good_as_gone() {
    let rig = Rig::live_in("real1");
    // What the hooks start becomes this test's child once they have ended, and this test never asks how it ended.
    rustix::process::set_child_subreaper(rustix::process::Pid::from_raw(1)).unwrap();
    rig.deploy(&Jar::release("v2")).succeeds();
    let (_, idle) = rig.live_and_idle_ports();
    rig.deploy(&Jar::release("v3")).succeeds();
    let (live, _) = rig.live_and_idle_ports();
    assert_eq!(live, idle);
    rig.deploy(&Jar::release("v4")).succeeds();
    let (_, standby_port) = rig.live_and_idle_ports();
    let zombie = crate::rig::listener(standby_port).expect("v3, launched after this test took its children");
    crate::rig::kill(zombie);
    let status = std::fs::read_to_string(format!("/proc/{zombie}/stat")).unwrap_or_default();
    assert!(status.contains(") Z "), "the trap is set: {status}");
    // A zombie never ends, so that whoever waits for it does so for the whole grace.
    rig.host.set("stop.grace", "\"170s\"").unwrap();
    let began = Instant::now();
    rig.deploy(&Jar::release("v5")).succeeds();
    assert!(began.elapsed() < Duration::from_secs(170), "nobody waited for a zombie to end");
    assert_eq!(rig.release(), "v5");
}

#[test]
fn i8_the_release_that_was_live_stays_warm_and_going_back_is_one_command() {
    let rig = Rig::live_in("real1");
    let before = rig.instance();
    rig.deploy(&Jar::release("v2")).succeeds();
    assert_ne!(rig.instance(), before);
    let back = rig.host.hook("switch").argument("--back").run().unwrap();
    ended(&back, 0, &["`real1`", "serves"]);
    assert_eq!((rig.release().as_str(), rig.instance()), ("v1", before), "the very process that served before");
    // And forward again, the same way.
    ended(&rig.host.hook("switch").argument("--back").run().unwrap(), 0, &[]);
    assert_eq!(rig.release(), "v2");
}

#[test]
fn f40_the_newcomer_goes_first_when_memory_is_short_until_it_serves_and_then_the_standby_does() {
    let rig = Rig::live_in("real1");
    let (live, idle) = rig.live_and_idle_ports();
    let score = |port| {
        let process = crate::rig::listener(port).expect("an app");
        std::fs::read_to_string(format!("/proc/{process}/oom_score_adj")).unwrap().trim().to_owned()
    };
    assert_eq!((score(live).as_str(), score(idle).as_str()), ("0", "1000"), "live and standby");
    rig.stage(&Jar::release("v2"));
    for hook in ["stop", "start", "health"] {
        ended(&rig.run(hook), 0, &[]);
    }
    assert_eq!((score(live).as_str(), score(idle).as_str()), ("0", "1000"), "live and newcomer");
    ended(&rig.run("switch"), 0, &[]);
    assert_eq!((score(idle).as_str(), score(live).as_str()), ("0", "1000"), "live and standby, the other way round");
}

#[test]
fn f129_a_release_that_boots_has_a_small_share_of_the_processors_and_as_much_as_any_other_once_it_is_proven() {
    let rig = Rig::live_in("real1");
    let (live, idle) = rig.live_and_idle_ports();
    let nice = |port: u16| {
        let id = crate::rig::listener(port).expect("an app");
        std::fs::read_to_string(format!("/proc/{id}/autogroup"))
            .unwrap()
            .trim_end()
            .rsplit(' ')
            .next()
            .map(str::to_owned)
    };
    rig.stage(&Jar::release("v2"));
    ended(&rig.run("stop"), 0, &[]);
    ended(&rig.run("start"), 0, &[]);
    assert_eq!((nice(live).as_deref(), nice(idle).as_deref()), (Some("0"), Some("5")));
    ended(&rig.run("health"), 0, &[]);
    assert_eq!((nice(live).as_deref(), nice(idle).as_deref()), (Some("0"), Some("0")));
    ended(&rig.run("switch"), 0, &[]);
    rig.host.set("start.share", "\"equal\"").unwrap();
    rig.stage(&Jar::release("v3"));
    ended(&rig.run("stop"), 0, &[]);
    ended(&rig.run("start"), 0, &[]);
    assert_eq!(nice(live).as_deref(), Some("0"), "v3 is where v1 was");
}

#[test]
fn f88_going_back_to_a_standby_that_died_or_never_served_is_refused() {
    let rig = Rig::live_in("real1");
    let (_, idle) = rig.live_and_idle_ports();
    rig.impatient();
    let back = || rig.host.hook("switch").argument("--back").run().unwrap();
    rig.stage(&Jar::release("bad").fault(Fault::answers(500, "no")));
    for hook in ["stop", "start"] {
        ended(&rig.run(hook), 0, &[]);
    }
    rig.untouched_by(|| ended(&back(), 31, &["holds a release that never served"]));
    ended(&rig.run("health"), 31, &[]);
    rig.untouched_by(|| ended(&back(), 31, &["nothing runs in"]));
    rig.host.set("health.patience", "\"60s\"").unwrap();
    rig.deploy(&Jar::release("v2")).succeeds();
    let (_, standby) = rig.live_and_idle_ports();
    assert_ne!(standby, idle);
    crate::rig::kill(crate::rig::listener(standby).expect("the standby"));
    rig.untouched_by(|| ended(&back(), 31, &["nothing runs in"]));
}

/// The process that runs a release of this name.
fn children_named(rig: &Rig, release: &str) -> u32 {
    let log = rig.host.app_directory().join("ledger/ledger.json");
    let mut found = None;
    eventually("the launched process is remembered", || {
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        let (_, idle) = rig.live_and_idle_ports();
        let slot = if idle == rig.host.ports().blue { "\"blue\": {" } else { "\"green\": {" };
        found = text
            .split(slot)
            .nth(1)
            .and_then(|rest| rest.split("\"id\": ").nth(1))
            .and_then(|rest| rest.split(',').next()?.trim().parse().ok());
        found.is_some()
    });
    found.unwrap_or_else(|| panic!("no process of {release}"))
}

/// A program of two threads that opens its port and gives up: its first thread ends at once, which is all that `/proc` shows of a
/// process, and the other one, which holds the port, some time after it.
const GIVES_UP: &str = r#"
use strict; use threads; use IO::Socket::INET; use POSIX;
my ($port, $listens, $lingers) = @ARGV;
my $listener = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1", LocalPort => $port, ReuseAddr => 1) or die $!;
my ($exit, $exit_group) = (POSIX::uname())[4] eq "x86_64" ? (60, 231) : (93, 94);
threads->create(sub { select(undef, undef, undef, $listens + $lingers); syscall($exit_group, 1); });
select(undef, undef, undef, $listens);
syscall($exit, 1);
"#;

#[test]
fn f108_a_process_of_several_threads_that_gives_up_is_told_to_have_died_and_is_no_stranger_to_the_next_deploy() {
    for (listens, lingers, last, words) in [("1.5", "0.8", "health", "has died"), ("0.3", "1.2", "health", "has died")]
    {
        let rig = Rig::live_in("real1");
        rig.begin();
        std::fs::write(rig.host.staging_directory().join("server"), GIVES_UP).unwrap();
        rig.host.set("app.artifact", "\"{directory}/zip/server\"").unwrap();
        let command = format!("[\"/usr/bin/perl\", \"{{artifact}}\", \"{{port}}\", \"{listens}\", \"{lingers}\"]");
        rig.host.set("app.command", &command).unwrap();
        rig.untouched_by(|| rig.run_hooks().fails(last, 30, &[words]).output());
        // The next `stop` comes while its last thread holds the port.
        for hook in ["stop", "start"] {
            ended(&rig.run(hook), 0, &[]);
        }
        let (_, idle) = rig.live_and_idle_ports();
        eventually("nobody is seen to hold the port", || crate::rig::listener(idle).is_none());
        ended(&rig.run("stop"), 0, &["real2"]);
    }
}
