//! The directory of all libraries, which has to be this user's alone, since what lies in it is run; and class paths.

use std::path::{Path, PathBuf};

use shared::host::{FileKind, Host};

use super::libraries::unwritable;

/// Makes the directory if it is missing, and makes sure that nobody else may write in it.
///
/// # Errors
/// What is wrong with it, as a sentence.
pub(super) fn own_directory(host: &impl Host, directory: &Path) -> Result<(), String> {
    let shown = directory.to_string_lossy();
    host.make_directory(directory, 0o755).map_err(|cause| unwritable(directory, &cause))?;
    let facts = host.describe(directory).map_err(|cause| format!("`{shown}` cannot be used: {cause}"))?;
    if facts.kind != FileKind::Directory {
        return Err(format!("`{shown}` is no directory itself (a link, or a file)"));
    }
    if facts.owner != host.user().id || facts.mode & 0o022 != 0 {
        return Err(format!("`{shown}` is another user's, or others may write in it (mode {:o})", facts.mode));
    }
    Ok(())
}

/// These files as a class path.
///
/// # Errors
/// Where a name cannot stand in one, as a sentence.
pub(super) fn class_path(files: &[PathBuf]) -> Result<String, String> {
    let names: Vec<&str> = files.iter().filter_map(|file| file.to_str()).collect();
    if names.len() < files.len() || names.iter().any(|name| name.contains(':') || name.ends_with('*')) {
        return Err("a path has a `:`, which a class path cannot hold".to_owned());
    }
    Ok(names.join(":"))
}
