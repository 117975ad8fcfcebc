//! Whoever reads a file while it is replaced: nginx reads the include at any moment, and whoever owned it owns it.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use shared::host::Host;

use crate::on_machine;
use crate::subject::{ROOT, Subject, USER};

/// So often it is replaced, and so often it is read meanwhile.
const TIMES: usize = 2_000;

#[test]
fn a_reader_never_sees_half_a_file_however_often_it_is_replaced() {
    on_machine::run(ROOT, async |subject| {
        let (host, path) = (subject.host(), subject.path("service-url.inc"));
        // Larger than what is written or read by one call, and of different lengths.
        let texts = [vec![b'a'; 300_000], vec![b'b'; 200_000]];
        host.replace_file(&path, &texts[0], 0o644).unwrap();
        let (read, over) = (AtomicUsize::new(0), AtomicBool::new(false));
        thread::scope(|scope| {
            let reader = scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let bytes = fs::read(&path).unwrap();
                    assert!(texts.contains(&bytes), "{} bytes were read, of neither text", bytes.len());
                    read.fetch_add(1, Ordering::Relaxed);
                }
            });
            let inode = || fs::metadata(&path).unwrap().ino();
            let mut replaced = 0;
            while (replaced < TIMES || read.load(Ordering::Relaxed) < TIMES) && !reader.is_finished() {
                let before = inode();
                replaced += 1;
                host.replace_file(&path, &texts[replaced % 2], 0o644).unwrap();
                assert_ne!(inode(), before, "it is another file");
            }
            over.store(true, Ordering::Relaxed);
        });
    });
}

#[test]
fn a_replaced_file_is_still_its_owners_its_groups_and_of_its_mode() {
    on_machine::run(ROOT, async |subject| {
        let (host, path) = (subject.host(), subject.path("service-url.inc"));
        fs::write(&path, "old").unwrap();
        chown(&path, Some(USER), Some(33)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o660)).unwrap();
        host.replace_file(&path, b"new", 0o644).unwrap();
        let facts = fs::metadata(&path).unwrap();
        assert_eq!((facts.uid(), facts.gid(), facts.mode() & 0o7777), (USER, 33, 0o660));
    });
}

#[test]
fn an_ordinary_user_replaces_roots_file_in_its_own_directory_and_has_it_then() {
    on_machine::run(ROOT, async |subject| {
        let (host, path) = (subject.host(), subject.path("service-url.inc"));
        host.replace_file(&path, b"root's", 0o640).unwrap();
        chown(subject.directory(), Some(USER), Some(USER)).unwrap();
        rustix::thread::set_thread_uid(rustix::fs::Uid::from_raw(USER)).unwrap();
        host.replace_file(&path, b"new", 0o600).unwrap();
        let facts = host.describe(&path).unwrap();
        assert_eq!((facts.owner, facts.mode, facts.size), (USER, 0o640, 3));
    });
}
