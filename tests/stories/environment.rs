//! The environment as hooks meet it: none of what a login shell has, and much of what it should not have.

use demo_app::Jar;

use crate::rig::{HOOKS, Rig, ended};

#[test]
fn probes_go_past_every_proxy_of_the_environment() {
    let rig = Rig::live_in("real1");
    rig.stage(&Jar::release("v2"));
    for hook in HOOKS {
        let mut command = rig.hook(hook);
        for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy"] {
            // Whoever asked there would get nothing: nobody listens on port 9.
            command = command.variable(name, "http://127.0.0.1:9");
        }
        ended(&command.run().unwrap(), 0, &[]);
    }
    assert_eq!(rig.release(), "v2");
}

#[test]
fn f41_a_hook_needs_neither_home_nor_user_nor_a_usual_umask_locale_directory_or_limit_of_open_files() {
    let rig = Rig::live_in("real1");
    rig.stage(&Jar::release("v2"));
    let binaries = rig.host.binaries().unwrap();
    for (number, hook) in HOOKS.into_iter().enumerate() {
        let program = binaries.path(hook).unwrap();
        let gone = rig.host.directory().join(format!("gone{number}"));
        std::fs::create_dir(&gone).unwrap();
        // A working directory that no longer exists, a umask that takes everything away, few open files, a Korean locale, much noise.
        let script = format!(
            "cd {0}; rmdir {0}; umask 077; ulimit -Sn 64; export NOISE=$(head -c 100000 /dev/zero | tr '\\0' x); exec {1}",
            gone.display(),
            program.display()
        );
        let output = std::process::Command::new("bash")
            .args(["-c", &script])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LANG", "ko_KR.UTF-8")
            .env("LC_ALL", "ko_KR.UTF-8")
            .env("HOOKS_CONFIG", rig.host.settings_path())
            .env("DEPLOYMENT_ID", "d-BARE00001")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .output()
            .unwrap();
        assert!(output.status.success(), "{hook}: {}", String::from_utf8_lossy(&output.stdout));
    }
    assert_eq!(rig.release(), "v2");
    // A release may have as many files open as it may be given.
    let process = crate::rig::listener(rig.live_and_idle_ports().0).unwrap();
    let limits = std::fs::read_to_string(format!("/proc/{process}/limits")).unwrap();
    let files: Vec<&str> =
        limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap().split_whitespace().collect();
    let number = |text: &str| text.parse().unwrap_or(u64::MAX);
    assert_eq!(number(files[0]), number(files[1]).min(65_536), "{limits}");
    // The umask has taken nothing away that nginx or the next user needs (F27).
    let mode = |path: std::path::PathBuf| {
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).unwrap().permissions()) & 0o777
    };
    assert_eq!(mode(rig.host.nginx().include_path()), 0o644);
    assert_eq!(mode(rig.host.app_directory().join("releases")), 0o755);
}

#[test]
fn s4_i17_what_the_agent_has_in_its_environment_does_not_reach_the_app() {
    let rig = Rig::live_in("real1");
    rig.stage(&Jar::release("v2"));
    for hook in HOOKS {
        let command = rig
            .hook(hook)
            .variable("AWS_SECRET_KEY", "CANARY")
            .variable("JAVA_TOOL_OPTIONS", "-Dcanary")
            .variable("LIVE_SLOT_FILE", "CANARY")
            .variable("SPRING_DATASOURCE_URL", "kept");
        ended(&command.run().unwrap(), 0, &[]);
    }
    let process = crate::rig::listener(rig.live_and_idle_ports().0).unwrap();
    let environment = std::fs::read_to_string(format!("/proc/{process}/environ")).unwrap();
    assert!(environment.contains("SPRING_DATASOURCE_URL=kept"), "{environment}");
    let named = format!("LIVE_SLOT_FILE={}\0", rig.host.app_directory().join("live.properties").display());
    assert!(environment.contains(&named), "{environment}");
    for name in ["CANARY", "JAVA_TOOL_OPTIONS", "DEPLOYMENT_ID", "HOOKS_CONFIG"] {
        assert!(!environment.contains(name), "{environment}");
    }
}

