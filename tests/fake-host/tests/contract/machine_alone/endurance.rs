//! What survives a power cut: bytes are on the disk before a name leads to them, and the name before the deed is done.

use std::fs;
use std::path::Path;

use super::watched_calls::{Call, watch};

/// What a deed did, in words.
#[track_caller]
fn done(deed: &[&str], directory: &Path, watched: &Path) -> Vec<String> {
    let (calls, said) = watch(deed, directory, watched, |_| {});
    assert!(!said.is_empty() && !said.contains("NotFound"), "{said}");
    let name = |path: &Path| match path {
        path if path == watched => "the file",
        path if Some(path) == watched.parent() => "its directory",
        path if Some(path) == watched.parent().and_then(Path::parent) => "the directory above",
        path if path.parent() == watched.parent() => "a temporary file",
        _ => "another file",
    };
    calls
        .iter()
        .filter_map(|call| match call {
            Call::Read(_) => None,
            Call::Wrote(path) => Some(format!("{} is written", name(path))),
            Call::Synced(path) => Some(format!("{} is synced", name(path))),
            Call::Changed => Some("the name leads elsewhere".to_owned()),
        })
        .collect()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn f74_a_replaced_file_is_made_beside_it_and_on_the_disk_before_its_name_leads_to_it_and_then_its_name_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("service-url.inc");
    for before in ["none", "one"] {
        if before == "one" {
            fs::write(&path, "old").unwrap();
        }
        let expected = [
            "a temporary file is written",
            "a temporary file is synced",
            "the name leads elsewhere",
            "its directory is synced",
        ];
        assert_eq!(done(&["replace", text(&path), "new"], directory.path(), &path), expected, "{before} before");
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    }
}

#[test]
fn f141_a_file_of_this_boot_is_on_the_disk_before_its_name_leads_to_it_and_its_name_need_not_be() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ledger.json");
    for before in ["none", "one"] {
        if before == "one" {
            fs::write(&path, "old").unwrap();
        }
        let expected = ["a temporary file is written", "a temporary file is synced", "the name leads elsewhere"];
        let deed = ["replace-of-this-boot", text(&path), "new"];
        assert_eq!(done(&deed, directory.path(), &path), expected, "{before} before");
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    }
}

#[test]
fn a_published_release_is_on_the_disk_before_its_name_leads_to_it_and_then_its_names_are() {
    let directory = tempfile::tempdir().unwrap();
    let (from, to) = (directory.path().join("a.jar"), directory.path().join("releases/1/a.jar"));
    fs::write(&from, "bytes").unwrap();
    let expected = [
        "a temporary file is synced",
        "the name leads elsewhere",
        "its directory is synced",
        "the directory above is synced",
    ];
    let mut done = done(&["publish", text(&from), text(&to)], directory.path(), &to);
    // On XFS and btrfs it shares what the artifact holds, and is not written.
    done.retain(|deed| deed != "a temporary file is written");
    assert_eq!(done, expected);
}

#[test]
fn a_removed_file_is_gone_from_the_disk_too() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("flag");
    fs::write(&path, "").unwrap();
    let expected = ["the name leads elsewhere", "its directory is synced"];
    assert_eq!(done(&["remove", text(&path)], directory.path(), &path), expected);
}

#[test]
fn what_another_program_put_in_place_is_on_the_disk_when_it_was_synced() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("service-url.inc");
    fs::write(&path, "new").unwrap();
    let expected = ["the file is synced", "its directory is synced"];
    assert_eq!(done(&["sync", text(&path)], directory.path(), &path), expected);
}
