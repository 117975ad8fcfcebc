//! The standby that is kept for a while (`switch.standby = "30m"`): a timer of systemd ends it, whatever has become of the hook and of
//! the agent, and nobody whom users may have (F126). What may happen besides is told in memory.

use booted_host::{Account, BootedHost, HostBuilder, wait_until};
use strict_client::Mode;

use crate::rig::{
    SLOTS, deploys, is_refused, nothing_was_lost, release_at_the_door, runs, status_at_the_door, under_load,
};

const MANAGERS: [&str; 2] = ["user", "systemd"];

fn host(manager: &str, standby: &str) -> BootedHost {
    let account = if manager == "user" { Account::Deploy } else { Account::Root };
    let builder: HostBuilder = BootedHost::builder().supervisor(manager).with_linger().account(account);
    builder.standby(standby).boot().unwrap()
}

/// Who listens on both ports.
fn listening(host: &BootedHost) -> [Option<u32>; 2] {
    SLOTS.map(|port| host.listener(port).unwrap())
}

fn log(host: &BootedHost) -> String {
    std::fs::read_to_string(host.path("/home/deploy/app/logs/hooks.log")).unwrap()
}

fn live_file(host: &BootedHost, key: &str) -> String {
    let text = std::fs::read_to_string(host.path("/home/deploy/app/live.properties")).unwrap();
    let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    value.unwrap_or_else(|| panic!("no `{key}` in {text}")).to_owned()
}

/// Runs a hook by hand, as the user that deploys; what it said.
fn by_hand(host: &BootedHost, manager: &str, hook: &str) -> String {
    let deployments = "/opt/codedeploy-agent/deployment-root";
    let user = if manager == "user" { "deploy" } else { "root" };
    let (hook, arguments) = hook.split_once(' ').unwrap_or((hook, ""));
    let script = format!("$(find {deployments} -path '*/hooks/{hook}' | tail -n 1) {arguments}");
    host.run(&["su", user, "-c", &script]).unwrap().output
}

/// Tells the manager of these units something.
fn systemctl(host: &BootedHost, manager: &str, words: &str) -> String {
    let (user, command) = match manager {
        "user" => ("deploy", format!("XDG_RUNTIME_DIR=/run/user/1000 systemctl --user {words}")),
        _ => ("root", format!("systemctl {words}")),
    };
    host.run(&["su", user, "-c", &command]).unwrap().output
}

/// The timer of the standby, but for its ending: where it is, and the number of its cutover.
fn timer(host: &BootedHost) -> String {
    let standby = if live_file(host, "live") == "real1" { "real2" } else { "real1" };
    format!("service-url-{standby}-standby-{}", live_file(host, "generation"))
}

/// Lets the time of a timer be over now; what came of it is in the log.
fn is_over(host: &BootedHost, manager: &str, timer: &str) {
    systemctl(host, manager, &format!("start {timer}.service"));
}

#[test]
fn f126_a_standby_is_ended_after_its_time_and_no_request_is_lost() {
    for manager in MANAGERS {
        let host = host(manager, "2s");
        deploys(&host, "v1");
        nothing_was_lost(&under_load(&host, &Mode::ALL, |_| {
            deploys(&host, "v2");
            wait_until("the standby is ended", || log(&host).contains("was ended after its time")).unwrap();
        }));
        assert_eq!(listening(&host).iter().flatten().count(), 1, "{}", log(&host));
        assert_eq!((release_at_the_door(&host), status_at_the_door(&host)), ("v2".to_owned(), 200));
        let shown = by_hand(&host, manager, "status");
        assert!(shown.contains("as `switch.standby` or"), "{shown}");
        let refused = by_hand(&host, manager, "switch --back");
        assert!(refused.contains("there is no standby to go back to"), "{refused}");
        // What was set for them is gone with them, and nobody starts it again.
        let left = systemctl(&host, manager, "list-units --all --plain --no-legend '*-standby-*'");
        assert_eq!(left.trim(), "", "{left}");
        nothing_was_lost(&under_load(&host, &Mode::ALL, |_| {
            deploys(&host, "v3");
        }));
    }
}

#[test]
fn f167_a_standby_that_was_ended_is_started_again_by_its_unit_and_is_as_safe_as_before() {
    for manager in MANAGERS {
        let host = host(manager, "2s");
        deploys(&host, "v1");
        deploys(&host, "v2");
        wait_until("the standby is ended", || log(&host).contains("was ended after its time")).unwrap();
        nothing_was_lost(&under_load(&host, &Mode::ALL, |_| {
            let told = by_hand(&host, manager, "switch --back --restart");
            assert!(told.contains("serves"), "{told}");
        }));
        assert_eq!(release_at_the_door(&host), "v1");
        let unit = format!("service-url-{}.service", live_file(&host, "live"));
        assert_eq!(systemctl(&host, manager, &format!("is-active {unit}")).trim(), "active");
        // It has served, so that systemd starts it again when it dies.
        let process = listening(&host)[usize::from(live_file(&host, "live") == "real2")].expect("v1");
        systemctl(&host, manager, &format!("kill --signal=KILL {unit}"));
        wait_until("it is back", || {
            let now = host.listener(SLOTS[usize::from(live_file(&host, "live") == "real2")]).unwrap();
            now.is_some_and(|now| now != process) && release_at_the_door(&host) == "v1"
        })
        .unwrap();
        deploys(&host, "v3");
    }
}

