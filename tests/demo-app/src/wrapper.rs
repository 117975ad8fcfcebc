//! A process between the one who launched and the service, as a shell script named `java` may be: the listener
//! is then a descendant of what was launched. Hands SIGTERM on and ends as its child ends.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

/// Runs this program again with `arguments` (the program's name first); the child's exit code.
pub(crate) async fn run(arguments: &[OsString]) -> io::Result<u8> {
    let mut termination = signal(SignalKind::terminate())?;
    let mut command = Command::new(std::env::current_exe()?);
    if let Some((name, rest)) = arguments.split_first() {
        command.arg0(name).args(rest);
    }
    let mut child = command.spawn()?;
    loop {
        tokio::select! {
            status = child.wait() => {
                let status = status?;
                let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
                return Ok(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX));
            }
            _ = termination.recv() => {
                // The number is still the child's: only `wait` above gives it back to the system.
                let process = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
                if let Some(process) = process {
                    kill_process(process, Signal::TERM)?;
                }
            }
        }
    }
}
