//! How a release is started where `app.class_archive` is "auto": this program becomes its JVM, with the libraries first in the class path
//! and an archive of their classes where there is one. Whatever speaks against that, it becomes `java -jar` as it was told. So a crash
//! and a reboot are as safe as a deploy: what is there is looked at each time.

mod checked;
mod files;
mod jvm;
pub(crate) mod layout;
pub(crate) mod libraries;
pub mod making;
mod packing;

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use shared::boot::{Boot, RECORD, Way};
use shared::config::Settings;
use shared::environment;
use shared::error::{Kind, Result};
use shared::host::{self, Host, Launch, Machine, NotLinked};
use shared::ledger::live_file;
use shared::plan::launching::BOOT;
use shared::release::{self, Artifact};
use shared::report::Report;
use zip::ZipArchive;

use self::jvm::Jvm;
use self::layout::{Archive, Layout};
use self::making::Making;
use crate::waiting::wait;

/// The directories of libraries that no release needs: neither the one that is deployed now, nor one that is kept, nor one
/// that runs.
pub(crate) fn unused(
    host: &impl Host,
    settings: &Settings,
    artifact: &Artifact,
    outdated: &[String],
    is_in_use: impl Fn(&str) -> bool,
) -> Vec<PathBuf> {
    let names = host.list(&settings.libraries()).unwrap_or_default();
    let mut kept: Vec<String> = host
        .list(&settings.releases())
        .unwrap_or_default()
        .iter()
        .filter(|release| !outdated.contains(release))
        .filter_map(|release| Boot::of(host, settings, release)?.libraries)
        .collect();
    if settings.wants_class_archive() {
        kept.extend(open(host, &artifact.path).and_then(|mut file| Ok(Layout::of(&mut read(&mut file)?)?.key())));
    }
    let is_unused = |name: &String| {
        let key = name.strip_prefix(libraries::UNFINISHED).unwrap_or(name);
        let is_ours = key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_ours && !kept.iter().any(|kept| kept == key) && !is_in_use(key)
    };
    names.iter().filter(|name| is_unused(name)).map(|name| settings.libraries().join(name)).collect()
}

/// The directory of the libraries and the command that this program was started for, if it was.
#[must_use]
pub fn asked_for(arguments: impl IntoIterator<Item = String>) -> Option<(PathBuf, Vec<String>)> {
    let mut arguments = arguments.into_iter().skip(1);
    let root = (arguments.next()? == BOOT).then(|| arguments.next().map(PathBuf::from))??;
    (arguments.next()? == "--").then(|| (root, arguments.collect()))
}

/// Becomes the release.
#[must_use]
pub fn run(root: &Path, command: Vec<String>) -> ExitCode {
    let mut prepared = Ok(command.clone());
    let work = async {
        if let Ok(machine) = Machine::new(NotLinked) {
            prepared = prepare(&machine, root, command, &environment::variable).await;
        }
    };
    // Without that it is what it was told to be.
    if let Err(cause) = wait(pin!(work)) {
        say(&format!("note: the host cannot be looked at: {cause}"));
    }
    let command = match prepared {
        Ok(command) => command,
        Err(error) => {
            say(&error.to_string());
            return ExitCode::from(error.kind().exit_code());
        }
    };
    let program = command.first().cloned().unwrap_or_default();
    // All that is inherited was chosen when this process was launched; so was the file that its output goes to.
    let launch = Launch {
        command,
        directory: ".".into(),
        environment: vec!["*".to_owned()],
        variables: Vec::new(),
        log: "/proc/self/fd/1".into(),
    };
    say(&format!("`{program}` could not be started: {}", host::become_program(&launch, false)));
    ExitCode::from(Kind::NotStarted.exit_code())
}

/// Writes into the release's log, or systemd's journal.
fn say(text: &str) {
    Report::new("start --boot").say(text);
}

