//! Reading and writing files, with the path in every error.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the place that reads and writes files, for every program in scripts"
)]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
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

/// Writes a file in one step, with its directory: whoever looks finds the old one or the whole new one.
///
/// # Errors
/// It cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        make_directory(directory)?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let aside = path.with_file_name(name);
    fs::write(&aside, bytes)
        .and_then(|()| fs::rename(&aside, path))
        .with_context(|| format!("`{}` could not be written", path.display()))
}

/// Makes a directory and those above it, where they are missing.
///
/// # Errors
/// It cannot be made.
pub fn make_directory(path: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(path).with_context(|| format!("`{}` could not be made", path.display()))
}

/// Removes a file, or a directory with all that is in it.
///
/// # Errors
/// It is not there, or cannot be removed.
pub fn remove(path: &Path) -> anyhow::Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.with_context(|| format!("`{}` could not be removed", path.display()))
}

/// Lets everybody run a file, and its owner write it.
///
/// # Errors
/// Its mode cannot be set.
pub fn make_executable(path: &Path) -> anyhow::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(0o755))
        .with_context(|| format!("`{}` could not be made executable", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else_is_left_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a/b/text");
        for text in ["one", "a longer one", ""] {
            write(&path, text.as_bytes()).unwrap();
            assert_eq!(read_text(&path, "it").unwrap(), text);
        }
        let names: Vec<_> =
            fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["text"]);
        make_executable(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o755);
        remove(&path).unwrap();
        remove(&directory.path().join("a")).unwrap();
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn every_error_names_the_file_and_what_it_is_for() {
        let directory = tempfile::tempdir().unwrap();
        let missing = directory.path().join("none");
        let told = read_text(&missing, "the settings").unwrap_err().to_string();
        assert_eq!(told, format!("`{}` could not be read; needed the settings", missing.display()));
        let told = remove(&missing).unwrap_err().to_string();
        assert_eq!(told, format!("`{}` could not be removed", missing.display()));
        let latin = directory.path().join("latin");
        write(&latin, b"\xe9").unwrap();
        assert!(read_text(&latin, "it").unwrap_err().to_string().ends_with("is not UTF-8 text: save it as UTF-8"));
    }
}
