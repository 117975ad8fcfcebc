//! A real Spring Boot jar in a real JVM, as a unit of the deploying user's own manager: deployed under load, killed, rebooted (F09, F125), also
//! where it boots from an archive of its libraries' classes (F135).

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

/// Waits until the release in a slot is a JVM that has mapped an archive of classes.
#[track_caller]
fn boots_from_an_archive(host: &BootedHost, port: u16) {
    let has_mapped_one = || {
        let process = host.listener(port).ok().flatten()?;
        let maps = format!("/proc/{process}/maps");
        host.run(&["grep", "--quiet", "/home/deploy/app/libraries/.*[.]jsa", &maps]).ok().filter(|run| run.code == 0)
    };
    wait_until("it has mapped the archive", || has_mapped_one().is_some()).unwrap();
}

#[test]
fn f135_a_unit_boots_from_the_archive_of_the_release_before_and_so_it_does_after_a_crash_and_a_cut() {
    let host = BootedHost::builder().supervisor("user").with_linger().class_archive("auto");
    let mut host = host.java().unwrap().boot().unwrap();
    deploys(&host, "v1");
    let made = || host.run(&["find", "/home/deploy/app/libraries", "-name", "archive-*.jsa"]);
    wait_until("the archive is made", || made().is_ok_and(|run| !run.output.trim().is_empty())).unwrap();
    let answer = host.deploy_file(&BootedHost::spring_jar("v2").unwrap()).unwrap();
    assert!(answer.log.contains("boot: class archive of"), "{}", answer.log);
    let serves = |port: &&u16| host.get(**port, "/").is_ok_and(|answer| answer.release() == Some("v2"));
    let port = *SLOTS.iter().find(serves).unwrap();
    boots_from_an_archive(&host, port);
    let before = host.listener(port).unwrap().unwrap();
    nothing_was_lost(&under_load(&host, &[Mode::Fresh, Mode::Retry], |_| {
        runs(&host, &["bash", "-c", &format!("kill -KILL {before}")]);
        wait_until("another JVM listens", || host.listener(port).is_ok_and(|now| now.is_some_and(|id| id != before)))
            .unwrap();
        boots_from_an_archive(&host, port);
    }));
    host.boots_again(End::Cut).unwrap();
    wait_until("v2 answers at the door", || status_at_the_door(&host) == 200).unwrap();
    assert_eq!(release_at_the_door(&host), "v2");
    boots_from_an_archive(&host, port);
}
