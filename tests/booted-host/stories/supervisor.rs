//! Releases that run as units of systemd: they outlive the agent, a crash, a reboot and a power cut, and what is to stay down stays
//! down (F09, F124, F125).

use booted_host::{Account, BootedHost, End, HostBuilder, wait_until};
use demo_app::{Fault, Jar};
use strict_client::Mode;

use crate::rig::{
    deploys, is_refused, more_requests, nothing_was_lost, release_at_the_door, runs, slots, status, status_at_the_door,
    tell, under_load,
};

/// Units of the deploying user's own manager.
fn of_the_user() -> HostBuilder {
    BootedHost::builder().supervisor("user").with_linger()
}

/// Units of the system: the hooks run as root.
fn of_the_system() -> HostBuilder {
    BootedHost::builder().supervisor("systemd").account(Account::Root)
}

fn listener(host: &BootedHost, port: u16) -> Option<u32> {
    host.listener(port).unwrap()
}

/// As the kernel would, or somebody who is in a hurry.
fn kills(host: &BootedHost, process: u32) {
    runs(host, &["bash", "-c", &format!("kill -KILL {process}")]);
}

#[test]
fn f124_units_outlive_a_restart_of_the_agent_whatever_pam_does() {
    for (host, manager) in [
        (of_the_user(), "/user.slice/user-1000.slice/user@1000.service/app.slice/service-url-real"),
        (
            of_the_user().without_pam_systemd(),
            "/user.slice/user-1000.slice/user@1000.service/app.slice/service-url-real",
        ),
        (of_the_system(), "/system.slice/service-url-real"),
    ] {
        let host = host.boot().unwrap();
        deploys(&host, "v1");
        deploys(&host, "v2");
        let before = slots(&host);
        assert!(before.iter().all(|(_, group)| group.starts_with(manager)), "{before:?}");
        nothing_was_lost(&under_load(&host, &Mode::ALL, |_| host.restart_agent().unwrap()));
        assert_eq!(slots(&host), before, "the same processes");
        nothing_was_lost(&under_load(&host, &Mode::ALL, |_| {
            deploys(&host, "v3");
        }));
    }
}

#[test]
fn f40_when_memory_is_short_the_standby_goes_before_the_release_that_serves_whoever_started_them() {
    for host in [of_the_user(), of_the_system(), BootedHost::builder().supervisor("detached")] {
        let host = host.boot().unwrap();
        deploys(&host, "v1");
        deploys(&host, "v2");
        let score = |port: u16| -> i32 {
            let id = listener(&host, port).unwrap();
            host.read(&format!("/proc/{id}/oom_score_adj")).unwrap().trim().parse().unwrap()
        };
        let is_live = |port: &u16| host.get(*port, "/").is_ok_and(|answer| answer.release() == Some("v2"));
        let [live, standby] = if is_live(&8081) { [8081, 8082] } else { [8082, 8081] };
        // A user's manager, and whatever it starts, has a score from root that it may not fall below.
        assert_eq!((score(live) <= 200, score(standby)), (true, 1000), "{}", score(live));
    }
}

#[test]
fn f09_after_a_reboot_or_a_cut_the_live_release_alone_comes_back_and_the_next_deploy_goes_through() {
    for (host, cutover) in [(of_the_user(), "instant"), (of_the_user(), "reload"), (of_the_system(), "instant")] {
        let mut host = host.cutover(cutover).boot().unwrap();
        deploys(&host, "v1");
        deploys(&host, "v2");
        for (end, next) in [(End::Orderly, "v3"), (End::Cut, "v4")] {
            let before = release_at_the_door(&host);
            let began = std::time::Instant::now();
            host.boots_again(end).unwrap();
            wait_until("the live release answers at the door", || status_at_the_door(&host) == 200).unwrap();
            tell(&format!("{cutover}, {end:?}: {:?} until the first answer", began.elapsed()));
            assert_eq!(release_at_the_door(&host), before);
            let running = [8081, 8082].map(|port| listener(&host, port).is_some());
            assert_eq!(running.iter().filter(|runs| **runs).count(), 1, "the standby stays down: {running:?}");
            assert!(status(&host).contains("serving: "), "{}", status(&host));
            deploys(&host, next);
        }
    }
}

