//! The host itself: a directory, its ports, and everything that can be done with them.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tempfile::TempDir;

use crate::binaries::{Binaries, BuildProfile};
use crate::builder::SandboxBuilder;
use crate::bundle::Bundle;
use crate::error::{Context, Error, Result};
use crate::files::copy_into;
use crate::hook_command::HookCommand;
use crate::http_answer::HttpAnswer;
use crate::neighbour::Neighbour;
use crate::nginx::Nginx;
use crate::port_reservation::{PortReservation, PortsBeside};
use crate::ports::{Ports, is_listening};
use crate::process::kill_all_of;
use crate::script_start::ScriptStart;
use crate::settings_file::SettingsFile;
use crate::wait::wait_until;

/// How long processes may take to be gone after SIGKILL.
const END_AT_MOST: Duration = Duration::from_secs(10);

/// A host in a temporary directory. Its end is the end of everything that was started in it.
#[derive(Debug)]
pub struct Sandbox {
    path: PathBuf,
    /// Gone once the sandbox has ended.
    directory: Option<TempDir>,
    keep: bool,
    settings: SettingsFile,
    nginx: Nginx,
    binaries: Option<Binaries>,
    bundles: AtomicUsize,
    // Last, so that the ports are given away after everything that listened on them is gone.
    reservation: PortReservation,
}

impl Sandbox {
    /// A host with the workspace's own hooks, and the demo service in place of `java`.
    ///
    /// # Errors
    /// The hooks cannot be built, or the sandbox cannot be made: see [`SandboxBuilder::build`].
    pub fn new() -> Result<Self> {
        Self::builder().binaries(Binaries::built(BuildProfile::Debug)?).build()
    }

