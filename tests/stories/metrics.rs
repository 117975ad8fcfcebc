//! `status --metrics`: what Prometheus reads is what `status --json` says at the same moment, in a file that is always whole (F165).

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use demo_app::{Fault, Jar};
use sandbox::HookRun;
use serde_json::Value;

use crate::repository::{quoted, rows};
use crate::rig::{Rig, ended, names_in};

/// The samples by name and labels.
type Samples = BTreeMap<(String, BTreeMap<String, String>), f64>;

/// Reads the text format 0.0.4 as strictly as it is written down: a family is its HELP, its TYPE and its samples, in one piece; no sample
/// has another name, and none comes twice.
fn read(text: &str) -> Samples {
    let (mut samples, mut family, mut seen) = (Samples::new(), String::new(), Vec::new());
    assert!(text.ends_with('\n') && !text.contains("\n\n"), "{text}");
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').expect(line);
            assert!(!help.is_empty() && !seen.contains(&name), "{line}");
            assert_eq!(lines.next(), Some(&*format!("# TYPE {name} gauge")));
            assert!(lines.peek().is_some_and(|next| next.starts_with(name)), "{name} has no sample");
            name.clone_into(&mut family);
            seen.push(name);
            continue;
        }
        let (name, rest) = line.split_once('{').expect(line);
        assert_eq!(name, family);
        let (labels, value) = labels(rest);
        let value = value.strip_prefix(' ').expect(line).parse().expect(line);
        assert_eq!(samples.insert((name.to_owned(), labels), value), None, "{line} comes twice");
    }
    samples
}

