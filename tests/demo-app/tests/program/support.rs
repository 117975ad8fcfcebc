//! A started program that ends with its test.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use demo_app::Jar;
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// For whatever has to come about on a machine that may be busy.
const PATIENCE: Duration = Duration::from_mins(2);

static NEXT_PORT: AtomicU16 = AtomicU16::new(0);

/// Below the ephemeral range, and away from the ports of a test that runs beside this one.
pub(crate) fn free_port() -> u16 {
    let first = 21_000 + u16::try_from(std::process::id() % 500).unwrap() * 20;
    let port = |_| first + NEXT_PORT.fetch_add(1, Ordering::Relaxed);
    (0..20).map(port).find(|port| is_free(*port)).unwrap()
}

/// Whether nobody listens on a port, found out without listening there: a program that another test starts in that moment has a
/// copy of the socket until it is executed, so that on a busy machine connections would be taken, and reset, by nobody.
fn is_free(port: u16) -> bool {
    let socket = rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None);
    let socket = socket.unwrap();
    sockopt::set_socket_reuseaddr(&socket, true).unwrap();
    rustix::net::bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// The program in place of `java`, on a freshly written jar.
pub(crate) fn java(jar: &Jar) -> (Command, PathBuf, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("demo.jar");
    jar.write(&path).unwrap();
    (Command::new(env!("CARGO_BIN_EXE_demo-app")), path, directory)
}

/// Waits for the end of a process.
pub(crate) fn exit_of(child: &mut Child) -> ExitStatus {
    wait_for("the process to end", || child.try_wait().unwrap())
}

fn wait_for<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} in vain for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A service that is running.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) port: u16,
    directory: TempDir,
}

impl Running {
    /// Starts the jar and waits until it listens.
    pub(crate) fn start(jar: &Jar, profile: &str, options: &[&str]) -> Self {
        let (mut command, path, directory) = java(jar);
        let port = free_port();
        command.args(options).arg("-jar").arg(format!("-Dspring.profiles.active={profile}")).arg(path);
        let log = File::create(directory.path().join("log")).unwrap();
        command.env(format!("DEMO_PORT_{profile}"), port.to_string()).stdout(log);
        let child = command.spawn().unwrap();
        let mut running = Self { child, port, directory };
        wait_for("the program to say that it has started", || {
            let ended = running.child.try_wait().unwrap();
            let log = std::fs::read_to_string(running.directory.path().join("log")).unwrap();
            assert_eq!(ended, None, "{log}");
            log.contains("Started demo.Application").then_some(())
        });
        running
    }

    pub(crate) fn try_connect(&self) -> Option<TcpStream> {
        TcpStream::connect(("127.0.0.1", self.port)).ok()
    }

    /// Sends a request on a connection of its own, without waiting for the answer.
    pub(crate) fn send(&self, request_line: &str, body: &str) -> TcpStream {
        let mut stream = self.send_head(request_line, body.len());
        stream.write_all(body.as_bytes()).unwrap();
        stream
    }

    /// Sends the head of a request, whose body of so many bytes is to follow.
    pub(crate) fn send_head(&self, request_line: &str, length: usize) -> TcpStream {
        let mut stream = self.try_connect().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = format!("{request_line} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n");
        stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).unwrap();
        stream
    }

    /// Sends a request; the whole answer, once the connection is closed.
    pub(crate) fn ask(&self, request_line: &str, body: &str) -> String {
        let mut answer = String::new();
        self.send(request_line, body).read_to_string(&mut answer).unwrap();
        answer
    }

    pub(crate) fn terminate(&self) {
        let process = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(process, Signal::TERM).unwrap();
    }

    pub(crate) fn wait_until_refused(&self) {
        wait_for("the listener to go", || self.try_connect().is_none().then_some(()));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Each of these fails if the process has ended, which is all that is wanted. A wrapper's child goes first.
        let id = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        for child in children.split_whitespace().filter_map(|id| Pid::from_raw(id.parse().ok()?)) {
            let _ = kill_process(child, Signal::KILL);
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
