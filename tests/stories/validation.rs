//! `health` as a validation hook on ECS and Lambda: it asks the URL of its settings and tells CodeDeploy the verdict.

use std::time::Duration;

use codedeploy_stub::answers;
use codedeploy_stub::{Behaviour, CodeDeployStub, Operation};
use sandbox::HookCommand;

use crate::rig::{Rig, ended, said};

/// `health` in an environment such as ECS gives it, on a machine that has nothing of a host with slots.
fn health(rig: &Rig, stub: &CodeDeployStub, url: &str) -> HookCommand {
    let settings = rig.host.directory().join("empty.toml");
    std::fs::write(&settings, "").unwrap();
    rig.host
        .hook("health")
        .deployment("d-ABCDEF123")
        .variable("LIFECYCLE_EVENT_HOOK_EXECUTION_ID", "eyJleGVjdXRpb24iOiIxIn0")
        .variable("HOOKS_CONFIG", settings.display().to_string())
        .variable("HOOKS_HEALTH_URL", url)
        .variable("HOOKS_HEALTH_PATIENCE", "500ms")
        .variable("AWS_REGION", "ap-northeast-2")
        .variable("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .variable("AWS_SECRET_ACCESS_KEY", "secret")
        .variable("AWS_EC2_METADATA_DISABLED", "true")
        .variable("AWS_ENDPOINT_URL_CODEDEPLOY", stub.endpoint())
}

/// The verdicts that CodeDeploy was told.
fn told(stub: &CodeDeployStub) -> Vec<String> {
    let requests = stub.requests_of(Operation::PutLifecycleEventHookExecutionStatus);
    for request in &requests {
        assert_eq!(request.body["deploymentId"], "d-ABCDEF123");
        assert_eq!(request.body["lifecycleEventHookExecutionId"], "eyJleGVjdXRpb24iOiIxIn0");
    }
    requests.iter().map(|request| request.body["status"].as_str().unwrap().to_owned()).collect()
}

fn listening() -> CodeDeployStub {
    let stub = CodeDeployStub::start().unwrap();
    stub.on(Operation::PutLifecycleEventHookExecutionStatus, answers::hook_status_taken("eyJleGVjdXRpb24iOiIxIn0"));
    stub
}

#[test]
fn the_verdict_reaches_codedeploy_whatever_it_is() {
    let rig = Rig::live_in("real1");
    let url = |path: &str| format!("http://127.0.0.1:{}{path}", rig.host.ports().door);
    let nobody = "http://127.0.0.1:9/".to_owned();
    for (name, url, code, verdict, words) in [
        ("good", url("/"), 0, "Succeeded", "is healthy"),
        ("not found", url("/nowhere"), 31, "Failed", "answers HTTP 404"),
        ("nobody there", nobody, 31, "Failed", "connection refused"),
        ("no URL", String::new(), 10, "Failed", "set `health.url` in hooks.toml"),
        ("settings that are wrong", "ftp://x".to_owned(), 10, "Failed", "needed a URL that begins with `http://`"),
    ] {
        let stub = listening();
        let run = health(&rig, &stub, &url).run().unwrap();
        ended(&run, code, &[words]);
        assert_eq!(told(&stub), [verdict], "{name}: {}", run.output);
    }
}

#[test]
fn a_url_over_https_is_asked_with_the_certificates_of_the_host() {
    let rig = Rig::new();
    let stub = listening();
    // Any server that speaks TLS: what it answers to a GET is no matter, as long as it is this.
    let server = CodeDeployStub::builder().tls().start().unwrap();
    let authority = server.ca_certificate().unwrap().display().to_string();
    let hook = || health(&rig, &stub, &server.endpoint()).variable("HOOKS_HEALTH_STATUS", "404");
    ended(&hook().variable("SSL_CERT_FILE", authority).run().unwrap(), 0, &["is healthy"]);
    ended(&hook().run().unwrap(), 31, &["certificate"]);
    let bare = hook().variable("SSL_CERT_FILE", "/nonexistent").variable("SSL_CERT_DIR", "/nonexistent");
    ended(&bare.run().unwrap(), 31, &["no ca certificates were loaded"]);
    assert_eq!(told(&stub), ["Succeeded", "Failed", "Failed"]);
}

#[test]
fn a_dry_run_of_a_validation_shows_what_would_be_asked_and_tells_nobody_anything() {
    let rig = Rig::new();
    let stub = listening();
    let run = health(&rig, &stub, "http://127.0.0.1:9/").argument("--dry-run").run().unwrap();
    ended(&run, 0, &["1. ask http://127.0.0.1:9/ until 3 good answers in a row have come", "nothing was changed"]);
    assert!(stub.requests().is_empty());
}

#[test]
fn a_local_deployment_has_no_execution_that_codedeploy_knows() {
    let rig = Rig::live_in("real1");
    let stub = listening();
    let run = health(&rig, &stub, "http://127.0.0.1:9/").deployment("d-ABCDEF123-local").run().unwrap();
    assert_ne!(run.code, 0, "it is a hook on a host again, and its host has nothing: {}", run.output);
    assert!(stub.requests().is_empty());
}

#[test]
fn a_verdict_is_sent_again_until_it_is_taken() {
    let rig = Rig::live_in("real1");
    let url = format!("http://127.0.0.1:{}/", rig.host.ports().door);
    let stub = CodeDeployStub::start().unwrap();
    let taken = answers::hook_status_taken("eyJleGVjdXRpb24iOiIxIn0").into();
    let troubles = vec![Behaviour::ServerError, Behaviour::Throttled, Behaviour::Disconnect, taken];
    stub.on(Operation::PutLifecycleEventHookExecutionStatus, Behaviour::Sequence(troubles));
    ended(&health(&rig, &stub, &url).run().unwrap(), 0, &[]);
    assert_eq!(told(&stub), ["Succeeded"; 4]);
}

#[test]
fn every_documented_error_is_a_sentence_and_a_verdict_that_nobody_took_is_a_failure() {
    let rig = Rig::live_in("real1");
    let url = format!("http://127.0.0.1:{}/", rig.host.ports().door);
    let stub = CodeDeployStub::start().unwrap();
    for (code, exit_code, words) in [
        ("DeploymentDoesNotExistException", 10, "no deployment with this id exists"),
        ("DeploymentIdRequiredException", 10, "no deployment id was given"),
        ("InvalidDeploymentIdException", 10, "the deployment id is not in the form"),
        ("InvalidLifecycleEventHookExecutionIdException", 10, "execution id is not one of this deployment"),
        ("InvalidLifecycleEventHookExecutionStatusException", 10, "has to be `Succeeded` or `Failed`"),
        ("LifecycleEventAlreadyCompletedException", 10, "the lifecycle event is over already"),
        ("UnsupportedActionForDeploymentTypeException", 10, "take no verdict over the API"),
        ("AccessDeniedException", 13, "allow `codedeploy:PutLifecycleEventHookExecutionStatus`"),
    ] {
        stub.on(Operation::PutLifecycleEventHookExecutionStatus, Behaviour::error(code, "said by the service"));
        let run = health(&rig, &stub, &url).run().unwrap();
        ended(
            &run,
            exit_code,
            &["CodeDeploy could not be told that the validation of deployment `d-ABCDEF123` succeeded", words],
        );
    }
}

#[test]
fn a_failed_validation_stays_the_cause_where_the_verdict_cannot_be_told_either() {
    let rig = Rig::new();
    let stub = CodeDeployStub::start().unwrap();
    let denied = answers::access_denied(Operation::PutLifecycleEventHookExecutionStatus);
    stub.on(Operation::PutLifecycleEventHookExecutionStatus, denied);
    let run = health(&rig, &stub, "http://127.0.0.1:9/").run().unwrap();
    ended(&run, 31, &["could not be told that the validation of deployment `d-ABCDEF123` failed"]);
    let last = run.output.find("FAILED health").unwrap();
    assert!(run.output[last..].contains("connection refused"), "{}", run.output);
}

#[test]
fn i9_a_validation_that_is_stopped_tells_codedeploy_that_it_failed_and_ends() {
    let rig = Rig::new();
    let stub = listening();
    let running = health(&rig, &stub, "http://127.0.0.1:9/").variable("HOOKS_HEALTH_PATIENCE", "1m").spawn().unwrap();
    let pid = running.pid();
    // It listens for signals before it asks anything.
    crate::rig::eventually("the hook is running", || {
        std::fs::read_to_string(format!("/proc/{pid}/status")).is_ok_and(|status| {
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).map(str::trim);
            caught.and_then(|mask| u64::from_str_radix(mask, 16).ok()).is_some_and(|mask| mask & (1 << 14) != 0)
        })
    });
    running.terminate().unwrap();
    let run = running.wait().unwrap();
    assert_eq!(run.code, 75, "{}", run.output);
    said(&run, &["a signal asked this hook to end"]);
    assert_eq!(told(&stub), ["Failed"]);
}

