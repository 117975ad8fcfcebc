//! The way back of a deployment whose live release had to make room (`start.overlap = "stop-first"`): the new release is ended, the one
//! before it is started again as it was, and asked until it is well.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::action::{KILLED_AT_MOST, PORT_FREE_AT_MOST, WRITE_AT_MOST};
use crate::config::Settings;
use crate::host::{Host, Launch, ProcessIdentity};
use crate::language::translated;
use crate::ledger::{Ledger, Room, live_file};
use crate::occupant::LOOKS_AGAIN;
use crate::probe::Probe;
use crate::report::duration;
use crate::slot::{Place, Slot};
use crate::supervisor::pin::{self, Pin};
use crate::supervisor::{self, Supervision, Unit, UnitLaunch};

/// How the release that made room is started again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restoration {
    /// Its slot.
    pub slot: Slot,
    /// Its place.
    pub place: Place,
    /// Where the new one is.
    pub newcomer: Place,
    /// How long the new one may take to end after SIGTERM.
    pub grace: Duration,
    /// How it is launched.
    pub launch: Launch,
    /// The unit that starts it; nothing where it is launched as a child of nobody.
    pub unit: Option<UnitLaunch>,
    /// How long it is asked.
    pub patience: Duration,
}

impl Restoration {
    /// How the live release is brought back; nothing where it did not make room, or was none of these hooks'. Where its unit cannot be
    /// had any more it is launched without: users have nothing meanwhile.
    #[must_use]
    pub fn of(host: &impl Host, settings: &Settings, ledger: &Ledger, grace: Duration) -> Option<Restoration> {
        let Room { command, .. } = ledger.room()?;
        let slot = ledger.deployment.as_ref()?.live?;
        let release = ledger.tenants.get(slot).release.as_ref()?;
        let place = settings.place(slot).clone();
        let launch = Launch {
            command: command.clone(),
            directory: settings.app.directory.clone(),
            environment: settings.app.environment.clone(),
            variables: vec![live_file::variable(settings)],
            log: settings.log_of(slot, &release.name),
        };
        let path = settings.pin(&place);
        let unit = match (pin::read(host, &path), supervisor::choose(host, settings.app.supervisor)) {
            (Ok(Some(pin)), Ok(Supervision::Unit(manager))) => {
                // It has served, so its unit starts it again whenever it dies.
                let pin = Pin { boot: host.boot_id(), again: true, ..pin };
                Some(UnitLaunch { unit: Unit::of(settings, manager, slot), path, pin })
            }
            _ => None,
        };
        let newcomer = settings.place(!slot).clone();
        let patience = settings.health.patience.at_most;
        Some(Restoration { slot, place, newcomer, grace, launch, unit, patience })
    }

    /// How it is asked whether it is well.
    pub(super) fn probe(&self, settings: &Settings, process: ProcessIdentity) -> Probe {
        Probe::of(settings, self.slot, process)
    }

    /// The longest that it can take.
    #[must_use]
    pub fn at_most(&self) -> Duration {
        longest(self.grace, self.patience)
    }
}

/// The longest that a restoration can take where the new release has `grace` to end and the old one `patience` to come up.
#[must_use]
pub fn longest(grace: Duration, patience: Duration) -> Duration {
    // The new one, and where it was told to end only just now, the old one.
    let ended = LOOKS_AGAIN.at_most + grace + KILLED_AT_MOST + PORT_FREE_AT_MOST;
    ended * 2 + supervisor::AT_MOST + patience + LOOKS_AGAIN.at_most + WRITE_AT_MOST * 4
}

/// For how long nobody served, as the beginning of a sentence; the clock may have been set meanwhile.
pub(super) fn outage(since: Option<SystemTime>, now: SystemTime) -> String {
    match since.and_then(|since| now.duration_since(since).ok()) {
        Some(time) => translated!("nobody served for at most {}", duration(time)),
        None => translated!("nobody served meanwhile").to_owned(),
    }
}

impl fmt::Display for Restoration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Restoration { place, newcomer, launch, .. } = self;
        formatter.write_str(&translated!(
            "end what runs in {newcomer}, and start again in {place}: {}",
            launch.command.join(" ")
        ))
    }
}
