//! `start --archive RELEASE`: makes the archive of a release's libraries for the next release, once that one serves. `start` launches it
//! and does not wait; `stop` ends it. It has the least share of the processors, takes no memory that is short, and what it has not made
//! whole gets no name by which it would be used.

use std::fmt;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use shared::boot::{self, maker_note};
use shared::error::{Error, Kind, Result};
use shared::host::{Host, Machine, NotLinked, ProcessIdentity, Share, first_line};
use shared::release::megabytes;
use shared::report::Report;
use shared::supervisor::pin::{self, Run};

use super::checked;
use super::jvm::Jvm;
use super::libraries::{check_disk, unwritable};
use crate::waiting::wait;

/// How the name of an archive begins.
pub(super) const ARCHIVE: &str = "archive-";
/// What is to be made, beside the release's copy.
pub(super) const NOTE: &str = "class-archive.txt";

/// How the name of one ends that is not whole.
const UNFINISHED: &str = "unfinished";

/// The agent gives no deploy more time than this until its release serves.
const SERVES_WITHIN: Duration = Duration::from_mins(65);
/// How often it is looked whether the release serves.
const LOOKS_EVERY: Duration = Duration::from_secs(2);
/// How long the first users of a release have the processors to themselves.
const SETTLES_FOR: Duration = Duration::from_secs(10);
/// How long it may take: half a minute where the processors are idle.
const MAKES_WITHIN: Duration = Duration::from_mins(15);
/// What has to be free before it is begun: it takes 700 MB with 18,000 classes.
const MEMORY: u64 = 1_200_000_000;
/// What a class takes in an archive at most, in bytes.
const CLASS: u64 = 12_000;

/// An archive that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Making {
    /// Where it belongs.
    pub(super) archive: PathBuf,
    /// The classes that the release has loaded, noted by its JVM.
    pub(super) list: PathBuf,
    /// The class path of the libraries.
    pub(super) libraries: String,
    pub(super) jvm: Jvm,
    /// The file that says which slot is live, and what it says once this release is.
    pub(super) live: PathBuf,
    pub(super) profile: String,
    /// The release.
    pub(super) process: ProcessIdentity,
}

impl Making {
    /// Writes down what is to be made.
    ///
    /// # Errors
    /// Why not, as a sentence.
    pub(super) fn note(&self, host: &impl Host, path: &Path) -> std::result::Result<(), String> {
        let text = self.to_string();
        if Making::parse(&text).as_ref() != Some(self) {
            return Err("a path or an option has more than one line".to_owned());
        }
        host.replace_file(path, text.as_bytes(), 0o644).map_err(|cause| unwritable(path, &cause))
    }

    /// Reads what `Display` writes.
    fn parse(text: &str) -> Option<Making> {
        let mut lines = text.lines().map(str::to_owned);
        let (archive, list, libraries) = (lines.next()?.into(), lines.next()?.into(), lines.next()?);
        let (live, profile) = (lines.next()?.into(), lines.next()?);
        let process = ProcessIdentity { id: lines.next()?.parse().ok()?, started: lines.next()?.parse().ok()? };
        let (id, program) = (lines.next()?, lines.next()?.into());
        let jvm = Jvm { id, program, links: lines.next()?.parse().ok()?, options: lines.collect() };
        Some(Making { archive, list, libraries, jvm, live, profile, process })
    }
}

impl fmt::Display for Making {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Making { archive, list, libraries, jvm, live, profile, process } = self;
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let lines = [text(archive), text(list), libraries.clone(), text(live), profile.clone()];
        let process = [process.id.to_string(), process.started.to_string()];
        let java = [jvm.id.clone(), text(&jvm.program), jvm.links.to_string()];
        for line in lines.iter().chain(&process).chain(&java).chain(&jvm.options) {
            writeln!(formatter, "{line}")?;
        }
        Ok(())
    }
}

/// The directory of the release whose archive this process is to make, if it is.
#[must_use]
pub fn asked_for(arguments: impl IntoIterator<Item = String>) -> Option<PathBuf> {
    let mut arguments = arguments.into_iter().skip(1);
    (arguments.next()? == boot::MAKE).then(|| arguments.next().map(PathBuf::from))?
}

