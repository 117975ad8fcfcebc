//! How events and deployments end, and what is told about it.

use std::cell::RefCell;
use std::fs;

use agent::{ErrorCode, EventStatus, Generation, LifecycleEvent, Progress, ScriptOutcome};

use crate::support::{BOTH, Host, id};

#[test]
fn scripts_run_in_order_and_the_first_failure_ends_event_and_deployment() {
    for generation in BOTH {
        let host = Host::new(generation);
        let bundle = host
            .builder(
                "bundle",
                "hooks:\n  AfterInstall:\n    - location: a.sh\n    - location: b.sh\n    - location: c.sh\n\
                 \x20 ApplicationStart:\n    - location: a.sh\n",
            )
            .script("a.sh", "#!/bin/sh\n")
            .unwrap()
            .script("b.sh", "#!/bin/sh\nexit 12\n")
            .unwrap()
            .script("c.sh", "#!/bin/sh\n")
            .unwrap();
        let deployment = host.agent.deploy(&bundle.build().unwrap());
        assert!(!deployment.succeeded);
        let failure = deployment.failure().unwrap();
        assert_eq!(failure.event, LifecycleEvent::AfterInstall);
        let ran: Vec<(&str, &ScriptOutcome)> =
            failure.scripts.iter().map(|script| (script.location.as_str(), &script.outcome)).collect();
        assert_eq!(ran, [("a.sh", &ScriptOutcome::Exited(0)), ("b.sh", &ScriptOutcome::Exited(12))]);
        assert_eq!(failure.failed_script().unwrap().location, "b.sh");
        assert_eq!(failure.diagnostics.script_name, "b.sh");
        assert!(deployment.event(LifecycleEvent::ApplicationStart).is_none());
    }
}

#[test]
fn the_events_come_in_the_services_order_and_those_of_a_load_balancer_only_behind_one() {
    let order = |behind: bool| {
        let mut host = Host::new(Generation::One);
        host.agent = host.agent.behind_load_balancer(behind);
        let deployment = host.agent.deploy(&host.hook(60, ""));
        assert!(deployment.succeeded);
        deployment.events.iter().map(|report| report.event.name()).collect::<Vec<_>>().join(" ")
    };
    let inner = "ApplicationStop DownloadBundle BeforeInstall Install AfterInstall ApplicationStart ValidateService";
    assert_eq!(order(false), inner);
    assert_eq!(
        order(true),
        format!("BeforeBlockTraffic AfterBlockTraffic {inner} BeforeAllowTraffic AfterAllowTraffic")
    );
}

#[test]
fn an_event_without_scripts_is_skipped_and_leaves_no_line() {
    let host = Host::new(Generation::One);
    let ran = host.run_hook(60, "");
    let status = |event| ran.deployment.event(event).unwrap().status;
    assert_eq!(status(LifecycleEvent::ApplicationStop), EventStatus::Skipped);
    assert_eq!(status(LifecycleEvent::BeforeInstall), EventStatus::Skipped);
    assert_eq!(status(LifecycleEvent::AfterInstall), EventStatus::Succeeded);
    assert_eq!(ran.lines().len(), 2);
}

#[test]
fn a_missing_script_is_code_1_and_so_is_a_location_with_arguments() {
    for generation in BOTH {
        let host = Host::new(generation);
        let bundle = host.builder("bundle", "hooks:\n  AfterInstall:\n    - location: a.sh --now\n");
        let deployment = host.agent.deploy(&bundle.script("a.sh", "#!/bin/sh\n").unwrap().build().unwrap());
        let diagnostics = &deployment.failure().unwrap().diagnostics;
        assert_eq!(diagnostics.error_code, Some(ErrorCode::ScriptMissing));
        let path = deployment.folder.archive().join("a.sh --now");
        assert_eq!(diagnostics.message, format!("Script does not exist at specified location: {}", path.display()));
    }
}

