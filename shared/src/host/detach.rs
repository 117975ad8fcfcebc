//! Starting a program out of the agent's reach: a session of its own, none of the agent's pipes or descriptors, output
//! appended to its own log (F03, F05, F81, F85). The one place with `unsafe`, since only the child itself can do this.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use super::{Launch, programs};
use crate::language::translated;

/// The kernel ends the newcomer first when memory is short, as long as it does not serve (F40).
const FIRST_TO_GO: &[u8] = b"1000";

/// How many files a release may have open; more than a login gives, as services want it.
pub(crate) const OPEN_FILES: u64 = 65_536;

/// Starts the program.
///
/// # Errors
/// As the operating system says: log not writable, program not found, no process to be had.
pub(super) fn spawn(launch: &Launch) -> io::Result<Child> {
    let mut command = prepare(launch)?;
    leave_the_agent(&mut command);
    command.spawn()
}

/// Puts the program in the place of this one, which systemd has started out of everybody's reach already.
///
/// # Errors
/// As `spawn`; it returns only then.
#[must_use]
pub fn become_program(launch: &Launch, first_to_go: bool) -> io::Error {
    match prepare(launch) {
        Ok(mut command) => {
            if first_to_go {
                prefer_to_be_ended();
            }
            command.exec()
        }
        Err(cause) => cause,
    }
}

fn prepare(launch: &Launch) -> io::Result<Command> {
    // All of it, so that a new field is not forgotten here.
    let Launch { command, directory, environment, variables, log } = launch;
    let Some((program, arguments)) = command.split_first() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, translated!("the command is empty")));
    };
    // Looked for where the preflight looked, not in the PATH that the application is left with.
    let Some(program) = programs::find(program) else {
        return Err(io::Error::new(io::ErrorKind::NotFound, translated!("no such program, or it may not be run")));
    };
    let log = OpenOptions::new().append(true).create(true).mode(0o640).open(log)?;
    #[expect(clippy::disallowed_methods, reason = "this is the place that starts programs, for everybody")]
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .env_clear()
        .envs(crate::environment::inheritable(environment))
        .envs(variables.iter().map(|(name, value)| (name, value)));
    Ok(command)
}

#[expect(unsafe_code, reason = "what happens between fork and exec can be said in no other way")]
fn leave_the_agent(command: &mut Command) {
    // SAFETY: the closure only makes system calls that are allowed between fork and exec (setsid, open, write, close,
    // close_range, sigprocmask, prlimit); it neither allocates nor takes a lock.
    unsafe {
        command.pre_exec(|| {
            rustix::process::setsid()?;
            inherit_nothing();
            hear_every_signal();
            open_many_files();
            leave_no_core();
            prefer_to_be_ended();
            Ok(())
        });
    }
}

/// Marks every descriptor above standard error as close-on-exec: the agent may have been started with more of them. Kernels
/// before 5.11 lack the flag; there nothing more can be done between fork and exec, and std's own are marked already.
#[expect(unsafe_code, reason = "rustix has no close_range")]
fn inherit_nothing() {
    // SAFETY: a system call with plain integers.
    let _ = unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC) };
}

/// Blocks no signal: whoever started the hook with SIGTERM blocked would make a release of which only SIGKILL is heard (F34).
#[expect(unsafe_code, reason = "rustix has no sigprocmask")]
fn hear_every_signal() {
    let mut none = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the set is filled before it is read, and both calls may be made between fork and exec.
    unsafe {
        libc::sigemptyset(none.as_mut_ptr());
        libc::sigprocmask(libc::SIG_SETMASK, none.as_ptr(), std::ptr::null_mut());
    }
}

/// Raises the own limit of open files as far as it may be, to what a unit gives: a login gives 1024, which is few for a server (F41).
fn open_many_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(OPEN_FILES, |maximum| maximum.min(OPEN_FILES));
    if current.is_some_and(|current| current < wanted) {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum });
    }
}

/// Lets no crash fill the disk with all of a JVM's memory (F42). The limit can be raised again by whoever wants one.
fn leave_no_core() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), ..getrlimit(Resource::Core) });
}

/// Raises the own score; where that is refused the newcomer is simply as likely to be ended as others.
fn prefer_to_be_ended() {
    use rustix::fs::{Mode, OFlags};
    if let Ok(file) = rustix::fs::open(c"/proc/self/oom_score_adj", OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty()) {
        let _ = rustix::io::write(&file, FIRST_TO_GO);
    }
}
