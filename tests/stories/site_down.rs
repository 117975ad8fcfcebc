//! What a person sees at night, and a monitoring program by the exit code: that all is well, that somebody should look, or that the
//! site is down, with the command that helps. Each command is followed, and helps (F151).

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use demo_app::Jar;
use sandbox::HookRun;

use crate::rig::{HOOKS, Rig, ended, kill, listener};

/// What `status` ends with and says, which has to begin with these words.
#[track_caller]
fn says(rig: &Rig, code: i32, begins: &str, words: &[&str]) -> HookRun {
    let run = rig.host.hook("status").run().unwrap();
    ended(&run, code, words);
    assert!(run.output.starts_with(begins), "`{begins}` is not how it begins:\n{}", run.output);
    run
}

#[track_caller]
fn is_healthy(rig: &Rig) {
    let begins = format!("OK: `{}` (port ", rig.profile());
    says(rig, 0, &begins, &[]);
}

/// Ends whoever listens on these ports.
fn kill_all(ports: &[u16]) {
    for port in ports {
        kill(listener(*port).expect("a release"));
    }
}

#[test]
fn f151_in_the_ordinary_states_of_a_host_all_is_well() {
    let rig = Rig::new();
    for release in ["v1", "v2"] {
        rig.deploy(&Jar::release(release)).succeeds();
        is_healthy(&rig);
    }
    ended(&rig.host.hook("switch").argument("--back").run().unwrap(), 0, &[]);
    is_healthy(&rig);
    // Neither a ledger that is damaged nor one that is lost is anything to get up for.
    let ledger = rig.host.app_directory().join("ledger/ledger.json");
    std::fs::write(&ledger, "x").unwrap();
    says(&rig, 0, "OK: `real2` (port ", &["is damaged"]);
    std::fs::remove_file(&ledger).unwrap();
    says(&rig, 0, "OK: `real2` (port ", &[]);
    rig.host.set("proxy.cutover", "\"instant\"").unwrap();
    for release in ["v3", "v4"] {
        rig.deploy(&Jar::release(release)).succeeds();
        is_healthy(&rig);
    }
    ended(&rig.host.hook("switch").argument("--back").run().unwrap(), 0, &[]);
    is_healthy(&rig);
}

#[test]
fn f151_where_both_releases_are_dead_the_site_is_down_and_the_four_hooks_by_hand_bring_it_up() {
    for rig in [Rig::live_in("real1"), Rig::instant()] {
        let ports = rig.host.ports();
        kill_all(&[ports.blue, ports.green]);
        let down = format!("SITE DOWN: nginx sends requests to `real1` (port {}), where nobody listens\n", ports.blue);
        let should = format!("should serve: `real1` (port {}), release `20", ports.blue);
        let run = says(&rig, 2, &down, &[&should]);
        let by_hand =
            run.output.lines().find_map(|line| Some(line.split_once("deployed last: `")?.1.split_once('`')?.0));
        let commands: Vec<&str> = by_hand.unwrap_or_default().split(" && ").collect();
        assert_eq!(commands.len(), HOOKS.len(), "{}", run.output);
        for (command, hook) in commands.into_iter().zip(HOOKS) {
            assert!(command.ends_with(&format!("/{hook}")), "{command}");
            ended(&rig.host.hook(hook).run().unwrap(), 0, &[]);
        }
        assert_eq!(rig.release(), "v1");
        // There is nobody to go back to: the one that could be is dead as well.
        says(&rig, 1, "LOOK: the standby in `real1` (port ", &["live  real2"]);
    }
}

#[test]
fn f151_where_nginx_does_not_go_on_to_the_standby_by_itself_one_command_does() {
    let rig = Rig::live_in("real1");
    let ports = rig.host.ports();
    kill_all(&[ports.blue]);
    let back = format!("/switch --back` puts the site back up on `real2` (port {})", ports.green);
    says(&rig, 2, "SITE DOWN: nginx sends requests to `real1` (port ", &["should serve: `real1` (port ", &back]);
    ended(&rig.host.hook("switch").argument("--back").run().unwrap(), 0, &[]);
    assert_eq!(rig.release(), "v0");
    says(&rig, 1, "LOOK: the standby in `real1` (port ", &["has died", "live  real2"]);
}

