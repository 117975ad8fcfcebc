//! The ledger on disk: one small file, replaced as a whole, with a format number and a checksum; and the lock beside it,
//! which dies with its holder. The directory must be this user's and nobody else's to write.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{Change, Ledger, another_user};
use crate::config::Settings;
use crate::error::{Error, Kind, Result};
use crate::host::{FileKind, Host, Lock, hexadecimal};
use crate::language::translated;
use crate::patience::Patience;
use crate::patience::Waiting;
use crate::report::duration;
use crate::sudo;

/// The format that this version writes. A ledger with a higher number is left alone (F02). Earlier ones are read: format 1 knew no
/// `checked`, format 2 not whose it is.
const FORMAT: u32 = 3;

/// How the first line begins.
const TITLE: &str = "zero-downtime-hooks ledger";

/// What was on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// A ledger, or none yet.
    Whole(Box<Ledger>),
    /// Something damaged: why.
    Damaged(String),
    /// A ledger of a later version.
    Newer(u32),
}

/// Makes the application's directories where they are missing, and refuses what others could tamper with (S7, F82).
///
/// # Errors
/// Naming the path, its owner and its mode: `Kind::NotAllowed` if this user may not use it or others may write there,
/// `Kind::NoRoom` if the disk is full, else `Kind::Settings`.
pub fn prepare(host: &impl Host, settings: &Settings) -> Result<()> {
    see_application(host, settings)?;
    for directory in own(settings) {
        host.make_directory(&directory, 0o755).map_err(|cause| unmakeable(host, settings, &directory, &cause))?;
        see_own(host, settings, &directory)?;
    }
    Ok(())
}

/// The same with nothing made: what is missing has to be such that this user can make it.
///
/// # Errors
/// As `prepare`.
pub fn check(host: &impl Host, settings: &Settings) -> Result<()> {
    see_application(host, settings)?;
    for directory in own(settings) {
        let is_missing = host.describe(&directory).is_err_and(|cause| cause.kind() == std::io::ErrorKind::NotFound);
        if !is_missing {
            see_own(host, settings, &directory)?;
        } else if !host.may_write(&settings.app.directory) {
            let cause = std::io::ErrorKind::PermissionDenied.into();
            return Err(unmakeable(host, settings, &directory, &cause));
        }
    }
    Ok(())
}

/// The directories that are the hooks' own, in the application's.
fn own(settings: &Settings) -> [PathBuf; 4] {
    [settings.ledger_directory(), settings.logs(), settings.releases(), settings.units()]
}

fn see_application(host: &impl Host, settings: &Settings) -> Result<()> {
    let app = &settings.app.directory;
    let shown = app.to_string_lossy();
    match host.describe(app) {
        Ok(facts) if facts.kind == FileKind::Special || facts.kind == FileKind::Regular => {
            Err(Error::new(Kind::Settings, translated!("the application's directory `{shown}` is no directory"))
                .advise(translated!("correct `app.directory` in hooks.toml")))
        }
        Ok(_) => Ok(()),
        Err(cause) => Err(Error::new(
            Kind::of(&cause),
            translated!("the application's directory `{shown}` cannot be used: {cause}"),
        )
        .advise(translated!(
            "make it (`mkdir -p {shown}`), owned by `{}`, or correct `app.directory` in hooks.toml",
            host.user().name
        ))),
    }
}

fn unmakeable(host: &impl Host, settings: &Settings, directory: &Path, cause: &std::io::Error) -> Error {
    let (user, app, shown) = (host.user(), &settings.app.directory, directory.to_string_lossy());
    let what = translated!("the directory `{shown}` cannot be made by `{}`: {cause}", user.name);
    Error::new(Kind::of(cause), what).advise(remedy(cause, || {
        let owner = translated!(
            "`chown {} {}`, or run the hooks as its owner (`runas` in appspec.yml)",
            user.name,
            app.to_string_lossy()
        );
        sudo::allowed(&user, app, owner)
    }))
}

