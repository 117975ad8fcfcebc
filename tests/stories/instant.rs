//! The instant cutover on a real nginx: installed by one reload, flipped without any, undone as the reload is; and what would
//! make nginx read the flag wrongly, found before it hurts or noticed and sent back.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use demo_app::{Fault, Jar};
use sandbox::Door;

use crate::permissions::{as_nobody, stage_of_nobody};
use crate::rig::{HOOKS, Rig, ended, kill, listener, said};

/// A cache in which nginx keeps for a minute whether a file exists.
const CACHE: &str = "open_file_cache max=100 inactive=60s;\nopen_file_cache_valid 60s;\nopen_file_cache_errors on;\n";

fn flag(rig: &Rig) -> bool {
    rig.host.nginx().flag_path().exists()
}

#[test]
fn the_first_switch_installs_it_by_one_reload_and_every_later_one_needs_none() {
    let rig = Rig::instant();
    let nginx = rig.host.nginx();
    let (workers, include) = (nginx.worker_pids(), rig.include());
    assert!(include.contains("if (-f ") && rig.profile() == "real1" && !flag(&rig), "{include}");
    for (number, profile) in ["real2", "real1", "real2"].into_iter().enumerate() {
        let release = format!("v{}", number + 2);
        let deployed = rig.deploy(&Jar::release(&release));
        deployed.succeeds();
        assert_eq!((rig.release(), rig.profile()), (release, profile.to_owned()));
        assert_eq!(flag(&rig), profile == "real2");
    }
    ended(&rig.host.hook("switch").argument("--back").run().unwrap(), 0, &["`real1`", "serves"]);
    assert_eq!(rig.release(), "v3");
    assert_eq!((nginx.worker_pids(), rig.include()), (workers, include), "nginx was not told anything");
    ended(&rig.host.hook("status").run().unwrap(), 0, &["live     real1", "standby  real2", "cutover \"instant\""]);
}

#[test]
fn the_way_back_to_the_reload_is_a_cutover_like_any_other_and_so_is_the_way_to_the_flag_again() {
    let rig = Rig::instant();
    let groups = std::fs::read_to_string(rig.host.nginx().upstreams_path()).unwrap();
    rig.host.set("proxy.cutover", "\"reload\"").unwrap();
    rig.deploy(&Jar::release("v2")).succeeds();
    let ports = rig.host.ports();
    assert_eq!(rig.include(), format!("set $service_url http://127.0.0.1:{};\n", ports.green));
    assert_eq!(rig.release(), "v2");
    rig.host.set("proxy.cutover", "\"instant\"").unwrap();
    rig.deploy(&Jar::release("v3")).succeeds();
    assert_eq!((rig.release(), rig.profile(), flag(&rig)), ("v3".into(), "real1".into(), false));
    let kept = groups.replace("backup;\n}", "backup;\n    keepalive 16;\n}");
    std::fs::write(rig.host.nginx().upstreams_path(), &kept).unwrap();
    rig.host.nginx().reload_and_wait().unwrap();
    rig.deploy(&Jar::release("v4")).succeeds();
    assert_eq!(std::fs::read_to_string(rig.host.nginx().upstreams_path()).unwrap(), kept, "what a person added stays");
}

#[test]
fn f57_i3_traffic_that_does_not_arrive_is_sent_back_by_the_flag_and_by_the_installation() {
    for installed in [false, true] {
        let rig = if installed { Rig::instant() } else { Rig::live_in("real1") };
        rig.host.set("proxy.cutover", "\"instant\"").unwrap();
        let before = (rig.include(), flag(&rig));
        // What users would get is never excused by having been there before.
        rig.host.nginx().set_door(&Door::returns(500)).unwrap();
        let deployed = rig.deploy(&Jar::release("v2"));
        deployed.fails("switch", 41, &["traffic did not arrive in `real2`", "serving: `real1`"]);
        assert_eq!((rig.include(), flag(&rig)), before, "{}", deployed.output());
        assert_eq!(rig.release(), "v1");
        rig.host.nginx().set_door(&Door::default()).unwrap();
        assert_eq!(rig.release(), "v1", "an unrelated reload moves nothing");
        rig.deploy(&Jar::release("v3")).succeeds();
        assert_eq!(rig.release(), "v3");
    }
}

