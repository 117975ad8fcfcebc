//! Whether nginx's workers can see the flag: each directory above it must let them through, the way the kernel checks it for
//! the user they run as. Where one does not, they would silently take the flag for absent.

use std::path::{Path, PathBuf};

use crate::host::{Credentials, FileFacts, FileKind};
use crate::language::translated;

/// What keeps a process from looking at a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Obstacle {
    /// The first one on the way, from the root down, that stops it.
    pub(crate) directory: PathBuf,
    /// What is wrong with it, as a fragment.
    pub(crate) why: String,
}

/// Finds the first directory that does not let a process of these credentials through; `describe` says what stands at a path.
pub(crate) fn obstacle(
    file: &Path,
    credentials: &Credentials,
    describe: impl Fn(&Path) -> std::io::Result<FileFacts>,
) -> Option<Obstacle> {
    let mut above: Vec<&Path> = file.ancestors().skip(1).collect();
    above.reverse();
    above.into_iter().find_map(|directory| {
        let why = match describe(directory) {
            Err(cause) => Some(cause.to_string()),
            Ok(facts) => closed(&facts, credentials),
        };
        why.map(|why| Obstacle { directory: directory.to_owned(), why })
    })
}

/// Why a directory does not let them through, if it does not. Access control lists are not looked at: they are rare, and the
/// proof at the door notices what they do.
fn closed(facts: &FileFacts, credentials: &Credentials) -> Option<String> {
    match facts.kind {
        FileKind::Directory => {}
        FileKind::SymbolicLink => {
            return Some(translated!("it is a symbolic link, needed the directory itself").to_owned());
        }
        FileKind::Regular | FileKind::Special => return Some(translated!("it is no directory").to_owned()),
    }
    // The kernel looks at one class only: the owner's bits even if the group's were kinder.
    let class = if credentials.user == facts.owner {
        0o100
    } else if credentials.groups.contains(&facts.group) {
        0o010
    } else {
        0o001
    };
    let passes = credentials.user == 0 || facts.mode & class != 0;
    (!passes).then(|| translated!("its mode is {:o}", facts.mode))
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::SystemTime;

    use super::*;

    fn directory(mode: u32, owner: u32, group: u32) -> FileFacts {
        FileFacts {
            kind: FileKind::Directory,
            mode,
            owner,
            group,
            size: 0,
            changed: SystemTime::UNIX_EPOCH,
            written: SystemTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_directory_is_closed_to_a_worker_as_the_kernel_would_have_it() {
        let worker = Credentials { user: 33, groups: vec![33, 100] };
        for (name, facts, passes) in [
            ("open to all", directory(0o755, 0, 0), true),
            ("a home of Amazon Linux", directory(0o700, 1000, 1000), false),
            ("open to its group", directory(0o710, 1000, 100), true),
            ("open to another group", directory(0o710, 1000, 1000), false),
            ("closed to its group, open to others", directory(0o701, 1000, 100), false),
            ("its own and closed to itself", directory(0o077, 33, 33), false),
            ("to be listed, not to be passed", directory(0o744, 0, 0), false),
            ("a link", FileFacts { kind: FileKind::SymbolicLink, ..directory(0o777, 0, 0) }, false),
        ] {
            assert_eq!(closed(&facts, &worker).is_none(), passes, "{name}");
        }
        let root = Credentials { user: 0, groups: vec![0] };
        assert_eq!(closed(&directory(0o700, 1000, 1000), &root), None);
    }

    #[test]
    fn the_first_closed_directory_from_the_top_is_named() {
        let worker = Credentials { user: 33, groups: vec![33] };
        let describe = |path: &Path| match path.to_str() {
            Some("/home/ec2-user") => Ok(directory(0o700, 1000, 1000)),
            Some("/home/ec2-user/gone") => Err(io::ErrorKind::NotFound.into()),
            _ => Ok(directory(0o755, 0, 0)),
        };
        let found = obstacle(Path::new("/home/ec2-user/app/green"), &worker, describe).unwrap();
        assert_eq!((found.directory.to_str(), found.why.as_str()), (Some("/home/ec2-user"), "its mode is 700"));
        assert_eq!(obstacle(Path::new("/var/lib/service-url/green"), &worker, describe), None);
    }
}
