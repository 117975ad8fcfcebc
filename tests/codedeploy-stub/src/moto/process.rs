//! moto's server as a process of its own, which says when it listens.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::time::Duration;

use crate::error::{Context, Error, Result};
use crate::listener::free_port;

/// Python on a machine that is busy with compiling takes its time.
const AT_MOST: Duration = Duration::from_mins(2);
/// How many ports are tried.
const ATTEMPTS: usize = 5;
/// What stands before the address, as soon as the server listens there.
const LISTENING: &str = "Running on http://";

/// Ends with its value.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    /// Starts `program`, and waits until it listens. A port that somebody else takes before the server does is no reason to
    /// give up; five of them are.
    pub(crate) fn start(program: &Path) -> Result<Self> {
        let mut started = Self::start_on(program, free_port()?);
        for _ in 1..ATTEMPTS {
            if started.is_ok() {
                break;
            }
            started = Self::start_on(program, free_port()?);
        }
        started
    }

    fn start_on(program: &Path, port: u16) -> Result<Self> {
        let mut child = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context(|| format!("`{}` could not be started", program.display()))?;
        let (sender, told) = mpsc::channel();
        if let Some(stderr) = child.stderr.take() {
            std::thread::spawn(move || listen_to(stderr, &sender));
        }
        // From here on an early return ends the server.
        let mut process = Self { child, address: ([127, 0, 0, 1], 0).into() };
        let found = told.recv_timeout(AT_MOST).unwrap_or_else(|_| Err(format!("nothing within {AT_MOST:?}")));
        process.address = found.map_err(|output| {
            Error::new(format!("`{}` said `{output}`; needed the address where it listens", program.display()))
        })?;
        Ok(process)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself, which a test has noticed then.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Sends the address, or all that was said instead; then reads on, so that the server never waits for a full pipe.
fn listen_to(stderr: impl Read, sender: &Sender<std::result::Result<SocketAddr, String>>) {
    let mut lines = BufReader::new(stderr).lines().map_while(std::io::Result::ok);
    let mut output = String::new();
    let address = lines.by_ref().find_map(|line| {
        output += &line;
        output.push('\n');
        line.split_once(LISTENING)?.1.trim().parse().ok()
    });
    // If nobody waits for it any more, then its absence has been told already.
    drop(sender.send(address.ok_or(output)));
    lines.for_each(drop);
}
