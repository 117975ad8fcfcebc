//! Files: what is told of them, and who may do what.

use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use shared::host::{FileKind, Host};

use crate::contract;
use crate::subject::{Subject, USER};

contract! {
    ROOT:
        what_was_written_is_read_and_told,
        what_is_not_there_is_not_found,
        a_directory_and_a_fifo_are_refused_without_waiting_on_them,
        what_has_many_names_has_one_of_its_own,
        whoever_has_opened_a_file_reads_at_any_place,
        a_directory_is_made_with_what_is_missing_above_it,
        a_file_in_the_way_of_a_directory_is_told,
        what_is_removed_is_gone_with_all_that_was_in_it,
        an_artifact_is_published_once_as_a_program_with_its_sha256,
        only_a_regular_file_is_published,
        root_gives_a_file_away_and_it_stays_given,
        the_disk_has_room;
    USER:
        nobody_writes_where_root_alone_may,
        nobody_reads_what_root_alone_may,
        nobody_takes_what_is_anothers;
}

async fn what_was_written_is_read_and_told(subject: &impl Subject) {
    let (host, path) = (subject.host(), subject.path("file"));
    host.replace_file(&path, b"bytes", 0o640).unwrap();
    assert_eq!(host.read_file(&path).unwrap(), b"bytes");
    let facts = host.describe(&path).unwrap();
    assert_eq!((facts.kind, facts.mode, facts.size), (FileKind::Regular, 0o640, 5));
    assert_eq!((facts.owner, facts.group), (host.user().id, host.user().id));
    assert_eq!(host.list(subject.directory()).unwrap(), ["file"]);
    assert_eq!(host.describe(subject.directory()).unwrap().kind, FileKind::Directory);
    host.sync(&path).unwrap();
}

async fn what_is_not_there_is_not_found(subject: &impl Subject) {
    let (host, none) = (subject.host(), subject.path("none"));
    let into_none = none.join("file");
    for (what, done) in [
        ("read", host.read_file(&none).map(|_| ())),
        ("open", host.open(&none).map(|_| ())),
        ("describe", host.describe(&none).map(|_| ())),
        ("list", host.list(&none).map(|_| ())),
        ("canonicalize", host.canonicalize(&none).map(|_| ())),
        ("remove", host.remove(&none)),
        ("rename", host.rename(&none, &subject.path("other"))),
        ("give", host.give(&none, USER)),
        ("sync", host.sync(&none)),
        ("publish", host.publish(&none, &subject.path("copy")).map(|_| ())),
        ("replace", host.replace_file(&into_none, b"", 0o644)),
        ("lock", host.lock(&into_none, "me").map(|_| ())),
        ("free space", host.free_space(&none).map(|_| ())),
    ] {
        assert_eq!(done.map_err(|cause| cause.kind()), Err(ErrorKind::NotFound), "{what}");
    }
    assert!(!host.may_write(&none));
    assert_eq!(host.list(subject.directory()).unwrap(), Vec::<String>::new(), "nothing was made on the way");
}

/// S18: whoever reads such a thing would wait for ever.
async fn a_directory_and_a_fifo_are_refused_without_waiting_on_them(subject: &impl Subject) {
    let (host, fifo) = (subject.host(), subject.path("fifo"));
    subject.place_fifo(&fifo);
    assert_eq!(host.describe(&fifo).unwrap().kind, FileKind::Special);
    for path in [&fifo, subject.directory()] {
        for (what, done) in [
            ("read", host.read_file(path).map(|_| ())),
            ("open", host.open(path).map(|_| ())),
            ("sync", host.sync(path)),
            ("publish", host.publish(path, &subject.path("copy")).map(|_| ())),
        ] {
            assert_eq!(done.map_err(|cause| cause.kind()), Err(ErrorKind::InvalidInput), "{what} {}", path.display());
        }
    }
    host.remove(&fifo).unwrap();
    assert_eq!(host.list(subject.directory()).unwrap(), Vec::<String>::new());
}

