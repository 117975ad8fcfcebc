//! A bundle of a released archive, made as a team makes it that has no Rust: in its own directory, with the programs of a small
//! machine. What it refuses, `bundle assemble` refuses in the same words.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "everything in here is a test or its stage: what fails ends it"
)]

mod team;

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::OnceLock;

use agent::AppSpec;
use bundle::archive::{self, Entry};
use bundle::assembly::Parts;
use bundle::date::Date;
use bundle::released::{self, Identity};
use bundle::{app_spec, checksum, hooks, jar};
use demo_app::Jar;
use shared::config::{self, SettingsFile};
use workstation::{files, programs};
use zip::ZipArchive;

use crate::team::Team;

const NAME: &str = "zero-downtime-hooks-0.0.0-x86_64-unknown-linux-gnu";
const APP_SPEC: &str = include_str!("../../../appspec.yml");
const SETTINGS: &str = include_str!("../../../hooks.toml");

fn date() -> Date {
    Date::from_seconds(1_764_086_401).unwrap()
}

/// The parts of a bundle, with stand-ins for the programs: the script runs none of them.
fn parts(jar: Option<(String, Vec<u8>)>) -> Parts {
    let programs = hooks::all().map(|hook| (hook, format!("#!/bin/sh\necho {}\n", hook.name).into_bytes()));
    Parts { app_spec: APP_SPEC.to_owned(), settings: SETTINGS.to_owned(), programs: programs.to_vec(), jar }
}

/// The files of the archive, which Cargo is asked about once.
fn entries() -> &'static [Entry] {
    static ENTRIES: OnceLock<Vec<Entry>> = OnceLock::new();
    ENTRIES.get_or_init(|| {
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let identity = Identity {
            name: NAME,
            commit: "0123456789ab",
            target: "x86_64-unknown-linux-gnu".parse().unwrap(),
            date: date(),
        };
        released::entries(&project, &parts(None), identity).unwrap()
    })
}

/// A team that has a jar, and an archive with its checksum where it is fetched from.
fn team() -> Team {
    let team = Team::new();
    publish(&team, &archive::write(entries(), date()).unwrap());
    Jar::release("v1").write(&team.path("app/build.jar")).unwrap();
    team.unpack(&team.path("released/hooks.zip"));
    team
}

fn publish(team: &Team, zip: &[u8]) {
    team.write("released/hooks.zip", zip);
    team.write("released/hooks.zip.sha256", checksum::line(zip, "hooks.zip").as_bytes());
}

/// What is in a zip, in its order: paths, modes, dates and bytes.
fn contents(zip: &Path) -> Vec<(String, u32, String, Vec<u8>)> {
    let mut archive = ZipArchive::new(File::open(zip).unwrap()).unwrap();
    let mut found = Vec::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        assert_eq!(file.extra_data().unwrap_or_default(), Vec::<u8>::new(), "nothing of the machine that packed it");
        let (mode, date) = (file.unix_mode().unwrap() & 0o7777, file.last_modified().unwrap().to_string());
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        found.push((file.name().unwrap().into_owned(), mode, date, bytes));
    }
    found
}