#[test]
fn f125_a_live_release_that_crashes_is_back_by_itself_and_no_request_is_lost() {
    let host = of_the_user().boot().unwrap();
    deploys(&host, "v1");
    deploys(&host, "v2");
    let port = if host.get(8081, "/").unwrap().release() == Some("v2") { 8081 } else { 8082 };
    let before = listener(&host, port).unwrap();
    let history = under_load(&host, &[Mode::Fresh, Mode::Retry], |load| {
        kills(&host, before);
        wait_until("another process listens", || listener(&host, port).is_some_and(|now| now != before)).unwrap();
        more_requests(load, 100);
    });
    nothing_was_lost(&history);
    // It is known as what it is: the next deploy neither ends it nor calls it a stranger.
    let again = listener(&host, port).unwrap();
    let shown = status(&host);
    assert!(shown.contains(&again.to_string()), "{shown}");
    deploys(&host, "v3");
    assert_eq!(listener(&host, port), Some(again), "it is the standby now");
    deploys(&host, "v4");
    assert_ne!(listener(&host, port), Some(again), "and was ended for the next release");
}

#[test]
fn f125_a_release_that_crashes_again_and_again_is_given_up_which_status_tells_and_the_next_deploy_mends() {
    let host = of_the_user().boot().unwrap();
    deploys(&host, "v1");
    let port = if listener(&host, 8081).is_some() { 8081 } else { 8082 };
    let given_up = || status(&host).contains("systemd has given up on the release in `real");
    let mut last = None;
    wait_until("systemd has given up", || {
        if let Some(process) = listener(&host, port).filter(|now| last != Some(*now)) {
            kills(&host, process);
            last = Some(process);
        }
        given_up()
    })
    .unwrap();
    let shown = status(&host);
    assert!(shown.contains("signal 9") && shown.contains("SITE DOWN"), "{shown}");
    deploys(&host, "v2");
}

#[test]
fn f117_f125_a_release_that_dies_at_once_or_never_becomes_healthy_stays_down_and_the_live_one_serves_on() {
    let host = of_the_user().boot().unwrap();
    deploys(&host, "v1");
    for (release, hook, code, quoted) in [
        (Jar::release("dies").fault(Fault::DiesAtBoot { code: 7 }), "start", 30, "what matters in"),
        (Jar::release("refused").fault(Fault::redirects("/login")), "health", 31, "the last lines of"),
    ] {
        let answer = host.deploy(&release).unwrap();
        assert!(answer.told.contains(&format!("FAILED {hook} (exit code {code})")), "{}\n{}", answer.told, answer.log);
        // In its own words, whoever was the first to see that it died.
        assert!(answer.log.contains(&format!("{quoted} `/home/deploy/app/logs/real")), "{}", answer.log);
        assert_eq!(release_at_the_door(&host), "v1");
        let listening = [8081, 8082].map(|port| listener(&host, port).is_some());
        assert_eq!(listening.iter().filter(|listens| **listens).count(), 1, "{listening:?}");
    }
    deploys(&host, "v2");
}

#[test]
fn f112_a_user_without_any_rule_of_sudo_deploys_with_units_from_the_first_deploy_on() {
    let host = of_the_user().without_sudo().boot().unwrap();
    let refused = is_refused(&host, "v1", "stop", 13, &["`deploy` may not install the instant cutover"]);
    let command = refused.log.split_once("run this once, as root: ").expect("a command").1;
    let command = command.split_once(" (").expect("what it changes").0;
    runs(&host, &command.split(' ').collect::<Vec<_>>());
    deploys(&host, "v1");
    deploys(&host, "v2");
    assert!(slots(&host).iter().all(|(_, group)| group.contains("/user@1000.service/")), "{:?}", slots(&host));
}

#[test]
fn f124_units_of_a_user_without_a_manager_are_refused_by_stop_with_the_command_that_makes_one() {
    let host = BootedHost::builder().supervisor("user").boot().unwrap();
    is_refused(&host, "v1", "stop", 13, &["has no manager that runs without a login", "loginctl enable-linger deploy"]);
}

#[test]
fn f124_a_host_whose_releases_run_detached_is_taken_over_by_units_without_a_lost_request() {
    let mut host = BootedHost::builder().supervisor("detached").with_linger().boot().unwrap();
    deploys(&host, "v1");
    deploys(&host, "v2");
    host.set_supervisor("auto");
    nothing_was_lost(&under_load(&host, &Mode::ALL, |_| {
        deploys(&host, "v3");
        deploys(&host, "v4");
    }));
    assert!(slots(&host).iter().all(|(_, group)| group.contains("/user@1000.service/")), "{:?}", slots(&host));
    // And back: no unit brings an older release back in the place of a detached one.
    host.set_supervisor("detached");
    host.boots_again(End::Orderly).unwrap();
    wait_until("the live release answers at the door", || status_at_the_door(&host) == 200).unwrap();
    deploys(&host, "v5");
    deploys(&host, "v6");
    host.boots_again(End::Orderly).unwrap();
    assert_eq!([8081, 8082].map(|port| listener(&host, port)), [None, None]);
}

