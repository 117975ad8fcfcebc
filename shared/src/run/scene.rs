//! What a hook sees: the host, the settings, who called, what is remembered. And what every hook does before its own work:
//! a cutover that an earlier run did not end is settled first.

use crate::config::Settings;
use crate::discovery::witness::{self, Testimony};
use crate::discovery::{self, Finding, IncludeSays};
use crate::error::{Error, Kind, Result};
use crate::host::{Host, Process};
use crate::ledger::{Intent, Ledger};
use crate::lifecycle::Lifecycle;
use crate::plan::execute::Execution;
use crate::plan::{Outcome, Plan};
use crate::proxy::access::Access;
use crate::proxy::settlement::{self, Seen, Since};
use crate::proxy::workers;
use crate::report::Report;

/// What a hook sees.
#[derive(Debug)]
pub struct Scene<'a, H> {
    /// The host.
    pub host: &'a H,
    /// The settings.
    pub settings: &'a Settings,
    /// Who called.
    pub lifecycle: &'a Lifecycle,
    /// What is remembered.
    pub ledger: &'a mut Ledger,
    /// Whom to tell.
    pub report: &'a Report,
}

impl<H: Host> Scene<'_, H> {
    /// Asks the witnesses and decides who is live.
    ///
    /// # Errors
    /// `Kind::Undecided` if they leave two candidates, `Kind::Settings` if the include cannot be read.
    pub async fn discover(&self) -> Result<(Finding, Testimony)> {
        let (finding, testimony) = self.find().await?;
        finding.notes.iter().for_each(|note| self.report.say(&format!("note: {note}")));
        Ok((finding, testimony))
    }

    /// The same without a word to anybody.
    ///
    /// # Errors
    /// As `discover`.
    pub async fn find(&self) -> Result<(Finding, Testimony)> {
        let testimony = witness::ask(self.host, self.settings, self.ledger.live).await?;
        let finding = discovery::decide(&testimony.evidence)?;
        Ok((finding, testimony))
    }

    /// nginx's master, and how this user may act on nginx.
    ///
    /// # Errors
    /// `Kind::ProxyBroken` if nginx is down, `Kind::Settings` if its program is not to be found.
    pub fn nginx(&self) -> Result<(Process, Access)> {
        let master = workers::master(self.host, &self.settings.proxy.pid_file).map_err(|why| {
            Error::new(Kind::ProxyBroken, why).advise(
                "start nginx (`systemctl start nginx`), or name its pid file in `proxy.pid_file` of hooks.toml, then deploy again",
            )
        })?;
        let access = Access::find(self.host, self.settings, Some(&master))?;
        Ok((master, access))
    }
}

/// Settles a cutover that was begun and not ended, by looking at nginx.
pub(super) async fn settle(host: &impl Host, settings: &Settings, ledger: &mut Ledger, report: &Report) -> Result<()> {
    let Some(intent) = ledger.intent.clone() else { return Ok(()) };
    // Until this is done the include and nginx may say different things: a signal has to wait (I3a).
    host.shield(true);
    let settled = look_and_settle(host, settings, ledger, report, &intent).await;
    host.shield(false);
    settled
}

async fn look_and_settle(
    host: &impl Host,
    settings: &Settings,
    ledger: &mut Ledger,
    report: &Report,
    intent: &Intent,
) -> Result<()> {
    let testimony = witness::ask(host, settings, ledger.live).await?;
    let (names, in_force) = match testimony.evidence.include {
        IncludeSays::Slot { slot, in_force } => (Some(slot), in_force),
        IncludeSays::Stranger { in_force, .. } => (None, in_force),
        IncludeSays::Missing => (None, None),
    };
    let master = workers::master(host, &settings.proxy.pid_file).ok();
    let since = match &master {
        Some(master) => settlement::since(&intent.workers, &workers::workers(host, &master.identity)),
        None => Since::Down,
    };
    let door = witness::what_door_says(settings, &testimony.door);
    let to_listens = *testimony.evidence.listening.get(intent.to);
    let seen = Seen { include: testimony.include.as_ref(), names, since, in_force, door: &door, to_listens };
    let decided = settlement::decide(intent, seen);
    report.say(&format!("an earlier run was ended in the middle of its cutover to {}: {decided}", intent.to));
    let access = Access::find(host, settings, master.as_ref())?;
    let plan = Plan {
        steps: settlement::steps(settings, intent, decided, master.map(|master| master.identity), &access),
        result: "the earlier cutover is settled".to_owned(),
    };
    match Execution::new(host, settings, ledger, report).carry_out(&plan).await {
        Outcome::Done => Ok(()),
        Outcome::Undone(cause) | Outcome::Stuck { cause, .. } => {
            Err(Error::new(Kind::Uncertain, format!("an earlier cutover could not be settled: {cause}")).advise(
                "look which port the include names and whether nginx runs with it; put that right, then deploy again",
            ))
        }
    }
}