fn see_own(host: &impl Host, settings: &Settings, directory: &Path) -> Result<()> {
    let (user, shown) = (host.user(), directory.to_string_lossy());
    let facts = host.describe(directory).map_err(|cause| {
        Error::new(Kind::of(&cause), translated!("the directory `{shown}` cannot be used: {cause}"))
    })?;
    if facts.kind != FileKind::Directory {
        return Err(Error::new(Kind::Settings, translated!("`{shown}` is no directory itself (a link, or a file)"))
            .advise(translated!("remove it; the hooks make it anew")));
    }
    if facts.owner != user.id {
        let owner = host.user_named(facts.owner);
        return Err(Error::new(
            Kind::NotAllowed,
            translated!("the directory `{shown}` belongs to `{}`, but this run is `{}`", owner.name, user.name),
        )
        .advise(another_user::advice(host, settings, &user, &owner)));
    }
    if facts.mode & 0o022 != 0 {
        return Err(Error::new(
            Kind::NotAllowed,
            translated!("the directory `{shown}` has mode {:o}, so others may write in it", facts.mode),
        )
        .advise(format!("`chmod go-w {shown}`")));
    }
    Ok(())
}

/// Takes the lock, waiting a bounded time for another run to end.
///
/// # Errors
/// `Kind::Busy` naming the holder; if the lock file cannot be used, as `Kind::of` says.
pub async fn lock(host: &impl Host, settings: &Settings, holder: &str) -> Result<Lock> {
    let path = lock_path(settings);
    let mut waiting = Waiting::begin(host, Patience::brisk(settings.lock_wait));
    loop {
        let other = match host.lock(&path, holder) {
            Ok(Ok(lock)) => return Ok(lock),
            Ok(Err(other)) => other,
            Err(cause) => {
                return Err(Error::new(
                    Kind::of(&cause),
                    translated!("the lock `{}` cannot be used: {cause}", path.to_string_lossy()),
                )
                .advise(remedy(&cause, || another_user::give(settings, &host.user()))));
            }
        };
        let another = translated!("wait for the run that holds the lock ({other})");
        if !waiting.for_another_look().await.map_err(|error| error.during(&another))? {
            let waited = duration(settings.lock_wait);
            return Err(Error::new(Kind::Busy, translated!("another run holds the lock after {waited}: {other}"))
                .advise(translated!("wait for it to end, or end it, then deploy again")));
        }
    }
}

/// Takes the lock of the user that deploys, on that user's behalf. Where that user has never run a hook there is none, and none is
/// made: it would belong to the wrong user.
///
/// # Errors
/// As `lock`.
pub async fn lock_of_another(host: &impl Host, settings: &Settings, holder: &str) -> Result<Option<Lock>> {
    if host.describe(&lock_path(settings)).is_err() {
        return Ok(None);
    }
    lock(host, settings, holder).await.map(Some)
}

/// Who holds the lock, told by what a holder writes into it and by whether that one still runs: to take the lock, if only for a moment,
/// could keep a hook waiting.
pub fn holder(host: &impl Host, settings: &Settings) -> Option<String> {
    let written = host.read_file(&lock_path(settings)).ok()?;
    let holder = String::from_utf8_lossy(&written).trim().to_owned();
    let process = host.process(holder.rsplit_once("process ")?.1.parse().ok()?)?;
    let program = Path::new(process.command.first()?).file_name()?.to_string_lossy();
    holder.starts_with(&*program).then_some(holder)
}

fn lock_path(settings: &Settings) -> PathBuf {
    settings.ledger_directory().join("lock")
}

