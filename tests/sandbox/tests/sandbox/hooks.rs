//! Single hooks: their environment, their outputs, their end, and the settings that they read.

use std::time::Duration;

use sandbox::Sandbox;

use crate::stand_ins::sandbox_with;

#[test]
fn a_hook_sees_only_what_it_was_given() {
    let (host, _hooks) = sandbox_with(&[("stop", "env; pwd; echo \"$# $*\"; cat")]).unwrap();
    let run = host
        .hook("stop")
        .argument("--dry-run")
        .deployment("d-ABC")
        .event("AfterInstall")
        .variable("HOOKS_BLUE_PORT", "1")
        .variable("HOOKS_BLUE_PORT", "2")
        .run()
        .unwrap();
    let settings = host.settings_path();
    // A shell adds these two by itself.
    let mut lines: Vec<&str> =
        run.output.lines().filter(|line| !line.starts_with("PWD=") && !line.starts_with("_=")).collect();
    lines.sort_unstable();
    let mut expected = vec![
        "/".to_owned(),
        "1 --dry-run".to_owned(),
        "AWS_EC2_METADATA_DISABLED=true".to_owned(),
        "DEPLOYMENT_ID=d-ABC".to_owned(),
        "HOOKS_BLUE_PORT=2".to_owned(),
        format!("HOOKS_CONFIG={}", settings.display()),
        "LIFECYCLE_EVENT=AfterInstall".to_owned(),
        format!("PATH={}", std::env::var("PATH").unwrap()),
    ];
    expected.sort_unstable();
    assert_eq!(lines, expected);
    assert_eq!((run.code, run.outputs_closed), (0, true));
}

#[test]
fn both_outputs_the_exit_code_and_the_time_are_told() {
    let (host, _hooks) = sandbox_with(&[("health", "echo out; echo err >&2; sleep 0.2; exit 31")]).unwrap();
    let run = host.hook("health").run().unwrap();
    assert_eq!(run.code, 31);
    assert!(run.output.contains("out\n") && run.output.contains("err\n"), "{}", run.output);
    assert!(run.duration >= Duration::from_millis(200), "{:?}", run.duration);
}

#[test]
fn a_hook_that_writes_more_than_a_pipe_holds_is_not_held_up() {
    let (host, _hooks) = sandbox_with(&[("start", "head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2")]).unwrap();
    assert_eq!(host.hook("start").run().unwrap().output.len(), 600_000);
}

#[test]
fn what_holds_on_to_the_outputs_of_a_hook_is_noticed_and_not_waited_for() {
    let (host, _hooks) = sandbox_with(&[("start", "sleep 1000 & echo started")]).unwrap();
    let run = host.hook("start").run().unwrap();
    assert_eq!((run.code, run.output.as_str(), run.outputs_closed), (0, "started\n", false));
    host.close().unwrap();
}

#[test]
fn a_hook_that_is_asked_to_end_ends_with_that_signal() {
    let (host, _hooks) = sandbox_with(&[("switch", "echo ready; exec sleep 1000")]).unwrap();
    for (signal, code) in [("TERM", 143), ("KILL", 137)] {
        let mut running = host.hook("switch").spawn().unwrap();
        host.wait_until("the hook is ready", Duration::from_secs(10), || running.output() == "ready\n").unwrap();
        let sent = if signal == "TERM" { running.terminate() } else { running.kill() };
        sent.unwrap();
        assert_eq!(running.wait().unwrap().code, code, "{signal}");
    }
}

#[test]
fn a_hook_that_takes_too_long_is_ended_and_its_output_told() {
    let (host, _hooks) = sandbox_with(&[("health", "echo asking; exec sleep 1000")]).unwrap();
    let error = host.hook("health").at_most(Duration::from_millis(500)).run().unwrap_err().to_string();
    assert!(error.starts_with("the hook `health` was killed because it took longer than 500ms"), "{error}");
    assert!(error.ends_with("its output: asking"), "{error}");
}

#[test]
fn a_hook_that_is_not_there_is_told() {
    let (host, _hooks) = sandbox_with(&[]).unwrap();
    assert!(host.hook("stop").run().unwrap_err().to_string().contains("has no program `stop`"));
    let host = Sandbox::builder().build().unwrap();
    assert!(host.hook("stop").run().unwrap_err().to_string().contains("without `binaries`"));
}

#[test]
fn a_setting_that_is_set_again_is_replaced_in_the_file() {
    let host = Sandbox::builder().java("/opt/java").build().unwrap();
    let settings = || std::fs::read_to_string(host.settings_path()).unwrap();
    let ports = host.ports();
    for line in [
        format!("directory = \"{}\"", host.app_directory().display()),
        "java = \"/opt/java\"".to_owned(),
        format!("[blue]\nprofile = \"real1\"\nport = {}", ports.blue),
        format!("[green]\nprofile = \"real2\"\nport = {}", ports.green),
        format!("door = \"http://127.0.0.1:{}/profile\"", ports.door),
        format!("include = \"{}\"", host.nginx().include_path().display()),
        format!("pid_file = \"{}\"", host.nginx().pid_file().display()),
    ] {
        assert!(settings().contains(&line), "{line} in {}", settings());
    }
    host.set("health.patience", "\"5s\"").unwrap();
    host.set("health.patience", "\"6s\"").unwrap();
    host.set("blue.port", "1").unwrap();
    assert!(settings().ends_with("\n[health]\npatience = \"6s\"\n"), "{}", settings());
    assert!(settings().contains("[blue]\nprofile = \"real1\"\nport = 1\n"), "{}", settings());
    assert_eq!(settings(), host.settings_text());
    assert!(host.set("patience", "\"7s\"").unwrap_err().to_string().contains("needed `section.key`"));
}