#[test]
fn a_cache_of_files_is_found_before_it_hurts_and_one_that_comes_in_the_middle_is_noticed_and_sent_back() {
    let rig = Rig::live_in("real1");
    rig.host.set("proxy.cutover", "\"instant\"").unwrap();
    rig.host.nginx().configure("cache.conf", CACHE).unwrap();
    rig.untouched_by(|| {
        rig.deploy(&Jar::release("v2"))
            .fails("stop", 10, &["`open_file_cache` in `", "cache.conf`", "open_file_cache off;"])
            .output()
    });
    rig.host.nginx().configure("cache.conf", "").unwrap();
    rig.deploy(&Jar::release("v2")).succeeds();
    // Green serves, by a flag that exists. With the cache, nginx goes on seeing it for a minute.
    rig.stage(&Jar::release("v3"));
    for hook in &HOOKS[..3] {
        ended(&rig.run(hook), 0, &[]);
    }
    rig.host.nginx().configure("cache.conf", CACHE).unwrap();
    for _ in 0..8 {
        assert_eq!(rig.release(), "v2", "each worker has seen the flag");
    }
    ended(&rig.run("switch"), 41, &["traffic did not arrive in `real1`", "serving: `real2`"]);
    assert!(flag(&rig));
    assert_eq!(rig.release(), "v2");
    rig.deploy(&Jar::release("v4")).fails("stop", 10, &["`open_file_cache`"]);
}

#[test]
fn a_directory_that_nginxs_workers_cannot_pass_is_found_before_anything_changes() {
    let rig = Rig::new();
    let nginx = rig.host.nginx();
    nginx.run_workers_as("nobody nogroup").unwrap();
    std::fs::set_permissions(rig.host.directory(), PermissionsExt::from_mode(0o755)).unwrap();
    nginx.restart().unwrap();
    rig.deploy(&Jar::release("v1")).succeeds();
    let closed = rig.host.directory().join("home");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, PermissionsExt::from_mode(0o700)).unwrap();
    rig.host.set("proxy.cutover", "\"instant\"").unwrap();
    rig.host.set("proxy.flag", &format!("\"{}\"", closed.join("app/green").display())).unwrap();
    let told = format!("`{}` does not let them through, its mode is 700", closed.display());
    rig.untouched_by(|| {
        rig.deploy(&Jar::release("v2")).fails("stop", 13, &["workers (`nobody`) cannot see the flag", &told]).output()
    });
    std::fs::set_permissions(&closed, PermissionsExt::from_mode(0o711)).unwrap();
    for release in ["v2", "v3"] {
        rig.deploy(&Jar::release(release)).succeeds();
        assert_eq!(rig.release(), release);
    }
}

#[test]
fn another_application_with_groups_of_the_same_names_is_found_before_anything_changes() {
    let rig = Rig::live_in("real1");
    rig.host.set("proxy.cutover", "\"instant\"").unwrap();
    rig.host.nginx().configure("other.conf", "upstream service-url-real2 { server 127.0.0.1:9; }\n").unwrap();
    rig.untouched_by(|| {
        rig.deploy(&Jar::release("v2"))
            .fails("stop", 10, &["other.conf` declares an upstream group `service-url-real2`"])
            .output()
    });
}