#[test]
fn f154_a_released_archive_and_a_jar_become_the_bundle_that_this_repository_makes_without_rust_git_or_python() {
    let team = team();
    let jar = files::read(&team.path("app/build.jar"), "the jar").unwrap();
    let wanted = team.path("wanted.zip");
    let whole = parts(Some(("build.jar".to_owned(), jar)));
    files::write(&wanted, &archive::write(&whole.entries(), date()).unwrap()).unwrap();
    let archive = team.path("released/hooks.zip").display().to_string();
    let address = format!("file://{archive}");
    let mut sums = Vec::new();
    for (way, hooks) in [
        ("its own directory", &[][..]),
        ("the archive", &["--hooks", &archive]),
        ("its address", &["--hooks", &address, "--name", "build"]),
    ] {
        let told = team.bundle(&[&["--jar", "build.jar"], hooks].concat());
        assert_eq!(told.code, Some(0), "{way}: {}", told.messages);
        assert!(
            told.messages.starts_with("hooks 0.1.0 of commit 0123456789ab, for x86_64-unknown-linux-gnu\n"),
            "{way}"
        );
        assert_eq!(contents(&team.path("app/dist/build.zip")), contents(&wanted), "{way}");
        let zip = files::read(&team.path("app/dist/build.zip"), "the bundle").unwrap();
        assert_eq!(told.output, format!("dist/build.zip\nsha256 {}\n", checksum::sha256(&zip)), "{way}");
        let beside = files::read_text(&team.path("app/dist/build.zip.sha256"), "its checksum").unwrap();
        assert_eq!(beside, checksum::line(&zip, "build.zip"), "{way}");
        let bill = files::read_text(&team.path("app/dist/build.zip.cdx.json"), "its bill").unwrap();
        assert!(bill.contains("pkg:cargo/tokio@") && bill.contains(NAME), "{way}");
        sums.push(checksum::sha256(&zip));
    }
    // `sh` is another shell elsewhere.
    let script = team.path("hooks/bundle.sh").display().to_string();
    let told = team.run(programs::in_path("bash").unwrap(), &["--posix", &script, "--jar", "build.jar"], &[]);
    assert_eq!(told.code, Some(0), "{}", told.messages);
    sums.extend(told.output.trim_end().rsplit(' ').next().map(str::to_owned));
    assert!(sums.iter().all(|sum| *sum == sums[0]), "the same bytes each time: {sums:?}");
}

#[test]
fn f154_settings_and_the_appspec_of_the_application_are_taken_and_told() {
    let team = team();
    let settings = "# ours\n".to_owned() + SETTINGS;
    team.write("app/hooks.toml", settings.as_bytes());
    team.write("app/appspec.yml", APP_SPEC.as_bytes());
    let told = team.bundle(&["--jar", "build.jar"]);
    assert_eq!(told.code, Some(0), "{}", told.messages);
    assert!(
        told.messages.contains("`hooks.toml` is that of this directory, not the released one"),
        "{}",
        told.messages
    );
    assert!(!told.messages.contains("`appspec.yml` is"), "it is the same one: {}", told.messages);
    let packed = contents(&team.path("app/dist/build.zip"));
    assert_eq!(String::from_utf8_lossy(&packed[1].3), settings);
}