    /// A host that is to be described first.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::default()
    }

    pub(crate) fn assemble(
        path: PathBuf,
        directory: TempDir,
        keep: bool,
        reservation: PortReservation,
        settings: SettingsFile,
        nginx: Nginx,
        binaries: Option<Binaries>,
    ) -> Self {
        Self {
            path,
            directory: Some(directory),
            keep,
            settings,
            nginx,
            binaries,
            bundles: AtomicUsize::new(0),
            reservation,
        }
    }

    /// Where everything of it is.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.path
    }

    /// The application's own directory.
    #[must_use]
    pub fn app_directory(&self) -> PathBuf {
        self.path.join("app")
    }

    /// Where the agent puts a bundle, and the hooks look for the release.
    #[must_use]
    pub fn staging_directory(&self) -> PathBuf {
        self.path.join("app/zip")
    }

    /// Where it listens.
    #[must_use]
    pub fn ports(&self) -> Ports {
        self.reservation.ports()
    }

    /// Two more ports, one beside each slot's, that are nobody else's for as long as this is kept.
    ///
    /// # Errors
    /// There are none.
    pub fn ports_beside(&self) -> Result<PortsBeside> {
        PortsBeside::any(self.ports())
    }

    /// Its nginx.
    #[must_use]
    pub fn nginx(&self) -> &Nginx {
        &self.nginx
    }

    /// The programs that it was given.
    ///
    /// # Errors
    /// It was built without any.
    pub fn binaries(&self) -> Result<&Binaries> {
        self.binaries.as_ref().ok_or_else(|| {
            Error::new("this sandbox was built without `binaries`, so it has no hooks to run; give it some")
        })
    }

    /// Where its settings are.
    #[must_use]
    pub fn settings_path(&self) -> &Path {
        self.settings.path()
    }

    /// Its settings, as they are in [`Sandbox::settings_path`].
    #[must_use]
    pub fn settings_text(&self) -> String {
        self.settings.text()
    }

    /// Sets a key, for example `health.patience`, to a value in TOML's notation, for example `"5s"` with its quotes.
    ///
    /// # Errors
    /// The key is no `section.key`, or the file cannot be written.
    pub fn set(&self, key: &str, value: &str) -> Result<()> {
        self.settings.set(key, value)
    }

    /// A second application of this name on its nginx.
    ///
    /// # Errors
    /// It cannot be laid out, or nginx does not take its server block.
    pub fn neighbour(&self, name: &str) -> Result<Neighbour<'_>> {
        Neighbour::new(self, name)
    }

    /// Puts a bundle together: the shipped `appspec.yml`, today's settings, the hooks from `hooks` and the release.
    ///
    /// # Errors
    /// One of them is missing or cannot be copied.
    pub fn bundle(&self, release: impl AsRef<Path>, hooks: impl AsRef<Path>) -> Result<PathBuf> {
        let number = self.bundles.fetch_add(1, Ordering::Relaxed) + 1;
        let directory = self.path.join(format!("bundles/{number}"));
        let settings = self.settings_text();
        let bundle = Bundle {
            jar: release.as_ref(),
            hooks: hooks.as_ref(),
            settings: &settings,
            destination: &self.staging_directory(),
        };
        bundle.write(&directory)?;
        Ok(directory)
    }

    /// Puts a release alone where the agent would put a bundle, for hooks that are run one by one.
    ///
    /// # Errors
    /// The release cannot be copied.
    pub fn stage(&self, release: impl AsRef<Path>) -> Result<PathBuf> {
        let zip = self.staging_directory();
        let told = || format!("`{}` could not be emptied", zip.display());
        fs::remove_dir_all(&zip).context(told)?;
        fs::create_dir(&zip).context(told)?;
        copy_into(&zip, release.as_ref())
    }

    /// A hook, to be run alone with this sandbox's settings.
    #[must_use]
    pub fn hook(&self, name: &str) -> HookCommand {
        let program = self.binaries().and_then(|binaries| binaries.path(name));
        HookCommand::new(name, program, self.settings_path())
    }

    /// Asks at the door, through nginx, on a connection of its own.
    ///
    /// # Errors
    /// No whole answer came.
    pub fn door_get(&self, path: &str) -> Result<HttpAnswer> {
        self.direct_get(self.ports().door, path)
    }

    /// Asks on a port of this machine, on a connection of its own.
    ///
    /// # Errors
    /// No whole answer came.
    pub fn direct_get(&self, port: u16, path: &str) -> Result<HttpAnswer> {
        HttpAnswer::get(port, path)
    }

    /// Whether anything listens on the port. No connection is made for that.
    ///
    /// # Errors
    /// The kernel's table cannot be read.
    pub fn is_listening(&self, port: u16) -> Result<bool> {
        is_listening(port)
    }

    /// Starts a release as `start.sh` did, with its command line and its `nohup`, waits until it listens, and gives its
    /// process id.
    ///
    /// # Errors
    /// The port is taken, or the release does not come to listen on it.
    pub fn start_as_the_scripts_did(
        &self,
        profile: &str,
        port: u16,
        jar: impl AsRef<Path>,
        java: impl AsRef<Path>,
    ) -> Result<u32> {
        let app_directory = self.app_directory();
        let start = ScriptStart {
            directory: &self.path,
            app_directory: &app_directory,
            profile,
            port,
            jar: jar.as_ref(),
            java: java.as_ref(),
        };
        start.run()
    }

    /// Waits until the condition holds; `what` names it for the error.
    ///
    /// # Errors
    /// It did not hold in time.
    pub fn wait_until(&self, what: &str, at_most: Duration, condition: impl FnMut() -> bool) -> Result<()> {
        if wait_until(at_most, condition) {
            return Ok(());
        }
        Err(Error::new(format!("waited {at_most:?} until {what}, and it did not come about")))
    }

    /// Ends everything that runs in it and removes the directory, unless that is to be kept. A drop does the same, but can
    /// only print what went wrong.
    ///
    /// # Errors
    /// A process or a file could not be removed.
    pub fn close(mut self) -> Result<()> {
        self.end()
    }

    fn end(&mut self) -> Result<()> {
        let Some(directory) = self.directory.take() else { return Ok(()) };
        // Even if nginx cannot be stopped in its own way, it is among those that are killed.
        let stopped = self.nginx.stop();
        let killed = kill_all_of(&self.path, END_AT_MOST);
        let removed = if self.keep {
            let _kept = directory.keep();
            Ok(())
        } else {
            directory.close().context(|| format!("`{}` could not be removed", self.path.display()))
        };
        killed.and(stopped).and(removed)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            // The last resort: where even this cannot be written, nobody is left to be told.
            let _nobody_reads = writeln!(std::io::stderr().lock(), "The sandbox did not end cleanly: {error}");
        }
    }
}