/// The command by which a release boots: `command`, which is `java … -jar …`, or the same application from its libraries. Notes which.
///
/// # Errors
/// `Kind::Interrupted` after a signal: whoever has sent it wants no release.
pub(crate) async fn prepare(
    host: &impl Host,
    root: &Path,
    command: Vec<String>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<String>> {
    let Some(jar) = Jar::of(&command) else { return Ok(command) };
    let record = jar.beside(RECORD);
    let note = |boot: &Boot| {
        let noted = host.replace_file(&record, boot.to_string().as_bytes(), 0o644);
        noted.map_err(|cause| libraries::unwritable(&record, &cause))
    };
    let found = jar.by_libraries(host, root, variable).await;
    // Without a note its libraries would be removed while it runs.
    let (told, command) = match found.and_then(|(boot, command)| note(&boot).map(|()| (boot.told, command))) {
        Ok(found) => found,
        Err(why) => {
            let told = format!("`java -jar`: {why}");
            if let Err(why) = note(&Boot { way: Way::Jar, libraries: None, told: told.clone() }) {
                say(&format!("note: how it boots is noted nowhere: {why}"));
            }
            (told, command.clone())
        }
    };
    host.pause(Duration::ZERO).await?;
    say(&format!("boot: {told}"));
    Ok(command)
}

/// Opens a jar.
fn open(host: &impl Host, path: &Path) -> std::result::Result<Box<dyn host::ReadSeek>, String> {
    host.open(path).map_err(|cause| format!("`{}` cannot be read: {cause}", path.to_string_lossy()))
}

/// Reads its directory.
fn read(file: &mut Box<dyn host::ReadSeek>) -> std::result::Result<Archive<'_>, String> {
    ZipArchive::new(file).map_err(|cause| format!("it is no whole jar: {cause}"))
}

/// A command that runs a jar, in its parts.
#[derive(Debug, PartialEq, Eq)]
struct Jar<'a> {
    program: &'a str,
    options: &'a [String],
    copy: &'a Path,
    arguments: &'a [String],
}

