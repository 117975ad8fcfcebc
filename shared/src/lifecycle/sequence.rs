//! Whether an `appspec.yml` runs each hook once, as one user, in an event that always comes, and in the order of a deploy. What
//! stands between them is the owner's own.

use std::path::Path;

use super::HOOKS;
use crate::language::translated;
use crate::timeouts::app_spec::{AppSpec, Script};

/// The events of a deployment to hosts that always come once the new files are there, in their order.
const EVENTS: [&str; 3] = ["AfterInstall", "ApplicationStart", "ValidateService"];

/// Where each hook stands in the shipped `appspec.yml`.
const USUAL: &str = "AfterInstall: stop; ApplicationStart: start; ValidateService: health, then switch";

/// Everything that is wrong with where the hooks stand; nothing for a file that none of them was found by.
#[must_use]
pub fn mistakes(spec: &AppSpec) -> Vec<String> {
    let Some(own) = &spec.own else { return Vec::new() };
    let location = |hook: &str| own.with_file_name(hook);
    let mut mistakes = Vec::new();
    let mut standing: Vec<(&'static str, usize, &Script)> = Vec::new();
    for hook in HOOKS {
        let location = location(hook);
        let shown = location.to_string_lossy();
        let found: Vec<&Script> =
            spec.scripts.iter().filter(|script| Path::new(&script.location) == location).collect();
        match found[..] {
            // A script of the owner's may run it, which a note says.
            [] if own_scripts(spec).next().is_some() => {}
            [] => mistakes.push(translated!("no event runs `{shown}`")),
            [script] => match EVENTS.iter().position(|event| *event == script.event) {
                Some(event) => standing.push((hook, event, script)),
                None => {
                    mistakes.push(translated!("`{shown}` stands in `{}`, {}", script.event, why_not(&script.event)));
                }
            },
            [first, second, ..] if first.event == second.event => {
                mistakes.push(translated!("`{shown}` stands twice in `{}`", first.event));
            }
            [first, second, ..] => {
                mistakes.push(translated!("`{shown}` stands in `{}` and in `{}`", first.event, second.event));
            }
        }
    }
    for pair in standing.windows(2) {
        let [(hook, event, script), (next, next_event, next_script)] = pair else { continue };
        let line = |script: &Script| spec.scripts.iter().position(|other| std::ptr::eq(other, script));
        if event > next_event || (event == next_event && line(script) > line(next_script)) {
            mistakes.push(translated!("`{next}` comes before `{hook}`"));
        }
        if user(script) != user(next_script) {
            mistakes.push(translated!("`{hook}` runs as `{}` and `{next}` as `{}`", user(script), user(next_script)));
        }
    }
    mistakes
}

/// What a person should know, and no mistake for sure: a hook that no event runs by itself, though a script may.
#[must_use]
pub fn notes(spec: &AppSpec) -> Vec<String> {
    let (Some(own), Some(script)) = (&spec.own, own_scripts(spec).next()) else { return Vec::new() };
    let missing = HOOKS.into_iter().map(|hook| own.with_file_name(hook));
    let missing = missing.filter(|location| !spec.scripts.iter().any(|script| Path::new(&script.location) == location));
    let note = |location: std::path::PathBuf| {
        translated!(
            "no event of appspec.yml runs `{}`: a deploy comes to its end only if a script does, as `{}` of `{}` may",
            location.to_string_lossy(),
            script.location,
            script.event
        )
    };
    missing.map(note).collect()
}

/// The scripts of the owner's in the events in which hooks may stand. A name without an ending beside the hooks is a misspelt one.
fn own_scripts(spec: &AppSpec) -> impl Iterator<Item = &Script> {
    let beside = |path: &Path| spec.own.as_ref().is_some_and(|own| own.parent() == path.parent());
    still_to_run(spec).filter(move |script| {
        let path = Path::new(&script.location);
        !beside(path) || path.extension().is_some()
    })
}

/// What to do about any of them.
#[must_use]
pub fn advice() -> String {
    translated!("let `hooks` of appspec.yml name each once, with one `runas`: {USUAL}. Then deploy again")
}

/// The scripts that a deployment still has to run once `stop` runs.
pub fn still_to_run(spec: &AppSpec) -> impl Iterator<Item = &Script> {
    spec.scripts.iter().filter(|script| EVENTS.contains(&script.event.as_str()))
}

/// Whom the agent runs a script as; without `runas` that is its own user.
fn user(script: &Script) -> &str {
    script.runas.as_deref().unwrap_or("root")
}

/// Why an event is none in which a hook can do its work.
fn why_not(event: &str) -> &'static str {
    match event {
        "ApplicationStop" => translated!("which runs the scripts of the bundle before this one"),
        "BeforeInstall" => translated!("before the files of the new release are there"),
        "DownloadBundle" | "Install" | "BlockTraffic" | "AllowTraffic" => {
            translated!("in which the agent runs no script")
        }
        "BeforeBlockTraffic" | "AfterBlockTraffic" | "BeforeAllowTraffic" | "AfterAllowTraffic" => {
            translated!("which comes only behind a load balancer")
        }
        _ => translated!("which is no event of a deployment to a host"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An appspec.yml of the events, each with its scripts; `!` before a script stands for another user.
    fn spec(events: &[(&str, &[&str])]) -> AppSpec {
        let script = |location: &str| match location.strip_prefix('!') {
            Some(location) => format!("    - {{location: {location}, runas: deploy}}\n"),
            None => format!("    - {{location: {location}, runas: ec2-user}}\n"),
        };
        let event = |(name, scripts): &(&str, &[&str])| {
            format!("  {name}:\n{}", scripts.iter().map(|location| script(location)).collect::<String>())
        };
        let text = format!("hooks:\n{}", events.iter().map(event).collect::<String>());
        AppSpec { own: Some("hooks/stop".into()), ..AppSpec::parse(&text).unwrap() }
    }

    type Events<'a> = &'a [(&'a str, &'a [&'a str])];

    #[test]
    fn f113_each_hook_stands_once_in_an_event_that_comes_in_its_order_and_with_one_user() {
        const STOP: (&str, &[&str]) = ("AfterInstall", &["hooks/stop"]);
        const START: (&str, &[&str]) = ("ApplicationStart", &["hooks/start"]);
        const PROOF: (&str, &[&str]) = ("ValidateService", &["hooks/health", "hooks/switch"]);
        let table: [(&str, Events<'_>, &[&str]); 19] = [
            ("as shipped", &[STOP, START, PROOF], &[]),
            ("the events in another order of lines", &[PROOF, START, STOP], &[]),
            (
                "all in one event",
                &[("AfterInstall", &["hooks/stop", "hooks/start", "hooks/health", "hooks/switch"])],
                &[],
            ),
            (
                "`health` beside `start`",
                &[STOP, ("ApplicationStart", &["hooks/start", "hooks/health"]), ("ValidateService", &["hooks/switch"])],
                &[],
            ),
            (
                "one's own scripts between, of the same name and of another user",
                &[
                    ("ApplicationStop", &["scripts/stop"]),
                    ("AfterInstall", &["scripts/start", "hooks/stop"]),
                    ("ApplicationStart", &["hooks/start", "!scripts/tell.sh"]),
                    PROOF,
                    ("AfterAllowTraffic", &["scripts/switch"]),
                ],
                &[],
            ),
            ("no health", &[STOP, START, ("ValidateService", &["hooks/switch"])], &["no event runs `hooks/health`"]),
            ("`stop` alone", &[STOP], &["`hooks/start`", "`hooks/health`", "`hooks/switch`"]),
            (
                "an own script is in no event in which a hook may stand",
                &[("ApplicationStop", &["scripts/stop"]), STOP, PROOF, ("AfterAllowTraffic", &["scripts/start"])],
                &["no event runs `hooks/start`"],
            ),
            (
                "behind a load balancer",
                &[STOP, START, ("ValidateService", &["hooks/health"]), ("AfterAllowTraffic", &["hooks/switch"])],
                &["`hooks/switch` stands in `AfterAllowTraffic`, which comes only behind a load balancer"],
            ),
            (
                "an event of Lambda",
                &[STOP, START, ("ValidateService", &["hooks/health"]), ("AfterAllowTestTraffic", &["hooks/switch"])],
                &["`AfterAllowTestTraffic`, which is no event of a deployment to a host"],
            ),
            (
                "misspelt",
                &[STOP, ("ApplicationStarted", &["hooks/start"]), PROOF],
                &["`hooks/start` stands in `ApplicationStarted`"],
            ),
            (
                "too early",
                &[("BeforeInstall", &["hooks/stop"]), START, PROOF],
                &["before the files of the new release are there"],
            ),
            (
                "of the bundle before",
                &[("ApplicationStop", &["hooks/stop"]), START, PROOF],
                &["the bundle before this one"],
            ),
            (
                "`switch` first",
                &[STOP, START, ("ValidateService", &["hooks/switch", "hooks/health"])],
                &["`switch` comes before `health`"],
            ),
            (
                "`start` before `stop`",
                &[("AfterInstall", &["hooks/start", "hooks/stop"]), PROOF],
                &["`start` comes before `stop`"],
            ),
            (
                "events exchanged",
                &[("ApplicationStart", &["hooks/stop"]), ("AfterInstall", &["hooks/start"]), PROOF],
                &["`start` comes before `stop`"],
            ),
            (
                "twice in one event",
                &[STOP, START, ("ValidateService", &["hooks/health", "hooks/switch", "hooks/switch"])],
                &["`hooks/switch` stands twice in `ValidateService`"],
            ),
            (
                "twice",
                &[STOP, ("BeforeInstall", &["hooks/stop"]), START, PROOF],
                &["stands in `AfterInstall` and in `BeforeInstall`"],
            ),
            (
                "two users",
                &[STOP, ("ApplicationStart", &["!hooks/start"]), PROOF],
                &["`stop` runs as `ec2-user` and `start` as `deploy`"],
            ),
        ];
        for (name, events, wanted) in table {
            let told = mistakes(&spec(events));
            assert_eq!(told.is_empty(), wanted.is_empty(), "{name}: {told:?}");
            let told = told.join("; and ");
            for words in wanted {
                assert!(told.contains(words), "{name}: {told}");
            }
        }
    }

    #[test]
    fn f113_a_hook_that_a_script_of_the_owners_may_run_is_a_note() {
        const STOP: (&str, &[&str]) = ("AfterInstall", &["hooks/stop"]);
        const START: (&str, &[&str]) = ("ApplicationStart", &["hooks/start"]);
        let table: [(&str, Events<'_>, &[&str]); 5] = [
            (
                "two of them in a script",
                &[STOP, START, ("ValidateService", &["scripts/validate.sh"])],
                &["runs `hooks/health`", "runs `hooks/switch`", "`scripts/validate.sh` of `ValidateService` may"],
            ),
            (
                "one in a script of its name",
                &[
                    STOP,
                    ("ApplicationStart", &["scripts/start"]),
                    ("ValidateService", &["hooks/health", "hooks/switch"]),
                ],
                &["runs `hooks/start`"],
            ),
            (
                "one in a script beside the hooks",
                &[
                    STOP,
                    ("ApplicationStart", &["hooks/start.sh"]),
                    ("ValidateService", &["hooks/health", "hooks/switch"]),
                ],
                &["runs `hooks/start`"],
            ),
            (
                "one in a script of an earlier event",
                &[
                    ("AfterInstall", &["hooks/stop", "start.sh"]),
                    ("ValidateService", &["hooks/health", "hooks/switch"]),
                ],
                &["runs `hooks/start`"],
            ),
            (
                "all there, and a script",
                &[STOP, START, ("ValidateService", &["hooks/health", "hooks/switch", "tell.sh"])],
                &[],
            ),
        ];
        for (name, events, wanted) in table {
            let spec = spec(events);
            assert_eq!(mistakes(&spec), Vec::<String>::new(), "{name}");
            let told = notes(&spec).join("; and ");
            assert_eq!(told.is_empty(), wanted.is_empty(), "{name}: {told}");
            for words in wanted {
                assert!(told.contains(words), "{name}: {told}");
            }
        }
    }

    #[test]
    fn f113_without_runas_a_hook_runs_as_root_and_a_file_that_is_no_bundles_says_nothing() {
        let text = "hooks:\n  AfterInstall:\n  - location: hooks/stop\n  ApplicationStart:\n  - {location: hooks/start, runas: root}\n  \
                    ValidateService:\n  - location: hooks/health\n  - location: ./hooks/switch\n";
        let spec = AppSpec { own: Some("hooks/stop".into()), ..AppSpec::parse(text).unwrap() };
        assert_eq!(mistakes(&spec), Vec::<String>::new());
        let nobodys = AppSpec::parse("hooks:\n  AfterInstall:\n  - location: hooks/stop\n").unwrap();
        assert_eq!(mistakes(&nobodys), Vec::<String>::new());
    }
}