#[test]
fn f155_hooks_that_are_damaged_incomplete_or_others_than_the_checksum_says_make_no_bundle() {
    let whole = archive::write(entries(), date()).unwrap();
    let without = |path: &str| -> Vec<Entry> { entries().iter().filter(|entry| entry.path != path).cloned().collect() };
    let altered = |path: &str| -> Vec<Entry> {
        let other = |entry: &Entry| {
            if entry.path == path { Entry { bytes: b"other".to_vec(), ..entry.clone() } } else { entry.clone() }
        };
        entries().iter().map(other).collect()
    };
    let zip = |entries: Vec<Entry>| archive::write(&entries, date()).unwrap();
    let sum = checksum::sha256(&whole);
    let cut = whole.get(..whole.len() / 2).unwrap().to_vec();
    for (name, published, sum, code, words) in [
        ("another checksum", whole.clone(), Some("0123"), 1, "needed `0123`: it is damaged, or another one"),
        ("the noted checksum", cut.clone(), Some(sum.as_str()), 1, &*format!("needed `{sum}`: it is damaged")),
        ("cut off", cut, None, 1, "is no archive that can be unpacked ("),
        ("a program is missing", zip(without("hooks/switch")), None, 1, "has no `hooks/switch` with its checksum"),
        (
            "a program is another",
            zip(altered("hooks/start")),
            None,
            1,
            "`hooks/start` of `../released/hooks.zip` is not as it was released",
        ),
        (
            "the settings are others",
            zip(altered("hooks.toml")),
            None,
            1,
            "`hooks.toml` of `../released/hooks.zip` is not as it was released",
        ),
        ("without checksums", zip(without("SHA256SUMS")), None, 1, "has no `RELEASE` with its checksum"),
    ] {
        let team = team();
        publish(&team, &published);
        let mut arguments = vec!["--jar", "build.jar", "--hooks", "../released/hooks.zip"];
        arguments.extend(sum.into_iter().flat_map(|sum| ["--sha256", sum]));
        let told = team.bundle(&arguments);
        assert_eq!(told.code, Some(code), "{name}: {}", told.messages);
        assert!(told.messages.contains(words), "{name}: {}", told.messages);
        assert!(!team.path("app/dist").exists(), "{name}: nothing was written");
    }
    let team = team();
    files::remove(&team.path("released/hooks.zip.sha256")).unwrap();
    for (hooks, words) in [
        ("../released/hooks.zip", "`../released/hooks.zip.sha256` is not beside the archive"),
        ("../released/none.zip", "`../released/none.zip` is not there, needed a released archive"),
        ("file:///none/hooks.zip", "`file:///none/hooks.zip` could not be fetched"),
        (".", "`.` has no `RELEASE` with its checksum"),
    ] {
        let told = team.bundle(&["--jar", "build.jar", "--hooks", hooks]);
        assert_ne!(told.code, Some(0), "{hooks}");
        assert!(told.messages.contains(words), "{hooks}: {}", told.messages);
    }
}

/// What `bundle assemble` refuses about these files.
fn refused_here(name: &str, bytes: &[u8], spec: &str, settings: &str) -> Vec<String> {
    let text = spec;
    let spec = AppSpec::parse(spec).unwrap();
    let settings = config::settings(SettingsFile::parse("hooks.toml", settings)).unwrap();
    let entries = parts(Some((name.to_owned(), bytes.to_vec()))).entries();
    let paths: Vec<&str> = entries.iter().map(|entry| entry.path.as_str()).collect();
    let mut refused = jar::check(name, bytes, &spec, &settings, &paths);
    refused.extend(app_spec::check(&spec, text, &paths).refusals);
    refused.extend(app_spec::sequence(text));
    refused
}

