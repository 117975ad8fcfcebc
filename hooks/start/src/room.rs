//! Whether the live release has to make room for the new one, as `stop` has found, and how it comes back if that was for nothing.

use shared::budget::FAILED_GRACE;
use shared::config::Settings;
use shared::error::{Error, Kind, Result};
use shared::host::{Host, Process};
use shared::language::translated;
use shared::ledger::Change;
use shared::occupant::{self, Occupant};
use shared::plan::{Action, Restoration, Step};
use shared::run::Scene;
use shared::slot::Slot;

/// The end of the live release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MakingRoom {
    /// Its processes.
    pub processes: Vec<Process>,
    /// How it comes back.
    pub restoration: Restoration,
}

/// Looks who has to make room; nothing where both fit, or nobody is left who could.
pub(crate) async fn look(scene: &Scene<'_, impl Host>, idle: Slot) -> Result<Option<MakingRoom>> {
    let (host, settings) = (scene.host, scene.settings);
    let Some(restoration) = Restoration::of(host, settings, scene.ledger, FAILED_GRACE) else { return Ok(None) };
    // Traffic may have been moved since `stop` looked.
    if restoration.slot == idle {
        return Err(Error::new(
            Kind::Undecided,
            translated!("the live slot changed while this deployment was under way"),
        )
        .advise(translated!("somebody else moved the traffic: deploy again")));
    }
    match occupant::find(host, settings, scene.ledger, restoration.slot).await? {
        Occupant::Ours(processes) => Ok(Some(MakingRoom { processes, restoration })),
        Occupant::Nobody => Ok(None),
        Occupant::Stranger(who) => Err(occupant::refuse(&who)),
    }
}

impl MakingRoom {
    /// Noted before it is done: whoever is killed in between has told that nobody serves.
    pub(crate) fn steps(self, settings: &Settings) -> [Step; 3] {
        let Restoration { slot, place, .. } = self.restoration.clone();
        let made = Change::MadeRoom { slot, since: None };
        let restore = Action::Restore(Box::new(self.restoration));
        let end = Action::MakeRoom { place: place.clone(), processes: self.processes, grace: settings.stop.grace };
        [
            Step::of(Action::remember(settings, made)).undone_by(vec![restore]),
            Step::of(end),
            Step::of(Action::AwaitFree(place)),
        ]
    }
}
