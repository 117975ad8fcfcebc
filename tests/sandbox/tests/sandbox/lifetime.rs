//! The end of a sandbox: what was started in it ends, what was not stays.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use sandbox::Sandbox;

use crate::stand_ins::sandbox_with;

/// A process that has ended but that nobody has waited for yet is still listed, without a command line.
fn lives(id: u32) -> bool {
    fs::read(format!("/proc/{id}/cmdline")).is_ok_and(|bytes| !bytes.is_empty())
}

#[test]
fn a_drop_leaves_no_process_and_no_directory() {
    // Daemons, each with another sign of the sandbox: a variable, the working directory, an argument. The child of the last
    // one shows none.
    let script = r#"
        in_own_session() { setsid "$@" < /dev/null > /dev/null 2>&1 & echo $!; }
        directory=$(dirname "$HOOKS_CONFIG")
        in_own_session sleep 1000
        (cd "$directory/app" && in_own_session env -i /bin/sleep 1000)
        in_own_session env -i /bin/sh -c 'sleep 1000 & echo $! > "$0/child"; wait' "$directory"
    "#;
    let (host, _hooks) = sandbox_with(&[("start", script), ("switch", "exec sleep 1000")]).unwrap();
    host.nginx().start().unwrap();
    let mut ids: Vec<u32> =
        host.hook("start").run().unwrap().output.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(ids.len(), 3);
    let child = || fs::read_to_string(host.directory().join("child")).ok()?.trim().parse().ok();
    host.wait_until("the child is there", Duration::from_secs(10), || child().is_some_and(lives)).unwrap();
    ids.push(child().unwrap());
    let running = host.hook("switch").spawn().unwrap();
    ids.push(running.pid());
    ids.push(host.nginx().master_pid().unwrap());
    ids.extend(host.nginx().worker_pids());
    // In the middle of its exec a process has no command line.
    host.wait_until("all of them run", Duration::from_secs(10), || ids.iter().all(|id| lives(*id))).unwrap();
    let (directory, ports) = (host.directory().to_owned(), host.ports());
    drop(host);
    let left: Vec<&u32> = ids.iter().filter(|id| lives(**id)).collect();
    assert_eq!(left, Vec::<&u32>::new());
    assert!(!directory.exists());
    // All its ports are to be had again.
    Sandbox::builder().ports(ports).build().unwrap();
}

#[test]
fn what_was_not_started_for_the_sandbox_outlives_it() {
    let host = Sandbox::builder().build().unwrap();
    let mut stranger = Command::new("sleep").arg("1000").stdin(Stdio::null()).spawn().unwrap();
    let mut own = Command::new("sleep").arg("1000").current_dir(host.directory()).spawn().unwrap();
    host.close().unwrap();
    assert!(own.wait().unwrap().code().is_none(), "it was ended by a signal");
    assert_eq!(stranger.try_wait().unwrap(), None);
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[test]
fn a_directory_that_is_to_be_kept_stays_and_nothing_runs_in_it() {
    let host = Sandbox::builder().keep(true).build().unwrap();
    host.nginx().start().unwrap();
    let master = host.nginx().master_pid().unwrap();
    let directory = host.directory().to_owned();
    drop(host);
    assert!(directory.join("nginx/nginx.conf").is_file());
    assert!(!lives(master));
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_host_has_the_directories_of_the_scripts_hosts() {
    let host = Sandbox::builder().build().unwrap();
    for (name, is_directory) in [
        ("app", true),
        ("app/zip", true),
        ("application-oauth.properties", false),
        ("application-real-db.properties", false),
        ("hooks.toml", false),
        ("nginx/conf.d/service-url.inc", false),
    ] {
        let path: &Path = &host.directory().join(name);
        assert_eq!((path.is_dir(), path.is_file()), (is_directory, !is_directory), "{name}");
    }
}

#[test]
fn what_does_not_come_about_is_told_with_the_time_that_was_waited() {
    let host = Sandbox::builder().build().unwrap();
    let mut looks = 0;
    let counted = |wanted: i32| {
        move || {
            looks += 1;
            looks == wanted
        }
    };
    host.wait_until("it was looked at three times", Duration::from_secs(5), counted(3)).unwrap();
    let told = host.wait_until("pigs fly", Duration::from_millis(20), counted(-1)).unwrap_err().to_string();
    assert_eq!(told, "waited 20ms until pigs fly, and it did not come about");
}
