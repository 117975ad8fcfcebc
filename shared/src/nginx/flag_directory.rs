//! The directory that the flag of the instant cutover is in: the deploying user's, and open to nginx's workers.

use std::path::{Path, PathBuf};

use crate::config::Settings;
use crate::error::Result;
use crate::host::{Host, User, first_line};
use crate::ledger::store::unwritable;
use crate::sudo::{COMMAND_AT_MOST, Way, refused, through};

/// The mode of the flag's directory: nginx's workers pass through it, and only its owner writes in it.
const DIRECTORY_MODE: u32 = 0o755;

/// The directory that the flag of the instant cutover is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagDirectory {
    /// The directory that `proxy.flag` is in.
    pub path: PathBuf,
    /// Who makes it.
    pub way: Way,
    /// Whose it is to be: the user that deploys.
    pub owner: User,
}

impl FlagDirectory {
    pub(super) fn find(host: &impl Host, settings: &Settings) -> FlagDirectory {
        let path = settings.proxy.flag.parent().unwrap_or(Path::new("/")).to_owned();
        // Who deploys is whose the application's directory is: root may only be installing on that user's behalf.
        let owner = [settings.ledger_directory(), settings.app.directory.clone()]
            .iter()
            .find_map(|directory| host.describe(directory).ok())
            .map_or_else(|| host.user(), |facts| host.user_named(facts.owner));
        let nearest = path.ancestors().find(|above| host.describe(above).is_ok()).unwrap_or(Path::new("/"));
        let own = host.may_write(nearest) && (host.user().id == 0 || host.user().id == owner.id);
        FlagDirectory { way: if own { Way::Own } else { Way::Sudo }, path, owner }
    }

    /// The command by which root makes it.
    #[must_use]
    pub fn install(&self) -> Vec<String> {
        let path = self.path.to_string_lossy();
        let command = ["/usr/bin/install", "-d", "-m", "0755", "-o", &self.owner.name, &path].map(str::to_owned);
        through(self.way, command.to_vec())
    }

    /// Makes it, where it is missing.
    ///
    /// # Errors
    /// As those of `unwritable`; `Kind::NotAllowed` if sudo refuses.
    pub async fn make(&self, host: &impl Host) -> Result<()> {
        if host.describe(&self.path).is_ok() {
            return Ok(());
        }
        if self.way == Way::Own {
            return host
                .make_directory(&self.path, DIRECTORY_MODE)
                .and_then(|()| host.give(&self.path, self.owner.id))
                .map_err(|cause| unwritable(&self.path, &cause));
        }
        let output = host.run(&self.install(), COMMAND_AT_MOST).await?;
        if output.success {
            return Ok(());
        }
        Err(refused(host, &self.path, &[self.install()], first_line(&output.complaint)))
    }
}
