//! What `permissions` changes, and what it leaves alone.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use agent::Generation;

use crate::support::{Host, jar, refused};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn permissions_touch_what_this_install_made_and_nothing_else() {
    let host = Host::new(Generation::One);
    fs::create_dir_all(host.path("srv/old")).unwrap();
    fs::set_permissions(host.path("srv/old"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(host.path("srv/old/foreign"), "").unwrap();
    fs::set_permissions(host.path("srv/old/foreign"), fs::Permissions::from_mode(0o644)).unwrap();
    let srv = host.path("srv").display().to_string();
    let app_spec = format!(
        "files:\n  - source: tree\n    destination: {srv}\n\
         permissions:\n  - object: {srv}\n    pattern: \"**\"\n    mode: 700\n    type: [directory]\n\
         \x20 - object: {srv}/new\n    pattern: \"*.sh\"\n    except: [\"b.sh\"]\n    mode: \"0750\"\n    type: [file]\n"
    );
    let bundle = host
        .builder("bundle", &app_spec)
        .file("tree/new/a.sh", "", 0o644)
        .unwrap()
        .file("tree/new/b.sh", "", 0o644)
        .unwrap()
        .file("tree/old/c", "", 0o644)
        .unwrap();
    let deployment = host.agent.deploy(&bundle.build().unwrap());
    assert!(deployment.succeeded, "{deployment:?}");
    assert_eq!(mode(&host.path("srv/new")), 0o700);
    assert_eq!(mode(&host.path("srv/new/a.sh")), 0o750);
    assert_eq!(mode(&host.path("srv/new/b.sh")), 0o644);
    assert_eq!(mode(&host.path("srv/old")), 0o755, "an existing directory is left alone");
    assert_eq!(mode(&host.path("srv/old/foreign")), 0o644);
}

#[test]
fn owners_come_from_the_bundle_unless_permissions_say_otherwise() {
    assert!(rustix::process::geteuid().is_root(), "this test needs root: run scripts/test.sh as root");
    let host = Host::new(Generation::One);
    let srv = host.path("srv").display().to_string();
    let more = format!(
        "  - source: other.jar\n    destination: {srv}\npermissions:\n  - object: {srv}/other.jar\n    owner: root\n    group: 4712\n"
    );
    let bundle = jar(&host, "one", &more);
    fs::write(bundle.path().join("other.jar"), "").unwrap();
    for name in ["app.jar", "other.jar"] {
        std::os::unix::fs::chown(bundle.path().join(name), Some(4711), Some(4711)).unwrap();
    }
    assert!(host.agent.deploy(&bundle).succeeded);
    let owner = |name: &str| fs::metadata(host.path(name)).map(|metadata| (metadata.uid(), metadata.gid())).unwrap();
    assert_eq!(owner("srv/app.jar"), (4711, 4711));
    assert_eq!(owner("srv/other.jar"), (0, 4712));
}

#[test]
fn an_unknown_owner_fails_after_the_files_were_copied() {
    let host = Host::new(Generation::One);
    let more = format!("permissions:\n  - object: {}\n    owner: no-such-account\n", host.path("srv").display());
    let deployment = host.agent.deploy(&jar(&host, "one", &more));
    assert!(refused(&deployment).contains("owner `no-such-account`"));
    assert_eq!(host.read("srv/app.jar"), "one");
}

#[test]
fn one_object_matched_twice_and_an_octal_mode_fail() {
    let host = Host::new(Generation::One);
    let srv = host.path("srv").display().to_string();
    let twice = format!("permissions:\n  - object: {srv}\n    mode: 644\n  - object: {srv}/app.jar\n    mode: 600\n");
    assert!(refused(&host.agent.deploy(&jar(&host, "one", &twice))).contains("matches"));
    let octal = format!("permissions:\n  - object: {srv}\n    mode: 0644\n");
    let deployment = host.agent.deploy(&jar(&host, "two", &octal));
    let message = &deployment.failure().unwrap().diagnostics.message;
    assert!(message.contains("write `mode: \"0644\"`"), "{message}");
}
