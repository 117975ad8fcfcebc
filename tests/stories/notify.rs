//! Somebody is told how a deploy ended (F156): by the scripts of docs/notify, against stubs of Slack and of the `aws` command, and by
//! programs that do not work.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use demo_app::{Fault, Jar};

use crate::rig::{Rig, eventually};

const SLACK: &str = include_str!("../../docs/notify/slack.sh");
const SNS: &str = include_str!("../../docs/notify/sns.sh");
const DOCUMENT: &str = include_str!("../../docs/notify.md");

/// A program in the host's directory.
fn program(rig: &Rig, name: &str, text: &str) -> PathBuf {
    let path = rig.host.directory().join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// Has the hooks tell this program, with these arguments.
fn notify(rig: &Rig, program: &Path, arguments: &[&str]) {
    let program = program.to_string_lossy();
    let words: Vec<&str> = std::iter::once(program.as_ref()).chain(arguments.iter().copied()).collect();
    rig.host.set("report.notify", &format!("{words:?}")).unwrap();
}

/// A release that `health` refuses.
fn refused(rig: &Rig) -> String {
    rig.impatient();
    rig.stage(&Jar::release("v2").fault(Fault::redirects("/login")));
    for hook in ["stop", "start"] {
        assert_eq!(rig.run(hook).code, 0);
    }
    let run = rig.run("health");
    assert_eq!(run.code, 31, "{}", run.output);
    run.output
}

/// What is posted to it, once.
fn webhook() -> (String, JoinHandle<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/services/T0/B0/x", listener.local_addr().unwrap());
    let posted = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(reader.read_line(&mut head).unwrap(), 0, "{head}");
        }
        let lower = head.to_lowercase();
        let length = lower.split_once("content-length: ").and_then(|(_, rest)| rest.split("\r\n").next()).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok").unwrap();
        (head, String::from_utf8(body).unwrap())
    });
    (address, posted)
}

#[test]
fn f156_a_channel_of_slack_is_told_of_a_failure_with_what_to_do_and_who_serves() {
    let rig = Rig::live_in("real1");
    let script = program(&rig, "slack.sh", SLACK);
    let (address, posted) = webhook();
    fs::write(rig.host.directory().join("slack-webhook"), address + "\n").unwrap();
    notify(&rig, &script, &[]);
    let output = refused(&rig);
    assert!(!output.contains("nobody was told"), "{output}");
    let (head, body) = posted.join().unwrap();
    assert!(head.starts_with("POST /services/T0/B0/x HTTP/1.1\r\n"), "{head}");
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    let text = body["text"].as_str().unwrap();
    for words in ["FAILED health (exit code 31) on `", "deployment d-STORY", "\nto do: ", "\nserving: `real1` (port "] {
        assert!(text.contains(words), "`{words}` is not in {text}");
    }
}

#[test]
fn f156_a_topic_is_told_when_a_deployment_is_through_and_of_no_hook_before() {
    let rig = Rig::live_in("real1");
    let told = rig.host.directory().join("told");
    // In the place of the real `aws`, which only the script's own PATH finds.
    let stub = format!("#!/bin/sh\nfor word in \"$@\"; do echo \"<$word>\"; done >>'{}'\n", told.display());
    program(&rig, "aws", &stub);
    let path = format!("set -eu\nPATH={}:$PATH", rig.host.directory().display());
    let script = program(&rig, "sns.sh", &SNS.replacen("set -eu", &path, 1));
    notify(&rig, &script, &["arn:aws:sns:x"]);
    rig.deploy(&Jar::release("v2")).succeeds();
    let said = fs::read_to_string(&told).unwrap();
    assert_eq!(said.matches("<publish>").count(), 1, "{said}");
    for words in ["<arn:aws:sns:x>", "<OK switch on ", "<OK switch on `"] {
        assert!(said.contains(words), "`{words}` is not in {said}");
    }
}

#[test]
fn f156_whatever_becomes_of_the_program_the_deploy_and_its_verdict_stay_as_they_are() {
    let rig = Rig::live_in("real1");
    let sleeper = rig.host.directory().join("sleeper");
    let cases = [
        ("fails", "#!/bin/sh\necho no route >&2\nexit 3\n".to_owned(), "ended with exit status 3: no route"),
        (
            "reads nothing and hangs",
            format!("#!/bin/sh\nsleep 300 &\necho $! >'{}'\nwait\n", sleeper.display()),
            "had not ended after 5 s",
        ),
        ("is no program", "not a program".to_owned(), "could not be run"),
    ];
    for (release, (name, text, wanted)) in ["v2", "v3", "v4"].into_iter().zip(cases) {
        let script = program(&rig, "notify", &text);
        notify(&rig, &script, &[]);
        let deployed = rig.deploy(&Jar::release(release));
        let output = deployed.output();
        let note =
            output.find("nobody was told of this by `report.notify`").unwrap_or_else(|| panic!("{name}: {output}"));
        assert!(output[note..].contains(wanted), "{name}: {output}");
        assert!(output.find("OK switch").is_some_and(|verdict| verdict < note), "{name}: {output}");
        deployed.succeeds();
    }
    let child = fs::read_to_string(&sleeper).unwrap();
    // One that has ended may wait for somebody to take note of it, and has no program any more.
    let program = format!("/proc/{}/exe", child.trim());
    eventually("nothing that it started is left", || !fs::exists(&program).unwrap_or(false));
    rig.host.set("report.notify", "[\"/nowhere/notify\"]").unwrap();
    let output = refused(&rig);
    assert!(output.contains("`/nowhere/notify` was not found"), "{output}");
}

#[test]
fn f156_each_field_that_a_program_is_told_is_in_the_document() {
    let rig = Rig::live_in("real1");
    let told = rig.host.directory().join("told.json");
    let script = program(&rig, "notify", &format!("#!/bin/sh\ncat >'{}'\n", told.display()));
    notify(&rig, &script, &[]);
    rig.deploy(&Jar::release("v2")).succeeds();
    let told: serde_json::Value = serde_json::from_slice(&fs::read(&told).unwrap()).unwrap();
    let fields: Vec<&String> = told.as_object().unwrap().keys().collect();
    let rows = DOCUMENT.lines().filter(|line| line.starts_with("| `")).filter_map(|line| line.split('|').nth(1));
    let mut documented: Vec<&str> =
        rows.flat_map(|cell| cell.split(',').map(|name| name.trim().trim_matches('`'))).collect();
    documented.sort_unstable();
    let mut fields: Vec<&str> = fields.into_iter().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, documented);
}
