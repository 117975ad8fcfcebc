//! The unit of a slot: a pure value, rendered whole. It says nothing about a release, so that it stays as it is from deploy to deploy.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::config::Settings;
use crate::host::{Host, OPEN_FILES};
use crate::language::translated;
use crate::report::duration;
use crate::slot::Slot;
use crate::supervisor::Manager;

/// How soon systemd starts a release again that has died.
const AGAIN_AFTER: &str = "1s";
/// How often within `WITHIN`, until it gives up.
const AT_MOST: u32 = 5;
/// The time in which so many starts are too many: a JVM that dies of its settings takes half a minute to do so.
const WITHIN: &str = "5min";

/// The unit of one slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Whose it is.
    pub manager: Manager,
    /// Its name, with `.service`.
    pub name: String,
    /// The directory of the pins and of the program that reads them.
    directory: PathBuf,
    /// The slot's profile, by which its pin is called.
    profile: String,
    /// The whole of its file.
    text: String,
}

impl Unit {
    /// The unit of `slot`.
    #[must_use]
    pub fn of(settings: &Settings, manager: Manager, slot: Slot) -> Unit {
        let place = settings.place(slot);
        let name = Unit::name(settings, slot);
        let directory = settings.units();
        let program = directory.join("start");
        // A person who ends it waits as long as `stop` would.
        let grace = settings.stop.grace.as_secs().max(1);
        let text = format!(
            "# This file is of the application behind `{include}`. The hook `start` writes it, and no deploy changes it: which release\n\
             # runs stands in `{pin}`.\n\
             [Unit]\n\
             Description={name}: {described}, {patience} to end\n\
             After=network.target\n\
             StartLimitIntervalSec={WITHIN}\n\
             StartLimitBurst={AT_MOST}\n\
             \n\
             [Service]\n\
             ExecStart={start} --run {pin_quoted}\n\
             Restart=on-failure\n\
             RestartSec={AGAIN_AFTER}\n\
             # A JVM that was asked to end says so with 143.\n\
             SuccessExitStatus=143\n\
             KillMode=mixed\n\
             TimeoutStopSec={grace}\n\
             LimitNOFILE={OPEN_FILES}\n\
             # No crash fills the disk with all of its memory.\n\
             LimitCORE=0\n\
             NoNewPrivileges=yes\n\
             \n\
             [Install]\n\
             WantedBy={target}\n",
            include = settings.proxy.include.to_string_lossy(),
            name = settings.group(slot),
            described = place.in_files(),
            patience = duration(settings.stop.grace),
            pin = settings.pin(place).to_string_lossy(),
            pin_quoted = word(&settings.pin(place)),
            start = word(&program),
            target = manager.target(),
        );
        Unit { manager, name, directory, profile: place.profile.clone(), text }
    }

    /// How the unit of `slot` is called, whoever manages it.
    #[must_use]
    pub fn name(settings: &Settings, slot: Slot) -> String {
        format!("{}.service", settings.group(slot))
    }

    /// Its file.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.manager.directory(&self.directory).join(&self.name)
    }

    /// The whole text of its file.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The program that it runs: a copy of `start` that no deployment takes away.
    #[must_use]
    pub fn program(&self) -> PathBuf {
        self.directory.join("start")
    }

    /// Whether its file is on the disk as it has to be.
    pub fn is_written(&self, host: &impl Host) -> bool {
        host.read_file(&self.file()).is_ok_and(|bytes| bytes == self.text.as_bytes())
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&translated!("the unit `{}` in `{}`", self.name, self.file().to_string_lossy()))
    }
}

/// A path as one word of a command in a unit's file (systemd.service(5), systemd.unit(5)): quoted, `%` and `$` doubled.
fn word(path: &Path) -> String {
    let path = path.to_string_lossy();
    let mut word = String::from("\"");
    for letter in path.chars() {
        match letter {
            '"' | '\\' => word.extend(['\\', letter]),
            '%' | '$' => word.extend([letter, letter]),
            letter => word.push(letter),
        }
    }
    word.push('"');
    word
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::config::{SettingsFile, settings};

    #[test]
    fn f41_f42_a_unit_says_all_that_systemd_needs_and_nothing_of_a_release() {
        let settings = settings(SettingsFile::parse("", "")).unwrap();
        let unit = Unit::of(&settings, Manager::User(1000), Slot::Green);
        assert_eq!(unit.file(), Path::new("/home/ec2-user/app/step3/units/service-url-real2.service"));
        expect![[r##"
            # This file is of the application behind `/etc/nginx/conf.d/service-url.inc`. The hook `start` writes it, and no deploy changes it: which release
            # runs stands in `/home/ec2-user/app/step3/units/real2.json`.
            [Unit]
            Description=service-url-real2: `real2` (port 8082), 35 s to end
            After=network.target
            StartLimitIntervalSec=5min
            StartLimitBurst=5

            [Service]
            ExecStart="/home/ec2-user/app/step3/units/start" --run "/home/ec2-user/app/step3/units/real2.json"
            Restart=on-failure
            RestartSec=1s
            # A JVM that was asked to end says so with 143.
            SuccessExitStatus=143
            KillMode=mixed
            TimeoutStopSec=35
            LimitNOFILE=65536
            # No crash fills the disk with all of its memory.
            LimitCORE=0
            NoNewPrivileges=yes

            [Install]
            WantedBy=default.target
        "##]]
        .assert_eq(unit.text());
        let unit = Unit::of(&settings, Manager::System, Slot::Blue);
        assert_eq!(unit.file(), Path::new("/etc/systemd/system/service-url-real1.service"));
        assert!(unit.text().ends_with("WantedBy=multi-user.target\n"), "{}", unit.text());
    }

    #[test]
    fn a_path_is_one_word_whatever_is_in_it() {
        for (path, wanted) in [
            ("/srv/app/start", "\"/srv/app/start\""),
            ("/srv/my app/100%/$x/\"y\"", "\"/srv/my app/100%%/$$x/\\\"y\\\"\""),
        ] {
            assert_eq!(word(Path::new(path)), wanted);
        }
    }
}