#[test]
fn a_signal_that_comes_while_the_verdict_is_told_does_not_swallow_it() {
    let rig = Rig::live_in("real1");
    let url = format!("http://127.0.0.1:{}/", rig.host.ports().door);
    let stub = CodeDeployStub::start().unwrap();
    let taken: Behaviour = answers::hook_status_taken("eyJleGVjdXRpb24iOiIxIn0").into();
    stub.on(Operation::PutLifecycleEventHookExecutionStatus, taken.after(Duration::from_secs(1)));
    let running = health(&rig, &stub, &url).spawn().unwrap();
    stub.wait_for_requests(1, Duration::from_mins(2)).unwrap();
    running.terminate().unwrap();
    ended(&running.wait().unwrap(), 0, &["is healthy"]);
    assert_eq!(told(&stub), ["Succeeded"]);
}

#[test]
fn on_a_host_the_api_is_told_nothing_by_health() {
    let rig = Rig::live_in("real1");
    let stub = listening();
    rig.stage(&demo_app::Jar::release("v2"));
    for hook in ["stop", "start", "health"] {
        let hook = rig
            .hook(hook)
            .variable("AWS_REGION", "ap-northeast-2")
            .variable("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .variable("AWS_SECRET_ACCESS_KEY", "secret")
            .variable("AWS_ENDPOINT_URL_CODEDEPLOY", stub.endpoint());
        ended(&hook.run().unwrap(), 0, &[]);
    }
    assert!(stub.requests().is_empty());
}
