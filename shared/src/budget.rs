//! How long each hook can take with given settings, everything gone slowly: what the timeouts of `appspec.yml` are held
//! against by the first hook of a deploy, by the bundler, and by a test that holds it against the plans themselves.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use crate::boot;
use crate::codedeploy::consent;
use crate::config::{CutoverWay, Overlap, Settings, Standby, Supervisor};
use crate::discovery::witness::DOOR_AT_MOST;
use crate::language::translated;
use crate::lifecycle::HOOKS;
use crate::nginx::configuration::TEST_AT_MOST;
use crate::occupant::LOOKS_AGAIN;
use crate::plan::action::{KILLED_AT_MOST, PORT_FREE_AT_MOST, PUBLISH_AT_MOST, SHARED_AT_MOST, WRITE_AT_MOST};
use crate::plan::restoration;
use crate::proof::{arrival, watch};
use crate::report::duration;
use crate::route::keepalive;
use crate::sudo::COMMAND_AT_MOST;
use crate::supervisor::{self, countdown};

/// What `sudo -n` may take when it is asked what it allows.
const SUDO_AT_MOST: Duration = Duration::from_secs(20);

/// How long root may take to install one file on this user's behalf: two commands, besides the write itself.
const THROUGH_SUDO: Duration = COMMAND_AT_MOST.saturating_mul(2);

/// How long it may take to ask nginx which port a group of the user's own leads to, where the include names one.
const GROUP_AT_MOST: Duration = TEST_AT_MOST;

/// How long it may take to tell the application who serves: what an earlier run has left, where traffic was found, where it went.
const TELLS_AT_MOST: Duration = WRITE_AT_MOST.saturating_mul(3);

/// How long a release that failed to start is given to end.
pub const FAILED_GRACE: Duration = Duration::from_secs(1);

/// How long a release that `health` or `switch` refused is given to end.
pub const REFUSED_GRACE: Duration = Duration::from_secs(2);

/// How long a warm standby is asked before it counts as dead.
pub const STANDBY_PATIENCE: Duration = Duration::from_secs(5);

/// The longest that `hook` can take, what it looks at before its plan included; nothing for a program that is no hook.
#[must_use]
pub fn longest(hook: &str, settings: &Settings) -> Option<Duration> {
    // Who is in a slot, before it is called a stranger.
    let looks = |slots: u32| LOOKS_AGAIN.at_most * slots;
    // The flag's directory: whether it may be made, and made.
    let directory = match settings.proxy.cutover {
        CutoverWay::Reload => Duration::ZERO,
        CutoverWay::Instant => COMMAND_AT_MOST * 2,
    };
    let own = match hook {
        "stop" => {
            // Whether the standby, which has the very bytes that are deployed, is well.
            let reuse = if settings.stop.reuse_standby { settings.health.timeout } else { Duration::ZERO };
            GROUP_AT_MOST
                + TEST_AT_MOST
                + SUDO_AT_MOST
                + looks(2)
                + settings.health.timeout
                + reuse
                + directory
                + settings.stop.drain
                + settings.stop.grace
                + KILLED_AT_MOST
                + PORT_FREE_AT_MOST
                + boot::MAKER_GRACE
                + KILLED_AT_MOST
                + TELLS_AT_MOST
        }
        "start" => start(settings),
        "health" => {
            let warm_up =
                if settings.warm_up.is_wanted() { settings.warm_up.at_most + looks(1) } else { Duration::ZERO };
            settings.health.patience.at_most
                + settings.health.timeout
                + looks(1)
                + warm_up
                + DOOR_AT_MOST
                + REFUSED_GRACE
                + KILLED_AT_MOST
                + WRITE_AT_MOST
                + SHARED_AT_MOST
                + restored(settings, REFUSED_GRACE)
        }
        "switch" => {
            let reload = settings.proxy.reload_at_most;
            let asked =
                if settings.proxy.keepalive_min_timeout.is_zero() { Duration::ZERO } else { keepalive::AT_MOST };
            // To bring in the instant cutover takes a second test, and a directory.
            let installation = match settings.proxy.cutover {
                CutoverWay::Reload => Duration::ZERO,
                CutoverWay::Instant => TEST_AT_MOST + COMMAND_AT_MOST + WRITE_AT_MOST * 6 + THROUGH_SUDO * 2,
            };
            // nginx's own word comes in with a test of its own, and is put back where nginx does not take it.
            let word = match (settings.proxy.cutover, settings.proxy.word) {
                (_, None) => Duration::ZERO,
                (CutoverWay::Reload, Some(_)) => TEST_AT_MOST + WRITE_AT_MOST * 4,
                (CutoverWay::Instant, Some(_)) => TEST_AT_MOST + (WRITE_AT_MOST + THROUGH_SUDO) * 3,
            };
            let retirement = match settings.switch.standby {
                Standby::Keep => Duration::ZERO,
                Standby::For(_) => countdown::COUNTDOWN_AT_MOST,
                Standby::Stop => {
                    looks(1)
                        + settings.stop.drain
                        + settings.stop.grace
                        + KILLED_AT_MOST
                        + PORT_FREE_AT_MOST
                        + WRITE_AT_MOST
                }
            };
            // The release is asked before the cutover, and again where traffic was sent back; either way it is ended if it is refused.
            let asked_and_ended = STANDBY_PATIENCE.min(settings.health.patience.at_most)
                + settings.health.timeout
                + looks(1)
                + DOOR_AT_MOST
                + REFUSED_GRACE
                + KILLED_AT_MOST
                + WRITE_AT_MOST;
            // Two looks at the release, nginx's own test, the reload, the proof and the watch; and the way back, with its own proof. nginx may
            // be told to reload twice on it, and by a cutover of an earlier run once before.
            GROUP_AT_MOST
                + asked_and_ended * 2
                + looks(2)
                + consent::AT_MOST
                + TEST_AT_MOST
                + installation
                + THROUGH_SUDO * 2
                + COMMAND_AT_MOST * 3
                + asked
                + word
                + reload * 4
                + arrival::longest(settings) * 2
                + watch::longest(settings.switch.watch, settings.health.timeout)
                + TELLS_AT_MOST
                + retirement
                + restored(settings, REFUSED_GRACE)
        }
        _ => return None,
    };
    // The door is asked first, and once more where it failed. No hook writes its ledger, the include and the flag more than six
    // times; who begins with the file for the application has one of these left for it.
    Some(settings.lock_wait + DOOR_AT_MOST * 2 + WRITE_AT_MOST * 6 + own)
}

