//! The program as other tests meet it: started on a jar, asked over sockets, told to stop.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use demo_app::{Fault, Jar};

use crate::support::{Running, exit_of, free_port, java};

#[cfg(test)]
mod streams;
#[cfg(test)]
mod support;

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    answer.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[test]
fn a_good_release_answers_with_its_profile_and_its_marks() {
    let running = Running::start(&Jar::release("v1").boot_milliseconds(50), "real1", &[]);
    let profile = running.ask("GET /profile", "");
    assert!(profile.starts_with("HTTP/1.1 200 OK\r\n"), "{profile}");
    assert!(profile.ends_with("\r\n\r\nreal1"), "{profile}");
    assert_eq!(header(&profile, "content-type"), Some("text/plain;charset=UTF-8"));
    assert_eq!(header(&profile, "x-release"), Some("v1"));
    let instance = header(&profile, "x-instance").unwrap();
    assert_eq!(instance.len(), 8, "{instance}");

    let home = running.ask("GET /", "");
    assert!(home.ends_with(&format!("\r\n\r\nrelease v1, instance {instance}, profile real1")), "{home}");
    let echo = running.ask("POST /echo", "word");
    assert!(echo.ends_with("\r\n\r\nword"), "{echo}");
    let missing = running.ask("GET /nothing", "");
    assert!(missing.starts_with("HTTP/1.1 404"), "{missing}");
    assert_eq!(header(&missing, "x-instance"), Some(instance));
}

#[test]
fn a_large_page_comes_in_chunks_and_is_as_long_as_was_asked_for() {
    let running = Running::start(&Jar::release("v1"), "real1", &[]);
    let answer = running.ask("GET /large?bytes=279000", "");
    let (head, rest) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(header(head, "transfer-encoding"), Some("chunked"), "{head}");
    let page = rest.lines().filter(|line| line.starts_with('<'));
    assert!(page.count() > 8_000, "{head}");
    // Sizes and ends of 35 chunks are beside it.
    assert!((279_000..279_500).contains(&rest.len()), "{}", rest.len());
    assert!(running.ask("GET /large", "").starts_with("HTTP/1.1 400 "));
}

#[test]
fn its_listener_is_seen_in_the_ipv6_table_alone_as_that_of_java_is() {
    if !std::path::Path::new("/proc/net/if_inet6").exists() {
        return;
    }
    let running = Running::start(&Jar::release("v1"), "real1", &[]);
    let listens = |table: &str| {
        let suffix = format!(":{:04X}", running.port);
        let text = std::fs::read_to_string(format!("/proc/{}/net/{table}", running.child.id())).unwrap();
        text.lines().any(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            fields[1].ends_with(&suffix) && fields[3] == "0A"
        })
    };
    assert!(listens("tcp6"));
    assert!(!listens("tcp"));
}

#[test]
fn sigterm_closes_the_listener_and_lets_the_request_in_flight_finish() {
    let mut running = Running::start(&Jar::release("v1"), "real1", &[]);
    let idle = running.try_connect().unwrap();
    // It takes as long as its body is held back.
    let mut slow = running.send_head("POST /echo", 4);
    // Accepted in turn: once a later request is answered, the slow one is in flight.
    running.ask("GET /profile", "");
    running.terminate();
    running.wait_until_refused();
    assert_eq!(running.child.try_wait().unwrap(), None, "the process must not leave a request behind");

    let mut answer = String::new();
    slow.write_all(b"word").unwrap();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("\r\n\r\nword"), "{answer}");
    assert_eq!(exit_of(&mut running.child).code(), Some(143));
    drop(idle);
}

#[test]
fn a_wrapped_service_is_a_child_of_the_launched_process_and_ends_with_it() {
    let mut running = Running::start(&Jar::release("v1"), "real2", &["--wrapper"]);
    assert!(running.ask("GET /profile", "").ends_with("\r\n\r\nreal2"));
    let id = running.child.id();
    let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
    assert_eq!(children.split_whitespace().count(), 1, "{children}");
    running.terminate();
    assert_eq!(exit_of(&mut running.child).code(), Some(143));
    running.wait_until_refused();
}

#[test]
fn answers_of_a_faulty_release_are_those_of_its_fault() {
    let table = [
        (Fault::answers(500, "could not open the real-db"), "HTTP/1.1 500 ", "\r\n\r\ncould not open the real-db"),
        (Fault::answers(200, "<html>real1</html>"), "HTTP/1.1 200 ", "\r\n\r\n<html>real1</html>"),
        (Fault::redirects("/login"), "HTTP/1.1 302 ", "\r\n\r\n"),
    ];
    for (fault, start, end) in table {
        let running = Running::start(&Jar::release("v1").fault(fault.clone()), "real1", &[]);
        let answer = running.ask("GET /profile", "");
        assert!(answer.starts_with(start) && answer.ends_with(end), "{fault}: {answer}");
    }
    let running = Running::start(&Jar::release("v1").fault(Fault::Flapping), "real1", &[]);
    let statuses: Vec<String> = (0..4).map(|_| running.ask("GET /profile", "")[9..12].to_owned()).collect();
    assert_eq!(statuses, ["200", "500", "200", "500"]);
}