#[test]
fn f154_a_jar_that_would_not_start_is_refused_as_this_repository_refuses_it() {
    let file = |jar: &Jar| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.jar");
        jar.write(&path).unwrap();
        files::read(&path, "the jar").unwrap()
    };
    let thin =
        |manifest: &str| archive::write(&[Entry::file("META-INF/MANIFEST.MF", manifest.into())], date()).unwrap();
    let good = file(&Jar::release("v1"));
    let bare = archive::write(&[Entry::file("a.class", vec![7])], date()).unwrap();
    let command = SETTINGS.replace("\ncommand = []", "\ncommand = [\"/usr/bin/node\", \"{artifact}\"]");
    let pattern = |text: &str| SETTINGS.replace("{directory}/zip/*.jar", &format!("{{directory}}/zip/{text}"));
    assert!(command != SETTINGS && pattern("*") != SETTINGS);
    let shipped = || SETTINGS.to_owned();
    let heal = APP_SPEC.replace("hooks/health", "hooks/heal");
    for (name, artifact, bytes, spec, settings) in [
        ("good", "my app-1.0.jar", good.clone(), APP_SPEC, shipped()),
        (
            "a directory of settings",
            "a.jar",
            thin("Main-Class: a.B\r\nClass-Path: . config/ ../x.jar\r\n"),
            APP_SPEC,
            shipped(),
        ),
        (
            "a boot jar",
            "a.jar",
            thin("Main-Class: org.springframework.boot.loader.launch.JarLauncher\nClass-Path: x.jar\n"),
            APP_SPEC,
            shipped(),
        ),
        ("a command", "server.jar", b"1;".to_vec(), APP_SPEC, command),
        ("empty", "a.jar", Vec::new(), APP_SPEC, shipped()),
        ("no manifest", "a.jar", bare, APP_SPEC, shipped()),
        ("plain", "a-plain.jar", good.clone(), APP_SPEC, shipped()),
        ("a library", "a.jar", file(&Jar::release("v1").without_main_class()), APP_SPEC, shipped()),
        ("another section's Main-Class", "a.jar", thin("A: b\n\nName: c\nMain-Class: a.B\n"), APP_SPEC, shipped()),
        (
            "thin",
            "a.jar",
            thin("Main-Class: a.B\nClass-Path: lib/a.jar lib/spring-we\r\n bmvc.JAR\n"),
            APP_SPEC,
            shipped(),
        ),
        ("not looked for", "a.war", good.clone(), APP_SPEC, shipped()),
        ("several", "a.jar", good.clone(), APP_SPEC, pattern("*")),
        ("another one", "a.jar", good.clone(), APP_SPEC, pattern("hooks.toml")),
        ("a hook that is not there", "a.jar", good, heal.as_str(), shipped()),
    ] {
        let team = team();
        team.write(&format!("app/build/{artifact}"), &bytes);
        team.write("app/hooks.toml", settings.as_bytes());
        team.write("app/appspec.yml", spec.as_bytes());
        let told = team.bundle(&["--jar", &format!("build/{artifact}")]);
        let wanted = refused_here(artifact, &bytes, spec, &settings);
        assert_eq!(told.code, Some(i32::from(!wanted.is_empty())), "{name}: {}\n{wanted:?}", told.messages);
        for sentence in &wanted {
            assert!(
                told.messages.contains(&format!("  - {sentence}\n")),
                "{name}: needed {sentence}\n{}",
                told.messages
            );
        }
        assert_eq!(told.messages.matches("\n  - ").count(), wanted.len(), "{name}: {}", told.messages);
        assert_eq!(team.path("app/dist").exists(), wanted.is_empty(), "{name}: a bundle, or nothing");
    }
    let team = team();
    team.write("app/cut.jar", b"<html>404 not found</html>");
    team.write("app/build/hooks.toml", b"a jar");
    for (arguments, code, words) in [
        (&["--jar", "cut.jar"][..], 1, "  - the artifact `cut.jar` is no whole jar ("),
        (
            &["--jar", "build/hooks.toml"],
            1,
            "  - the artifact is called `hooks.toml`, which has a meaning of its own in a bundle: rename it\n",
        ),
        (
            &["--jar", "none.jar"],
            2,
            "error: `none.jar` is no file, needed the jar to deploy: build it first, or correct `--jar`",
        ),
        (&[], 2, "error: no jar was given, needed the one to deploy: bundle.sh --jar build/libs/application.jar"),
        (&["--jar", "build.jar", "--name", "a/b"], 2, "error: `a/b` is no file's name: give a word to `--name`"),
        (&["--jra", "build.jar"], 2, "error: `--jra` is unknown: see --help"),
    ] {
        let told = team.bundle(arguments);
        assert_eq!(told.code, Some(code), "{arguments:?}: {}", told.messages);
        assert!(told.messages.contains(words), "{arguments:?}: {}", told.messages);
    }
}

#[test]
fn f154_the_readmes_command_for_those_without_rust_makes_the_bundle() {
    const README: &str = include_str!("../../../README.md");
    let shown = |line: &&str| line.contains("hooks-release/bundle.sh");
    let command = README.lines().find(shown).and_then(|line| line.strip_prefix("$ ")).expect("the README shows it");
    let team = team();
    let archive = files::read(&team.path("released/hooks.zip"), "the archive").unwrap();
    team.write(&format!("app/{NAME}.zip"), &archive);
    Jar::release("v1").write(&team.path("app/application.jar")).unwrap();
    let build = "mkdir -p build/libs && mv application.jar build/libs && ";
    let told = team.run("sh", &["-ec", &format!("{build}{command}")], &[]);
    assert_eq!(told.code, Some(0), "{}", told.messages);
    assert!(team.path("app/dist/application.zip").is_file(), "{}", told.output);
}

