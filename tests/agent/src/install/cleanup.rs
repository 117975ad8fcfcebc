//! The cleanup list: what the previous Install of the group copied and made, removed in reverse.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::error::{Error, PathContext};

/// Removes everything on the list, then the list. Directories go only when they are empty.
pub(super) fn remove_previous_install(list: &Path) -> Result<(), Error> {
    let contents = match fs::read(list) {
        Ok(contents) => contents,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).path_context("read", list),
    };
    // A last line without its newline is a path that was cut off while it was written.
    let finished = contents.iter().rposition(|&byte| byte == b'\n').unwrap_or(0);
    for line in contents[..finished].split(|&byte| byte == b'\n').rev().filter(|line| !line.is_empty()) {
        remove(Path::new(OsStr::from_bytes(line)))?;
    }
    fs::remove_file(list).path_context("removed", list)
}

fn remove(path: &Path) -> Result<(), Error> {
    let removed = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty) => {
            Err(error).path_context("removed", path)
        }
        _ => Ok(()),
    }
}
