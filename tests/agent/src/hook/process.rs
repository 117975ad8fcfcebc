//! Starts a hook's process: its own group in the agent's session, umask 022, cwd `/`, three descriptors and no more.

#![expect(unsafe_code, reason = "a child's umask and inherited descriptors can only be set between fork and exec")]

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::fd::{BorrowedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::Mode;
use rustix::io::{Errno, FdFlags};

use super::command_line::CommandLine;
use crate::Generation;

const TEXT_BUSY_PATIENCE: Duration = Duration::from_secs(2);
const TEXT_BUSY_PAUSE: Duration = Duration::from_millis(5);

/// Starts the command with exactly these variables. Errors are those of fork and exec.
pub(super) fn start(
    line: &CommandLine,
    variables: &[(OsString, OsString)],
    generation: Generation,
) -> io::Result<Child> {
    let patience = Instant::now() + TEXT_BUSY_PATIENCE;
    loop {
        let error = match start_once(line, variables, generation) {
            Ok(child) => return Ok(child),
            Err(error) => Errno::from_io_error(&error).ok_or(error)?,
        };
        if error == Errno::NOEXEC && generation == Generation::One {
            return start_once(&line.through_shell(), variables, generation);
        }
        // A process that another thread forked in this moment may still hold the script open for writing; the agent, which
        // unpacks by another program, does not know this.
        if error != Errno::TXTBSY || Instant::now() >= patience {
            return Err(error.into());
        }
        thread::sleep(TEXT_BUSY_PAUSE);
    }
}

fn start_once(line: &CommandLine, variables: &[(OsString, OsString)], generation: Generation) -> io::Result<Child> {
    let inherited = inheritable_descriptors()?;
    let mut command = Command::new(&line.program);
    command
        .args(&line.arguments)
        .env_clear()
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .current_dir("/")
        .process_group(0)
        .stdin(at_its_end(generation)?)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // SAFETY: between fork and exec only two system calls are made, umask and fcntl; nothing is allocated or locked. The
    // descriptors belong to the child's own table, where any that closed meanwhile only makes fcntl fail.
    unsafe {
        command.pre_exec(move || {
            rustix::process::umask(Mode::WGRP | Mode::WOTH);
            for &descriptor in &inherited {
                match rustix::io::fcntl_setfd(BorrowedFd::borrow_raw(descriptor), FdFlags::CLOEXEC) {
                    Ok(()) | Err(Errno::BADF) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            Ok(())
        });
    }
    command.spawn()
}

/// Generation 1 gives a pipe that it has already closed, generation 2 /dev/null: both read as an end at once.
fn at_its_end(generation: Generation) -> io::Result<Stdio> {
    match generation {
        Generation::One => io::pipe().map(|(reader, _closed)| reader.into()),
        Generation::Two => Ok(Stdio::null()),
    }
}

/// Descriptors that this process was itself started with and that would pass on to the child.
fn inheritable_descriptors() -> io::Result<Vec<RawFd>> {
    let mut descriptors = Vec::new();
    for entry in fs::read_dir("/proc/self/fd")? {
        let name = entry?.file_name();
        let Some(descriptor) = name.to_str().and_then(|name| name.parse::<RawFd>().ok()) else { continue };
        if descriptor > 2 {
            descriptors.push(descriptor);
        }
    }
    Ok(descriptors)
}
