//! What CI does on its way to AWS: .travis.yml, the workflow in docs/travis.md, and the commands that both run; and what an
//! application's own repository takes of it, in docs/travis.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;

const TRAVIS: &str = include_str!("../../.travis.yml");
const WALKTHROUGH: &str = include_str!("../../docs/travis.md");
const APPLICATION: [&str; 2] = [
    include_str!("../../docs/travis/application.travis.yml"),
    include_str!("../../docs/travis/application.github.yml"),
];

fn travis() -> Value {
    serde_saphyr::from_str(TRAVIS).unwrap()
}

fn jobs() -> Vec<Value> {
    travis()["jobs"]["include"].as_array().unwrap().clone()
}

/// Every key with its value, wherever it stands.
fn settings(value: &Value) -> Vec<(String, &Value)> {
    match value {
        Value::Object(map) => {
            map.iter().flat_map(|(key, value)| [vec![(key.clone(), value)], settings(value)].concat()).collect()
        }
        Value::Array(list) => list.iter().flat_map(settings).collect(),
        _ => Vec::new(),
    }
}

/// The commands of a job, whether given as one text or as a list.
fn commands(job: &Value) -> Vec<&str> {
    match &job["script"] {
        Value::String(command) => vec![command],
        list => list.as_array().unwrap().iter().map(|command| command.as_str().unwrap()).collect(),
    }
}

/// What is named like this is secret, or half of one.
fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    ["access_key", "api_key", "secret", "token", "password"].iter().any(|part| name.contains(part))
}

/// Whether something in a text looks like the id of an AWS key.
fn holds_key_id(text: &str) -> bool {
    ["AKIA", "ASIA"].iter().any(|prefix| {
        text.match_indices(prefix).any(|(start, _)| {
            text[start..]
                .chars()
                .take_while(|character| character.is_ascii_uppercase() || character.is_ascii_digit())
                .count()
                >= 16
        })
    })
}

#[test]
fn no_secret_stands_in_the_files_of_the_pipeline() {
    for text in [TRAVIS, WALKTHROUGH].into_iter().chain(APPLICATION) {
        assert!(!holds_key_id(text), "the id of an AWS key");
    }
    let travis = travis();
    for (key, value) in settings(&travis) {
        if is_secret(&key) {
            let named = value.as_str().is_some_and(|text| text.starts_with('$'));
            assert!(named || value["secure"].is_string(), "{key} is neither a setting of the repository nor encrypted");
        }
    }
    // A variable of the environment is a text: NAME=value NAME=value.
    for line in TRAVIS.lines() {
        for (name, value) in line.split_whitespace().filter_map(|word| word.split_once('=')) {
            assert!(
                !is_secret(name) || value.trim_matches('"').starts_with('$'),
                "{name} has its value in .travis.yml"
            );
        }
    }
    // The workflows store no key at all.
    for text in [WALKTHROUGH, APPLICATION[1]] {
        assert!(!text.contains("aws-secret-access-key") && !text.contains("secrets."), "{text}");
    }
}

#[test]
fn travis_runs_the_test_command_and_then_bundles_for_both_processors() {
    let jobs = jobs();
    let test: Vec<&Value> = jobs.iter().filter(|job| job["stage"] == "test").collect();
    assert_eq!(test.len(), 1);
    assert!(commands(test[0]).iter().any(|command| command.ends_with("./scripts/test.sh")));

    let bundles: Vec<(&str, &str)> = jobs
        .iter()
        .filter(|job| job["stage"] == "bundle")
        .map(|job| {
            let script = commands(job);
            assert!(script.iter().any(|command| command.starts_with("./scripts/bundle.sh --jar ")), "{script:?}");
            (job["arch"].as_str().unwrap(), job["env"].as_str().unwrap())
        })
        .collect();
    let wanted = [
        ("amd64", "BUNDLE=spring-app-x86_64 TARGET=x86_64-unknown-linux-gnu"),
        ("arm64", "BUNDLE=spring-app-aarch64 TARGET=aarch64-unknown-linux-gnu"),
    ];
    assert_eq!(bundles, wanted);
    for command in ["./scripts/test.sh", "./scripts/bundle.sh"] {
        assert!(WALKTHROUGH.contains(command), "the workflow does not run {command}");
    }
}

