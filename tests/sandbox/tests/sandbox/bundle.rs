//! Bundles and staged releases.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::stand_ins::{sandbox_with, write_scripts};

#[test]
fn a_bundle_is_what_the_project_ships_led_into_the_sandbox() {
    let programs = [("stop", "a"), ("start", "b"), ("health", "c"), ("switch", "d"), ("status", "e"), ("other", "f")];
    let (host, hooks) = sandbox_with(&programs).unwrap();
    let jar = hooks.path().join("service-1.0.jar");
    fs::write(&jar, "one").unwrap();
    let first = host.bundle(&jar, hooks.path()).unwrap();
    host.set("stop.grace", "\"1s\"").unwrap();
    let second = host.bundle(&jar, hooks.path()).unwrap();
    assert_eq!(first, host.directory().join("bundles/1"));
    assert_eq!(second, host.directory().join("bundles/2"));
    let mut names: Vec<String> = fs::read_dir(first.join("hooks"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["health", "start", "status", "stop", "switch"]);
    for name in &names {
        let mode = fs::metadata(first.join("hooks").join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o755, "{name}");
    }
    assert_eq!(fs::read_to_string(first.join("service-1.0.jar")).unwrap(), "one");
    assert_eq!(fs::read_to_string(second.join("hooks.toml")).unwrap(), host.settings_text());
    assert_ne!(fs::read_to_string(first.join("hooks.toml")).unwrap(), host.settings_text());
    let app_spec = fs::read_to_string(first.join("appspec.yml")).unwrap();
    let destination = format!("destination: \"{}/\"\n", host.staging_directory().display());
    assert_eq!(app_spec.matches(&destination).count(), 1, "{app_spec}");
    for gone in ["runas", "permissions", "ec2-user"] {
        assert!(!app_spec.contains(gone), "{app_spec}");
    }
    for kept in ["AfterInstall", "hooks/stop", "hooks/start", "hooks/health", "hooks/switch", "timeout: "] {
        assert!(app_spec.contains(kept), "{app_spec}");
    }
}

#[test]
fn a_bundle_without_one_of_its_hooks_is_refused() {
    let (host, hooks) = sandbox_with(&[("stop", "a"), ("start", "b"), ("health", "c"), ("status", "e")]).unwrap();
    let jar = hooks.path().join("service.jar");
    fs::write(&jar, "one").unwrap();
    let refusal = host.bundle(&jar, hooks.path()).unwrap_err().to_string();
    assert!(refusal.contains("switch` could not be copied into"), "{refusal}");
    write_scripts(hooks.path(), &[("switch", "d")]).unwrap();
    host.bundle(&jar, hooks.path()).unwrap();
}

#[test]
fn a_staged_release_is_alone() {
    let (host, hooks) = sandbox_with(&[]).unwrap();
    for (name, content) in [("service-1.jar", "one"), ("service-2.jar", "two")] {
        let jar = hooks.path().join(name);
        fs::write(&jar, content).unwrap();
        let staged = host.stage(&jar).unwrap();
        assert_eq!(staged, host.directory().join("app/zip").join(name));
        assert_eq!(fs::read_to_string(&staged).unwrap(), content);
        assert_eq!(fs::read_dir(host.staging_directory()).unwrap().count(), 1);
    }
}
