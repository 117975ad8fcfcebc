//! Logs and output: one log for each slot and release, and output that may lose its reader at any moment (F06, F84, F85).

use std::process::{Command, Stdio};

use demo_app::{Fault, Jar};

use crate::rig::{HOOKS, Rig, ended, eventually};

#[test]
fn f85_a_deploy_never_touches_the_log_of_the_live_app() {
    let rig = Rig::live_in("real1");
    let logs = rig.host.app_directory().join("logs");
    let of_blue = |names: Vec<String>| names.into_iter().filter(|name| name.starts_with("real1-")).collect::<Vec<_>>();
    let name = of_blue(rig.names_in("logs")).pop().expect("a log of blue's");
    let before = std::fs::read(logs.join(&name)).unwrap();
    assert!(!before.is_empty());
    rig.deploy(&Jar::release("v2")).succeeds();
    rig.host.door_get("/").unwrap();
    let after = std::fs::read(logs.join(&name)).unwrap();
    assert!(after.starts_with(&before), "it was neither truncated nor rewritten");
    for name in rig.names_in("logs") {
        let bytes = std::fs::read(logs.join(&name)).unwrap();
        assert!(!bytes.contains(&0), "`{name}` has a hole of NUL bytes");
    }
}

#[test]
fn everything_that_a_hook_did_is_in_its_own_log() {
    let rig = Rig::live_in("real1");
    rig.deploy(&Jar::release("v2")).succeeds();
    let log = std::fs::read_to_string(rig.host.app_directory().join("logs/hooks.log")).unwrap();
    for words in ["plan of stop", "plan of switch", "reload nginx", "health: done:", "sha256"] {
        assert!(log.contains(words), "`{words}` is not in:\n{log}");
    }
}

#[test]
fn f06_a_hook_whose_output_nobody_reads_any_more_does_its_work_all_the_same() {
    let rig = Rig::live_in("real1");
    rig.stage(&Jar::release("v2"));
    for hook in HOOKS {
        let mut child = Command::new(rig.host.binaries().unwrap().path(hook).unwrap())
            .env("HOOKS_CONFIG", rig.host.settings_path())
            .env("DEPLOYMENT_ID", "d-CLOSED001")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Both read ends are closed before the hook has said a word: every write of it fails.
        drop((child.stdout.take(), child.stderr.take()));
        assert_eq!(child.wait().unwrap().code(), Some(0), "{hook}");
    }
    assert_eq!(rig.release(), "v2");
}

#[test]
fn f06_a_hook_that_is_ended_by_a_signal_with_its_output_closed_says_75_and_leaves_nothing_half_done() {
    let rig = Rig::live_in("real1");
    rig.host.set("start.survive", "\"60s\"").unwrap();
    rig.stage(&Jar::release("v2").fault(Fault::NeverBinds));
    ended(&rig.run("stop"), 0, &[]);
    let mut child = Command::new(rig.host.binaries().unwrap().path("start").unwrap())
        .env("HOOKS_CONFIG", rig.host.settings_path())
        .env("DEPLOYMENT_ID", "d-STORY0003")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ledger = rig.host.app_directory().join("ledger/ledger.json");
    // That port is noted once the process is known.
    let launched = format!("\"port\": {}", rig.live_and_idle_ports().1);
    eventually("the release was launched", || std::fs::read_to_string(&ledger).unwrap_or_default().contains(&launched));
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rig.untouched_by(|| {
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(75));
    });
    // What it had launched is gone, and the deployment can go on from where it was.
    rig.host.set("start.survive", "\"100ms\"").unwrap();
    rig.host.stage(rig.jar(&Jar::release("v3"))).unwrap();
    for hook in HOOKS {
        ended(&rig.run(hook), 0, &[]);
    }
    assert_eq!(rig.release(), "v3");
}

#[test]
fn f84_a_log_that_cannot_be_written_is_said_and_fails_nothing() {
    let rig = Rig::live_in("real1");
    let log = rig.host.app_directory().join("logs/hooks.log");
    std::fs::remove_file(&log).unwrap();
    std::fs::create_dir(&log).unwrap();
    let deployed = rig.deploy(&Jar::release("v2"));
    deployed.succeeds();
    assert!(deployed.output().contains("hooks.log` cannot be written"), "{}", deployed.output());
}

#[test]
fn f116_the_hooks_own_log_is_set_aside_once_it_is_large_and_every_line_of_a_deploy_is_in_one_of_them() {
    let rig = Rig::new();
    rig.host.set("log.size", "\"2 kB\"").unwrap();
    rig.host.set("log.keep", "2").unwrap();
    for number in 1..5 {
        rig.deploy(&Jar::release(&format!("v{number}"))).succeeds();
    }
    let logs: Vec<String> = rig.names_in("logs").into_iter().filter(|name| name.starts_with("hooks.log")).collect();
    assert_eq!(logs, ["hooks.log", "hooks.log.1", "hooks.log.2"]);
}
