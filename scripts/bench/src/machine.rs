//! What the figures were measured on.

use std::path::Path;

use anyhow::Context;
use sandbox::ensure_nginx;
use serde::{Deserialize, Serialize};
use workstation::{files, programs};

/// A machine and its nginx.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    pub(crate) kernel: String,
    pub(crate) nginx: String,
}

impl Machine {
    /// This one.
    ///
    /// # Errors
    /// It does not tell.
    pub(crate) fn this() -> anyhow::Result<Self> {
        let read = |path: &str| files::read_text(Path::new(path), "what the kernel says of this machine");
        let cpu = model(&read("/proc/cpuinfo")?).unwrap_or("unknown").to_owned();
        let cores = std::thread::available_parallelism().context("the cores cannot be counted")?.get();
        let kernel = read("/proc/sys/kernel/osrelease")?.trim().to_owned();
        let program = ensure_nginx()?;
        let output = programs::command(&program).arg("-v").output();
        let output = output.with_context(|| format!("`{} -v` could not be run", program.display()))?;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let nginx = told.trim().rsplit_once("nginx/").map_or("unknown", |(_, version)| version).to_owned();
        Ok(Self { cpu, cores, kernel, nginx })
    }
}

/// The first processor's name. Not every architecture gives one.
fn model(cpuinfo: &str) -> Option<&str> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    line.split_once(':').map(|(_, name)| name.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_has_its_name_or_none() {
        for (cpuinfo, name) in [
            ("processor\t: 0\nmodel name\t: Some(R) CPU @ 2 GHz\nflags\t: a\n", Some("Some(R) CPU @ 2 GHz")),
            ("processor\t: 0\nBogoMIPS\t: 243.75\n", None),
        ] {
            assert_eq!(model(cpuinfo), name);
        }
    }
}
