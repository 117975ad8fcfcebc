//! Starts a release exactly as the scripts' `start.sh` did, for a host that is to be taken over.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::error::{Context, Error, Result};
use crate::files::copy_into;
use crate::ports::is_listening;
use crate::process::Process;
use crate::wait::wait_until;

/// Enough for a real service on a busy machine.
const AT_MOST: Duration = Duration::from_secs(90);

/// What is started, and how.
pub(crate) struct ScriptStart<'a> {
    /// The sandbox's directory, which holds the two property files.
    pub(crate) directory: &'a Path,
    /// Where the jar is copied to and run.
    pub(crate) app_directory: &'a Path,
    pub(crate) profile: &'a str,
    pub(crate) port: u16,
    pub(crate) jar: &'a Path,
    pub(crate) java: &'a Path,
}

impl ScriptStart<'_> {
    /// Starts it, waits until it listens and gives its process id.
    pub(crate) fn run(&self) -> Result<u32> {
        if is_listening(self.port)? {
            return Err(Error::new(format!("port `{}` is taken; end what listens there first", self.port)));
        }
        let process = self.launch()?;
        let mut listens = Ok(false);
        let settled = wait_until(AT_MOST, || {
            listens = is_listening(self.port);
            !matches!(listens, Ok(false)) || !process.is_alive()
        });
        if listens? && process.is_alive() {
            return Ok(process.id);
        }
        let found = if settled { "ended".to_owned() } else { format!("did not listen within {AT_MOST:?}") };
        Err(Error::new(format!(
            "`{}` with profile `{}` {found}; needed a listener on port `{}`; its output: {}",
            self.jar.display(),
            self.profile,
            self.port,
            self.output()
        )))
    }

    fn launch(&self) -> Result<Process> {
        let jar = copy_into(self.app_directory, self.jar)?;
        fs::set_permissions(&jar, Permissions::from_mode(0o755))
            .context(|| format!("`{}` could not be made executable", jar.display()))?;
        let arguments: [OsString; 5] = [
            self.java.into(),
            "-jar".into(),
            self.config_location().into(),
            format!("-Dspring.profiles.active={}", self.profile).into(),
            jar.into(),
        ];
        let output = Command::new("/bin/sh")
            .args(["-c", r#"nohup "$@" > nohup.out 2>&1 & echo $!"#, "start.sh"])
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.directory)
            // The scripts' port was in the jar. The demo service takes it from the first variable, Spring from the second.
            .env(format!("DEMO_PORT_{}", self.profile), self.port.to_string())
            .env("SERVER_PORT", self.port.to_string())
            .current_dir(self.app_directory)
            // Out of reach of a signal that a terminal sends to the tests.
            .process_group(0)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .context(|| "`/bin/sh` could not be run".to_owned())?;
        let told = String::from_utf8_lossy(&output.stdout);
        told.trim().parse().ok().and_then(Process::find).ok_or_else(|| {
            Error::new(format!("`{}` ended at once; its output: {}", self.java.display(), self.output()))
        })
    }

    fn config_location(&self) -> String {
        let directory = self.directory.display();
        format!(
            "-Dspring.config.location=classpath:/application.properties,classpath:/application-{}.properties,\
             {directory}/application-oauth.properties,{directory}/application-real-db.properties",
            self.profile
        )
    }

    fn output(&self) -> String {
        let path = self.app_directory.join("nohup.out");
        fs::read(&path).map_or_else(
            |error| format!("none, since `{}` could not be read: {error}", path.display()),
            |bytes| String::from_utf8_lossy(&bytes).trim().to_owned(),
        )
    }
}
