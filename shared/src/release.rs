//! A release: one immutable copy of an artifact. Here an artifact is chosen among the files in the agent's directory,
//! checked (`jar`), and given the name under which its copy is kept.

pub mod jar;

use std::path::PathBuf;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::config::{ArtifactPattern, Settings};
use crate::error::{Error, Kind, Result};
use crate::host::{FileKind, Host};

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
    pub fn of(artifact: &Artifact, settings: &Settings, made: &jiff::Timestamp, deployment: &str) -> Release {
        let deployment: String =
            deployment.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-').collect();
        let name = format!("{}-{}", made.strftime("%Y%m%dT%H%M%S%3fZ"), deployment.trim_matches('-'));
        let file = artifact.path.file_name().unwrap_or_default();
        Release { path: settings.releases().join(&name).join(file), name, sha256: None }
    }
}

/// Chooses and checks the artifact: what `start` will copy, and what `stop` refuses before it frees the idle slot.
///
/// # Errors
/// `Kind::Artifact` if there is none, more than one, or one that is broken; `Kind::NoRoom` if the disk is too full for it.
pub fn find_artifact(host: &impl Host, settings: &Settings) -> Result<Artifact> {
    let pattern = &settings.app.artifact;
    let directory = pattern.directory.to_string_lossy();
    let names = match host.list(&pattern.directory) {
        Ok(names) => names,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(cause) => {
            return Err(Error::new(Kind::of(&cause), format!("the directory `{directory}` cannot be read: {cause}"))
                .advise("let the user that runs the hooks read it (`permissions` in appspec.yml)"));
        }
    };
    let name = choose(pattern, names).map_err(|why| {
        Error::new(Kind::Artifact, format!("`{directory}`: {why}"))
            .advise("put exactly one boot jar into the bundle, or name it in `app.artifact` of hooks.toml")
    })?;
    let path = pattern.directory.join(&name);
    let broken = |why: String| {
        Error::new(Kind::Artifact, format!("the artifact `{}` {why}", path.to_string_lossy()))
            .advise("build and upload the bundle again")
    };
    let mut file = host.open(&path).map_err(|cause| broken(format!("cannot be read: {cause}")))?;
    let facts = host.describe(&path).map_err(|cause| broken(format!("cannot be read: {cause}")))?;
    if facts.kind != FileKind::Regular {
        return Err(broken("is no regular file".to_owned()));
    }
    if facts.size == 0 {
        return Err(broken("is empty".to_owned()));
    }
    if settings.app.command.is_empty() {
        jar::check(&mut file).map_err(broken)?;
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
            format!("`stop` saw `{}`", seen.path.to_string_lossy())
        } else if self.size == seen.size {
            "it was written again since `stop` saw it".to_owned()
        } else {
            format!("it has {} bytes, and had {} when `stop` saw it", self.size, seen.size)
        };
        Err(Error::new(Kind::Artifact, format!("the artifact `{found}` is not the one of this deployment: {what}"))
            .advise("see what else writes into that directory (a second deployment group?) and give it a directory of its own; then deploy again"))
    }
}

fn check_disk(host: &impl Host, settings: &Settings, size: u64) -> Result<()> {
    let directory = &settings.app.directory;
    let shown = directory.to_string_lossy();
    let free = host.free_space(directory).map_err(|cause| {
        Error::new(Kind::of(&cause), format!("the application's directory `{shown}` cannot be used: {cause}"))
            .advise("make that directory, owned by the user that runs the hooks, or correct `app.directory`")
    })?;
    let needed = size.saturating_add(DISK_RESERVE);
    if free < needed {
        return Err(Error::new(
            Kind::NoRoom,
            format!("the disk of `{shown}` has {} free, needed {}", megabytes(free), megabytes(needed)),
        )
        .advise(format!(
            "remove old releases from `{}` and old revisions of the agent",
            settings.releases().to_string_lossy()
        )));
    }
    Ok(())
}

/// The releases that nobody needs any more: all but the newest `keep` and those in use. What these hooks have not named is
/// not theirs to remove.
#[must_use]
pub fn outdated(mut names: Vec<String>, keep: usize, in_use: impl Fn(&str) -> bool) -> Vec<String> {
    names.retain(|name| is_release(name) && !in_use(name));
    names.sort();
    names.truncate(names.len().saturating_sub(keep));
    names
}

/// Whether a name is one that `Release::of` gives: `20261122T102030500Z-d-ABC123`.
fn is_release(name: &str) -> bool {
    let Some((made, _)) = name.split_once("Z-") else { return false };
    made.len() == 18
        && made.split_once('T').is_some_and(|(day, time)| {
            day.len() == 8 && day.bytes().chain(time.bytes()).all(|byte| byte.is_ascii_digit())
        })
}

/// Bytes as people say them.
#[must_use]
pub fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000))
}

