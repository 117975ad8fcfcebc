//! What would go wrong on the host with this `appspec.yml` and these files: places that are not in the bundle, events that no
//! agent runs, files that land on one another. And what the agent would pass over in silence.

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use agent::AppSpec;
use shared::lifecycle::sequence;

/// The service ends an event after this long, whatever its scripts may take.
const EVENT_AT_MOST: Duration = Duration::from_hours(1);

/// Sentences about a bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// It would fail.
    pub refusals: Vec<String>,
    /// It would not do what somebody expects.
    pub warnings: Vec<String>,
}

/// Checks what `spec`, written as `text`, says about a bundle of files at these paths.
#[must_use]
pub fn check(spec: &AppSpec, text: &str, paths: &[&str]) -> Findings {
    let mut findings = Findings::default();
    let refusals = &mut findings.refusals;
    hooks(spec, paths, refusals);
    for mapping in &spec.files {
        if targets(mapping, paths).is_empty() {
            refusals.push(format!(
                "`files` of appspec.yml names `{}`, which is not in the bundle; in it are {}: correct `source`",
                mapping.source,
                list(paths)
            ));
        }
    }
    installs(spec, paths, refusals);
    findings.warnings = AppSpec::ignored_keys(text)
        .unwrap_or_default()
        .into_iter()
        .map(|ignored| {
            let under = ignored.under.map_or_else(|| "at the top".to_owned(), |under| format!("under `{under}`"));
            let advice = if ignored.key == "overwrite" {
                "write `file_exists_behavior: OVERWRITE` at the top instead"
            } else {
                "correct its spelling or its place, or remove it"
            };
            format!(
                "line {} of appspec.yml: the agent knows no `{}` {under} and passes over it: {advice}",
                ignored.line, ignored.key
            )
        })
        .collect();
    for hook in crate::hooks::all().into_iter().filter(|hook| !hook.by_hand) {
        let location = hook.location();
        if !spec.all_scripts().any(|(_, script)| script.path() == location) {
            findings.warnings.push(format!("`{location}` is in the bundle, but no event of appspec.yml runs it"));
        }
    }
    findings
}

/// What `stop` would refuse on the host of where the hooks stand.
#[must_use]
pub fn sequence(text: &str) -> Vec<String> {
    // What is no YAML has been told already.
    let Ok(spec) = shared::timeouts::app_spec::AppSpec::parse(text) else { return Vec::new() };
    let own = crate::hooks::all().into_iter().find(|hook| !hook.by_hand).map(|hook| PathBuf::from(hook.location()));
    let spec = shared::timeouts::app_spec::AppSpec { own, ..spec };
    let mistakes = sequence::mistakes(&spec);
    mistakes.into_iter().map(|what| format!("in appspec.yml {what}: {}", sequence::advice())).collect()
}

/// Where a file of the bundle is on the host, after Install.
#[must_use]
pub fn landing_places(spec: &AppSpec, path: &str) -> Vec<PathBuf> {
    spec.files.iter().flat_map(|mapping| targets(mapping, &[path])).map(|(_, target)| target).collect()
}

fn hooks(spec: &AppSpec, paths: &[&str], refusals: &mut Vec<String>) {
    for event in spec.unknown_events() {
        refusals.push(format!(
            "`{event}` under `hooks` of appspec.yml is no event that an agent runs: correct its spelling, as in \
             `ApplicationStart`"
        ));
    }
    if spec.hooks.is_empty() {
        refusals
            .push("appspec.yml has no `hooks`, so nothing would be started: begin with the one of this project".into());
    }
    for (event, script) in spec.all_scripts() {
        if !paths.contains(&script.path()) {
            refusals.push(format!(
                "`{event}` in appspec.yml runs `{}`, which is not in the bundle; in it are {}: correct `location`",
                script.location,
                list(paths)
            ));
        }
    }
    for (event, scripts) in &spec.hooks {
        let sum: Duration = scripts.iter().map(|script| script.timeout).sum();
        if sum > EVENT_AT_MOST {
            refusals.push(format!(
                "the timeouts of `{event}` in appspec.yml add up to {} s, and an event is ended after {} s: give each \
                 script a `timeout` that it needs (without one it has 3600 s)",
                sum.as_secs(),
                EVENT_AT_MOST.as_secs()
            ));
        }
    }
}

/// What Install would refuse: a target with two sources, a file that two entries of `permissions` mean.
fn installs(spec: &AppSpec, paths: &[&str], refusals: &mut Vec<String>) {
    let mut planned: Vec<PathBuf> = Vec::new();
    for (_, target) in spec.files.iter().flat_map(|mapping| targets(mapping, paths)) {
        if planned.contains(&target) {
            refusals.push(format!(
                "`files` of appspec.yml leads to `{}` more than once: let each destination have one source",
                target.display()
            ));
        } else {
            planned.push(target);
        }
    }
    let twice = planned.iter().find(|target| {
        let meant = spec.permissions.iter().filter(|permission| {
            let object = from_the_top(&permission.object);
            permission.types.files && (object == **target || permission.matches(&object, target))
        });
        meant.count() > 1
    });
    if let Some(target) = twice {
        refusals.push(format!(
            "`permissions` of appspec.yml matches `{}` more than once: let one entry settle it, or use `except`",
            target.display()
        ));
    }
}