/// F96: an include is the same one under whatever name nginx reads it.
async fn what_has_many_names_has_one_of_its_own(subject: &impl Subject) {
    let (host, path) = (subject.host(), subject.path("conf.d/x.inc"));
    host.make_directory(&subject.path("conf.d"), 0o755).unwrap();
    host.replace_file(&path, b"bytes", 0o644).unwrap();
    subject.place_link(&subject.path("link.inc"), &path);
    subject.place_link(&subject.path("linked"), &subject.path("conf.d"));
    subject.place_link(&subject.path("dangling"), &subject.path("none"));
    let own = host.canonicalize(&path).unwrap();
    for name in ["conf.d/../conf.d/x.inc", "conf.d//./x.inc", "link.inc", "linked/x.inc", "linked/../conf.d/x.inc"] {
        assert_eq!(host.canonicalize(&subject.path(name)).unwrap(), own, "{name}");
    }
    assert_eq!(host.describe(&subject.path("link.inc")).unwrap().kind, FileKind::SymbolicLink);
    assert_eq!(host.read_file(&subject.path("link.inc")).unwrap(), b"bytes");
    assert_eq!(host.canonicalize(&subject.path("dangling")).unwrap_err().kind(), ErrorKind::NotFound);
}

async fn whoever_has_opened_a_file_reads_at_any_place(subject: &impl Subject) {
    let (host, path) = (subject.host(), subject.path("file"));
    host.replace_file(&path, b"0123456789", 0o644).unwrap();
    let mut file = host.open(&path).unwrap();
    let mut text = String::new();
    file.seek(SeekFrom::End(-3)).unwrap();
    file.read_to_string(&mut text).unwrap();
    file.seek(SeekFrom::Start(1)).unwrap();
    file.take(2).read_to_string(&mut text).unwrap();
    assert_eq!(text, "78912");
}

/// F27: the umask takes nothing away.
async fn a_directory_is_made_with_what_is_missing_above_it(subject: &impl Subject) {
    let (host, path) = (subject.host(), subject.path("a/b/c"));
    host.make_directory(&path, 0o775).unwrap();
    let facts = host.describe(&path).unwrap();
    assert_eq!((facts.kind, facts.mode, facts.owner), (FileKind::Directory, 0o775, host.user().id));
    assert_eq!(host.describe(&subject.path("a/b")).unwrap().kind, FileKind::Directory);
    host.make_directory(&path, 0o700).unwrap();
    assert_eq!(host.describe(&path).unwrap().mode, 0o775, "one that is there stays as it is");
}

async fn a_file_in_the_way_of_a_directory_is_told(subject: &impl Subject) {
    let (host, file) = (subject.host(), subject.path("file"));
    host.replace_file(&file, b"", 0o644).unwrap();
    let kind = |done: std::io::Result<()>| done.map_err(|cause| cause.kind());
    assert_eq!(kind(host.make_directory(&file, 0o755)), Err(ErrorKind::AlreadyExists));
    let below = file.join("below");
    assert_eq!(kind(host.make_directory(&below, 0o755)), Err(ErrorKind::NotADirectory));
    assert_eq!(kind(host.read_file(&below).map(|_| ())), Err(ErrorKind::NotADirectory));
    assert_eq!(kind(host.describe(&below).map(|_| ())), Err(ErrorKind::NotADirectory));
    assert_eq!(kind(host.replace_file(&below, b"", 0o644)), Err(ErrorKind::NotADirectory));
    assert_eq!(kind(host.list(&file).map(|_| ())), Err(ErrorKind::NotADirectory));
    assert_eq!(kind(host.replace_file(subject.directory(), b"", 0o644)), Err(ErrorKind::IsADirectory));
    assert_eq!(host.list(subject.directory()).unwrap(), ["file"]);
}

