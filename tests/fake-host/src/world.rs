//! All that there is, and the passing of time over it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::rc::{Rc, Weak};
use std::time::Duration;

use sha2::{Digest, Sha256};
use shared::error::{self, Error};
use shared::host::Lock;

use super::app::App;
use super::clock::{Clock, Due};
use super::codedeploy::ServiceInMemory;
use super::door::Door;
use super::faults::Faults;
use super::files::Files;
use super::journal::{Deed, Entry};
use super::nginx::Nginx;
use super::processes::Processes;

/// The state of the host.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) clock: Clock,
    /// Who has taken a lock, as long as it is held.
    pub(super) locks: BTreeMap<PathBuf, Weak<str>>,
    pub(super) files: Files,
    pub(super) processes: Processes,
    pub(super) nginx: Nginx,
    pub(super) door: Door,
    pub(super) requests: usize,
    /// What was asked as a proxy asks: port and path.
    pub(super) proxied: Vec<(u16, String)>,
    /// How many sessions the releases have made.
    pub(super) sessions: usize,
    pub(super) faults: Faults,
    pub(super) journal: Vec<Entry>,
    pub(super) next_releases: VecDeque<App>,
    pub(super) instances: u32,
    pub(super) boot: u32,
    pub(super) user: u32,
    pub(super) sudo_allows: bool,
    pub(super) programs: BTreeSet<String>,
    pub(super) free_space: u64,
    pub(super) available_memory: u64,
    pub(super) memory_limited_by: Option<String>,
    pub(super) control_groups: BTreeMap<u32, String>,
    pub(super) ended_for_memory: u64,
    /// The same when the hook began.
    pub(super) ended_for_memory_before: u64,
    pub(super) began: Duration,
    /// When the hook ends itself, since its beginning, and why.
    pub(super) limit: Option<(Duration, String)>,
    pub(super) codedeploy: ServiceInMemory,
}

impl World {
    /// The time since the hook began.
    pub(super) fn since_begin(&self) -> Duration {
        self.clock.now().saturating_sub(self.began)
    }

    /// Time passes, and what is due on the way happens.
    pub(super) fn advance(&mut self, by: Duration) {
        let end = self.clock.now() + by;
        while let Some(due) = self.clock.next_until(end) {
            match due {
                Due::Bind(identity) => self.bind(&identity),
                Due::End(identity, ending) => self.end(&identity, &ending),
                Due::Starve(identity) => {
                    self.ended_for_memory += 1;
                    self.end(&identity, "signal 9");
                }
                Due::Reload(reloading) => self.reload(reloading),
                Due::Start(route) => self.start_workers(&route),
                Due::Retire(workers) => self.retire(&workers),
            }
        }
    }

    /// How long it is until the hook's limit, if that is obeyed.
    pub(super) fn until_limit(&self) -> Option<Duration> {
        let (at, _) = self.limit.as_ref().filter(|_| !self.faults.is_shielded())?;
        Some(at.saturating_sub(self.since_begin()))
    }

    /// Whether the hook may go on.
    pub(super) fn obey_limit(&self) -> error::Result<()> {
        match &self.limit {
            Some((_, why)) if self.until_limit() == Some(Duration::ZERO) => Err(Error::out_of_time(why)),
            _ => Ok(()),
        }
    }

    /// Time passes, but not beyond the limit.
    pub(super) fn wait(&mut self, by: Duration) -> error::Result<()> {
        if self.until_limit().is_some_and(|left| left < by) {
            return self.wait_for_limit();
        }
        self.advance(by);
        Ok(())
    }

    /// Time passes until the limit, where there is one.
    pub(super) fn wait_for_limit(&mut self) -> error::Result<()> {
        self.advance(self.until_limit().unwrap_or_default());
        self.obey_limit()
    }

    /// Writes a deed into the journal.
    pub(super) fn note(&mut self, deed: Deed) {
        let entry = Entry { at: self.clock.now(), live_port: self.live_port(), deed };
        self.journal.push(entry);
    }

