//! From `SettingsFile` to `Settings`: what kind of value each has to be, and what follows from another. Defaults and meanings stand
//! in the shipped `hooks.toml`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{
    App, ArtifactPattern, ClassArchive, CutoverWay, Derived, Health, LogFormat, Overlap, Proxy, ReportApi,
    ReportSettings, Settings, SettingsFile, Standby, Start, Stop, Supervisor, Switch, WarmUp, language, name, paths,
    ports, rules,
};
use crate::error::{Error, Kind, Result};
use crate::host::{LogLimits, Share};
use crate::language::translated;
use crate::patience::Patience;
use crate::slot::{BySlot, Place};

/// Checks the settings as written.
///
/// # Errors
/// `Kind::Settings` with every mistake, each with its place.
pub fn settings(mut file: SettingsFile) -> Result<Settings> {
    let settings = read(&mut file);
    rules::apply(&mut file, &settings);
    let mistakes = file.mistakes();
    if mistakes.is_empty() {
        return Ok(settings);
    }
    Err(Error::new(Kind::Settings, translated!("the settings are wrong: {}", mistakes.join(translated!("; and ")))).advise(
        translated!("put that right in hooks.toml (the file beside the hooks shows every setting with its default); nothing was changed"),
    ))
}

fn read(file: &mut SettingsFile) -> Settings {
    let directory = PathBuf::from(file.text("app.directory"));
    let within = |text: &str| text.replace("{directory}", &directory.to_string_lossy());
    let artifact = within(&file.text("app.artifact"));
    let config_locations = file.texts("app.config_locations").iter().map(|location| within(location)).collect();
    let places = BySlot { blue: place(file, "blue"), green: place(file, "green") };
    Settings {
        app: App {
            artifact: artifact_pattern(&directory, &artifact),
            java: file.text("app.java"),
            jvm_options: file.texts("app.jvm_options").iter().map(|option| within(option)).collect(),
            config_locations,
            command: file.texts("app.command").iter().map(|argument| within(argument)).collect(),
            environment: file.texts("app.environment"),
            supervisor: file.choice(
                "app.supervisor",
                [
                    ("auto", Supervisor::Auto),
                    ("systemd", Supervisor::Systemd),
                    ("user", Supervisor::User),
                    ("detached", Supervisor::Detached),
                ],
            ),
            class_archive: file.choice("app.class_archive", [("auto", ClassArchive::Auto), ("off", ClassArchive::Off)]),
            directory,
        },
        proxy: proxy(file, &places),
        places,
        stop: Stop {
            drain: file.duration("stop.drain"),
            grace: file.duration("stop.grace"),
            reuse_standby: file.truth("stop.reuse_standby"),
        },
        start: Start {
            survive: file.duration("start.survive"),
            keep_releases: file.number("start.keep_releases", 0..=1000),
            overlap: file.choice(
                "start.overlap",
                [
                    ("always", Overlap::Always),
                    ("if-memory-allows", Overlap::IfMemoryAllows),
                    ("stop-first", Overlap::StopFirst),
                ],
            ),
            share: file.choice("start.share", [("small", Share::Small), ("equal", Share::Equal)]),
        },
        health: Health {
            path: file.text("health.path"),
            port_offset: ports::offset_of_health(file),
            status: file.number("health.status", 100..=599),
            body: file.text("health.body"),
            consecutive: file.number("health.consecutive", 1..=100),
            patience: Patience { every: file.duration("health.every"), at_most: file.duration("health.patience") },
            timeout: file.duration("health.timeout"),
            url: optional(file.text("health.url")),
        },
        warm_up: warm_up(file),
        switch: switch(file),
        report: report(file),
        log_limits: LogLimits { size: file.size("log.size"), keep: file.number("log.keep", 0..=100) },
        lock_wait: file.duration("lock.wait"),
        file: file.named().map(Path::to_owned),
        read_from: file.path().to_owned(),
    }
}

fn place(file: &mut SettingsFile, slot: &str) -> Place {
    Place { profile: file.text(&format!("{slot}.profile")), port: file.number(&format!("{slot}.port"), 1..=u16::MAX) }
}

