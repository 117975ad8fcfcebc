//! Which processes hold a socket. The kernel does not say, so that the descriptors of every process have to be looked through:
//! nginx alone may have ten thousand. Those that this run has asked about are looked through first, and all others only where a
//! socket has no holder among them. It is done once for a socket; after that only who held it is looked at again.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::CString;
use std::io;
use std::mem::MaybeUninit;

use rustix::fs::{FileType, Mode, OFlags, RawDir};

use super::processes;

/// Room for the names of so many descriptors at once, in bytes.
const NAMES: usize = 8192;
/// What leads to a socket is shorter than this, in bytes.
const LONGEST_TARGET: usize = 64;

/// A process and the number of the descriptor by which it holds a socket.
type Holding = (u32, CString);

/// Who was found to hold which socket, by its inode.
#[derive(Debug, Default)]
pub(super) struct Holders {
    known: RefCell<HashMap<u64, Vec<Holding>>>,
    expected: RefCell<BTreeSet<u32>>,
}

impl Holders {
    /// Notes that this run has asked about a process, which is then likely to hold what it asks for next.
    pub(super) fn expect(&self, id: u32) {
        self.expected.borrow_mut().insert(id);
    }

    /// The ids of the processes that hold the `wanted` sockets. Another user's descriptors cannot be read: such a socket stays
    /// without a holder. While descriptors are looked through, the holders of `all` sockets are noted on the way.
    pub(super) fn of(&self, wanted: &HashSet<u64>, all: &HashSet<u64>) -> io::Result<HashMap<u64, Vec<u32>>> {
        let mut known = self.known.borrow_mut();
        let still_held = |inode: &u64| {
            known.get(inode).is_some_and(|holdings| !holdings.is_empty() && holdings.iter().all(|it| holds(it, *inode)))
        };
        if !wanted.iter().all(still_held) {
            let look_through = |ids: &mut dyn Iterator<Item = u32>| {
                let mut found: HashMap<u64, Vec<Holding>> =
                    all.union(wanted).map(|inode| (*inode, Vec::new())).collect();
                let mut names = Vec::with_capacity(NAMES);
                for id in ids {
                    for (inode, descriptor) in held(id, &found, names.spare_capacity_mut()) {
                        found.entry(inode).or_default().push((id, descriptor));
                    }
                }
                found
            };
            *known = look_through(&mut self.expected.borrow().iter().copied());
            if wanted.iter().any(|inode| known.get(inode).is_none_or(Vec::is_empty)) {
                *known = look_through(&mut processes::ids()?.into_iter());
            }
        }
        let ids = |inode: &u64| {
            let mut ids: Vec<u32> = known.get(inode).into_iter().flatten().map(|(id, _)| *id).collect();
            ids.dedup();
            ids
        };
        Ok(wanted.iter().map(|inode| (*inode, ids(inode))).collect())
    }
}

/// Whether a process still holds the socket by the descriptor by which it was found to.
fn holds((id, descriptor): &Holding, inode: u64) -> bool {
    let path = [format!("/proc/{id}/fd/").as_bytes(), descriptor.to_bytes()].concat();
    rustix::fs::readlink(path, Vec::new()).is_ok_and(|target| socket(target.to_bytes()) == Some(inode))
}

/// Those of the sought sockets that a process holds, and by which descriptors. One that has ended, or may not be looked at, holds
/// none. Every descriptor of the host comes by here, so that nothing is copied but what is kept.
fn held(id: u32, sought: &HashMap<u64, Vec<Holding>>, names: &mut [MaybeUninit<u8>]) -> Vec<(u64, CString)> {
    let path = format!("/proc/{id}/fd");
    let Ok(directory) = rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
    else {
        return Vec::new();
    };
    let mut entries = RawDir::new(&directory, names);
    let mut found = Vec::new();
    while let Some(Ok(entry)) = entries.next() {
        if entry.file_type() != FileType::Symlink {
            continue;
        }
        let mut target = [MaybeUninit::uninit(); LONGEST_TARGET];
        let target = rustix::fs::readlinkat_raw(&directory, entry.file_name(), &mut target);
        let inode = target.ok().and_then(|(target, _)| socket(target));
        if let Some(inode) = inode.filter(|inode| sought.contains_key(inode)) {
            found.push((inode, entry.file_name().to_owned()));
        }
    }
    found
}

/// The inode of the socket that a descriptor leads to.
fn socket(target: &[u8]) -> Option<u64> {
    std::str::from_utf8(target.strip_prefix(b"socket:[")?.strip_suffix(b"]")?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn a_socket_is_held_until_it_is_closed_and_another_one_is_looked_for_anew() {
        let own = std::process::id();
        let inode = |socket: &TcpListener| {
            use std::os::fd::AsRawFd;
            std::fs::metadata(format!("/proc/self/fd/{}", socket.as_raw_fd())).unwrap().ino()
        };
        let (first, second) = (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
        let (one, two) = (inode(&first), inode(&second));
        let holders = Holders::default();
        let of = |inodes: &[u64]| holders.of(&inodes.iter().copied().collect(), &HashSet::from([two])).unwrap();
        assert_eq!(of(&[one]), HashMap::from([(one, vec![own])]));
        assert_eq!(of(&[one]), HashMap::from([(one, vec![own])]), "and again, from memory");
        assert_eq!(of(&[one, two]), HashMap::from([(one, vec![own]), (two, vec![own])]));
        drop(first);
        assert_eq!(of(&[one, two]), HashMap::from([(one, vec![]), (two, vec![own])]));
    }

    #[test]
    fn whoever_was_asked_about_is_looked_through_first_and_all_others_for_what_those_do_not_hold() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let inode =
            std::fs::metadata(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&socket))).unwrap().ino();
        let own = std::process::id();
        for expected in [own, 1] {
            let holders = Holders::default();
            holders.expect(expected);
            assert_eq!(
                holders.of(&HashSet::from([inode]), &HashSet::new()).unwrap(),
                HashMap::from([(inode, vec![own])])
            );
        }
    }
}
