//! The programs that a sandbox runs: the hooks and the demo service.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use shared::lifecycle::PROGRAMS;

use crate::error::{Context, Error, Result};

/// What stands in for `java`.
const JAVA: &str = "demo-app";

/// The packages to be built, and what must be in the directory afterwards.
fn names() -> impl Iterator<Item = &'static str> {
    PROGRAMS.into_iter().chain([JAVA])
}

/// How Cargo builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildProfile {
    /// Built quickly.
    Debug,
    /// Built as it is shipped.
    Release,
}

impl BuildProfile {
    fn directory(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Release => "release",
        }
    }
}

/// A directory with the programs in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    directory: PathBuf,
}

impl Binaries {
    /// Those of this workspace. Builds them first, once in each process; that is quick when nothing changed.
    ///
    /// # Errors
    /// They cannot be built.
    pub fn built(profile: BuildProfile) -> Result<Self> {
        static DEBUG: OnceLock<Result<Binaries>> = OnceLock::new();
        static RELEASE: OnceLock<Result<Binaries>> = OnceLock::new();
        let once = match profile {
            BuildProfile::Debug => &DEBUG,
            BuildProfile::Release => &RELEASE,
        };
        once.get_or_init(|| build(profile)).clone()
    }

    /// Those in `directory`, which may also hold stand-ins for only some of them.
    ///
    /// # Errors
    /// There is no such directory.
    pub fn at(directory: impl AsRef<Path>) -> Result<Self> {
        let directory = directory.as_ref();
        let directory = directory
            .canonicalize()
            .context(|| format!("`{}` could not be opened as a directory of binaries", directory.display()))?;
        Ok(Self { directory })
    }

    /// Where they are: what [`crate::Sandbox::bundle`] takes.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// One of them.
    ///
    /// # Errors
    /// It is not there.
    pub fn path(&self, name: &str) -> Result<PathBuf> {
        let path = self.directory.join(name);
        if path.is_file() {
            return Ok(path);
        }
        Err(Error::new(format!("`{}` has no program `{name}`; build it first", self.directory.display())))
    }

    /// What stands in for `java`: the demo service, which runs the jars that were written for it.
    ///
    /// # Errors
    /// It is not there.
    pub fn java(&self) -> Result<PathBuf> {
        self.path(JAVA)
    }
}

/// The project's own directory.
pub(crate) fn project_root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).unwrap_or(own)
}

fn build(profile: BuildProfile) -> Result<Binaries> {
    // A path that is not whole is meant from the project's directory, where Cargo is called.
    let target = project_root().join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()));
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.arg("build").current_dir(project_root()).arg("--target-dir").arg(&target);
    // With the agent, whose YAML reader asks more of some crates: so asked, Cargo has compiled the SDK for the tests already.
    for name in names().chain(["agent"]) {
        command.args(["--package", name]);
    }
    if profile == BuildProfile::Release {
        command.arg("--release");
    }
    let output = command.output().context(|| "`cargo build` could not be run".to_owned())?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        return Err(Error::new(format!("`cargo build` failed with {}:\n{told}", output.status)));
    }
    let binaries = Binaries::at(target.join(profile.directory()))?;
    for name in names() {
        binaries.path(name)?;
    }
    Ok(binaries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_is_found_from_here() {
        assert!(project_root().join("appspec.yml").is_file(), "{}", project_root().display());
    }

    #[test]
    fn a_program_that_is_not_there_is_told_with_the_directory() {
        let directory = tempfile::tempdir().unwrap();
        let told = Binaries::at(directory.path()).unwrap().path("stop").unwrap_err().to_string();
        assert!(told.ends_with("has no program `stop`; build it first"), "{told}");
        assert!(Binaries::at(directory.path().join("none")).is_err());
    }
}
