//! A release: one immutable copy of an artifact. Here an artifact is chosen among the files in the agent's directory,
//! checked (`jar`), and given the name under which its copy is kept.

mod candidates;
pub mod jar;
pub mod java;
mod retention;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

pub use self::candidates::{Unchosen, choose};
pub use self::retention::{is_release, outdated};
use crate::config::{Settings, paths};
use crate::error::{Error, Kind, Result};
use crate::host::{FileKind, Host};
use crate::language::translated;
use crate::timeouts::app_spec::AppSpec;

/// The application's own classes beside a release's copy, where it boots from a class path.
pub const CLASSES: &str = "classes.jar";

/// What is kept free on the disk beside a release.
const DISK_RESERVE: u64 = 32 * 1024 * 1024;

/// A file that can become a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Artifact {
    /// Where it is.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// When its bytes were written.
    pub written: SystemTime,
}

/// One immutable copy on this host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Its name: when it was made, and from which deployment.
    pub name: String,
    /// Where the copy is: a file in a directory that bears the name.
    pub path: PathBuf,
    /// The sha256 of its bytes, in hexadecimal; nothing until it is copied.
    pub sha256: Option<String>,
}

impl Release {
    /// The release that an artifact becomes: a new directory each time, so that nothing is ever written over (F30).
    #[must_use]
    pub fn of(artifact: &Artifact, settings: &Settings, made: SystemTime, deployment: &str) -> Release {
        let deployment: String =
            deployment.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-').collect();
        let made = humantime::format_rfc3339_millis(made).to_string().replace(['-', ':', '.'], "");
        let name = format!("{made}-{}", deployment.trim_matches('-'));
        let file = artifact.path.file_name().unwrap_or_default();
        Release { path: settings.releases().join(&name).join(file), name, sha256: None }
    }
}

/// Chooses and checks the artifact: what `start` will copy, and what `stop` refuses before it frees the idle slot. What the bundle
/// of `spec` brought is told apart from what lay there before.
///
/// # Errors
/// `Kind::Artifact` if there is none, more than one, or one that is broken; `Kind::NoRoom` if the disk is too full for it.
pub fn find_artifact(host: &impl Host, settings: &Settings, spec: Option<&AppSpec>) -> Result<Artifact> {
    let pattern = &settings.app.artifact;
    let directory = pattern.directory.to_string_lossy();
    let names = match host.list(&pattern.directory) {
        Ok(names) => names,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(cause) => {
            return Err(Error::new(
                Kind::of(&cause),
                translated!("the directory `{directory}` cannot be read: {cause}"),
            )
            .advise(translated!("let the user that runs the hooks read it (`permissions` in appspec.yml)")));
        }
    };
    let name = choose(pattern, names).map_err(|why| unchosen(host, settings, spec, &why))?;
    let path = pattern.directory.join(&name);
    let broken = |why: String| {
        Error::new(Kind::Artifact, translated!("the artifact `{}` {why}", path.to_string_lossy()))
            .advise(translated!("build and upload the bundle again"))
    };
    let facts = host.describe(&path).map_err(|cause| broken(translated!("cannot be read: {cause}")))?;
    if facts.kind == FileKind::Directory {
        return Err(Error::new(Kind::Artifact, translated!("the artifact `{}` is a directory, needed one file", path.to_string_lossy()))
            .advise(translated!("pack what is in it into one file (a jar, a zip), or name the file that runs in `app.artifact` of hooks.toml")));
    }
    let mut file = host.open(&path).map_err(|cause| broken(translated!("cannot be read: {cause}")))?;
    if facts.kind != FileKind::Regular {
        return Err(broken(translated!("is no regular file").to_owned()));
    }
    if facts.size == 0 {
        return Err(broken(translated!("is empty").to_owned()));
    }
    if settings.app.command.is_empty() {
        let needed = jar::check(&mut file).map_err(broken)?;
        check_class_path(host, settings, &path, &needed.jars)?;
        java::check(host, settings, &path, needed.newest.as_ref())?;
    }
    check_disk(host, settings, facts.size)?;
    Ok(Artifact { path, size: facts.size, written: facts.written })
}