#[test]
fn f73_a_user_who_may_not_install_it_is_told_the_one_command_for_root_and_needs_no_root_after_it() {
    let rig = stage_of_nobody();
    // The scripts' way once, with the book's rule.
    for hook in HOOKS {
        let (code, told) = as_nobody(&rig, hook, "nobody ALL=(ALL) NOPASSWD: ALL");
        assert_eq!(code, 0, "{hook}: {told}");
    }
    rig.host.set("proxy.cutover", "\"instant\"").unwrap();
    rig.host.stage(rig.jar(&Jar::release("v2"))).unwrap();
    let (include, workers) = (rig.include(), rig.host.nginx().worker_pids());
    let (code, told) = as_nobody(&rig, "stop", "");
    assert_eq!(code, 13, "{told}");
    assert!(told.contains("`nobody` may not install the instant cutover"), "{told}");
    assert_eq!((rig.include(), rig.host.nginx().worker_pids()), (include, workers), "nothing was changed");
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
    assert_eq!(rig.release(), "v1", "traffic stays where it is");
    assert!(install().contains("is installed already"));
    let workers = rig.host.nginx().worker_pids();
    // From here on no sudo rule at all, and nginx is root's.
    for release in ["v2", "v3"] {
        rig.host.stage(rig.jar(&Jar::release(release))).unwrap();
        for hook in HOOKS {
            let (code, told) = as_nobody(&rig, hook, "");
            assert_eq!(code, 0, "{hook}: {told}");
        }
        assert_eq!(rig.release(), release);
    }
    assert_eq!(rig.host.nginx().worker_pids(), workers, "nginx was not told anything");
    let flags = rig.host.nginx().flag_path().parent().unwrap().to_owned();
    for (owner, mode, wanted) in [
        (0, 0o755, format!("`nobody` may not make the flag in `{}`", flags.display())),
        (65_534, 0o777, "has mode 777, so others may move the traffic".to_owned()),
    ] {
        std::os::unix::fs::chown(&flags, Some(owner), None).unwrap();
        std::fs::set_permissions(&flags, PermissionsExt::from_mode(mode)).unwrap();
        let (code, told) = as_nobody(&rig, "stop", "");
        assert!(code == 13 && told.contains(&wanted), "{wanted}: {code}, {told}");
    }
    let owner =
        std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(rig.host.app_directory().join("ledger/lock")).unwrap());
    assert_eq!(owner, 65_534, "root has left nothing of its own among the hooks' files");
}

#[test]
fn f71_f112_f100_who_may_not_test_nginxs_configuration_looks_into_it_and_arrival_is_proven_all_the_same() {
    let rig = stage_of_nobody();
    rig.host.set("proxy.cutover", "\"instant\"").unwrap();
    // A door that cannot tell the slots apart.
    rig.host.set("health.body", "\"\"").unwrap();
    let nginx = rig.host.nginx();
    // A name that leads back on itself, as nginx would have it.
    nginx.configure("also.conf", "include conf.d/../conf.d/./more-*.part;\n").unwrap();
    nginx.configure("more-1.part", "map $host $nothing { default 1; }\n").unwrap();
    let (code, told) = as_nobody(&rig, "stop", "");
    assert_eq!(code, 13, "{told}");
    ended(&rig.host.hook("switch").argument("--install").run().unwrap(), 0, &["is installed"]);
    let deploys = |release: &str| {
        rig.host.stage(rig.jar(&Jar::release(release))).unwrap();
        let told: String = HOOKS
            .iter()
            .map(|hook| {
                let (code, told) = as_nobody(&rig, hook, "");
                assert_eq!(code, 0, "{hook}: {told}");
                told
            })
            .collect();
        assert_eq!(rig.release(), release);
        told
    };
    for release in ["v1", "v2"] {
        let told = deploys(release);
        assert!(!told.contains("NOT PROVEN"), "{told}");
    }
    // nginx is root's, and has read it once more; this user cannot.
    let main = nginx.pid_file().parent().unwrap().with_file_name("nginx.conf");
    std::fs::set_permissions(&main, PermissionsExt::from_mode(0o600)).unwrap();
    nginx.reload_and_wait().unwrap();
    let told = deploys("v3");
    assert!(told.contains("NOT PROVEN") && told.contains("nginx.conf` cannot be read"), "{told}");
    // What it may read again, nginx may have read otherwise.
    std::fs::set_permissions(&main, PermissionsExt::from_mode(0o644)).unwrap();
    let told = deploys("v4");
    assert!(told.contains("NOT PROVEN") && told.contains("changed after nginx had read them"), "{told}");
    nginx.reload_and_wait().unwrap();
    let told = deploys("v5");
    assert!(!told.contains("NOT PROVEN"), "{told}");
}

