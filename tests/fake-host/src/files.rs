//! Files in memory: bytes, kind, mode, owner and the time of their last change on the host's own clock.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use shared::host::{FileFacts, FileKind};

/// One thing at a path.
#[derive(Clone, Debug)]
pub(super) struct Node {
    kind: FileKind,
    bytes: Vec<u8>,
    mode: u32,
    owner: u32,
    changed: SystemTime,
    written: SystemTime,
}

/// Everything that stands at a path.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    nodes: BTreeMap<PathBuf, Node>,
    /// What a power cut brings back: names whose change is not on the disk yet.
    unsynced: BTreeMap<PathBuf, Option<Node>>,
}

impl Files {
    pub(super) fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let node = self.node(&self.canonicalize(path)?)?;
        if node.kind == FileKind::Regular { Ok(node.bytes.clone()) } else { Err(io::ErrorKind::InvalidInput.into()) }
    }

    /// Reads as a user, who may not be allowed to.
    pub(super) fn read_as(&self, path: &Path, user: u32) -> io::Result<Vec<u8>> {
        let node = self.node(&self.canonicalize(path)?)?;
        let may = user == 0 || (node.owner == user && node.mode & 0o400 != 0) || node.mode & 0o004 != 0;
        if may { self.read(path) } else { Err(io::ErrorKind::PermissionDenied.into()) }
    }

    pub(super) fn describe(&self, path: &Path) -> io::Result<FileFacts> {
        let Node { kind, bytes, mode, owner, changed, written } = self.node(path)?;
        Ok(FileFacts {
            kind: *kind,
            mode: *mode,
            owner: *owner,
            group: *owner,
            size: bytes.len() as u64,
            changed: *changed,
            written: *written,
        })
    }

    /// The one name of what is there, every link on the way followed.
    pub(super) fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        let mut found = PathBuf::from("/");
        for component in path.components() {
            match component {
                Component::ParentDir => _ = found.pop(),
                Component::Normal(name) => {
                    found.push(name);
                    let node = self.nodes.get(&found).filter(|node| node.kind == FileKind::SymbolicLink);
                    if let Some(node) = node {
                        found = self.canonicalize(Path::new(&*String::from_utf8_lossy(&node.bytes)))?;
                    }
                }
                Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
            }
        }
        self.node(&found).map(|_| found.clone())
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
        let before = self.nodes.get(path).filter(|node| node.kind == FileKind::Regular);
        let (mode, owner) = before.map_or((mode, user), |node| (node.mode, node.owner));
        self.put_new(path, Node { kind: FileKind::Regular, bytes, mode, owner, changed: now, written: now }, user)
    }

    /// Copies a file as `install` does: whatever was there, it is a new one.
    pub(super) fn install(&mut self, from: &Path, to: &Path, user: u32, now: SystemTime) -> io::Result<()> {
        let bytes = self.read_as(from, user)?;
        self.put_new(
            to,
            Node { kind: FileKind::Regular, bytes, mode: 0o644, owner: user, changed: now, written: now },
            user,
        )
    }

    /// What stands there, to be brought back.
    pub(super) fn kept(&self, path: &Path) -> Option<Node> {
        self.nodes.get(path).cloned()
    }

    /// A power cut may bring back what stood there before.
    pub(super) fn may_go_back(&mut self, path: &Path, before: Option<Node>) {
        self.unsynced.entry(path.to_owned()).or_insert(before);
    }

    /// What has happened in the directory of this name is on the disk.
    pub(super) fn sync_names_beside(&mut self, path: &Path) {
        self.unsynced.retain(|unsynced, _| unsynced.parent() != path.parent());
    }

    /// The power is cut: what is not on the disk never happened.
    pub(super) fn lose_power(&mut self) {
        for (path, before) in std::mem::take(&mut self.unsynced) {
            match before {
                Some(node) => _ = self.nodes.insert(path, node),
                None => _ = self.nodes.remove(&path),
            }
        }
    }

    /// Gives a file another name, as it is.
    pub(super) fn rename(&mut self, from: &Path, to: &Path, user: u32, now: SystemTime) -> io::Result<()> {
        let node = Node { changed: now, ..self.node(from)?.clone() };
        self.check_directory_above(from, user)?;
        self.put_new(to, node, user)?;
        self.nodes.remove(from);
        Ok(())
    }

    fn put_new(&mut self, path: &Path, node: Node, user: u32) -> io::Result<()> {
        self.check_directory_above(path, user)?;
        if self.nodes.get(path).is_some_and(|before| before.kind == FileKind::Directory) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        self.nodes.insert(path.to_owned(), node);
        Ok(())
    }

    pub(super) fn make_directory(&mut self, path: &Path, mode: u32, user: u32, now: SystemTime) -> io::Result<()> {
        match self.nodes.get(path) {
            Some(node) if node.kind == FileKind::Directory => return Ok(()),
            Some(_) => return Err(io::ErrorKind::AlreadyExists.into()),
            None => {}
        }
        self.check_no_file_above(path)?;
        if let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) {
            self.make_directory(above, mode, user, now)?;
            self.check_directory_above(path, user)?;
        }
        self.nodes.insert(
            path.to_owned(),
            Node { kind: FileKind::Directory, bytes: Vec::new(), mode, owner: user, changed: now, written: now },
        );
        Ok(())
    }

    /// Puts a symbolic link at a path.
    pub(super) fn place_link(&mut self, path: &Path, to: &Path, now: SystemTime) {
        let bytes = to.to_string_lossy().into_owned().into_bytes();
        let node = Node { kind: FileKind::SymbolicLink, bytes, mode: 0o777, owner: 0, changed: now, written: now };
        self.nodes.insert(path.to_owned(), node);
    }

    /// Puts a FIFO at a path.
    pub(super) fn place_special(&mut self, path: &Path, now: SystemTime) {
        let node =
            Node { kind: FileKind::Special, bytes: Vec::new(), mode: 0o600, owner: 0, changed: now, written: now };
        self.nodes.insert(path.to_owned(), node);
    }

    /// Removes a file or a whole directory.
    pub(super) fn remove(&mut self, path: &Path, user: u32) -> io::Result<()> {
        self.node(path)?;
        self.check_directory_above(path, user)?;
        self.nodes.retain(|other, _| !other.starts_with(path));
        Ok(())
    }

    /// Another owner, which only root may say.
    pub(super) fn give(&mut self, path: &Path, owner: u32, user: u32, now: SystemTime) -> io::Result<()> {
        let before = self.node(path)?.owner;
        if user != 0 && (before, owner) != (user, user) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let node = self.nodes.get_mut(path).ok_or(io::ErrorKind::NotFound)?;
        (node.owner, node.changed) = (owner, now);
        Ok(())
    }

    /// Whether what stands there can be synced: a regular file.
    pub(super) fn sync(&self, path: &Path) -> io::Result<()> {
        self.read(path).map(|_| ())
    }

    fn node(&self, path: &Path) -> io::Result<&Node> {
        self.check_no_file_above(path)?;
        self.nodes.get(path).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn check_no_file_above(&self, path: &Path) -> io::Result<()> {
        let is_file = |above: &Path| self.nodes.get(above).is_some_and(|node| node.kind != FileKind::Directory);
        if path.ancestors().skip(1).any(is_file) { Err(io::ErrorKind::NotADirectory.into()) } else { Ok(()) }
    }

    fn check_directory_above(&self, path: &Path, user: u32) -> io::Result<()> {
        let Some(above) = path.parent() else { return Ok(()) };
        self.check_no_file_above(path)?;
        self.node(above)?;
        if self.may_write(above, user) { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
    }
}