#[test]
fn a_release_that_hangs_still_answers_elsewhere_and_still_stops() {
    let mut running = Running::start(&Jar::release("v1").fault(Fault::Hangs), "real1", &[]);
    let mut stuck = running.send("GET /profile", "");
    stuck.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert_eq!(stuck.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert!(running.ask("GET /", "").starts_with("HTTP/1.1 200 "));
    running.terminate();
    drop(stuck);
    assert_eq!(exit_of(&mut running.child).code(), Some(143));
}

#[test]
fn an_endless_body_outlasts_its_reader() {
    let mut running = Running::start(&Jar::release("v1").fault(Fault::EndlessBody), "real1", &[]);
    let mut endless = running.send("GET /profile", "");
    let mut head = vec![0; 64 * 1024];
    endless.read_exact(&mut head).unwrap();
    assert!(head.starts_with(b"HTTP/1.1 200 OK\r\n"), "{}", String::from_utf8_lossy(&head[..200]));
    running.terminate();
    drop(endless);
    assert_eq!(exit_of(&mut running.child).code(), Some(143));
}

#[test]
fn sigterm_can_be_ignored_or_obeyed_slowly() {
    let delay = Duration::from_secs(5);
    let mut slow = Running::start(&Jar::release("v1").fault(Fault::StopsSlowly { delay }), "real1", &[]);
    let begun = Instant::now();
    slow.terminate();
    assert!(slow.ask("GET /profile", "").ends_with("real1"), "it answers while it takes its time");
    assert_eq!(exit_of(&mut slow.child).code(), Some(143));
    assert!(begun.elapsed() >= delay, "{:?}", begun.elapsed());

    let mut deaf = Running::start(&Jar::release("v1").fault(Fault::IgnoresSigterm), "real1", &[]);
    deaf.terminate();
    assert!(deaf.ask("GET /slow?milliseconds=300", "").ends_with("waited 300 ms"));
    assert_eq!(deaf.child.try_wait().unwrap(), None);
}

#[test]
fn a_release_that_dies_says_so_and_exits_with_its_code() {
    let dying = [(Fault::DiesAtBoot { code: 3 }, 3, "APPLICATION FAILED TO START"), (Fault::FloodsLog, 1, "ERROR")];
    for (fault, code, message) in dying {
        let (mut command, path, _directory) = java(&Jar::release("v1").fault(fault.clone()));
        command.arg("-jar").arg(path).arg(format!("--server.port={}", free_port()));
        let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{fault}");
        let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
        assert!(String::from_utf8_lossy(&text).contains(message), "{fault}");
        if fault == Fault::FloodsLog {
            assert_eq!(output.stdout.last(), Some(&0xff));
            let last_line = output.stdout.split(|byte| *byte == b'\n').next_back().unwrap();
            assert!(last_line.len() > 5 * 1024, "{}", last_line.len());
        }
    }
}

#[test]
fn a_release_that_dies_of_a_request_answers_those_before_it() {
    let mut dying = Running::start(&Jar::release("v1").fault(Fault::dies_answering("/", 3)), "real1", &[]);
    for _ in 0..2 {
        assert!(dying.ask("GET /", "").contains("release v1"));
    }
    assert!(dying.ask("GET /profile", "").ends_with("real1"), "what it does not die of is not counted");
    let _unanswered = dying.send_head("GET /", 0);
    assert_eq!(exit_of(&mut dying.child).code(), Some(1));
}

#[test]
fn a_release_that_never_binds_boots_until_it_is_told_to_stop() {
    let (mut command, path, _directory) = java(&Jar::release("v1").fault(Fault::NeverBinds));
    command.arg("-jar").arg(path).arg("--server.port=1").stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut log = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    log.read_line(&mut line).unwrap();
    assert!(line.contains("Starting demo.Application v1"), "{line}");
    let process = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
    assert_eq!(exit_of(&mut child).code(), Some(143));
}

#[test]
fn java_asks_and_mistakes_are_answered_as_java_does() {
    let (mut version, ..) = java(&Jar::release("v1"));
    let output = version.arg("-version").output().unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("openjdk version \"21"));

    let (mut missing, ..) = java(&Jar::release("v1"));
    let output = missing.args(["-jar", "/nowhere/x.jar", "--server.port=1"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "Error: Unable to access jarfile /nowhere/x.jar\n");
}

#[test]
fn a_taken_port_is_reported_as_spring_boot_does() {
    let first = Running::start(&Jar::release("v1"), "real1", &[]);
    let (mut second, path, _directory) = java(&Jar::release("v2"));
    let output = second.arg("-jar").arg(path).arg(format!("--server.port={}", first.port)).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains(&format!("Port {} was already in use.", first.port)), "{text}");
}
