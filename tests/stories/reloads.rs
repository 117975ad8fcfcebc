//! What others do to the same nginx while releases are deployed: a site that makes every reload fail (F70), and reloads of theirs
//! right before, beside and after ours (F72).

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use demo_app::Jar;
use rustix::process::{Pid, Signal, kill_process};
use strict_client::{Load, Mode, Record};

use crate::rig::{HOOKS, Rig, ended, more_requests};

/// Another site's upstream. No server of names is asked for a name with an empty label: it is unknown at once, on any machine.
const UNRESOLVED: &str = "upstream elsewhere {\n    server backend..internal:8080;\n}\n";

/// What nginx itself says of it.
const NOT_FOUND: &str = "[emerg] host not found in upstream \"backend..internal:8080\" in";

/// A file that nginx reads beside ours.
fn other_site(rig: &Rig) -> PathBuf {
    rig.host.nginx().include_path().with_file_name("elsewhere.conf")
}

#[test]
fn f70_a_name_of_another_site_that_is_unknown_is_told_in_nginxs_words_before_a_reload_is_tried() {
    let rig = Rig::live_in("real1");
    let (workers, other) = (rig.host.nginx().worker_pids(), other_site(&rig));
    std::fs::write(&other, UNRESOLVED).unwrap();
    let words = [NOT_FOUND, "elsewhere.conf:2", "to do: ", "serving: `real1`"];
    let (_, idle) = rig.live_and_idle_ports();
    let standby = crate::rig::listener(idle);
    rig.untouched_by(|| rig.deploy(&Jar::release("v2")).fails("stop", 40, &words).output());
    assert_eq!(crate::rig::listener(idle), standby, "the standby is still there");
    // The same where the name is lost between the hooks, and on the way back.
    std::fs::remove_file(&other).unwrap();
    rig.stage(&Jar::release("v2"));
    for hook in &HOOKS[..3] {
        ended(&rig.run(hook), 0, &[]);
    }
    std::fs::write(&other, UNRESOLVED).unwrap();
    rig.untouched_by(|| ended(&rig.run("switch"), 40, &words));
    assert_eq!(rig.host.nginx().worker_pids(), workers, "nginx was not told to reload");
    std::fs::remove_file(&other).unwrap();
    ended(&rig.run("switch"), 0, &[]);
    assert_eq!(rig.release(), "v2");
    std::fs::write(&other, UNRESOLVED).unwrap();
    rig.untouched_by(|| ended(&rig.host.hook("switch").argument("--back").run().unwrap(), 40, &words[..2]));
}

#[test]
fn f70_where_the_flag_is_in_force_no_reload_is_needed_and_releases_go_through_with_a_note() {
    let rig = Rig::instant();
    let workers = rig.host.nginx().worker_pids();
    std::fs::write(other_site(&rig), UNRESOLVED).unwrap();
    let deployed = rig.deploy(&Jar::release("v2"));
    deployed.succeeds();
    let told = deployed.output().replace("\nstop:     ", " ");
    assert!(told.contains(NOT_FOUND) && told.contains("The flag moves traffic all the same"), "{told}");
    assert_eq!(rig.release(), "v2");
    ended(&rig.host.hook("switch").argument("--back").run().unwrap(), 0, &[]);
    assert_eq!(rig.release(), "v1");
    assert_eq!(rig.host.nginx().worker_pids(), workers);
}

#[test]
fn f70_an_nginx_that_waits_for_a_name_which_nobody_tells_is_given_up_and_the_flag_does_not_need_it() {
    for rig in [Rig::live_in("real1"), Rig::instant()] {
        // As glibc does while no server of names answers: longer than any hook waits.
        let program = rig.host.directory().join("nginx-that-waits");
        let real = &rig.host.nginx().command()[0];
        let script = format!("#!/bin/sh\ncase \"$*\" in *-T*) exec sleep 60 ;; esac\nexec {real} \"$@\"\n");
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
        let mut command = rig.host.nginx().command().to_owned();
        command[0] = program.display().to_string();
        rig.host.set("proxy.nginx", &format!("{command:?}")).unwrap();
        let words = ["had not ended after 10 s", "no server of names", "`/etc/resolv.conf`"];
        if rig.include().contains("if (-f ") {
            let deployed = rig.deploy(&Jar::release("v2"));
            deployed.succeeds();
            assert!(
                words.iter().all(|word| deployed.output().replace("\nstop:     ", " ").contains(word)),
                "{}",
                deployed.output()
            );
            assert_eq!(rig.release(), "v2");
        } else {
            rig.untouched_by(|| rig.deploy(&Jar::release("v2")).fails("stop", 40, &words).output());
        }
    }
}

/// Reloads by somebody else, again and again, until this is dropped.
struct Others<'a>(&'a AtomicBool);

impl Drop for Others<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn f72_reloads_of_others_right_before_beside_and_after_ours_make_no_proof_and_lose_no_request() {
    for rig in [Rig::live_in("real1"), Rig::instant()] {
        let master = Pid::from_raw(i32::try_from(rig.host.nginx().master_pid().unwrap()).unwrap()).unwrap();
        let door = SocketAddr::from(([127, 0, 0, 1], rig.host.ports().door));
        let load = Load::builder(door).rate_per_second(100).modes([Mode::Fresh]).timeout(Duration::from_mins(2));
        let load = load.start().unwrap();
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let others = Others(&over);
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    kill_process(master, Signal::HUP).unwrap();
                    std::thread::sleep(Duration::from_millis(3));
                }
            });
            rig.deploy(&Jar::release("v2")).succeeds();
            for round in 0..6 {
                let wanted = if round % 2 == 0 { "v1" } else { "v2" };
                ended(&rig.host.hook("switch").argument("--back").run().unwrap(), 0, &["serves"]);
                // Done means done, also while workers come and go (I10).
                for _ in 0..30 {
                    assert_eq!(rig.release(), wanted, "round {round}");
                }
            }
            drop(others);
        });
        more_requests(&load);
        let history = load.finish().unwrap();
        assert_eq!(history.failures_on_fresh(), Vec::<&Record>::new(), "{}", history.summary());
        assert_eq!(rig.release(), "v2", "what the last reload has read is what the include says");
    }
}
