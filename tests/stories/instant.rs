//! The instant cutover on a real nginx: installed by one reload, flipped without any, undone as the reload is; and what would
//! make nginx read the flag wrongly, found before it hurts or noticed and sent back.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use demo_app::Jar;
use sandbox::Door;

use crate::permissions::{as_nobody, stage_of_nobody};
use crate::rig::{HOOKS, Stage, ended, kill, listener, said};

/// A cache in which nginx keeps for a minute whether a file exists.
const CACHE: &str = "open_file_cache max=100 inactive=60s;\nopen_file_cache_valid 60s;\nopen_file_cache_errors on;\n";

fn flag(stage: &Stage) -> bool {
    stage.host.nginx().flag_path().exists()
}

#[test]
fn the_first_switch_installs_it_by_one_reload_and_every_later_one_needs_none() {
    let stage = Stage::instant();
    let nginx = stage.host.nginx();
    let (workers, include) = (nginx.worker_pids(), stage.include());
    assert!(include.contains("if (-f ") && stage.profile() == "real1" && !flag(&stage), "{include}");
    for (number, profile) in ["real2", "real1", "real2"].into_iter().enumerate() {
        let release = format!("v{}", number + 2);
        let deployed = stage.deploy(&Jar::release(&release));
        deployed.succeeds();
        assert_eq!((stage.release(), stage.profile()), (release, profile.to_owned()));
        assert_eq!(flag(&stage), profile == "real2");
    }
    ended(&stage.host.hook("switch").argument("--back").run().unwrap(), 0, &["`real1`", "serves"]);
    assert_eq!(stage.release(), "v3");
    assert_eq!((nginx.worker_pids(), stage.include()), (workers, include), "nginx was not told anything");
    ended(&stage.host.hook("status").run().unwrap(), 0, &["live     real1", "standby  real2", "cutover \"instant\""]);
}

#[test]
fn the_way_back_to_the_reload_is_a_cutover_like_any_other_and_so_is_the_way_to_the_flag_again() {
    let stage = Stage::instant();
    let groups = std::fs::read_to_string(stage.host.nginx().upstreams_path()).unwrap();
    stage.host.set("proxy.cutover", "\"reload\"").unwrap();
    stage.deploy(&Jar::release("v2")).succeeds();
    let ports = stage.host.ports();
    assert_eq!(stage.include(), format!("set $service_url http://127.0.0.1:{};\n", ports.green));
    assert_eq!(stage.release(), "v2");
    stage.host.set("proxy.cutover", "\"instant\"").unwrap();
    stage.deploy(&Jar::release("v3")).succeeds();
    assert_eq!((stage.release(), stage.profile(), flag(&stage)), ("v3".into(), "real1".into(), false));
    let kept = groups.replace("backup;\n}", "backup;\n    keepalive 16;\n}");
    std::fs::write(stage.host.nginx().upstreams_path(), &kept).unwrap();
    stage.host.nginx().reload_and_wait().unwrap();
    stage.deploy(&Jar::release("v4")).succeeds();
    assert_eq!(
        std::fs::read_to_string(stage.host.nginx().upstreams_path()).unwrap(),
        kept,
        "what a person added stays"
    );
}

#[test]
fn f57_i3_traffic_that_does_not_arrive_is_sent_back_by_the_flag_and_by_the_installation() {
    for installed in [false, true] {
        let stage = if installed { Stage::instant() } else { Stage::live_in("real1") };
        stage.host.set("proxy.cutover", "\"instant\"").unwrap();
        let before = (stage.include(), flag(&stage));
        // What users would get is never excused by having been there before.
        stage.host.nginx().set_door(&Door::returns(500)).unwrap();
        let deployed = stage.deploy(&Jar::release("v2"));
        deployed.fails("switch", 41, &["traffic did not arrive in `real2`", "serving: `real1`"]);
        assert_eq!((stage.include(), flag(&stage)), before, "{}", deployed.output());
        assert_eq!(stage.release(), "v1");
        stage.host.nginx().set_door(&Door::default()).unwrap();
        assert_eq!(stage.release(), "v1", "an unrelated reload moves nothing");
        stage.deploy(&Jar::release("v3")).succeeds();
        assert_eq!(stage.release(), "v3");
    }
}

#[test]
fn a_cache_of_files_is_found_before_it_hurts_and_one_that_comes_in_the_middle_is_noticed_and_sent_back() {
    let stage = Stage::live_in("real1");
    stage.host.set("proxy.cutover", "\"instant\"").unwrap();
    stage.host.nginx().configure("cache.conf", CACHE).unwrap();
    stage.untouched_by(|| {
        stage
            .deploy(&Jar::release("v2"))
            .fails("stop", 10, &["`open_file_cache` in `", "cache.conf`", "open_file_cache off;"])
            .output()
    });
    stage.host.nginx().configure("cache.conf", "").unwrap();
    stage.deploy(&Jar::release("v2")).succeeds();
    // Green serves, by a flag that exists. With the cache, nginx goes on seeing it for a minute.
    stage.stage(&Jar::release("v3"));
    for hook in &HOOKS[..3] {
        ended(&stage.run(hook), 0, &[]);
    }
    stage.host.nginx().configure("cache.conf", CACHE).unwrap();
    for _ in 0..8 {
        assert_eq!(stage.release(), "v2", "each worker has seen the flag");
    }
    ended(&stage.run("switch"), 41, &["traffic did not arrive in `real1`", "serving: `real2`"]);
    assert!(flag(&stage));
    assert_eq!(stage.release(), "v2");
    stage.deploy(&Jar::release("v4")).fails("stop", 10, &["`open_file_cache`"]);
}

