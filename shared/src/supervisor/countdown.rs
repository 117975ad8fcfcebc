//! The end of a standby after its time (`switch.standby = "30m"`): a timer of systemd's, which outlives the hook. It runs the copy of
//! `start` in `units/`, which looks again who serves, and ends nobody where traffic has moved since: its number says that.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::manager::{ANSWERS_AT_MOST, Manager};
use super::{Supervision, choose};
use crate::config::{Settings, Standby, Supervisor};
use crate::environment;
use crate::error::{Error, Kind, Result};
use crate::host::Host;
use crate::language::translated;
use crate::report::duration;
use crate::slot::{Place, Slot};

/// The longest that it can take to set the timer: the settings are copied, and systemd is told twice.
pub const COUNTDOWN_AT_MOST: Duration = Duration::from_secs(2 * ANSWERS_AT_MOST.as_secs() + 1);

/// How soon systemd tries again where another hook was at work (`Kind::Busy`).
const AGAIN_AFTER: &str = "30s";

/// What is to end a standby.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Countdown {
    /// Where the standby is.
    pub place: Place,
    /// For how long it is kept.
    pub after: Duration,
    manager: Manager,
    /// What the timer is called, but for its number.
    name: String,
    /// The release; nothing where these hooks have published none.
    release: Option<String>,
    /// The directory of the program.
    units: PathBuf,
    /// The settings, where the bundle has them.
    settings: PathBuf,
}

/// The manager whose timer would end a standby, where the settings ask for one.
///
/// # Errors
/// `Kind::Settings` where the releases run without systemd; as `choose`.
pub fn timekeeper(host: &impl Host, settings: &Settings) -> Result<Option<(Manager, Duration)>> {
    let Standby::For(after) = settings.switch.standby else { return Ok(None) };
    match choose(host, settings.app.supervisor)? {
        Supervision::Unit(manager) => Ok(Some((manager, after))),
        Supervision::Detached(why) => {
            let why = if settings.app.supervisor == Supervisor::Detached { String::new() } else { format!(" ({why})") };
            Err(Error::new(
                Kind::Settings,
                translated!(
                    "`switch.standby` keeps the standby for {}, which takes a timer of systemd, and `app.supervisor = \"{}\"` has none{why}",
                    duration(after),
                    settings.app.supervisor
                ),
            )
            .advise(
                translated!("put `switch.standby = \"keep\"` or \"stop\" into hooks.toml, or let releases run as units (docs/supervisor.md)"),
            ))
        }
    }
}

impl Countdown {
    /// What is to end the release that serves in `slot` now, once it has stood by for its time; nothing where it stays.
    ///
    /// # Errors
    /// As `timekeeper`.
    pub fn of(host: &impl Host, settings: &Settings, slot: Slot, release: Option<&str>) -> Result<Option<Countdown>> {
        Ok(timekeeper(host, settings)?.map(|(manager, after)| Countdown {
            place: settings.place(slot).clone(),
            after,
            manager,
            name: format!("{}-standby", settings.group(slot)),
            release: release.map(str::to_owned),
            units: settings.units(),
            settings: settings.read_from.clone(),
        }))
    }

    /// Sets the timer. `generation` is the number of the cutover that made a standby of the release.
    ///
    /// # Errors
    /// As `Kind::of` says, where the settings cannot be kept for it; `Kind::NotStarted` with what systemd says.
    pub async fn begin(&self, host: &impl Host, generation: u64) -> Result<()> {
        // The bundle may be gone by then. Without a file everything is as shipped.
        let bytes = match host.read_file(&self.settings) {
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            read => read,
        };
        let kept = self.units.join("hooks.toml");
        bytes.and_then(|bytes| host.replace_file(&kept, &bytes, 0o644)).map_err(|cause| {
            Error::new(Kind::of(&cause), translated!("`{}` could not be written: {cause}", kept.to_string_lossy()))
        })?;
        self.manager.set_timer(host, &self.timer(generation), &self.words(generation, &environment::overrides())).await
    }

    fn timer(&self, generation: u64) -> String {
        format!("{}-{generation}.timer", self.name)
    }

    /// What `systemd-run` is told, besides whose it is.
    fn words(&self, generation: u64, overrides: &[(String, String)]) -> Vec<String> {
        let mut words = vec![
            "--quiet".to_owned(),
            "--collect".to_owned(),
            format!("--unit={}-{generation}", self.name),
            format!("--description={self}"),
            format!("--on-active={}ms", self.after.as_millis()),
            // A minute without that.
            "--timer-property=AccuracySec=1s".to_owned(),
            format!("--property=RestartForceExitStatus={}", Kind::Busy.exit_code()),
            format!("--property=RestartSec={AGAIN_AFTER}"),
        ];
        let overrides = overrides.iter().filter(|(name, _)| name != "HOOKS_CONFIG");
        words.extend(overrides.map(|(name, value)| format!("--setenv={name}={value}")));
        let path = |name: &str| self.units.join(name).to_string_lossy().into_owned();
        let program = ["--".to_owned(), path("start"), "--retire".to_owned(), self.place.profile.clone()];
        let told = ["--generation".to_owned(), generation.to_string(), "--config".to_owned(), path("hooks.toml")];
        // systemd would take a `$` for a variable.
        words.extend(program.into_iter().chain(told).map(|word| word.replace('$', "$$")));
        words.extend(self.release.iter().flat_map(|name| ["--release".to_owned(), name.clone()]));
        words
    }
}

impl fmt::Display for Countdown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&translated!("end the standby in {} after {}", self.place, duration(self.after)))
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::config::{SettingsFile, settings};

    #[test]
    fn a_timer_names_the_release_the_number_of_its_cutover_and_what_a_hook_would_have_been_told() {
        let settings = settings(SettingsFile::parse("", "[app]\ndirectory = \"/srv/$x\"")).unwrap();
        let countdown = Countdown {
            place: settings.place(Slot::Blue).clone(),
            after: Duration::from_mins(30),
            manager: Manager::User(1000),
            name: "service-url-real1-standby".into(),
            release: Some("20261122T102030500Z-d-ABC123".into()),
            units: settings.units(),
            settings: "/bundle/hooks.toml".into(),
        };
        let overrides =
            [("HOOKS_BLUE_PORT", "9081"), ("HOOKS_CONFIG", "/x")].map(|(name, value)| (name.into(), value.into()));
        expect![[r"
            --quiet
            --collect
            --unit=service-url-real1-standby-12
            --description=end the standby in `real1` (port 8081) after 30 min
            --on-active=1800000ms
            --timer-property=AccuracySec=1s
            --property=RestartForceExitStatus=11
            --property=RestartSec=30s
            --setenv=HOOKS_BLUE_PORT=9081
            --
            /srv/$$x/units/start
            --retire
            real1
            --generation
            12
            --config
            /srv/$$x/units/hooks.toml
            --release
            20261122T102030500Z-d-ABC123"]]
        .assert_eq(&countdown.words(12, &overrides).join("\n"));
        assert_eq!(countdown.timer(12), "service-url-real1-standby-12.timer");
    }
}
