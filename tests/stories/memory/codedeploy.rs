//! CodeDeploy is asked before traffic moves, holds nothing up, and is obeyed where it says that a deployment is not wanted.

use std::path::Path;
use std::time::Duration;

use shared::config::ReportApi;
use shared::error::Kind;
use shared::host::codedeploy::{Deployment, Operation, Refusal, Status};
use shared::slot::Slot;

use crate::exit::Hook;
use crate::site::{Site, User};

const ID: &str = "d-ABCDEF123";

fn on_aws() -> Site {
    let mut site = Site::of_scripts(Slot::Blue, User::Root);
    site.caller.aws = true;
    site
}

fn deployment(status: &str) -> Deployment {
    Deployment { id: ID.into(), status: Status::of(status), ..Deployment::default() }
}

#[test]
fn i3_a_deployment_that_was_stopped_failed_or_rolled_back_moves_no_traffic_and_the_next_one_does() {
    let superseded = Deployment { rolled_back_by: Some("d-ROLLBACK1".into()), ..deployment("InProgress") };
    for unwanted in [deployment("Stopped"), deployment("Failed"), superseded] {
        let site = on_aws();
        site.host.codedeploy_says(Ok(unwanted.clone()), Duration::ZERO);
        let (hook, exit) = site.deploy(ID);
        assert_eq!((hook, exit.kind()), (Hook::Switch, Some(Kind::Interrupted)), "{unwanted:?}: {exit:?}");
        assert_eq!(site.live(), Some(Slot::Blue), "{unwanted:?}");
        site.host.codedeploy_says(Ok(deployment("InProgress")), Duration::ZERO);
        site.deploys("d-ABCDEF124");
        assert_eq!(site.host.codedeploy_was_asked(), [ID, "d-ABCDEF124"]);
    }
}

#[test]
fn without_an_answer_a_deploy_goes_on_and_takes_at_most_two_seconds_longer() {
    let took = |site: &Site| {
        let began = site.host.now();
        site.deploys(ID);
        site.host.now().saturating_sub(began)
    };
    let silent = Site::of_scripts(Slot::Blue, User::Root);
    let without = took(&silent);
    assert!(silent.host.codedeploy_was_asked().is_empty(), "nothing speaks of AWS, so nobody is asked");
    for refusal in [
        Refusal::NoCredentials,
        Refusal::Denied(Operation::GetDeployment),
        Refusal::Throttled,
        Refusal::Unreachable("connection refused".into()),
    ] {
        let site = on_aws();
        site.host.codedeploy_says(Err(refusal.clone()), Duration::from_mins(1));
        let longer = took(&site).saturating_sub(without);
        assert!(longer <= Duration::from_secs(2), "{refusal:?}: {longer:?}");
        assert_eq!(site.host.codedeploy_was_asked(), [ID], "{refusal:?}: once for the whole deploy");
    }
}

#[test]
fn where_an_answer_is_required_traffic_stays_without_one() {
    let mut site = on_aws();
    site.settings.report.api = ReportApi::Required;
    site.host.codedeploy_says(Err(Refusal::Denied(Operation::GetDeployment)), Duration::ZERO);
    let (hook, exit) = site.deploy(ID);
    assert_eq!((hook, exit.kind()), (Hook::Switch, Some(Kind::NotAllowed)), "{exit:?}");
    assert_eq!(site.live(), Some(Slot::Blue));
}

#[test]
fn nobody_is_asked_by_hand_for_a_local_deployment_on_the_way_back_or_when_switched_off() {
    for (name, id, api, asked) in [
        ("a deployment of the service", Some(ID), ReportApi::Auto, 1),
        ("switched off", Some(ID), ReportApi::Off, 0),
        ("by hand", None, ReportApi::Required, 0),
        ("local, generation 1", Some("d-ABCDEF123-local"), ReportApi::Required, 0),
        ("local, generation 2", Some("local-4711"), ReportApi::Required, 0),
    ] {
        let mut site = on_aws();
        site.settings.report.api = api;
        site.host.codedeploy_says(Ok(deployment("InProgress")), Duration::ZERO);
        for hook in Hook::DEPLOY {
            let exit = site.run(hook, id);
            assert!(exit.is_done(), "{name}: {hook:?} ended with {exit:?}");
        }
        let exit = site.run(Hook::Back, None);
        assert!(exit.is_done(), "{name}: {exit:?}");
        assert_eq!(site.host.codedeploy_was_asked().len(), asked, "{name}");
    }
}

#[test]
fn a_machine_of_ec2_and_one_that_is_registered_on_premises_are_known_by_what_they_carry() {
    for (path, bytes, asked) in [
        ("/sys/devices/virtual/dmi/id/sys_vendor", "Amazon EC2\n", 1),
        ("/sys/devices/virtual/dmi/id/sys_vendor", "QEMU\n", 0),
        ("/sys/hypervisor/uuid", "ec2e1916-9099-7caf-fd21-012345abcdef\n", 1),
        ("/etc/codedeploy-agent/conf/codedeploy.onpremises.yml", "region: eu-west-1\n", 1),
    ] {
        let site = Site::of_scripts(Slot::Blue, User::Root);
        site.host.write(Path::new(path), bytes.as_bytes());
        site.deploys(ID);
        assert_eq!(site.host.codedeploy_was_asked().len(), asked, "{path}: {bytes}");
    }
}