impl Artifact {
    /// Makes sure that this is what `stop` saw in the same deployment: another deployment group with the same directory may have
    /// put its own file there since (F93).
    ///
    /// # Errors
    /// `Kind::Artifact` with what has changed.
    pub fn is_what_stop_saw(&self, seen: Option<&Artifact>) -> Result<()> {
        let Some(seen) = seen.filter(|seen| *seen != self) else { return Ok(()) };
        let found = self.path.to_string_lossy();
        let what = if self.path != seen.path {
            translated!("`stop` saw `{}`", seen.path.to_string_lossy())
        } else if self.size == seen.size {
            translated!("it was written again since `stop` saw it").to_owned()
        } else {
            translated!("it has {} bytes, and had {} when `stop` saw it", self.size, seen.size)
        };
        Err(Error::new(Kind::Artifact, translated!("the artifact `{found}` is not the one of this deployment: {what}"))
            .advise(translated!("see what else writes into that directory (a second deployment group?) and give it a directory of its own; then deploy again")))
    }
}

/// Why there is no artifact, with what to do about it. The agent removes what an earlier deployment of the same group brought; what
/// came in another way stays, and lies beside the new one.
fn unchosen(host: &impl Host, settings: &Settings, spec: Option<&AppSpec>, why: &Unchosen) -> Error {
    let directory = settings.app.artifact.directory.to_string_lossy().into_owned();
    let error = Error::new(Kind::Artifact, format!("`{directory}`: {why}"));
    let usual = translated!("put exactly one boot jar into the bundle, or name it in `app.artifact` of hooks.toml");
    let (Unchosen::Several(names), Some(spec)) = (why, spec.filter(|spec| spec.own.is_some())) else {
        return error.advise(match why {
            Unchosen::None(_) => usual.to_owned(),
            Unchosen::Several(_) => {
                translated!("leave the one that is to run in `{directory}`, or name it in `app.artifact` of hooks.toml")
            }
        });
    };
    let (brought, others): (Vec<String>, Vec<String>) = names.iter().cloned().partition(|name| spec.brings(host, name));
    if brought.len() != 1 || others.is_empty() {
        return error.advise(usual);
    }
    error.advise(translated!(
        "this deployment brought `{}` alone: remove {} from `{directory}`, which an earlier deployment group or a person left \
         there; then deploy again",
        brought.join(""),
        candidates::list(&others)
    ))
}

/// Refuses a jar whose libraries would not be where its copy looks for them.
fn check_class_path(host: &impl Host, settings: &Settings, path: &Path, needed: &[String]) -> Result<()> {
    let copies = settings.releases().join("release");
    let missing: Vec<String> = needed
        .iter()
        .filter(|entry| {
            let entry = entry.strip_prefix("file:").unwrap_or(entry);
            // As Java reads an entry: the directories on the way to a `..` need not exist.
            host.describe(&paths::normal(&copies.join(entry))).is_err()
        })
        .cloned()
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        Kind::Artifact,
        translated!(
            "the artifact `{}` is a thin jar: its manifest's `Class-Path` names {}, which will not be beside its copy in `{}`",
            path.to_string_lossy(),
            candidates::list(&missing),
            settings.releases().to_string_lossy()
        ),
    )
    .advise(translated!("build a fat jar (`bootJar`, `spring-boot:repackage`), or take `Class-Path` out of its manifest, or set `app.command`")))
}

/// Refuses where the disk has no room for a release of this size.
///
/// # Errors
/// `Kind::NoRoom` with what is free and what is needed; as `Kind::of` says where the application's directory cannot be used.
pub fn check_disk(host: &impl Host, settings: &Settings, size: u64) -> Result<()> {
    let directory = &settings.app.directory;
    let shown = directory.to_string_lossy();
    let free = host.free_space(directory).map_err(|cause| {
        Error::new(Kind::of(&cause), translated!("the application's directory `{shown}` cannot be used: {cause}"))
            .advise(translated!(
                "make that directory, owned by the user that runs the hooks, or correct `app.directory`"
            ))
    })?;
    let needed = size.saturating_add(DISK_RESERVE);
    if free < needed {
        return Err(Error::new(
            Kind::NoRoom,
            translated!("the disk of `{shown}` has {} free, needed {}", megabytes(free), megabytes(needed)),
        )
        .advise(translated!(
            "remove old releases from `{}` and old revisions of the agent",
            settings.releases().to_string_lossy()
        )));
    }
    Ok(())
}

/// Bytes as people say them.
#[must_use]
pub fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000))
}
