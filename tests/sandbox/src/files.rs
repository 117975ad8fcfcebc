//! Files, with errors that name them.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::{Context, Error, Result};

pub(crate) fn create_directory(path: &Path) -> Result<()> {
    fs::create_dir_all(path).context(|| format!("`{}` could not be made", path.display()))
}

pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).context(|| format!("`{}` could not be written", path.display()))
}

/// The file's text; nothing if it is not there.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<String>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).context(|| format!("`{}` could not be read", path.display())),
    }
}

/// Removes the file, if it is there.
pub(crate) fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).context(|| format!("`{}` could not be removed", path.display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Copies `file` into `directory` under its own name.
pub(crate) fn copy_into(directory: &Path, file: &Path) -> Result<PathBuf> {
    let name = file.file_name().ok_or_else(|| Error::new(format!("`{}` has no file name", file.display())))?;
    let copy = directory.join(name);
    fs::copy(file, &copy)
        .context(|| format!("`{}` could not be copied into `{}`", file.display(), directory.display()))?;
    Ok(copy)
}
