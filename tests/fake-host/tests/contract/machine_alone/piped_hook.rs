//! A hook as the agent starts it, with pipes, that holds a lock and has launched a program.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::on_machine::{DEED, OnMachine};
use crate::subject::Subject;

/// The hook, and the id of what it launched.
pub(crate) struct PipedHook {
    child: Child,
    pub(crate) launched: u32,
}

impl PipedHook {
    /// Holds the lock at `path` until it is killed.
    pub(crate) fn that_locks(subject: &OnMachine, path: &Path) -> PipedHook {
        let mut child = Command::new(DEED)
            .arg("lock")
            .args([path, &subject.path("log")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        PipedHook { child, launched: line.trim().parse().unwrap() }
    }

    /// Ends it as the agent does in the end.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