#[test]
fn the_settings_are_found_beside_the_hooks_from_any_working_directory() {
    let rig = Rig::live_in("real1");
    let jar = rig.jar(&Jar::release("v2"));
    let bundle = rig.host.bundle(&jar, rig.host.binaries().unwrap().directory()).unwrap();
    rig.host.stage(&jar).unwrap();
    for hook in HOOKS {
        let output = std::process::Command::new(bundle.join("hooks").join(hook))
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("DEPLOYMENT_ID", "d-BESIDE001")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .current_dir("/")
            .output()
            .unwrap();
        assert!(output.status.success(), "{hook}: {}", String::from_utf8_lossy(&output.stdout));
    }
    assert_eq!(rig.release(), "v2");
}

#[test]
fn f34_a_release_hears_sigterm_even_if_whoever_starts_the_hooks_has_blocked_it() {
    let rig = Rig::new();
    rig.stage(&Jar::release("v1"));
    ended(&rig.run("stop"), 0, &[]);
    let output = std::process::Command::new("env")
        .arg("--block-signal=TERM")
        .arg(rig.host.binaries().unwrap().path("start").unwrap())
        .env("HOOKS_CONFIG", rig.host.settings_path())
        .env("DEPLOYMENT_ID", "d-STORY0001")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    ended(&rig.run("health"), 0, &[]);
    let ports = rig.host.ports();
    let id = [ports.blue, ports.green].into_iter().find_map(crate::rig::listener).expect("the release listens");
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    assert!(status.contains("SigBlk:\t0000000000000000\n"), "{status}");
}

/// Runs `switch` where the ledger is on a small disk of its own, in a mount namespace, after something has been done to that disk.
fn switch_on_disk(rig: &Rig, options: &str, then: &str) -> (i32, String) {
    let ledger = rig.host.app_directory().join("ledger");
    let script = format!(
        "cp -a {0} {1} && mount -t tmpfs -o mode=755,{options} tmpfs {0} && cp -a {1}/. {0}/ && cd {0} && {{ {then}; }} && exec {2}",
        ledger.display(),
        rig.host.directory().join("saved-ledger").display(),
        rig.host.binaries().unwrap().path("switch").unwrap().display(),
    );
    let output = std::process::Command::new("unshare")
        .args(["--mount", "sh", "-c", &script])
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("HOOKS_CONFIG", rig.host.settings_path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .unwrap();
    std::fs::remove_dir_all(rig.host.directory().join("saved-ledger")).unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap_or(-1), told.replace("\n    ", " "))
}

#[test]
fn f107_a_disk_that_is_full_has_no_inode_left_or_is_read_only_at_switch_is_told_as_that_and_nothing_moves() {
    for rig in [Rig::live_in("real1"), Rig::instant()] {
        let serves = rig.release();
        rig.stage(&Jar::release("v2"));
        for hook in &HOOKS[..3] {
            ended(&rig.run(hook), 0, &[]);
        }
        for (name, options, then, code) in [
            ("full", "size=64k", "cat /dev/zero > fill 2>/dev/null || true", 21),
            ("no inode", "nr_inodes=12", "i=0; while touch fill$i 2>/dev/null; do i=$((i+1)); done", 21),
            ("read-only", "size=1m", "mount -o remount,ro .", 10),
        ] {
            let (ended_with, told) = rig.untouched_by(|| switch_on_disk(&rig, options, then));
            assert_eq!(ended_with, code, "{name}: {told}");
            assert!(told.contains("serving: `real") && !told.contains("look NOW"), "{name}: {told}");
            assert_eq!(rig.release(), serves, "{name}");
        }
        ended(&rig.run("switch"), 0, &[]);
        assert_eq!(rig.release(), "v2");
    }
}
