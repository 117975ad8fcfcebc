//! The watch after a cutover, with real processes: who dies or hangs right after it took the traffic is sent back (F75), and the
//! slot that served before stays warm (I8) or is stopped, as the settings say.

use demo_app::Jar;
use rustix::process::{Pid, Signal, kill_process};

use crate::rig::{HOOKS, Rig, ended, eventually, is_alive, kill, listener, said};

/// Lets release `v2` take the traffic of `v1`, does something to its process then, and waits for the end of `switch`.
fn while_watched(rig: &Rig, act: impl FnOnce(u32)) -> sandbox::HookRun {
    let (_, idle) = rig.live_and_idle_ports();
    rig.stage(&Jar::release("v2"));
    for hook in &HOOKS[..3] {
        ended(&rig.run(hook), 0, &[]);
    }
    let new = listener(idle).expect("v2");
    let switch = rig.hook("switch").spawn().unwrap();
    let log = rig.host.app_directory().join("logs/hooks.log");
    eventually("the watch has begun", || {
        std::fs::read_to_string(&log).is_ok_and(|text| text.contains("is watched for 1 min"))
    });
    assert_eq!(rig.release(), "v2");
    act(new);
    switch.wait().unwrap()
}

#[test]
fn f75_a_release_that_dies_right_after_it_took_the_traffic_is_sent_back() {
    let rig = Rig::live_in("real1");
    rig.host.set("switch.watch", "\"60s\"").unwrap();
    rig.untouched_by(|| {
        let switch = while_watched(&rig, kill);
        ended(&switch, 41, &["died", "after it took the traffic", "the last lines of", "serving: `real1`"]);
    });
    assert_eq!(rig.release(), "v1");
    rig.host.set("switch.watch", "\"0s\"").unwrap();
    rig.deploy(&Jar::release("v3")).succeeds();
}

#[test]
fn f75_a_release_that_hangs_right_after_it_took_the_traffic_is_sent_back() {
    let rig = Rig::live_in("real1");
    rig.host.set("switch.watch", "\"60s\"").unwrap();
    rig.untouched_by(|| {
        let switch = while_watched(&rig, hang);
        ended(&switch, 41, &["3 times in a row", "after it took the traffic"]);
    });
    assert_eq!(rig.release(), "v1");
}

fn hang(process: u32) {
    let process = i32::try_from(process).ok().and_then(Pid::from_raw).unwrap();
    kill_process(process, Signal::STOP).unwrap();
}

#[test]
fn f117_a_release_that_was_sent_back_is_never_what_users_get_when_the_live_one_dies() {
    let rig = Rig::instant();
    rig.host.set("switch.watch", "\"60s\"").unwrap();
    let (live, idle) = rig.live_and_idle_ports_by_the_door();
    rig.stage(&Jar::release("v2"));
    for hook in &HOOKS[..3] {
        ended(&rig.run(hook), 0, &[]);
    }
    let switch = rig.hook("switch").spawn().unwrap();
    eventually("traffic has arrived", || rig.host.door_get("/").is_ok_and(|answer| answer.release() == Some("v2")));
    hang(listener(idle).expect("v2"));
    let switch = switch.wait().unwrap();
    ended(&switch, 41, &["was ended, so that nginx cannot fall back on it", "the last lines of", "serving: "]);
    rig.refused_release_is_no_fallback(live, idle);
}

#[test]
fn f75_a_good_release_is_watched_for_as_long_as_the_settings_say_and_the_report_says_so() {
    let rig = Rig::live_in("real1");
    rig.host.set("switch.watch", "\"1s\"").unwrap();
    let deployed = rig.deploy(&Jar::release("v2"));
    deployed.succeeds();
    assert!(deployed.output().contains("serves and was watched for 1 s"), "{}", deployed.output());
}

#[test]
fn with_standby_stop_the_old_release_ends_after_the_cutover_and_the_way_back_says_that_there_is_none() {
    let rig = Rig::live_in("real1");
    let (live, idle) = rig.live_and_idle_ports();
    rig.host.set("switch.standby", "\"stop\"").unwrap();
    let old = listener(live).expect("v1");
    let deployed = rig.deploy(&Jar::release("v2"));
    deployed.succeeds();
    assert!(!is_alive(old) && listener(live).is_none(), "v1 has ended");
    assert_eq!(rig.release(), "v2");
    assert!(deployed.output().contains("is not kept as a standby"), "{}", deployed.output());
    let back = rig.host.hook("switch").argument("--back").run().unwrap();
    ended(&back, 31, &["there is no standby to go back to", "what ran in `real1`"]);
    said(&back, &["serving: `real2`"]);
    rig.deploy(&Jar::release("v3")).succeeds();
    assert!(listener(idle).is_none(), "v2 has ended in its turn");
}
