//! Files: read without waiting on a FIFO, replaced and published in atomic steps that survive a power cut, and the lock.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use super::{FileFacts, FileKind, Lock};
use crate::language::translated;

/// Files that the hooks read as a whole are small; more than this is not one of them.
const READ_LIMIT: u64 = 16 * 1024 * 1024;

/// How the names of temporary files begin: of those that replace a file, and of copies.
const PREFIXES: [&str; 2] = [".hooks-", ".release-"];

/// Whether a name is one that a temporary file of ours has.
#[must_use]
pub fn is_temporary(name: &str) -> bool {
    let random = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix));
    random.is_some_and(|random| random.len() == 6 && random.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Opens a regular file. `O_NONBLOCK` keeps a FIFO of that name from hanging the hook.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let no_waiting = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = OpenOptions::new().read(true).custom_flags(no_waiting).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, translated!("it is not a regular file")));
    }
    Ok(file)
}

pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    // Room for the whole of it and a little more, by which the end is seen: else it is read in steps that begin at 32 bytes.
    let room = file.metadata()?.len().min(READ_LIMIT) + 64;
    let mut bytes = Vec::with_capacity(usize::try_from(room).unwrap_or_default());
    file.take(READ_LIMIT).read_to_end(&mut bytes)?;
    Ok(bytes)
}

pub(super) fn describe(path: &Path) -> io::Result<FileFacts> {
    let facts = fs::symlink_metadata(path)?;
    let kind = facts.file_type();
    Ok(FileFacts {
        kind: if kind.is_dir() {
            FileKind::Directory
        } else if kind.is_symlink() {
            FileKind::SymbolicLink
        } else if kind.is_fifo() || kind.is_socket() || kind.is_block_device() || kind.is_char_device() {
            FileKind::Special
        } else {
            FileKind::Regular
        },
        mode: facts.mode() & 0o7777,
        owner: facts.uid(),
        group: facts.gid(),
        size: facts.size(),
        changed: SystemTime::UNIX_EPOCH
            + Duration::new(u64::try_from(facts.ctime()).unwrap_or(0), u32::try_from(facts.ctime_nsec()).unwrap_or(0)),
        written: facts.modified()?,
    })
}

pub(super) fn list(directory: &Path) -> io::Result<Vec<String>> {
    fs::read_dir(directory)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

pub(super) fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    sync_directory(replace_of_this_boot(path, bytes, mode)?)
}

/// The new bytes are on the disk before the name leads to them; that it does may not be. Returns the directory, which knows.
pub(super) fn replace_of_this_boot<'a>(path: &'a Path, bytes: &[u8], mode: u32) -> io::Result<&'a Path> {
    let directory = parent(path)?;
    let before = fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file);
    let mut temporary = tempfile::Builder::new().prefix(PREFIXES[0]).tempfile_in(directory)?;
    temporary.write_all(bytes)?;
    let mode = before.as_ref().map_or(mode, |facts| facts.mode() & 0o7777);
    temporary.as_file().set_permissions(Permissions::from_mode(mode))?;
    if let Some(facts) = before {
        keep_owner(temporary.as_file(), &facts)?;
    }
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|error| error.error)?;
    Ok(directory)
}

/// A file of root's that a root hook replaces stays root's, and one of another user's stays that user's.
fn keep_owner(file: &File, before: &fs::Metadata) -> io::Result<()> {
    let now = file.metadata()?;
    if (now.uid(), now.gid()) == (before.uid(), before.gid()) {
        return Ok(());
    }
    match std::os::unix::fs::fchown(file, Some(before.uid()), Some(before.gid())) {
        // Only root may give files away; the directory is ours to write, so the file may become ours.
        Err(cause) if cause.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        other => other,
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the place that makes directories, for everybody")]
pub(super) fn make_directory(path: &Path, mode: u32) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(mode).create(path)?;
    // The umask may have taken bits away (F27).
    fs::set_permissions(path, Permissions::from_mode(mode))
}

#[expect(clippy::disallowed_methods, reason = "this is the place that renames files, for everybody")]
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    sync_directory(parent(to)?)
}

#[expect(clippy::disallowed_methods, reason = "this is the place that removes files, for everybody")]
pub(super) fn remove(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() {
        return fs::remove_dir_all(path);
    }
    fs::remove_file(path)?;
    sync_directory(parent(path)?)
}

/// Gives a file or directory to another user; its group stays.
pub(super) fn give(path: &Path, owner: u32) -> io::Result<()> {
    std::os::unix::fs::lchown(path, Some(owner), None)
}

pub(super) fn may_write(directory: &Path) -> bool {
    rustix::fs::access(directory, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK).is_ok()
}

pub(super) fn free_space(directory: &Path) -> io::Result<u64> {
    let facts = rustix::fs::statvfs(directory)?;
    Ok(facts.f_bavail.saturating_mul(facts.f_frsize))
}

