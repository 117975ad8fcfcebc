//! A second application on a sandbox's nginx: its own include, ports and directory, a server block of its own, and everything else
//! as it is for everybody.

use std::path::PathBuf;

use crate::builder;
use crate::error::Result;
use crate::files::{copy_into, create_directory, write};
use crate::hook_command::HookCommand;
use crate::http_answer::HttpAnswer;
use crate::port_reservation::PortReservation;
use crate::ports::Ports;
use crate::sandbox::Sandbox;
use crate::settings::quoted;
use crate::settings_file::SettingsFile;

/// A second application. It ends with its sandbox.
#[derive(Debug)]
pub struct Neighbour<'a> {
    host: &'a Sandbox,
    directory: PathBuf,
    include: PathBuf,
    settings: SettingsFile,
    reservation: PortReservation,
}

impl<'a> Neighbour<'a> {
    /// Lays it out under this name; nginx reads its server block at once, if it runs.
    pub(crate) fn new(host: &'a Sandbox, name: &str) -> Result<Self> {
        let reservation = PortReservation::any()?;
        let ports = reservation.ports();
        let directory = host.directory().join(name);
        create_directory(&directory.join("app/zip"))?;
        let conf = host.nginx().include_path().with_file_name(name);
        let include = conf.with_extension("inc");
        let java = host.binaries()?.java()?;
        let mut settings = builder::settings(&directory, ports, host.nginx(), &java)?;
        settings.set("proxy.include", &quoted(include.display()))?;
        settings.set("proxy.upstreams", &quoted(conf.with_file_name("{name}.conf").display()))?;
        let flags = host.nginx().flag_path().with_file_name("{name}").join("green");
        settings.set("proxy.flag", &quoted(flags.display()))?;
        let settings = SettingsFile::create(directory.join("hooks.toml"), settings)?;
        write(&include, &format!("set $service_url http://127.0.0.1:{};\n", ports.blue))?;
        let (door, shown) = (ports.door, include.display());
        host.nginx().configure(
            &format!("{name}-site.conf"),
            &format!(
                "server {{\n    listen 127.0.0.1:{door};\n    include \"{shown}\";\n    location / {{\n        proxy_pass $service_url;\n        \
                 proxy_set_header Host $http_host;\n    }}\n}}\n"
            ),
        )?;
        Ok(Self { host, directory, include, settings, reservation })
    }

    /// Where it listens.
    #[must_use]
    pub fn ports(&self) -> Ports {
        self.reservation.ports()
    }

    /// The application's own directory.
    #[must_use]
    pub fn app_directory(&self) -> PathBuf {
        self.directory.join("app")
    }

    /// The file that tells nginx the live slot.
    #[must_use]
    pub fn include_path(&self) -> PathBuf {
        self.include.clone()
    }

    /// Sets a key of its settings to a value in TOML's notation.
    ///
    /// # Errors
    /// The key is no `section.key`, or the file cannot be written.
    pub fn set(&self, key: &str, value: &str) -> Result<()> {
        self.settings.set(key, value)
    }

    /// Puts a release where the agent would, over the one before.
    ///
    /// # Errors
    /// The release cannot be copied.
    pub fn stage(&self, release: impl Into<PathBuf>) -> Result<PathBuf> {
        copy_into(&self.directory.join("app/zip"), &release.into())
    }

    /// A hook, to be run with its settings.
    #[must_use]
    pub fn hook(&self, name: &str) -> HookCommand {
        let program = self.host.binaries().and_then(|binaries| binaries.path(name));
        HookCommand::new(name, program, self.settings.path())
    }

    /// Asks at its door, through nginx, on a connection of its own.
    ///
    /// # Errors
    /// No whole answer came.
    pub fn door_get(&self, path: &str) -> Result<HttpAnswer> {
        HttpAnswer::get(self.ports().door, path)
    }
}
