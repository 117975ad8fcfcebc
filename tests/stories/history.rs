//! What is left of a deploy: how the last one ended, with its sentences, and the ones before it, for a person who was not there. None of
//! that is in the way of a deploy (F152, F153).

use std::fs;

use demo_app::{Fault, Jar};
use serde_json::Value;

use crate::rig::{HOOKS, Rig, ended, said};

fn json(rig: &Rig, arguments: &[&str]) -> Value {
    let hook = arguments.iter().fold(rig.host.hook("status").argument("--json"), |hook, word| hook.argument(*word));
    let run = hook.run().unwrap();
    serde_json::from_str(&run.output).unwrap_or_else(|cause| panic!("{cause}:\n{}", run.output))
}

fn dies() -> Jar {
    Jar::release("bad").fault(Fault::DiesAtBoot { code: 1 })
}

#[test]
fn f152_how_the_last_deploy_ended_is_told_until_the_next_one_has_ended_well() {
    let rig = Rig::live_in("real1");
    let of_last = || json(&rig, &[])["deployment"].clone();
    let last = of_last();
    assert_eq!(
        (&last["hook"], &last["exit_code"], &last["what"]),
        (&"switch".into(), &0.into(), &Value::Null),
        "{last}"
    );
    assert!(last["took_ms"].as_u64() > Some(0) && last["ended"].as_str().unwrap().ends_with('Z'), "{last}");
    rig.deploy(&dies()).fails("start", 30, &[]);
    let run = rig.host.hook("status").run().unwrap();
    ended(&run, 1, &["serving: `real1`", "`start` ended at 20", "with exit code 30"]);
    assert!(
        run.output.starts_with("LOOK: the last deploy (d-STORY0003) failed in `start`, exit code 30, at 20"),
        "{}",
        run.output
    );
    let last = of_last();
    let what = last["what"].as_str().unwrap();
    assert!(what.contains("`real2` (port ") && run.output.contains(what), "{last}\n{}", run.output);
    let to_do = last["to_do"].as_str().expect("there is something to do about it");
    said(&run, &[&format!("to do: {to_do}")]);
    // `stop` refuses before it begins anything, which the ledger knows nothing of.
    rig.host.nginx().break_configuration().unwrap();
    rig.deploy(&Jar::release("v2")).fails("stop", 40, &[]);
    let last = of_last();
    assert_eq!(
        (&last["id"], &last["exit_code"], &last["stage"]),
        (&"d-STORY0004".into(), &40.into(), &Value::Null),
        "{last}"
    );
    rig.host.nginx().mend_configuration().unwrap();
    rig.deploy(&Jar::release("v3")).succeeds();
    ended(&rig.host.hook("status").run().unwrap(), 0, &["`switch` ended at 20", "with exit code 0, its hooks took "]);
}

#[test]
fn f153_the_last_deploys_are_told_a_line_each_the_newest_first() {
    let rig = Rig::live_in("real1");
    rig.deploy(&dies()).fails("start", 30, &[]);
    rig.deploy(&Jar::release("v2")).succeeds();
    ended(&rig.host.hook("switch").argument("--back").run().unwrap(), 0, &[]);
    let run = rig.host.hook("status").argument("--history").run().unwrap();
    ended(&run, 0, &["ended ", "boot"]);
    let lines: Vec<&str> = run.output.lines().skip(1).collect();
    let ends = ["`switch --back`: done", "done", "failed in `start`, exit code 30", "done", "done"];
    assert_eq!(lines.len(), ends.len(), "{}", run.output);
    assert!(lines.iter().zip(ends).all(|(line, end)| line.starts_with("20") && line.ends_with(end)), "{}", run.output);
    let history = json(&rig, &["--history"]);
    let ids: Vec<&Value> = history["deploys"].as_array().unwrap().iter().map(|deploy| &deploy["deployment"]).collect();
    assert_eq!(
        ids,
        [&Value::Null, &"d-STORY0004".into(), &"d-STORY0003".into(), &"d-STORY0002".into(), &"d-STORY0001".into()]
    );
    let deploy = &history["deploys"][1];
    let hooks: Vec<&Value> = deploy["hooks"].as_array().unwrap().iter().map(|hook| &hook["hook"]).collect();
    assert_eq!(hooks, HOOKS);
    assert!(deploy["boot_ms"].as_u64() > Some(0), "{deploy}");
    assert_eq!(history["deploys"][0]["release"], history["deploys"][3]["release"], "that is what was gone back to");
}

#[test]
fn f152_f153_a_history_that_is_damaged_full_or_cannot_be_written_is_in_nobodys_way() {
    let rig = Rig::live_in("real1");
    let path = rig.host.app_directory().join("ledger/history.jsonl");
    let whole = fs::read_to_string(&path).unwrap();
    // The last line was cut, and something else stands in the middle.
    fs::write(&path, format!("{whole}\u{1}\n{}", &whole[..60])).unwrap();
    rig.deploy(&Jar::release("v2")).succeeds();
    let run = rig.host.hook("status").argument("--history").run().unwrap();
    ended(&run, 0, &["note: 2 lines of the history could not be read", "d-STORY0002"]);
    ended(&rig.host.hook("status").run().unwrap(), 0, &[]);
    // What is too large is set aside, and still shown.
    fs::write(&path, whole.repeat(200)).unwrap();
    rig.deploy(&Jar::release("v3")).succeeds();
    assert!(fs::metadata(&path).unwrap().len() < 10_000, "it begins anew");
    let history = json(&rig, &["--history"]);
    assert_eq!(history["deploys"].as_array().unwrap().len(), 3, "{history}");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    rig.deploy(&Jar::release("v4")).succeeds();
    assert_eq!(rig.release(), "v4");
    ended(&rig.host.hook("status").run().unwrap(), 0, &["d-STORY0005, its release got the traffic"]);
}