#[test]
fn f73_with_the_books_rule_it_is_installed_through_sudo() {
    let rig = stage_of_nobody();
    rig.host.set("proxy.cutover", "\"instant\"").unwrap();
    for release in ["v1", "v2"] {
        rig.host.stage(rig.jar(&Jar::release(release))).unwrap();
        for hook in HOOKS {
            let (code, told) = as_nobody(&rig, hook, "nobody ALL=(ALL) NOPASSWD: ALL");
            assert_eq!(code, 0, "{hook}: {told}");
        }
        assert_eq!(rig.release(), release);
    }
    assert!(rig.include().contains("if (-f "));
}

#[test]
fn f47_i2_when_the_live_release_dies_nginx_goes_on_with_the_standby_and_the_next_deploy_follows_it() {
    let rig = Rig::instant();
    rig.deploy(&Jar::release("v2")).succeeds();
    let ports = rig.host.ports();
    kill(listener(ports.green).unwrap());
    assert_eq!(rig.release(), "v1", "the standby answers in the same request");
    let standby = listener(ports.blue).unwrap();
    let deployed = rig.deploy(&Jar::release("v3"));
    deployed.succeeds();
    assert!(deployed.output().contains("nginx has gone on to `real1`"), "{}", deployed.output());
    assert_eq!((rig.release(), rig.profile()), ("v3".into(), "real2".into()));
    assert_eq!(listener(ports.blue), Some(standby), "what served was not touched");
    rig.deploy(&Jar::release("v3")).succeeds();
    rig.deploy(&Jar::release("v3")).succeeds();
    let standby = listener(ports.blue).unwrap();
    rig.host.set("proxy.flag", "\"/run/another/flag\"").unwrap();
    kill(listener(ports.green).unwrap());
    rig.deploy(&Jar::release("v4")).fails("stop", 12, &["names another flag than hooks.toml"]);
    assert_eq!(listener(ports.blue), Some(standby), "what serves is not touched on a guess");
    rig.host.set("proxy.flag", &format!("\"{}\"", rig.host.nginx().flag_path().display())).unwrap();
    rig.deploy(&Jar::release("v4")).succeeds();
    kill(listener(ports.green).unwrap());
    kill(standby);
    let down = rig.host.door_get("/").unwrap();
    assert_eq!(down.status, 502, "nobody is left");
    rig.deploy(&Jar::release("v4")).succeeds();
    assert_eq!(rig.release(), "v4");
}

#[test]
fn f111_a_flag_that_nginxs_workers_cannot_see_any_more_is_told_by_every_hook_that_looks_and_nothing_is_touched() {
    let rig = Rig::instant();
    rig.host.nginx().run_workers_as("nobody nogroup").unwrap();
    std::fs::set_permissions(rig.host.directory(), PermissionsExt::from_mode(0o755)).unwrap();
    rig.host.nginx().restart().unwrap();
    if rig.profile() == "real1" {
        rig.deploy(&Jar::release("v2")).succeeds();
    }
    let above = rig.host.nginx().flag_path().parent().unwrap().to_owned();
    let mode = |mode| std::fs::set_permissions(&above, PermissionsExt::from_mode(mode)).unwrap();
    let listeners = || [rig.host.ports().blue, rig.host.ports().green].map(listener);
    let before = listeners();
    rig.stage(&Jar::release("v3"));
    for hook in &HOOKS[..3] {
        ended(&rig.run(hook), 0, &[]);
    }
    mode(0o700);
    let words = ["cannot see the flag", "does not let them through", "chmod o+x"];
    ended(&rig.run("switch"), 13, &words);
    ended(&rig.host.hook("switch").argument("--back").run().unwrap(), 13, &words);
    ended(&rig.run("stop"), 13, &words);
    assert_eq!(listeners()[1], before[1], "what served runs on");
    mode(0o755);
    ended(&rig.run("switch"), 0, &[]);
    assert_eq!(rig.release(), "v3");
}

#[test]
fn f111_the_flags_directory_that_somebody_removed_is_made_again_before_the_standby_is_spent() {
    let rig = Rig::instant();
    let directory = rig.host.nginx().flag_path().parent().unwrap().to_owned();
    for release in ["v2", "v3"] {
        std::fs::remove_dir_all(&directory).unwrap();
        rig.deploy(&Jar::release(release)).succeeds();
        assert_eq!(rig.release(), release);
    }
}

