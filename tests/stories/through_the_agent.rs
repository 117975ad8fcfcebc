//! The shipped `appspec.yml`, run as both generations of the agent run it: events in order, pipes that reach their end,
//! exit codes and an excerpt that a person can read in the console (F03).

use agent::{Agent, Bundle, DeploymentReport, Environment, EventStatus, Generation, LifecycleEvent};
use demo_app::{Fault, Jar};

use crate::rig::{Rig, listener};

fn agent(rig: &Rig, generation: Generation) -> Agent {
    Agent::new(rig.host.directory().join("agent"), generation)
        .unwrap()
        .environment(Environment::bash_noise().with("HOOKS_REPORT_API", "off"))
}

fn deploy(rig: &Rig, agent: &Agent, release: &Jar) -> DeploymentReport {
    let jar = rig.jar(release);
    let bundle = rig.host.bundle(&jar, rig.host.binaries().unwrap().directory()).unwrap();
    agent.deploy(&Bundle::open(bundle).unwrap())
}

#[test]
fn f03_whole_deploys_through_the_agent_end_well_and_leave_none_of_its_pipes_open() {
    for generation in [Generation::One, Generation::Two] {
        let rig = Rig::new();
        let agent = agent(&rig, generation);
        for release in ["v1", "v2", "v3"] {
            let deployment = deploy(&rig, &agent, &Jar::release(release));
            assert!(deployment.succeeded, "{generation:?}: {:#?}", deployment.failure());
            assert_eq!(rig.release(), release);
            let ran: Vec<&str> = deployment
                .events
                .iter()
                .filter(|event| event.status == EventStatus::Succeeded)
                .flat_map(|event| &event.scripts)
                .map(|script| script.location.as_str())
                .collect();
            assert_eq!(ran, ["hooks/stop", "hooks/start", "hooks/health", "hooks/switch"]);
        }
    }
}

#[test]
fn a_failed_deploy_shows_its_cause_and_what_to_do_in_the_consoles_excerpt() {
    for generation in [Generation::One, Generation::Two] {
        let rig = Rig::new();
        let agent = agent(&rig, generation);
        assert!(deploy(&rig, &agent, &Jar::release("v1")).succeeded);
        let deployment = deploy(&rig, &agent, &Jar::release("v2").fault(Fault::FloodsLog));
        let failure = deployment.failure().expect("it failed");
        assert_eq!(failure.event, LifecycleEvent::ApplicationStart);
        let told = failure.diagnostics.to_json().to_string();
        for words in ["failed with exit code 30", "FAILED start (exit code 30)", "to do: ", "serving: ", "log: "] {
            assert!(told.contains(words), "{generation:?}: `{words}` is not in {told}");
        }
        assert_eq!(rig.release(), "v1");
        // The next revision goes through: nothing of the failed one is in its way.
        assert!(deploy(&rig, &agent, &Jar::release("v3")).succeeded);
        assert_eq!(rig.release(), "v3");
    }
}

#[test]
fn f11_a_rollback_is_a_deployment_of_the_old_bundle_and_goes_through_like_any_other() {
    let rig = Rig::new();
    let agent = agent(&rig, Generation::One);
    let jar = rig.jar(&Jar::release("v1"));
    let old = Bundle::open(rig.host.bundle(&jar, rig.host.binaries().unwrap().directory()).unwrap()).unwrap();
    assert!(agent.deploy(&old).succeeded);
    assert!(deploy(&rig, &agent, &Jar::release("v2")).succeeded);
    assert!(agent.deploy(&old).succeeded);
    assert_eq!(rig.release(), "v1");
}

