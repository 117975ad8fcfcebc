//! What a plan notes on its way: in the ledger, in the file for the application, and in the pin of a release that has served.

use super::Execution;
use crate::error::Result;
use crate::host::Host;
use crate::ledger::{Change, live_file, store};
use crate::plan::restoration::outage;
use crate::slot::{Place, Slot};
use crate::supervisor::pin;

impl<H: Host, W> Execution<'_, H, W> {
    /// Notes a change in the ledger, and where it says who serves, tells the application.
    pub(super) fn remember(&mut self, change: &Change) -> Result<()> {
        let mut change = change.clone();
        if let Change::Launching { release, .. } = &mut change {
            release.sha256.clone_from(&self.sha256);
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
        ledger.apply(&change, &self.host.boot_id());
        if let Some(slot) = serves {
            ledger.announce(slot, self.host.wall_clock());
        }
        ledger.application = Some(self.settings.proxy.include.clone());
        store::save(self.host, self.settings, &ledger)?;
        let is_news = ledger.announced != self.ledger.announced;
        *self.ledger = ledger;
        if is_news && let Some(note) = live_file::write(self.host, self.settings, self.ledger) {
            self.report.say(&note);
        }
        if let Change::Moved(slot) = change {
            self.let_start_again(self.settings.place(slot));
            self.forget_who_made_room(!slot);
        }
        Ok(())
    }

    /// Where the release before this one made room for it there is no standby.
    fn forget_who_made_room(&mut self, before: Slot) {
        let Some(since) = self.ledger.room().map(|room| room.since) else { return };
        // Without that time it has died before it could make room.
        if since.is_some() {
            let outage = outage(since, self.host.wall_clock());
            self.report.say(&format!("{outage}: two releases did not fit into memory"));
        }
        let place = self.settings.place(before);
        let mut ledger = self.ledger.clone();
        ledger.apply(&Change::Retired(before), &self.host.boot_id());
        let forgotten = pin::remove(self.host, self.settings, place);
        match forgotten.and_then(|()| store::save(self.host, self.settings, &ledger)) {
            Ok(()) => *self.ledger = ledger,
            Err(cause) => self.report.say(&format!("note: that {place} is free could not be noted: {cause}")),
        }
    }

    /// Whoever has served is started again by its unit, if it has one. Without that it serves as well, so that this is no failure.
    fn let_start_again(&self, place: &Place) {
        if let Err(cause) = pin::let_start_again(self.host, &self.settings.pin(place)) {
            self.report.say(&format!("note: {place} will not be started again if it dies in this boot: {cause}"));
        }
    }
}