/// Makes it, and tells the release's log what came of it.
#[must_use]
pub fn run(release: &Path) -> ExitCode {
    let report = Report::new("start --archive");
    let bug = |cause: std::io::Error| Error::new(Kind::Bug, format!("the host cannot be looked at: {cause}"));
    let mut made = Ok(String::new());
    let work = async {
        made = match Machine::new(NotLinked) {
            Ok(machine) => make(&machine, &report, release).await,
            Err(cause) => Err(bug(cause)),
        };
    };
    let waited = wait(pin!(work)).map_err(bug);
    let made = waited.and(made);
    match made {
        Ok(told) => {
            report.say(&told);
            ExitCode::SUCCESS
        }
        Err(error) => {
            report.say(&format!("no class archive was made: {error}"));
            ExitCode::from(error.kind().exit_code())
        }
    }
}

async fn make(host: &impl Host, report: &Report, release: &Path) -> Result<String> {
    let failed = |why: String| Error::new(Kind::NotStarted, why);
    let note = release.join(NOTE);
    let bytes = host.read_file(&note).map_err(|cause| failed(format!("`{}`: {cause}", note.to_string_lossy())))?;
    let making = Making::parse(&String::from_utf8_lossy(&bytes))
        .ok_or_else(|| failed(format!("`{}` is none of ours", note.to_string_lossy())))?;
    let directory = making.archive.parent().unwrap_or(Path::new("/")).to_owned();
    let own = host.process(std::process::id()).ok_or_else(|| failed("this process cannot be seen".to_owned()))?;
    let run = Run { boot: host.boot_id(), launch: release.to_string_lossy().into_owned(), process: own.identity };
    let root = directory.parent().unwrap_or(&directory);
    pin::note(host, &maker_note(root), &run).map_err(|cause| failed(unwritable(root, &cause)))?;
    // `start` gives it a session of its own; run by hand it would take a person's shell with it, and not give it back.
    if own.session == own.identity.id
        && let Err(cause) = host.set_processor_share(&own.identity, Share::Least)
    {
        report.say(&format!("note: its share of the processors stays: {cause}"));
    }
    serves(host, &making).await?;
    sweep(host, report, &directory, None);
    let list = release.join("classes.noted");
    let count = cut(host, &making.list, &list).map_err(failed)?;
    check_disk(host, &directory, count * CLASS).map_err(failed)?;
    let unfinished = making.archive.with_extension(UNFINISHED);
    if let Err(error) = dump(host, &making, &list, &unfinished).await {
        sweep(host, report, &directory, None);
        return Err(error);
    }
    host.rename(&unfinished, &making.archive).map_err(|cause| failed(unwritable(&making.archive, &cause)))?;
    sweep(host, report, &directory, Some(&making.archive));
    let libraries: Vec<PathBuf> = making.libraries.split(':').map(PathBuf::from).collect();
    checked::note(host, &directory, &making.archive, &libraries);
    let size = host.describe(&making.archive).map_or(0, |facts| facts.size);
    Ok(format!("class archive of {count} classes made for the next release ({})", megabytes(size)))
}

/// Waits until the release serves, its first users are through and memory is free.
async fn serves(host: &impl Host, making: &Making) -> Result<()> {
    let mut settled = Duration::ZERO;
    let mut why = String::new();
    while host.elapsed() < SERVES_WITHIN {
        if !host.lives(&making.process) {
            return Err(Error::new(Kind::NotStarted, "the release has ended"));
        }
        let text = host.read_file(&making.live).unwrap_or_default();
        let is_live =
            String::from_utf8_lossy(&text).lines().any(|line| line.strip_prefix("live=") == Some(&making.profile));
        let free = host.available_memory(None).map_or(0, |memory| memory.bytes);
        if !is_live {
            (settled, why) = (Duration::ZERO, "it does not serve".to_owned());
        } else if settled < SETTLES_FOR {
            settled += LOOKS_EVERY;
        } else if free < MEMORY {
            why = format!("{} of memory are free, needed {}", megabytes(free), megabytes(MEMORY));
        } else {
            return Ok(());
        }
        host.pause(LOOKS_EVERY).await?;
    }
    Err(Error::new(Kind::NotStarted, why))
}

