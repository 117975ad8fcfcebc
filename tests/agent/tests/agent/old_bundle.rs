//! The events that run the scripts of the bundle installed last, and what counts as installed.

use std::fs;

use agent::{Bundle, ErrorCode, EventStatus, Generation, LifecycleEvent};

use crate::support::{BOTH, Host};

/// A bundle whose `ApplicationStop` says its name, and whose `ValidateService` ends with this status.
fn bundle(host: &Host, name: &str, validate: u8) -> Bundle {
    host.builder(
        name,
        "hooks:\n  ApplicationStop:\n    - location: stop.sh\n  ValidateService:\n    - location: v.sh\n",
    )
    .script("stop.sh", format!("#!/bin/sh\necho \"{name} $DEPLOYMENT_ID\"\nexit ${{STOP_STATUS:-0}}\n"))
    .unwrap()
    .script("v.sh", format!("#!/bin/sh\nexit {validate}\n"))
    .unwrap()
    .build()
    .unwrap()
}

#[test]
fn the_first_deployment_has_nothing_to_stop() {
    for generation in BOTH {
        let host = Host::new(generation);
        let deployment = host.agent.deploy(&bundle(&host, "first", 0));
        assert_eq!(deployment.event(LifecycleEvent::ApplicationStop).unwrap().status, EventStatus::Skipped);
        let log = fs::read_to_string(deployment.folder.scripts_log()).unwrap();
        assert!(!log.contains("ApplicationStop"), "{log}");
    }
}

#[test]
fn the_second_runs_the_firsts_stop_under_its_own_identity_and_into_its_own_log() {
    for generation in BOTH {
        let host = Host::new(generation);
        assert!(host.agent.deploy(&bundle(&host, "first", 0)).succeeded);
        let second = host.agent.deploy(&bundle(&host, "second", 0));
        let log = fs::read_to_string(second.folder.scripts_log()).unwrap();
        assert!(log.contains(&format!("[stdout]first {}\n", second.id)), "{log}");
    }
}

#[test]
fn a_revision_that_installed_and_then_failed_counts_as_installed() {
    let host = Host::new(Generation::One);
    assert!(host.agent.deploy(&bundle(&host, "first", 0)).succeeded);
    let failed = host.agent.deploy(&bundle(&host, "failed", 1));
    assert!(!failed.succeeded);
    assert_eq!(host.last_successful(), failed.folder.path().to_str().unwrap());
    let third = host.agent.deploy(&bundle(&host, "third", 0));
    assert!(fs::read_to_string(third.folder.scripts_log()).unwrap().contains("[stdout]failed "));
}

#[test]
fn a_failing_install_is_recorded_as_most_recent_but_not_as_successful() {
    let host = Host::new(Generation::One);
    let first = host.agent.deploy(&bundle(&host, "first", 0));
    let second = host.agent.deploy(&host.uninstallable());
    assert_eq!(second.failure().unwrap().event, LifecycleEvent::Install);
    assert_eq!(host.last_successful(), first.folder.path().to_str().unwrap());
    let most_recent = fs::read_to_string(host.agent.root().most_recent_install(host.agent.group_id())).unwrap();
    assert_eq!(most_recent, second.folder.path().to_str().unwrap());
}

#[test]
fn a_stop_that_fails_ends_the_deployment_unless_told_to_be_ignored() {
    let mut host = Host::new(Generation::One);
    assert!(host.agent.deploy(&bundle(&host, "first", 0)).succeeded);
    host.agent = host.agent.environment(agent::Environment::bare().with("STOP_STATUS", "9"));
    let second = host.agent.deploy(&bundle(&host, "second", 0));
    assert_eq!(second.failure().unwrap().event, LifecycleEvent::ApplicationStop);
    assert!(!second.folder.archive().exists(), "nothing was fetched");

    host.agent = host.agent.ignore_application_stop_failures(true);
    let third = host.agent.deploy(&bundle(&host, "third", 0));
    assert!(third.succeeded);
    assert_eq!(third.event(LifecycleEvent::ApplicationStop).unwrap().status, EventStatus::Failed);
}

#[test]
fn an_installed_bundle_that_is_gone_fails_generation_1_only() {
    for (generation, status) in [(Generation::One, EventStatus::Failed), (Generation::Two, EventStatus::Skipped)] {
        let host = Host::new(generation);
        let first = host.agent.deploy(&bundle(&host, "first", 0));
        fs::remove_dir_all(first.folder.archive()).unwrap();
        let second = host.agent.deploy(&bundle(&host, "second", 0));
        let stop = second.event(LifecycleEvent::ApplicationStop).unwrap();
        assert_eq!(stop.status, status);
        if stop.status == EventStatus::Failed {
            assert_eq!(stop.diagnostics.error_code, Some(ErrorCode::UnknownError));
            assert!(stop.diagnostics.message.contains("did not find an AppSpec file within the unpacked revision"));
        }
    }
}

#[test]
fn once_the_bundle_is_unpacked_the_old_bundles_events_run_the_current_one() {
    let host = Host::new(Generation::One);
    assert!(host.agent.deploy(&bundle(&host, "first", 0)).succeeded);
    let second = bundle(&host, "second", 0);
    let deployment = host.agent.deploy(&second);
    host.agent.run_event(&deployment.id, LifecycleEvent::ApplicationStop, &second, |_| {});
    let log = fs::read_to_string(deployment.folder.scripts_log()).unwrap();
    assert!(log.contains("[stdout]second "), "{log}");
}
