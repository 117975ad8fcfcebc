//! Settings that are wrong: all told at once, each with its place, and nothing is made or changed.

use std::os::unix::fs::PermissionsExt;

use demo_app::Jar;
use shared::error::ExitCodeRow;

use crate::permissions::{as_nobody, stage_of_nobody};
use crate::rig::{Rig, ended, listener, said};

#[test]
fn f89_every_mistake_is_told_at_once_with_file_line_and_key() {
    let rig = Rig::live_in("real1");
    let path = rig.host.settings_path().display().to_string();
    rig.host.set("blue.prot", "8081").unwrap();
    rig.host.set("stop.grace", "35").unwrap();
    rig.host.set("health.consecutive", "0").unwrap();
    rig.untouched_by(|| {
        for hook in crate::rig::HOOKS {
            ended(
                &rig.run(hook),
                10,
                &[
                    &path,
                    "line ",
                    "there is no setting `blue.prot`; did you mean `blue.port`?",
                    "`stop.grace` is the number `35`",
                    "`health.consecutive`",
                ],
            );
        }
    });
}

#[test]
fn a_variable_overrides_a_key_and_is_named_when_it_is_wrong() {
    let rig = Rig::live_in("real1");
    rig.begin();
    let run = rig.hook("stop").variable("HOOKS_STOP_GRACE", "soon").variable("HOOKS_STOP_GRASE", "1s").run().unwrap();
    ended(
        &run,
        10,
        &[
            "the variable `HOOKS_STOP_GRACE`",
            "the variable `HOOKS_STOP_GRASE`: there is no setting `stop.grase`; did you mean `stop.grace`?",
        ],
    );
}

#[test]
fn a_settings_file_that_is_named_and_cannot_be_read_is_told() {
    let rig = Rig::new();
    let run = rig.hook("stop").argument("--config").argument("/no/such/hooks.toml").run().unwrap();
    ended(&run, 10, &["the settings `/no/such/hooks.toml` could not be read"]);
}

#[test]
fn a_settings_file_that_this_user_may_not_read_is_told_as_not_allowed() {
    let rig = stage_of_nobody();
    std::fs::set_permissions(rig.host.settings_path(), PermissionsExt::from_mode(0o600)).unwrap();
    let (code, told) = as_nobody(&rig, "stop", "");
    assert_eq!(code, 13, "{told}");
    assert!(told.contains("could not be read: Permission denied"), "{told}");
}

#[test]
fn a_wrong_argument_ends_with_the_exit_code_of_wrong_settings() {
    let rig = Rig::new();
    let run = rig.hook("stop").argument("--dryrun").run().unwrap();
    ended(&run, 10, &["--dry-run"]);
}

#[test]
fn help_and_version_say_what_the_hook_is_and_what_its_exit_codes_mean() {
    let rig = Rig::new();
    for hook in crate::rig::HOOKS {
        let help = rig.hook(hook).argument("--help").run().unwrap();
        ended(&help, 0, &["Usage: ", "--dry-run", "--config", "Exit codes"]);
        // People know the slots by profile and port.
        let words = help.output.split(|letter: char| !letter.is_alphanumeric());
        assert_eq!(words.filter(|word| ["blue", "green"].contains(word)).count(), 0, "{}", help.output);
        for ExitCodeRow { code, meaning, serves } in ExitCodeRow::all() {
            said(&help, &[&format!("{code:>2}  {meaning} ({serves})")]);
        }
        ended(
            &rig.hook(hook).argument("--version").run().unwrap(),
            0,
            &[hook, concat!(env!("CARGO_PKG_VERSION"), " (unreleased)")],
        );
    }
    said(&rig.hook("switch").argument("--help").run().unwrap(), &["--back"]);
}

#[test]
fn a_dry_run_shows_the_plan_and_changes_nothing() {
    let rig = Rig::live_in("real1");
    rig.stage(&Jar::release("v2"));
    let seen = || {
        (
            rig.include(),
            rig.names_in("releases"),
            rig.names_in("ledger"),
            listener(rig.live_and_idle_ports().1),
            std::fs::read(rig.host.app_directory().join("ledger/ledger.json")).unwrap(),
        )
    };
    let before = seen();
    ended(
        &rig.hook("stop").argument("--dry-run").run().unwrap(),
        0,
        &["SIGTERM", "`real2`", "what this needs, as `", "nothing was changed"],
    );
    assert_eq!(seen(), before);
    ended(&rig.run("stop"), 0, &[]);
    ended(&rig.hook("start").argument("--dry-run").run().unwrap(), 0, &["copy `", "start in `real2`"]);
    ended(&rig.run("start"), 0, &[]);
    ended(&rig.hook("health").argument("--dry-run").run().unwrap(), 0, &["until 3 good answers in a row"]);
    ended(&rig.run("health"), 0, &[]);
    let before = seen();
    ended(
        &rig.hook("switch").argument("--dry-run").run().unwrap(),
        0,
        &["name port", "reload nginx", "if it comes to nothing"],
    );
    assert_eq!(seen(), before);
    assert_eq!(rig.release(), "v1");
    ended(&rig.run("switch"), 0, &[]);
    assert_eq!(rig.release(), "v2");
}

#[test]
fn a_dry_run_on_an_untouched_host_makes_nothing() {
    let rig = Rig::new();
    rig.stage(&Jar::release("v1"));
    ended(&rig.hook("stop").argument("--dry-run").run().unwrap(), 0, &["was free already"]);
    assert_eq!(rig.names_in("."), ["zip"]);
}

#[test]
fn a_config_location_that_does_not_exist_is_told_before_spring_would_die_of_it() {
    let rig = Rig::live_in("real1");
    rig.host
        .set(
            "app.config_locations",
            "[\"classpath:/application.properties\", \"/no/such/application-oauth.properties\"]",
        )
        .unwrap();
    rig.untouched_by(|| {
        rig.deploy(&Jar::release("v2")).fails(
            "stop",
            10,
            &["`/no/such/application-oauth.properties` cannot be read", "app.config_locations"],
        );
    });
}

#[test]
fn f89_a_bundle_without_its_settings_does_not_take_the_instant_cutover_out_of_nginx() {
    let rig = Rig::instant();
    let (live, idle) = (rig.include(), listener(rig.live_and_idle_ports().1));
    // All that is not the sandbox's own is in the file: what is missing is what the bundle lost.
    let path = rig.host.settings_path();
    let text = std::fs::read_to_string(path).unwrap();
    let written = "cutover = \"instant\"\n";
    assert!(text.contains(written), "{text}");
    std::fs::write(path, text.replace(written, "")).unwrap();
    let words = ["nobody says `proxy.cutover`", "put this host's hooks.toml into the bundle"];
    rig.deploy(&Jar::release("v2")).fails("stop", 10, &words);
    assert_eq!((rig.include(), rig.release().as_str()), (live, "v1"));
    assert_eq!(listener(rig.live_and_idle_ports().1), idle, "the standby runs on");
    // Whoever means it says so.
    rig.host.set("proxy.cutover", "\"reload\"").unwrap();
    rig.deploy(&Jar::release("v2")).succeeds();
    assert_eq!(rig.release(), "v2");
}
