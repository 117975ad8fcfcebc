//! Processes as `/proc` shows them: nginx's generations, and whatever still belongs to a sandbox when it ends.

use std::collections::HashSet;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::error::{Error, Result};
use crate::wait::wait_until;

/// A living process. A zombie is none: it holds nothing any more and only waits for its parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) id: u32,
    parent: u32,
    session: u32,
    terminal: i32,
    started: u64,
}

impl Process {
    pub(crate) fn find(id: u32) -> Option<Self> {
        Self::parse(id, &fs::read_to_string(format!("/proc/{id}/stat")).ok()?)
    }

    /// All living processes. One that ends while it is being looked at is left out.
    fn all() -> Vec<Self> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        entries.filter_map(|entry| Self::find(entry.file_name().to_str()?.parse().ok()?)).collect()
    }

    fn parse(id: u32, stat: &str) -> Option<Self> {
        // The name in parentheses may hold anything, so that the columns begin after the last one.
        let (_, columns) = stat.rsplit_once(") ")?;
        let columns: Vec<&str> = columns.split(' ').collect();
        if matches!(*columns.first()?, "Z" | "X" | "x") {
            return None;
        }
        Some(Self {
            id,
            parent: columns.get(1)?.parse().ok()?,
            session: columns.get(3)?.parse().ok()?,
            terminal: columns.get(4)?.parse().ok()?,
            started: columns.get(19)?.parse().ok()?,
        })
    }

    pub(crate) fn children(&self) -> Vec<Self> {
        Self::all().into_iter().filter(|process| process.parent == self.id).collect()
    }

    /// The command line with blanks between the arguments, or the title that the process gave itself.
    pub(crate) fn title(&self) -> String {
        let bytes = fs::read(format!("/proc/{}/cmdline", self.id)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).replace('\0', " ").trim_end().to_owned()
    }

    pub(crate) fn is_alive(&self) -> bool {
        Self::find(self.id).is_some_and(|found| found.started == self.started)
    }

    /// Sends the signal to exactly this process; to nobody if it is gone.
    pub(crate) fn send(&self, signal: Signal) -> Result<()> {
        let refused = |errno: Errno| {
            Error::new(format!("process `{}` ({}) could not be signalled: {errno}", self.id, self.title()))
        };
        let Some(id) = i32::try_from(self.id).ok().and_then(Pid::from_raw) else { return Ok(()) };
        let descriptor = match pidfd_open(id, PidfdFlags::empty()) {
            Ok(descriptor) => descriptor,
            Err(Errno::SRCH) => return Ok(()),
            Err(errno) => return Err(refused(errno)),
        };
        if !self.is_alive() {
            return Ok(());
        }
        match pidfd_send_signal(descriptor, signal) {
            Ok(()) | Err(Errno::SRCH) => Ok(()),
            Err(errno) => Err(refused(errno)),
        }
    }

    /// Whether it works in `directory`, or was started with a path in it as an argument or in a variable.
    fn belongs_to(&self, directory: &Path) -> bool {
        let file = |name: &str| format!("/proc/{}/{name}", self.id);
        let mentions = |name: &str| {
            let bytes = fs::read(file(name)).unwrap_or_default();
            bytes.windows(directory.as_os_str().len()).any(|window| window == directory.as_os_str().as_bytes())
        };
        fs::read_link(file("cwd")).is_ok_and(|path| path.starts_with(directory))
            || mentions("cmdline")
            || mentions("environ")
    }
}

/// Ends every process that belongs to the sandbox in `directory`, at once and until none is left.
///
/// The directory's name is unique, so who was started with it was started for it. Exempt are this process, those that it
/// came from, and somebody who only looks at the directory from another terminal.
pub(crate) fn kill_all_of(directory: &Path, at_most: Duration) -> Result<()> {
    let mut failure = None;
    let mut left = Vec::new();
    let all_gone = wait_until(at_most, || {
        left = all_of(directory);
        for process in &left {
            if let Err(error) = process.send(Signal::KILL) {
                failure = Some(error);
            }
        }
        left.is_empty()
    });
    if all_gone {
        return Ok(());
    }
    Err(failure.unwrap_or_else(|| {
        let named: Vec<String> = left.iter().map(|process| format!("{} ({})", process.id, process.title())).collect();
        Error::new(format!("`{}` still has processes after SIGKILL: {}", directory.display(), named.join(", ")))
    }))
}

/// The living processes that belong to the sandbox in `directory`.
pub(crate) fn all_of(directory: &Path) -> Vec<Process> {
    let all = Process::all();
    let own = all.iter().find(|process| process.id == std::process::id());
    let own_session = own.map(|process| process.session);
    let mut exempt = HashSet::new();
    let mut next = own;
    while let Some(process) = next.filter(|process| exempt.insert(process.id)) {
        next = all.iter().find(|candidate| candidate.id == process.parent);
    }
    let mut found: HashSet<u32> = all
        .iter()
        .filter(|process| !exempt.contains(&process.id))
        .filter(|process| process.terminal == 0 || Some(process.session) == own_session)
        .filter(|process| process.belongs_to(directory))
        .map(|process| process.id)
        .collect();
    // What they started belongs to it as well, even where it shows no sign of that itself.
    let mut known = 0;
    while known < found.len() {
        known = found.len();
        found.extend(
            all.iter().filter(|process| found.contains(&process.parent)).map(|process| process.id).collect::<Vec<_>>(),
        );
    }
    all.into_iter().filter(|process| found.contains(&process.id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_whatever_its_name_is() {
        let rest = "7 8 9 34816 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0";
        let expected = Process { id: 5, parent: 7, session: 9, terminal: 34_816, started: 4711 };
        assert_eq!(Process::parse(5, &format!("5 (a) b) (c) S {rest}")), Some(expected));
        assert_eq!(Process::parse(5, &format!("5 (a) Z {rest}")), None);
        assert_eq!(Process::parse(5, "5 (a) S 7"), None);
    }

    #[test]
    fn this_process_is_found_and_is_nobody_of_a_sandbox() {
        let own = Process::find(std::process::id()).unwrap();
        assert!(own.is_alive());
        assert!(!Process { started: own.started + 1, ..own.clone() }.is_alive());
        let directory = std::env::current_dir().unwrap();
        assert!(own.belongs_to(&directory), "{}", own.title());
        assert!(!all_of(&directory).contains(&own));
    }
}
