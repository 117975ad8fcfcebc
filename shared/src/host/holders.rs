//! Which processes hold a socket. The kernel does not say, so that the descriptors of every process have to be looked through:
//! nginx alone may have ten thousand. It is done once for a socket; after that only who held it is looked at again.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::io;

use rustix::fs::{Dir, Mode, OFlags};

use super::processes;

/// Who was found to hold which socket, by its inode.
#[derive(Debug, Default)]
pub(super) struct Holders {
    known: RefCell<HashMap<u64, Vec<u32>>>,
}

impl Holders {
    /// The ids of the processes that hold the `wanted` sockets. Another user's descriptors cannot be read: such a socket stays
    /// without a holder. Where all descriptors have to be looked through, the holders of `all` sockets are noted on the way.
    pub(super) fn of(&self, wanted: &HashSet<u64>, all: &HashSet<u64>) -> io::Result<HashMap<u64, Vec<u32>>> {
        let mut known = self.known.borrow_mut();
        let still_held = |inode: &u64| {
            known.get(inode).is_some_and(|ids| !ids.is_empty() && ids.iter().all(|id| holds(*id, *inode)))
        };
        if !wanted.iter().all(still_held) {
            *known = all.union(wanted).map(|inode| (*inode, Vec::new())).collect();
            let inodes = known.keys().copied().collect();
            for id in processes::ids()? {
                for inode in held(id, &inodes) {
                    known.entry(inode).or_default().push(id);
                }
            }
        }
        Ok(wanted.iter().map(|inode| (*inode, known.get(inode).cloned().unwrap_or_default())).collect())
    }
}

fn holds(id: u32, inode: u64) -> bool {
    held(id, &HashSet::from([inode])).contains(&inode)
}

/// Those of the sockets that a process holds. One that has ended, or may not be looked at, holds none.
fn held(id: u32, inodes: &HashSet<u64>) -> HashSet<u64> {
    let path = format!("/proc/{id}/fd");
    let Ok(directory) = rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
    else {
        return HashSet::new();
    };
    let Ok(entries) = Dir::read_from(&directory) else { return HashSet::new() };
    let mut target = Vec::with_capacity(64);
    entries
        .flatten()
        .filter_map(|entry| {
            target =
                rustix::fs::readlinkat(&directory, entry.file_name(), std::mem::take(&mut target)).ok()?.into_bytes();
            let number = target.strip_prefix(b"socket:[")?.strip_suffix(b"]")?;
            std::str::from_utf8(number).ok()?.parse().ok()
        })
        .filter(|inode| inodes.contains(inode))
        .collect()
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
}