#[test]
fn i9_a_hook_ends_before_the_timeout_of_its_own_bundle_with_its_own_verdict_and_stop_has_said_that_it_is_short() {
    for generation in [Generation::One, Generation::Two] {
        let rig = Rig::new();
        rig.host.set("health.patience", "\"110s\"").unwrap();
        let agent = agent(&rig, generation);
        let jar = rig.jar(&Jar::release("v1").fault(Fault::Answers { status: 503, body: "starting".into() }));
        let bundle = rig.host.bundle(&jar, rig.host.binaries().unwrap().directory()).unwrap();
        let spec = bundle.join("appspec.yml");
        let shipped = std::fs::read_to_string(&spec).unwrap();
        assert!(shipped.contains("timeout: 300"), "the shipped timeout of health: {shipped}");
        std::fs::write(&spec, shipped.replace("timeout: 300", "timeout: 8")).unwrap();
        let deployment = agent.deploy(&Bundle::open(bundle).unwrap());
        let failure = deployment.failure().expect("it failed");
        assert_eq!(failure.event, LifecycleEvent::ValidateService);
        let told = failure.diagnostics.to_json().to_string();
        for words in ["failed with exit code 31", "HTTP 503", "`timeout: 8` in appspec.yml leaves"] {
            assert!(told.contains(words), "{generation:?}: `{words}` is not in {told}");
        }
        let log = std::fs::read_to_string(deployment.folder.scripts_log()).unwrap();
        assert!(log.contains("`timeout: 8` of `health` in appspec.yml is shorter than it can take"), "{log}");
    }
}

#[test]
fn f113_a_bundle_whose_hooks_cannot_come_to_the_end_is_refused_while_the_standby_runs_on() {
    let rig = Rig::new();
    let agent = agent(&rig, Generation::One);
    for release in ["v1", "v2"] {
        assert!(deploy(&rig, &agent, &Jar::release(release)).succeeded);
    }
    let (_, idle) = rig.live_and_idle_ports();
    let standby = listener(idle).expect("a standby");
    let jar = rig.jar(&Jar::release("v3"));
    let own = "    - location: scripts/warm.sh\n    - location: hooks/health\n";
    for (name, from, to, words) in [
        ("no `health`", "    - location: hooks/health\n      timeout: 300\n", "", "no event runs `hooks/health`"),
        ("misplaced", "  ApplicationStart:\n", "  BeforeAllowTraffic:\n", "only behind a load balancer"),
        ("not in it", "    - location: hooks/health\n", own, "runs `scripts/warm.sh`, which is not in the bundle"),
    ] {
        let bundle = rig.host.bundle(&jar, rig.host.binaries().unwrap().directory()).unwrap();
        let spec = bundle.join("appspec.yml");
        let shipped = std::fs::read_to_string(&spec).unwrap();
        let written = shipped.replacen(from, to, 1);
        assert_ne!(written, shipped, "{name}: {shipped}");
        std::fs::write(&spec, written).unwrap();
        let deployment = agent.deploy(&Bundle::open(bundle).unwrap());
        let failure = deployment.failure().unwrap_or_else(|| panic!("{name}: it failed"));
        let told = failure.diagnostics.to_json().to_string();
        assert!(
            words.is_empty() || told.contains("failed with exit code 10") && told.contains(words),
            "{name}: {told}"
        );
        assert_eq!((listener(idle), rig.release().as_str()), (Some(standby), "v2"), "{name}");
    }
}

#[test]
fn f120_a_jar_that_this_deployment_did_not_bring_is_named_with_what_to_do_about_it() {
    let rig = Rig::new();
    let agent = agent(&rig, Generation::One);
    assert!(deploy(&rig, &agent, &Jar::release("v1")).succeeded);
    // What another deployment group installed is none of the agent's to remove.
    let zip = rig.host.staging_directory();
    std::fs::copy(rig.jar(&Jar::release("v0")), zip.join("old-1.0.jar")).unwrap();
    let deployment = deploy(&rig, &agent, &Jar::release("v2"));
    let told = deployment.failure().expect("it failed").diagnostics.to_json().to_string();
    let told = told.replace("\\n    ", " ");
    for words in ["failed with exit code 20", "brought `application.jar` alone: remove `old-1.0.jar` from"] {
        assert!(told.contains(words), "`{words}` is not in {told}");
    }
    std::fs::remove_file(zip.join("old-1.0.jar")).unwrap();
    assert!(deploy(&rig, &agent, &Jar::release("v2")).succeeded);
}
