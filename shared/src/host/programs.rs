//! Other programs, run to their end: nginx, java, sudo, and whoever is told a verdict. No shell, no inherited input, a limit in time.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncWriteExt;

use super::ProgramOutput;
use super::signals::StopSignals;
use crate::error::{Error, Kind, Result};
use crate::language::translated;
use crate::report::duration;

/// Where the system's programs are, also when `PATH` was cut down to nothing.
const SYSTEM_DIRECTORIES: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

pub(super) async fn run(command: &[String], at_most: Duration, signals: &StopSignals) -> Result<ProgramOutput> {
    let shown = command.join(" ");
    let Some((name, arguments)) = command.split_first() else {
        return Err(Error::new(Kind::Bug, translated!("an empty command was to be run")));
    };
    let Some(program) = find(name) else {
        return Err(Error::new(Kind::Settings, translated!("`{name}` was not found on this host"))
            .advise(translated!("install `{name}`, or give its whole path in hooks.toml")));
    };
    #[expect(clippy::disallowed_methods, reason = "this is the place that runs programs, for everybody")]
    let child = tokio::process::Command::new(program)
        .args(arguments)
        // Messages are compared and shown: they have to come in one language. Nothing else of LC_* is touched.
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|cause| Error::new(Kind::of(&cause), translated!("could not run `{shown}`: {cause}")))?;
    let ended = tokio::time::timeout(at_most, child.wait_with_output());
    match signals.unless_asked(ended).await? {
        Ok(Ok(output)) => Ok(ProgramOutput {
            success: output.status.success(),
            ending: ending(output.status),
            output: String::from_utf8_lossy(&output.stdout).into_owned(),
            complaint: String::from_utf8_lossy(&output.stderr).into_owned(),
        }),
        Ok(Err(cause)) => Err(Error::new(Kind::of(&cause), translated!("could not wait for `{shown}`: {cause}"))),
        Err(_) => Err(Error::new(Kind::Settings, translated!("`{shown}` had not ended after {}", duration(at_most)))),
    }
}

/// Runs a program that is told something on its standard input, and whatever it starts, to its end. What it says is heard only where it
/// fails, and no signal ends it early.
///
/// # Errors
/// Why it could not be told, as a sentence.
pub async fn tell_program(command: &[String], told: &[u8], at_most: Duration) -> std::result::Result<(), String> {
    let (name, arguments) = command.split_first().ok_or(translated!("no program is named"))?;
    let program = find(name).ok_or_else(|| translated!("`{name}` was not found on this host, or may not be run"))?;
    #[expect(clippy::disallowed_methods, reason = "this is the place that runs programs, for everybody")]
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|cause| translated!("`{name}` could not be run: {cause}"))?;
    let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    let input = child.stdin.take();
    let ended = async {
        if let Some(mut input) = input {
            // Whoever does not read it all says by its exit whether that matters.
            let _ = input.write_all(told).await;
        }
        child.wait_with_output().await
    };
    let ended = tokio::time::timeout(at_most, ended).await;
    if ended.is_err()
        && let Some(group) = group
    {
        // Gone by itself meanwhile is as well.
        let _ = kill_process_group(group, Signal::KILL);
    }
    match ended {
        Ok(Ok(output)) if output.status.success() => Ok(()),
        Ok(Ok(output)) => {
            let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
            let said = Some(super::first_line(&complaint)).filter(|said| !said.is_empty());
            let said = said.map(|said| format!(": {said}")).unwrap_or_default();
            Err(translated!("`{name}` ended with {}{said}", ending(output.status)))
        }
        Ok(Err(cause)) => Err(translated!("`{name}` could not be waited for: {cause}")),
        Err(_) => Err(translated!("`{name}` had not ended after {}", duration(at_most))),
    }
}

/// How a program ended, in words.
pub(super) fn ending(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => status.to_string(),
    }
}

/// Where a program is; the environment's `PATH` first, then the system's own directories.
pub(super) fn find(name: &str) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(|path| is_executable(path));
    }
    let from_environment = crate::environment::variable("PATH").unwrap_or_default();
    from_environment
        .split(':')
        .filter(|directory| directory.starts_with('/'))
        .chain(SYSTEM_DIRECTORIES)
        .map(|directory| Path::new(directory).join(name))
        .find(|path| is_executable(path))
}

fn is_executable(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}
