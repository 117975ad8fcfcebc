//! What Install does to files: cleanup, then the check, then copies in place.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use agent::{FileExistsBehavior, Generation};

use crate::support::{BOTH, Host, jar, refused};

fn inode(path: &Path) -> u64 {
    fs::metadata(path).unwrap().ino()
}

#[test]
fn a_file_that_the_agent_installed_is_unlinked_and_made_anew() {
    for generation in BOTH {
        let host = Host::new(generation);
        assert!(host.agent.deploy(&jar(&host, "one", "")).succeeded);
        let held = fs::File::open(host.path("srv/app.jar")).unwrap();
        let before = inode(&host.path("srv/app.jar"));
        assert!(host.agent.deploy(&jar(&host, "two", "")).succeeded);
        assert_eq!(host.read("srv/app.jar"), "two");
        assert_ne!(inode(&host.path("srv/app.jar")), before);
        assert_eq!(held.metadata().unwrap().nlink(), 0, "what was open is deleted, not overwritten");
    }
}

#[test]
fn mode_and_time_of_the_source_are_kept() {
    let host = Host::new(Generation::One);
    let bundle = jar(&host, "one", "");
    assert!(host.agent.deploy(&bundle).succeeded);
    let (source, copy) =
        (fs::metadata(bundle.path().join("app.jar")).unwrap(), fs::metadata(host.path("srv/app.jar")).unwrap());
    assert_eq!(copy.mode() & 0o7777, 0o640);
    // tar keeps whole seconds.
    assert_eq!(copy.mtime(), source.mtime());
}

#[test]
fn a_foreign_file_fails_install_with_the_agents_message() {
    for generation in BOTH {
        let host = Host::new(generation);
        fs::create_dir(host.path("srv")).unwrap();
        fs::write(host.path("srv/app.jar"), "foreign").unwrap();
        let deployment = host.agent.deploy(&jar(&host, "one", ""));
        assert_eq!(
            refused(&deployment),
            format!(
                "The deployment failed because a specified file already exists at this location: {}",
                host.path("srv/app.jar").display()
            )
        );
        assert_eq!(host.read("srv/app.jar"), "foreign");
    }
}

#[test]
fn a_failed_install_has_already_removed_what_the_last_one_installed() {
    let host = Host::new(Generation::One);
    assert!(host.agent.deploy(&jar(&host, "one", "")).succeeded);
    fs::write(host.path("srv/foreign"), "").unwrap();
    let more = format!("  - source: foreign\n    destination: {}\n", host.path("srv").display());
    let bundle = jar(&host, "two", &more);
    fs::write(bundle.path().join("foreign"), "").unwrap();
    let deployment = host.agent.deploy(&bundle);
    assert!(refused(&deployment).ends_with("srv/foreign"));
    assert!(!host.path("srv/app.jar").exists(), "the old one is gone and the new one absent");
    assert!(host.path("srv").exists(), "a directory that is not empty stays");
}

#[test]
fn overwrite_truncates_a_foreign_file_in_place() {
    for generation in BOTH {
        let host = Host::new(generation);
        fs::create_dir(host.path("srv")).unwrap();
        fs::write(host.path("srv/app.jar"), "a longer foreign text").unwrap();
        // Held open, so that no new file can be given the same number.
        let held = fs::File::open(host.path("srv/app.jar")).unwrap();
        assert!(host.agent.deploy(&jar(&host, "one", "file_exists_behavior: OVERWRITE\n")).succeeded);
        assert_eq!(std::io::read_to_string(&held).unwrap(), "one", "what was open changed under its reader");
        assert_eq!(inode(&host.path("srv/app.jar")), held.metadata().unwrap().ino());
        // From here on it is the agent's own.
        assert!(host.agent.deploy(&jar(&host, "two", "")).succeeded);
        assert_eq!(host.read("srv/app.jar"), "two");
        assert_eq!(held.metadata().unwrap().nlink(), 0);
    }
}

#[test]
fn retain_leaves_a_foreign_file_and_does_not_deploy_the_new_one() {
    let host = Host::new(Generation::One);
    fs::create_dir(host.path("srv")).unwrap();
    fs::write(host.path("srv/app.jar"), "foreign").unwrap();
    for _ in 0..2 {
        assert!(host.agent.deploy(&jar(&host, "one", "file_exists_behavior: RETAIN\n")).succeeded);
        assert_eq!(host.read("srv/app.jar"), "foreign");
    }
}

#[test]
fn the_appspecs_word_beats_the_deployments_option() {
    let mut host = Host::new(Generation::One);
    host.agent = host.agent.file_exists_behavior(FileExistsBehavior::Overwrite);
    fs::create_dir(host.path("srv")).unwrap();
    fs::write(host.path("srv/app.jar"), "foreign").unwrap();
    refused(&host.agent.deploy(&jar(&host, "one", "file_exists_behavior: DISALLOW\n")));
    assert!(host.agent.deploy(&jar(&host, "two", "")).succeeded);
}

