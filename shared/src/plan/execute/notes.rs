//! What a plan notes on its way: in the ledger, in the file for the application, and in the pin of a release that has served.

use super::Execution;
use crate::error::Result;
use crate::host::Host;
use crate::language::translated;
use crate::ledger::{Change, Room, live_file, store};
use crate::plan::restoration::outage;
use crate::slot::Place;
use crate::supervisor::pin;

impl<H: Host, W> Execution<'_, H, W> {
    /// Notes a change in the ledger, and where it says who serves, tells the application.
    pub(super) fn remember(&mut self, change: &Change) -> Result<()> {
        let mut change = change.clone();
        if let Change::Launching { release, ended_before, .. } = &mut change {
            release.sha256 = self.sha256.clone().or(release.sha256.take());
            *ended_before = Some(self.host.ended_for_memory());
        }
        if let Change::Launched { process, .. } = &mut change {
            *process = self.launched.as_ref().map(|launched| launched.identity);
        }
        if let Change::MadeRoom { since, .. } = &mut change {
            *since = Some(self.host.wall_clock());
        }
        // What could not be saved is not remembered either: the way back goes by what this host knows (F106).
        let mut ledger = self.ledger.clone();
        let serves = ledger.serves_by(&change);
        let room = ledger.room().cloned();
        ledger.apply(&change, &self.host.boot_id());
        if let Some(slot) = serves {
            ledger.announce(slot, self.host.wall_clock());
        }
        ledger.application = Some(self.settings.proxy.include.clone());
        store::save(self.host, self.settings, &ledger, &change)?;
        let is_news = ledger.announced != self.ledger.announced;
        *self.ledger = ledger;
        if is_news && let Some(note) = live_file::write(self.host, self.settings, self.ledger) {
            self.report.say(&note);
        }
        if let Change::Moved(slot) = change {
            self.let_start_again(self.settings.place(slot));
        }
        if let (Change::Retired(slot), Some(room)) = (change, room) {
            self.forget_who_made_room(self.settings.place(slot), &room);
        }
        Ok(())
    }

    /// Where the release before this one made room for it there is no standby, and no unit is to start one. Says for how long nobody
    /// served.
    fn forget_who_made_room(&self, place: &Place, room: &Room) {
        // Without that time it has died before it could make room.
        if room.since.is_some() {
            let outage = outage(room.since, self.host.wall_clock());
            self.report.say(&translated!("{outage}: two releases did not fit into memory"));
        }
        if let Err(cause) = pin::remove(self.host, self.settings, place) {
            self.report.say(&translated!("note: {cause}"));
        }
    }

    /// Whoever has served is started again by its unit, if it has one. Without that it serves as well, so that this is no failure.
    fn let_start_again(&self, place: &Place) {
        if let Err(cause) = pin::let_start_again(self.host, &self.settings.pin(place)) {
            self.report.say(&translated!("note: {place} will not be started again if it dies in this boot: {cause}"));
        }
    }
}
