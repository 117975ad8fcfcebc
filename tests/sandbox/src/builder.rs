//! How a sandbox is to be: what it runs, where it listens, whether its files stay.

use std::path::{Path, PathBuf};

use crate::binaries::Binaries;
use crate::error::{Context, Result};
use crate::files::{create_directory, write};
use crate::nginx::Nginx;
use crate::nginx_program::ensure_nginx;
use crate::port_reservation::PortReservation;
use crate::ports::Ports;
use crate::sandbox::Sandbox;
use crate::settings::{Settings, quoted, quoted_list};
use crate::settings_file::SettingsFile;

/// A sandbox in the making.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct SandboxBuilder {
    binaries: Option<Binaries>,
    java: Option<PathBuf>,
    keep: bool,
    nginx: Option<PathBuf>,
    ports: Option<Ports>,
    tls: bool,
}

impl SandboxBuilder {
    /// The hooks to run. The demo service, if it is among them, is `java` unless [`SandboxBuilder::java`] says another one.
    pub fn binaries(mut self, binaries: Binaries) -> Self {
        self.binaries = Some(binaries);
        self
    }

    /// The program that runs a jar. Without it and without the demo service, `java` from `PATH`.
    pub fn java(mut self, program: impl Into<PathBuf>) -> Self {
        self.java = Some(program.into());
        self
    }

    /// The program that is its nginx. Without it, the distribution's.
    pub fn nginx(mut self, program: impl Into<PathBuf>) -> Self {
        self.nginx = Some(program.into());
        self
    }

    /// Whether the directory stays when the sandbox ends. Processes never do.
    pub fn keep(mut self, keep: bool) -> Self {
        self.keep = keep;
        self
    }

    /// Exactly these ports, instead of any that are free.
    pub fn ports(mut self, ports: Ports) -> Self {
        self.ports = Some(ports);
        self
    }

    /// Lets its nginx answer at [`Ports::secure`] as well, with TLS, by HTTP/2 to whoever asks for it, and compress pages: an
    /// nginx that was built without any of these does not start then.
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Makes the sandbox. Nothing runs in it yet.
    ///
    /// # Errors
    /// nginx is not installed, a port is taken, or the directory cannot be made.
    pub fn build(self) -> Result<Sandbox> {
        let reservation = self.ports.map_or_else(PortReservation::any, PortReservation::exactly)?;
        let ports = reservation.ports();
        let directory = tempfile::Builder::new()
            .prefix("sandbox-")
            .tempdir()
            .context(|| "no temporary directory could be made".to_owned())?;
        // Without links in it, so that it is found again where the kernel names a path.
        let path = directory
            .path()
            .canonicalize()
            .context(|| format!("`{}` could not be resolved", directory.path().display()))?;
        lay_out(&path)?;
        let program = self.nginx.map_or_else(ensure_nginx, Ok)?;
        let secure = self.tls.then_some(ports.secure);
        let nginx = Nginx::new(&program, path.join("nginx"), ports.door, secure, ports.blue)?;
        let demo = || self.binaries.as_ref().and_then(|binaries| binaries.java().ok());
        let java = self.java.or_else(demo).unwrap_or_else(|| "java".into());
        let settings = SettingsFile::create(path.join("hooks.toml"), settings(&path, ports, &nginx, &java)?)?;
        Ok(Sandbox::assemble(path, directory, self.keep, reservation, settings, nginx, self.binaries))
    }
}

fn lay_out(directory: &Path) -> Result<()> {
    create_directory(&directory.join("app/zip"))?;
    for name in ["application-oauth.properties", "application-real-db.properties"] {
        write(&directory.join(name), "")?;
    }
    Ok(())
}

pub(crate) fn settings(directory: &Path, ports: Ports, nginx: &Nginx, java: &Path) -> Result<Settings> {
    let mut settings = Settings::default();
    for (key, value) in [
        ("app.directory", quoted(directory.join("app").display())),
        ("app.java", quoted(java.display())),
        // The profile's port is in the jar on a real host; here it is another one each time.
        ("app.jvm_options", quoted_list(&["-Dserver.port={port}".to_owned()])),
        ("app.config_locations", quoted_list(&[])),
        ("blue.profile", quoted("real1")),
        ("blue.port", ports.blue.to_string()),
        ("green.profile", quoted("real2")),
        ("green.port", ports.green.to_string()),
        ("proxy.include", quoted(nginx.include_path().display())),
        ("proxy.upstreams", quoted(nginx.upstreams_path().display())),
        ("proxy.flag", quoted(nginx.flag_path().display())),
        ("proxy.word", quoted(ports.word)),
        ("proxy.door", quoted(format!("http://127.0.0.1:{}/profile", ports.door))),
        ("proxy.nginx", quoted_list(nginx.command())),
        // A deploy in a test is judged by the test.
        ("switch.watch", quoted("0s")),
        ("proxy.pid_file", quoted(nginx.pid_file().display())),
    ] {
        settings.set(key, &value)?;
    }
    Ok(settings)
}