#[test]
fn f114_with_reload_the_last_release_that_runs_is_not_ended_and_one_command_puts_the_site_back_up() {
    let rig = Rig::live_in("real1");
    let (live, idle) = rig.live_and_idle_ports();
    let standby = listener(idle).unwrap();
    kill(listener(live).unwrap());
    rig.deploy(&Jar::release("v2")).fails(
        "stop",
        12,
        &["is the last release that runs: it was not ended", "switch --back` puts the site back up", "SITE DOWN"],
    );
    assert_eq!(listener(idle), Some(standby));
    ended(&rig.host.hook("switch").argument("--back").run().unwrap(), 0, &["serves"]);
    assert_eq!(rig.release(), "v0");
    rig.deploy(&Jar::release("v2")).succeeds();
}

#[test]
fn f67_a_flag_or_groups_that_somebody_removed_are_told_or_mended_and_never_guessed() {
    let rig = Rig::instant();
    rig.deploy(&Jar::release("v2")).succeeds();
    // Without its flag nginx sends traffic to blue, and everybody says so.
    std::fs::remove_file(rig.host.nginx().flag_path()).unwrap();
    assert_eq!(rig.release(), "v1");
    rig.deploy(&Jar::release("v3")).succeeds();
    assert_eq!((rig.release(), rig.profile()), ("v3".into(), "real2".into()));
    let groups = rig.host.nginx().upstreams_path();
    let bytes = std::fs::read(&groups).unwrap();
    std::fs::write(&groups, "# gone\n").unwrap();
    rig.deploy(&Jar::release("v4")).fails(
        "stop",
        12,
        &["chooses the group `service-url-real2`", "does not say which port"],
    );
    std::fs::write(&groups, &bytes).unwrap();
    // They are right again, but changed after nginx last read them: it reads them once more before it goes by the flag.
    let workers = rig.host.nginx().worker_pids();
    rig.deploy(&Jar::release("v4")).succeeds();
    assert_ne!(rig.host.nginx().worker_pids(), workers);
    rig.deploy(&Jar::release("v5")).succeeds();
    std::fs::create_dir(rig.host.directory().join("moved")).unwrap();
    std::fs::rename(rig.host.nginx().flag_path(), rig.host.directory().join("moved/green")).unwrap();
    std::fs::create_dir(rig.host.nginx().flag_path()).unwrap();
    let run = rig.deploy(&Jar::release("v5"));
    run.fails("stop", 10, &["the flag `", "is no regular file"]);
}

#[test]
fn what_is_shown_before_a_deploy_says_what_the_first_switch_will_do() {
    let rig = Rig::live_in("real1");
    rig.host.set("proxy.cutover", "\"instant\"").unwrap();
    rig.stage(&Jar::release("v2"));
    for hook in &HOOKS[..3] {
        ended(&rig.run(hook), 0, &[]);
    }
    let shown = rig.untouched_by(|| rig.hook("switch").argument("--dry-run").run().unwrap());
    said(&shown, &["name the flag", "reload nginx", "make the flag", "if it comes to nothing: remove the flag"]);
    let groups = std::fs::read_to_string(rig.host.nginx().upstreams_path()).unwrap();
    assert!(!groups.contains("upstream "), "nothing but nginx's own word stands there: {groups}");
}

#[test]
fn f117_a_refused_release_is_never_what_users_get_when_the_live_one_dies() {
    let rig = Rig::instant();
    rig.impatient();
    let (live, idle) = rig.live_and_idle_ports_by_the_door();
    let deployed = rig.deploy(&Jar::release("v2").fault(Fault::answers(401, "who are you?")));
    deployed.fails("health", 31, &["HTTP 401", "was ended, so that nginx cannot fall back on it", "serving: "]);
    rig.refused_release_is_no_fallback(live, idle);
    // The next deploy is the remedy, and knows of no standby.
    let deployed = rig.deploy(&Jar::release("v3"));
    deployed.succeeds();
    assert!(!deployed.output().contains("stays warm"), "{}", deployed.output());
    assert_eq!(rig.release(), "v3");
}
