//! A file of nginx's configuration that the hooks write, in one atomic step: by this user, or by root through sudo.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::Settings;
use crate::error::Result;
use crate::host::{FileFacts, FileKind, Host, first_line};
use crate::ledger::store::unwritable;
use crate::sudo::{COMMAND_AT_MOST, Way, refused, through};

/// How long one write and its fsync may take on a busy disk.
pub const WRITE_AT_MOST: Duration = Duration::from_secs(1);

/// The mode of a file that is made anew: people should be able to read it.
const MODE: u32 = 0o644;

/// A file of nginx's configuration that the hooks write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationFile {
    /// Where it stands: behind the link, where its name is one.
    pub path: PathBuf,
    /// Who writes it: this user, if it may make files in the directory.
    pub way: Way,
    /// Where the next one is put together for sudo to install.
    pub staged: PathBuf,
}

impl ConfigurationFile {
    pub(super) fn find(host: &impl Host, settings: &Settings, path: &Path) -> ConfigurationFile {
        let is_link = host.describe(path).is_ok_and(|facts| facts.kind == FileKind::SymbolicLink);
        let behind = is_link.then(|| host.canonicalize(path).ok()).flatten();
        let path = behind.as_deref().unwrap_or(path);
        let directory = path.parent().unwrap_or(Path::new("/"));
        ConfigurationFile {
            path: path.to_owned(),
            way: if host.may_write(directory) { Way::Own } else { Way::Sudo },
            staged: settings.ledger_directory().join(format!("{}.next", name(path))),
        }
    }

    /// The commands by which root puts the staged file in its place: first beside it, then over it in one step.
    #[must_use]
    pub fn install(&self) -> [Vec<String>; 2] {
        let shown = |path: &Path| path.to_string_lossy().into_owned();
        let beside = shown(&self.path.with_file_name(format!(".{}.next", name(&self.path))));
        let install = ["/usr/bin/install", "-m", "0644", &shown(&self.staged), &beside].map(str::to_owned).to_vec();
        let rename = ["/usr/bin/mv", "-fT", &beside, &shown(&self.path)].map(str::to_owned).to_vec();
        [through(self.way, install), through(self.way, rename)]
    }

    /// How long its replacement may take: one write, and both commands where root installs it.
    #[must_use]
    pub fn at_most(&self) -> Duration {
        WRITE_AT_MOST + self.way.at_most() * 2
    }

    /// Replaces the file, unless it holds these bytes already: then there is nothing to do, and nothing that could fail.
    ///
    /// # Errors
    /// As those of `unwritable`; `Kind::NotAllowed` if sudo refuses.
    pub async fn write(&self, host: &impl Host, bytes: &[u8]) -> Result<()> {
        if host.read_file(&self.path).is_ok_and(|present| present == bytes) {
            return Ok(());
        }
        if self.way == Way::Own {
            return self.replace(host, bytes).map_err(|cause| unwritable(&self.path, &cause));
        }
        host.replace_file(&self.staged, bytes, MODE).map_err(|cause| unwritable(&self.staged, &cause))?;
        for command in self.install() {
            let output = host.run(&command, COMMAND_AT_MOST).await?;
            if !output.success {
                return Err(refused(host, &self.path, &self.install(), first_line(&output.complaint)));
            }
        }
        host.sync(&self.path).map_err(|cause| unwritable(&self.path, &cause))
    }
}

impl ConfigurationFile {
    /// Replaces the file, whose bytes are kept beside it meanwhile: going back to them is a change of names, which needs no room
    /// (F107). They are a copy: a second name would make the file itself look as if it had changed.
    fn replace(&self, host: &impl Host, bytes: &[u8]) -> io::Result<()> {
        let before = self.before();
        let Ok(facts) = host.describe(&self.path) else { return host.replace_file(&self.path, bytes, MODE) };
        let is_alike = |kept: FileFacts| (kept.owner, kept.group, kept.mode) == (facts.owner, facts.group, facts.mode);
        if host.read_file(&before).is_ok_and(|kept| kept == bytes) && host.describe(&before).is_ok_and(is_alike) {
            return host.rename(&before, &self.path);
        }
        self.sweep(host);
        host.replace_file(&before, &host.read_file(&self.path)?, facts.mode)?;
        if facts.owner != host.user().id && host.give(&before, facts.owner).is_err() {
            // Only root gives files away: without its owner it cannot stand in for the file.
            self.sweep(host);
        }
        host.replace_file(&self.path, bytes, MODE)
    }

    /// Removes what was kept beside the file for the way back, once nobody goes back any more. What comes of it is noted.
    pub fn sweep(&self, host: &impl Host) {
        if host.describe(&self.before()).is_err() {
            return;
        }
        match host.remove(&self.before()) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                tracing::warn!("`{}` stays: {cause}", self.before().to_string_lossy());
            }
            _ => {}
        }
    }

    /// No name that `include conf.d/*` would read.
    fn before(&self) -> PathBuf {
        self.path.with_file_name(format!(".{}.before", name(&self.path)))
    }
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
