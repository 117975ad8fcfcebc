//! Programs: found, run to their end, and what the few that hooks run do to files.

use std::time::Duration;

use shared::host::{FileKind, Host, ProgramOutput};

use crate::contract;
use crate::subject::{Subject, USER};

contract! {
    ROOT:
        a_program_is_found_by_its_name_or_not_at_all,
        a_program_that_fails_says_how,
        mv_puts_one_file_in_the_place_of_another,
        install_makes_a_new_file_whatever_was_there,
        install_makes_a_directory_for_its_owner;
    USER:
        a_program_has_no_more_rights_than_its_user;
}

const AT_MOST: Duration = Duration::from_mins(3);

async fn run(subject: &impl Subject, words: &[&str]) -> ProgramOutput {
    let command: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    subject.host().run(&command, AT_MOST).await.unwrap()
}

/// The text of a path.
macro_rules! text {
    ($path:expr) => {
        $path.to_str().unwrap()
    };
}

async fn a_program_is_found_by_its_name_or_not_at_all(subject: &impl Subject) {
    let host = subject.host();
    let found = host.find_program("mv").unwrap();
    assert!(found.is_absolute() && found.ends_with("mv"), "{}", found.display());
    assert_eq!(host.find_program(text!(found)), Some(found), "by its path too");
    assert_eq!(host.find_program("no-such-program"), None);
    let error = host.run(&["no-such-program".to_owned()], AT_MOST).await.unwrap_err().to_string();
    assert!(error.contains("`no-such-program` was not found on this host"), "{error}");
}

async fn a_program_that_fails_says_how(subject: &impl Subject) {
    let failed = run(subject, &["mv", "-fT", text!(subject.path("none")), text!(subject.path("to"))]).await;
    assert_eq!((failed.success, failed.ending.as_str(), failed.output.as_str()), (false, "exit status 1", ""));
    assert!(!failed.complaint.trim().is_empty());
    assert!(subject.host().describe(&subject.path("to")).is_err());
}

async fn mv_puts_one_file_in_the_place_of_another(subject: &impl Subject) {
    let (host, from, to) = (subject.host(), subject.path("from"), subject.path("to"));
    host.replace_file(&from, b"new", 0o640).unwrap();
    host.replace_file(&to, b"old", 0o600).unwrap();
    host.give(&to, USER).unwrap();
    let done = run(subject, &["mv", "-fT", text!(from), text!(to)]).await;
    assert_eq!((done.success, done.ending.as_str(), done.complaint.as_str()), (true, "exit status 0", ""));
    let facts = host.describe(&to).unwrap();
    assert_eq!((host.read_file(&to).unwrap(), facts.mode, facts.owner), (b"new".to_vec(), 0o640, 0));
    assert_eq!(host.list(subject.directory()).unwrap(), ["to"]);
}

async fn install_makes_a_new_file_whatever_was_there(subject: &impl Subject) {
    let (host, from, to) = (subject.host(), subject.path("from"), subject.path("to"));
    host.replace_file(&from, b"new", 0o600).unwrap();
    host.replace_file(&to, b"old", 0o600).unwrap();
    host.give(&to, USER).unwrap();
    assert!(run(subject, &["install", "-m", "0644", text!(from), text!(to)]).await.success);
    let facts = host.describe(&to).unwrap();
    assert_eq!((host.read_file(&to).unwrap(), facts.mode, facts.owner), (b"new".to_vec(), 0o644, 0));
    assert_eq!(host.read_file(&from).unwrap(), b"new", "a copy");
}

async fn install_makes_a_directory_for_its_owner(subject: &impl Subject) {
    let (host, directory) = (subject.host(), subject.path("a/b"));
    let owner = host.user_named(33).name;
    assert!(run(subject, &["install", "-d", "-m", "0755", "-o", &owner, text!(directory)]).await.success);
    let facts = host.describe(&directory).unwrap();
    assert_eq!((facts.kind, facts.mode, facts.owner), (FileKind::Directory, 0o755, 33));
}

async fn a_program_has_no_more_rights_than_its_user(subject: &impl Subject) {
    let (host, own) = (subject.host(), subject.path("own"));
    let file = subject.foreign().directory.join("file");
    host.replace_file(&own, b"mine", 0o644).unwrap();
    let moved = run(subject, &["mv", "-fT", text!(own), text!(file)]).await;
    let installed = run(subject, &["install", "-m", "0644", text!(own), text!(file)]).await;
    assert_eq!((moved.success, installed.success), (false, false));
    assert_eq!((host.read_file(&own).unwrap(), host.read_file(&file).unwrap()), (b"mine".to_vec(), b"root's".to_vec()));
}