    pub(super) fn replace_file(&mut self, path: &Path, bytes: &[u8], mode: u32, lasts: bool) -> io::Result<()> {
        let fault = self.faults.write_strikes();
        if let Some(fault) = fault.filter(|fault| !fault.after_the_rename) {
            return Err(fault.kind.into());
        }
        let before = self.files.kept(path);
        self.files.put(path, bytes.to_owned(), mode, self.user, self.clock.time_of_day())?;
        if lasts {
            self.files.sync_names_beside(path);
        } else {
            self.files.may_go_back(path, before);
        }
        self.note(Deed::Wrote(path.to_owned()));
        fault.map_or(Ok(()), |fault| Err(fault.kind.into()))
    }

    pub(super) fn make_directory(&mut self, path: &Path, mode: u32) -> io::Result<()> {
        self.files.make_directory(path, mode, self.user, self.clock.time_of_day())
    }

    pub(super) fn remove(&mut self, path: &Path) -> io::Result<()> {
        let fault = self.faults.rename_strikes();
        if let Some(fault) = fault.filter(|fault| !fault.after_the_rename) {
            return Err(fault.kind.into());
        }
        self.files.remove(path, self.user)?;
        self.files.sync_names_beside(path);
        self.note(Deed::Removed(path.to_owned()));
        fault.map_or(Ok(()), |fault| Err(fault.kind.into()))
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let fault = self.faults.rename_strikes();
        if let Some(fault) = fault.filter(|fault| !fault.after_the_rename) {
            return Err(fault.kind.into());
        }
        self.files.rename(from, to, self.user, self.clock.time_of_day())?;
        self.files.sync_names_beside(to);
        self.note(Deed::Wrote(to.to_owned()));
        fault.map_or(Ok(()), |fault| Err(fault.kind.into()))
    }

    pub(super) fn publish(&mut self, from: &Path, to: &Path) -> io::Result<String> {
        let fault = self.faults.write_strikes();
        if let Some(above) = to.parent() {
            self.make_directory(above, 0o755)?;
        }
        if let Some(fault) = fault.filter(|fault| !fault.after_the_rename) {
            return Err(fault.kind.into());
        }
        let bytes = self.files.read_as(from, self.user)?;
        if self.files.describe(to).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let sha256 = shared::host::hexadecimal(&Sha256::digest(&bytes));
        self.files.put(to, bytes, 0o755, self.user, self.clock.time_of_day())?;
        self.note(Deed::Published(to.to_owned()));
        fault.map_or(Ok(sha256), |fault| Err(fault.kind.into()))
    }

    /// Takes the lock, unless it is held: by somebody else, which is a fault, or by who has taken it and not let go.
    pub(super) fn lock(&mut self, path: &Path, holder: &str) -> io::Result<Result<Lock, String>> {
        if let Some(holder) = self.faults.lock_holder.clone() {
            self.faults.struck = true;
            return Ok(Err(holder));
        }
        if let Some(holder) = self.locks.get(path).and_then(Weak::upgrade) {
            return Ok(Err(holder.to_string()));
        }
        self.files.put(path, holder.as_bytes().to_owned(), 0o644, self.user, self.clock.time_of_day())?;
        let holder: Rc<str> = holder.into();
        self.locks.insert(path.to_owned(), Rc::downgrade(&holder));
        Ok(Ok(Lock::held_by(holder)))
    }

    /// What the test itself does to files is no deed of a hook's.
    pub(super) fn write_as_root(&mut self, path: &Path, bytes: Vec<u8>) {
        let now = self.clock.time_of_day();
        if let Some(above) = path.parent() {
            let made = self.files.make_directory(above, 0o755, 0, now);
            debug_assert!(made.is_ok(), "{}: {made:?}", above.to_string_lossy());
        }
        let put = self.files.put(path, bytes, 0o644, 0, now);
        debug_assert!(put.is_ok(), "{}: {put:?}", path.to_string_lossy());
    }

    pub(super) fn remove_as_root(&mut self, path: &Path) {
        // A file that is not there is as good as removed.
        let _ = self.files.remove(path, 0);
    }
}
