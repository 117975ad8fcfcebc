//! What a restart of the agent's service does to the releases that it has deployed: it ends whatever lies in its control group
//! (F124).

use std::fs;
use std::thread;

use booted_host::{Account, BootedHost, HostBuilder, wait_until};
use demo_app::Jar;
use strict_client::Mode;

use crate::rig::{SLOTS, deploys, nothing_was_lost, release_at_the_door, slots, status_at_the_door, under_load};

/// Where releases lie, and what follows from that.
enum Fate {
    /// In a control group of this beginning, and they run on.
    Outlives(&'static str),
    /// In the agent's own, and they end.
    EndsWithTheAgent,
}

/// Of releases that run detached: those that run as units are in `supervisor`.
const WITH_RUNAS_AND_PAM_SYSTEMD: Fate = Fate::Outlives("/user.slice/user-1000.slice/session-");
const WITH_RUNAS_ALONE: Fate = Fate::EndsWithTheAgent;
const WITHOUT_RUNAS: Fate = Fate::EndsWithTheAgent;

/// Deploys twice on such a host, restarts the agent while nothing is deployed, and sees what became of both slots.
fn is_told(host: HostBuilder, fate: &Fate) {
    let host = host.boot().unwrap();
    deploys(&host, "v1");
    let second = deploys(&host, "v2");
    let before = slots(&host);
    let told = second.log.contains("lies in the control group of `codedeploy-agent.service`");
    assert_eq!(told, matches!(fate, Fate::EndsWithTheAgent), "{}", second.log);
    match fate {
        Fate::Outlives(group) => {
            assert!(before.iter().all(|(_, its)| its.starts_with(group)), "{before:?}");
            nothing_was_lost(&under_load(&host, &Mode::ALL, |_| host.restart_agent().unwrap()));
            assert_eq!(slots(&host), before, "the same processes in the same groups");
            assert_eq!(release_at_the_door(&host), "v2");
        }
        Fate::EndsWithTheAgent => {
            assert!(before.iter().all(|(_, its)| its == "/system.slice/codedeploy-agent.service"), "{before:?}");
            host.restart_agent().unwrap();
            let left = SLOTS.map(|port| host.listener(port).unwrap());
            assert_eq!((left, status_at_the_door(&host)), ([None, None], 502));
        }
    }
    // Whatever the restart did, the next deploy brings the site up.
    deploys(&host, "v3");
}

#[test]
fn f124_with_runas_and_pam_systemd_both_slots_outlive_a_restart_of_the_agent() {
    is_told(BootedHost::builder(), &WITH_RUNAS_AND_PAM_SYSTEMD);
}

#[test]
fn f124_with_runas_and_without_pam_systemd_a_restart_of_the_agent_ends_both_slots() {
    is_told(BootedHost::builder().without_pam_systemd(), &WITH_RUNAS_ALONE);
}

#[test]
fn f124_without_runas_a_restart_of_the_agent_ends_both_slots() {
    is_told(BootedHost::builder().account(Account::Root), &WITHOUT_RUNAS);
}

#[test]
fn i4_i1a_a_restart_of_the_agent_within_a_deploy_loses_no_request_and_the_next_deploy_goes_through() {
    let host = BootedHost::builder().boot().unwrap();
    deploys(&host, "v1");
    deploys(&host, "v2");
    let log = host.path("/home/deploy/app/logs/hooks.log");
    let healths = || fs::read_to_string(&log).unwrap().matches(" health of deployment ").count();
    let before = healths();
    nothing_was_lost(&under_load(&host, &Mode::ALL, |_| {
        thread::scope(|scope| {
            let deploy = scope.spawn(|| host.deploy(&Jar::release("v3").boot_milliseconds(5000)));
            wait_until("`health` asks a release that boots", || healths() > before).unwrap();
            host.restart_agent().unwrap();
            assert!(deploy.join().unwrap().is_err(), "nobody is left to answer");
        });
        assert_eq!(release_at_the_door(&host), "v2");
        deploys(&host, "v4");
    }));
}
