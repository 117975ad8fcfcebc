//! How a release was made to boot: what `start` notes beside it before it becomes the JVM, in three lines that a person can read; and who
//! makes the archive of its classes for the next release, once it serves. The making itself is in `hooks/start`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::Settings;
use crate::error::Result;
use crate::host::{Host, Launch, Process, ProcessIdentity};
use crate::language::translated;
use crate::occupant;
use crate::patience::{Patience, Waiting};
use crate::report::Report;
use crate::supervisor::pin;

/// How long `start` waits until the launched process has become the JVM: libraries are copied where they are new.
pub const PREPARES_AT_MOST: Duration = Duration::from_secs(30);

/// How long the maker of an archive is given to end.
pub const MAKER_GRACE: Duration = Duration::from_secs(1);

/// The file beside a release's copy that holds the record.
pub const RECORD: &str = "boot.txt";
/// What makes a maker of this project's `start`.
pub const MAKE: &str = "--archive";
/// What has a JVM write an archive.
pub const DUMP: &str = "-Xshare:dump";

/// The file among the libraries that names the process that makes an archive.
const MAKER: &str = "maker.json";

/// The way in which a release boots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From an archive of its libraries' classes.
    Archive,
    /// From the same class path without one, noting which classes belong into it.
    Learning,
    /// With `java -jar`.
    Jar,
}

/// How a release boots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boot {
    /// The way.
    pub way: Way,
    /// The name of the directory that its libraries are in; nothing with `java -jar`.
    pub libraries: Option<String>,
    /// The way for people, with the reason where it is not the archive.
    pub told: String,
}

impl Boot {
    /// The record of a release; nothing where none was made.
    pub fn of(host: &impl Host, settings: &Settings, release: &str) -> Option<Boot> {
        Boot::parse(&String::from_utf8(host.read_file(&record(settings, release)).ok()?).ok()?)
    }

    /// Reads what `Display` writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Boot> {
        let mut lines = text.lines();
        let way = match lines.next()? {
            "archive" => Way::Archive,
            "learning" => Way::Learning,
            "jar" => Way::Jar,
            _ => return None,
        };
        let libraries = Some(lines.next()?.to_owned()).filter(|name| !name.is_empty());
        Some(Boot { way, libraries, told: lines.next()?.to_owned() })
    }
}

impl fmt::Display for Boot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = match self.way {
            Way::Archive => "archive",
            Way::Learning => "learning",
            Way::Jar => "jar",
        };
        writeln!(
            formatter,
            "{way}\n{}\n{}",
            self.libraries.as_deref().unwrap_or_default(),
            self.told.replace('\n', " ")
        )
    }
}

/// Where the record of a release stands.
#[must_use]
pub fn record(settings: &Settings, release: &str) -> PathBuf {
    settings.releases().join(release).join(RECORD)
}

/// Waiting until a launched release has become its JVM, to tell how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeeBoot {
    /// Where it notes that.
    pub record: PathBuf,
    /// This hook's program, which becomes the maker.
    pub program: PathBuf,
    /// What makes the archive, where one is missing: a copy of that program.
    pub maker: Launch,
}

impl SeeBoot {
    /// What is to be seen of the release `name`, whose log is `log`. The maker is this hook's own program.
    #[must_use]
    pub fn of(settings: &Settings, name: &str, log: PathBuf, program: PathBuf) -> SeeBoot {
        let words = [settings.libraries().join("start"), MAKE.into(), settings.releases().join(name)];
        let command = words.iter().map(|word: &PathBuf| word.to_string_lossy().into_owned()).collect();
        let (directory, environment) = (settings.app.directory.clone(), vec!["PATH".to_owned()]);
        let maker = Launch { command, directory, environment, variables: Vec::new(), log };
        SeeBoot { record: record(settings, name), program, maker }
    }

