//! A lock dies with its holder, however that ends, and outlives it in no child (F81).

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use shared::host::{Host, Signal};

use crate::on_machine::{self, DEED};
use crate::subject::{ROOT, Subject};

#[test]
fn f81_the_lock_of_a_killed_hook_is_free_though_what_it_launched_runs_on() {
    on_machine::run(ROOT, async |subject| {
        let (host, path) = (subject.host(), subject.path("lock"));
        let mut holder = Command::new(DEED)
            .arg("lock")
            .args([&path, &subject.path("log")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let launched = host.process(line.trim().parse().unwrap()).unwrap().identity;
        assert_eq!(host.lock(&path, "the test").unwrap().unwrap_err(), "the deed");
        holder.kill().unwrap();
        holder.wait().unwrap();
        let lock = host.lock(&path, "the test").unwrap();
        assert!(host.signal(&launched, Signal::Kill).unwrap(), "what it launched ran on");
        assert!(lock.is_ok(), "{lock:?}");
    });
}
