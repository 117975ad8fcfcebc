//! Shell scripts in place of hooks.

use std::error::Error;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sandbox::{Binaries, Sandbox};
use tempfile::TempDir;

/// A sandbox whose hooks are these scripts, and the directory that holds them.
pub(crate) fn sandbox_with(hooks: &[(&str, &str)]) -> Result<(Sandbox, TempDir), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    write_scripts(directory.path(), hooks)?;
    let sandbox = Sandbox::builder().binaries(Binaries::at(directory.path())?).build()?;
    Ok((sandbox, directory))
}

pub(crate) fn write_scripts(directory: &Path, hooks: &[(&str, &str)]) -> io::Result<()> {
    for (name, script) in hooks {
        let path = directory.join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n"))?;
        fs::set_permissions(&path, Permissions::from_mode(0o700))?;
    }
    Ok(())
}