/// Reads the ledger. A damaged one is told and begun anew; evidence fills it again.
///
/// # Errors
/// `Kind::Settings` if it cannot be read, or is of a later version or another application, which is left alone;
/// `Kind::NotAllowed` if this user may not read it.
pub fn load(host: &impl Host, settings: &Settings) -> Result<(Ledger, Option<String>)> {
    let path = path(settings);
    let shown = path.to_string_lossy();
    match host.read_file(&path) {
        Ok(bytes) => match decode(&bytes) {
            Stored::Whole(ledger) => {
                refuse_another(host, settings, &ledger)?;
                Ok((*ledger, None))
            }
            Stored::Damaged(why) => {
                Ok((Ledger::default(), Some(translated!("the ledger `{shown}` is damaged ({why}) and is begun anew"))))
            }
            Stored::Newer(format) => Err(Error::new(
                Kind::Settings,
                translated!(
                    "the ledger `{shown}` has format {format}, but this version knows {FORMAT}; it was left alone"
                ),
            )
            .advise(translated!("deploy a bundle with the newer hooks, or remove that file"))),
        },
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok((Ledger::default(), None)),
        Err(cause) => Err(Error::new(Kind::of(&cause), translated!("the ledger `{shown}` cannot be read: {cause}"))
            .advise(translated!("let the user that runs the hooks own it, or remove it: it is only a cache"))),
    }
}

/// Two applications in one directory would end each other's processes (F92).
fn refuse_another(host: &impl Host, settings: &Settings, ledger: &Ledger) -> Result<()> {
    let ours = &settings.proxy.include;
    let Some(other) = ledger.application.as_ref().filter(|other| *other != ours && host.describe(other).is_ok()) else {
        return Ok(());
    };
    let (directory, other, ours) =
        (settings.app.directory.to_string_lossy(), other.to_string_lossy(), ours.to_string_lossy());
    Err(Error::new(
        Kind::Settings,
        translated!("the directory `{directory}` belongs to the application behind `{other}`, not to the one behind `{ours}`"),
    )
    .advise(translated!("give each application an `app.directory` of its own; if it is the same one with another include, remove the ledger in it")))
}

/// Writes the ledger, with this change in it.
///
/// # Errors
/// As those of `unwritable`.
pub fn save(host: &impl Host, settings: &Settings, ledger: &Ledger, change: &Change) -> Result<()> {
    let (path, bytes) = (path(settings), encode(ledger)?);
    let written = if change.is_of_this_boot() {
        host.replace_file_of_this_boot(&path, &bytes, 0o644)
    } else {
        host.replace_file(&path, &bytes, 0o644)
    };
    written.map_err(|cause| unwritable(&path, &cause))
}

/// Why a file of ours could not be written: `Kind::NoRoom` if the disk is full, `Kind::NotAllowed` if this user may not, else
/// `Kind::Settings`.
#[must_use]
pub fn unwritable(path: &Path, cause: &std::io::Error) -> Error {
    let advice = remedy(cause, || translated!("let the user that runs the hooks write there").to_owned());
    Error::new(Kind::of(cause), translated!("`{}` cannot be written: {cause}", path.to_string_lossy())).advise(advice)
}

/// What to do where a file or directory of ours cannot be made: whose it is does not matter where the disk is full (F107).
#[must_use]
pub fn remedy(cause: &std::io::Error, usual: impl FnOnce() -> String) -> String {
    match cause.kind() {
        _ if Kind::of(cause) == Kind::NoRoom => {
            translated!("free some room on that disk (`df -h`, and `df -i` for its inodes), then deploy again")
                .to_owned()
        }
        std::io::ErrorKind::ReadOnlyFilesystem => {
            translated!("its file system is mounted read-only: mount it for writing, then deploy again").to_owned()
        }
        _ => usual(),
    }
}

fn path(settings: &Settings) -> PathBuf {
    settings.ledger_directory().join("ledger.json")
}

/// The first line carries format and checksum, the rest is JSON that a person can read.
fn encode(ledger: &Ledger) -> Result<Vec<u8>> {
    let body = serde_json::to_string_pretty(ledger)
        .map_err(|cause| Error::new(Kind::Bug, translated!("the ledger could not be written as JSON: {cause}")))?;
    Ok(format!("{TITLE}, format {FORMAT}, sha256 {}\n{body}\n", checksum(FORMAT, &body)).into_bytes())
}

