//! How the agent copies a file: opened with `O_TRUNC` in place, then owner, mode and times; no rename, no fsync.

use std::fs::{self, File, FileTimes, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use crate::error::{Error, PathContext};
use crate::generation::Generation;

pub(super) fn copy(source: &Path, destination: &Path, generation: Generation) -> Result<(), Error> {
    let metadata = fs::symlink_metadata(source).path_context("copied", source)?;
    if metadata.is_symlink() {
        let target = fs::read_link(source).path_context("read", source)?;
        return std::os::unix::fs::symlink(target, destination).path_context("made", destination);
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    match generation {
        // A link at the destination is followed, as it points now.
        Generation::One => {}
        Generation::Two => {
            if destination.is_symlink() {
                fs::remove_file(destination).path_context("removed", destination)?;
            }
            options.custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
        }
    }
    let mut reader = File::open(source).path_context("opened", source)?;
    let mut writer = options.open(destination).path_context("written", destination)?;
    io::copy(&mut reader, &mut writer).path_context("written", destination)?;
    keep_attributes(&writer, &metadata).path_context("given its owner, mode and times", destination)
}

fn keep_attributes(file: &File, metadata: &fs::Metadata) -> io::Result<()> {
    match std::os::unix::fs::fchown(file, Some(metadata.uid()), Some(metadata.gid())) {
        // Only root may give files away; anyone else's copies are their own, as the agent's would be.
        Err(error) if error.kind() != io::ErrorKind::PermissionDenied => return Err(error),
        _ => {}
    }
    file.set_permissions(Permissions::from_mode(metadata.mode() & 0o7777))?;
    file.set_times(FileTimes::new().set_accessed(metadata.accessed()?).set_modified(metadata.modified()?))
}