impl Jar<'_> {
    fn of(command: &[String]) -> Option<Jar<'_>> {
        let (program, rest) = command.split_first()?;
        let at = rest.iter().position(|word| word == "-jar")?;
        let (copy, arguments) = rest[at + 1..].split_first()?;
        Some(Jar { program, options: &rest[..at], copy: Path::new(copy), arguments })
    }

    /// A file beside the release's copy.
    fn beside(&self, name: &str) -> PathBuf {
        self.copy.with_file_name(name)
    }

    /// The slot's profile, as it is told to Spring.
    fn profile(&self) -> std::result::Result<String, String> {
        let told = self.options.iter().find_map(|option| option.strip_prefix("-Dspring.profiles.active="));
        told.map(str::to_owned).ok_or_else(|| "its profile is not on its command line".to_owned())
    }

    async fn by_libraries(
        &self,
        host: &impl Host,
        root: &Path,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> std::result::Result<(Boot, Vec<String>), String> {
        if let Some(name) = jvm::OPTION_VARIABLES.into_iter().find(|name| variable(name).is_some()) {
            return Err(format!("the variable `{name}` has options for it"));
        }
        let jvm = Jvm::of(host, self.program, self.options)?;
        files::own_directory(host, root)?;
        let mut file = open(host, self.copy)?;
        let mut archive = read(&mut file)?;
        let layout = Layout::of(&mut archive)?;
        let directory = libraries::lay_out(host, root, &layout, &mut archive)?;
        libraries::check_order(host, &directory, &layout)?;
        let classes = self.beside(release::CLASSES);
        if host.describe(&classes).is_err() {
            libraries::pack(host, &classes, &layout, &mut archive)?;
        }
        let paths: Vec<PathBuf> = layout.libraries.iter().map(|library| directory.join(&library.name)).collect();
        let libraries = files::class_path(&paths)?;
        let class_path = format!("{libraries}:{}", files::class_path(&[classes])?);
        let jsa = directory.join(format!("{}{}.jsa", making::ARCHIVE, jvm.id));
        let count = layout.libraries.len();
        let missing = match host.describe(&jsa) {
            Err(_) => "none was made yet for these libraries and this JVM".to_owned(),
            Ok(_) if checked::is_taken(host, &directory, &jsa, &paths) => String::new(),
            Ok(_) => match jvm.takes(host, &jsa, &class_path).await {
                Ok(()) => {
                    checked::note(host, &directory, &jsa, &paths);
                    String::new()
                }
                Err(why) => {
                    // Whoever runs from it keeps what it has of it.
                    host.remove(&jsa).map_err(|cause| libraries::unwritable(&jsa, &cause))?;
                    format!("the JVM refuses the one that is there ({why})")
                }
            },
        };
        let (way, told, own) = if missing.is_empty() {
            let own = format!("-XX:SharedArchiveFile={}", jsa.to_string_lossy());
            (Way::Archive, format!("class archive of {count} libraries"), own)
        } else {
            let list = self.beside("classes.lst");
            let live = variable(live_file::VARIABLE).ok_or("it is not told who is live")?.into();
            let process = host.process(std::process::id()).ok_or("this process cannot be seen")?.identity;
            let (profile, list_is) = (self.profile()?, list.clone());
            Making { archive: jsa, list: list_is, libraries, jvm: jvm.clone(), live, profile, process }
                .note(host, &self.beside(making::NOTE))?;
            let told = format!("{count} libraries first, without a class archive: {missing}");
            (Way::Learning, told, format!("-XX:DumpLoadedClassList={}", list.to_string_lossy()))
        };
        let key = directory.file_name().map(|name| name.to_string_lossy().into_owned());
        let mut command = vec![self.program.to_owned()];
        command.extend(self.options.iter().cloned());
        command.extend([own, "-cp".to_owned(), class_path, layout.start_class.clone()]);
        command.extend(self.arguments.iter().cloned());
        Ok((Boot { way, libraries: key, told }, command))
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use shared::config::{SettingsFile, settings};
    use shared::release::Release;
    use shared::slot::Slot;

    use super::*;

    fn planned(text: &str) -> String {
        let settings = settings(SettingsFile::parse("", &format!("{text}\nconfig_locations = []"))).unwrap();
        let artifact = Artifact { path: "/zip/app.jar".into(), size: 17, written: std::time::SystemTime::UNIX_EPOCH };
        let release = Release::of(&artifact, &settings, std::time::SystemTime::UNIX_EPOCH, "d-A");
        let mut plan = crate::plan(&settings, Slot::Green, artifact, release, None, None, Vec::new());
        shared::plan::launching::through(&settings, &mut plan.steps, Path::new("/bundle/hooks/start"));
        plan.to_string().lines().skip(2).take(6).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn f137_a_release_is_launched_through_this_program_only_where_somebody_asks_for_it() {
        expect![[r#"
            3. start in `real2` (port 8082): /bundle/hooks/start --boot /home/ec2-user/app/step3/libraries -- java -Dspring.profiles.active=real2 -jar /home/ec2-user/app/step3/releases/19700101T000000000Z-d-A/app.jar --server.port=8082
               if it comes to nothing: end what was started in `real2` (port 8082), and free it
            4. remember: `real2` (port 8082) runs it
            5. let it have a small share of the processors until it is proven
            6. see how it boots; where a class archive is missing, let it be made once it serves
            7. watch it until it listens on port 8082 or has lived 2 s"#]]
        .assert_eq(&planned("[app]\nclass_archive = \"auto\""));
        for text in ["[app]", "[app]\nclass_archive = \"off\"", "[app]\nclass_archive = \"auto\"\ncommand = [\"run\"]"]
        {
            let planned = planned(text);
            assert!(!planned.contains("--boot") && !planned.contains("see how"), "{text}: {planned}");
        }
    }

    #[test]
    fn f137_only_start_itself_asks_to_become_a_release() {
        let asked = |arguments: &[&str]| asked_for(arguments.iter().map(|argument| (*argument).to_owned()));
        let wanted = (PathBuf::from("/l"), vec!["java".to_owned(), "-jar".to_owned()]);
        assert_eq!(asked(&["start", "--boot", "/l", "--", "java", "-jar"]), Some(wanted));
        for arguments in
            [&["start"][..], &["start", "--boot"], &["start", "--boot", "/l", "java"], &["start", "--run", "/l"]]
        {
            assert_eq!(asked(arguments), None, "{arguments:?}");
        }
    }
}
