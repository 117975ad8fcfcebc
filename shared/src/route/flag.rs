//! The flag: while it exists green serves. Made and removed in one atomic step; looked at before, so that nginx's workers can see
//! it and nobody else can set it.

use std::path::{Path, PathBuf};

use crate::config::Settings;
use crate::error::{Error, Kind, Result};
use crate::host::{FileFacts, FileKind, Host, ProcessIdentity};
use crate::language::translated;
use crate::ledger::store::unwritable;
use crate::nginx::passage;
use crate::route::mark;
use crate::slot::Place;
use crate::sudo;

/// Makes or removes the flag, in one step that survives a power cut. Where it is so already there is nothing to do. Removed, it
/// keeps another name, so that neither way needs room on the disk once it has been made (F107).
///
/// # Errors
/// As those of `exists` and `unwritable`.
pub fn set(host: &impl Host, settings: &Settings, flag: &Path, present: bool, place: &Place) -> Result<()> {
    let aside = aside(flag);
    let stands = |path: &Path| host.describe(path).map(|facts| facts.kind);
    let done = match (present, exists(host, flag)?) {
        (true, false) if matches!(stands(&aside), Ok(FileKind::Regular)) => host.rename(&aside, flag),
        (true, false) => make(host, settings, flag, place),
        (false, true) => match stands(&aside) {
            Ok(FileKind::Directory) => host.remove(flag),
            _ => host.rename(flag, &aside),
        },
        (true, true) | (false, false) => Ok(()),
    };
    done.map_err(|cause| unwritable(flag, &cause))
}

/// Makes it anew, with its directory where somebody has removed that: at night nobody may be there to do so (F111).
fn make(host: &impl Host, settings: &Settings, flag: &Path, place: &Place) -> std::io::Result<()> {
    let owner = mark::of(&settings.proxy.include);
    let text = format!("{} serves while this file exists, the flag {owner}\n", place.in_files());
    let write = || host.replace_file(flag, text.as_bytes(), 0o644);
    match (write(), flag.parent()) {
        (Err(cause), Some(directory)) if cause.kind() == std::io::ErrorKind::NotFound => {
            host.make_directory(directory, 0o755)?;
            write()
        }
        (written, _) => written,
    }
}

/// The name that the flag has while it is not there, beside its place.
fn aside(flag: &Path) -> PathBuf {
    let name = flag.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    flag.with_file_name(format!(".{name}.aside"))
}

/// Whether the flag exists.
///
/// # Errors
/// `Kind::Settings` if it is something else than a file; as `Kind::of` says, if this user cannot see that.
pub fn exists(host: &impl Host, flag: &Path) -> Result<bool> {
    match host.describe(flag) {
        Ok(facts) if facts.kind == FileKind::Regular => Ok(true),
        Ok(_) => {
            Err(Error::new(Kind::Settings, translated!("the flag `{}` is no regular file", flag.to_string_lossy()))
                .advise(translated!("remove it: `switch` makes it anew where it has to be")))
        }
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(cause) => Err(Error::new(
            Kind::of(&cause),
            translated!("the flag `{}` cannot be seen: {cause}", flag.to_string_lossy()),
        )
        .advise(translated!("let the user that runs the hooks own its directory"))),
    }
}

/// The flag where it stands: nginx follows links on its way as the kernel does (`/var/run` is one on most systems).
fn real(host: &impl Host, flag: &Path) -> PathBuf {
    let nearest = flag.ancestors().skip(1).find_map(|above| Some((above, host.canonicalize(above).ok()?)));
    match nearest {
        Some((above, real)) => flag.strip_prefix(above).map_or_else(|_| flag.to_owned(), |rest| real.join(rest)),
        None => flag.to_owned(),
    }
}

/// Whether a worker can see the flag. One that cannot takes it for absent, whatever this user sees.
///
/// # Errors
/// `Kind::NotAllowed` naming the directory that does not let it through.
pub fn check_visible(host: &impl Host, flag: &Path, worker: Option<ProcessIdentity>) -> Result<()> {
    if let Some(credentials) = worker.and_then(|worker| host.credentials(&worker))
        && let Some(obstacle) =
            passage::obstacle(&real(host, flag), &credentials, |path| or_to_be_made(host.describe(path)))
    {
        let worker = host.user_named(credentials.user).name;
        return Err(Error::new(
            Kind::NotAllowed,
            translated!(
                "nginx's workers (`{worker}`) cannot see the flag `{}`: `{}` does not let them through, {}",
                flag.to_string_lossy(),
                obstacle.directory.to_string_lossy(),
                obstacle.why
            ),
        )
        .advise(translated!(
            "`chmod o+x {}`, or give `proxy.flag` in hooks.toml another place",
            obstacle.directory.to_string_lossy()
        )));
    }
    Ok(())
}

/// Whether a worker can see the flag, and this user, and nobody else, can set it. What is not there yet will be made.
///
/// # Errors
/// Naming the directory: `Kind::NotAllowed`, or as `Kind::of` says, if it cannot be used at all.
pub fn check(host: &impl Host, settings: &Settings, worker: Option<ProcessIdentity>) -> Result<()> {
    let flag = &settings.proxy.flag;
    check_visible(host, flag, worker)?;
    let directory = flag.parent().unwrap_or(Path::new("/"));
    let shown = directory.to_string_lossy();
    let facts = match host.describe(directory) {
        Ok(facts) => facts,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(cause) => {
            return Err(Error::new(
                Kind::of(&cause),
                translated!("the flag's directory `{shown}` cannot be used: {cause}"),
            )
            .advise(translated!("correct `proxy.flag` in hooks.toml")));
        }
    };
    let user = host.user();
    if !host.may_write(directory) {
        return Err(Error::new(Kind::NotAllowed, translated!("`{}` may not make the flag in `{shown}`", user.name))
            .advise(sudo::allowed(&user, directory, translated!("as root: chown {} {shown}", user.name))));
    }
    if facts.mode & 0o022 == 0 {
        return Ok(());
    }
    Err(Error::new(
        Kind::NotAllowed,
        translated!("the flag's directory `{shown}` has mode {:o}, so others may move the traffic", facts.mode),
    )
    .advise(format!("`chmod go-w {shown}`")))
}

/// A directory that is not there yet will be made for everybody to pass.
fn or_to_be_made(described: std::io::Result<FileFacts>) -> std::io::Result<FileFacts> {
    described.or_else(|cause| match cause.kind() {
        std::io::ErrorKind::NotFound => Ok(FileFacts {
            kind: FileKind::Directory,
            mode: 0o755,
            owner: 0,
            group: 0,
            size: 0,
            changed: std::time::SystemTime::UNIX_EPOCH,
            written: std::time::SystemTime::UNIX_EPOCH,
        }),
        _ => Err(cause),
    })
}
