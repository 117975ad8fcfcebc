//! A load that records to a file, and the program that judges it.

use std::process::{Command, Output};

use strict_client::{Load, Mode, check};

use crate::run::{each_has, run_until};
use crate::server::{GOOD, Server};

fn judge(path: &std::path::Path) -> (Option<i32>, String) {
    let program = env!("CARGO_BIN_EXE_strict-client");
    let Output { status, stdout, stderr } =
        Command::new(program).arg("check").arg(path).args(["--reload-window", "1s"]).output().unwrap();
    (status.code(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
}

fn lines(path: &std::path::Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn a_load_that_records_to_a_file_keeps_only_the_failures_in_memory() {
    // Every connection's second request fails.
    let server = Server::start(|mut client| {
        for answer in [GOOD, b"HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"] {
            if client.has_request() {
                client.answer(answer);
            }
        }
    });
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("load.jsonl");
    let load = Load::builder(server.address).connections(1).record_to(&path).start().unwrap();
    load.mark("now");
    let history = run_until(load, "a failure", |summary| each_has(10)(summary) && summary.failures() > 0);
    let summary = history.summary();
    assert!(summary.failures() > 0, "{summary}");
    assert_eq!(history.records().len() as u64, summary.failures());
    assert!(history.records().iter().all(|record| record.failure.is_some()));
    let lines = lines(&path);
    assert_eq!(lines.len() as u64, summary.requests() + 1, "the mark has a line too");
    assert_eq!(lines.iter().filter(|line| line.contains("\"failure\":")).count() as u64, summary.failures());

    let (code, output) = judge(&path);
    assert_eq!(code, Some(1), "{output}");
    assert!(output.contains("failed in a way that no retry makes up for: bad status 502"), "{output}");
}

#[test]
fn a_good_load_is_found_good_and_a_broken_file_is_no_verdict() {
    let server = Server::start(|mut client| {
        while client.has_request() {
            client.answer(GOOD);
        }
    });
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("load.jsonl");
    let load = Load::builder(server.address).at_most(Mode::Fresh, 3).record_to(&path).start().unwrap();
    run_until(load, "requests", each_has(3));
    let (code, output) = judge(&path);
    assert_eq!(code, Some(0), "{output}");
    assert!(output.contains("I1a new connections"), "{output}");
    assert_eq!(lines(&path).iter().filter(|line| line.contains("\"mode\":\"fresh\"")).count(), 3, "at most three");

    let whole = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 10]).unwrap();
    let (code, output) = judge(&path);
    assert_eq!(code, Some(2), "{output}");
    assert!(output.contains("could not be judged: line "), "{output}");
    assert_eq!(judge(&directory.path().join("nowhere")).0, Some(2));
    assert!(check::check(std::io::Cursor::new(whole), check::Settings::default()).is_ok());
}

#[test]
fn a_file_that_cannot_be_made_is_refused_before_anything_is_sent() {
    let server = Server::start(|_| panic!("nobody is to come"));
    let refused = Load::builder(server.address).record_to("/nowhere/load.jsonl").start();
    assert_eq!(refused.unwrap_err().kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn a_disk_that_is_full_is_an_error_at_the_end() {
    let server = Server::start(|mut client| {
        while client.has_request() {
            client.answer(GOOD);
        }
    });
    let load = Load::builder(server.address).at_most(Mode::Fresh, 3).modes([Mode::Fresh]).record_to("/dev/full");
    let error = load.start().unwrap().wait().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
}

#[test]
fn the_program_opens_as_many_connections_as_the_system_lets_it() {
    let server = Server::start(|mut client| {
        while client.has_request() {
            client.answer(GOOD);
        }
    });
    // Some 90 silent connections at once, at a limit of 40 that may be raised.
    let output = Command::new("prlimit")
        .args(["--nofile=40:4096", env!("CARGO_BIN_EXE_strict-client"), "--url"])
        .arg(format!("http://{}/", server.address))
        .args(["--modes", "preconnected", "--rate-of", "preconnected=300", "--requests", "120"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("\npreconnected       120       120        0"), "{text}");
}