/// What a mapping copies: the files of the bundle that it means, and where each of them ends.
fn targets(mapping: &agent::FileMapping, paths: &[&str]) -> Vec<(String, PathBuf)> {
    let source = Path::new(mapping.source.trim_start_matches('/'));
    let destination = from_the_top(&mapping.destination);
    let target = |path: &&str| {
        let inside = Path::new(path).strip_prefix(source).ok()?;
        // A file as the source keeps its name; of a directory only the contents are copied.
        let inside = if inside.as_os_str().is_empty() { Path::new(source.file_name()?) } else { inside };
        Some(((*path).to_owned(), destination.join(inside)))
    };
    paths.iter().filter_map(target).collect()
}

/// A path of the host without what means nothing in it; a relative one hangs on the agent's directory, the root.
fn from_the_top(path: &str) -> PathBuf {
    let parts = Path::new(path).components().filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
    Path::new("/").join(parts.collect::<PathBuf>())
}

fn list(paths: &[&str]) -> String {
    let shown: Vec<String> = paths.iter().map(|path| format!("`{path}`")).collect();
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATHS: [&str; 7] =
        ["appspec.yml", "hooks.toml", "hooks/stop", "hooks/start", "hooks/health", "hooks/switch", "app.jar"];

    fn findings(text: &str) -> Findings {
        check(&AppSpec::parse(text).unwrap(), text, &PATHS)
    }

    #[test]
    fn the_shipped_one_has_no_fault() {
        assert_eq!(findings(include_str!("../../../appspec.yml")), Findings::default());
    }

    #[test]
    fn what_would_fail_on_the_host_is_refused() {
        let good = "hooks:\n  AfterInstall:\n    - {location: hooks/stop, timeout: 60}\n";
        for (name, text, told) in [
            ("good", good.to_owned(), ""),
            ("with a slash", good.replace("hooks/stop", "/hooks/stop"), ""),
            ("no hooks", "files: []\n".to_owned(), "has no `hooks`"),
            (
                "a missing script",
                good.replace("hooks/stop", "hooks/halt"),
                "runs `hooks/halt`, which is not in the bundle",
            ),
            ("arguments", good.replace("hooks/stop", "hooks/stop --now"), "runs `hooks/stop --now`, which is not"),
            (
                "a typo in an event",
                good.replace("After", "Aftr"),
                "`AftrInstall` under `hooks` of appspec.yml is no event",
            ),
            (
                "no timeouts",
                "hooks:\n  AfterInstall:\n    - location: hooks/stop\n    - location: hooks/start\n".to_owned(),
                "the timeouts of `AfterInstall` in appspec.yml add up to 7200 s",
            ),
            (
                "a missing source",
                format!("{good}files:\n  - {{source: my.jar, destination: /srv}}\n"),
                "names `my.jar`, which is not in the bundle",
            ),
            (
                "a target twice",
                format!(
                    "{good}files:\n  - {{source: /, destination: /srv/}}\n  - {{source: /app.jar, destination: /srv}}\n"
                ),
                "leads to `/srv/app.jar` more than once",
            ),
            (
                "a permission twice",
                format!(
                    "{good}files:\n  - {{source: /, destination: /srv}}\npermissions:\n  - {{object: /srv, owner: a}}\n  - \
                     {{object: /srv, pattern: '*.jar', owner: b}}\n"
                ),
                "matches `/srv/app.jar` more than once",
            ),
        ] {
            let refusals = findings(&format!("version: 0.0\nos: linux\n{text}")).refusals;
            assert_eq!(refusals.is_empty(), told.is_empty(), "{name}: {refusals:?}");
            assert!(refusals.iter().all(|sentence| sentence.contains(told)), "{name}: {refusals:?}");
        }
    }

    #[test]
    fn f113_hooks_out_of_place_are_refused_before_they_leave_this_machine() {
        let shipped = include_str!("../../../appspec.yml");
        assert_eq!(sequence(shipped), Vec::<String>::new());
        for (from, to, told) in [
            ("hooks/health", "hooks/heal", "no event runs `hooks/health`"),
            ("  ApplicationStart:", "  BeforeAllowTraffic:", "which comes only behind a load balancer"),
        ] {
            let refusals = sequence(&shipped.replacen(from, to, 1));
            assert!(refusals.len() == 1 && refusals[0].contains(told), "{to}: {refusals:?}");
        }
    }

    #[test]
    fn what_the_agent_passes_over_is_told() {
        let text = "version: 0.0\nos: linux\nfiles:\n  - source: /\n    destination: /srv\n    overwrite: yes\nhooks:\n  \
            AfterInstall:\n    - location: hooks/stop\n      timout: 5\n";
        let warnings = findings(text).warnings;
        for told in [
            "line 6 of appspec.yml: the agent knows no `overwrite` under `files` and passes over it: write `file_exists",
            "line 10 of appspec.yml: the agent knows no `timout` under `AfterInstall`",
            "`hooks/switch` is in the bundle, but no event of appspec.yml runs it",
        ] {
            assert!(warnings.iter().any(|warning| warning.contains(told)), "{told}: {warnings:#?}");
        }
    }

    #[test]
    fn files_land_where_install_puts_them() {
        for (source, path, landed) in [
            ("/", "app.jar", "/srv/zip/app.jar"),
            ("/", "hooks/stop", "/srv/zip/hooks/stop"),
            ("app.jar", "app.jar", "/srv/zip/app.jar"),
            ("hooks", "hooks/stop", "/srv/zip/stop"),
            ("hooks", "app.jar", ""),
        ] {
            let text = format!("version: 0.0\nos: linux\nfiles:\n  - source: {source}\n    destination: srv/zip/\n");
            let places = landing_places(&AppSpec::parse(&text).unwrap(), path);
            let wanted: Vec<PathBuf> = (!landed.is_empty()).then(|| PathBuf::from(landed)).into_iter().collect();
            assert_eq!(places, wanted, "{source} {path}");
        }
    }
}
