//! Reading and writing files, with the path in every error.

use std::fs;
use std::path::Path;

use anyhow::{Context, anyhow};

/// The whole of a file; `needed` says what it is for.
///
/// # Errors
/// It cannot be read.
pub fn read(path: &Path, needed: &str) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("`{}` could not be read; needed {needed}", path.display()))
}

/// The whole of a text file.
///
/// # Errors
/// It cannot be read, or is not UTF-8.
pub fn read_text(path: &Path, needed: &str) -> anyhow::Result<String> {
    String::from_utf8(read(path, needed)?)
        .map_err(|_| anyhow!("`{}` is not UTF-8 text: save it as UTF-8", path.display()))
}

/// Writes a file in one step: whoever looks finds the old one or the whole new one.
///
/// # Errors
/// It cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        fs::create_dir_all(directory).with_context(|| format!("`{}` could not be made", directory.display()))?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let aside = path.with_file_name(name);
    fs::write(&aside, bytes)
        .and_then(|()| fs::rename(&aside, path))
        .with_context(|| format!("`{}` could not be written", path.display()))
}
