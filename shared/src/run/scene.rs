//! What a hook sees: the host, the settings, who called, what is remembered.

use crate::config::Settings;
use crate::discovery::witness::{self, Testimony};
use crate::discovery::{self, Finding, WordSays};
use crate::error::{Error, Kind, Result};
use crate::host::{Host, Process};
use crate::language::translated;
use crate::ledger::Ledger;
use crate::lifecycle::Lifecycle;
use crate::nginx::access::Access;
use crate::nginx::{upgrade, workers};
use crate::report::Report;
use crate::route::flag;
use crate::route::include::Include;

/// What a hook sees.
#[derive(Debug)]
pub struct Scene<'a, H> {
    /// What can be asked of the machine.
    pub host: &'a H,
    /// Checked settings, environment included.
    pub settings: &'a Settings,
    /// Who called.
    pub lifecycle: &'a Lifecycle,
    /// What is remembered.
    pub ledger: &'a mut Ledger,
    /// Whom to tell.
    pub report: &'a Report,
}

/// Where nginx goes by the flag, its workers have to see it: else the include says one slot, they take the other, and every witness
/// contradicts the next (F111).
///
/// # Errors
/// `Kind::NotAllowed` naming the directory that does not let them through; as `witness::read_include`.
pub(super) async fn see_flag(host: &impl Host, settings: &Settings) -> Result<()> {
    let include = witness::read_include(host, settings).await?;
    let Some(choice) = include.as_ref().and_then(Include::choice) else { return Ok(()) };
    let Ok(master) = workers::master(host, &settings.proxy.pid_file) else { return Ok(()) };
    let worker = workers::accepting(&workers::workers(host, &master.identity)).first().copied();
    flag::check_visible(host, &choice.flag, worker)
}

impl<H: Host> Scene<'_, H> {
    /// Asks the witnesses and decides who is live.
    ///
    /// # Errors
    /// `Kind::Undecided` if they leave two candidates, `Kind::Settings` or `Kind::NotAllowed` if the
    /// include cannot be read.
    pub async fn discover(&self) -> Result<(Finding, Testimony)> {
        let (finding, testimony) = self.find().await?;
        finding.notes.iter().for_each(|note| self.report.say(&translated!("note: {note}")));
        Ok((finding, testimony))
    }

    /// The same without a word to anybody.
    ///
    /// # Errors
    /// As `discover`.
    pub async fn find(&self) -> Result<(Finding, Testimony)> {
        see_flag(self.host, self.settings).await?;
        let testimony = witness::ask(self.host, self.settings, self.ledger.live).await?;
        if let WordSays::AnotherNginx(_) = testimony.evidence.word {
            self.refuse_two_masters()?;
        }
        let finding = discovery::decide(&self.settings.places, &testimony.evidence)?;
        Ok((finding, testimony))
    }

    /// Where two masters serve, what is done to one of them moves only a part of the traffic (F101).
    fn refuse_two_masters(&self) -> Result<()> {
        let pid_file = &self.settings.proxy.pid_file;
        let Ok(master) = workers::master(self.host, pid_file) else { return Ok(()) };
        match upgrade::other_master(self.host, &master, pid_file) {
            Some(other) => Err(upgrade::unfinished(&master, other)),
            None => Ok(()),
        }
    }

    /// Says what is worth a sentence and no reason to refuse.
    pub fn tell(&self, note: Option<String>) {
        if let Some(note) = note {
            self.report.say(&translated!("note: {note}"));
        }
    }

    /// nginx's master, which has workers that accept, and how this user may act on nginx. Where nobody accepts there is no traffic
    /// to move, and nothing could tell where a flag or a reload has moved it (F121).
    ///
    /// # Errors
    /// `Kind::ProxyBroken` if nginx is down or none of its workers accepts, `Kind::NotAllowed` if this user may not see it, `Kind::Settings` if its program is not to be found.
    pub async fn nginx(&self) -> Result<(Process, Access)> {
        let master =
            workers::master(self.host, &self.settings.proxy.pid_file).map_err(|none| none.refused(str::to_owned))?;
        self.refuse_two_masters()?;
        if !workers::await_accepting(self.host, &master.identity).await? {
            let id = master.identity.id;
            return Err(Error::new(Kind::ProxyBroken, translated!("{}: its master, process {id}, runs alone", workers::NOBODY_ACCEPTS))
                .advise(translated!("look for [emerg] and [alert] in nginx's error log, restart nginx (`systemctl restart nginx`), then deploy again")));
        }
        let access = Access::find(self.host, self.settings, Some(&master))?;
        Ok((master, access))
    }
}
