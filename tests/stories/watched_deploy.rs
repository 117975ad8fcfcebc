//! `status --watch`: a person sees a deploy go on, and the end of it ends the watch (F166).

use std::process::{Command, Stdio};

use demo_app::{Fault, Jar};
use rustix::process::{Pid, Signal, kill_process};
use sandbox::RunningHook;

use crate::rig::{Rig, ended, eventually};

fn begin(rig: &Rig) -> RunningHook {
    let mut watch = rig.host.hook("status").argument("--watch").spawn().unwrap();
    eventually("it shows something", || !watch.output().is_empty());
    watch
}

/// Waits until the last line that was shown has these words.
#[track_caller]
fn shows(watch: &mut RunningHook, words: &str) {
    eventually(words, || watch.output().lines().next_back().is_some_and(|line| line.contains(words)));
}

#[test]
fn f166_each_step_of_a_deploy_is_a_line_and_its_end_ends_the_watch() {
    let rig = Rig::live_in("real1");
    let mut watch = begin(&rig);
    shows(&mut watch, "OK: `real1` (port ");
    rig.stage(&Jar::release("v2"));
    for (hook, words) in [
        ("stop", "last deployment: d-STORY0003, its idle slot is free, `stop` ended at 20"),
        ("start", "last deployment: d-STORY0003, its release was started, `start` ended at 20"),
        ("health", "last deployment: d-STORY0003, its release is healthy, `health` ended at 20"),
    ] {
        ended(&rig.run(hook), 0, &[]);
        shows(&mut watch, words);
    }
    ended(&rig.run("switch"), 0, &[]);
    let run = watch.wait().unwrap();
    let last = run.output.lines().next_back().unwrap_or_default();
    assert_eq!(run.code, 0, "{}", run.output);
    assert!(last.contains("Z OK: `real2` (port ") && last.contains("its release got the traffic"), "{}", run.output);
    let states: Vec<&str> = run.output.lines().filter_map(|line| Some(line.split_once("Z ")?.1)).collect();
    assert!(states.windows(2).all(|pair| pair[0] != pair[1]), "what has not changed is not told: {}", run.output);
}

#[test]
fn f166_the_watch_of_a_deploy_that_fails_ends_as_status_does_then() {
    let rig = Rig::live_in("real1");
    rig.stage(&Jar::release("bad").fault(Fault::DiesAtBoot { code: 1 }));
    ended(&rig.run("stop"), 0, &[]);
    // It is begun in the middle.
    let watch = begin(&rig);
    ended(&rig.run("start"), 30, &[]);
    let run = watch.wait().unwrap();
    ended(&run, 1, &["LOOK: the last deploy (d-STORY0003) failed in `start`, exit code 30"]);
}

#[test]
fn f166_a_hook_that_runs_is_named_and_ctrl_c_ends_the_watch_well_whatever_there_is_to_see() {
    let rig = Rig::live_in("real1");
    rig.stage(&Jar::release("v2").fault(Fault::NeverBinds));
    for hook in ["stop", "start"] {
        ended(&rig.run(hook), 0, &[]);
    }
    let health = rig.hook("health").spawn().unwrap();
    let mut watch = begin(&rig);
    shows(&mut watch, &format!("now: health of deployment `d-STORY0003`, process {}", health.pid()));
    kill_process(Pid::from_raw(watch.pid().try_into().unwrap()).unwrap(), Signal::INT).unwrap();
    ended(&watch.wait().unwrap(), 0, &[]);
    health.terminate().unwrap();
    assert_ne!(health.wait().unwrap().code, 0);
}

#[test]
fn f166_on_a_terminal_one_screen_is_renewed_in_place_and_given_back_at_the_end() {
    let rig = Rig::live_in("real1");
    rig.stage(&Jar::release("v2"));
    ended(&rig.run("stop"), 0, &[]);
    let status = rig.host.binaries().unwrap().path("status").unwrap();
    let typescript = rig.host.directory().join("typescript");
    let mut terminal = Command::new("script")
        .args(["--quiet", "--flush", "--return", "--command"])
        .arg(format!("'{}' --watch", status.display()))
        .arg(&typescript)
        .env("HOOKS_CONFIG", rig.host.settings_path())
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let seen = || std::fs::read_to_string(&typescript).unwrap_or_default();
    eventually("it shows the deploy", || seen().contains("its idle slot is free"));
    for hook in ["start", "health", "switch"] {
        ended(&rig.run(hook), 0, &[]);
    }
    assert!(terminal.wait().unwrap().success());
    let seen = seen();
    let (_, screen) = seen.split_once("\u{1b}[?1049h").expect("it takes the screen");
    let (frames, rest) = screen.split_once("\u{1b}[?1049l").expect("it gives the screen back");
    assert!(!frames.contains("\u{1b}[2J"), "nothing is cleared before it is written over: {frames:?}");
    assert!(frames.matches("\u{1b}[H").count() >= 2 && rest.contains("its release got the traffic"), "{seen:?}");
    assert!(rest.contains("OK: `real2` (port ") && !rest.contains("Ctrl-C"), "the last state stays: {rest:?}");
}
