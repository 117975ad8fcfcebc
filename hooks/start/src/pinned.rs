//! `start --run PIN`: what a slot's unit runs. It reads which release is to run there, decides whether it is to run now, notes itself
//! as its process, and becomes it. No deploy calls this: systemd does, for `start`, after a crash and after a reboot.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;

use shared::error::{Error, Kind, Result};
use shared::host::{self, Host, Machine, NotLinked};
use shared::report::Report;
use shared::route::flag;
use shared::route::include::{Include, Leads};
use shared::supervisor::pin::{self, Decision, Pin, Run, ServesBy};

use crate::boot;
use crate::waiting::wait;

/// The pin that this process was started for, if it was: `start --run PIN`, as the unit says it.
#[must_use]
pub fn asked_for(arguments: impl IntoIterator<Item = String>) -> Option<PathBuf> {
    let mut arguments = arguments.into_iter().skip(1);
    (arguments.next()? == "--run").then(|| arguments.next().map(PathBuf::from))?
}

/// Becomes the pinned release, or says why there is none to run; that is no failure, or systemd would try again.
#[must_use]
pub fn run(path: &Path) -> ExitCode {
    match prepare(path) {
        Ok(Some((pin, serves))) => {
            let cause = host::become_program(&pin.as_launch(), !serves);
            let program = pin.command.first().map_or("", String::as_str);
            say(&format!("`{program}` could not be started: {cause}"));
            ExitCode::from(Kind::NotStarted.exit_code())
        }
        Ok(None) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error.to_string());
            ExitCode::from(error.kind().exit_code())
        }
    }
}

/// Tells systemd's journal.
fn say(text: &str) {
    Report::new("start --run").say(text);
}

/// The release that this process is to become, and whether it serves.
fn prepare(path: &Path) -> Result<Option<(Pin, bool)>> {
    let bug = |cause: std::io::Error| Error::new(Kind::Bug, format!("the host cannot be looked at: {cause}"));
    let mut prepared = Ok(None);
    let work = async {
        prepared = match Machine::new(NotLinked) {
            Ok(machine) => pinned(&machine, path).await,
            Err(cause) => Err(bug(cause)),
        };
    };
    wait(pin!(work)).map_err(bug)?;
    prepared
}

async fn pinned(host: &impl Host, path: &Path) -> Result<Option<(Pin, bool)>> {
    let Some((pin, serves)) = decide(host, path)? else { return Ok(None) };
    Ok(Some((by_libraries(host, pin).await?, serves)))
}

/// The same release, booting from its libraries where it may.
async fn by_libraries(host: &impl Host, pin: Pin) -> Result<Pin> {
    let Some(libraries) = pin.libraries.clone() else { return Ok(pin) };
    let variable = |name: &str| pin.variables.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone());
    let command = boot::prepare(host, &libraries, pin.command.clone(), &variable).await?;
    Ok(Pin { command, ..pin })
}

fn decide(host: &impl Host, path: &Path) -> Result<Option<(Pin, bool)>> {
    let Some(pin) = pin::read(host, path)? else {
        say(&format!("nothing is to run here: there is no `{}`", path.to_string_lossy()));
        return Ok(None);
    };
    let (boot, record) = (host.boot_id(), pin::run_beside(path));
    let serves = serves(host, &pin.serves_by);
    match pin::decide(&pin, &boot, pin::last_run(host, &record).as_ref(), serves) {
        Decision::Stay(why) => {
            say(&format!("release `{}` stays down: {why}", pin.launch));
            Ok(None)
        }
        Decision::Start => {
            note(host, &record, &pin, boot);
            Ok(Some((pin, serves == Some(true))))
        }
    }
}

/// Notes this process, which will be the release's. Where that fails the release runs all the same: users come first. A deploy that
/// waits for the note fails then; after a crash or a reboot the hooks know it by its unit.
fn note(host: &impl Host, record: &Path, pin: &Pin, boot: String) {
    let Some(process) = host.process(std::process::id()).map(|own| own.identity) else { return };
    let run = Run { boot, launch: pin.launch.clone(), process };
    if let Err(cause) = pin::note(host, record, &run) {
        say(&format!("`{}` could not be written: {cause}", record.to_string_lossy()));
    }
}

/// Whether nginx is told that this slot serves; nothing where that cannot be told from the files alone.
fn serves(host: &impl Host, by: &ServesBy) -> Option<bool> {
    let bytes = host.read_file(&by.include).ok()?;
    let include = Include::parse(&bytes, &by.variable).ok()?;
    match include.leads() {
        Leads::To { port, .. } => Some(*port == by.port),
        Leads::By(choice) => Some(choice.group(flag::exists(host, &choice.flag).ok()?) == by.group),
        // A group of the user's own: nginx alone knows which port that is.
        Leads::Named { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_unit_asks_for_a_pin() {
        let asked = |arguments: &[&str]| asked_for(arguments.iter().map(|argument| (*argument).to_owned()));
        assert_eq!(asked(&["start", "--run", "/a/real1.json"]), Some(PathBuf::from("/a/real1.json")));
        for arguments in [&["start"][..], &["start", "--run"], &["start", "--dry-run"], &[]] {
            assert_eq!(asked(arguments), None, "{arguments:?}");
        }
    }
}