#[test]
fn an_end_by_a_signal_has_no_exit_code_under_generation_1() {
    for (generation, code) in [(Generation::One, ""), (Generation::Two, "1")] {
        let ran = Host::new(generation).run_hook(60, "kill -KILL $$");
        assert_eq!(*ran.outcome(), ScriptOutcome::Signalled(9));
        assert_eq!(ran.script().error_code, ErrorCode::ScriptFailed);
        assert_eq!(
            ran.event.diagnostics.message,
            format!("Script at specified location: hook.sh failed with exit code {code}")
        );
    }
}

#[test]
fn an_appspec_that_the_agent_refuses_is_code_5_with_the_reason() {
    let host = Host::new(Generation::One);
    let bundle = host.builder("bundle", "hooks:\n  BeforeInstall:\n    location: a.sh\n").build().unwrap();
    let deployment = host.agent.deploy(&bundle);
    let failure = deployment.failure().unwrap();
    assert_eq!(
        (failure.event, failure.diagnostics.error_code),
        (LifecycleEvent::BeforeInstall, Some(ErrorCode::UnknownError))
    );
    assert!(failure.diagnostics.message.contains("line 5: `BeforeInstall` is not a list"), "{failure:?}");
}

#[test]
fn the_name_appspec_yaml_fails_the_hooks_of_generation_1_and_suits_generation_2() {
    for (generation, succeeds) in [(Generation::One, false), (Generation::Two, true)] {
        let host = Host::new(generation);
        let bundle = host.hook(60, "");
        fs::rename(bundle.path().join("appspec.yml"), bundle.path().join("appspec.yaml")).unwrap();
        let deployment = host.agent.deploy(&bundle);
        assert_eq!(deployment.succeeded, succeeds);
        if let Some(failure) = deployment.failure() {
            assert_eq!(failure.event, LifecycleEvent::BeforeInstall);
            assert!(failure.diagnostics.message.contains("did not find an AppSpec file"), "{failure:?}");
        }
        // Install by itself is content with the other name.
        let install = host.agent.run_event(&deployment.id, LifecycleEvent::Install, &bundle, |_| {});
        assert_eq!(install.status, EventStatus::Succeeded);
    }
}

#[test]
fn events_can_be_run_one_by_one_in_any_order() {
    let host = Host::new(Generation::One);
    let bundle = host.hook(60, "echo again >> HERE/times");
    let id = id("d-000000001");
    for event in [LifecycleEvent::DownloadBundle, LifecycleEvent::AfterInstall, LifecycleEvent::AfterInstall] {
        assert!(host.agent.run_event(&id, event, &bundle, |_| {}).succeeded());
    }
    assert_eq!(host.read("times"), "again\nagain\n");
}

#[test]
fn a_caller_can_watch_a_deployment() {
    let host = Host::new(Generation::One);
    let seen = RefCell::new(Vec::new());
    let deployment = host.agent.deploy_observed(&host.hook(60, "echo hello; exit 2"), |progress| {
        seen.borrow_mut().push(match progress {
            Progress::EventStarted(event) => format!("{event}"),
            Progress::ScriptStarted { location, .. } => format!("{location} starts"),
            Progress::Output { line, .. } => String::from_utf8_lossy(line).trim_end().to_owned(),
            Progress::ScriptFinished { report, .. } => format!("{:?}", report.outcome),
            Progress::EventFinished(report) => format!("{:?}", report.status),
        });
    });
    assert!(!deployment.succeeded);
    let seen = seen.into_inner();
    let from = seen.iter().position(|line| line == "AfterInstall").unwrap();
    assert_eq!(seen[from..], ["AfterInstall", "hook.sh starts", "hello", "Exited(2)", "Failed"]);
}

#[test]
fn a_deployment_is_marked_as_going_on_only_while_an_event_runs() {
    let host = Host::new(Generation::One);
    let ran = host.run_hook(60, "ls HERE/agent/deployment-root/ongoing-deployment");
    assert_eq!(ran.lines()[2], format!("[stdout]{}", ran.deployment.id));
    assert!(!host.agent.root().ongoing_deployment(&ran.deployment.id).exists());
}
