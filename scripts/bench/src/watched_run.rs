//! A run that is watched with ptrace, which stops it at every process that is made and at every exit: exact counts and the
//! peak of memory. It slows the run down, so that nothing is timed here.

use std::process::ExitStatus;
use std::thread;

use anyhow::{Context, bail};
use nix::errno::Errno;
use nix::libc::c_int;
use nix::sys::ptrace::{self, Event, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use procfs::process::Process;

use crate::invocation::Invocation;

/// What was seen of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct WatchedRun {
    /// Processes (threads are none) that it and its descendants made until it exited; it itself is not counted.
    pub(crate) processes: u64,
    /// The most memory that it had resident, in bytes (`VmHWM` at its exit). That of its children is not in it.
    pub(crate) peak_memory: u64,
}

/// Runs it to its end. What it leaves running is let go.
///
/// # Errors
/// It cannot be run or watched, or fails.
pub(crate) fn run(invocation: &Invocation) -> anyhow::Result<WatchedRun> {
    // The kernel takes a thread for the watcher, and lets go of whatever is still watched when that thread ends.
    thread::scope(|scope| {
        let watcher = scope.spawn(|| watch(invocation));
        watcher.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn watch(invocation: &Invocation) -> anyhow::Result<WatchedRun> {
    // Reaped by the `waitpid` below.
    let child = invocation.stopped_command()?.spawn().context("`/bin/sh` could not be run")?;
    let root = Pid::from_raw(i32::try_from(child.id())?);
    let stopped = waitpid(root, Some(WaitPidFlag::WUNTRACED))?;
    if stopped != WaitStatus::Stopped(root, Signal::SIGSTOP) {
        bail!("the shell that was to wait did not: {stopped:?}");
    }
    let options = Options::PTRACE_O_TRACEFORK
        | Options::PTRACE_O_TRACEVFORK
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEEXIT;
    ptrace::seize(root, options)
        .context("the run cannot be watched with ptrace; needed root, or a kernel that allows it")?;
    kill(root, Signal::SIGCONT)?;
    let mut seen = WatchedRun::default();
    let flags = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
    loop {
        let status = match waitpid(None, Some(flags)) {
            Err(Errno::EINTR) => continue,
            status => status.context("what is watched cannot be waited for")?,
        };
        match status {
            WaitStatus::Exited(pid, code) if pid == root => {
                invocation.check(std::os::unix::process::ExitStatusExt::from_raw(code << 8))?;
                return Ok(seen);
            }
            WaitStatus::Signaled(pid, signal, _) if pid == root => {
                let status: ExitStatus = std::os::unix::process::ExitStatusExt::from_raw(signal as c_int);
                invocation.check(status)?;
            }
            // Also the stop of a new process, before its first instruction, and of one that goes on after SIGCONT.
            WaitStatus::PtraceEvent(pid, _, event) => {
                if is_new_process(pid, event)? {
                    seen.processes += 1;
                }
                if pid == root && event == Event::PTRACE_EVENT_EXIT as c_int {
                    seen.peak_memory = peak_memory(pid)?;
                }
                go_on(pid, None)?;
            }
            WaitStatus::Stopped(pid, signal) => go_on(pid, Some(signal))?,
            _ => {}
        }
    }
}

/// Whether the event says that a process was made. A clone may be a thread; one that ended already was none, since those
/// that come here wait for this watcher.
fn is_new_process(pid: Pid, event: c_int) -> anyhow::Result<bool> {
    if event == Event::PTRACE_EVENT_FORK as c_int || event == Event::PTRACE_EVENT_VFORK as c_int {
        return Ok(true);
    }
    if event != Event::PTRACE_EVENT_CLONE as c_int {
        return Ok(false);
    }
    let new = i32::try_from(ptrace::getevent(pid)?)?;
    let status = Process::new(new).and_then(|process| process.status());
    Ok(status.with_context(|| format!("task {new} was made and cannot be looked at"))?.tgid == new)
}

fn peak_memory(pid: Pid) -> anyhow::Result<u64> {
    let status = Process::new(pid.as_raw())?.status()?;
    Ok(status.vmhwm.with_context(|| format!("process {pid} has no `VmHWM` at its exit"))? * 1024)
}

/// One that was killed meanwhile has nothing to go on with.
fn go_on(pid: Pid, signal: Option<Signal>) -> anyhow::Result<()> {
    match ptrace::cont(pid, signal) {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(errno) => Err(errno).with_context(|| format!("process {pid} cannot go on")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(name: &str, program: &str, script: &str) -> anyhow::Result<WatchedRun> {
        let output = std::env::temp_dir().join(format!("bench-watched-{}-{name}", std::process::id()));
        let invocation = Invocation {
            hook: "stop",
            program: program.into(),
            arguments: vec!["-c".to_owned(), script.to_owned()],
            variables: Vec::new(),
            output: output.clone(),
        };
        let seen = run(&invocation);
        workstation::files::remove(&output).unwrap();
        seen
    }

    #[test]
    fn every_process_is_counted_and_no_thread() {
        for (name, script, processes) in [
            ("none", ":", 0),
            ("one", "/bin/true; :", 1),
            ("exec", "exec /bin/true", 0),
            ("pipe", "/bin/true | /bin/cat; :", 2),
            ("substitution", "x=$(/bin/true); :", 1),
            ("within another", "/bin/bash -c '/bin/true; /bin/true; :'; :", 3),
            ("left behind", "/bin/sleep 0.3 & :", 1),
        ] {
            let seen = watched(name, "/bin/bash", script).unwrap();
            assert_eq!(seen.processes, processes, "{name}: {script}");
            assert!(seen.peak_memory > 100_000, "{seen:?}");
        }
        let script = "import threading\nfor _ in range(3):\n  t = threading.Thread(target=int); t.start(); t.join()";
        assert_eq!(watched("threads", "/usr/bin/python3", script).unwrap().processes, 0);
    }

    #[test]
    fn a_failure_is_told() {
        let told = watched("failure", "/bin/bash", "echo why; exit 3").unwrap_err().to_string();
        assert!(told.contains("exit status: 3") && told.contains("why"), "{told}");
    }
}