/// Copies from one open descriptor, so that what was hashed is what was copied (F25), to a new name (F30).
pub(super) fn publish(from: &Path, to: &Path) -> io::Result<String> {
    let directory = parent(to)?;
    make_directory(directory, 0o755)?;
    let source = open(from)?;
    let expected = source.metadata()?.len();
    let temporary = tempfile::Builder::new().prefix(PREFIXES[1]).tempfile_in(directory)?;
    let (copied, sha256) = copy(&source, temporary.as_file())?;
    if copied != expected || source.metadata()?.len() != expected {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            translated!("it changed while it was copied: {expected} bytes at first, {copied} were read"),
        ));
    }
    // As the scripts' `chmod +x` had it: an artifact may be a program.
    temporary.as_file().set_permissions(Permissions::from_mode(0o755))?;
    temporary.as_file().sync_all()?;
    temporary.persist_noclobber(to).map_err(|error| error.error)?;
    sync_directory(directory)?;
    if let Ok(above) = parent(directory) {
        sync_directory(above)?;
    }
    Ok(sha256)
}

/// Copies, and hashes what was copied. A file system that lets two files share what they hold until one of them is written (XFS,
/// btrfs) is asked to do so: then nothing is written, and what is hashed is the copy.
fn copy(source: &File, target: &File) -> io::Result<(u64, String)> {
    let is_shared = rustix::fs::ioctl_ficlone(target, source).is_ok();
    let (mut from, mut into) = (if is_shared { target } else { source }, target);
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    let mut copied = 0;
    loop {
        let count = from.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        hash.update(&buffer[..count]);
        if !is_shared {
            into.write_all(&buffer[..count])?;
        }
        copied += count as u64;
    }
    Ok((copied, hexadecimal(&hash.finalize())))
}

/// Bytes as hexadecimal digits.
#[must_use]
pub fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(super) fn sync(path: &Path) -> io::Result<()> {
    open(path)?.sync_all()?;
    sync_directory(parent(path)?)
}

fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

fn parent(path: &Path) -> io::Result<&Path> {
    path.parent()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, translated!("it has no directory above it")))
}

/// Takes the lock without waiting. The file is never deleted: whoever deleted it could let two in.
pub(super) fn lock(path: &Path, holder: &str) -> io::Result<Result<Lock, String>> {
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o644).open(path)?;
    match file.try_lock() {
        Ok(()) => {
            // For the message of whoever comes second, and for nothing else.
            file.set_len(0)?;
            file.seek(SeekFrom::Start(0))?;
            file.write_all(holder.as_bytes())?;
            Ok(Ok(Lock::held_by(file)))
        }
        Err(TryLockError::WouldBlock) => {
            let mut other = String::new();
            file.take(200).read_to_string(&mut other)?;
            Ok(Err(other.trim().to_owned()))
        }
        Err(TryLockError::Error(cause)) => Err(cause),
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the tests look at the disk past the code under test")]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_file_keeps_its_mode_and_leaves_nothing_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("service-url.inc");
        replace(&path, b"one", 0o600).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o664)).unwrap();
        replace(&path, b"two", 0o600).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(describe(&path).unwrap().mode, 0o664);
        assert_eq!(list(directory.path()).unwrap(), ["service-url.inc"]);
    }

    #[test]
    fn f116_a_temporary_file_is_known_by_the_name_that_it_gets_and_nobody_elses_is() {
        let directory = tempfile::tempdir().unwrap();
        for prefix in PREFIXES {
            let made = tempfile::Builder::new().prefix(prefix).tempfile_in(directory.path()).unwrap();
            let name = made.path().file_name().unwrap().to_string_lossy().into_owned();
            assert!(is_temporary(&name), "{name}");
        }
        for name in
            [".hooks-", ".hooks-abc", ".hooks-abcdefg", ".hooks-abc.ef", "hooks-abcdef", ".service-url.inc.next"]
        {
            assert!(!is_temporary(name), "{name}");
        }
    }

    #[test]
    fn f30_a_published_release_is_never_written_over() {
        let directory = tempfile::tempdir().unwrap();
        let (from, to) = (directory.path().join("a.jar"), directory.path().join("releases/1/a.jar"));
        fs::write(&from, b"bytes").unwrap();
        let sha256 = publish(&from, &to).unwrap();
        assert_eq!(sha256, "277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9");
        assert_eq!(publish(&from, &to).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(list(to.parent().unwrap()).unwrap(), ["a.jar"]);
    }

    #[test]
    fn s18_a_fifo_is_refused_without_waiting_on_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("app.jar");
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
        assert_eq!(read(&path).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(describe(&path).unwrap().kind, FileKind::Special);
    }

    #[test]
    fn f81_the_second_to_come_is_told_who_holds_the_lock_until_that_one_lets_go() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let first = lock(&path, "stop, process 7").unwrap();
        assert_eq!(lock(&path, "start").unwrap().unwrap_err(), "stop, process 7");
        drop(first);
        assert!(lock(&path, "start").unwrap().is_ok());
    }
}
