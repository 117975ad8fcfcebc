//! The real hooks against CodeDeploy's API as a stub on loopback speaks it: what is obeyed, what holds nothing up, and what
//! is never said.

use std::io::Write;
use std::time::Duration;

use codedeploy_stub::answers::{self, DeploymentInfo};
use codedeploy_stub::{
    Behaviour, CodeDeployStub, MetadataStub, Moto, Operation, RoleCredentials, Swallower, silent_network,
};
use demo_app::Jar;
use sandbox::{HookCommand, HookRun};

use crate::rig::{Rig, ended, flat, said};

/// What must never be read anywhere.
const CANARY: &str = "cAnArYcAnArYcAnArYcAnArYcAnArYcAnArYcAnA";

/// The id of an access key, as AWS makes them up in its documents.
const ACCESS_KEY: &str = "AKIAIOSFODNN7EXAMPLE";

/// A deployment that is ready for its `switch`, on a host that AWS has nothing to do with so far.
fn ready(release: &str) -> Rig {
    let rig = Rig::new();
    prepare(&rig, release);
    rig
}

fn prepare(rig: &Rig, release: &str) {
    rig.stage(&Jar::release(release));
    for hook in ["stop", "start", "health"] {
        ended(&rig.run(hook), 0, &[]);
    }
}

/// A hook with region and credentials in its environment.
fn on_aws(hook: HookCommand, endpoint: &str) -> HookCommand {
    hook.variable("AWS_REGION", "ap-northeast-2")
        .variable("AWS_ACCESS_KEY_ID", ACCESS_KEY)
        .variable("AWS_SECRET_ACCESS_KEY", CANARY)
        .variable("AWS_EC2_METADATA_DISABLED", "true")
        .variable("AWS_ENDPOINT_URL_CODEDEPLOY", endpoint)
}

fn switch(rig: &Rig, endpoint: &str) -> HookRun {
    on_aws(rig.hook("switch"), endpoint).run().expect("the hook runs")
}

#[test]
fn i3_a_deployment_that_is_not_wanted_any_more_leaves_traffic_where_it_is_and_says_why() {
    let rig = ready("v1");
    let stub = CodeDeployStub::start().unwrap();
    let deployment = || DeploymentInfo::new("d-STORY0001");
    for (answer, words) in [
        (
            deployment().status("Stopped").error("MANUAL_STOP", "stopped by alice"),
            "was stopped in CodeDeploy (MANUAL_STOP",
        ),
        (
            deployment().status("Failed").error("HEALTH_CONSTRAINTS", "too few"),
            "has failed in CodeDeploy (HEALTH_CONSTR",
        ),
        (
            deployment().rolled_back_by("d-ROLLBACK1", "x"),
            "is superseded: CodeDeploy rolls it back by deployment `d-ROLL",
        ),
    ] {
        stub.on(Operation::GetDeployment, answer);
        let run = rig.untouched_by(|| switch(&rig, &stub.endpoint()));
        ended(&run, 75, &[words, "it moves no traffic", "nothing was changed"]);
    }
    stub.on(Operation::GetDeployment, deployment());
    ended(&switch(&rig, &stub.endpoint()), 0, &[]);
    assert_eq!(rig.release(), "v1");
    let asked = stub.requests_of(Operation::GetDeployment);
    let about: Vec<&str> = asked.iter().filter_map(|request| request.body["deploymentId"].as_str()).collect();
    assert_eq!(about, ["d-STORY0001"; 4], "once by each `switch`");
}

#[test]
fn the_way_back_is_a_persons_own_decision_whatever_has_become_of_the_deployment() {
    let rig = Rig::live_in("real1");
    let stub = CodeDeployStub::start().unwrap();
    stub.on(Operation::GetDeployment, DeploymentInfo::new("d-STORY0002").status("Stopped"));
    let back = on_aws(rig.hook("switch").argument("--back"), &stub.endpoint());
    ended(&back.run().unwrap(), 0, &[]);
    assert_eq!(rig.release(), "v0");
    assert!(stub.requests().is_empty());
}

