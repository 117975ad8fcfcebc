//! What the stories on a booted host have in common: deploys that have to succeed, who serves, and a load meanwhile.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use booted_host::{Answer, BootedHost, Machine, wait_until};
use demo_app::Jar;
use strict_client::{History, Load, Mode};

/// The ports of `[blue]` and `[green]`.
pub(crate) const SLOTS: [u16; 2] = [8081, 8082];
const DOOR: u16 = 80;

/// Deploys a release through the agent's service, which has to succeed.
#[track_caller]
pub(crate) fn deploys(host: &BootedHost<impl Machine>, release: &str) -> Answer {
    let answer = host.deploy(&Jar::release(release)).unwrap();
    assert!(answer.succeeded, "{release}: {}\n{}", answer.told, answer.log);
    assert_eq!(release_at_the_door(host), release, "{}", answer.log);
    answer
}

/// Deploys a release, which has to be refused by this hook with this exit code and all of these words; what it said.
#[track_caller]
pub(crate) fn is_refused(
    host: &BootedHost<impl Machine>,
    release: &str,
    hook: &str,
    code: i32,
    words: &[&str],
) -> Answer {
    let answer = host.deploy(&Jar::release(release)).unwrap();
    let verdict = format!("FAILED {hook} (exit code {code})");
    for word in words.iter().chain([&verdict.as_str()]) {
        assert!(answer.told.contains(word), "`{word}` is not in {}\n{}", answer.told, answer.log);
    }
    answer
}

/// The release that answers at the door.
#[track_caller]
pub(crate) fn release_at_the_door(host: &BootedHost<impl Machine>) -> String {
    let answer = host.get(DOOR, "/").unwrap();
    answer.release().unwrap_or_else(|| panic!("the door answers HTTP {}: {}", answer.status, answer.body)).to_owned()
}

/// The status with which the door answers.
#[track_caller]
pub(crate) fn status_at_the_door(host: &BootedHost<impl Machine>) -> u16 {
    host.get(DOOR, "/").unwrap().status
}

/// Waits until a host that has ended, or is just about to, is up again; how long it took from its start until the door answered
/// with a release.
#[track_caller]
pub(crate) fn comes_back<M: Machine>(host: &mut BootedHost<M>) -> Duration {
    host.starts_again().unwrap();
    let began = Instant::now();
    // A host that is not there yet is asked anew, not waited for.
    let door = host.address(DOOR);
    let is_there = || TcpStream::connect_timeout(&door, Duration::from_millis(100)).is_ok();
    let answers = |host: &BootedHost<M>| {
        host.in_network(is_there).is_ok_and(|is_there| is_there)
            && host.get(DOOR, "/").is_ok_and(|answer| answer.status == 200)
    };
    wait_until("a release answers at the door", || answers(host)).unwrap();
    let taken = began.elapsed();
    host.wait_until_up().unwrap();
    taken
}

/// What `status` says on the host, as the user that deploys.
#[track_caller]
pub(crate) fn status(host: &BootedHost<impl Machine>) -> String {
    let hooks = "/opt/codedeploy-agent/deployment-root";
    let found = host.run(&["find", hooks, "-path", "*/hooks/status"]).unwrap();
    let program = found.output.lines().last().unwrap_or_else(|| panic!("no `status` in `{hooks}`")).to_owned();
    let owner = host.run(&["stat", "--format=%U", "/home/deploy/app/ledger"]).unwrap().output;
    host.run(&["su", owner.trim(), "-c", &program]).unwrap().output
}

/// The processes that listen on both slots' ports, each with its control group.
#[track_caller]
pub(crate) fn slots(host: &BootedHost<impl Machine>) -> Vec<(u32, String)> {
    let process = |port: u16| host.listener(port).unwrap().unwrap_or_else(|| panic!("nobody listens on port {port}"));
    SLOTS.map(process).map(|id| (id, host.control_group_of(id).unwrap())).into()
}

/// Runs a program as root on the host, which has to end well.
#[track_caller]
pub(crate) fn runs(host: &BootedHost<impl Machine>, program_and_arguments: &[&str]) {
    let outcome = host.run(program_and_arguments).unwrap();
    assert_eq!(outcome.code, 0, "{program_and_arguments:?}: {}", outcome.output);
}

/// Does something while clients of these kinds ask at the door, from before its beginning until after its end.
#[track_caller]
pub(crate) fn under_load(host: &BootedHost<impl Machine>, modes: &[Mode], act: impl FnOnce(&Load)) -> History {
    let builder = Load::builder(host.address(DOOR)).modes(modes.iter().copied()).rate_per_second(30);
    // As much as a host in an emulator carries.
    let builder = builder.rate_of_each(Mode::HEAVY, 3);
    let load = host.in_network(|| builder.start()).unwrap().unwrap();
    more_requests(&load, 100);
    act(&load);
    more_requests(&load, 100);
    load.finish().unwrap()
}

/// Waits until so many more requests have come to their end, however quick or slow the machine is.
#[track_caller]
pub(crate) fn more_requests(load: &Load, count: u64) {
    let enough = load.summary().requests() + count;
    wait_until("more requests have come to their end", || load.summary().requests() >= enough).unwrap();
}

/// Asserts that no request failed, and says how many there were.
#[track_caller]
pub(crate) fn nothing_was_lost(history: &History) {
    let summary = history.summary();
    tell(&summary.to_string());
    assert_eq!(summary.failures(), 0, "{summary}");
}

/// Says what was seen, for `scripts/host-test.sh --nocapture`.
#[expect(clippy::print_stdout, reason = "this is how a test tells something to who wants to read it")]
pub(crate) fn tell(text: &str) {
    println!("{text}");
}
