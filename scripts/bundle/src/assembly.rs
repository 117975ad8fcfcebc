//! What goes into a bundle, checked as a whole: everything that is wrong is told at once.

use std::fmt;
use std::path::{Path, PathBuf};

use agent::AppSpec;
use anyhow::Context;
use shared::config::{self, SettingsFile};
use workstation::files;

use crate::app_spec::{self, Findings};
use crate::archive::Entry;
use crate::glibc::Version;
use crate::hooks::{self, Hook};
use crate::target::Target;
use crate::{jar, programs, timeouts};

/// Where the parts are.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The directory with the built hooks.
    pub binaries: PathBuf,
    /// The artifact; without one the bundle can be measured, not deployed.
    pub jar: Option<PathBuf>,
    /// `appspec.yml`.
    pub app_spec: PathBuf,
    /// `hooks.toml`.
    pub settings: PathBuf,
}

/// For which hosts.
#[derive(Clone, Debug)]
pub struct Host {
    /// The machine.
    pub target: Target,
    /// The oldest C library.
    pub glibc: Version,
}

/// The parts, read.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The text of `appspec.yml`.
    pub app_spec: String,
    /// The text of `hooks.toml`.
    pub settings: String,
    /// The hooks' programs.
    pub programs: Vec<(Hook, Vec<u8>)>,
    /// The artifact's name and contents.
    pub jar: Option<(String, Vec<u8>)>,
}

/// Why a bundle is not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(pub Vec<String>);

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("this bundle would fail on the host:")?;
        self.0.iter().try_for_each(|sentence| write!(formatter, "\n  - {sentence}"))
    }
}

impl std::error::Error for Refused {}

impl Sources {
    /// Reads them all.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub fn read(&self) -> anyhow::Result<Parts> {
        let mut programs = Vec::new();
        for hook in hooks::all() {
            let needed = format!("the built hook `{}`: build it with scripts/bundle.sh", hook.name);
            programs.push((hook, files::read(&self.binaries.join(hook.name), &needed)?));
        }
        let jar = self.jar.as_deref().map(read_jar).transpose()?;
        Ok(Parts {
            app_spec: files::read_text(&self.app_spec, "an appspec.yml")?,
            settings: files::read_text(&self.settings, "a hooks.toml")?,
            programs,
            jar,
        })
    }
}

fn read_jar(path: &Path) -> anyhow::Result<(String, Vec<u8>)> {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .with_context(|| format!("`{}` has no file name that is text; needed the jar to deploy", path.display()))?;
    Ok((name.to_owned(), files::read(path, "the jar to deploy (`--jar`)")?))
}

impl Parts {
    /// What will be in the zip, in its order.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries = vec![
            Entry::file("appspec.yml", self.app_spec.clone().into_bytes()),
            Entry::file("hooks.toml", self.settings.clone().into_bytes()),
        ];
        entries.extend(self.programs.iter().map(|(hook, bytes)| Entry::program(hook.location(), bytes.clone())));
        entries.extend(self.jar.iter().map(|(name, bytes)| Entry::file(name.clone(), bytes.clone())));
        entries
    }

    /// Looks for everything that would fail on the host; what is left are warnings.
    ///
    /// # Errors
    /// All that would fail.
    pub fn check(&self, host: &Host) -> Result<Vec<String>, Refused> {
        let mut findings = Findings::default();
        for (hook, bytes) in &self.programs {
            findings.refusals.extend(programs::check(&hook.location(), bytes, host.target, &host.glibc));
        }
        let settings = match config::settings(SettingsFile::parse("hooks.toml", &self.settings)) {
            Ok(settings) => Some(settings),
            Err(error) => {
                findings.refusals.push(error.to_string());
                None
            }
        };
        match AppSpec::parse(&self.app_spec) {
            Err(error) => findings.refusals.push(format!("the agent would refuse appspec.yml: {error}")),
            Ok(spec) => {
                let entries = self.entries();
                let paths: Vec<&str> = entries.iter().map(|entry| entry.path.as_str()).collect();
                let told = app_spec::check(&spec, &self.app_spec, &paths);
                findings.refusals.extend(told.refusals);
                findings.warnings.extend(told.warnings);
                findings.refusals.extend(app_spec::sequence(&self.app_spec));
                if let Some(settings) = &settings {
                    findings.refusals.extend(timeouts::check(&spec, settings));
                    if let Some((name, bytes)) = &self.jar {
                        findings.refusals.extend(jar::check(name, bytes, &spec, settings, &paths));
                    }
                }
            }
        }
        if findings.refusals.is_empty() { Ok(findings.warnings) } else { Err(Refused(findings.refusals)) }
    }
}
