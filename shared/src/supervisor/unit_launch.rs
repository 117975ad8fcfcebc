//! Starting a release as a unit: it is pinned, systemd is told to start it, and the process that comes of it is waited for.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::manager::ANSWERS_AT_MOST;
use super::pin::{self, Pin};
use super::unit::Unit;
use crate::error::{Error, Kind, Result};
use crate::host::{Host, Process};
use crate::language::translated;
use crate::ledger::store;
use crate::patience::{Patience, Waiting};

/// How long a started unit may take to become a process of the release.
const COMES_AT_MOST: Duration = Duration::from_secs(5);

/// The longest that a launch can take: systemd is told twice.
pub const AT_MOST: Duration = Duration::from_secs(2 * ANSWERS_AT_MOST.as_secs() + COMES_AT_MOST.as_secs());
/// The longest that installing a unit can take: its program is copied, and systemd is told twice.
pub const INSTALL_AT_MOST: Duration = Duration::from_secs(2 * ANSWERS_AT_MOST.as_secs() + 5);

/// A release that is to be started by a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitLaunch {
    /// The unit.
    pub unit: Unit,
    /// Where its pin stands.
    pub path: PathBuf,
    /// What it is to run.
    pub pin: Pin,
}

impl UnitLaunch {
    /// Starts it.
    ///
    /// # Errors
    /// `Kind::NotStarted` where systemd does not start it or it ends at once; as `Kind::of` says, where it cannot be pinned;
    /// `Kind::Interrupted` after a signal.
    pub async fn start(&self, host: &impl Host) -> Result<Process> {
        let UnitLaunch { unit, path, pin } = self;
        let record = pin::run_beside(path);
        // A release that is started once more was noted then: that would be taken for what runs now.
        if pin::last_run(host, &record).is_some_and(|run| run.launch == pin.launch) {
            host.remove(&record).map_err(|cause| unwritable(&record, &cause))?;
        }
        pin::write(host, path, pin).map_err(|cause| unwritable(path, &cause))?;
        unit.manager.restart(host, &unit.name).await?;
        let mut waiting = Waiting::begin(host, Patience::brisk(COMES_AT_MOST));
        loop {
            let run = pin::last_run(host, &record);
            if let Some(run) = run.filter(|run| run.launch == pin.launch && run.boot == pin.boot) {
                let process = host.process(run.process.id).filter(|process| process.identity == run.process);
                return match process {
                    Some(process) => Ok(process),
                    None => Err(self.died(host).await),
                };
            }
            if !waiting.for_another_look().await? {
                return Err(self.died(host).await);
            }
        }
    }

    async fn died(&self, host: &impl Host) -> Error {
        let ending = self.unit.ending(host).await;
        let status = self.unit.manager.status_command(&self.unit.name);
        Error::new(Kind::NotStarted, translated!("the unit `{}` did not come up: {ending}", self.unit.name))
            .advise_until_explained(translated!("look at `{status}`, then deploy again"))
    }
}

impl Unit {
    /// How the process of the unit has ended, as a fragment.
    pub async fn ending(&self, host: &impl Host) -> String {
        match self.manager.see(host, &self.name).await {
            Ok(seen) => seen.ending.unwrap_or_else(|| translated!("systemd calls it {}", seen.state)),
            Err(untold) => untold.to_string(),
        }
    }

    /// Whether all of it is on this host as it has to be: its file, its program, and that systemd knows it.
    ///
    /// # Errors
    /// Where systemd does not tell.
    pub async fn is_installed(&self, host: &impl Host) -> Result<bool> {
        if !self.is_written(host) || !is_same(host, &host.program(), &self.program()) {
            return Ok(false);
        }
        let seen = self.manager.see(host, &self.name).await?;
        Ok(seen.enabled && seen.is_current)
    }

    /// Puts on this host what is missing of it.
    ///
    /// # Errors
    /// As `Kind::of` says, where a file cannot be written; `Kind::NotStarted` with what systemd says.
    pub async fn install(&self, host: &impl Host) -> Result<()> {
        let program = self.program();
        if !is_same(host, &host.program(), &program) {
            let next = program.with_extension("next");
            let copied = match host.remove(&next) {
                Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(cause),
                _ => host.publish(&host.program(), &next).and_then(|_| host.rename(&next, &program)),
            };
            copied.map_err(|cause| unwritable(&program, &cause))?;
        }
        let file = self.file();
        if !self.is_written(host) {
            host.replace_file(&file, self.text().as_bytes(), 0o644).map_err(|cause| unwritable(&file, &cause))?;
        }
        self.manager.install(host, self).await
    }
}

fn unwritable(path: &Path, cause: &std::io::Error) -> Error {
    let usual = translated!(
        "let the user that runs the hooks own it, or let the release run without systemd: `app.supervisor = \"detached\"`"
    );
    Error::new(Kind::of(cause), translated!("`{}` could not be written: {cause}", path.to_string_lossy()))
        .advise(store::remedy(cause, || usual.to_owned()))
}

/// Whether two files hold the same bytes.
fn is_same(host: &impl Host, one: &Path, other: &Path) -> bool {
    let (Ok(mut one), Ok(mut other)) = (host.open(one), host.open(other)) else { return false };
    let (mut left, mut right) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        let (Ok(read), Ok(also)) = (fill(&mut one, &mut left), fill(&mut other, &mut right)) else { return false };
        if left[..read] != right[..also] {
            return false;
        }
        if read == 0 {
            return true;
        }
    }
}

/// Reads until the buffer is full or the file ends.
fn fill(file: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}