async fn what_is_removed_is_gone_with_all_that_was_in_it(subject: &impl Subject) {
    let (host, directory) = (subject.host(), subject.path("old"));
    host.make_directory(&directory.join("deep"), 0o755).unwrap();
    for path in [subject.path("older"), directory.join("deep/file")] {
        host.replace_file(&path, b"", 0o644).unwrap();
    }
    host.remove(&directory).unwrap();
    assert_eq!(host.describe(&directory.join("deep/file")).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(host.list(subject.directory()).unwrap(), ["older"]);
    host.remove(&subject.path("older")).unwrap();
    assert_eq!(host.list(subject.directory()).unwrap(), Vec::<String>::new());
}

/// F30: what is published is never written over.
async fn an_artifact_is_published_once_as_a_program_with_its_sha256(subject: &impl Subject) {
    let (host, from, to) = (subject.host(), subject.path("a.jar"), subject.path("releases/1/a.jar"));
    host.replace_file(&from, b"bytes", 0o600).unwrap();
    let sha256 = host.publish(&from, &to).unwrap();
    assert_eq!(sha256, "277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9");
    let facts = host.describe(&to).unwrap();
    assert_eq!((facts.mode, facts.owner, facts.size), (0o755, host.user().id, 5));
    host.replace_file(&from, b"other", 0o600).unwrap();
    assert_eq!(host.publish(&from, &to).unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(host.read_file(&to).unwrap(), b"bytes");
    assert_eq!(host.list(&subject.path("releases/1")).unwrap(), ["a.jar"], "nothing is left beside it");
}

async fn only_a_regular_file_is_published(subject: &impl Subject) {
    let (host, to) = (subject.host(), subject.path("releases/1/a.jar"));
    assert_eq!(host.publish(subject.directory(), &to).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(host.list(&subject.path("releases/1")).unwrap(), Vec::<String>::new());
}

async fn root_gives_a_file_away_and_it_stays_given(subject: &impl Subject) {
    let (host, path) = (subject.host(), subject.path("file"));
    host.replace_file(&path, b"one", 0o644).unwrap();
    host.give(&path, USER).unwrap();
    assert_eq!(host.describe(&path).unwrap().owner, USER);
    host.replace_file(&path, b"two", 0o644).unwrap();
    assert_eq!(host.describe(&path).unwrap().owner, USER, "replaced, it is still that user's");
}

async fn the_disk_has_room(subject: &impl Subject) {
    let host = subject.host();
    assert!(host.free_space(subject.directory()).unwrap() > 0);
    assert!(host.may_write(subject.directory()));
}

async fn nobody_writes_where_root_alone_may(subject: &impl Subject) {
    let host = subject.host();
    let foreign = &subject.foreign().directory;
    let (file, new) = (foreign.join("file"), foreign.join("new"));
    assert!(host.may_write(subject.directory()));
    assert!(!host.may_write(foreign));
    host.replace_file(&subject.path("own"), b"", 0o644).unwrap();
    for (what, done) in [
        ("replace", host.replace_file(&file, b"mine", 0o644)),
        ("make a directory", host.make_directory(&new, 0o755)),
        ("remove", host.remove(&file)),
        ("rename", host.rename(&file, &file.with_file_name("other"))),
        ("publish", host.publish(&subject.path("own"), &new).map(|_| ())),
        ("lock", host.lock(&new, "me").map(|_| ())),
    ] {
        assert_eq!(done.map_err(|cause| cause.kind()), Err(ErrorKind::PermissionDenied), "{what}");
    }
    assert_eq!(host.read_file(&file).unwrap(), b"root's");
}

async fn nobody_reads_what_root_alone_may(subject: &impl Subject) {
    let host = subject.host();
    let secret = subject.foreign().directory.join("secret");
    assert_eq!(host.describe(&secret).unwrap().mode, 0o600, "that it is there may be known");
    for (what, done) in [
        ("read", host.read_file(&secret).map(|_| ())),
        ("open", host.open(&secret).map(|_| ())),
        ("publish", host.publish(&secret, &subject.path("copy")).map(|_| ())),
    ] {
        assert_eq!(done.map_err(|cause| cause.kind()), Err(ErrorKind::PermissionDenied), "{what}");
    }
}

async fn nobody_takes_what_is_anothers(subject: &impl Subject) {
    let (host, own) = (subject.host(), subject.path("own"));
    let kind = |path: &Path, owner| host.give(path, owner).map_err(|cause| cause.kind());
    host.replace_file(&own, b"", 0o644).unwrap();
    assert_eq!(kind(&own, USER), Ok(()));
    assert_eq!(kind(&own, 0), Err(ErrorKind::PermissionDenied));
    assert_eq!(kind(&subject.foreign().directory.join("file"), USER), Err(ErrorKind::PermissionDenied));
}