/// What `start` looks at and does.
fn start(settings: &Settings) -> Duration {
    // What an earlier run has left goes first; whether users have it is asked, of that and of what fails.
    let left = DOOR_AT_MOST + FAILED_GRACE + KILLED_AT_MOST + PORT_FREE_AT_MOST;
    let supervised = match settings.app.supervisor {
        Supervisor::Detached => Duration::ZERO,
        Supervisor::Auto | Supervisor::Systemd | Supervisor::User => {
            supervisor::ANSWERS_AT_MOST + supervisor::INSTALL_AT_MOST + supervisor::AT_MOST
        }
    };
    let ended = DOOR_AT_MOST + FAILED_GRACE + KILLED_AT_MOST;
    let room = match settings.start.overlap {
        Overlap::Always | Overlap::IfMemoryAllows => Duration::ZERO,
        Overlap::StopFirst => LOOKS_AGAIN.at_most + settings.stop.grace + KILLED_AT_MOST + PORT_FREE_AT_MOST,
    };
    let restored = restored(settings, FAILED_GRACE);
    let boot = if settings.wants_class_archive() { boot::PREPARES_AT_MOST } else { Duration::ZERO };
    LOOKS_AGAIN.at_most
        + left
        + PUBLISH_AT_MOST
        + supervised
        + room
        + SHARED_AT_MOST
        + boot
        + settings.start.survive
        + ended
        + restored
}

/// How long it may take until a release that made room is back.
fn restored(settings: &Settings, grace: Duration) -> Duration {
    match settings.start.overlap {
        Overlap::Always | Overlap::IfMemoryAllows => Duration::ZERO,
        Overlap::StopFirst => restoration::longest(grace, settings.health.patience.at_most),
    }
}

/// A timeout of `appspec.yml` that is shorter than its hook can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooShort {
    /// The hook's name.
    pub hook: &'static str,
    /// What `appspec.yml` gives it.
    pub timeout: Duration,
    /// What it can take.
    pub longest: Duration,
}

/// Whether the script at this place of a bundle is a hook that can take longer than its timeout in `appspec.yml`.
#[must_use]
pub fn too_short(location: &str, timeout: Duration, settings: &Settings) -> Option<TooShort> {
    let name = Path::new(location).file_name()?;
    let hook = HOOKS.into_iter().find(|hook| name == *hook)?;
    let longest = longest(hook, settings)?;
    (timeout < longest).then_some(TooShort { hook, timeout, longest })
}

