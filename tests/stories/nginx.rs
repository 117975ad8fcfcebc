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
fn f44_f65_a_stale_pid_file_that_names_another_process_gets_nobody_signalled() {
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
    // Whoever renames the include says so by removing what bears the old name (F90, F92).
    std::fs::remove_file(rig.host.app_directory().join("ledger/ledger.json")).unwrap();
    std::fs::remove_file(rig.host.nginx().upstreams_path()).unwrap();
    rig.host.nginx().reload_and_wait().unwrap();
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

/// Runs a hook where something has been done in a mount namespace of its own.
fn after(rig: &Rig, before: &str, hook: &str) -> (i32, String) {
    let program = rig.host.binaries().unwrap().path(hook).unwrap();
    let output = Command::new("unshare")
        .args(["--mount", "sh", "-c", &format!("{before} && exec {}", program.display())])
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("HOOKS_CONFIG", rig.host.settings_path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap_or(-1), told.replace("\n    ", " "))
}

#[test]
fn f39_f110_where_proc_hides_nginxs_processes_from_this_user_that_is_what_is_said() {
    let rig = crate::permissions::stage_of_nobody();
    // A directory of the user's own, so that nothing but /proc is in the way.
    let hidden = "mount -t proc -o hidepid=2 proc /proc";
    let as_nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups";
    let before = format!(
        "{hidden} && cd / && exec {as_nobody} {} && true",
        rig.host.binaries().unwrap().path("stop").unwrap().display()
    );
    let (code, told) = after(&rig, &before, "stop");
    assert_eq!(code, 13, "{told}");
    for words in ["`nobody` may not see nginx's processes", "hidepid", "gid="] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(!told.contains("systemctl start nginx"), "{told}");
}

/// An nginx of its own beside the rig's, run by these words, with its pid file in the given directory; ended with the value.
struct Another(std::process::Child);

impl Drop for Another {
    fn drop(&mut self) {
        let group = Pid::from_child(&self.0);
        let _ = rustix::process::kill_process_group(group, Signal::KILL);
        let _ = self.0.wait();
    }
}

fn another_nginx(directory: &std::path::Path, around: &[&str], directives: &str) -> Another {
    use std::os::unix::process::CommandExt;
    std::fs::create_dir_all(directory).unwrap();
    let configuration = directory.join("nginx.conf");
    let shown = directory.display();
    let text = format!("pid {shown}/nginx.pid; error_log {shown}/error.log; daemon off; {directives} events {{}}\n");
    std::fs::write(&configuration, text).unwrap();
    let words: Vec<&str> = around.iter().copied().chain(["nginx", "-c", configuration.to_str().unwrap()]).collect();
    let child = Command::new(words[0]).args(&words[1..]).process_group(0).spawn().unwrap();
    eventually("it has written its pid file", || {
        std::fs::read_to_string(directory.join("nginx.pid")).is_ok_and(|text| text.ends_with('\n'))
    });
    Another(child)
}

#[test]
fn f110_an_nginx_without_a_master_or_in_a_container_is_told_not_to_be_supported() {
    let rig = Rig::live_in("real1");
    rig.host.nginx().stop().unwrap();
    for (name, around, directives, words) in [
        ("off", &[][..], "master_process off;", "has no master and no workers (`master_process off`)"),
        (
            "container",
            &["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"][..],
            "",
            "nginx runs in a container",
        ),
    ] {
        let directory = rig.host.directory().join(name);
        let _another = another_nginx(&directory, around, directives);
        rig.host.set("proxy.pid_file", &format!("\"{}/nginx.pid\"", directory.display())).unwrap();
        let stop = rig.run("stop");
        assert_eq!(stop.code, 40, "{name}: {}", stop.output);
        crate::rig::said(&stop, &[words, "is not supported"]);
        assert!(!stop.output.contains("systemctl"), "{name}: {}", stop.output);
    }
}

#[test]
fn f118_workers_that_go_on_without_their_master_are_named_with_what_to_do() {
    for rig in [Rig::live_in("real1"), Rig::instant()] {
        let workers = rig.host.nginx().worker_pids();
        let serves = rig.release();
        crate::rig::kill(rig.host.nginx().master_pid().unwrap());
        assert_eq!(rig.release(), serves, "its workers go on");
        let ids: Vec<String> = workers.iter().map(u32::to_string).collect();
        rig.begin();
        for run in [rig.run("stop"), rig.host.hook("switch").argument("--back").run().unwrap()] {
            assert_eq!(run.code, 40, "{}", run.output);
            crate::rig::said(
                &run,
                &["nginx's master is gone", "its workers go on without it", "kill -QUIT", "serving: `real"],
            );
            assert!(ids.iter().all(|id| run.output.contains(id)), "{ids:?}: {}", run.output);
        }
        for worker in workers {
            crate::rig::kill(worker);
        }
        rig.host.nginx().start().unwrap();
        rig.deploy(&Jar::release("v9")).succeeds();
    }
}
