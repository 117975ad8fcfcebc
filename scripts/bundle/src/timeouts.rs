//! Whether each timeout of `appspec.yml` leaves its hook the time that it can take with these settings.

use std::time::Duration;

use agent::AppSpec;
use shared::config::Settings;

use crate::app_spec::{in_bundle, scripts};
use crate::hooks::HOOKS;

/// How long a hook can take at most with these settings; nothing for a program that is no step of a deploy.
pub type Longest = fn(&str, &Settings) -> Option<Duration>;

/// A sentence for each timeout that is too short.
#[must_use]
pub fn check(spec: &AppSpec, settings: &Settings, longest: Longest) -> Vec<String> {
    let mut wrong = Vec::new();
    for (event, script) in scripts(spec) {
        let Some(hook) = HOOKS.into_iter().find(|hook| hook.location() == in_bundle(&script.location)) else {
            continue;
        };
        let Some(longest) = longest(hook.name, settings) else { continue };
        if longest > script.timeout {
            wrong.push(format!(
                "`{}` can take {} s with these settings, and its `timeout` under `{event}` of appspec.yml is {} s: raise the \
                 timeout above that, or lower `[{}]` in hooks.toml",
                script.location,
                longest.as_secs_f32().ceil(),
                script.timeout.as_secs(),
                hook.name
            ));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use shared::budget;
    use shared::config::{self, SettingsFile};

    use super::*;

    fn settings(text: &str) -> Settings {
        config::settings(SettingsFile::parse("hooks.toml", text)).unwrap()
    }

    #[test]
    fn a_timeout_has_to_be_above_what_its_hook_can_take() {
        let longest: Longest =
            |hook, _| (hook != "status").then(|| Duration::from_secs(if hook == "health" { 120 } else { 30 }));
        for (location, timeout, told) in [
            ("hooks/stop", 30, ""),
            (
                "hooks/stop",
                29,
                "`hooks/stop` can take 30 s with these settings, and its `timeout` under `AfterInstall`",
            ),
            ("/hooks/health", 119, "of appspec.yml is 119 s: raise the timeout above that, or lower `[health]`"),
            ("hooks/health", 120, ""),
            ("hooks/status", 1, ""),
            ("hooks/other", 1, ""),
        ] {
            let text = format!(
                "version: 0.0\nos: linux\nhooks:\n  AfterInstall:\n    - {{location: {location}, timeout: {timeout}}}\n"
            );
            let wrong = check(&AppSpec::parse(&text).unwrap(), &settings(""), longest);
            assert_eq!(wrong.is_empty(), told.is_empty(), "{location} {timeout}: {wrong:?}");
            assert!(wrong.iter().all(|sentence| sentence.contains(told)), "{wrong:?}");
        }
    }

    #[test]
    fn the_shipped_files_fit_and_a_longer_patience_does_not() {
        let spec = AppSpec::parse(include_str!("../../../appspec.yml")).unwrap();
        let shipped = settings(include_str!("../../../hooks.toml"));
        assert_eq!(check(&spec, &shipped, budget::longest), Vec::<String>::new());
        let longer = settings("[health]\npatience = \"5m\"\n");
        let wrong = check(&spec, &longer, budget::longest);
        assert!(wrong.len() == 1 && wrong[0].starts_with("`hooks/health` can take 3"), "{wrong:?}");
    }
}