#[test]
fn f168_a_rollback_goes_to_the_unit_that_stands_by_and_that_one_is_as_safe_as_before() {
    for manager in MANAGERS {
        let host = host(manager, "10m");
        deploys(&host, "v1");
        deploys(&host, "v2");
        let before = listening(&host);
        nothing_was_lost(&under_load(&host, &Mode::ALL, |_| {
            let answer = deploys(&host, "v1");
            assert!(answer.log.contains("it has the very bytes of this deployment"), "{}", answer.log);
        }));
        assert_eq!(listening(&host), before, "nobody was ended, and nobody was started");
        // Its timer is of the time before: it ends nobody now.
        is_over(
            &host,
            manager,
            &format!("service-url-{}-standby-{}", live_file(&host, "live"), generation_before(&host)),
        );
        wait_until("it has looked", || log(&host).contains("traffic has moved since")).unwrap();
        assert_eq!((listening(&host), release_at_the_door(&host).as_str()), (before, "v1"));
        let unit = format!("service-url-{}.service", live_file(&host, "live"));
        let slot = SLOTS[usize::from(live_file(&host, "live") == "real2")];
        let process = host.listener(slot).unwrap().expect("v1");
        systemctl(&host, manager, &format!("kill --signal=KILL {unit}"));
        wait_until("it is back", || {
            let now = host.listener(slot).unwrap();
            now.is_some_and(|now| now != process) && release_at_the_door(&host) == "v1"
        })
        .unwrap();
        deploys(&host, "v3");
    }
}

/// The number of the cutover before the last one.
fn generation_before(host: &BootedHost) -> u64 {
    live_file(host, "generation").parse::<u64>().unwrap() - 1
}

#[test]
fn f126_a_timer_outlives_a_restart_of_the_agent() {
    for manager in MANAGERS {
        let host = host(manager, "10m");
        deploys(&host, "v1");
        let answer = deploys(&host, "v2");
        // In the plan of `stop`, and in what `switch` has done.
        for words in ["stays warm for 10 min (`switch --back`); then a timer", "stays warm behind it for 10 min"] {
            assert!(answer.log.contains(words), "{}", answer.log);
        }
        let timer = timer(&host);
        host.restart_agent().unwrap();
        assert_eq!(systemctl(&host, manager, &format!("is-active {timer}.timer")).trim(), "active");
        assert_eq!(listening(&host).iter().flatten().count(), 2);
        is_over(&host, manager, &timer);
        wait_until("the standby is ended", || log(&host).contains("was ended after its time")).unwrap();
        assert_eq!(release_at_the_door(&host), "v2");
    }
}

#[test]
fn f126_a_timer_that_traffic_has_gone_past_ends_nobody() {
    let host = host("user", "10m");
    deploys(&host, "v1");
    deploys(&host, "v2");
    let (timer, before) = (timer(&host), listening(&host));
    let told = by_hand(&host, "user", "switch --back");
    assert_eq!(release_at_the_door(&host), "v1", "{told}");
    is_over(&host, "user", &timer);
    wait_until("it has looked", || log(&host).contains("traffic has moved since")).unwrap();
    assert_eq!((listening(&host), release_at_the_door(&host)), (before, "v1".to_owned()));
    deploys(&host, "v3");
}

#[test]
fn f126_a_standby_stays_while_it_is_all_that_users_have() {
    let host = host("user", "10m");
    deploys(&host, "v1");
    deploys(&host, "v2");
    let timer = timer(&host);
    // As where systemd has given up on it.
    systemctl(&host, "user", &format!("stop service-url-{}.service", live_file(&host, "live")));
    wait_until("nginx has gone on to the standby", || release_at_the_door(&host) == "v1").unwrap();
    is_over(&host, "user", &timer);
    wait_until("it has looked", || log(&host).contains("it may be all that users have")).unwrap();
    assert_eq!(release_at_the_door(&host), "v1");
    deploys(&host, "v3");
}

#[test]
fn f126_without_units_of_systemd_a_time_is_refused_by_stop_with_both_settings() {
    let words = ["`switch.standby` keeps the standby for 30 min", "`app.supervisor = ", "detached"];
    let host = BootedHost::builder().supervisor("detached").standby("30m").boot().unwrap();
    is_refused(&host, "v1", "stop", 10, &words);
    let words =
        ["`switch.standby` keeps the standby for 30 min", "`app.supervisor = ", "loginctl enable-linger deploy"];
    let host = BootedHost::builder().supervisor("auto").standby("30m").boot().unwrap();
    is_refused(&host, "v1", "stop", 10, &words);
    runs(&host, &["loginctl", "enable-linger", "deploy"]);
    wait_until("the manager of `deploy` is up", || {
        host.run(&["test", "-e", "/run/user/1000/systemd/private"]).is_ok_and(|outcome| outcome.code == 0)
    })
    .unwrap();
    deploys(&host, "v1");
}
