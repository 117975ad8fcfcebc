//! The watch after a cutover, with real processes: who dies or hangs right after it took the traffic is sent back (F75, rows 37
//! and 38, I8), and the slot that served before stays warm or is stopped, as the settings say.

use demo_app::Jar;
use rustix::process::{Pid, Signal, kill_process};

use crate::rig::{HOOKS, Stage, ended, eventually, is_alive, kill, listener, said};

/// Lets release `v2` take the traffic of `v1`, does something to its process then, and waits for the end of `switch`.
fn while_watched(stage: &Stage, act: impl FnOnce(u32)) -> sandbox::HookRun {
    let (_, idle) = stage.live_and_idle_ports();
    stage.stage(&Jar::release("v2"));
    for hook in &HOOKS[..3] {
        ended(&stage.run(hook), 0, &[]);
    }
    let new = listener(idle).expect("v2");
    let switch = stage.hook("switch").spawn().unwrap();
    let log = stage.host.app_directory().join("logs/hooks.log");
    eventually("the watch has begun", || {
        std::fs::read_to_string(&log).is_ok_and(|text| text.contains("which is watched for 60 s"))
    });
    assert_eq!(stage.release(), "v2");
    act(new);
    switch.wait().unwrap()
}

#[test]
fn f75_row_38_a_release_that_dies_right_after_it_took_the_traffic_is_sent_back() {
    let stage = Stage::live_in("real1");
    stage.host.set("switch.watch", "\"60s\"").unwrap();
    stage.untouched_by(|| {
        let switch = while_watched(&stage, kill);
        ended(&switch, 41, &["died", "after it took the traffic", "the last lines of", "serving: `real1`"]);
    });
    assert_eq!(stage.release(), "v1");
    stage.host.set("switch.watch", "\"0s\"").unwrap();
    stage.deploy(&Jar::release("v3")).succeeds();
}

#[test]
fn f75_row_37_a_release_that_hangs_right_after_it_took_the_traffic_is_sent_back() {
    let stage = Stage::live_in("real1");
    stage.host.set("switch.watch", "\"60s\"").unwrap();
    stage.untouched_by(|| {
        let mut stopped = None;
        let switch = while_watched(&stage, |new| {
            let process = i32::try_from(new).ok().and_then(Pid::from_raw).unwrap();
            kill_process(process, Signal::STOP).unwrap();
            stopped = Some(process);
        });
        ended(&switch, 41, &["3 times in a row", "after it took the traffic"]);
        kill_process(stopped.unwrap(), Signal::CONT).unwrap();
    });
    assert_eq!(stage.release(), "v1");
}

#[test]
fn f75_a_good_release_is_watched_for_as_long_as_the_settings_say_and_the_report_says_so() {
    let stage = Stage::live_in("real1");
    stage.host.set("switch.watch", "\"1s\"").unwrap();
    let deployed = stage.deploy(&Jar::release("v2"));
    deployed.succeeds();
    assert!(deployed.output().contains("serves and was watched for 1 s"), "{}", deployed.output());
}

#[test]
fn with_standby_stop_the_old_release_ends_after_the_cutover_and_the_way_back_says_that_there_is_none() {
    let stage = Stage::live_in("real1");
    let (live, idle) = stage.live_and_idle_ports();
    stage.host.set("switch.standby", "\"stop\"").unwrap();
    let old = listener(live).expect("v1");
    let deployed = stage.deploy(&Jar::release("v2"));
    deployed.succeeds();
    assert!(!is_alive(old) && listener(live).is_none(), "v1 has ended");
    assert_eq!(stage.release(), "v2");
    assert!(deployed.output().contains("is not kept as a standby"), "{}", deployed.output());
    let back = stage.host.hook("switch").argument("--back").run().unwrap();
    ended(&back, 31, &["there is no standby to go back to", "nothing runs in `real1`"]);
    said(&back, &["serving: `real2`"]);
    stage.deploy(&Jar::release("v3")).succeeds();
    assert!(listener(idle).is_none(), "v2 has ended in its turn");
}
