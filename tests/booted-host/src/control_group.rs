//! One host's own control group of version 2: the systemd in it makes its groups below, and the kernel ends all of them at once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::wait::wait_until;

/// A group with all that is below it. Dropped, whatever is in it is killed, and it is removed.
#[derive(Debug)]
pub(crate) struct ControlGroup {
    path: PathBuf,
}

impl ControlGroup {
    pub(crate) fn make(path: PathBuf) -> anyhow::Result<Self> {
        fs::create_dir_all(&path)
            .with_context(|| format!("the control group `{}` could not be made", path.display()))?;
        Ok(Self { path })
    }

    /// A program that is in the group before it starts.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", "echo 0 >\"$1\" && shift && exec \"$@\"", "sh"]).arg(self.members()).arg(program);
        command
    }

    /// Waits until nobody is in it.
    pub(crate) fn wait_until_empty(&self) -> anyhow::Result<()> {
        wait_until("nobody is in the control group", || {
            fs::read_to_string(self.members()).is_ok_and(|members| members.is_empty())
        })
    }

    /// Whoever is written into this file is in the group.
    fn members(&self) -> PathBuf {
        self.path.join("cgroup.procs")
    }

    /// Kills whatever is in it.
    pub(crate) fn kill(&self) -> anyhow::Result<()> {
        let file = self.path.join("cgroup.kill");
        fs::write(&file, "1").with_context(|| format!("`{}` could not be written", file.display()))
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        // The script looks once more at the end of the run, and says what it could not remove.
        drop(self.kill());
        drop(wait_until("the control group is empty", || remove(&self.path).is_ok()));
    }
}

/// Removes a group and all below it, which works as soon as nobody is in them.
fn remove(path: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove(&entry.path())?;
        }
    }
    fs::remove_dir(path)
}
