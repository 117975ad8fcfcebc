//! One host's own view of the root file system: what it writes lies above it and is removed with the host.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

/// A mounted view. Dropped, it is unmounted, and what was written is gone.
#[derive(Debug)]
pub(crate) struct Overlay {
    directory: PathBuf,
}

impl Overlay {
    pub(crate) fn mount(below: &Path, directory: PathBuf) -> anyhow::Result<Self> {
        for name in ["above", "work", "root"] {
            let path = directory.join(name);
            fs::create_dir_all(&path).with_context(|| format!("`{}` could not be made", path.display()))?;
        }
        let overlay = Self { directory };
        let options = format!(
            "lowerdir={},upperdir={},workdir={}",
            below.display(),
            overlay.directory.join("above").display(),
            overlay.directory.join("work").display()
        );
        let mounted =
            Command::new("mount").args(["-t", "overlay", "overlay", "-o", &options]).arg(overlay.root()).output();
        let mounted = mounted.context("`mount` could not be run")?;
        if !mounted.status.success() {
            bail!(
                "`{}` could not be mounted, needed an overlay with these options: {options}: {}",
                overlay.root().display(),
                String::from_utf8_lossy(&mounted.stderr).trim_end()
            );
        }
        Ok(overlay)
    }

    /// What was written, without what lies below it.
    pub(crate) fn above(&self) -> PathBuf {
        self.directory.join("above")
    }

    /// The host's `/`, as it is before it boots.
    pub(crate) fn root(&self) -> PathBuf {
        self.directory.join("root")
    }
}

impl Drop for Overlay {
    fn drop(&mut self) {
        // Both are gone with the run's own mounts and directory in any case: this only keeps the disk from filling up meanwhile.
        let unmounted = Command::new("umount").arg(self.root()).status().is_ok_and(|status| status.success());
        if unmounted {
            drop(fs::remove_dir_all(&self.directory));
        }
    }
}