#[test]
fn travis_deploys_from_main_what_it_uploaded_from_main() {
    let jobs = jobs();
    let deploys = jobs.iter().filter(|job| job["stage"] != "release").map(|job| &job["deploy"]);
    let deployments: Vec<&Value> = deploys.filter(|deploy| deploy.is_object()).collect();
    let providers: Vec<&str> = deployments.iter().map(|deploy| deploy["provider"].as_str().unwrap()).collect();
    assert_eq!(providers, ["s3", "s3", "codedeploy"]);
    for deploy in &deployments {
        assert_eq!(deploy["on"]["branch"], "main");
        assert_eq!(deploy["bucket"], deployments[0]["bucket"]);
    }
    let folder = deployments[0]["upload_dir"].as_str().unwrap();
    assert_eq!(deployments[2]["key"].as_str().unwrap(), format!("{folder}/$BUNDLE.zip"));
    assert!(folder.starts_with("bundles/"), "docs/iam grants nothing on {folder}");
    // A failed deployment fails the build only if it is waited for.
    assert_eq!(deployments[2]["wait_until_deployed"], true);
    let stages = &travis()["stages"];
    let condition = stages[2]["if"].as_str().unwrap();
    assert_eq!(
        (&stages[0], &stages[1]["name"], &stages[2]["name"]),
        (&"test".into(), &"bundle".into(), &"deploy".into())
    );
    assert!(condition.contains("branch = main AND type != pull_request"), "{condition}");
    // What comes at night comes with no change: it is tested, and nobody deploys it.
    for stage in [&stages[1], &stages[2], &stages[3]] {
        assert!(stage["if"].as_str().unwrap().contains("type != cron"), "{stage:?}");
    }
}

#[test]
fn f154_travis_releases_a_tag_for_both_processors_and_bundles_nothing_then() {
    let releases: Vec<Value> = jobs().into_iter().filter(|job| job["stage"] == "release").collect();
    let targets: Vec<&str> = releases.iter().map(|job| job["env"].as_str().unwrap()).collect();
    assert_eq!(targets, ["TARGET=x86_64-unknown-linux-gnu", "TARGET=aarch64-unknown-linux-gnu"]);
    for job in &releases {
        let script = commands(job);
        assert!(script.contains(&"./scripts/bundle.sh --release --target \"$TARGET\""), "{script:?}");
        // A tag that says another version would give the archive an address that nobody looks at.
        assert_eq!(script[0], "grep -qx \"version = \\\"${TRAVIS_TAG#v}\\\"\" Cargo.toml");
        assert_eq!((&job["deploy"]["provider"], &job["deploy"]["on"]["tags"]), (&"releases".into(), &true.into()));
        assert_eq!(job["deploy"]["file"], "dist/zero-downtime-hooks-*");
    }
    let stages = &travis()["stages"];
    let when = |stage: usize| stages[stage]["if"].as_str().unwrap().to_owned();
    assert_eq!((stages[3]["name"].as_str(), when(3).contains("tag IS present")), (Some("release"), true));
    assert!(when(1).contains("tag IS blank"), "{}", when(1));
}

#[test]
fn travis_builds_with_the_compiler_that_everybody_builds_with() {
    let toolchain = include_str!("../../rust-toolchain.toml");
    let version = travis()["rust"].as_str().unwrap().to_owned();
    assert!(toolchain.contains(&format!("channel = \"{version}\"")), "{version}");
}

#[test]
fn the_walkthrough_lists_every_setting_that_travis_yml_reads() {
    let travis = travis();
    let read: BTreeSet<&str> = settings(&travis)
        .into_iter()
        .filter_map(|(_, value)| value.as_str()?.strip_prefix('$'))
        .filter(|name| name.chars().all(|character| character.is_ascii_uppercase() || character == '_'))
        .collect();
    assert!(read.contains("BUNDLE_BUCKET") && read.contains("AWS_SECRET_ACCESS_KEY"), "{read:?}");
    for name in read {
        assert!(WALKTHROUGH.contains(&format!("`{name}`")), "docs/travis.md does not say what {name} is");
    }
}

#[test]
fn every_cargo_command_takes_the_versions_in_the_lock() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = vec![root.join(".travis.yml"), root.join("README.md"), root.join("docs/travis.md")];
    let scripts = fs::read_dir(root.join("scripts")).unwrap().map(|entry| entry.unwrap().path());
    files.extend(scripts.filter(|path| path.is_file()));
    let mut commands = 0;
    for file in files {
        let text = fs::read_to_string(&file).unwrap().replace("\\\n", " ");
        for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
            for verb in ["build", "clippy", "doc", "install", "run", "test", "zigbuild"] {
                if line.contains(&format!("cargo {verb} ")) {
                    commands += 1;
                    assert!(line.contains("--locked"), "{}: {line}", file.display());
                }
            }
        }
    }
    assert!(commands > 4, "found only {commands} commands");
}
