//! `AppSpec::parse`, case by case.

use std::path::Path;
use std::time::Duration;

use super::*;

const HEAD: &str = "version: 0.0\nos: linux\n";

fn parse(rest: &str) -> Result<AppSpec, AppSpecError> {
    AppSpec::parse(&format!("{HEAD}{rest}"))
}

fn refusal(text: &str) -> String {
    AppSpec::parse(text).unwrap_err().to_string()
}

fn mode(written: &str) -> Result<Option<Mode>, AppSpecError> {
    Ok(parse(&format!("permissions:\n  - object: /srv\n    mode: {written}\n"))?.permissions[0].mode)
}

fn timeout(written: &str) -> Result<Duration, AppSpecError> {
    let spec = parse(&format!("hooks:\n  AfterInstall:\n    - location: a\n      timeout: {written}\n"))?;
    Ok(spec.hooks[0].1[0].timeout)
}

#[test]
fn hooks_keep_the_order_in_which_they_are_written() {
    let spec = parse(
        "hooks:\n  ValidateService:\n    - location: health\n      timeout: 120\n    - location: switch\n      runas: www\n\
         \x20 AfterInstall:\n    - location: stop\n      sudo: true\n  BeforeInstall:\n",
    )
    .unwrap();
    let names: Vec<&str> = spec.hooks.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["ValidateService", "AfterInstall"]);
    let health = &spec.hooks[0].1[0];
    assert_eq!((health.location.as_str(), health.timeout), ("health", Duration::from_mins(2)));
    let switch = &spec.scripts(LifecycleEvent::ValidateService)[1];
    assert_eq!((switch.runas.as_deref(), switch.timeout), (Some("www"), Duration::from_hours(1)));
    assert!(spec.scripts(LifecycleEvent::AfterInstall)[0].sudo && !switch.sudo);
    assert!(spec.scripts(LifecycleEvent::BeforeInstall).is_empty());
}

#[test]
fn carriage_returns_do_not_matter() {
    let spec = AppSpec::parse("version: 0.0\r\nos: linux\r\nhooks:\r\n  AfterInstall:\r\n    - location: a.sh\r\n");
    assert_eq!(spec.unwrap().hooks[0].1[0].location, "a.sh");
}

#[test]
fn unknown_keys_are_ignored_and_unknown_events_are_told() {
    let spec = parse(
        "author: me\nfiles:\n  - source: /\n    destination: /srv\n    overwrite: yes\nhooks:\n  AfterInstal:\n    - location: a\n",
    )
    .unwrap();
    assert_eq!(spec.files, [FileMapping { source: "/".into(), destination: "/srv".into() }]);
    assert_eq!(spec.file_exists_behavior, None);
    assert_eq!(spec.unknown_events().collect::<Vec<_>>(), ["AfterInstal"]);
}

#[test]
fn every_key_without_effect_is_found_with_its_place() {
    let text = "version: 0.0\nos: linux\nauthor: me\nfiles:\n  - source: /\n    destination: /srv\n    overwrite: yes\n\
        hooks:\n  AfterInstall:\n    - location: a\n      timout: 5\npermissions:\n  - object: /srv\n    onwer: me\n";
    let found = AppSpec::ignored_keys(text).unwrap();
    let told: Vec<(&str, Option<&str>, u64)> =
        found.iter().map(|ignored| (ignored.key.as_str(), ignored.under.as_deref(), ignored.line)).collect();
    let wanted = [
        ("author", None, 3),
        ("overwrite", Some("files"), 7),
        ("timout", Some("AfterInstall"), 11),
        ("onwer", Some("permissions"), 14),
    ];
    assert_eq!(told, wanted);
    assert_eq!(AppSpec::ignored_keys(include_str!("../../../../appspec.yml")).unwrap(), []);
}

#[test]
fn the_last_of_duplicate_keys_wins() {
    assert_eq!(
        parse("file_exists_behavior: RETAIN\nfile_exists_behavior: OVERWRITE\n").unwrap().file_exists_behavior,
        Some(FileExistsBehavior::Overwrite)
    );
}