/// Copies the whole lines of a list that its JVM still writes, and counts them.
fn cut(host: &impl Host, from: &Path, to: &Path) -> std::result::Result<u64, String> {
    let mut bytes =
        host.read_file(from).map_err(|cause| format!("`{}` cannot be read: {cause}", from.to_string_lossy()))?;
    let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    bytes.truncate(end);
    if bytes.is_empty() {
        return Err(format!("the JVM has noted no classes in `{}`", from.to_string_lossy()));
    }
    host.replace_file(to, &bytes, 0o644).map_err(|cause| unwritable(to, &cause))?;
    Ok(bytes.split(|byte| *byte == b'\n').count() as u64 - 1)
}

/// Lets the JVM make it under another name, and asks whether it takes it.
async fn dump(host: &impl Host, making: &Making, list: &Path, to: &Path) -> Result<()> {
    let text = |name: &str, path: &Path| format!("{name}={}", path.to_string_lossy());
    let (list, archive) = (text("-XX:SharedClassListFile", list), text("-XX:SharedArchiveFile", to));
    let mut command = Vec::new();
    for (program, words) in [("nice", &["-n", "19"][..]), ("ionice", &["-c", "3"])] {
        if host.find_program(program).is_some() {
            command.push(program.to_owned());
            command.extend(words.iter().map(|word| (*word).to_owned()));
        }
    }
    let links = making.jvm.links.then_some("-XX:+AOTClassLinking");
    let words: Vec<&str> = links.into_iter().chain([boot::DUMP, &list, &archive, "-cp", &making.libraries]).collect();
    command.extend(making.jvm.command(&words));
    let said = host.run(&command, MAKES_WITHIN).await?;
    if !said.success {
        let why = [&said.complaint, &said.output].map(|text| first_line(text).to_owned());
        let why = why.into_iter().find(|line| !line.is_empty()).unwrap_or_default();
        return Err(Error::new(Kind::NotStarted, format!("`java -Xshare:dump` ended with {}: {why}", said.ending)));
    }
    let refused = |why: String| Error::new(Kind::NotStarted, format!("the JVM refuses what it has made: {why}"));
    host.sync(to).map_err(|cause| refused(unwritable(to, &cause)))?;
    making.jvm.takes(host, to, &making.libraries).await.map_err(refused)
}

/// Removes archives that were never whole, and once there is a new one, those for JVMs that are not used any more.
fn sweep(host: &impl Host, report: &Report, directory: &Path, new: Option<&Path>) {
    for name in host.list(directory).unwrap_or_default() {
        let path = directory.join(&name);
        let is_old = name.starts_with(ARCHIVE) && new.is_some_and(|new| new != path);
        if (name.ends_with(UNFINISHED) || is_old)
            && let Err(cause) = host.remove(&path)
        {
            report.say(&format!("note: `{}` stays: {cause}", path.to_string_lossy()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f136_what_is_to_be_made_is_read_as_it_was_written_and_what_was_cut_off_is_none() {
        let making = Making {
            archive: "/l/k/archive-1.jsa".into(),
            list: "/r/classes.lst".into(),
            libraries: "/l/k/a.jar:/l/k/b.jar".into(),
            jvm: Jvm {
                program: "/usr/bin/java".into(),
                options: vec!["-Xmx1g".into(), "-XX:+UseZGC".into()],
                links: true,
                id: "1".into(),
            },
            live: "/live.properties".into(),
            profile: "real1".into(),
            process: ProcessIdentity { id: 7, started: 12 },
        };
        let text = making.to_string();
        assert_eq!(Making::parse(&text), Some(making));
        for length in 0..text.find("true").unwrap() {
            assert_eq!(Making::parse(&text[..length]), None, "{length}");
        }
    }
}