    /// Waits for it. Nothing that is seen is a failure.
    ///
    /// # Errors
    /// `Kind::Interrupted` after a signal.
    pub async fn see(&self, host: &impl Host, report: &Report, process: &ProcessIdentity) -> Result<()> {
        let mut waiting = Waiting::begin(host, Patience::brisk(PREPARES_AT_MOST));
        let boot = loop {
            let text = host.read_file(&self.record).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            if let Some(boot) = text.and_then(|text| Boot::parse(&text)) {
                break boot;
            }
            if !host.lives(process) || !waiting.for_another_look().await? {
                report.say(translated!("note: how the release boots is not known yet; its log tells"));
                return Ok(());
            }
        };
        report.say(&format!("boot: {}", boot.told));
        if boot.way == Way::Learning
            && let Err(cause) = self.let_make(host)
        {
            report.say(&translated!("note: no class archive will be made for the next release: {cause}"));
        }
        Ok(())
    }

    /// The maker outlives this hook, and is not to keep anybody from replacing the hook's own file.
    fn let_make(&self, host: &impl Host) -> std::io::Result<Process> {
        let copy = PathBuf::from(self.maker.command.first().map_or("", String::as_str));
        match host.remove(&copy) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(cause),
            _ => host.publish(&self.program, &copy).and_then(|_| host.launch(&self.maker)),
        }
    }
}

impl fmt::Display for SeeBoot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("see how it boots; where a class archive is missing, let it be made once it serves")
    }
}

/// Where the maker of an archive names itself, as a process that was started for a release.
#[must_use]
pub fn maker_note(libraries: &Path) -> PathBuf {
    libraries.join(MAKER)
}

/// The processes that make an archive at this moment: they are ended by the next deploy, which needs the memory and the processor.
pub fn makers(host: &impl Host, settings: &Settings) -> Vec<Process> {
    let libraries = settings.libraries();
    let Some(run) = pin::last_run(host, &maker_note(&libraries)).filter(|run| run.boot == host.boot_id()) else {
        return Vec::new();
    };
    // Its id, and its session's, may be another's by now.
    let makes = |process: &Process| is_making(&process.command, &libraries);
    occupant::family(host, &run.process).into_iter().filter(makes).collect()
}

/// Whether this is the command of a maker, or of the JVM that it has started. A release that boots from the same libraries has their
/// directory on its command line too, and is neither.
fn is_making(command: &[String], libraries: &Path) -> bool {
    let libraries = libraries.to_string_lossy();
    command.iter().any(|word| [MAKE, DUMP].contains(&word.as_str()))
        && command.iter().any(|word| word.contains(&*libraries))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f138_i2_who_makes_an_archive_is_told_from_a_release_that_boots_from_one() {
        for (command, makes) in [
            ("/app/libraries/start --archive /app/releases/r1", true),
            (
                "nice -n 19 java -Xshare:dump -XX:SharedArchiveFile=/app/libraries/k/a.unfinished -cp /app/libraries/k/a.jar",
                true,
            ),
            ("/usr/bin/java -Xshare:dump -XX:SharedArchiveFile=/app/libraries/k/a.unfinished", true),
            (
                "java -XX:SharedArchiveFile=/app/libraries/k/a.jsa -cp /app/libraries/k/a.jar:/app/releases/r1/classes.jar App",
                false,
            ),
            ("java -XX:DumpLoadedClassList=/app/releases/r1/classes.lst -cp /app/libraries/k/a.jar App", false),
            ("/bundle/hooks/start --boot /app/libraries -- java -jar /app/releases/r1/app.jar", false),
            ("/other/libraries/start --archive /other/releases/r1", false),
            ("", false),
        ] {
            let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
            assert_eq!(is_making(&words, Path::new("/app/libraries")), makes, "{command}");
        }
    }

    #[test]
    fn f135_a_record_is_read_as_it_was_written_and_anything_else_is_none() {
        let told = || "`java -jar`: its manifest names `Class-Path`".to_owned();
        for boot in [
            Boot { way: Way::Jar, libraries: None, told: told() },
            Boot { way: Way::Learning, libraries: Some("ab".into()), told: told() },
            Boot { way: Way::Archive, libraries: Some("ab".into()), told: told() },
        ] {
            assert_eq!(Boot::parse(&boot.to_string()), Some(boot));
        }
        for text in ["", "jar", "jar\n", "other\n\nx\n", "\0\0\0\n\n\n"] {
            assert_eq!(Boot::parse(text), None, "{text:?}");
        }
    }
}