/// The labels up to `}`, and what follows.
fn labels(mut rest: &str) -> (BTreeMap<String, String>, &str) {
    let mut labels = BTreeMap::new();
    loop {
        let (label, behind) = rest.split_once("=\"").expect(rest);
        assert!(label.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{label}");
        let (mut value, mut letters) = (String::new(), behind.char_indices());
        let end = loop {
            match letters.next().expect(rest) {
                (end, '"') => break end,
                (_, '\\') => match letters.next().expect(rest).1 {
                    'n' => value.push('\n'),
                    letter @ ('\\' | '"') => value.push(letter),
                    other => panic!("\\{other} in {rest}"),
                },
                (_, letter) => value.push(letter),
            }
        };
        assert_eq!(labels.insert(label.to_owned(), value), None, "{label} comes twice");
        rest = &behind[end + 1..];
        match rest.split_at(1) {
            (",", more) => rest = more,
            ("}", more) => return (labels, more),
            _ => panic!("{rest}"),
        }
    }
}

fn status(rig: &Rig, arguments: &[&str]) -> HookRun {
    arguments.iter().fold(rig.host.hook("status"), |hook, word| hook.argument(*word)).run().unwrap()
}

fn json(rig: &Rig, arguments: &[&str]) -> Value {
    serde_json::from_str(&status(rig, &[arguments, &["--json"]].concat()).output).unwrap()
}

/// The value of a sample with these labels, among others.
fn value(samples: &Samples, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let name = format!("zero_downtime_hooks_{name}");
    let has = |found: &BTreeMap<String, String>| {
        labels.iter().all(|(label, value)| found.get(*label).is_some_and(|found| found == value))
    };
    let mut found = samples.iter().filter(|((of, labels), _)| *of == name && has(labels)).map(|(_, value)| *value);
    let first = found.next();
    assert_eq!(found.next(), None, "{name} {labels:?} is not one sample");
    first
}

fn number(count: usize) -> Option<f64> {
    u32::try_from(count).ok().map(f64::from)
}

#[track_caller]
fn is(samples: &Samples, name: &str, labels: &[(&str, &str)], wanted: Option<f64>) {
    let found = value(samples, name, labels);
    let same = found.zip(wanted).map_or(found == wanted, |(found, wanted)| (found - wanted).abs() < 0.002);
    assert!(same, "{name} {labels:?} is {found:?}, not {wanted:?}");
}

#[test]
fn f165_the_metrics_say_what_the_json_says_at_the_same_moment() {
    let rig = Rig::live_in("real1");
    ended(&status_back(&rig), 0, &[]);
    rig.deploy(&Jar::release("bad").fault(Fault::DiesAtBoot { code: 1 })).fails("start", 30, &[]);
    let (seen, history) = (json(&rig, &[]), json(&rig, &["--history"]));
    let run = status(&rig, &["--metrics", "-"]);
    // It is measured, whatever comes of it: a service manager that runs it has nothing to report.
    assert_eq!(run.code, 0, "{}", run.output);
    let samples = read(&run.output);
    let name = rig.host.nginx().include_path().file_stem().unwrap().to_string_lossy().into_owned();
    assert!(samples.keys().all(|(_, labels)| labels.get("application") == Some(&name)), "{}", run.output);
    is(&samples, "serving", &[], Some(1.0));
    is(&samples, "level", &[], seen["exit_code"].as_f64());
    is(&samples, "cutover_unfinished", &[], Some(0.0));
    for slot in seen["slots"].as_array().unwrap() {
        let port = slot["port"].to_string();
        let labels = [("profile", slot["profile"].as_str().unwrap()), ("port", &*port)];
        let flag = |role| Some(f64::from(u8::from(slot["role"] == role)));
        is(&samples, "slot_live", &labels, flag("live"));
        is(&samples, "slot_standby_warm", &labels, flag("standby"));
        is(&samples, "slot_processes", &labels, number(slot["processes"].as_array().unwrap().len()));
        is(&samples, "slot_connections", &labels, Some(0.0));
        let role = [("role", slot["role"].as_str().unwrap()), ("release", slot["release"].as_str().unwrap_or(""))];
        let of_release = [&labels[..], &role].concat();
        is(&samples, "slot_release_info", &of_release, slot["release"].as_str().map(|_| 1.0));
    }
    let deploys = history["deploys"].as_array().unwrap();
    let count = |counts: &dyn Fn(&str) -> bool, back: bool| {
        let of = |deploy: &&Value| {
            (deploy["hooks"][0]["hook"] == "switch --back") == back && counts(deploy["outcome"].as_str().unwrap())
        };
        number(deploys.iter().filter(of).count())
    };
    let outcomes =
        [("done", "done", false), ("failed", "failed", false), ("not_ended", "not", false), ("way_back", "done", true)];
    for (outcome, begins, back) in outcomes {
        let wanted = count(&|text| text.starts_with(begins), back);
        is(&samples, "history_deploys", &[("outcome", outcome)], wanted);
    }
    is(&samples, "history_deploys", &[("outcome", "way_back")], Some(1.0));
    let last = &deploys[0];
    is(&samples, "last_deploy_exit_code", &[("hook", "start")], last["exit_code"].as_f64());
    for hook in last["hooks"].as_array().unwrap() {
        let wanted = hook["took_ms"].as_f64().map(|took| took / 1000.0);
        is(&samples, "last_deploy_hook_duration_seconds", &[("hook", hook["hook"].as_str().unwrap())], wanted);
    }
    let booted = deploys.iter().find_map(|deploy| deploy["boot_ms"].as_f64());
    is(&samples, "last_boot_duration_seconds", &[], booted.map(|boot| boot / 1000.0));
    let since = value(&samples, "live_since_timestamp_seconds", &[]).expect("the way back is known");
    let ended = value(&samples, "last_deploy_timestamp_seconds", &[]).expect("the deploy is known");
    assert!(since > 1.7e9 && since <= ended, "{since}, {ended}");
    assert!(value(&samples, "disk_free_bytes", &[]).is_some_and(|free| free > 1e6));
}

fn status_back(rig: &Rig) -> HookRun {
    rig.host.hook("switch").argument("--back").run().unwrap()
}

#[test]
fn f165_the_document_has_each_metric_and_no_other() {
    let rig = Rig::live_in("real1");
    let samples = read(&status(&rig, &["--metrics", "-"]).output);
    let mut found: Vec<&str> = samples.keys().map(|(name, _)| name.as_str()).collect();
    found.dedup();
    let part = include_str!("../../docs/status.md").split("\n## ").find(|part| part.starts_with("`status --metrics"));
    let mut documented: Vec<&str> =
        rows(part.unwrap().lines()).iter().filter_map(|cells| quoted(cells[0]).next()).collect();
    documented.sort_unstable();
    assert_eq!(found, documented);
}

#[test]
fn f165_the_lines_for_cron_and_systemd_are_commands_that_write_the_file() {
    let rig = Rig::live_in("real1");
    let directory = rig.host.directory().join("textfile");
    fs::create_dir(&directory).unwrap();
    let command = |begins: &str| {
        let line = include_str!("../../docs/status.md").lines().find_map(|line| line.strip_prefix(begins));
        line.expect(begins).split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    for (name, words) in [("cron", command("* * * * * ec2-user ")), ("systemd", command("ExecStart="))] {
        let [program, option, file] = &words[..] else { panic!("{words:?}") };
        assert!(program.ends_with("/hooks/status"), "{program}");
        let file = directory.join(format!("{name}-{}", Path::new(file).file_name().unwrap().to_string_lossy()));
        ended(&status(&rig, &[option, &file.to_string_lossy()]), 0, &[]);
        is(&read(&fs::read_to_string(&file).unwrap()), "serving", &[], Some(1.0));
    }
}

#[test]
fn f165_whoever_reads_the_file_reads_it_whole_and_every_user_may() {
    let rig = Rig::live_in("real1");
    let directory = rig.host.directory().join("textfile");
    fs::create_dir(&directory).unwrap();
    let file = directory.join("service.prom");
    let write = || ended(&status(&rig, &["--metrics", &file.to_string_lossy()]), 0, &[]);
    write();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644);
    let (mut reader, first) = (fs::File::open(&file).unwrap(), fs::metadata(&file).unwrap().ino());
    rig.host.nginx().stop().unwrap();
    write();
    assert_ne!(fs::metadata(&file).unwrap().ino(), first, "it was written over");
    let mut before = String::new();
    reader.read_to_string(&mut before).unwrap();
    is(&read(&before), "serving", &[], Some(1.0));
    let now = read(&fs::read_to_string(&file).unwrap());
    is(&now, "serving", &[], Some(0.0));
    is(&now, "level", &[], Some(2.0));
    assert_eq!(names_in(&directory), ["service.prom"], "nothing is left beside it");
}

#[test]
fn f165_what_cannot_be_written_is_told_and_no_device_is_ever_replaced() {
    let rig = Rig::live_in("real1");
    let refused = |path: &Path, code, words: &[&str]| {
        ended(&status(&rig, &["--metrics", &path.to_string_lossy()]), code, words);
    };
    let here = rig.host.directory();
    refused(&here.join("nowhere/service.prom"), 10, &["nowhere/service.prom` cannot be written", "make the directory"]);
    refused(here, 10, &["is no file that could be replaced", "`-` is standard output"]);
    refused(Path::new("/dev/null"), 10, &["`/dev/null` is no file that could be replaced"]);
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    // One who may look and not write there.
    fs::set_permissions(here, PermissionsExt::from_mode(0o755)).unwrap();
    let output = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(rig.host.binaries().unwrap().path("status").unwrap())
        .arg("--metrics")
        .arg(here.join("service.prom"))
        .env("HOOKS_CONFIG", rig.host.settings_path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.code() == Some(13) && told.contains("let `nobody` write in its directory"), "{output:?}");
}