#[test]
fn a_directory_that_nginxs_workers_cannot_pass_is_found_before_anything_changes() {
    let stage = Stage::new();
    let nginx = stage.host.nginx();
    nginx.run_workers_as("nobody nogroup").unwrap();
    std::fs::set_permissions(stage.host.directory(), PermissionsExt::from_mode(0o755)).unwrap();
    nginx.restart().unwrap();
    stage.deploy(&Jar::release("v1")).succeeds();
    let closed = stage.host.directory().join("home");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, PermissionsExt::from_mode(0o700)).unwrap();
    stage.host.set("proxy.cutover", "\"instant\"").unwrap();
    stage.host.set("proxy.flag", &format!("\"{}\"", closed.join("app/green").display())).unwrap();
    let told = format!("`{}` does not let them through, its mode is 700", closed.display());
    stage.untouched_by(|| {
        stage.deploy(&Jar::release("v2")).fails("stop", 10, &["workers (`nobody`) cannot see the flag", &told]).output()
    });
    std::fs::set_permissions(&closed, PermissionsExt::from_mode(0o711)).unwrap();
    for release in ["v2", "v3"] {
        stage.deploy(&Jar::release(release)).succeeds();
        assert_eq!(stage.release(), release);
    }
}

#[test]
fn another_application_with_groups_of_the_same_names_is_found_before_anything_changes() {
    let stage = Stage::live_in("real1");
    stage.host.set("proxy.cutover", "\"instant\"").unwrap();
    stage.host.nginx().configure("other.conf", "upstream real2 { server 127.0.0.1:9; }\n").unwrap();
    stage.untouched_by(|| {
        stage
            .deploy(&Jar::release("v2"))
            .fails("stop", 10, &["other.conf` declares an upstream group `real2`"])
            .output()
    });
}

#[test]
fn f73_a_user_who_may_not_install_it_is_told_the_one_command_for_root_and_needs_no_root_after_it() {
    let stage = stage_of_nobody();
    // The scripts' way once, with the book's rule.
    for hook in HOOKS {
        let (code, told) = as_nobody(&stage, hook, "nobody ALL=(ALL) NOPASSWD: ALL");
        assert_eq!(code, 0, "{hook}: {told}");
    }
    stage.host.set("proxy.cutover", "\"instant\"").unwrap();
    stage.host.stage(stage.jar(&Jar::release("v2"))).unwrap();
    let (include, workers) = (stage.include(), stage.host.nginx().worker_pids());
    let (code, told) = as_nobody(&stage, "stop", "");
    assert_eq!(code, 10, "{told}");
    assert!(told.contains("`nobody` may not install the instant cutover"), "{told}");
    assert_eq!((stage.include(), stage.host.nginx().worker_pids()), (include, workers), "nothing was changed");
    let command = told.split("run this once, as root: ").nth(1).and_then(|rest| rest.split(" (").next()).unwrap();
    let words: Vec<&str> = command.split(' ').collect();
    let install = || {
        let output = Command::new(words[0])
            .args(&words[1..])
            .env_clear()
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}");
        told.replace("\n    ", " ")
    };
    let told = install();
    assert!(told.contains("is installed; `real2`") && told.contains("serves as before"), "{told}");
    assert_eq!(stage.release(), "v1", "traffic stays where it is");
    assert!(install().contains("is installed already"));
    let workers = stage.host.nginx().worker_pids();
    // From here on no sudo rule at all, and nginx is root's.
    for release in ["v2", "v3"] {
        stage.host.stage(stage.jar(&Jar::release(release))).unwrap();
        for hook in HOOKS {
            let (code, told) = as_nobody(&stage, hook, "");
            assert_eq!(code, 0, "{hook}: {told}");
        }
        assert_eq!(stage.release(), release);
    }
    assert_eq!(stage.host.nginx().worker_pids(), workers, "nginx was not told anything");
    let flags = stage.host.nginx().flag_path().parent().unwrap().to_owned();
    for (owner, mode, wanted) in [
        (0, 0o755, format!("`nobody` may not make the flag in `{}`", flags.display())),
        (65_534, 0o777, "has mode 777, so others may move the traffic".to_owned()),
    ] {
        std::os::unix::fs::chown(&flags, Some(owner), None).unwrap();
        std::fs::set_permissions(&flags, PermissionsExt::from_mode(mode)).unwrap();
        let (code, told) = as_nobody(&stage, "stop", "");
        assert!(code == 10 && told.contains(&wanted), "{wanted}: {code}, {told}");
    }
    let owner = std::os::unix::fs::MetadataExt::uid(
        &std::fs::metadata(stage.host.app_directory().join("ledger/lock")).unwrap(),
    );
    assert_eq!(owner, 65_534, "root has left nothing of its own among the hooks' files");
}

