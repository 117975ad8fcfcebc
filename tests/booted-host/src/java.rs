//! The machine's own Java, which a host sees: as large as a root file system, and the same distribution's.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

/// A Java runtime.
#[derive(Clone, Debug)]
pub(crate) struct Java {
    /// Its program.
    pub(crate) program: PathBuf,
    /// Its directory, and those of its settings, which the distribution keeps elsewhere.
    directories: Vec<PathBuf>,
}

impl Java {
    pub(crate) fn of_the_machine() -> anyhow::Result<Java> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&path).map(|directory| directory.join("java")).find(|java| java.exists());
        let found = found.context("`java` is not on this machine; run scripts/host-test.sh, which installs it")?;
        let program = found.canonicalize().with_context(|| format!("`{}` leads nowhere", found.display()))?;
        let home = program.ancestors().nth(2).context("`java` is in no `bin`")?.to_owned();
        let settings = fs::read_link(home.join("conf/net.properties")).ok();
        let settings = settings.as_deref().and_then(Path::parent).map(Path::to_owned);
        let directories = std::iter::once(home).chain(settings).collect();
        Ok(Java { program, directories })
    }

    /// The arguments of systemd-nspawn by which the host sees it.
    pub(crate) fn binds(&self) -> Vec<String> {
        self.directories.iter().map(|directory| format!("--bind-ro={}", directory.display())).collect()
    }
}
