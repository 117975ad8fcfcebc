//! nginx as it can be met: down, broken, deaf, with a stale pid file (F57, F61 to F65). Whatever it does, the include on disk and
//! what nginx serves stay the same thing (I3, I3a).

use std::process::Command;

use demo_app::Jar;
use rustix::process::{Pid, Signal, kill_process};
use sandbox::Sandbox;

use crate::rig::{Rig, ended, eventually, is_alive};

/// An nginx program that tests the configuration as asked and breaks it right after, once it is armed: what another
/// administrator's mistake in that very moment would do.
fn breaks_after_the_test(host: &Sandbox) -> std::path::PathBuf {
    let directory = host.directory().to_owned();
    let program = directory.join("nginx-and-a-mistake");
    let real = &host.nginx().command()[0];
    let conf = host.nginx().include_path().with_file_name("mistake.conf");
    let armed = directory.join("armed");
    let script = format!(
        "#!/bin/sh\n{real} \"$@\"\nstatus=$?\nif [ -e {armed} ]; then rm {armed}; echo 'no such directive;' > {conf}; fi\nexit $status\n",
        armed = armed.display(),
        conf = conf.display()
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = host.nginx().command().to_owned();
    command[0] = program.display().to_string();
    host.set("proxy.nginx", &format!("{command:?}")).unwrap();
    armed
}

#[test]
fn f61_f62_a_configuration_that_breaks_right_before_the_reload_is_noticed_and_the_include_put_back() {
    let rig = Rig::live_in("real1");
    rig.host.set("proxy.reload_at_most", "\"1s\"").unwrap();
    let armed = breaks_after_the_test(&rig.host);
    rig.stage(&Jar::release("v2"));
    for hook in ["stop", "start", "health"] {
        ended(&rig.run(hook), 0, &[]);
    }
    std::fs::write(armed, "").unwrap();
    rig.untouched_by(|| {
        ended(&rig.run("switch"), 41, &["nginx refused to reload: its old workers go on", "serving: `real1`"]);
    });
    assert_eq!(rig.release(), "v1");
    // Once the mistake is gone the same deployment goes through.
    std::fs::remove_file(rig.host.nginx().include_path().with_file_name("mistake.conf")).unwrap();
    ended(&rig.run("switch"), 0, &[]);
    assert_eq!(rig.release(), "v2");
}

#[test]
fn f62_a_master_that_does_not_hear_the_signal_is_noticed_and_a_late_reload_changes_nothing() {
    let rig = Rig::live_in("real1");
    rig.host.set("proxy.reload_at_most", "\"500ms\"").unwrap();
    rig.stage(&Jar::release("v2"));
    for hook in ["stop", "start", "health"] {
        ended(&rig.run(hook), 0, &[]);
    }
    let master = pid(rig.host.nginx().master_pid().unwrap());
    let workers = rig.host.nginx().worker_pids();
    kill_process(master, Signal::STOP).unwrap();
    rig.untouched_by(|| ended(&rig.run("switch"), 41, &["the reload was not in force after 500 ms"]));
    kill_process(master, Signal::CONT).unwrap();
    eventually("nginx has heard the signal late", || {
        rig.host.nginx().worker_pids().iter().all(|id| !workers.contains(id))
    });
    assert_eq!(rig.release(), "v1");
}

#[test]
fn f64_nginx_goes_down_before_the_switch_and_nothing_changes() {
    let rig = Rig::live_in("real1");
    rig.stage(&Jar::release("v2"));
    for hook in ["stop", "start", "health"] {
        ended(&rig.run(hook), 0, &[]);
    }
    rig.host.nginx().stop().unwrap();
    rig.untouched_by(|| ended(&rig.run("switch"), 40, &["nginx is not running", "start nginx"]));
    rig.host.nginx().start().unwrap();
    ended(&rig.run("switch"), 0, &[]);
    assert_eq!(rig.release(), "v2");
}

#[test]
fn f65_a_stale_pid_file_that_names_another_process_gets_nobody_signalled() {
    let rig = Rig::live_in("real1");
    let mut sleeper = Command::new("sleep").arg("60").spawn().unwrap();
    let pid_file = rig.host.nginx().pid_file();
    let master = std::fs::read_to_string(&pid_file).unwrap();
    std::fs::write(&pid_file, sleeper.id().to_string()).unwrap();
    rig.untouched_by(|| {
        rig.deploy(&Jar::release("v2")).fails("stop", 40, &["is stale", "is `sleep 60`, which is no nginx master"]);
    });
    assert!(is_alive(sleeper.id()), "nobody sent it a SIGHUP");
    // The same when it becomes stale between the hooks, and when it holds rubbish.
    std::fs::write(&pid_file, &master).unwrap();
    rig.stage(&Jar::release("v2"));
    for hook in ["stop", "start", "health"] {
        ended(&rig.run(hook), 0, &[]);
    }
    for text in [sleeper.id().to_string(), "nginx".to_owned(), String::new()] {
        std::fs::write(&pid_file, text).unwrap();
        rig.untouched_by(|| ended(&rig.run("switch"), 40, &["pid file"]));
    }
    assert!(is_alive(sleeper.id()));
    std::fs::write(&pid_file, master).unwrap();
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
}

#[test]
fn f57_traffic_that_does_not_arrive_is_sent_back() {
    let rig = Rig::live_in("real1");
    // nginx may reach blue, but for green it is sent somewhere else: as SELinux or a firewall would have it.
    let ports = rig.host.ports();
    let text = format!(
        "set $service_url http://127.0.0.1:{};\nif ($service_url = http://127.0.0.1:{}) {{ return 502; }}\n",
        ports.blue, ports.green
    );
    rig.host.nginx().write_include(&text).unwrap();
    rig.host.nginx().reload_and_wait().unwrap();
    rig.untouched_by(|| {
        rig.deploy(&Jar::release("v2")).fails(
            "switch",
            41,
            &["traffic did not arrive", "HTTP 502", "serving: `real1`"],
        );
    });
    assert_eq!(rig.release(), "v1");
}

#[test]
fn an_nginx_that_does_not_read_the_include_is_refused_before_anything_changes() {
    let rig = Rig::live_in("real1");
    let other = rig.host.directory().join("other.inc");
    std::fs::copy(rig.host.nginx().include_path(), &other).unwrap();
    rig.host.set("proxy.include", &format!("{:?}", other.display().to_string())).unwrap();
    // Whoever renames the include says so by removing the ledger (F92).
    std::fs::remove_file(rig.host.app_directory().join("ledger/ledger.json")).unwrap();
    rig.deploy(&Jar::release("v2")).fails(
        "stop",
        10,
        &["does not read the include", "into the application's server block"],
    );
    assert_eq!(rig.release(), "v1");
}

#[test]
fn i10_after_a_switch_every_new_connection_gets_the_new_release() {
    let rig = Rig::live_in("real1");
    for round in 0..5 {
        let release = format!("v{}", round + 2);
        rig.deploy(&Jar::release(&release)).succeeds();
        for _ in 0..50 {
            assert_eq!(rig.release(), release);
        }
    }
}

fn pid(id: u32) -> Pid {
    i32::try_from(id).ok().and_then(Pid::from_raw).expect("a process id")
}
