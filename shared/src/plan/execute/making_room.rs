//! Where memory is too short for two: the live release is ended before the new one starts, and started again if that comes to nothing.

use std::time::Duration;

use super::Execution;
use crate::error::{Error, Kind, Result};
use crate::host::{Host, Process, ProcessIdentity};
use crate::language::translated;
use crate::ledger::Change;
use crate::occupant::{self, Occupant};
use crate::plan::processes;
use crate::plan::restoration::{Restoration, outage};
use crate::probe::{self, warm_up::Warming};
use crate::slot::{Place, Slot};
use crate::supervisor::pin;

impl<H: Host, W: Warming> Execution<'_, H, W> {
    /// Ends the live release; its unit, if it has one, starts it again after a reboot.
    pub(super) async fn make_room(&mut self, place: &Place, ended: &[Process], grace: Duration) -> Result<()> {
        pin::keep_down(self.host, &self.settings.pin(place))?;
        self.is_making_room = true;
        processes::end(self.host, self.report, place, ended, grace, None).await?;
        self.report.say(&translated!("{place} has made room for the new release: NOBODY SERVES until that does"));
        Ok(())
    }

    /// Brings the release back that made room. A signal waits for it, as for the whole undo: users have nothing meanwhile.
    pub(super) async fn restore(&mut self, restoration: &Restoration) -> Result<()> {
        let Restoration { slot, place, launch, .. } = restoration;
        let since = self.ledger.room().and_then(|room| room.since);
        let process = self.bring_back(restoration).await.map_err(|cause| {
            let told = translated!("{place} did not come back: {cause}");
            Error::new(Kind::Uncertain, told).advise(translated!(
                "NOBODY SERVES: put the cause right (the log of that release is `{}`) and deploy again; `stop` works with both slots down",
                launch.log.to_string_lossy()
            ))
        })?;
        // It serves: it is not the first to go when memory is short.
        if let Err(cause) = self.host.set_memory_sacrifice(&process, 0) {
            tracing::warn!("the memory score of process {} stays as it is: {cause}", process.id);
        }
        if let Err(cause) = self.remember(&Change::Restored(*slot)) {
            self.report.say(&translated!("note: that {place} serves again could not be noted: {cause}"));
        }
        self.report.say(&translated!("{place} serves again; {}", outage(since, self.host.wall_clock())));
        Ok(())
    }

    /// Its process, once that is well.
    async fn bring_back(&mut self, restoration: &Restoration) -> Result<ProcessIdentity> {
        let Restoration { slot, place, newcomer, grace, launch, .. } = restoration;
        self.end_newcomer(!*slot, newcomer, *grace).await?;
        let process = match self.still_there(restoration).await? {
            Some(process) => process,
            None => self.start_again(restoration).await?,
        };
        let asked = probe::run(self.host, self.report, &restoration.probe(self.settings, process)).await;
        asked.map_err(|error| self.explain(&launch.log, place, Some(process), error)).map(|()| process)
    }

    /// The release that was to make room, if it was not told to end yet. One that is ending is waited for.
    async fn still_there(
        &mut self,
        Restoration { slot, place, grace, .. }: &Restoration,
    ) -> Result<Option<ProcessIdentity>> {
        match occupant::find(self.host, self.settings, self.ledger, *slot).await? {
            Occupant::Stranger(who) => Err(occupant::refuse(&who)),
            Occupant::Nobody => Ok(None),
            Occupant::Ours(processes) if self.is_making_room => {
                processes::end(self.host, self.report, place, &processes, *grace, None).await?;
                processes::await_free(self.host, place).await?;
                Ok(None)
            }
            Occupant::Ours(processes) => {
                pin::let_start_again(self.host, &self.settings.pin(place))?;
                Ok(processes.first().map(|process| process.identity))
            }
        }
    }

    async fn start_again(&mut self, restoration: &Restoration) -> Result<ProcessIdentity> {
        let Restoration { slot, place, launch, unit, .. } = restoration;
        self.launch(place, launch, unit.as_ref()).await?;
        if let Err(cause) = self.remember(&Change::Launched { slot: *slot, process: None, port: place.port }) {
            self.report.say(&translated!("note: that {place} runs again could not be noted: {cause}"));
        }
        match &self.launched {
            Some(process) => Ok(process.identity),
            None => Err(Error::new(Kind::Bug, translated!("what was launched in {place} is not known"))),
        }
    }

    /// Ends the new release, which is not to have what the old one needs.
    async fn end_newcomer(&mut self, slot: Slot, place: &Place, grace: Duration) -> Result<()> {
        let found = occupant::find(self.host, self.settings, self.ledger, slot).await?;
        let mut family = match found {
            Occupant::Ours(processes) => processes,
            Occupant::Nobody => Vec::new(),
            Occupant::Stranger(who) => {
                self.report.say(&translated!("note: {who}"));
                Vec::new()
            }
        };
        // This run may have launched it without a note of it.
        let unnoted = self.launched.take().map(|launched| occupant::family(self.host, &launched.identity));
        family.extend(
            unnoted
                .into_iter()
                .flatten()
                .filter(|one| !family.iter().any(|own| own.identity == one.identity))
                .collect::<Vec<_>>(),
        );
        processes::terminate(self.host, self.settings, self.report, place, &family, grace, None).await?;
        processes::await_free(self.host, place).await?;
        if let Err(cause) = self.remember(&Change::Refused(slot)) {
            self.report.say(&translated!("note: that {place} is free could not be noted: {cause}"));
        }
        Ok(())
    }
}
