//! A file is replaced in one step: whoever reads sees the old one or the new one.

use shared::host::Host;
use std::io::Read;

use crate::contract;
use crate::subject::{Subject, USER};

contract! {
    ROOT:
        a_replaced_file_has_the_new_bytes_and_its_old_mode,
        whoever_has_opened_the_old_file_reads_it_to_its_end,
        a_replacement_shows_in_the_time_of_the_last_change,
        when_it_was_written_is_told_whatever_becomes_of_its_name_and_its_owner,
        a_file_gets_another_name_and_replaces_what_had_it,
        a_directory_is_not_replaced_by_another_name;
    USER:
        ones_own_file_is_replaced;
}

async fn a_replaced_file_has_the_new_bytes_and_its_old_mode(subject: &impl Subject) {
    let (host, path) = (subject.host(), subject.path("file"));
    host.replace_file(&path, b"a long one", 0o664).unwrap();
    host.replace_file(&path, b"short", 0o600).unwrap();
    assert_eq!(host.read_file(&path).unwrap(), b"short");
    assert_eq!(host.describe(&path).unwrap().mode, 0o664);
    host.replace_file_of_this_boot(&path, b"of this boot", 0o600).unwrap();
    assert_eq!(host.read_file(&path).unwrap(), b"of this boot");
    assert_eq!(host.describe(&path).unwrap().mode, 0o664);
    assert_eq!(host.list(subject.directory()).unwrap(), ["file"], "nothing is left beside it");
}

async fn whoever_has_opened_the_old_file_reads_it_to_its_end(subject: &impl Subject) {
    let (host, path) = (subject.host(), subject.path("file"));
    host.replace_file(&path, b"the old one", 0o644).unwrap();
    let (mut first, mut second) = (host.open(&path).unwrap(), host.open(&path).unwrap());
    let mut text = String::new();
    host.replace_file(&path, b"new", 0o644).unwrap();
    first.read_to_string(&mut text).unwrap();
    assert_eq!(text, "the old one");
    host.remove(&path).unwrap();
    text.clear();
    second.read_to_string(&mut text).unwrap();
    assert_eq!(text, "the old one");
}

async fn a_replacement_shows_in_the_time_of_the_last_change(subject: &impl Subject) {
    let (host, path) = (subject.host(), subject.path("file"));
    host.replace_file(&path, b"same", 0o644).unwrap();
    let before = host.describe(&path).unwrap().changed;
    // File systems note the time by the kernel's tick.
    subject
        .until("it shows", |host| {
            host.replace_file(&path, b"same", 0o644).unwrap();
            host.describe(&path).unwrap().changed > before
        })
        .await;
}

/// F120: an artifact that was only given to another user, or another name, is as old as it was.
async fn when_it_was_written_is_told_whatever_becomes_of_its_name_and_its_owner(subject: &impl Subject) {
    let (host, one, two) = (subject.host(), subject.path("one"), subject.path("two"));
    host.replace_file(&one, b"same", 0o644).unwrap();
    let first = host.describe(&one).unwrap();
    subject
        .until("it was given away since", |host| {
            host.give(&one, USER).unwrap();
            host.describe(&one).unwrap().changed > first.changed
        })
        .await;
    assert_eq!(host.describe(&one).unwrap().written, first.written, "another owner");
    let given = host.describe(&one).unwrap();
    subject
        .until("it was given another name since", |host| {
            host.rename(&one, &two).unwrap();
            host.rename(&two, &one).unwrap();
            host.describe(&one).unwrap().changed > given.changed
        })
        .await;
    assert_eq!(host.describe(&one).unwrap().written, first.written, "another name");
    subject
        .until("it was written since", |host| {
            host.replace_file(&one, b"same", 0o644).unwrap();
            host.describe(&one).unwrap().written > first.written
        })
        .await;
}

async fn a_file_gets_another_name_and_replaces_what_had_it(subject: &impl Subject) {
    let (host, one, two) = (subject.host(), subject.path("one"), subject.path("two"));
    host.replace_file(&one, b"one", 0o640).unwrap();
    host.rename(&one, &two).unwrap();
    assert_eq!(host.list(subject.directory()).unwrap(), ["two"]);
    assert_eq!((host.read_file(&two).unwrap(), host.describe(&two).unwrap().mode), (b"one".to_vec(), 0o640));
    host.replace_file(&one, b"another", 0o600).unwrap();
    host.rename(&one, &two).unwrap();
    assert_eq!(host.list(subject.directory()).unwrap(), ["two"]);
    assert_eq!((host.read_file(&two).unwrap(), host.describe(&two).unwrap().mode), (b"another".to_vec(), 0o600));
}

async fn a_directory_is_not_replaced_by_another_name(subject: &impl Subject) {
    let (host, file, directory) = (subject.host(), subject.path("file"), subject.path("directory"));
    host.replace_file(&file, b"", 0o644).unwrap();
    host.make_directory(&directory, 0o755).unwrap();
    let refused = host.rename(&file, &directory).map_err(|cause| cause.kind());
    assert_eq!(refused, Err(std::io::ErrorKind::IsADirectory));
}

async fn ones_own_file_is_replaced(subject: &impl Subject) {
    let (host, path) = (subject.host(), subject.path("file"));
    for text in ["one", "two"] {
        host.replace_file(&path, text.as_bytes(), 0o644).unwrap();
        assert_eq!(host.read_file(&path).unwrap(), text.as_bytes());
        assert_eq!(host.describe(&path).unwrap().owner, host.user().id);
    }
}
