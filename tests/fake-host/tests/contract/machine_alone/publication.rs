//! A release is published whole or not at all (F25, F30), also if its artifact changes while it is copied.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use shared::host::Host;

use super::watched_calls::{Call, watch};
use crate::on_machine;
use crate::subject::{ROOT, Subject};

/// More than is read by one call.
const SIZE: usize = 600_000;

/// What comes of an artifact that changes at its n-th read.
#[track_caller]
fn published_while_it_changes(nth: usize, change: impl Fn(&Path)) -> (String, usize) {
    let directory = tempfile::tempdir().unwrap();
    let (from, to) = (directory.path().join("a.jar"), directory.path().join("releases/1/a.jar"));
    fs::write(&from, vec![b'x'; SIZE]).unwrap();
    let mut reads = 0;
    let deed = ["publish", from.to_str().unwrap(), to.to_str().unwrap()];
    let (_, said) = watch(&deed, directory.path(), &to, |call| {
        // Of the artifact, or of a copy that shares what it holds: then the copy stays as it is, and only the sizes tell.
        if matches!(call, Call::Read(_)) {
            reads += 1;
            if reads == nth {
                change(&from);
            }
        }
    });
    assert!(reads >= nth, "it was read {reads} times");
    (said, fs::read_dir(to.parent().unwrap()).unwrap().count())
}

#[test]
fn f25_an_artifact_that_changes_while_it_is_copied_is_no_release() {
    let grows = |path: &Path| OpenOptions::new().append(true).open(path).unwrap().write_all(b"more").unwrap();
    let shrinks = |path: &Path| OpenOptions::new().write(true).open(path).unwrap().set_len(10).unwrap();
    let refused = ("InvalidData".to_owned(), 0);
    assert_eq!(published_while_it_changes(1, grows), refused, "it grows, and more is read");
    assert_eq!(published_while_it_changes(1, shrinks), refused, "it shrinks, and less is read");
    // The third read finds two and a bit of them, the fourth the end.
    assert_eq!(published_while_it_changes(4, grows), refused, "it grows when all was read");
    let (sha256, files) = published_while_it_changes(4, |_| {});
    assert_eq!((sha256.len(), files), (64, 1), "it stays as it is: {sha256}");
}

#[test]
fn f25_a_copy_that_is_not_as_long_as_the_artifact_is_no_release() {
    on_machine::run(ROOT, async |subject| {
        // The kernel tells of this file that it is empty, before and after it was read.
        let (from, to) = (Path::new("/proc/version"), subject.path("releases/1/a.jar"));
        let error = subject.host().publish(from, &to).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
        assert_eq!(fs::read_dir(subject.path("releases/1")).unwrap().count(), 0);
    });
}

#[test]
fn f30_a_release_that_appears_while_another_is_copied_stays() {
    let directory = tempfile::tempdir().unwrap();
    let (from, to) = (directory.path().join("a.jar"), directory.path().join("a/b.jar"));
    fs::write(&from, "second").unwrap();
    let deed = ["publish", from.to_str().unwrap(), to.to_str().unwrap()];
    let (_, said) = watch(&deed, directory.path(), Path::new(""), |call| {
        if matches!(call, Call::Wrote(_) | Call::Synced(_)) {
            fs::write(&to, "first").unwrap();
        }
    });
    assert_eq!((said.as_str(), fs::read_to_string(&to).unwrap().as_str()), ("AlreadyExists", "first"));
}