#[test]
fn the_version_is_the_number_zero_and_nothing_else() {
    for version in ["0.0", "0", "0.00"] {
        assert!(AppSpec::parse(&format!("version: {version}\nos: linux\n")).is_ok(), "{version}");
    }
    for version in ["\"0.0\"", "1.0", "", "[0.0]"] {
        let error = refusal(&format!("version: {version}\nos: linux\n"));
        assert!(error.contains("write `version: 0.0`"), "{version}: {error}");
    }
    assert!(refusal("os: linux\n").contains("`version` is nothing"));
}

#[test]
fn what_the_agent_refuses_is_refused_in_a_sentence() {
    for (text, sentence) in [
        ("\u{feff}version: 0.0\nos: linux\n", "byte order mark"),
        ("", "not a map"),
        ("- a\n", "not a map"),
        ("version: 0.0\nos: Linux\n", "write `os: linux`"),
        ("version: 0.0\nos: linux\nhooks: [a]\n", "line 3: `hooks` is not a map"),
        ("version: 0.0\nos: linux\nhooks:\n  AfterInstall:\n    location: a\n", "`AfterInstall` is not a list"),
        (
            "version: 0.0\nos: linux\nhooks:\n  AfterInstall:\n    - a.sh\n",
            "line 5: an entry of `AfterInstall` has no `location`",
        ),
        ("version: 0.0\nos: linux\nfiles:\n  - source: a\n", "an entry of `files` has no `destination`"),
        ("version: 0.0\nos: linux\nfile_exists_behavior: overwrite\n", "in capitals"),
        (
            "version: 0.0\nos: linux\npermissions:\n  - object: /a\n    acls: [a]\n",
            "`acls` under `permissions` is not simulated",
        ),
        ("version: 0.0\nos: linux\npermissions:\n  - object: /a\n    type: [link]\n", "write `file` or `directory`"),
        ("version: 0.0\nos: linux\nhooks:\n\t- a\n", "not YAML"),
        ("version: 0.0\nos: linux\na: &x 1\nb: *x\n", "not YAML"),
    ] {
        let error = refusal(text);
        assert!(error.contains(sentence), "{text:?}: {error}");
    }
}

#[test]
fn a_timeout_is_a_positive_number_or_text_that_starts_with_one() {
    for written in ["30", "\"30\"", "30s", "30.9"] {
        assert_eq!(timeout(written).unwrap(), Duration::from_secs(30), "{written}");
    }
    for written in ["0", "-1", "abc", "true", "[30]"] {
        assert!(timeout(written).unwrap_err().to_string().contains("line 6: `timeout` is"), "{written}");
    }
}

#[test]
fn an_unquoted_mode_with_a_leading_zero_is_refused() {
    for (written, bits) in [("644", 0o644), ("\"0644\"", 0o644), ("'0755'", 0o755), ("4755", 0o4755)] {
        assert_eq!(mode(written).unwrap().unwrap().bits(), bits, "{written}");
    }
    for written in ["0644", "0755", "0o644", "0888"] {
        let error = mode(written).unwrap_err().to_string();
        assert!(error.contains(&format!("write `mode: \"{written}\"`")), "{error}");
    }
    for written in ["855", "12345", "rwx", "-1", "6.4"] {
        assert!(matches!(mode(written), Err(AppSpecError::Mode { .. })), "{written}");
    }
}

#[test]
fn a_permission_means_what_lies_in_its_object_and_never_the_object() {
    let matches = |pattern: &str, path: &str| {
        let text = format!("permissions:\n  - object: /srv/app\n    pattern: \"{pattern}\"\n    except: [\"*.key\"]\n");
        parse(&text).unwrap().permissions[0].matches(Path::new("/srv/app"), Path::new(path))
    };
    assert!(matches("**", "/srv/app/a/b.jar"));
    assert!(matches("*.jar", "/srv/app/b.jar"));
    assert!(matches("a*b*c", "/srv/app/a1b2c"));
    assert!(!matches("a*b*c", "/srv/app/a1b2d"));
    assert!(!matches("a*a", "/srv/app/a"));
    assert!(!matches("*.jar", "/srv/app/a/b.jar"));
    assert!(!matches("**", "/srv/app"));
    assert!(!matches("**", "/srv/application/b.jar"));
    assert!(!matches("**", "/srv/app/secret.key"));
}
