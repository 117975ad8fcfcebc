//! Files in memory: bytes, kind, mode, owner and the time of their last change on the host's own clock.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use shared::host::{FileFacts, FileKind};

/// One thing at a path.
#[derive(Clone, Debug)]
struct Node {
    kind: FileKind,
    bytes: Vec<u8>,
    mode: u32,
    owner: u32,
    changed: SystemTime,
}

/// Everything that stands at a path.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    nodes: BTreeMap<PathBuf, Node>,
}

impl Files {
    pub(super) fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let node = self.node(path)?;
        if node.kind == FileKind::Regular { Ok(node.bytes.clone()) } else { Err(io::ErrorKind::InvalidInput.into()) }
    }

    pub(super) fn describe(&self, path: &Path) -> io::Result<FileFacts> {
        let Node { kind, bytes, mode, owner, changed } = self.node(path)?;
        Ok(FileFacts {
            kind: *kind,
            mode: *mode,
            owner: *owner,
            group: *owner,
            size: bytes.len() as u64,
            changed: *changed,
        })
    }

    pub(super) fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        if self.node(directory)?.kind != FileKind::Directory {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        let name = |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
        Ok(self.nodes.keys().filter(|path| path.parent() == Some(directory)).filter_map(name).collect())
    }

    pub(super) fn may_write(&self, directory: &Path, user: u32) -> bool {
        self.node(directory).is_ok_and(|node| {
            node.kind == FileKind::Directory
                && (user == 0 || (node.owner == user && node.mode & 0o200 != 0) || node.mode & 0o002 != 0)
        })
    }

    /// Puts bytes at a path; what was there keeps its owner and mode.
    pub(super) fn put(&mut self, path: &Path, bytes: Vec<u8>, mode: u32, user: u32, now: SystemTime) -> io::Result<()> {
        self.check_directory_above(path, user)?;
        let before = self.nodes.get(path).filter(|node| node.kind == FileKind::Regular);
        let (mode, owner) = before.map_or((mode, user), |node| (node.mode, node.owner));
        self.nodes.insert(path.to_owned(), Node { kind: FileKind::Regular, bytes, mode, owner, changed: now });
        Ok(())
    }

    pub(super) fn make_directory(&mut self, path: &Path, mode: u32, user: u32, now: SystemTime) -> io::Result<()> {
        match self.nodes.get(path) {
            Some(node) if node.kind == FileKind::Directory => return Ok(()),
            Some(_) => return Err(io::ErrorKind::AlreadyExists.into()),
            None => {}
        }
        if let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) {
            self.make_directory(above, mode, user, now)?;
            self.check_directory_above(path, user)?;
        }
        self.nodes.insert(
            path.to_owned(),
            Node { kind: FileKind::Directory, bytes: Vec::new(), mode, owner: user, changed: now },
        );
        Ok(())
    }

    /// Removes a file or a whole directory.
    pub(super) fn remove(&mut self, path: &Path, user: u32) -> io::Result<()> {
        self.node(path)?;
        self.check_directory_above(path, user)?;
        self.nodes.retain(|other, _| !other.starts_with(path));
        Ok(())
    }

    /// Another owner.
    pub(super) fn give(&mut self, path: &Path, owner: u32) -> io::Result<()> {
        self.nodes.get_mut(path).ok_or(io::ErrorKind::NotFound)?.owner = owner;
        Ok(())
    }

    fn node(&self, path: &Path) -> io::Result<&Node> {
        self.nodes.get(path).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn check_directory_above(&self, path: &Path, user: u32) -> io::Result<()> {
        let Some(above) = path.parent() else { return Ok(()) };
        self.node(above)?;
        if self.may_write(above, user) { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
    }
}