/// Chooses the one file that can be the artifact. What Gradle and Maven put beside a boot jar is no candidate (F20).
///
/// # Errors
/// What was found instead of exactly one, as a part of a sentence.
pub fn choose(pattern: &ArtifactPattern, names: Vec<String>) -> Result<String, String> {
    let mut matching: Vec<String> = names.into_iter().filter(|name| matches(pattern, name)).collect();
    matching.sort();
    let (others, mut candidates): (Vec<String>, Vec<String>) = matching
        .into_iter()
        .partition(|name| ["-plain.jar", "-sources.jar", "-javadoc.jar"].iter().any(|ending| name.ends_with(ending)));
    let wanted =
        format!("{}{}", pattern.before, pattern.after.as_ref().map_or_else(String::new, |after| format!("*{after}")));
    match (candidates.pop(), candidates.is_empty()) {
        (Some(one), true) => Ok(one),
        (Some(one), false) => {
            candidates.push(one);
            let shown: Vec<String> = candidates.iter().map(|name| format!("`{name}`")).collect();
            Err(format!("found {} candidates ({}), needed exactly one", candidates.len(), shown.join(", ")))
        }
        (None, _) if others.is_empty() => Err(format!("found no `{wanted}`")),
        (None, _) => {
            Err(format!("found only `{}`, which does not start by itself; needed a boot jar", others.join("`, `")))
        }
    }
}

fn matches(pattern: &ArtifactPattern, name: &str) -> bool {
    match &pattern.after {
        None => name == pattern.before,
        Some(after) => {
            name.len() >= pattern.before.len() + after.len()
                && name.starts_with(&pattern.before)
                && name.ends_with(after.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f20_exactly_one_boot_jar_is_chosen_whatever_the_order_of_the_names() {
        let pattern =
            ArtifactPattern { directory: "/app/zip".into(), before: String::new(), after: Some(".jar".into()) };
        for (name, names, wanted) in [
            ("one", vec!["appspec.yml", "app-1.0.jar"], Ok("app-1.0.jar")),
            ("plain beside it", vec!["app-1.0-plain.jar", "app-1.0.jar"], Ok("app-1.0.jar")),
            ("all that Gradle makes", vec!["a.jar", "a-sources.jar", "a-javadoc.jar", "a-plain.jar"], Ok("a.jar")),
            ("a name with a blank", vec!["-my app.jar"], Ok("-my app.jar")),
            ("none", vec!["appspec.yml"], Err("found no `*.jar`")),
            ("plain only", vec!["app-plain.jar"], Err("found only `app-plain.jar`, which does not start by itself")),
            ("two", vec!["b.jar", "a.jar"], Err("found 2 candidates (`a.jar`, `b.jar`), needed exactly one")),
        ] {
            let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
            for names in [names.clone(), names.into_iter().rev().collect()] {
                match (choose(&pattern, names), &wanted) {
                    (Ok(found), Ok(wanted)) => assert_eq!(found, *wanted, "{name}"),
                    (Err(told), Err(wanted)) => assert!(told.contains(wanted), "{name}: {told}"),
                    (found, _) => panic!("{name}: {found:?}"),
                }
            }
        }
    }

    #[test]
    fn f20_a_pattern_matches_what_begins_and_ends_as_it_does_and_nothing_else() {
        let pattern = |before: &str, after: &str| ArtifactPattern {
            directory: "/app/zip".into(),
            before: before.into(),
            after: Some(after.into()),
        };
        for (before, after, name, wanted) in [
            ("service-", ".jar", "service-1.0.jar", true),
            ("service-", ".jar", "service-.jar", true),
            ("service-", ".jar", "other-1.0.jar", false),
            ("service-", ".jar", "my-service-1.0.jar", false),
            ("service-", ".jar", "service.jar", false),
            ("service-", ".jar", "service-1.0.jar.sha256", false),
            ("service-", ".jar", "service-1.0.war", false),
            ("service-", "-boot.jar", "service-1.0.jar", false),
            // The same letters cannot be both its beginning and its end.
            ("service.", ".jar", "service.jar", false),
            ("service.", ".jar", "service..jar", true),
            ("a", "a", "a", false),
        ] {
            let chosen = choose(&pattern(before, after), vec![name.to_owned()]);
            let none = Err(format!("found no `{before}*{after}`"));
            assert_eq!(chosen, if wanted { Ok(name.to_owned()) } else { none }, "`{before}*{after}` and `{name}`");
        }
        let beside = ["other-2.0.jar", "service-1.0.jar", "service-1.0.jar.sha256"].map(str::to_owned).to_vec();
        assert_eq!(choose(&pattern("service-", ".jar"), beside), Ok("service-1.0.jar".to_owned()));
    }

    #[test]
    fn f87_only_old_releases_that_nobody_uses_are_outdated() {
        let name = |day: u32| format!("202611{day:02}T102030500Z-d-ABC");
        let mut names: Vec<String> = [5, 1, 4, 2, 3].map(name).to_vec();
        names.extend(["lost+found".to_owned(), "20261101-mine".to_owned()]);
        let in_use = |found: &str| found == name(1) || found == name(5);
        assert_eq!(outdated(names.clone(), 1, in_use), [name(2), name(3)]);
        assert_eq!(outdated(names.clone(), 3, in_use), Vec::<String>::new());
        assert_eq!(outdated(names, 0, in_use), [name(2), name(3), name(4)]);
    }

    #[test]
    fn an_artifact_named_whole_is_the_only_candidate() {
        let pattern = ArtifactPattern { directory: "/app".into(), before: "server".into(), after: None };
        assert_eq!(choose(&pattern, vec!["server".into(), "server.old".into()]), Ok("server".into()));
    }
}
