//! A release as far as a host can tell: it opens the port that it is told, answers with its profile, and ends at SIGTERM.
//! `--by-child` lets a child open the port, `--never` opens none. It ends with whoever started it.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, ExitCode};

use rustix::process::{Signal, set_parent_process_death_signal};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            let _ = writeln!(io::stderr(), "release: {cause}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<()> {
    // A test that fails leaves nothing behind.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str| arguments.iter().find_map(|argument| argument.strip_prefix(name));
    let is_told = |name: &str| arguments.iter().any(|argument| argument == name);
    let profile = option("-Dspring.profiles.active=").unwrap_or_default();
    let port = option("--server.port=").and_then(|port| port.parse().ok()).unwrap_or(8080);
    writeln!(io::stdout(), "starting with {profile} on {port}")?;
    if is_told("--by-child") {
        let own = arguments.iter().filter(|argument| *argument != "--by-child");
        let mut child = Command::new(std::env::current_exe()?).args(own).spawn()?;
        child.wait()?;
    } else if is_told("--never") {
        loop {
            std::thread::park();
        }
    } else {
        serve(port, profile)?;
    }
    Ok(())
}

fn serve(port: u16, profile: &str) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    loop {
        let (mut client, _) = listener.accept()?;
        // As much of the request as has come; a client that goes away is no reason to end.
        let _ = client.read(&mut [0; 4096]);
        let length = profile.len();
        let _ = write!(client, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{profile}");
    }
}