fn proxy(file: &mut SettingsFile, places: &BySlot<Place>) -> Proxy {
    let cutover = file.choice("proxy.cutover", [("instant", CutoverWay::Instant), ("reload", CutoverWay::Reload)]);
    // One name for one file, however it is written.
    let plain = |path: PathBuf| if path.is_absolute() { paths::normal(&path) } else { path };
    let include = plain(PathBuf::from(file.text("proxy.include")));
    let name = name::of(&include);
    let mut of_name = |key| {
        let text = file.text(key);
        let path = PathBuf::from(text.replace(name::PLACEHOLDER, &name));
        (plain(path), text.contains(name::PLACEHOLDER))
    };
    let (upstreams, upstreams_derived) = of_name("proxy.upstreams");
    let (flag, flag_derived) = of_name("proxy.flag");
    Proxy {
        cutover,
        cutover_is_written: file.is_written("proxy.cutover"),
        groups: name::groups(&name, places),
        include,
        upstreams,
        flag,
        word: ports::word(file, places.blue.port),
        derived: Derived { upstreams: upstreams_derived, flag: flag_derived },
        variable: file.text("proxy.variable"),
        door: file.text("proxy.door"),
        host: file.text("proxy.host"),
        nginx: file.texts("proxy.nginx"),
        pid_file: PathBuf::from(file.text("proxy.pid_file")),
        reload_at_most: file.duration("proxy.reload_at_most"),
        keepalive_min_timeout: file.duration("proxy.keepalive_min_timeout"),
    }
}

fn warm_up(file: &mut SettingsFile) -> WarmUp {
    let from = file.text("warm_up.from");
    if !["", "access-log"].contains(&from.as_str()) {
        file.mistake("warm_up.from", &from, translated!("`access-log`, or nothing"));
    }
    let access_log = PathBuf::from(file.text("warm_up.access_log"));
    WarmUp {
        paths: file.texts("warm_up.paths"),
        access_log: (from == "access-log").then_some(access_log),
        log_format: LogFormat::parse(&file.text("warm_up.log_format")),
        queries: file.truth("warm_up.queries"),
        deny: file.texts("warm_up.deny"),
        at_most: file.duration("warm_up.at_most"),
        requests: file.number("warm_up.requests", 1..=100_000),
        at_once: file.number("warm_up.at_once", 1..=64),
        timeout: file.duration("warm_up.timeout"),
        required: file.truth("warm_up.required"),
    }
}

fn switch(file: &mut SettingsFile) -> Switch {
    let standby = file.text("switch.standby");
    Switch {
        answers: file.number("switch.answers", 1..=100),
        watch: file.duration("switch.watch"),
        standby: match standby.as_str() {
            "keep" => Standby::Keep,
            "stop" => Standby::Stop,
            other => match humantime::parse_duration(other) {
                Ok(time) if time >= Duration::from_secs(1) => Standby::For(time),
                _ => {
                    file.mistake(
                        "switch.standby",
                        other,
                        translated!("`keep`, `stop` or for how long it is kept, such as `30m`"),
                    );
                    Standby::Keep
                }
            },
        },
    }
}

fn report(file: &mut SettingsFile) -> ReportSettings {
    let names = [("auto", ReportApi::Auto), ("off", ReportApi::Off), ("required", ReportApi::Required)];
    let api = file.choice("report.api", names);
    // Mistakes are told in it, so it is spoken before they are looked for.
    file.choice(language::KEY, language::NAMES);
    ReportSettings {
        api,
        region: optional(file.text("report.region")),
        target: optional(file.text("report.target")),
        notify: file.texts("report.notify"),
    }
}