/// Puts a stand-in for a program on the machine.
fn install(team: &Team, name: &str, script: &str) {
    team.write(name, format!("#!/bin/sh\n{script}\n").as_bytes());
    assert!(programs::command("chmod").arg("755").arg(team.path(name)).status().unwrap().success());
}

/// The commands of an application's pipeline, in their order.
fn pipeline(text: &str) -> Vec<String> {
    let document: serde_json::Value = serde_saphyr::from_str(text).unwrap();
    let texts = |value: &serde_json::Value| -> Vec<String> {
        match value {
            serde_json::Value::Array(list) => list.iter().map(|text| text.as_str().unwrap().to_owned()).collect(),
            text => vec![text.as_str().unwrap().to_owned()],
        }
    };
    if document["jobs"].is_null() {
        ["install", "before_script", "script"].iter().flat_map(|phase| texts(&document[phase])).collect()
    } else {
        let steps = document["jobs"]["deploy"]["steps"].as_array().unwrap();
        steps.iter().filter_map(|step| step["run"].as_str().map(str::to_owned)).collect()
    }
}

#[test]
fn f154_an_applications_pipeline_deploys_its_bundle_and_prints_each_hosts_verdict_where_that_fails() {
    for (name, text) in [
        ("Travis", include_str!("../../../docs/travis/application.travis.yml")),
        ("GitHub", include_str!("../../../docs/travis/application.github.yml")),
    ] {
        let version = env!("CARGO_PKG_VERSION");
        let address = format!("/v{version}/zero-downtime-hooks-{version}-x86_64-unknown-linux-gnu.zip");
        assert!(text.contains(&address), "{name} fetches this version");
        for (waited, code) in [(0, 0), (255, 1)] {
            let team = team();
            install(&team, "app/gradlew", "mkdir -p build/libs && mv build.jar build/libs/application.jar");
            let aws = format!(
                "echo \"$@\" >>../aws.log\ncase \"$2\" in create-deployment) echo d-1 ;; wait) exit {waited} ;; esac"
            );
            install(&team, "bin/aws", &aws);
            let archive = team.path("released/hooks.zip");
            let sum = checksum::sha256(&files::read(&archive, "the archive").unwrap());
            let variables = [
                ("ARCHIVE", format!("file://{}", archive.display())),
                ("ARCHIVE_SHA256", sum),
                ("BUNDLE_BUCKET", "bucket".to_owned()),
                ("CODEDEPLOY_APPLICATION", "step3".to_owned()),
                ("CODEDEPLOY_DEPLOYMENT_GROUP", "production".to_owned()),
                ("KEY", "bundles/1/application.zip".to_owned()),
            ];
            let told = team.run("sh", &["-ec", &pipeline(text).join("\n")], &variables);
            assert_eq!(told.code, Some(code), "{name}: {}{}", told.output, told.messages);
            // The stand-in for `status` says its name.
            assert_eq!(told.output.ends_with("d-1\nstatus\n"), code != 0, "{name}: {}", told.output);
            assert!(team.path("app/dist/application.zip").is_file(), "{name}");
            let asked = files::read_text(&team.path("aws.log"), "what was asked of AWS").unwrap();
            let wanted = "s3 cp --no-progress dist/application.zip s3://bucket/bundles/1/application.zip\n\
                deploy create-deployment --application-name step3 --deployment-group-name production --s3-location \
                bucket=bucket,key=bundles/1/application.zip,bundleType=zip --query deploymentId --output text\n\
                deploy wait deployment-successful --deployment-id d-1\n";
            assert_eq!(asked, wanted, "{name}");
        }
    }
}