#[test]
fn f115_a_start_that_is_killed_while_its_unit_comes_up_costs_nothing_but_its_deploy() {
    let host = of_the_user().boot().unwrap();
    deploys(&host, "v1");
    let kill =
        "for p in /proc/[0-9]*; do [ \"$(cat $p/comm 2>/dev/null)\" = start ] && kill -KILL ${p#/proc/}; done; true";
    for (round, file) in ["json", "run", "json", "run"].into_iter().enumerate() {
        let live = if host.get(8081, "/").is_ok_and(|answer| answer.release() == Some(&release_at_the_door(&host))) {
            "real1"
        } else {
            "real2"
        };
        let idle = if live == "real1" { "real2" } else { "real1" };
        let path = host.path(&format!("/home/deploy/app/units/{idle}.{file}"));
        drop(std::fs::remove_file(&path));
        // Another one each time: one that was killed too late stands by, and would not be started once more (F168).
        let killed = Jar::release(&format!("killed-{round}"));
        std::thread::scope(|scope| {
            let deploy = scope.spawn(|| host.deploy(&killed).unwrap());
            wait_until("the unit is being started", || path.exists()).unwrap();
            runs(&host, &["bash", "-c", kill]);
            let answer = deploy.join().unwrap();
            // It may have been done a moment before.
            tell(&format!("killed at {file}: {}", if answer.succeeded { "too late" } else { "failed" }));
        });
        deploys(&host, &format!("after-{round}"));
    }
}

#[test]
fn f124_a_pin_that_cannot_be_written_fails_the_start_and_the_live_release_serves_on() {
    let host = of_the_user().boot().unwrap();
    deploys(&host, "v1");
    let idle = if listener(&host, 8081).is_some() { "real2" } else { "real1" };
    let pin = format!("/home/deploy/app/units/{idle}.json");
    runs(&host, &["mkdir", "-p", &format!("{pin}/in-the-way")]);
    let answer = host.deploy(&Jar::release("v2")).unwrap();
    assert!(!answer.succeeded && answer.told.contains(&format!("units/{idle}.json")), "{}", answer.log);
    assert_eq!(release_at_the_door(&host), "v1");
    runs(&host, &["rm", "-r", &pin]);
    deploys(&host, "v3");
}

#[test]
fn f124_a_manager_that_does_not_run_is_told_with_the_command_that_starts_it() {
    // With pam_systemd the hooks' own session starts it.
    let host = of_the_user().without_pam_systemd().boot().unwrap();
    deploys(&host, "v1");
    runs(&host, &["systemctl", "stop", "user@1000.service"]);
    is_refused(&host, "v2", "stop", 13, &["the manager of `deploy` does not run", "systemctl start user@1000.service"]);
    runs(&host, &["systemctl", "start", "user@1000.service"]);
    wait_until("the live release is back", || status_at_the_door(&host) == 200).unwrap();
    deploys(&host, "v3");
}

#[test]
fn f124_once_the_units_are_there_no_deploy_has_systemd_read_them_again() {
    let loaded = |host: &BootedHost| {
        let ask = "XDG_RUNTIME_DIR=/run/user/1000 systemctl --user show --property=UnitsLoadTimestampMonotonic";
        let told = host.run(&["su", "deploy", "-c", ask]).unwrap().output;
        let when =
            told.trim_end().strip_prefix("UnitsLoadTimestampMonotonic=").and_then(|when| when.parse::<u64>().ok());
        when.unwrap_or_else(|| panic!("{told}"))
    };
    let time = |supervisor: &str| {
        let host = BootedHost::builder().supervisor(supervisor).with_linger().boot().unwrap();
        deploys(&host, "v0");
        deploys(&host, "v1");
        let before = loaded(&host);
        assert_eq!(
            before > 0,
            supervisor == "user",
            "the units were read when they came, and none where there are none"
        );
        let mut times: Vec<_> = (2..9)
            .map(|number| {
                let began = std::time::Instant::now();
                deploys(&host, &format!("v{number}"));
                began.elapsed()
            })
            .collect();
        assert_eq!(loaded(&host), before, "the manager has not read its units again");
        times.sort();
        times[times.len() / 2]
    };
    let (detached, units) = (time("detached"), time("user"));
    tell(&format!("a deploy takes {detached:?} detached and {units:?} with units, medians of 7"));
}
