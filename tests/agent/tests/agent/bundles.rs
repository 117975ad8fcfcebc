//! Bundles of every format, the folders they land in, and how long they are kept.

use std::fs::{self, File, FileTimes};
use std::io::Write;
use std::process::Command;
use std::time::{Duration, SystemTime};

use agent::{Bundle, Generation};
use zip::write::SimpleFileOptions;

use crate::support::Host;

const HOOKED: &str = "hooks:\n  AfterInstall:\n    - location: hook.sh\n";

#[test]
fn a_deployment_has_its_bundle_its_archive_and_its_log() {
    let host = Host::new(Generation::One);
    let ran = host.run_hook(60, "");
    let root = host.path("agent/deployment-root");
    let id = ran.deployment.id.as_str();
    assert!(id.len() == 11 && id.starts_with("d-"));
    let folder = root.join(host.agent.group_id()).join(id);
    assert_eq!(ran.deployment.folder.path(), folder);
    assert!(folder.join("bundle.tar").is_file());
    assert!(folder.join("deployment-archive/appspec.yml").is_file());
    assert!(folder.join("logs/scripts.log").is_file());
    let mut names: Vec<String> = fs::read_dir(root.join("deployment-instructions"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let group = host.agent.group_id();
    assert_eq!(
        names,
        ["-cleanup", "-install.json", "_last_successful_install", "_most_recent_install"]
            .map(|end| { format!("{group}{end}") })
    );
}

#[test]
fn a_zip_without_modes_can_be_deployed() {
    let host = Host::new(Generation::One);
    let path = host.path("bundle.zip");
    let mut zip = zip::ZipWriter::new(File::create(&path).unwrap());
    for (name, text) in
        [("appspec.yml", format!("version: 0.0\nos: linux\n{HOOKED}")), ("hook.sh", "#!/bin/sh\necho zip\n".into())]
    {
        zip.start_file(name, SimpleFileOptions::default().unix_permissions(0o644)).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    let deployment = host.agent.deploy(&Bundle::open(path).unwrap());
    assert!(deployment.succeeded, "{deployment:?}");
    assert!(fs::read_to_string(deployment.folder.scripts_log()).unwrap().contains("[stdout]zip\n"));
}

#[test]
fn tar_archives_are_unpacked_and_a_single_top_folder_is_stripped() {
    for (name, flags, inside) in
        [("bundle.tar", "-cf", "."), ("bundle.tgz", "-czf", "."), ("top.tar.gz", "-czf", "source")]
    {
        let host = Host::new(Generation::One);
        host.builder("source", HOOKED).script("hook.sh", "#!/bin/sh\necho tar\n").unwrap();
        let from = if inside == "." { host.path("source") } else { host.path("") };
        let tar = Command::new("tar").arg(flags).arg(host.path(name)).arg("-C").arg(from).arg(inside).output();
        assert!(tar.unwrap().status.success());
        let deployment = host.agent.deploy(&Bundle::open(host.path(name)).unwrap());
        assert!(deployment.succeeded, "{name}: {deployment:?}");
        assert!(deployment.folder.archive().join("appspec.yml").is_file(), "{name}");
    }
}

#[test]
fn what_is_no_bundle_is_refused_in_a_sentence() {
    let host = Host::new(Generation::One);
    fs::write(host.path("bundle.rar"), "").unwrap();
    let error = Bundle::open(host.path("bundle.rar")).unwrap_err().to_string();
    assert!(error.contains("bundle.rar` is not a bundle: give a directory"), "{error}");
    let error = Bundle::open(host.path("absent")).unwrap_err().to_string();
    assert!(error.contains("absent` could not be opened as a bundle"), "{error}");
}

#[test]
fn a_broken_archive_fails_the_download() {
    let host = Host::new(Generation::One);
    for name in ["broken.zip", "broken.tar"] {
        fs::write(host.path(name), "no archive").unwrap();
        let deployment = host.agent.deploy(&Bundle::open(host.path(name)).unwrap());
        let failure = deployment.failure().unwrap();
        assert_eq!(failure.event.name(), "DownloadBundle");
        assert!(failure.diagnostics.message.contains("could not be unpacked"), "{failure:?}");
    }
}

#[test]
fn five_deployments_are_kept_and_the_last_successful_install_always() {
    let host = Host::new(Generation::One);
    let good = host.hook(60, "");
    let first = host.agent.deploy(&good);
    assert!(first.succeeded);
    let bad = host.uninstallable();
    let mut failed = Vec::new();
    for age in (1..=6_u64).rev() {
        let deployment = host.agent.deploy(&bad);
        assert!(!deployment.succeeded);
        // Older than the ones to come, and all younger than the first.
        let time = SystemTime::now() - Duration::from_mins(age);
        let times = FileTimes::new().set_modified(time);
        File::open(deployment.folder.path()).unwrap().set_times(times).unwrap();
        failed.push(deployment);
    }
    File::open(first.folder.path())
        .unwrap()
        .set_times(FileTimes::new().set_modified(SystemTime::now() - Duration::from_hours(1)))
        .unwrap();
    let last = host.agent.deploy(&bad);
    assert!(first.folder.archive().exists(), "the last successful install stays");
    let kept: Vec<bool> = failed.iter().map(|deployment| deployment.folder.path().exists()).collect();
    assert_eq!(kept, [false, false, false, true, true, true]);
    assert!(last.folder.path().exists());
}

#[test]
fn a_group_id_that_is_a_path_is_refused() {
    for id in ["", "..", "a/b", "/a", "a/"] {
        let host = Host::new(Generation::One);
        let error = host.agent.clone().group("name", id).unwrap_err().to_string();
        assert!(error.contains("cannot name a folder"), "{id}: {error}");
    }
}
