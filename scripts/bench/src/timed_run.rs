//! A run that is timed and otherwise left alone: what it took on the clock and on the processors.

use std::time::{Duration, Instant};

use anyhow::Context;
use nix::errno::Errno;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::time::ClockId;
use nix::unistd::Pid;
use workstation::interruption;

use crate::invocation::Invocation;

/// What a run took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimedRun {
    /// When it was started.
    pub(crate) began: Instant,
    /// From there to its exit.
    pub(crate) wall: Duration,
    /// User and system time of the process itself, all threads, in the kernel's nanoseconds: its CPU clock, read when it
    /// has exited and is not yet reaped. Of its children nothing is in it.
    pub(crate) cpu: Duration,
    /// That and the time of all descendants that were waited for: what `wait4` says. The application is not among them.
    pub(crate) cpu_with_children: Duration,
}

/// Runs it to its end.
///
/// # Errors
/// It cannot be run, or fails.
pub(crate) fn run(invocation: &Invocation) -> anyhow::Result<TimedRun> {
    let told = || format!("`{}` could not be measured", invocation.program.display());
    interruption::check()?;
    let mut command = invocation.command()?;
    let before = cpu_of_children()?;
    let began = Instant::now();
    let mut child = command.spawn().with_context(told)?;
    let pid = Pid::from_raw(i32::try_from(child.id())?);
    while let Err(errno) = waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT) {
        if errno != Errno::EINTR {
            return Err(errno).with_context(told);
        }
    }
    let wall = began.elapsed();
    let cpu = cpu_of(pid)?;
    let status = child.wait().with_context(told)?;
    let cpu_with_children = cpu_of_children()?.saturating_sub(before);
    invocation.check(status)?;
    Ok(TimedRun { began, wall, cpu, cpu_with_children })
}

/// The CPU time of a process so far, without its children. A zombie still has it.
pub(crate) fn cpu_of(pid: Pid) -> anyhow::Result<Duration> {
    let time = ClockId::pid_cpu_clock_id(pid).and_then(ClockId::now);
    Ok(time.with_context(|| format!("process {pid} has no CPU clock"))?.into())
}

/// Of all children that were waited for until now, and theirs.
fn cpu_of_children() -> anyhow::Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("the children's CPU time cannot be read")?;
    let microseconds = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(microseconds.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_children_is_told_apart_from_the_processs_own() {
        // The kernel counts the children of a whole process: another test that waits for its own (a browser, say) would be in it.
        if !std::env::args().any(|argument| argument == "--exact") {
            let name = "timed_run::tests::the_time_of_children_is_told_apart_from_the_processs_own";
            let mut alone = workstation::programs::command(std::env::current_exe().unwrap());
            let output = alone.args(["--exact", name]).output().unwrap();
            let told = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && told.contains("1 passed"), "{told}");
            return;
        }
        let directory = std::env::temp_dir();
        let count = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";
        let invocation = |name: &str, script: String| Invocation {
            hook: "stop",
            program: "/bin/sh".into(),
            arguments: vec!["-c".to_owned(), script],
            variables: Vec::new(),
            output: directory.join(format!("bench-timed-{}-{name}", std::process::id())),
        };
        let own = invocation("own", format!("{count}; true"));
        let run_own = run(&own).unwrap();
        let childs = invocation("child", format!("/bin/sh -c '{count}'; true"));
        let run_childs = run(&childs).unwrap();
        for output in [own.output, childs.output] {
            workstation::files::remove(&output).unwrap();
        }
        assert!(run_own.cpu * 2 > run_own.cpu_with_children, "{run_own:?}");
        assert!(run_childs.cpu * 2 < run_childs.cpu_with_children, "{run_childs:?}");
    }
}
