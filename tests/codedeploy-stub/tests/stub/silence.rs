//! Where nothing answers: that it is silence, and not a refusal.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::time::Duration;

use codedeploy_stub::{Swallower, silent_network};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::support::PATIENCE;

/// After three seconds the kernel gives up a neighbour who does not say where it is, and refuses then.
const LONGER_THAN_A_REFUSAL: Duration = Duration::from_secs(5);

#[test]
fn a_swallower_takes_everything_and_gives_nothing() {
    let swallower = Swallower::start().unwrap();
    assert_eq!((swallower.connections(), swallower.endpoint()), (0, format!("http://{}", swallower.address())));
    let mut stream = TcpStream::connect(swallower.address()).unwrap();
    // More than the kernel would keep for somebody who does not read.
    stream.write_all(&vec![b'x'; 16 << 20]).unwrap();
    swallower.wait_for_connections(1, PATIENCE).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert!(swallower.wait_for_connections(2, Duration::ZERO).is_err());
}

#[test]
fn in_a_silent_network_connecting_takes_until_one_gives_up_and_loopback_works() {
    // It says that the network has been made, and stays until its input ends.
    let mut inhabitant = silent_network::command("sh")
        .args(["-c", "echo made; cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(inhabitant.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "made\n");
    let network = File::open(format!("/proc/{}/ns/net", inhabitant.id())).unwrap();
    // Only a thread that ends goes there: what runs after it in this process belongs here.
    let seen_inside = std::thread::spawn(move || {
        move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
        // They are inside as well, since a thread begins where it was made.
        let outside = [[169, 254, 169, 254], [198, 51, 100, 1]].map(|address| {
            std::thread::spawn(move || {
                TcpStream::connect_timeout(&(address, 80).into(), LONGER_THAN_A_REFUSAL).map(drop)
            })
        });
        let outside = outside.map(|attempt| attempt.join().unwrap().unwrap_err().kind());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let loopback = TcpStream::connect(listener.local_addr().unwrap()).map(drop).map_err(|error| error.kind());
        (outside, loopback)
    });
    assert_eq!(seen_inside.join().unwrap(), ([ErrorKind::TimedOut; 2], Ok(())));
    drop(inhabitant.stdin.take());
    assert!(inhabitant.wait().unwrap().success());
}

#[test]
fn a_command_in_a_silent_network_keeps_its_arguments_environment_and_exit_code() {
    let script = r#"printf '%s|' "$0" "$@" "$CANARY"; exit 42"#;
    let output = silent_network::command("/bin/sh")
        .args(["-c", script, "a b", "$(id)", "'; exit 1", ""])
        .env_clear()
        .env("CANARY", "c d")
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!((told.as_str(), output.status.code()), ("a b|$(id)|'; exit 1||c d|", Some(42)), "{:?}", output.stderr);
}

#[test]
fn a_silent_network_leaves_nothing_behind_on_the_machine() {
    assert!(silent_network::command("true").status().unwrap().success());
    let links = Command::new("ip").args(["-brief", "link"]).output().unwrap().stdout;
    let links = String::from_utf8(links).unwrap();
    assert!(!links.contains("hole@") && !links.contains("nobody@"), "{links}");
}
