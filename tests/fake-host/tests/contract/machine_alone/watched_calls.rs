//! One deed, watched with ptrace, which stops it at every system call: what it read, wrote and synced, and when the name that
//! matters began to lead elsewhere.

use std::fs;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::on_machine::DEED;

/// A call that matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Read(PathBuf),
    Wrote(PathBuf),
    Synced(PathBuf),
    /// The watched name leads to another file than before, or to none.
    Changed,
}

/// What a deed did below the directory, what it said, and at each call a chance to meddle.
pub(crate) fn watch(
    deed: &[&str],
    directory: &Path,
    watched: &Path,
    mut meddle: impl FnMut(&Call),
) -> (Vec<Call>, String) {
    let mut child = stopped(deed);
    let id = Pid::from_raw(i32::try_from(child.id()).unwrap());
    assert_eq!(waitpid(id, Some(WaitPidFlag::WUNTRACED)), Ok(WaitStatus::Stopped(id, Signal::SIGSTOP)));
    ptrace::seize(id, Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_EXITKILL)
        .expect("the deed can be watched; needed root, or a kernel that allows it");
    kill(id, Signal::SIGCONT).unwrap();
    let mut seen = Vec::new();
    let mut begun = None;
    let mut inside = false;
    let mut leads_to = file_at(watched);
    loop {
        let signal = match waitpid(id, None).unwrap() {
            WaitStatus::PtraceSyscall(_) => {
                inside = !inside;
                if inside {
                    begun = call(id).filter(|call| path_of(call).starts_with(directory));
                } else {
                    let now = file_at(watched);
                    let changed = (now != leads_to).then_some(Call::Changed);
                    leads_to = now;
                    for call in begun.take().into_iter().chain(changed) {
                        meddle(&call);
                        seen.push(call);
                    }
                }
                None
            }
            WaitStatus::PtraceEvent(..) => None,
            WaitStatus::Stopped(_, signal) => Some(signal),
            WaitStatus::Exited(..) => break,
            other => panic!("{deed:?}: {other:?}"),
        };
        ptrace::syscall(id, signal).unwrap();
    }
    // Many calls may write one file.
    seen.dedup();
    (seen, said(&mut child))
}

/// The deed before it begins.
fn stopped(deed: &[&str]) -> Child {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "kill -STOP $$; exec \"$@\"", "sh", DEED]).args(deed);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap()
}

fn said(child: &mut Child) -> String {
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    said.trim().to_owned()
}

/// The call that a stopped process is about to make, if it matters.
fn call(id: Pid) -> Option<Call> {
    let line = fs::read_to_string(format!("/proc/{id}/syscall")).unwrap();
    let mut words = line.split_whitespace();
    let number: libc::c_long = words.next()?.parse().ok()?;
    let kind = match number {
        libc::SYS_read | libc::SYS_pread64 => Call::Read,
        libc::SYS_write | libc::SYS_pwrite64 | libc::SYS_writev => Call::Wrote,
        libc::SYS_fsync | libc::SYS_fdatasync => Call::Synced,
        _ => return None,
    };
    let descriptor = u32::from_str_radix(words.next()?.trim_start_matches("0x"), 16).ok()?;
    Some(kind(fs::read_link(format!("/proc/{id}/fd/{descriptor}")).ok()?))
}

fn path_of(call: &Call) -> &Path {
    match call {
        Call::Read(path) | Call::Wrote(path) | Call::Synced(path) => path,
        Call::Changed => Path::new(""),
    }
}

fn file_at(path: &Path) -> Option<u64> {
    fs::symlink_metadata(path).ok().map(|facts| facts.ino())
}