fn decode(bytes: &[u8]) -> Stored {
    let damaged = |why: &str| Stored::Damaged(why.to_owned());
    let Ok(text) = std::str::from_utf8(bytes) else { return damaged(translated!("it is no text")) };
    let Some((first, body)) = text.split_once('\n') else { return damaged(translated!("it was cut off")) };
    let fields = first.strip_prefix(TITLE).and_then(|rest| rest.strip_prefix(", format ")?.split_once(", sha256 "));
    let Some((format, sum)) = fields else { return damaged(translated!("its first line is none of ours")) };
    let format = match format.parse::<u32>() {
        Ok(format @ 1..=FORMAT) => format,
        Ok(newer) if newer > FORMAT => return Stored::Newer(newer),
        _ => return damaged(translated!("its format number is none of ours")),
    };
    let Some(body) = body.strip_suffix('\n').filter(|body| checksum(format, body) == sum) else {
        return damaged(translated!("its checksum is wrong"));
    };
    serde_json::from_str(body)
        .map_or_else(|cause| Stored::Damaged(cause.to_string()), |ledger| Stored::Whole(Box::new(ledger)))
}

/// The sum of the first two formats is that of the body alone; since then it holds the format's number as well.
fn checksum(format: u32, body: &str) -> String {
    let number = if format > 2 { format!("{format}\n") } else { String::new() };
    hexadecimal(&Sha256::new().chain_update(number).chain_update(body).finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slot::Slot;

    fn sample() -> Ledger {
        Ledger { boot: "b".into(), live: Some(Slot::Green), ..Ledger::default() }
    }

    #[test]
    fn what_was_written_is_read_again() {
        assert_eq!(decode(&encode(&sample()).unwrap()), Stored::Whole(Box::new(sample())));
    }

    #[test]
    fn f107_where_the_disk_is_full_nobody_is_told_to_give_files_away() {
        use std::io::ErrorKind;
        for (kind, wanted) in [
            (ErrorKind::StorageFull, "free some room"),
            (ErrorKind::QuotaExceeded, "free some room"),
            (ErrorKind::ReadOnlyFilesystem, "its file system"),
            (ErrorKind::PermissionDenied, "chown"),
            (ErrorKind::NotFound, "chown"),
        ] {
            let told = remedy(&kind.into(), || "chown".to_owned());
            assert!(told.starts_with(wanted), "{kind:?}: {told}");
        }
    }

    #[test]
    fn f80_a_ledger_cut_off_anywhere_or_with_any_bit_flipped_is_damaged_and_never_believed() {
        let whole = encode(&sample()).unwrap();
        for length in 0..whole.len() {
            assert!(matches!(decode(&whole[..length]), Stored::Damaged(_)), "{length}");
        }
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            assert!(!matches!(decode(&flipped), Stored::Whole(_)), "{at}");
        }
    }

    #[test]
    fn f02_a_ledger_of_a_later_version_is_left_alone() {
        assert_eq!(decode(b"zero-downtime-hooks ledger, format 4, sha256 x\n{}\n"), Stored::Newer(4));
    }

    #[test]
    fn f02_a_ledger_of_the_versions_before_is_read() {
        let empty = r#"{"release":null,"process":null,"served":false}"#;
        let first = format!(
            r#""boot":"b","live":"green","tenants":{{"blue":{empty},"green":{empty}}},"deployment":null,"intent":null"#
        );
        for (format, body) in [(1, format!("{{{first}}}")), (2, format!("{{{first},\"checked\":[]}}"))] {
            let text = format!("{TITLE}, format {format}, sha256 {}\n{body}\n", checksum(format, &body));
            assert_eq!(decode(text.as_bytes()), Stored::Whole(Box::new(sample())), "format {format}");
        }
    }
}
