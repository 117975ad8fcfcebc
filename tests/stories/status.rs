//! `status`: what a person asks first. It looks and changes nothing.

use std::collections::BTreeSet;

use codedeploy_stub::answers::{self, DeploymentInfo, InstanceTarget, LifecycleEvent};
use codedeploy_stub::{Behaviour, CodeDeployStub, MetadataStub, Operation, RoleCredentials};
use demo_app::{Fault, Jar};
use sandbox::HookCommand;
use shared::error::ExitCodeRow;

use crate::repository::{quoted, rows};
use crate::rig::{Rig, ended};

fn on_aws(hook: HookCommand, stub: &CodeDeployStub) -> HookCommand {
    hook.variable("AWS_REGION", "ap-northeast-2")
        .variable("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .variable("AWS_SECRET_ACCESS_KEY", "secret")
        .variable("AWS_EC2_METADATA_DISABLED", "true")
        .variable("AWS_ENDPOINT_URL_CODEDEPLOY", stub.endpoint())
}

#[test]
fn status_shows_who_is_live_what_stands_by_and_how_the_last_deployment_ended() {
    let rig = Rig::live_in("real1");
    let run = rig.untouched_by(|| rig.host.hook("status").run().unwrap());
    ended(&run, 0, &["live     real1", "standby  real2", "last deployment: d-STORY0002, its release got the traffic"]);
    rig.deploy(&Jar::release("v2").fault(Fault::DiesAtBoot { code: 1 })).fails("start", 30, &[]);
    let run = rig.host.hook("status").run().unwrap();
    ended(&run, 1, &["live  real1", "idle  real2", "last deployment: d-STORY0003, its idle slot is free"]);
    let json = rig.host.hook("status").argument("--json").run().unwrap();
    let view: serde_json::Value = serde_json::from_str(&json.output).unwrap();
    assert_eq!(view["slots"][0]["role"], "live");
    assert_eq!(view["slots"][0]["port"], rig.host.ports().blue);
    assert_eq!(view["deployment"]["id"], "d-STORY0003");
}

#[test]
fn f105_who_serves_is_what_is_seen_after_a_failure_and_by_status_whatever_is_remembered() {
    let rig = Rig::new();
    let dies = || Jar::release("v1").fault(Fault::DiesAtBoot { code: 1 });
    let status = || rig.host.hook("status").run().unwrap();
    let down = "serving: SITE DOWN: nginx sends requests to `real1` (port ";
    rig.deploy(&dies()).fails("start", 30, &[down, ", where nobody listens"]);
    ended(&status(), 2, &[down]);
    rig.deploy(&Jar::release("v1")).succeeds();
    rig.deploy(&Jar::release("v2")).succeeds();
    let ports = rig.host.ports();
    let (one, two) = (
        format!("serving: `real1` (port {}), release `", ports.blue),
        format!("serving: `real2` (port {}), release `", ports.green),
    );
    ended(&status(), 0, &[if rig.profile() == "real1" { &one } else { &two }]);
    rig.deploy(&dies()).fails("start", 30, &[&format!("{}20", if rig.profile() == "real1" { &one } else { &two })]);
    rig.deploy(&Jar::release("v3")).succeeds();
    rig.deploy(&Jar::release("v4")).succeeds();
    // A person moves the traffic to the standby.
    let (live, idle) = rig.live_and_idle_ports();
    let moved = rig.include().replace(&live.to_string(), &idle.to_string());
    std::fs::write(rig.host.nginx().include_path(), moved).unwrap();
    rig.host.nginx().reload_and_wait().unwrap();
    crate::rig::eventually("nginx has read it", || rig.release() == "v3");
    let seen = if idle == ports.blue { one } else { two };
    ended(&status(), 0, &["live ", &seen]);
    ended(&rig.run("health"), 10, &[&seen]);
    rig.host.nginx().stop().unwrap();
    ended(
        &status(),
        2,
        &["unknown  real1", "serving: SITE DOWN: nginx is not running", "cannot tell which slot is live"],
    );
    ended(&rig.run("stop"), 12, &["serving: SITE DOWN: nginx is not running"]);
}

#[test]
fn status_makes_nothing_and_works_on_a_host_that_has_no_directory_yet() {
    let rig = Rig::new();
    let before = rig.names_in("");
    ended(&rig.host.hook("status").run().unwrap(), 2, &["SITE DOWN: ", "process", "none"]);
    assert_eq!(rig.names_in(""), before, "nothing was made");
    let run = rig.host.hook("status").variable("HOOKS_APP_DIRECTORY", "/nonexistent").run().unwrap();
    ended(&run, 2, &["none"]);
}

fn event(name: &str, from: f64, to: f64) -> LifecycleEvent {
    LifecycleEvent::succeeded(name, from, to)
}

/// A deployment of two hosts: one that failed in its last event, one that waits.
fn of_two_hosts() -> CodeDeployStub {
    let stub = CodeDeployStub::start().unwrap();
    stub.on(Operation::GetDeployment, DeploymentInfo::new("d-ABCDEF123").of("shop", "production"));
    stub.on(
        Operation::ListDeploymentTargets,
        Behaviour::Sequence(vec![
            answers::targets(&["i-0123456789abcdef0"], Some("more")).into(),
            answers::targets(&["i-0fedcba9876543210"], None).into(),
        ]),
    );
    let failed =
        LifecycleEvent::new("ValidateService").status("Failed").started(1_764_000_010.0).ended(1_764_000_023.5);
    let failed = failed.diagnostics(
        "ScriptFailed",
        "hooks/health",
        "Script at specified location: hooks/health failed with exit code 31",
        "LifecycleEvent - ValidateService\n[stdout]FAILED health (exit code 31): the new release is not healthy\n",
    );
    stub.on(
        Operation::GetDeploymentTarget,
        Behaviour::Sequence(vec![
            InstanceTarget::new("d-ABCDEF123", "i-0123456789abcdef0")
                .status("Failed")
                .event(event("AfterInstall", 1_764_000_001.0, 1_764_000_002.5))
                .event(failed)
                .into(),
            InstanceTarget::new("d-ABCDEF123", "i-0fedcba9876543210").status("Pending").into(),
        ]),
    );
    stub
}

#[test]
fn a_deployment_is_shown_as_codedeploy_sees_it_for_this_host_and_for_the_fleet() {
    let rig = Rig::new();
    let stub = of_two_hosts();
    let metadata = MetadataStub::builder()
        .region("ap-northeast-2")
        .instance_id("i-0123456789abcdef0")
        .role("web", RoleCredentials::new("AKIAIOSFODNN7EXAMPLE", "secret", "token"))
        .start()
        .unwrap();
    let run = rig
        .host
        .hook("status")
        .variable("AWS_EC2_METADATA_DISABLED", "false")
        .variable("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.endpoint())
        .variable("AWS_ENDPOINT_URL_CODEDEPLOY", stub.endpoint())
        .argument("--deployment")
        .argument("d-ABCDEF123")
        .run()
        .unwrap();
    let words = [
        "deployment d-ABCDEF123: InProgress",
        "application: shop, group production",
        "revision: s3://releases/shop.zip",
        "this host: i-0123456789abcdef0 Failed",
        "  AfterInstall     Succeeded  1.5 s",
        "  ValidateService  Failed     13.5 s  ScriptFailed: Script at specified location: hooks/health failed with exit code 31",
        "| [stdout]FAILED health (exit code 31): the new release is not healthy",
        "fleet: 2 targets: 1 Failed, 1 Pending",
        "  i-0123456789abcdef0  Failed   at ValidateService",
    ];
    ended(&run, 0, &words);
}

#[test]
fn a_deployment_is_shown_as_json_and_an_on_premises_host_has_its_name_from_the_settings() {
    let rig = Rig::new();
    rig.host.set("report.target", "\"i-0fedcba9876543210\"").unwrap();
    let stub = of_two_hosts();
    let status = on_aws(rig.host.hook("status"), &stub).argument("--deployment").argument("d-ABCDEF123");
    let run = status.argument("--json").run().unwrap();
    let view: serde_json::Value = serde_json::from_str(&run.output).unwrap();
    assert_eq!(view["deployment"]["status"], "InProgress");
    assert_eq!(view["this_host"], "i-0fedcba9876543210");
    assert_eq!(view["targets"][0]["events"][1]["diagnostics"]["code"], "ScriptFailed");
    assert_eq!(view["targets"][1]["status"], "Pending");
}

/// The keys of a value, each with the way that leads to it.
fn keys(value: &serde_json::Value, way: &str, found: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(map) => {
            for (key, value) in map {
                let way = if way.is_empty() { key.clone() } else { format!("{way}.{key}") };
                keys(value, &way, found);
                found.insert(way);
            }
        }
        serde_json::Value::Array(values) => values.iter().for_each(|value| keys(value, &format!("{way}[]"), found)),
        _ => {}
    }
}

/// The keys that the document has under this heading.
fn documented(heading: &str) -> BTreeSet<String> {
    let part =
        include_str!("../../docs/status.md").split("\n## ").find(|part| part.starts_with(heading)).expect(heading);
    rows(part.lines()).iter().filter_map(|cells| quoted(cells[0]).next().map(str::to_owned)).collect()
}

#[test]
fn f151_f152_f153_the_document_has_each_key_of_the_json_and_no_other() {
    let rig = Rig::live_in("real1");
    rig.deploy(&Jar::release("v2").fault(Fault::DiesAtBoot { code: 1 })).fails("start", 30, &[]);
    let stub = of_two_hosts();
    for (heading, arguments) in [
        ("`status --json`", &[][..]),
        ("`status --history --json`", &["--history"]),
        ("`status --check --json`", &["--check"]),
        ("`status --deployment --json`", &["--deployment", "d-ABCDEF123"]),
    ] {
        let status = on_aws(rig.host.hook("status"), &stub).argument("--json");
        let run = arguments.iter().fold(status, |hook, word| hook.argument(*word)).run().unwrap();
        let mut found = BTreeSet::new();
        keys(&serde_json::from_str(&run.output).unwrap(), "", &mut found);
        assert_eq!(found, documented(heading), "{heading}, `docs/status.md` on the right");
    }
}

#[test]
fn f151_the_document_has_each_exit_code_of_its_own() {
    let part = include_str!("../../docs/status.md");
    let codes = [ExitCodeRow::DONE, ExitCodeRow::LOOK, ExitCodeRow::DOWN].map(|row| format!("\n| {} | `", row.code));
    assert!(codes.iter().all(|row| part.contains(row)), "{codes:?}");
}

#[test]
fn every_documented_error_of_the_calls_is_a_sentence() {
    let rig = Rig::new();
    let stub = CodeDeployStub::start().unwrap();
    let status = || on_aws(rig.host.hook("status"), &stub).argument("--deployment").argument("d-ABCDEF123");
    for (code, exit_code, words) in [
        ("DeploymentDoesNotExistException", 10, "no deployment with this id exists"),
        ("DeploymentIdRequiredException", 10, "no deployment id was given"),
        ("InvalidDeploymentIdException", 10, "is not in the form that CodeDeploy gives"),
        ("AccessDeniedException", 13, "allow `codedeploy:GetDeployment`"),
        ("UnrecognizedClientException", 10, "AWS refuses this host's credentials"),
    ] {
        stub.on(Operation::GetDeployment, Behaviour::error(code, "said by the service"));
        ended(&status().run().unwrap(), exit_code, &["deployment `d-ABCDEF123` cannot be shown", words]);
    }
    stub.on(Operation::GetDeployment, DeploymentInfo::new("d-ABCDEF123"));
    for (code, words) in [
        ("DeploymentNotStartedException", "the deployment has not started"),
        ("InvalidNextTokenException", "the list changed while it was read"),
        ("InvalidTargetFilterNameException", "the filter of the list"),
        ("AccessDeniedException", "allow `codedeploy:ListDeploymentTargets`"),
    ] {
        stub.on(Operation::ListDeploymentTargets, Behaviour::error(code, "said by the service"));
        ended(&status().run().unwrap(), 0, &["deployment d-ABCDEF123: InProgress", "are not to be had", words]);
    }
    stub.on(Operation::ListDeploymentTargets, answers::targets(&["i-1"], None));
    for (code, words) in [
        ("DeploymentTargetDoesNotExistException", "no such target"),
        ("DeploymentTargetIdRequiredException", "no target id was given"),
        ("InvalidDeploymentTargetIdException", "the target id is not in the form"),
        ("InvalidInstanceNameException", "on-premises instance's name"),
        ("AccessDeniedException", "allow `codedeploy:GetDeploymentTarget`"),
    ] {
        stub.on(Operation::GetDeploymentTarget, Behaviour::error(code, "said by the service"));
        ended(&status().run().unwrap(), 0, &["are not to be had", words]);
    }
}

#[test]
fn without_a_deployment_to_show_status_says_how_to_name_one() {
    let rig = Rig::new();
    let run = rig.host.hook("status").argument("--deployment").run().unwrap();
    ended(&run, 10, &["no deployment is known on this host", "`status --deployment d-ABCDEF123`"]);
}