#[test]
fn f151_where_nginx_has_gone_on_to_the_standby_the_site_serves_and_somebody_should_look() {
    let rig = Rig::instant();
    kill_all(&[rig.host.ports().blue]);
    says(
        &rig,
        1,
        "LOOK: it is served by `real2` (port ",
        &["nginx has gone on to it, since nobody listens in `real1`"],
    );
    let json = rig.host.hook("status").argument("--json").run().unwrap();
    let view: serde_json::Value = serde_json::from_str(&json.output).unwrap();
    assert_eq!((json.code, &view["level"], &view["exit_code"]), (1, &"look".into(), &1.into()));
}

#[test]
fn f151_where_nginx_is_down_that_is_said_first() {
    let rig = Rig::live_in("real1");
    rig.host.nginx().stop().unwrap();
    let words = ["should serve: `real1` (port ", "to do: as root: `nginx -t` ", "`systemctl restart nginx`"];
    says(&rig, 2, "SITE DOWN: nginx is not running", &words);
    rig.host.nginx().start().unwrap();
    is_healthy(&rig);
}

/// Answers whatever it is asked, for as long as this test runs.
fn somebody_else() -> u16 {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut connection in server.incoming().flatten() {
            let _ = connection.read(&mut [0; 4096]);
            let _ = connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello");
        }
    });
    port
}

#[test]
fn f151_where_the_include_names_a_stranger_the_site_is_down_and_one_line_brings_it_back() {
    let rig = Rig::live_in("real1");
    let beside = rig.host.ports_beside().unwrap();
    let nobody = rig.host.ports().blue + beside.offset();
    let whole = rig.include();
    for (port, down) in [
        (nobody, "SITE DOWN: the door answers HTTP 502"),
        (somebody_else(), "SITE DOWN: nginx sends requests to whoever is on "),
    ] {
        rig.host.nginx().write_include(&format!("set $service_url http://127.0.0.1:{port};\n")).unwrap();
        rig.host.nginx().reload_and_wait().unwrap();
        let line = format!("to do: as root: write `{}` in `", whole.trim());
        says(
            &rig,
            2,
            down,
            &["neither slot's", "should serve: `real1` (port ", &line, "`nginx -t && nginx -s reload`"],
        );
        rig.host.nginx().write_include(&whole).unwrap();
        rig.host.nginx().reload_and_wait().unwrap();
        is_healthy(&rig);
    }
}

#[test]
fn f151_an_include_that_nginx_has_not_read_is_something_to_look_at() {
    let rig = Rig::live_in("real1");
    let (live, idle) = rig.live_and_idle_ports();
    let moved = rig.include().replace(&live.to_string(), &idle.to_string());
    rig.host.nginx().write_include(&moved).unwrap();
    says(&rig, 1, "LOOK: ", &["look: nginx has not read what it is told now"]);
}

#[test]
fn f151_whoever_may_do_nothing_on_the_host_is_told_the_same() {
    let rig = Rig::live_in("real1");
    std::fs::set_permissions(rig.host.directory(), PermissionsExt::from_mode(0o755)).unwrap();
    let program = rig.host.binaries().unwrap().path("status").unwrap();
    let looks = || {
        Command::new("setpriv")
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(&program)
            .env("HOOKS_CONFIG", rig.host.settings_path())
            .output()
            .unwrap()
    };
    let output = looks();
    let (code, told) = (output.status.code(), String::from_utf8_lossy(&output.stdout));
    let begins = format!("OK: `real1` (port {})", rig.host.ports().blue);
    assert!(code == Some(0) && told.starts_with(&begins) && told.contains("standby  real2"), "{output:?}");
    // Without a ledger nobody can tell whose processes those are, and the site serves all the same.
    std::fs::set_permissions(rig.host.app_directory().join("ledger"), PermissionsExt::from_mode(0o700)).unwrap();
    let output = looks();
    let is_well = String::from_utf8_lossy(&output.stdout).starts_with(&begins);
    assert!(output.status.code() == Some(0) && is_well, "{output:?}");
}
