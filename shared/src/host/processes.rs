//! Processes as `/proc` shows them, and signals that reach exactly the process that was meant: through a pidfd whose
//! identity is read again after it was opened (F36, F37).

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, SystemTime};

use procfs::FromRead;
use procfs::process::{Process as Entry, Stat};
use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, PidfdFlags};

use super::{Credentials, Process, ProcessIdentity, ProcessMemory, Share, Signal, files, sessions};
use crate::language::translated;

/// The process with this id; nothing if it is gone, or a zombie, which is as good as gone.
pub(super) fn find(id: u32) -> Option<Process> {
    let directory = open(id)?;
    let stat = stat(&directory)?;
    if has_ended(&stat) { None } else { as_process(&directory, &stat) }
}

/// Whether exactly this process lives.
pub(super) fn lives(process: &ProcessIdentity) -> bool {
    let stat = files::read(Path::new(&format!("/proc/{}/stat", process.id))).ok();
    let stat = stat.and_then(|bytes| Stat::from_read(bytes.as_slice()).ok());
    stat.is_some_and(|stat| !has_ended(&stat) && stat.starttime == process.started)
}

/// Whether a process has this id that `/proc` does not show to this user: who may not signal it is told that it may not, and not
/// that nobody is there. A zombie is shown.
pub(super) fn is_hidden(id: u32) -> bool {
    let Some(process) = i32::try_from(id).ok().and_then(Pid::from_raw) else { return false };
    matches!(rustix::process::test_kill_process(process), Ok(()) | Err(rustix::io::Errno::PERM))
        && File::open(format!("/proc/{id}/stat")).and_then(|mut file| file.read(&mut [0; 1])).is_err()
}

/// The ids that a process has in its PID namespaces, the outermost first; its own alone where the kernel does not tell.
pub(super) fn ids_in_namespaces(process: &ProcessIdentity) -> Vec<u32> {
    let status = i32::try_from(process.id).ok().and_then(|id| Entry::new(id).ok()?.status().ok());
    let ids = status.and_then(|status| status.nspid).unwrap_or_default();
    let ids: Vec<u32> = ids.into_iter().filter_map(|id| u32::try_from(id).ok()).collect();
    if ids.is_empty() { vec![process.id] } else { ids }
}

/// Every process that this user may see.
pub(super) fn all() -> Vec<Process> {
    ids().unwrap_or_default().into_iter().filter_map(find).collect()
}

/// The ids of all processes.
pub(super) fn ids() -> io::Result<Vec<u32>> {
    let names = std::fs::read_dir("/proc")?.flatten().map(|entry| entry.file_name());
    Ok(names.filter_map(|name| name.to_str()?.parse().ok()).collect())
}

/// A child of this process that was not waited for: it can be described even if it has ended already.
pub(super) fn child(id: u32) -> Option<Process> {
    let directory = open(id)?;
    as_process(&directory, &stat(&directory)?)
}

/// The directory of a process: what is read in there is of this one, whoever gets its id next.
fn open(id: u32) -> Option<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::open(format!("/proc/{id}"), flags, Mode::empty()).ok()
}

fn stat(directory: &OwnedFd) -> Option<Stat> {
    Stat::from_read(read(directory, "stat")?.as_slice()).ok()
}

/// A zombie is as good as gone.
fn has_ended(stat: &Stat) -> bool {
    matches!(stat.state, 'Z' | 'X' | 'x')
}

/// A process's command line; none where it has let go of its memory.
fn command(directory: &OwnedFd) -> Vec<String> {
    let bytes = read(directory, "cmdline").unwrap_or_default();
    let text = bytes.strip_suffix(b"\0").unwrap_or(&bytes);
    if text.is_empty() {
        return Vec::new();
    }
    text.split(|byte| *byte == 0).map(|argument| String::from_utf8_lossy(argument).into_owned()).collect()
}

/// A file of a process. Each reading of such a file costs the kernel a look into the process, so that it is taken in one: where
/// less came than there was room for, there is no more.
fn read(directory: &OwnedFd, name: &str) -> Option<Vec<u8>> {
    let file = rustix::fs::openat(directory, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    let mut bytes = Vec::with_capacity(4096);
    loop {
        let before = bytes.len();
        rustix::io::read(&file, rustix::buffer::spare_capacity(&mut bytes)).ok()?;
        if bytes.len() == before || bytes.len() < bytes.capacity() {
            return Some(bytes);
        }
        bytes.reserve(bytes.capacity());
    }
}

fn as_process(directory: &OwnedFd, stat: &Stat) -> Option<Process> {
    Some(Process {
        identity: ProcessIdentity { id: u32::try_from(stat.pid).ok()?, started: stat.starttime },
        parent: u32::try_from(stat.ppid).unwrap_or(0),
        session: u32::try_from(stat.session).unwrap_or(0),
        owner: rustix::fs::fstat(directory.as_fd()).ok()?.st_uid,
        started_at: started_at(stat.starttime),
        command: command(directory),
    })
}

/// The children of all the threads of a process.
pub(super) fn children(id: u32) -> Vec<Process> {
    sessions::child_ids(id, usize::MAX).unwrap_or_default().into_iter().filter_map(find).collect()
}

/// As whom a process acts on files.
pub(super) fn credentials(process: &ProcessIdentity) -> Option<Credentials> {
    lives(process).then_some(())?;
    let status = Entry::new(i32::try_from(process.id).ok()?).ok()?.status().ok()?;
    Some(Credentials { user: status.fuid, groups: std::iter::once(status.fgid).chain(status.groups).collect() })
}

/// Sends `signal` to exactly this process; `false` if it is gone.
pub(super) fn send(process: &ProcessIdentity, signal: Signal) -> io::Result<bool> {
    let Some(id) = i32::try_from(process.id).ok().and_then(Pid::from_raw) else { return Ok(false) };
    let number = match signal {
        Signal::Terminate => rustix::process::Signal::TERM,
        Signal::Kill => rustix::process::Signal::KILL,
        Signal::Reload => rustix::process::Signal::HUP,
    };
    let is_the_one = || lives(process);
    let sent = match rustix::process::pidfd_open(id, PidfdFlags::empty()) {
        Ok(descriptor) => {
            if !is_the_one() {
                return Ok(false);
            }
            rustix::process::pidfd_send_signal(descriptor, number)
        }
        // Kernels before 5.3 (Amazon Linux 2) have no pidfd: look, then signal (F38).
        Err(rustix::io::Errno::NOSYS) => {
            if !is_the_one() {
                return Ok(false);
            }
            rustix::process::kill_process(id, number)
        }
        Err(cause) => Err(cause),
    };
    match sent {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::SRCH) => Ok(false),
        Err(cause) => Err(cause.into()),
    }
}