/// A text that may be left empty.
fn optional(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn artifact_pattern(directory: &Path, text: &str) -> ArtifactPattern {
    let path = directory.join(text);
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let (before, after) = match name.split_once('*') {
        Some((before, after)) => (before.to_owned(), Some(after.to_owned())),
        None => (name, None),
    };
    ArtifactPattern { directory: path.parent().map(Path::to_owned).unwrap_or_default(), before, after }
}

#[cfg(test)]
mod tests {
    use super::super::shipped;
    use super::*;
    use crate::slot::Slot;

    fn mistakes(text: &str) -> String {
        settings(SettingsFile::parse("hooks.toml", text)).unwrap_err().to_string()
    }

    #[test]
    fn nothing_written_means_what_the_scripts_had_built_in() {
        let settings = settings(SettingsFile::parse("hooks.toml", "")).unwrap();
        assert_eq!(settings.places.blue, Place { profile: "real1".into(), port: 8081 });
        assert_eq!(settings.places.green, Place { profile: "real2".into(), port: 8082 });
        assert_eq!(settings.proxy.include, Path::new("/etc/nginx/conf.d/service-url.inc"));
        assert_eq!(settings.app.artifact.directory, Path::new("/home/ec2-user/app/step3/zip"));
        assert_eq!(settings.app.artifact.after.as_deref(), Some(".jar"));
    }

    #[test]
    fn f89_each_mistake_is_told_with_its_place_and_what_was_needed() {
        for (name, text, wanted) in [
            (
                "typo in a key",
                "[blue]\nprot = 1",
                "`hooks.toml`, line 2: there is no setting `blue.prot`; did you mean `blue.port`?",
            ),
            ("typo in a section", "[bleu]\nport = 1", "there is no setting `bleu.port`; did you mean `blue.port`?"),
            ("a key outside any section", "port = 1", "`hooks.toml`, line 1: there is no setting `port`"),
            (
                "wrong type",
                "[blue]\nport = \"x\"",
                "`blue.port` is the text `x`, needed a whole number from 1 to 65535",
            ),
            (
                "a size without a unit",
                "[log]\nsize = \"5\"",
                "`log.size` is the text `5`, needed a size as text, such as \"1 MB\"",
            ),
            ("a size of nothing", "[log]\nsize = \"0 kB\"", "`log.size` is the text `0 kB`"),
            ("out of range", "[blue]\nport = 70000", "`blue.port` is the number `70000`"),
            (
                "a number for a duration",
                "[stop]\ngrace = 5",
                "`stop.grace` is the number `5`, needed a duration as text, such as \"30s\"",
            ),
            ("unknown way", "[proxy]\ncutover = \"dns\"", "`proxy.cutover` is `dns`, needed `instant` or `reload`"),
            (
                "unknown way to ask",
                "[report]\napi = \"on\"",
                "`report.api` is `on`, needed `auto`, `off` or `required`",
            ),
            (
                "one health port for both",
                "[health]\nport = \"9001\"",
                "`health.port` is `9001`, needed how far it is from",
            ),
            ("a number", "[health]\nport = 9001", "`health.port` is the number `9001`, needed a text"),
            (
                "the other slot's port",
                "[health]\nport = \"+1\"",
                "`health.port` is `+1`, needed a port that is free, and not 8082",
            ),
            ("beyond all ports", "[health]\nport = \"-8082\"", "needed a port that is free, and not -1"),
            ("a word that is no port", "[proxy]\nword = \"+x\"", "`proxy.word` is `+x`, needed `off`, a port, or"),
            (
                "a standby for no time",
                "[switch]\nstandby = \"0s\"",
                "`switch.standby` is `0s`, needed `keep`, `stop` or for how long it is kept, such as `30m`",
            ),
            (
                "an overlap that is none",
                "[start]\noverlap = \"never\"",
                "`start.overlap` is `never`, needed `always`, `if-memory-allows` or `stop-first`",
            ),
            (
                "an archive that is none",
                "[app]\nclass_archive = \"on\"",
                "`app.class_archive` is `on`, needed `auto` or `off`",
            ),
            ("a share that is none", "[start]\nshare = \"half\"", "`start.share` is `half`, needed `small` or `equal`"),
            (
                "a setting of an earlier version",
                "[app]\ncheck_memory = false",
                "there is no setting `app.check_memory` any more: `start.overlap = \"always\"` is what `false` was",
            ),
            ("broken TOML", "[blue\nport = 1", "`hooks.toml`, line 1"),
        ] {
            let told = mistakes(text);
            assert!(told.contains(wanted), "{name}: {told}");
        }
    }

    #[test]
    fn f90_what_a_second_application_shares_with_the_first_follows_from_its_own_include_and_ports() {
        let text = "[proxy]\ncutover = \"instant\"\nword = \"+10000\"\ninclude = \"/etc/nginx/conf.d/backend-url.inc\"\n[blue]\nport = 9081\n[green]\nport = 9082";
        let settings = settings(SettingsFile::parse("hooks.toml", text)).unwrap();
        assert_eq!(settings.proxy.upstreams, Path::new("/etc/nginx/conf.d/backend-url.conf"));
        assert_eq!(settings.proxy.flag, Path::new("/var/lib/backend-url/green"));
        assert_eq!(settings.proxy.word, Some(19_081));
        assert_eq!(settings.group(Slot::Green), "backend-url-real2");
        assert_eq!(settings.proxy.derived, Derived { upstreams: true, flag: true });
    }

    #[test]
    fn the_port_of_nginxs_word_follows_from_blues_or_is_ones_own() {
        for (blue, word, wanted) in [
            (8081, "+10000", Some(18_081)),
            (60_000, "+10000", Some(50_000)),
            (8081, "8079", Some(8079)),
            (8081, "off", None),
        ] {
            let text = format!("[blue]\nport = {blue}\n[proxy]\nword = \"{word}\"");
            assert_eq!(settings(SettingsFile::parse("", &text)).unwrap().proxy.word, wanted, "{blue}, {word}");
        }
    }

    #[test]
    fn the_port_that_is_asked_for_health_is_so_far_from_the_slots_own() {
        for (written, blue, green) in [("", 8081, 8082), ("+1000", 9081, 9082), ("-1000", 7081, 7082)] {
            let text = format!("[health]\nport = \"{written}\"\n");
            let settings = settings(SettingsFile::parse("hooks.toml", &text)).unwrap();
            assert_eq!(Slot::BOTH.map(|slot| settings.health_port(slot)), [blue, green], "{written}");
        }
    }

    #[test]
    fn a_size_is_written_as_people_write_it() {
        for (written, bytes) in
            [("1 MB", 1_000_000), ("500kB", 500_000), ("2 GB", 2_000_000_000), ("10 mb", 10_000_000)]
        {
            let settings =
                settings(SettingsFile::parse("hooks.toml", &format!("[log]\nsize = \"{written}\"\n"))).unwrap();
            assert_eq!(settings.log_limits.size, bytes, "{written}");
        }
    }

    #[test]
    fn f89_all_mistakes_are_told_at_once() {
        let told = mistakes("[blue]\nport = 0\n[proxy]\ndoor = 5\n[helth]\npath = \"/\"");
        for key in ["blue.port", "proxy.door", "helth.path"] {
            assert!(told.contains(key), "{told}");
        }
    }

    #[test]
    fn a_variable_overrides_a_key_and_its_typo_is_told() {
        let file = SettingsFile::parse("hooks.toml", "[blue]\nport = 1");
        let overridden = file.overridden_by(&[
            ("HOOKS_BLUE_PORT".into(), "9081".into()),
            ("HOOKS_APP_COMMAND".into(), "[\"run\", \"{port}\"]".into()),
            ("HOOKS_CONFIG".into(), "/etc/hooks.toml".into()),
        ]);
        let settings = settings(overridden).unwrap();
        assert_eq!(settings.places.blue.port, 9081);
        assert_eq!(settings.app.command, ["run", "{port}"]);
        let file = SettingsFile::parse("hooks.toml", "").overridden_by(&[("HOOKS_BLUE_PROT".into(), "1".into())]);
        let told = super::settings(file).unwrap_err().to_string();
        assert!(told.contains("the variable `HOOKS_BLUE_PROT`: there is no setting `blue.prot`"), "{told}");
    }

    #[test]
    fn the_shipped_text_has_every_setting_and_no_other() {
        // Keys that nobody asks for are mistakes of the file, and keys that it lacks have no default.
        let shipped = settings(SettingsFile::parse("hooks.toml", shipped::TEXT)).unwrap();
        assert_eq!(shipped.proxy.cutover, CutoverWay::Instant);
    }

    #[test]
    fn what_is_left_out_is_as_in_the_shipped_text_but_for_what_has_to_be_asked_for() {
        let shipped = settings(SettingsFile::parse("hooks.toml", shipped::TEXT)).unwrap();
        for (name, text) in [("no file", ""), ("a file of one line", "[blue]\nport = 8081")] {
            let mut written = settings(SettingsFile::parse("hooks.toml", text)).unwrap();
            assert_eq!(written.proxy.cutover, CutoverWay::Reload, "{name}");
            assert_eq!(written.proxy.word, None, "{name}");
            assert!(!written.proxy.cutover_is_written && shipped.proxy.cutover_is_written, "{name}");
            (written.proxy.cutover, written.proxy.cutover_is_written) = (CutoverWay::Instant, true);
            written.proxy.word = shipped.proxy.word;
            assert_eq!((written.app.supervisor, shipped.app.supervisor), (Supervisor::Detached, Supervisor::Auto));
            written.app.supervisor = shipped.app.supervisor;
            assert!(!written.warm_up.is_wanted() && shipped.warm_up.is_wanted(), "{name}");
            written.warm_up.paths.clone_from(&shipped.warm_up.paths);
            assert!(!written.stop.reuse_standby && shipped.stop.reuse_standby, "{name}");
            written.stop.reuse_standby = true;
            assert_eq!(written, shipped, "{name}");
        }
    }
}
