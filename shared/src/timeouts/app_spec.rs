//! The hooks of an `appspec.yml`: in which events they stand, as whom and how long they may run. It is found from the program,
//! as the settings are, and read as far as that needs; whatever else is in it is the agent's business.

use std::path::{Path, PathBuf};
use std::time::Duration;

use saphyr::{LoadableYamlNode, Yaml};

use crate::host::Host;
use crate::language::translated;

/// What the agent gives a script without a `timeout`: an hour, as the service gives an event.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_hours(1);

/// The names that the file may have. Agents of generation 1 know the first alone.
const NAMES: [&str; 2] = ["appspec.yml", "appspec.yaml"];

/// How far above the program the bundle's top is looked for: `hooks/stop` has it one directory above.
const LEVELS: usize = 3;

/// The scripts of a bundle's `appspec.yml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppSpec {
    /// In the order of the file.
    pub scripts: Vec<Script>,
    /// What `files` copies from, in the bundle.
    pub sources: Vec<PathBuf>,
    /// The top of the bundle.
    pub top: PathBuf,
    /// Where the program that it was found by is in the bundle, for example `hooks/stop`; nothing for a text alone.
    pub own: Option<PathBuf>,
}

/// One script of a lifecycle event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// The lifecycle event, for example `AfterInstall`.
    pub event: String,
    /// Where it is in the bundle, for example `hooks/stop`.
    pub location: String,
    /// How long it may take.
    pub timeout: Duration,
    /// The user that it runs as; nothing for the agent's own.
    pub runas: Option<String>,
}

impl AppSpec {
    /// The scripts in the text of an `appspec.yml`.
    ///
    /// # Errors
    /// Where and why the text is no YAML with hooks in it.
    pub fn parse(text: &str) -> Result<AppSpec, String> {
        let documents = Yaml::load_from_str(text).map_err(|cause| cause.to_string())?;
        let hooks = documents.first().and_then(|file| file.as_mapping_get("hooks")).and_then(Yaml::as_mapping);
        let scripts = hooks.into_iter().flatten().flat_map(|(event, entries)| {
            entries.as_vec().into_iter().flatten().filter_map(|entry| {
                let location = entry.as_mapping_get("location")?.as_str()?;
                Some(Script {
                    event: event.as_str()?.to_owned(),
                    location: location.trim_start_matches("./").trim_start_matches('/').to_owned(),
                    timeout: entry.as_mapping_get("timeout").and_then(duration).unwrap_or(DEFAULT_TIMEOUT),
                    runas: entry.as_mapping_get("runas").and_then(Yaml::as_str).map(str::to_owned),
                })
            })
        });
        let files = documents.first().and_then(|file| file.as_mapping_get("files")).and_then(Yaml::as_vec);
        let sources = files.into_iter().flatten().filter_map(|entry| entry.as_mapping_get("source")?.as_str());
        let sources = sources.map(|source| PathBuf::from(source.trim_start_matches("./").trim_start_matches('/')));
        Ok(AppSpec { scripts: scripts.collect(), sources: sources.collect(), ..AppSpec::default() })
    }

    /// Whether the bundle has a file of this name where `files` copies from.
    pub fn brings(&self, host: &impl Host, name: &str) -> bool {
        let is_there = |path: &Path| host.describe(path).is_ok();
        self.sources.iter().map(|source| self.top.join(source)).any(|source| {
            is_there(&source.join(name)) || source.file_name().is_some_and(|own| own == name) && is_there(&source)
        })
    }

    /// The timeout of the hook with this name, under this event where it is known: the shortest, where there are several.
    #[must_use]
    pub fn timeout(&self, hook: &str, event: Option<&str>) -> Option<Duration> {
        self.scripts
            .iter()
            .filter(|script| event.is_none_or(|event| event == script.event))
            .filter(|script| Path::new(&script.location).file_name().is_some_and(|name| name == hook))
            .map(|script| script.timeout)
            .min()
    }
}

/// A number of seconds. Text counts up to its first character that is no digit, as the agent has it: `30s` is 30.
fn duration(written: &Yaml<'_>) -> Option<Duration> {
    let seconds = match (written.as_integer(), written.as_str()) {
        (Some(seconds), _) => u64::try_from(seconds).ok()?,
        (None, Some(text)) => {
            let text = text.trim_start();
            let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
            text[..end].parse().ok()?
        }
        (None, None) => return None,
    };
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

/// The `appspec.yml` of the bundle that `program` is a hook of. `Ok(None)` where it is in none, or is no hook of the one
/// that is found.
///
/// # Errors
/// The file's path, and why it cannot be read.
pub fn of_bundle(host: &impl Host, program: &Path) -> Result<Option<AppSpec>, String> {
    let Some((top, path)) = program.ancestors().skip(1).take(LEVELS).find_map(|top| found_in(host, top)) else {
        return Ok(None);
    };
    let told = |why: &str| translated!("`{}` cannot be read: {why}", path.to_string_lossy());
    let bytes = host.read_file(&path).map_err(|cause| told(&cause.to_string()))?;
    let spec = AppSpec::parse(&String::from_utf8_lossy(&bytes)).map_err(|why| told(&why))?;
    let own = program.strip_prefix(top).unwrap_or(program);
    let names_it = spec.scripts.iter().any(|script| Path::new(&script.location) == own);
    Ok(names_it.then(|| AppSpec { top: top.to_owned(), own: Some(own.to_owned()), ..spec }))
}

fn found_in<'a>(host: &impl Host, top: &'a Path) -> Option<(&'a Path, PathBuf)> {
    NAMES.iter().map(|name| top.join(name)).find(|path| host.describe(path).is_ok()).map(|path| (top, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i9_timeouts_are_read_as_the_agent_reads_them() {
        for (name, written, wanted) in [
            ("a number", "timeout: 90", 90),
            ("a text", "timeout: \"90\"", 90),
            ("a text with a unit", "timeout: 90s", 90),
            ("nothing", "runas: ec2-user", 3600),
            ("no value", "timeout:", 3600),
            ("nonsense is the agent's to refuse", "timeout: soon", 3600),
        ] {
            let text = format!("hooks:\n  AfterInstall:\n    - location: hooks/stop\n      {written}\n");
            let spec = AppSpec::parse(&text).unwrap_or_else(|why| panic!("{name}: {why}"));
            assert_eq!(spec.timeout("stop", Some("AfterInstall")), Some(Duration::from_secs(wanted)), "{name}");
        }
    }

    #[test]
    fn a_hook_is_known_by_its_name_and_event_and_the_shortest_timeout_counts() {
        let spec = AppSpec::parse(
            "hooks:\n  AfterInstall:\n    - {location: hooks/stop, timeout: 60}\n  ApplicationStop:\n    - {location: /hooks/stop, timeout: 30}\n  BeforeInstall:\n",
        )
        .unwrap();
        assert_eq!(spec.timeout("stop", Some("AfterInstall")), Some(Duration::from_mins(1)));
        assert_eq!(spec.timeout("stop", None), Some(Duration::from_secs(30)));
        assert_eq!(spec.timeout("start", None), None);
        assert_eq!(spec.timeout("stop", Some("ValidateService")), None);
    }

    #[test]
    fn what_is_no_yaml_is_told_with_its_place() {
        let told = AppSpec::parse("hooks:\n  AfterInstall:\n  - location: [\n").unwrap_err();
        assert!(told.contains("line"), "{told}");
    }
}
