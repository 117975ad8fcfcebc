//! What a unit is to run: a file for each slot that names the release with all that it needs, replaced as a whole. As long as it is
//! there the release is to run; it goes away before the release is ended. Beside it, what was last started stands as a process. The
//! program of an older bundle may read what a newer one has written, so that what it does not know is passed over.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::config::Settings;
use crate::environment;
use crate::error::{Error, Kind, Result};
use crate::host::{Host, Launch, ProcessIdentity};
use crate::language::translated;
use crate::slot::{Place, Slot};

/// A release that is to run in a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// The boot in which it was deployed.
    pub boot: String,
    /// The release's name.
    pub launch: String,
    /// Whether it is started again when it dies: not before it has served, since its deploy has to see that it died.
    pub again: bool,
    /// What says after a reboot whether it serves.
    pub serves_by: ServesBy,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The directory it works in.
    pub directory: PathBuf,
    /// Its whole environment.
    pub variables: Vec<(String, String)>,
    /// The file that its output is appended to.
    pub log: PathBuf,
    /// Where its libraries are kept, if it may boot from there. Without it, as in a pin of an earlier version, it boots by its command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub libraries: Option<PathBuf>,
}

/// How nginx is told that this slot serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServesBy {
    /// The include.
    pub include: PathBuf,
    /// The variable that it sets.
    pub variable: String,
    /// The slot's group, where the include chooses by a flag.
    pub group: String,
    /// The slot's port, where it names one.
    pub port: u16,
}

/// What was started for a pin last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The boot that the process belongs to.
    pub boot: String,
    /// The launch that it belongs to.
    pub launch: String,
    /// The process.
    pub process: ProcessIdentity,
}

impl Pin {
    /// What `launch` in `slot` needs to be started by systemd, which brings none of this run's environment.
    #[must_use]
    pub fn of(settings: &Settings, slot: Slot, boot: &str, name: &str, launch: &Launch) -> Pin {
        let Launch { command, directory, environment, variables, log } = launch;
        // What is no text cannot be written down as one; systemd takes no such variable either.
        let inherited = environment::inheritable(environment)
            .into_iter()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Pin {
            boot: boot.to_owned(),
            launch: name.to_owned(),
            again: false,
            serves_by: ServesBy {
                include: settings.proxy.include.clone(),
                variable: settings.proxy.variable.clone(),
                group: settings.group(slot).to_owned(),
                port: settings.place(slot).port,
            },
            command: command.clone(),
            directory: directory.clone(),
            variables: inherited.chain(variables.iter().cloned()).collect(),
            log: log.clone(),
            libraries: settings.wants_class_archive().then(|| settings.libraries()),
        }
    }

    /// As a detached release is launched.
    #[must_use]
    pub fn as_launch(&self) -> Launch {
        Launch {
            command: self.command.clone(),
            directory: self.directory.clone(),
            environment: Vec::new(),
            variables: self.variables.clone(),
            log: self.log.clone(),
        }
    }
}

/// Reads a pin; nothing where none is there.
///
/// # Errors
/// `Kind::Settings` where it cannot be read, or is none.
pub fn read(host: &impl Host, path: &Path) -> Result<Option<Pin>> {
    let shown = path.to_string_lossy();
    let bytes = match host.read_file(path) {
        Ok(bytes) => bytes,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(Error::new(Kind::of(&cause), translated!("`{shown}` cannot be read: {cause}"))),
    };
    serde_json::from_str(&String::from_utf8_lossy(&bytes)).map(Some).map_err(|cause| {
        Error::new(Kind::Settings, translated!("`{shown}` is no pin of these hooks: {cause}"))
            .advise(translated!("deploy again: `start` writes it anew"))
    })
}

/// Writes a pin. It may hold passwords, as the environment of a release does: nobody else reads it.
///
/// # Errors
/// As `Host::replace_file`.
pub fn write(host: &impl Host, path: &Path, pin: &Pin) -> std::io::Result<()> {
    host.replace_file(path, serde_json::to_string_pretty(pin)?.as_bytes(), 0o600)
}

/// Notes that the pinned release has served, so that it is started again when it dies. There may be no pin: then nobody would.
///
/// # Errors
/// Where the note cannot be made.
pub fn let_start_again(host: &impl Host, path: &Path) -> Result<()> {
    match read(host, path)? {
        Some(pin) if !pin.again => {
            let shown = path.to_string_lossy();
            write(host, path, &Pin { again: true, ..pin })
                .map_err(|cause| Error::new(Kind::of(&cause), translated!("`{shown}` could not be written: {cause}")))
        }
        _ => Ok(()),
    }
}

/// Notes that the pinned release is to stay down in this boot, while it makes room for another one. After a reboot it starts if it
/// serves. There may be no pin: then nobody would start it.
///
/// # Errors
/// Where the note cannot be made.
pub fn keep_down(host: &impl Host, path: &Path) -> Result<()> {
    let Some(pin) = read(host, path)? else { return Ok(()) };
    let shown = path.to_string_lossy();
    write(host, path, &Pin { boot: host.boot_id(), again: false, ..pin })
        .map_err(|cause| Error::new(Kind::of(&cause), translated!("`{shown}` could not be written: {cause}")))
}