#[test]
fn overwrite_under_files_does_nothing() {
    let host = Host::new(Generation::One);
    fs::create_dir(host.path("srv")).unwrap();
    fs::write(host.path("srv/app.jar"), "foreign").unwrap();
    refused(&host.agent.deploy(&jar(&host, "one", "    overwrite: yes\n")));
}

#[test]
fn a_destination_is_a_directory_even_when_it_is_named_like_a_file() {
    let host = Host::new(Generation::One);
    let app_spec = format!("files:\n  - source: app.jar\n    destination: {}\n", host.path("srv/app.jar").display());
    let bundle = host.builder("bundle", &app_spec).file("app.jar", "one", 0o644).unwrap().build().unwrap();
    assert!(host.agent.deploy(&bundle).succeeded);
    assert_eq!(host.read("srv/app.jar/app.jar"), "one");
}

#[test]
fn the_whole_bundle_is_copied_with_its_appspec_and_its_links() {
    let host = Host::new(Generation::One);
    let app_spec = format!("files:\n  - source: /\n    destination: {}\n", host.path("srv").display());
    let bundle = host.builder("bundle", &app_spec).file("deep/er/a", "a", 0o644).unwrap().build().unwrap();
    symlink("deep", bundle.path().join("link")).unwrap();
    for _ in 0..2 {
        let deployment = host.agent.deploy(&bundle);
        assert!(deployment.succeeded, "{deployment:?}");
        assert!(host.path("srv/appspec.yml").is_file());
        assert_eq!(host.read("srv/deep/er/a"), "a");
        assert_eq!(fs::read_link(host.path("srv/link")).unwrap(), Path::new("deep"));
    }
    let empty = host.builder("empty", "").build().unwrap();
    assert!(host.agent.deploy(&empty).succeeded);
    assert!(!host.path("srv").exists(), "made by the agent, empty, and so removed");
}

#[test]
fn the_same_target_twice_is_an_error() {
    let host = Host::new(Generation::One);
    let more = format!("  - source: other/app.jar\n    destination: {}/\n", host.path("srv").display());
    let bundle = jar(&host, "one", &more);
    fs::create_dir(bundle.path().join("other")).unwrap();
    fs::write(bundle.path().join("other/app.jar"), "").unwrap();
    let deployment = host.agent.deploy(&bundle);
    assert!(refused(&deployment).contains("more than once"));
}

#[test]
fn only_the_same_group_cleans_up_after_a_deployment() {
    let mut host = Host::new(Generation::One);
    assert!(host.agent.deploy(&jar(&host, "one", "")).succeeded);
    host.agent = host.agent.group("other", "other-group").unwrap();
    assert!(refused(&host.agent.deploy(&jar(&host, "two", ""))).contains("already exists"));
}

#[test]
fn a_link_at_a_destination_is_followed_by_generation_1_and_replaced_by_generation_2() {
    for (generation, followed) in [(Generation::One, true), (Generation::Two, false)] {
        let host = Host::new(generation);
        fs::create_dir(host.path("srv")).unwrap();
        fs::write(host.path("elsewhere"), "foreign").unwrap();
        symlink(host.path("elsewhere"), host.path("srv/app.jar")).unwrap();
        assert!(host.agent.deploy(&jar(&host, "one", "file_exists_behavior: OVERWRITE\n")).succeeded);
        assert_eq!(host.read("elsewhere"), if followed { "one" } else { "foreign" });
        assert_eq!(host.path("srv/app.jar").is_symlink(), followed);
    }
}

#[test]
fn a_cleanup_line_that_was_cut_off_is_left_alone() {
    let host = Host::new(Generation::One);
    assert!(host.agent.deploy(&jar(&host, "one", "")).succeeded);
    fs::write(host.path("precious"), "").unwrap();
    let list = host.agent.root().cleanup_list(host.agent.group_id());
    let mut text = fs::read_to_string(&list).unwrap();
    assert_eq!(text, format!("{0}\n{0}/app.jar\n", host.path("srv").display()));
    text.push_str(host.path("precious").to_str().unwrap());
    fs::write(&list, text).unwrap();
    assert!(host.agent.deploy(&jar(&host, "two", "")).succeeded);
    assert!(host.path("precious").exists());
}

#[test]
fn the_instructions_are_written_down() {
    let host = Host::new(Generation::One);
    let more = format!("permissions:\n  - object: {}\n    mode: 600\n", host.path("srv").display());
    let deployment = host.agent.deploy(&jar(&host, "one", &more));
    let text = fs::read_to_string(host.agent.root().install_instructions(host.agent.group_id())).unwrap();
    let (srv, file) = (host.path("srv"), host.path("srv/app.jar"));
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&text).unwrap(),
        serde_json::json!({ "instructions": [
            { "type": "mkdir", "directory": srv },
            { "type": "copy", "source": deployment.folder.archive().join("app.jar"), "destination": file },
            { "type": "chmod", "mode": "600", "file": file },
        ] })
    );
}
