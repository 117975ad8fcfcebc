//! Memory that is too short for two releases, on a host with a kernel of its own: `stop` refuses with both numbers and changes
//! nothing; where it is told not to look, the kernel ends the newcomer, the live release serves on, and the verdict says so (F40, F48).

use booted_host::{BootedHost, HostBuilder, OwnKernel};
use demo_app::{Fault, Jar};

use crate::rig::{SLOTS, deploys, is_refused, release_at_the_door, runs, tell};

const MEGABYTES: u32 = 448;
/// The control group of the deploying user, in which its manager runs the releases.
const SLICE: &str = "user-1000.slice";

fn boots(host: HostBuilder) -> BootedHost<OwnKernel> {
    host.boot_a_kernel(MEGABYTES).unwrap()
}

/// A release that takes so many megabytes as it boots.
fn takes(release: &str, megabytes: usize) -> Jar {
    Jar::release(release).fault(Fault::Holds { megabytes })
}

#[track_caller]
fn deploys_one_that_takes(host: &BootedHost<OwnKernel>, release: &str, megabytes: usize) {
    let answer = host.deploy(&takes(release, megabytes)).unwrap();
    assert!(answer.succeeded, "{release}: {}\n{}", answer.told, answer.log);
}

/// What is left of the host's memory.
fn megabytes_left(host: &BootedHost<OwnKernel>) -> usize {
    let text = host.read("/proc/meminfo").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() / 1024
}

fn processes(host: &BootedHost<OwnKernel>) -> [Option<u32>; 2] {
    SLOTS.map(|port| host.listener(port).unwrap())
}

/// One more release as large as the live one, which memory is too short for: `words` are in what `stop` says.
#[track_caller]
fn is_refused_for_memory(host: &BootedHost<OwnKernel>, megabytes: usize, words: &[&str]) {
    let before = processes(host);
    let answer = host.deploy(&takes("too-large", megabytes)).unwrap();
    for word in ["FAILED stop (exit code 21)", "memory is too short for a second copy"].iter().chain(words) {
        assert!(answer.told.contains(word), "`{word}` is not in {}\n{}", answer.told, answer.log);
    }
    let found = answer.log.split_once("memory is too short for a second copy: ").unwrap().1;
    tell(found.lines().next().unwrap_or_default());
    assert_eq!(processes(host), before, "the live release and the standby are the same");
}

/// The same where nobody looks beforehand.
#[track_caller]
fn is_ended_by_the_kernel(host: &mut BootedHost<OwnKernel>, live: &str, megabytes: usize) {
    host.set_overlap("always");
    let live_process = live_process(host, live);
    let answer = host.deploy(&takes("too-large", megabytes)).unwrap();
    for word in ["exit code 30", "memory was short, and the kernel has ended"] {
        assert!(answer.told.contains(word), "`{word}` is not in {}\n{}", answer.told, answer.log);
    }
    let found = answer.log.lines().find(|line| line.contains("memory was short")).unwrap_or_default();
    tell(found);
    assert_eq!(found.matches("memory was short").count(), 1, "each cause is told once: {found}");
    assert_eq!(release_at_the_door(host), live);
    assert!(processes(host).contains(&Some(live_process)), "the live release is the same process");
    assert_eq!(processes(host).iter().flatten().count(), 1, "the newcomer stays down");
    host.set_overlap("if-memory-allows");
}

/// The process of the release that serves.
#[track_caller]
fn live_process(host: &BootedHost<OwnKernel>, live: &str) -> u32 {
    let port = SLOTS.into_iter().find(|port| host.get(*port, "/").is_ok_and(|answer| answer.release() == Some(live)));
    host.listener(port.unwrap()).unwrap().unwrap()
}

#[test]
fn f40_f48_where_memory_is_too_short_for_two_stop_says_so_and_else_the_kernel_ends_the_newcomer() {
    let mut host = boots(BootedHost::builder().supervisor("user").with_linger());
    deploys_one_that_takes(&host, "limited", 60);
    runs(&host, &["systemctl", "set-property", "--runtime", SLICE, "MemoryMax=110M"]);
    is_refused_for_memory(&host, 60, &["by the limit of the control group `/user.slice/user-1000.slice`"]);
    is_ended_by_the_kernel(&mut host, "limited", 60);
    runs(&host, &["systemctl", "set-property", "--runtime", SLICE, "MemoryMax=infinity"]);

    let large = megabytes_left(&host) * 7 / 10;
    host.set_overlap("always");
    deploys_one_that_takes(&host, "large", large);
    host.set_overlap("if-memory-allows");
    is_refused_for_memory(&host, large, &["(swap included) can be had, and by what runs now it needs"]);
    is_ended_by_the_kernel(&mut host, "large", large);
    host.set_overlap("always");
    deploys(&host, "small");
}

#[test]
fn f40_f48_the_same_where_releases_run_detached() {
    let mut host = boots(BootedHost::builder().supervisor("detached"));
    let large = megabytes_left(&host) * 7 / 10;
    deploys_one_that_takes(&host, "large", large);
    is_refused_for_memory(&host, large, &[]);
    is_ended_by_the_kernel(&mut host, "large", large);
}

#[test]
fn f48_a_limit_of_the_agents_service_is_one_of_the_releases_that_lie_in_it() {
    let host = boots(BootedHost::builder().without_pam_systemd());
    deploys_one_that_takes(&host, "live", 60);
    // Room for the one that runs, the agent and a hook, whatever of their programs' files the kernel counts there: none for another.
    runs(&host, &["systemctl", "set-property", "--runtime", "codedeploy-agent.service", "MemoryMax=110M"]);
    let group = "by the limit of the control group `/system.slice/codedeploy-agent.service`";
    let answer = is_refused(&host, "next", "stop", 21, &["memory is too short for a second copy"]);
    assert!(answer.log.contains(group), "{}", answer.log);
    assert_eq!(release_at_the_door(&host), "live");
}
