//! nginx as it can be met: down, broken, deaf, with a stale pid file (F60 to F66). Whatever it does, the include on disk and
//! what nginx serves stay the same thing (I3, I3a).

use std::process::Command;

use demo_app::Jar;
use rustix::process::{Pid, Signal, kill_process};
use sandbox::Sandbox;

use crate::rig::{Stage, ended, eventually, is_alive};

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
    let stage = Stage::live_in("real1");
    stage.host.set("proxy.reload_at_most", "\"1s\"").unwrap();
    let armed = breaks_after_the_test(&stage.host);
    stage.stage(&Jar::release("v2"));
    for hook in ["stop", "start", "health"] {
        ended(&stage.run(hook), 0, &[]);
    }
    std::fs::write(armed, "").unwrap();
    stage.untouched_by(|| {
        ended(&stage.run("switch"), 41, &["nginx refused to reload: its old workers go on", "serving: `real1`"]);
    });
    assert_eq!(stage.release(), "v1");
    // Once the mistake is gone the same deployment goes through.
    std::fs::remove_file(stage.host.nginx().include_path().with_file_name("mistake.conf")).unwrap();
    ended(&stage.run("switch"), 0, &[]);
    assert_eq!(stage.release(), "v2");
}

#[test]
fn f62_a_master_that_does_not_hear_the_signal_is_noticed_and_a_late_reload_changes_nothing() {
    let stage = Stage::live_in("real1");
    stage.host.set("proxy.reload_at_most", "\"500ms\"").unwrap();
    stage.stage(&Jar::release("v2"));
    for hook in ["stop", "start", "health"] {
        ended(&stage.run(hook), 0, &[]);
    }
    let master = pid(stage.host.nginx().master_pid().unwrap());
    let workers = stage.host.nginx().worker_pids();
    kill_process(master, Signal::STOP).unwrap();
    stage.untouched_by(|| ended(&stage.run("switch"), 41, &["the reload was not in force after 500ms"]));
    kill_process(master, Signal::CONT).unwrap();
    eventually("nginx has heard the signal late", || {
        stage.host.nginx().worker_pids().iter().all(|id| !workers.contains(id))
    });
    assert_eq!(stage.release(), "v1");
}

#[test]
fn f64_nginx_goes_down_before_the_switch_and_nothing_changes() {
    let stage = Stage::live_in("real1");
    stage.stage(&Jar::release("v2"));
    for hook in ["stop", "start", "health"] {
        ended(&stage.run(hook), 0, &[]);
    }
    stage.host.nginx().stop().unwrap();
    stage.untouched_by(|| ended(&stage.run("switch"), 40, &["nginx is not running", "start nginx"]));
    stage.host.nginx().start().unwrap();
    ended(&stage.run("switch"), 0, &[]);
    assert_eq!(stage.release(), "v2");
}

#[test]
fn f65_a_stale_pid_file_that_names_another_process_gets_nobody_signalled() {
    let stage = Stage::live_in("real1");
    let mut sleeper = Command::new("sleep").arg("60").spawn().unwrap();
    let pid_file = stage.host.nginx().pid_file();
    let master = std::fs::read_to_string(&pid_file).unwrap();
    std::fs::write(&pid_file, sleeper.id().to_string()).unwrap();
    stage.untouched_by(|| {
        stage.deploy(&Jar::release("v2")).fails("stop", 40, &["is stale", "is `sleep 60`, which is no nginx master"]);
    });
    assert!(is_alive(sleeper.id()), "nobody sent it a SIGHUP");
    // The same when it becomes stale between the hooks, and when it holds rubbish.
    std::fs::write(&pid_file, &master).unwrap();
    stage.stage(&Jar::release("v2"));
    for hook in ["stop", "start", "health"] {
        ended(&stage.run(hook), 0, &[]);
    }
    for text in [sleeper.id().to_string(), "nginx".to_owned(), String::new()] {
        std::fs::write(&pid_file, text).unwrap();
        stage.untouched_by(|| ended(&stage.run("switch"), 40, &["pid file"]));
    }
    assert!(is_alive(sleeper.id()));
    std::fs::write(&pid_file, master).unwrap();
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
}

#[test]
fn f57_traffic_that_does_not_arrive_is_sent_back() {
    let stage = Stage::live_in("real1");
    // nginx may reach blue, but for green it is sent somewhere else: as SELinux or a firewall would have it.
    let ports = stage.host.ports();
    let text = format!(
        "set $service_url http://127.0.0.1:{};\nif ($service_url = http://127.0.0.1:{}) {{ return 502; }}\n",
        ports.blue, ports.green
    );
    stage.host.nginx().write_include(&text).unwrap();
    stage.host.nginx().reload_and_wait().unwrap();
    stage.untouched_by(|| {
        stage.deploy(&Jar::release("v2")).fails(
            "switch",
            41,
            &["traffic did not arrive", "HTTP 502", "serving: `real1`"],
        );
    });
    assert_eq!(stage.release(), "v1");
}

#[test]
fn an_nginx_that_does_not_read_the_include_is_refused_before_anything_changes() {
    let stage = Stage::live_in("real1");
    let other = stage.host.directory().join("other.inc");
    std::fs::copy(stage.host.nginx().include_path(), &other).unwrap();
    stage.host.set("proxy.include", &format!("{:?}", other.display().to_string())).unwrap();
    stage.deploy(&Jar::release("v2")).fails(
        "stop",
        10,
        &["does not read the include", "into the application's server block"],
    );
    assert_eq!(stage.release(), "v1");
}

#[test]
fn i10_after_a_switch_every_new_connection_gets_the_new_release() {
    let stage = Stage::live_in("real1");
    for round in 0..5 {
        let release = format!("v{}", round + 2);
        stage.deploy(&Jar::release(&release)).succeeds();
        for _ in 0..50 {
            assert_eq!(stage.release(), release);
        }
    }
}

fn pid(id: u32) -> Pid {
    i32::try_from(id).ok().and_then(Pid::from_raw).expect("a process id")
}