#[test]
fn f73_with_the_books_rule_it_is_installed_through_sudo() {
    let stage = stage_of_nobody();
    stage.host.set("proxy.cutover", "\"instant\"").unwrap();
    for release in ["v1", "v2"] {
        stage.host.stage(stage.jar(&Jar::release(release))).unwrap();
        for hook in HOOKS {
            let (code, told) = as_nobody(&stage, hook, "nobody ALL=(ALL) NOPASSWD: ALL");
            assert_eq!(code, 0, "{hook}: {told}");
        }
        assert_eq!(stage.release(), release);
    }
    assert!(stage.include().contains("if (-f "));
}

#[test]
fn f47_i2_when_the_live_release_dies_nginx_goes_on_with_the_standby_and_the_next_deploy_follows_it() {
    let stage = Stage::instant();
    stage.deploy(&Jar::release("v2")).succeeds();
    let ports = stage.host.ports();
    kill(listener(ports.green).unwrap());
    assert_eq!(stage.release(), "v1", "the standby answers in the same request");
    let standby = listener(ports.blue).unwrap();
    let deployed = stage.deploy(&Jar::release("v3"));
    deployed.succeeds();
    assert!(deployed.output().contains("nginx has gone on to blue"), "{}", deployed.output());
    assert_eq!((stage.release(), stage.profile()), ("v3".into(), "real2".into()));
    assert_eq!(listener(ports.blue), Some(standby), "what served was not touched");
    stage.deploy(&Jar::release("v3")).succeeds();
    stage.deploy(&Jar::release("v3")).succeeds();
    let standby = listener(ports.blue).unwrap();
    stage.host.set("proxy.flag", "\"/run/another/flag\"").unwrap();
    kill(listener(ports.green).unwrap());
    stage.deploy(&Jar::release("v4")).fails("stop", 12, &["names another flag than hooks.toml"]);
    assert_eq!(listener(ports.blue), Some(standby), "what serves is not touched on a guess");
    stage.host.set("proxy.flag", &format!("\"{}\"", stage.host.nginx().flag_path().display())).unwrap();
    stage.deploy(&Jar::release("v4")).succeeds();
    kill(listener(ports.green).unwrap());
    kill(standby);
    let down = stage.host.door_get("/").unwrap();
    assert_eq!(down.status, 502, "nobody is left");
    stage.deploy(&Jar::release("v4")).succeeds();
    assert_eq!(stage.release(), "v4");
}

#[test]
fn f67_a_flag_or_groups_that_somebody_removed_are_told_or_mended_and_never_guessed() {
    let stage = Stage::instant();
    stage.deploy(&Jar::release("v2")).succeeds();
    // Without its flag nginx sends traffic to blue, and everybody says so.
    std::fs::remove_file(stage.host.nginx().flag_path()).unwrap();
    assert_eq!(stage.release(), "v1");
    stage.deploy(&Jar::release("v3")).succeeds();
    assert_eq!((stage.release(), stage.profile()), ("v3".into(), "real2".into()));
    let groups = stage.host.nginx().upstreams_path();
    let bytes = std::fs::read(&groups).unwrap();
    std::fs::write(&groups, "# gone\n").unwrap();
    stage.deploy(&Jar::release("v4")).fails("stop", 12, &["chooses the group `real2`", "does not say which port"]);
    std::fs::write(&groups, &bytes).unwrap();
    // They are right again, but changed after nginx last read them: it reads them once more before it goes by the flag.
    let workers = stage.host.nginx().worker_pids();
    stage.deploy(&Jar::release("v4")).succeeds();
    assert_ne!(stage.host.nginx().worker_pids(), workers);
    stage.deploy(&Jar::release("v5")).succeeds();
    std::fs::create_dir(stage.host.directory().join("moved")).unwrap();
    std::fs::rename(stage.host.nginx().flag_path(), stage.host.directory().join("moved/green")).unwrap();
    std::fs::create_dir(stage.host.nginx().flag_path()).unwrap();
    let run = stage.deploy(&Jar::release("v5"));
    run.fails("stop", 10, &["the flag `", "is no regular file"]);
}

#[test]
fn what_is_shown_before_a_deploy_says_what_the_first_switch_will_do() {
    let stage = Stage::live_in("real1");
    stage.host.set("proxy.cutover", "\"instant\"").unwrap();
    stage.stage(&Jar::release("v2"));
    for hook in &HOOKS[..3] {
        ended(&stage.run(hook), 0, &[]);
    }
    let shown = stage.untouched_by(|| stage.hook("switch").argument("--dry-run").run().unwrap());
    said(&shown, &["name the flag", "reload nginx", "make the flag", "if it comes to nothing: remove the flag"]);
    assert!(!Path::new(&stage.host.nginx().upstreams_path()).exists());
}
