//! Two runs at once, and locks that die with their holders (F81, I6); and runs that are killed at any moment and run again (F115).

use std::time::Duration;

use demo_app::{Fault, Jar};

use crate::rig::{Rig, ended, eventually};

#[test]
fn f81_a_second_run_waits_and_is_told_who_holds_the_lock() {
    let rig = Rig::live_in("real1");
    rig.host.set("health.patience", "\"60s\"").unwrap();
    rig.host.set("lock.wait", "\"300ms\"").unwrap();
    rig.host.set("start.survive", "\"50ms\"").unwrap();
    rig.stage(&Jar::release("v2").fault(Fault::NeverBinds));
    ended(&rig.run("stop"), 0, &[]);
    ended(&rig.run("start"), 0, &[]);
    let holder = rig.hook("health").spawn().unwrap();
    let lock = rig.host.app_directory().join("ledger/lock");
    eventually("health holds the lock", || std::fs::read_to_string(&lock).unwrap_or_default().starts_with("health"));
    let second = rig.host.hook("stop").deployment("d-OTHER0001").run().unwrap();
    ended(&second, 11, &["another run holds the lock", "health of deployment", &format!("process {}", holder.pid())]);
    // Killed, it leaves nothing that a next run would have to wait for.
    holder.kill().unwrap();
    holder.wait().unwrap();
    ended(&rig.host.hook("stop").deployment("d-OTHER0002").run().unwrap(), 0, &[]);
}

#[test]
fn f81_f03_nothing_of_the_hooks_or_the_agents_is_open_in_the_app() {
    let rig = Rig::live_in("real1");
    rig.stage(&Jar::release("v2"));
    // The agent may have been started with descriptors of its own; here it is a pipe that the hook inherits as number 9.
    let binaries = rig.host.binaries().unwrap();
    for hook in crate::rig::HOOKS {
        let program = binaries.path(hook).unwrap();
        let output = std::process::Command::new("bash")
            .args(["-c", &format!("exec 9> >(cat >/dev/null 2>&1); exec {}", program.display())])
            .env("HOOKS_CONFIG", rig.host.settings_path())
            .env("DEPLOYMENT_ID", "d-OPEN00001")
            .output()
            .unwrap();
        // `output` returns at the end of both pipes: the app holds neither.
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    let app = crate::rig::listener(rig.live_and_idle_ports().0).expect("v2");
    let mut open: Vec<String> = std::fs::read_dir(format!("/proc/{app}/fd"))
        .unwrap()
        .flatten()
        .filter_map(|entry| std::fs::read_link(entry.path()).ok())
        .map(|target| target.display().to_string())
        .collect();
    open.sort();
    let log = open.iter().filter(|target| target.contains("/logs/real2-")).count();
    assert_eq!(log, 2, "standard output and standard error: {open:?}");
    for target in &open {
        let its_own = target.starts_with("socket:")
            || target.starts_with("anon_inode:")
            || target == "/dev/null"
            || target.contains("/logs/real2-");
        // The runtime of the demo service makes a pipe or a socket pair for its signals; the ledger, the lock and the hooks'
        // log are nobody's but the hooks'.
        assert!(its_own || target.starts_with("pipe:"), "{open:?}");
    }
    assert!(
        !open
            .iter()
            .any(|target| target.contains("ledger") || target.contains("hooks.log") || target.contains("/zip/")),
        "{open:?}"
    );
    let pipes = |process: u32| -> Vec<String> {
        std::fs::read_dir(format!("/proc/{process}/fd"))
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| std::fs::read_link(entry.path()).ok())
            .map(|target| target.display().to_string())
            .filter(|target| target.starts_with("pipe:"))
            .collect()
    };
    // A pipe that is the app's own has both of its ends in the app and in nobody else.
    for pipe in pipes(app) {
        assert_eq!(pipes(app).iter().filter(|other| **other == pipe).count(), 2, "{pipe} leads out of the app");
    }
    // Its own session, away from the agent's process group (F05).
    let stat = std::fs::read_to_string(format!("/proc/{app}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    assert_eq!((fields[2], fields[3]), (app.to_string().as_str(), app.to_string().as_str()), "group and session");
}

#[test]
fn i6_runs_of_many_hooks_at_once_never_interleave() {
    let rig = Rig::live_in("real1");
    rig.host.stage(rig.jar(&Jar::release("v2"))).unwrap();
    std::thread::scope(|scope| {
        for number in 0..4 {
            let host = &rig.host;
            scope.spawn(move || {
                for hook in crate::rig::HOOKS {
                    let run = host.hook(hook).deployment(format!("d-RACE{number:05}")).run().expect("the hook runs");
                    assert!([0, 10, 11].contains(&run.code), "{hook}: {}\n{}", run.code, run.output);
                }
            });
        }
    });
    // Whatever won: one whole release serves, the include says so, and the next deploy goes through.
    assert!(["v1", "v2"].contains(&rig.release().as_str()));
    rig.deploy(&Jar::release("v3")).succeeds();
    assert_eq!(rig.release(), "v3");
}

/// Ends a hook with SIGKILL this long after it began; whether it was killed, and had not ended by then.
fn is_killed_after(hook: &sandbox::HookCommand, milliseconds: u64) -> bool {
    let running = hook.spawn().unwrap();
    // Any moment will do: this waits for nothing.
    std::thread::sleep(Duration::from_millis(milliseconds));
    running.kill().unwrap();
    running.wait().unwrap().code != 0
}

#[test]
fn f115_a_way_back_that_is_killed_at_any_moment_and_run_again_never_leads_forward() {
    for rig in [Rig::live_in("real1"), Rig::instant()] {
        let mut killed = 0;
        for milliseconds in (2..60).step_by(4) {
            let from = rig.profile();
            let back = || rig.host.hook("switch").argument("--back");
            let mut is_killed = is_killed_after(&back(), milliseconds);
            // In its very last moment it has noted that it is done.
            let ledger = std::fs::read_to_string(rig.host.app_directory().join("ledger/ledger.json")).unwrap();
            is_killed &= !(ledger.contains("\"intent\": null")
                && ledger.contains("\"returning\": null")
                && rig.profile() != from);
            killed += u32::from(is_killed);
            ended(&back().run().unwrap(), 0, &["serves"]);
            assert_eq!(rig.profile() != from, is_killed, "killed after {milliseconds} ms");
        }
        assert!(killed > 2, "{killed}");
    }
}

#[test]
fn f115_a_start_that_is_killed_at_any_moment_and_run_again_leaves_one_release_that_serves() {
    let rig = Rig::live_in("real1");
    rig.host.set("start.survive", "\"10s\"").unwrap();
    for milliseconds in [5, 15, 25, 40, 80, 150, 300] {
        rig.stage(&Jar::release("v2"));
        ended(&rig.run("stop"), 0, &[]);
        is_killed_after(&rig.hook("start"), milliseconds);
        let again = rig.run("start");
        // It may have ended before it was killed.
        assert!(again.code == 0 || again.output.contains("already runs a release"), "{milliseconds}: {}", again.output);
        for hook in ["health", "switch"] {
            ended(&rig.run(hook), 0, &[]);
        }
        assert_eq!(rig.release(), "v2", "{milliseconds}");
    }
}
