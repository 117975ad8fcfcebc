//! Whether the `appspec.yml` of this bundle leads to the end of a deploy: each hook in its place, and every script that is still
//! to run where it says. Whoever begins without that spends the standby for nothing.

use std::path::Path;

use crate::error::{Error, Kind, Result};
use crate::host::{FileFacts, FileKind, Host};
use crate::language::translated;
use crate::lifecycle::sequence;
use crate::preflight::checks::{Checks, Subject};
use crate::run::Scene;

/// Refuses a bundle whose hooks cannot come to the end. Where there is none, as by hand, nothing is looked at.
///
/// # Errors
/// `Kind::Settings` with every mistake.
pub(super) fn check(scene: &Scene<'_, impl Host>, checks: &mut Checks<'_>) -> Result<()> {
    let Some(spec) = scene.lifecycle.app_spec.as_ref().filter(|spec| spec.own.is_some()) else { return Ok(()) };
    let mistakes = sequence::mistakes(spec);
    if !mistakes.is_empty() {
        return Err(Error::new(
            Kind::Settings,
            translated!("appspec.yml does not lead through a deploy: {}", mistakes.join("; ")),
        )
        .advise(sequence::advice()));
    }
    for note in sequence::notes(spec) {
        checks.warn(Subject::AppSpec, note);
    }
    let unusable: Vec<String> = sequence::still_to_run(spec)
        .filter_map(|script| unusable(scene.host, &spec.top.join(&script.location)).map(|why| (script, why)))
        .map(|(script, why)| translated!("`{}` runs `{}`, which {why}", script.event, script.location))
        .collect();
    if unusable.is_empty() {
        return Ok(());
    }
    Err(Error::new(Kind::Settings, translated!("appspec.yml does not fit the bundle: {}", unusable.join("; "))).advise(
        translated!(
            "put that file into the bundle, executable for everybody, or correct its `location`; then deploy again"
        ),
    ))
}

/// Why the agent could not run this file for the user of this hook.
fn unusable(host: &impl Host, path: &Path) -> Option<&'static str> {
    match host.describe(path) {
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Some(translated!("is not in the bundle")),
        // What this user may not see, another `runas` may.
        Err(_) => None,
        Ok(facts) => judge(&facts, host.user().id),
    }
}

/// The agent makes a file executable that is so for nobody; one that is so for others alone it leaves as it is.
fn judge(facts: &FileFacts, user: u32) -> Option<&'static str> {
    let needed = if facts.owner == user { 0o100 } else { 0o011 };
    match facts.kind {
        FileKind::Directory | FileKind::Special => Some(translated!("is no file")),
        FileKind::Regular if user != 0 && facts.mode & 0o111 != 0 && facts.mode & needed == 0 => {
            Some(translated!("this user may not execute"))
        }
        FileKind::Regular | FileKind::SymbolicLink => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn f113_a_script_is_usable_unless_it_is_none_or_others_alone_may_execute_it() {
        for (name, kind, mode, user, wanted) in [
            ("everybody", FileKind::Regular, 0o755, 1000, true),
            ("nobody, which the agent changes", FileKind::Regular, 0o644, 1000, true),
            ("its owner alone, who is another", FileKind::Regular, 0o744, 1000, false),
            ("its owner alone", FileKind::Regular, 0o700, 7, true),
            ("all but its owner", FileKind::Regular, 0o655, 7, false),
            ("root may", FileKind::Regular, 0o700, 0, true),
            ("a link is followed by the agent", FileKind::SymbolicLink, 0o777, 1000, true),
            ("a directory", FileKind::Directory, 0o755, 1000, false),
            ("a pipe", FileKind::Special, 0o755, 1000, false),
        ] {
            let facts = FileFacts {
                kind,
                mode,
                owner: 7,
                group: 7,
                size: 1,
                changed: SystemTime::UNIX_EPOCH,
                written: SystemTime::UNIX_EPOCH,
            };
            assert_eq!(judge(&facts, user).is_none(), wanted, "{name}");
        }
    }
}
