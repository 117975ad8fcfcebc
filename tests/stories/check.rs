//! `status --check`: all that a deploy will need, at any time before one, by the same looks as `stop` (F164).

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use demo_app::{Fault, Jar};

use crate::rig::{Rig, ended, eventually};

#[test]
fn f164_a_host_that_has_what_a_deploy_needs_is_told_so_and_stays_as_it_is() {
    for rig in [Rig::new(), Rig::live_in("real1"), Rig::instant()] {
        let before = rig.names_in("");
        let run = rig.host.hook("status").argument("--check").run().unwrap();
        ended(&run, 0, &["ok       nginx: it runs", "ok       memory: ", "ok       idle slot: "]);
        assert!(run.output.starts_with("OK: a deploy, as `root`, has what it needs"), "{}", run.output);
        assert_eq!(rig.names_in(""), before, "nothing was made");
    }
}

#[test]
fn f164_what_stop_would_refuse_is_told_with_its_exit_code_its_sentence_and_its_remedy() {
    let rig = Rig::live_in("real1");
    let check = || rig.host.hook("status").argument("--check").run().unwrap();
    rig.host.nginx().break_configuration().unwrap();
    rig.host.set("app.command", "[\"/nonexistent/java\", \"{artifact}\"]").unwrap();
    let checked = check();
    // Everything that is wrong is told at once, and `stop` ends with the first of it.
    let words = ["error    nginx: ", "error    program: the program `/nonexistent/java`", "ok       memory: "];
    ended(&checked, 40, &words);
    let run = rig.run("stop");
    ended(&run, 40, &[]);
    let what = run.output.lines().find_map(|line| line.strip_prefix("FAILED stop (exit code 40): ")).unwrap();
    let to_do = run.output.lines().find_map(|line| line.strip_prefix("to do: ")).unwrap();
    assert!(checked.output.contains(what) && checked.output.contains(to_do), "{}\n{}", checked.output, run.output);
    rig.host.nginx().mend_configuration().unwrap();
    ended(&check(), 10, &["ERROR: `stop`, as `root`, would refuse a deploy with exit code 10: the program"]);
    ended(&rig.run("stop"), 10, &["the program `/nonexistent/java`"]);
}

#[test]
fn f164_while_a_hook_runs_the_check_says_which_and_keeps_nobody_waiting() {
    let rig = Rig::live_in("real1");
    // `health` waits for it until it is ended.
    rig.stage(&Jar::release("v2").fault(Fault::NeverBinds));
    for hook in ["stop", "start"] {
        ended(&rig.run(hook), 0, &[]);
    }
    let hook = rig.hook("health").spawn().unwrap();
    eventually("`health` holds the lock", || {
        let run = rig.host.hook("status").argument("--check").run().unwrap();
        let holder = format!("another run holds the lock (health of deployment `d-STORY0003`, process {})", hook.pid());
        run.code == 1 && run.output.contains(&holder)
    });
    hook.terminate().unwrap();
    assert_ne!(hook.wait().unwrap().code, 0);
    ended(&rig.host.hook("status").argument("--check").run().unwrap(), 0, &["ok       ledger: "]);
}

#[test]
fn f164_whoever_is_not_the_user_that_deploys_is_told_whose_rights_were_looked_at() {
    let rig = Rig::live_in("real1");
    fs::set_permissions(rig.host.directory(), PermissionsExt::from_mode(0o755)).unwrap();
    let output = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(rig.host.binaries().unwrap().path("status").unwrap())
        .arg("--check")
        .env("HOOKS_CONFIG", rig.host.settings_path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(13), "{told}");
    assert!(told.starts_with("ERROR: `stop`, as `nobody`, would refuse a deploy with exit code 13: "), "{told}");
    assert!(told.contains("belongs to `root`, but this run is `nobody`"), "{told}");
}