/// Takes the pin of a place away, so that nobody starts there what is about to be ended. It needs no room on the disk.
///
/// # Errors
/// As `Kind::of` says, where it stays.
pub fn remove(host: &impl Host, settings: &Settings, place: &Place) -> Result<()> {
    let path = settings.pin(place);
    // Where no unit runs the release, nothing is touched.
    if host.describe(&path).is_err_and(|cause| cause.kind() == std::io::ErrorKind::NotFound) {
        return Ok(());
    }
    match host.remove(&path) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
            let shown = path.to_string_lossy();
            Err(Error::new(
                Kind::of(&cause),
                translated!("`{shown}`, by which systemd would start it again, stays: {cause}"),
            )
            .advise(translated!("let the user that runs the hooks own it")))
        }
        _ => Ok(()),
    }
}

/// The process that systemd has started last in a place, if that was in this boot.
pub fn running(host: &impl Host, settings: &Settings, place: &Place) -> Option<ProcessIdentity> {
    let run = last_run(host, &run_beside(&settings.pin(place)))?;
    (run.boot == host.boot_id()).then_some(run.process)
}

/// What was started last for a pin.
pub fn last_run(host: &impl Host, path: &Path) -> Option<Run> {
    serde_json::from_str(&String::from_utf8_lossy(&host.read_file(path).ok()?)).ok()
}

/// Notes what is started for a pin.
///
/// # Errors
/// As `Host::replace_file`.
pub fn note(host: &impl Host, path: &Path, run: &Run) -> std::io::Result<()> {
    host.replace_file(path, serde_json::to_string_pretty(run)?.as_bytes(), 0o644)
}

/// Where that stands.
#[must_use]
pub fn run_beside(pin: &Path) -> PathBuf {
    pin.with_extension("run")
}

/// What the program that a unit runs does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It starts the release.
    Start,
    /// It starts nothing, for this reason.
    Stay(&'static str),
}

/// Whether a pinned release is to be started now. In the boot of its deploy it is, once; and again where it has served. After a reboot
/// it is where nginx is told that it serves, or where nobody can tell and it has served: two that run hurt nobody, none does.
#[must_use]
pub fn decide(pin: &Pin, boot: &str, last: Option<&Run>, serves: Option<bool>) -> Decision {
    if pin.boot != boot {
        return if serves.unwrap_or(pin.again) {
            Decision::Start
        } else {
            Decision::Stay(translated!("it is not the live release"))
        };
    }
    let was_started = last.is_some_and(|run| run.boot == boot && run.launch == pin.launch);
    if was_started && !pin.again {
        return Decision::Stay(translated!("it has died before it served, which its deploy tells"));
    }
    Decision::Start
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{SettingsFile, settings};

    fn pin(boot: &str, again: bool) -> Pin {
        let settings = settings(SettingsFile::parse("", "")).unwrap();
        let launch = Launch {
            command: vec!["java".into()],
            directory: "/srv".into(),
            environment: Vec::new(),
            variables: vec![("SPRING_X".into(), "1".into())],
            log: "/srv/log".into(),
        };
        Pin { again, ..Pin::of(&settings, Slot::Green, boot, "r2", &launch) }
    }

    #[test]
    fn f09_after_a_reboot_exactly_the_live_release_is_started_and_a_newcomer_that_died_is_not() {
        let run = |boot: &str, launch: &str| Run {
            boot: boot.into(),
            launch: launch.into(),
            process: ProcessIdentity { id: 7, started: 1 },
        };
        for (name, again, boot, last, serves, starts) in [
            ("its deploy starts it", false, "now", None, Some(false), true),
            ("the one before it ran in this slot", false, "now", Some(run("now", "r1")), Some(false), true),
            ("a newcomer has died", false, "now", Some(run("now", "r2")), Some(false), false),
            ("the live one has died", true, "now", Some(run("now", "r2")), Some(true), true),
            ("the standby has died", true, "now", Some(run("now", "r2")), Some(false), true),
            ("a reboot, it was live", true, "before", Some(run("before", "r2")), Some(true), true),
            ("a reboot right after the flip", false, "before", Some(run("before", "r2")), Some(true), true),
            ("a reboot, it was the standby", true, "before", Some(run("before", "r2")), Some(false), false),
            ("a reboot, and the include tells nobody", true, "before", None, None, true),
            ("a reboot in its deploy, and the include tells nobody", false, "before", None, None, false),
            ("it has died after the reboot", true, "before", Some(run("now", "r2")), Some(true), true),
        ] {
            let decision = decide(&pin(boot, again), "now", last.as_ref(), serves);
            assert_eq!(decision == Decision::Start, starts, "{name}: {decision:?}");
        }
    }

    #[test]
    fn a_pin_is_read_as_it_was_written() {
        let pin = pin("now", true);
        let read: Pin = serde_json::from_str(&serde_json::to_string_pretty(&pin).unwrap()).unwrap();
        assert_eq!(read, pin);
        assert_eq!(pin.as_launch().variables, [("SPRING_X".to_owned(), "1".to_owned())]);
        assert_eq!(run_beside(Path::new("/a/units/real2.json")), Path::new("/a/units/real2.run"));
    }
}