/// How eager the kernel is to end this process when memory is short. Nobody but root may go below what root has once given, as systemd
/// gives the manager of a user 100: there it comes as near as it may.
#[expect(clippy::disallowed_methods, reason = "the host is the place that writes, for everybody")]
pub(super) fn set_memory_sacrifice(process: &ProcessIdentity, score: i32) -> io::Result<()> {
    if !lives(process) {
        return Err(io::Error::new(io::ErrorKind::NotFound, translated!("the process is gone")));
    }
    let path = format!("/proc/{}/oom_score_adj", process.id);
    let set = |score: i32| std::fs::write(&path, score.to_string());
    let Err(denied) = set(score) else { return Ok(()) };
    let now = String::from_utf8_lossy(&files::read(Path::new(&path))?).trim().parse().unwrap_or(score);
    if denied.kind() != io::ErrorKind::PermissionDenied || set(now).is_err() {
        return Err(denied);
    }
    least_allowed(score, now, |score| set(score).is_ok());
    Ok(())
}

/// The least number above `denied`, and up to `allowed`, that is allowed; the last one that was found to be allowed.
fn least_allowed(mut denied: i32, mut allowed: i32, mut is_allowed: impl FnMut(i32) -> bool) -> i32 {
    while allowed - denied > 1 {
        let middle = denied + (allowed - denied) / 2;
        if is_allowed(middle) {
            allowed = middle;
        } else {
            denied = middle;
        }
    }
    allowed
}

/// The `nice` of an autogroup. That of a small share may be taken back without privilege, as that of a process may not.
fn nice(share: Share) -> &'static str {
    match share {
        Share::Equal => "0",
        Share::Small => "5",
        Share::Least => "19",
    }
}

/// What share of the processors the session of this process has.
#[expect(clippy::disallowed_methods, reason = "the host is the place that writes, for everybody")]
pub(super) fn set_processor_share(process: &ProcessIdentity, share: Share) -> io::Result<()> {
    if !lives(process) {
        return Err(io::Error::new(io::ErrorKind::NotFound, translated!("the process is gone")));
    }
    let path = format!("/proc/{}/autogroup", process.id);
    let before = match share {
        Share::Equal => Share::Small,
        Share::Small | Share::Least => Share::Equal,
    };
    match files::read(Path::new(&path)) {
        // The kernel was built without.
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(cause),
        // "/autogroup-123 nice 0". Whatever else stands there is a person's.
        Ok(text) if String::from_utf8_lossy(&text).trim_end().rsplit(' ').next() == Some(nice(before)) => {
            std::fs::write(&path, nice(share))
        }
        Ok(_) => Ok(()),
    }
}

/// The memory that a process holds.
pub(super) fn memory(process: &ProcessIdentity) -> Option<ProcessMemory> {
    lives(process).then_some(())?;
    let status = Entry::new(i32::try_from(process.id).ok()?).ok()?.status().ok()?;
    let now = status.vmrss? * 1024;
    Some(ProcessMemory { now, peak: status.vmhwm.map_or(now, |kibibytes| kibibytes * 1024) })
}

/// Start times are clock ticks since the boot; a time of day is wanted.
fn started_at(ticks: u64) -> SystemTime {
    let ticks_per_second = rustix::param::clock_ticks_per_second().max(1);
    let since_boot = Duration::from_millis(ticks.saturating_mul(1000) / ticks_per_second);
    let clock = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let uptime = Duration::new(u64::try_from(clock.tv_sec).unwrap_or(0), u32::try_from(clock.tv_nsec).unwrap_or(0));
    SystemTime::now() - uptime.saturating_sub(since_boot)
}

#[cfg(test)]
mod tests {
    use super::least_allowed;

    #[test]
    fn f40_where_a_score_may_not_fall_as_low_as_asked_for_it_falls_as_low_as_it_may() {
        for floor in [1, 2, 100, 200, 999, 1000] {
            let mut tried = Vec::new();
            let found = least_allowed(0, 1000, |score| {
                tried.push(score);
                score >= floor
            });
            assert_eq!(found, floor);
            let last = tried.iter().rev().find(|score| **score >= floor).copied();
            assert_eq!(last.unwrap_or(1000), floor, "what is set at the end: {tried:?}");
        }
    }
}