#[test]
fn a_rollback_and_a_restart_are_told_as_what_they_are() {
    let rig = ready("v1");
    let stub = CodeDeployStub::start().unwrap();
    let answer = DeploymentInfo::new("d-STORY0001").rollback_of("d-BADBADBAD", "it failed").mode("RESTART");
    stub.on(Operation::GetDeployment, answer);
    let run = switch(&rig, &stub.endpoint());
    ended(&run, 0, &["is CodeDeploy's rollback of deployment `d-BADBADBAD`", "restarts the revision"]);
}

#[test]
fn whatever_is_in_the_way_of_an_answer_holds_nothing_up_and_is_told_once_with_what_to_do() {
    let denied = answers::access_denied(Operation::GetDeployment);
    let swallower = Swallower::start().unwrap();
    let stub = CodeDeployStub::start().unwrap();
    let gone = CodeDeployStub::start().unwrap().endpoint();
    let rig = Rig::new();
    for (name, endpoint, behaviour, words) in [
        (
            "no permission",
            stub.endpoint(),
            denied,
            "allow `codedeploy:GetDeployment` in its role (see docs/iam/host.json)",
        ),
        ("throttled", stub.endpoint(), Behaviour::Throttled, "throttled"),
        ("a fault", stub.endpoint(), Behaviour::ServerError, "answers HTTP 500 with a fault of its own"),
        ("a proxy's page", stub.endpoint(), Behaviour::Html(403), "did not say"),
        ("no JSON", stub.endpoint(), Behaviour::Garbage, "did not say"),
        ("a broken connection", stub.endpoint(), Behaviour::Disconnect, "cannot be reached"),
        ("slow", stub.endpoint(), Behaviour::Silent.after(Duration::from_mins(1)), "let this host reach CodeDeploy's"),
        ("silent", stub.endpoint(), Behaviour::Silent, "let this host reach CodeDeploy's endpoint"),
        ("swallowed", swallower.endpoint(), Behaviour::Silent, "let this host reach CodeDeploy's endpoint"),
        ("refused", gone, Behaviour::Silent, "connection refused"),
        (
            "unknown id",
            stub.endpoint(),
            answers::no_such_deployment("d-STORY0001"),
            "no deployment with this id exists",
        ),
        (
            "no id",
            stub.endpoint(),
            Behaviour::error("DeploymentIdRequiredException", "x"),
            "no deployment id was given (`DeploymentIdRequiredException`)",
        ),
        (
            "a wrong id",
            stub.endpoint(),
            Behaviour::error("InvalidDeploymentIdException", "x"),
            "is not in the form that CodeDeploy gives (`InvalidDeploymentIdException`)",
        ),
        (
            "expired credentials",
            stub.endpoint(),
            Behaviour::error("ExpiredTokenException", "x"),
            "AWS refuses this host's credentials (`ExpiredTokenException`)",
        ),
    ] {
        prepare(&rig, "v1");
        stub.on(Operation::GetDeployment, behaviour);
        let run = switch(&rig, &endpoint);
        assert_eq!(run.code, 0, "{name}: {}", run.output);
        let told = flat(&run);
        assert!(told.contains(words), "{name}: `{words}` is not in {told}");
        assert_eq!(told.matches("CodeDeploy did not say").count(), 1, "{name}: told once: {told}");
        // The cutover itself takes tenths of a second; 2 s is what asking may add, and the rest is for a busy machine. Whoever
        // waited for the slow answer would need a minute.
        assert!(run.duration < Duration::from_secs(50), "{name}: {:?}", run.duration);
    }
}

#[test]
fn a_fault_of_the_service_is_asked_again() {
    let rig = ready("v1");
    let stub = CodeDeployStub::start().unwrap();
    let stopped = DeploymentInfo::new("d-STORY0001").status("Stopped").into();
    stub.on(Operation::GetDeployment, Behaviour::Sequence(vec![Behaviour::ServerError, stopped]));
    ended(&switch(&rig, &stub.endpoint()), 75, &["deploy again if you want this release after all"]);
    assert_eq!(stub.requests_of(Operation::GetDeployment).len(), 2);
}

