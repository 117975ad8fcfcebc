//! A release is asked, and what becomes of one that is refused.

use std::path::Path;

use super::Execution;
use crate::error::{Error, Result};
use crate::host::{Host, ProcessIdentity, Share};
use crate::language::translated;
use crate::ledger::{Change, Stage};
use crate::plan::action::Refusal;
use crate::plan::{processes, refused};
use crate::probe::warm_up::{WarmUp, Warming};
use crate::probe::{self, Probe};
use crate::slot::Place;

impl<H: Host, W: Warming> Execution<'_, H, W> {
    /// Asks a release, explains by its log why it fails, and ends it if it is refused.
    pub(super) async fn probe(&mut self, probe: &Probe, log: Option<&Path>, refusal: Option<Refusal>) -> Result<()> {
        let is_started = self.ledger.deployment.as_ref().is_some_and(|deployment| deployment.stage == Stage::Started);
        let is_first = is_started && !self.ledger.is_reused();
        if let Err(error) = probe::run(self.host, self.report, probe).await {
            return Err(self.refuse(probe, error, log, refusal).await);
        }
        if is_first {
            let process = self.host.process(probe.process.id);
            self.boot = process.and_then(|process| self.host.wall_clock().duration_since(process.started_at).ok());
        }
        Ok(())
    }

    /// Warms a release up, and refuses it as `probe` does where it dies of that, or answers otherwise than it has to.
    pub(super) async fn warm_up(&mut self, warm_up: &WarmUp, log: &Path, refusal: Refusal) -> Result<()> {
        match W::run(self.host, self.report, warm_up).await {
            Err(error) => Err(self.refuse(&warm_up.probe, error, Some(log), Some(refusal)).await),
            Ok(()) => Ok(()),
        }
    }

    /// Explains by its log why a release failed, and ends it if it is refused.
    async fn refuse(&mut self, probe: &Probe, error: Error, log: Option<&Path>, refusal: Option<Refusal>) -> Error {
        let error = match log {
            Some(log) => self.explain(log, &probe.place, Some(probe.process), error),
            None => error,
        };
        if let Some(refusal) = refusal
            && refused::is_refusal(&error)
        {
            // A signal waits meanwhile: half-ended it would be neither nginx's backup nor gone.
            self.host.shield(true);
            self.end_refused(&probe.place, probe.process, refusal).await;
            self.host.shield(false);
        }
        error
    }

    /// Asks a release again whose traffic was sent back, and ends it if it is refused. A signal waits, as it does for the whole undo.
    pub(super) async fn reconsider(&mut self, probe: &Probe, log: Option<&Path>, refusal: Refusal) {
        if let Err(error) = probe::run(self.host, self.report, probe).await
            && refused::is_refusal(&error)
        {
            self.report.say(&error.to_string());
            if let Some(log) = log {
                self.show(log, &probe.place, Some(probe.process));
            }
            self.end_refused(&probe.place, probe.process, refusal).await;
        }
    }

    /// Ends a release that was refused; whatever comes of it, the refusal stands.
    async fn end_refused(&mut self, place: &Place, process: ProcessIdentity, refusal: Refusal) {
        if let Err(cause) = refused::end(self.host, self.settings, self.report, process, refusal).await {
            self.report.say(&translated!("note: the refused release in {place} was not ended: {cause}"));
            processes::share(self.host, self.report, &process, Share::Equal).await;
            return;
        }
        self.report.say(&translated!("the refused release in {place} was ended, so that nginx cannot fall back on it"));
        if let Err(cause) = self.remember(&Change::Refused(refusal.slot)) {
            self.report.say(&translated!("note: that could not be noted: {cause}"));
        }
    }
}