impl fmt::Display for TooShort {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TooShort { hook, timeout, longest } = self;
        formatter.write_str(&translated!("`timeout: {}` of `{hook}` in appspec.yml is shorter than it can take with these settings ({}): it then ends \
             itself early. Needed `timeout: {}`, or {}",
            timeout.as_secs(),
            duration(*longest),
            rounded_up(*longest),
            remedy(hook)
        ))
    }
}

/// The next multiple of ten seconds.
fn rounded_up(longest: Duration) -> u64 {
    longest.as_secs().div_ceil(10) * 10
}

fn remedy(hook: &str) -> &'static str {
    match hook {
        "stop" => translated!("a shorter `stop.drain` or `stop.grace` in hooks.toml"),
        "start" => translated!("a shorter `start.survive` in hooks.toml"),
        "health" => translated!("a shorter `health.patience` or `warm_up.at_most` in hooks.toml"),
        _ => {
            translated!(
                "a shorter `switch.watch` or `proxy.reload_at_most` in hooks.toml (with `switch.standby = \"stop\"` also \
             `stop.drain` and `stop.grace`)"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{SettingsFile, settings};

    fn defaults() -> Settings {
        settings(SettingsFile::parse("", "")).unwrap()
    }

    #[test]
    fn the_timeout_of_the_book_is_told_to_be_too_short_for_health_and_what_to_do() {
        let told = too_short("hooks/health", Duration::from_mins(1), &defaults()).unwrap().to_string();
        assert!(told.contains("`timeout: 60` of `health`") && told.contains("Needed `timeout: 150`"), "{told}");
        assert!(told.contains("`health.patience`"), "{told}");
    }

    #[test]
    fn a_timeout_is_long_enough_once_it_is_all_that_its_hook_can_take() {
        let settings = defaults();
        for hook in HOOKS {
            let longest = longest(hook, &settings).unwrap();
            let judged = |timeout| too_short(&format!("/hooks/{hook}"), timeout, &settings);
            assert_eq!(judged(longest), None, "{hook}");
            let timeout = longest.saturating_sub(Duration::from_millis(1));
            assert_eq!(judged(timeout), Some(TooShort { hook, timeout, longest }));
        }
        for location in ["hooks/status", "hooks/other", "hooks/health.sh", ""] {
            assert_eq!(too_short(location, Duration::ZERO, &settings), None, "{location}");
        }
    }

    #[test]
    fn every_duration_of_the_settings_counts_or_is_known_not_to() {
        // How often to ask takes no time of its own, and no answer of a warm-up takes it beyond its end.
        const FREE: [&str; 2] = ["health.every", "warm_up.timeout"];
        let all = |settings: &Settings| HOOKS.map(|hook| longest(hook, settings));
        let mut section = "";
        let mut found = 0;
        for line in include_str!("../../hooks.toml").lines() {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = name;
            }
            let Some((key, value)) = line.split_once(" = ") else { continue };
            let Ok(own) = humantime::parse_duration(value.trim_matches('"')) else { continue };
            found += 1;
            let longer = humantime::format_duration(own + Duration::from_secs(30));
            let paths = if section == "warm_up" { "paths = [\"/\"]\n" } else { "" };
            let text = format!("[{section}]\n{key} = \"{longer}\"\n{paths}");
            let longer = settings(SettingsFile::parse("hooks.toml", &text)).unwrap();
            let own = settings(SettingsFile::parse("hooks.toml", &format!("[{section}]\n{paths}"))).unwrap();
            let counts = all(&longer) != all(&own);
            assert_ne!(counts, FREE.contains(&format!("{section}.{key}").as_str()), "{text} changes no hook's time");
        }
        assert!(found > 8, "the durations are found: {found}");
    }

    /// Settings of which no two are alike and none is the default.
    const UNLIKE: &str = "[lock]\nwait = \"7s\"\n[stop]\ndrain = \"11s\"\ngrace = \"13s\"\n[start]\nsurvive = \"17s\"\n\
                          [health]\npatience = \"19s\"\ntimeout = \"3s\"\n[proxy]\nreload_at_most = \"23s\"\n";

    #[test]
    fn each_hook_has_the_time_of_every_single_thing_that_it_may_wait_for() {
        // The lock, the door twice, six writes.
        let all = 7.0 + 2.0 * 2.0 + 6.0;
        // A group of the user's own; the release, there and back, with its end; who is in a slot (looked at for 2 s before it is a stranger), CodeDeploy, nginx's test; the reload, the way
        // back and what is between; the door, there and back.
        // The file for the application: healed, and at both ends of a cutover.
        // What goes through sudo: the include there and back by two commands each, and three reloads.
        let sudo = 2.0 * (2.0 * 5.0) + 3.0 * 5.0;
        let switch = 10.0
            + 2.0 * (5.0 + 3.0 + 2.0 + 2.0 + 2.0 + 3.0 + 1.0)
            + 2.0 * 2.0
            + 2.0
            + 10.0
            + 4.0 * 23.0
            + 2.0 * (3.0 + 2.0)
            + 3.0
            + sudo;
        let watched = |time| time + 3.0 * (2.0 + 0.25) + 3.0;
        let reload = "cutover = \"reload\"\n";
        let unwatched = "[switch]\nwatch = \"0s\"\n";
        for (hook, name, more, own) in [
            (
                "stop",
                "a group of the user's own, test, sudo, who is there, the last one asked, drain, grace, the killed, the port, the maker of an archive, the file for the application",
                reload.to_owned(),
                10.0 + 10.0 + 20.0 + 2.0 * 2.0 + 3.0 + 11.0 + 13.0 + 3.0 + 3.0 + (1.0 + 3.0) + 3.0,
            ),
            (
                "start",
                "the same, and until the release has become its JVM",
                format!("{reload}[app]\nclass_archive = \"auto\"\n"),
                2.0 + (2.0 + 1.0 + 3.0 + 3.0) + 50.0 + 1.0 + 30.0 + 17.0 + 2.0 + 1.0 + 3.0,
            ),
            (
                "start",
                "who is there, what was left, copy, share, first moments, the way back",
                reload.to_owned(),
                2.0 + (2.0 + 1.0 + 3.0 + 3.0) + 50.0 + 1.0 + 17.0 + 2.0 + 1.0 + 3.0,
            ),
            (
                "health",
                "patience, the last answer, the end of a refused one, share",
                reload.to_owned(),
                19.0 + 3.0 + 2.0 + 2.0 + 2.0 + 3.0 + 1.0 + 1.0,
            ),
            (
                "health",
                "the same, and a warm-up whose listener is looked at again",
                format!("{reload}[warm_up]\npaths = [\"/\"]\nat_most = \"31s\"\n"),
                19.0 + 3.0 + 2.0 + 31.0 + 2.0 + 2.0 + 2.0 + 3.0 + 1.0 + 1.0,
            ),
            ("switch", "not watched", format!("{reload}{unwatched}"), switch),
            ("switch", "watched", format!("{reload}[switch]\nwatch = \"29s\"\n"), switch + watched(29.0)),
            (
                "switch",
                "nginx is asked for its version",
                format!("{reload}keepalive_min_timeout = \"1s\"\n{unwatched}"),
                switch + 2.0 + 10.0,
            ),
            (
                "switch",
                "a test, a directory and six writes more",
                format!("cutover = \"instant\"\n{unwatched}"),
                switch + 10.0 + 5.0 + 6.0 + 2.0 * (2.0 * 5.0),
            ),
            (
                "switch",
                "nginx itself is asked, there and back, once it can be",
                format!("{reload}word = \"+10000\"\n{unwatched}"),
                switch + 2.0 * (3.0 + 1.0) + (10.0 + 4.0),
            ),
            (
                "switch",
                "the old release is stopped",
                format!("{reload}{unwatched}standby = \"stop\"\n"),
                switch + 2.0 + 11.0 + 13.0 + 3.0 + 3.0 + 1.0,
            ),
            ("switch", "a timer is set", format!("{reload}{unwatched}standby = \"30m\"\n"), switch + 1.0 + 2.0 * 5.0),
        ] {
            let settings = settings(SettingsFile::parse("hooks.toml", &format!("{UNLIKE}{more}"))).unwrap();
            assert_eq!(longest(hook, &settings), Some(Duration::from_secs_f64(all + own)), "{hook}: {name}");
        }
        let impatient = format!("{UNLIKE}{reload}{unwatched}").replace("19s", "4s");
        let impatient = settings(SettingsFile::parse("hooks.toml", &impatient)).unwrap();
        assert_eq!(longest("switch", &impatient), Some(Duration::from_secs_f64(all + switch - 2.0)));
        assert_eq!(longest("status", &impatient), None);
        let text = format!("{UNLIKE}{reload}");
        let of = |text: &str| longest("stop", &settings(SettingsFile::parse("hooks.toml", text)).unwrap()).unwrap();
        let reusing = of(&text.replace("[stop]", "[stop]\nreuse_standby = true"));
        assert_eq!(reusing, of(&text) + Duration::from_secs(3), "a standby that may stay is asked");
    }
}