#[test]
fn where_an_answer_is_required_traffic_stays_without_one() {
    let rig = ready("v1");
    rig.host.set("report.api", "\"required\"").unwrap();
    let stub = CodeDeployStub::start().unwrap();
    stub.on(Operation::GetDeployment, answers::access_denied(Operation::GetDeployment));
    let run = rig.untouched_by(|| switch(&rig, &stub.endpoint()));
    ended(&run, 13, &["allow `codedeploy:GetDeployment`", "`report.api = \"auto\"`", "nothing was changed"]);
}

#[test]
fn credentials_of_the_instance_are_used_past_every_proxy_and_never_told() {
    let rig = ready("v1");
    let stub = CodeDeployStub::start().unwrap();
    stub.on(Operation::GetDeployment, DeploymentInfo::new("d-STORY0001").status("Stopped"));
    let metadata = MetadataStub::builder()
        .region("ap-northeast-2")
        .role("web", RoleCredentials::new(ACCESS_KEY, CANARY, CANARY))
        .start()
        .unwrap();
    let run = rig
        .hook("switch")
        .variable("AWS_EC2_METADATA_DISABLED", "false")
        .variable("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.endpoint())
        .variable("AWS_ENDPOINT_URL_CODEDEPLOY", stub.endpoint())
        // Nobody listens there: whoever asks the metadata service through it gets no credentials.
        .variable("HTTP_PROXY", "http://127.0.0.1:9")
        .variable("http_proxy", "http://127.0.0.1:9")
        .variable("HTTPS_PROXY", "http://127.0.0.1:9")
        .variable("ALL_PROXY", "http://127.0.0.1:9")
        .variable("RUST_LOG", "trace")
        .run()
        .unwrap();
    ended(&run, 75, &["was stopped in CodeDeploy"]);
    assert!(!metadata.requests().is_empty());
    let log = std::fs::read_to_string(rig.host.app_directory().join("logs/hooks.log")).unwrap();
    for (place, text) in [("the output", &run.output), ("the log", &log)] {
        assert!(!text.contains(CANARY) && !text.contains(ACCESS_KEY), "I11: a credential is in {place}: {text}");
    }
}

#[test]
fn i11_a_proxy_that_is_no_url_is_passed_over_and_its_password_is_never_told() {
    let rig = ready("v1");
    let stub = CodeDeployStub::start().unwrap();
    stub.on(Operation::GetDeployment, DeploymentInfo::new("d-STORY0001").status("Stopped"));
    let proxy = format!("http://me:{CANARY}@ no host");
    let run = on_aws(rig.hook("switch"), &stub.endpoint()).variable("HTTPS_PROXY", proxy).run().unwrap();
    ended(&run, 75, &["was stopped in CodeDeploy"]);
    let log = std::fs::read_to_string(rig.host.app_directory().join("logs/hooks.log")).unwrap();
    assert!(!run.output.contains(CANARY) && !log.contains(CANARY), "{} {log}", run.output);
}

#[test]
fn a_host_without_credentials_is_told_so_and_deploys() {
    let rig = ready("v1");
    let stub = CodeDeployStub::start().unwrap();
    let metadata = MetadataStub::builder().region("ap-northeast-2").without_role().start().unwrap();
    let run = rig
        .hook("switch")
        .variable("AWS_EC2_METADATA_DISABLED", "false")
        .variable("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.endpoint())
        .variable("AWS_ENDPOINT_URL_CODEDEPLOY", stub.endpoint())
        .run()
        .unwrap();
    ended(&run, 0, &["this host has no AWS credentials", "give this host an instance profile"]);
    assert!(stub.requests().is_empty());
}

#[test]
fn the_api_is_asked_over_https_and_only_a_certificate_that_is_trusted_is_believed() {
    let rig = ready("v1");
    let stub = CodeDeployStub::builder().tls().start().unwrap();
    stub.on(Operation::GetDeployment, DeploymentInfo::new("d-STORY0001").status("Stopped"));
    let authority = stub.ca_certificate().unwrap().display().to_string();
    let trusting = on_aws(rig.hook("switch"), &stub.endpoint()).variable("SSL_CERT_FILE", authority).run().unwrap();
    ended(&trusting, 75, &["was stopped in CodeDeploy"]);
    // Nobody has told this run whom to trust: it gets no answer, and goes on without.
    let run = switch(&rig, &stub.endpoint());
    ended(
        &run,
        0,
        &["CodeDeploy did not say", "the API's certificate is not trusted", "the package `ca-certificates`"],
    );
    assert_eq!(stub.requests().len(), 1);
}

#[test]
fn the_ids_of_local_deployments_never_reach_the_api() {
    let stub = CodeDeployStub::start().unwrap();
    let rig = Rig::new();
    for id in ["d-ABCDEF123-local", "local-4711"] {
        rig.stage(&Jar::release("v1"));
        for hook in crate::rig::HOOKS {
            let run = on_aws(rig.host.hook(hook).deployment(id), &stub.endpoint()).run().unwrap();
            ended(&run, 0, &[]);
        }
        let status = on_aws(rig.host.hook("status"), &stub.endpoint()).argument("--deployment").run().unwrap();
        ended(&status, 10, &[&format!("deployment `{id}` is a local one")]);
    }
    assert!(stub.requests().is_empty(), "{:?}", stub.requests());
}

#[test]
fn moto_as_an_independent_implementation_is_understood() {
    let moto = Moto::start().unwrap();
    let rig = Rig::new();
    rig.stage(&Jar::release("v1"));
    for hook in crate::rig::HOOKS {
        let run = on_aws(rig.host.hook(hook).deployment(moto.deployment_id().to_string()), &moto.endpoint())
            .variable("AWS_REGION", Moto::REGION)
            .run()
            .unwrap();
        ended(&run, 0, &[]);
        assert!(!flat(&run).contains("did not say"), "{}", run.output);
    }
    let status = on_aws(rig.host.hook("status"), &moto.endpoint())
        .variable("AWS_REGION", Moto::REGION)
        .argument("--deployment")
        .run()
        .unwrap();
    // moto knows GetDeployment, and nothing of targets.
    ended(&status, 0, &[moto.deployment_id(), Moto::APPLICATION, "its hosts are not to be had"]);
    let unknown = on_aws(rig.host.hook("status"), &moto.endpoint())
        .variable("AWS_REGION", Moto::REGION)
        .argument("--deployment")
        .argument("d-NOSUCHONE")
        .run()
        .unwrap();
    ended(&unknown, 10, &["no deployment with this id exists"]);
    let listed = moto.call("ListDeployments", &serde_json::json!({})).unwrap();
    assert!(listed["deployments"].as_array().unwrap().iter().any(|id| id == moto.deployment_id()), "{listed}");
}

/// Runs in a network namespace of its own, into which it puts itself.
#[test]
fn where_the_metadata_address_swallows_packets_a_deploy_takes_at_most_two_seconds_longer_and_without_aws_nothing() {
    const INSIDE: &str = "STORIES_IN_A_SILENT_NETWORK";
    const NAME: &str = "codedeploy::where_the_metadata_address_swallows_packets_a_deploy_takes_at_most_two_seconds_longer_and_without_aws_nothing";
    if std::env::var_os(INSIDE).is_none() {
        let itself = std::env::current_exe().unwrap();
        let inside = silent_network::command(itself).args(["--exact", NAME, "--nocapture"]).env(INSIDE, "1").output();
        let output = inside.unwrap();
        let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && told.contains("1 passed"), "{told}");
        // The figure in it is read by whoever runs this with --nocapture.
        std::io::stderr().write_all(&output.stderr).unwrap();
        return;
    }
    let rig = Rig::new();
    let deploy = |variables: &[(&str, &str)]| {
        rig.stage(&Jar::release("v1"));
        let runs = crate::rig::HOOKS.map(|hook| {
            let hook = variables.iter().fold(rig.hook(hook), |hook, (name, value)| hook.variable(*name, *value));
            let run = hook.run().unwrap();
            ended(&run, 0, &[]);
            run
        });
        let duration: Duration = runs.iter().map(|run| run.duration).sum();
        (runs.iter().map(flat).collect::<String>(), duration)
    };
    deploy(&[]);
    // What else a busy machine does makes either of the two longer: what the waiting costs is seen in a quiet moment.
    let seen = (0..10).map(|_| {
        let (told, without) = deploy(&[]);
        assert!(!told.contains("CodeDeploy"), "nothing speaks of AWS: {told}");
        // An EC2 instance whose metadata service cannot be reached: neither region nor credentials.
        let (told, with) = deploy(&[("AWS_EXECUTION_ENV", "EC2"), ("AWS_EC2_METADATA_DISABLED", "false")]);
        assert!(told.contains("region and credentials of this host were not to be had within 1.8 s"), "{told}");
        writeln!(std::io::stderr(), "hook time of a deploy: {without:?} without AWS, {with:?} where packets vanish")
            .unwrap();
        with.saturating_sub(without)
    });
    let mut longer = Vec::new();
    // Half a second for what two deploys differ by in any case.
    let is_short = |longer: &Duration| *longer <= Duration::from_millis(2_500);
    assert!(seen.inspect(|each| longer.push(*each)).any(|each| is_short(&each)), "{longer:?} longer");
}

#[test]
fn a_stopped_hook_does_not_wait_for_an_answer() {
    let rig = ready("v1");
    let stub = CodeDeployStub::start().unwrap();
    stub.on(Operation::GetDeployment, Behaviour::Silent);
    let running = on_aws(rig.hook("switch"), &stub.endpoint()).spawn().unwrap();
    stub.wait_for_requests(1, Duration::from_mins(2)).unwrap();
    running.terminate().unwrap();
    let run = rig.untouched_by(|| running.wait().unwrap());
    assert_eq!(run.code, 75, "{}", run.output);
    said(&run, &["a signal asked this hook to end"]);
    assert!(!flat(&run).contains("did not say"), "it waited for the answer: {}", run.output);
}

#[test]
fn an_environment_full_of_rubbish_holds_nothing_up() {
    let rig = Rig::new();
    let rubbish = rig.host.directory().join("rubbish");
    std::fs::write(&rubbish, b"[profile \xff\xfe\n]]credential_process = /bin/false\n").unwrap();
    let rubbish = rubbish.display().to_string();
    for (name, variables) in [
        ("an endpoint that is no URL", vec![("AWS_ENDPOINT_URL_CODEDEPLOY", "no url")]),
        ("a region that is none", vec![("AWS_REGION", "x y/z")]),
        ("a profile that does not exist", vec![("AWS_PROFILE", "nobody")]),
        (
            "a configuration that is none",
            vec![("AWS_CONFIG_FILE", &*rubbish), ("AWS_SHARED_CREDENTIALS_FILE", &*rubbish)],
        ),
        (
            "credentials of a container that is not there",
            vec![("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9/x")],
        ),
        ("a certificate store that does not exist", vec![("SSL_CERT_FILE", "/nonexistent")]),
    ] {
        prepare(&rig, "v1");
        let hook = rig.hook("switch").variable("AWS_EC2_METADATA_DISABLED", "true");
        let hook = on_aws(hook, "http://127.0.0.1:9");
        let run = variables.iter().fold(hook, |hook, (name, value)| hook.variable(*name, *value)).run().unwrap();
        assert_eq!(run.code, 0, "{name}: {}", run.output);
        assert!(flat(&run).contains("CodeDeploy did not say"), "{name}: {}", run.output);
        assert!(!run.output.contains("panicked"), "{name}: {}", run.output);
    }
}
