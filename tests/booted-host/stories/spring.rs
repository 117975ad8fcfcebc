//! A real Spring Boot jar in a real JVM, as a unit of the deploying user's own manager: deployed under load, killed, rebooted (F09, F125).

use booted_host::{BootedHost, End, wait_until};
use strict_client::Mode;

use crate::rig::{
    SLOTS, more_requests, nothing_was_lost, release_at_the_door, runs, slots, status_at_the_door, tell, under_load,
};

#[track_caller]
fn deploys(host: &BootedHost, release: &str) {
    let answer = host.deploy_file(&BootedHost::spring_jar(release).unwrap()).unwrap();
    assert!(answer.succeeded, "{release}: {}\n{}", answer.told, answer.log);
    assert_eq!(release_at_the_door(host), release, "{}", answer.log);
}

#[test]
fn f09_f125_a_spring_boot_jar_is_deployed_under_load_comes_back_when_it_is_killed_and_after_a_reboot() {
    let mut host = BootedHost::builder().supervisor("user").with_linger().java().unwrap().boot().unwrap();
    deploys(&host, "v1");
    nothing_was_lost(&under_load(&host, &[Mode::Fresh, Mode::Retry], |_| deploys(&host, "v2")));
    let in_units = |(_, group): &(u32, String)| group.contains("/user@1000.service/app.slice/service-url-real");
    assert!(slots(&host).iter().all(in_units), "{:?}", slots(&host));
    let live = |host: &BootedHost| {
        let serves = |port: &&u16| host.get(**port, "/").is_ok_and(|answer| answer.release() == Some("v2"));
        SLOTS.iter().find(serves).copied().unwrap_or_else(|| panic!("v2 is in neither slot"))
    };
    let port = live(&host);
    let before = host.listener(port).unwrap().unwrap();
    nothing_was_lost(&under_load(&host, &[Mode::Fresh, Mode::Retry], |load| {
        let began = std::time::Instant::now();
        runs(&host, &["bash", "-c", &format!("kill -KILL {before}")]);
        wait_until("another JVM listens", || host.listener(port).is_ok_and(|now| now.is_some_and(|id| id != before)))
            .unwrap();
        tell(&format!("killed, {:?} until another JVM listens", began.elapsed()));
        more_requests(load, 100);
    }));
    for end in [End::Orderly, End::Cut] {
        let began = std::time::Instant::now();
        host.boots_again(end).unwrap();
        wait_until("v2 answers at the door", || status_at_the_door(&host) == 200).unwrap();
        tell(&format!("{end:?}: {:?} until the first answer", began.elapsed()));
        assert_eq!((release_at_the_door(&host).as_str(), live(&host)), ("v2", port));
        let runs = SLOTS.iter().filter(|port| host.listener(**port).is_ok_and(|found| found.is_some())).count();
        assert_eq!(runs, 1, "the standby stays down");
    }
    deploys(&host, "v1");
}
