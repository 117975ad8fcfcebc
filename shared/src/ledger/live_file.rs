//! The file that tells the application which slot serves, so that what may run once only runs in the live one. It follows from the
//! ledger: written after it, healed by the next hook, and where the ledger is lost its number goes on. No failure of it is one of a hook.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::Ledger;
use crate::config::Settings;
use crate::host::Host;
use crate::language::translated;
use crate::slot::Slot;

/// The variable that names the file to a release. Not `HOOKS_…`: that would be a setting to a hook that the application starts.
pub const VARIABLE: &str = "LIVE_SLOT_FILE";

/// That variable with its value.
#[must_use]
pub fn variable(settings: &Settings) -> (String, String) {
    (VARIABLE.to_owned(), settings.live_file().to_string_lossy().into_owned())
}

/// Which slot the application is told to be live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Announced {
    /// The slot.
    pub slot: Slot,
    /// How often that has changed: it grows by one each time, and never falls.
    pub generation: u64,
    /// When it was noted, as RFC 3339 writes it. Nobody here reckons with it.
    pub since: String,
}

impl Ledger {
    /// Notes that this slot serves.
    pub fn announce(&mut self, slot: Slot, now: SystemTime) {
        let generation = match &self.announced {
            Some(announced) if announced.slot == slot => return,
            Some(announced) => announced.generation.saturating_add(1),
            None => 1,
        };
        let since = humantime::format_rfc3339_seconds(now).to_string();
        self.announced = Some(Announced { slot, generation, since });
    }
}

/// Before a hook begins: the ledger takes over a later number of the file (it was lost, or is older), and the file is put right where a
/// run was killed before it was written. Says what could not be done.
pub fn heal(host: &impl Host, settings: &Settings, ledger: &mut Ledger) -> Option<String> {
    let text = host.read_file(&settings.live_file()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let told = text.as_deref().and_then(|text| parse(settings, text));
    let number = |announced: Option<&Announced>| announced.map_or(0, |announced| announced.generation);
    if number(told.as_ref()) > number(ledger.announced.as_ref()) {
        ledger.announced = told;
    }
    let announced = ledger.announced.as_ref()?;
    (text != Some(render(settings, announced))).then(|| write(host, settings, ledger)).flatten()
}

/// Writes the file as the ledger has it. Says what could not be done: traffic counts, and the next hook tries again.
pub fn write(host: &impl Host, settings: &Settings, ledger: &Ledger) -> Option<String> {
    let announced = ledger.announced.as_ref()?;
    let path = settings.live_file();
    let cause = host.replace_file(&path, render(settings, announced).as_bytes(), 0o644).err()?;
    let (shown, place) = (path.to_string_lossy(), settings.place(announced.slot));
    Some(translated!(
        "note: `{shown}` could not be written: {cause}. It does not tell the application that {place} is live"
    ))
}

/// As `java.util.Properties` reads it; a profile is a word, so that nothing has to be escaped.
fn render(settings: &Settings, announced: &Announced) -> String {
    let Announced { slot, generation, since } = announced;
    let place = settings.place(*slot);
    format!(
        "# Which slot is live. Written by the hooks at each cutover, replaced as a whole (docs/standby.md).\n\
         live={}\nport={}\ngeneration={generation}\nsince={since}\n",
        place.profile, place.port
    )
}

/// Nothing where that is no file of ours.
fn parse(settings: &Settings, text: &str) -> Option<Announced> {
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    let live = value("live")?;
    Some(Announced {
        slot: Slot::BOTH.into_iter().find(|slot| settings.place(*slot).profile == live)?,
        generation: value("generation")?.parse().ok()?,
        since: value("since")?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{SettingsFile, settings};

    fn at(second: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(second)
    }

    fn told(second: u64) -> String {
        humantime::format_rfc3339_seconds(at(second)).to_string()
    }

    #[test]
    fn the_file_is_what_java_reads_and_is_read_again() {
        let settings = settings(SettingsFile::parse("", "")).unwrap();
        let announced = Announced { slot: Slot::Green, generation: 12, since: told(1_795_000_000) };
        let text = render(&settings, &announced);
        expect_test::expect![[r#"
            # Which slot is live. Written by the hooks at each cutover, replaced as a whole (docs/standby.md).
            live=real2
            port=8082
            generation=12
            since=2026-11-18T11:06:40Z
        "#]]
        .assert_eq(&text);
        assert_eq!(parse(&settings, &text), Some(announced));
        for (name, broken) in [
            ("nothing", String::new()),
            ("another profile", text.replace("real2", "real3")),
            ("no number", text.replace("=12", "=x")),
            ("a negative number", text.replace("=12", "=-1")),
            ("cut off", text[..text.len() - 30].to_owned()),
        ] {
            assert_eq!(parse(&settings, &broken), None, "{name}");
        }
    }

    #[test]
    fn the_number_grows_by_one_with_each_change_and_only_then() {
        let mut ledger = Ledger::default();
        for (slot, second, generation, since) in
            [(Slot::Blue, 10, 1, 10), (Slot::Blue, 20, 1, 10), (Slot::Green, 30, 2, 30), (Slot::Blue, 40, 3, 40)]
        {
            ledger.announce(slot, at(second));
            assert_eq!(ledger.announced, Some(Announced { slot, generation, since: told(since) }));
        }
        ledger.announced = Some(Announced { slot: Slot::Blue, generation: u64::MAX, since: told(1) });
        ledger.announce(Slot::Green, at(2));
        assert_eq!(ledger.announced.map(|announced| announced.generation), Some(u64::MAX), "it never goes back");
    }
}
