//! Whether each timeout of `appspec.yml` leaves its hook the time that it can take with these settings.

use agent::AppSpec;
use shared::budget::{self, TooShort};
use shared::config::Settings;

/// A sentence for each timeout that is too short.
#[must_use]
pub fn check(spec: &AppSpec, settings: &Settings) -> Vec<String> {
    let short = spec.all_scripts().filter_map(|(event, script)| {
        let TooShort { hook, timeout, longest } = budget::too_short(&script.location, script.timeout, settings)?;
        Some(format!(
            "`{}` can take {} s with these settings, and its `timeout` under `{event}` of appspec.yml is {} s: raise the \
             timeout above that, or lower `[{hook}]` in hooks.toml",
            script.location,
            longest.as_secs_f32().ceil(),
            timeout.as_secs()
        ))
    });
    short.collect()
}

#[cfg(test)]
mod tests {
    use shared::config::{self, SettingsFile};

    use super::*;

    fn settings(text: &str) -> Settings {
        config::settings(SettingsFile::parse("hooks.toml", text)).unwrap()
    }

    #[test]
    fn each_timeout_that_is_too_short_is_told_with_its_event() {
        for (location, timeout, told) in [
            ("hooks/stop", 3600, ""),
            (
                "hooks/stop",
                1,
                "s with these settings, and its `timeout` under `AfterInstall` of appspec.yml is 1 s: raise",
            ),
            ("/hooks/health", 1, "raise the timeout above that, or lower `[health]` in hooks.toml"),
            ("hooks/status", 1, ""),
            ("hooks/other", 1, ""),
        ] {
            let text = format!(
                "version: 0.0\nos: linux\nhooks:\n  AfterInstall:\n    - {{location: {location}, timeout: {timeout}}}\n"
            );
            let wrong = check(&AppSpec::parse(&text).unwrap(), &settings(""));
            assert_eq!(wrong.len(), usize::from(!told.is_empty()), "{location} {timeout}: {wrong:?}");
            assert!(wrong.iter().all(|sentence| sentence.starts_with(&format!("`{location}` can take "))), "{wrong:?}");
            assert!(wrong.iter().all(|sentence| sentence.contains(told)), "{wrong:?}");
        }
    }

    #[test]
    fn the_shipped_files_fit_and_a_longer_patience_does_not() {
        let spec = AppSpec::parse(include_str!("../../../appspec.yml")).unwrap();
        let shipped = settings(include_str!("../../../hooks.toml"));
        assert_eq!(check(&spec, &shipped), Vec::<String>::new());
        let wrong = check(&spec, &settings("[health]\npatience = \"5m\"\n"));
        assert!(wrong.len() == 1 && wrong[0].starts_with("`hooks/health` can take 3"), "{wrong:?}");
    }
}
