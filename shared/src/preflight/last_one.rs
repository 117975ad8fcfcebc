//! Whether the idle slot holds the last release that runs, which could bring the site back.

use crate::discovery::witness::Testimony;
use crate::error::{Error, Kind, Result};
use crate::host::{Host, Request};
use crate::language::translated;
use crate::occupant::Occupant;
use crate::probe::{Judgement, Probe};
use crate::run::Scene;
use crate::slot::Roles;

/// Refuses to end the last release that runs where nginx does not go on to it by itself: one command puts the site back up on it
/// (F114). One that `switch --back` would refuse, since it never served or answers badly, is worth nothing.
pub(super) async fn check(
    scene: &Scene<'_, impl Host>,
    roles: Roles,
    testimony: &Testimony,
    occupant: &Occupant,
) -> Result<()> {
    let evidence = &testimony.evidence;
    let Roles { live: Some(live), idle } = roles else { return Ok(()) };
    let tenant = scene.ledger.tenants.get(idle);
    let may_serve = tenant.release.is_none() || tenant.served;
    let is_last = !evidence.listening.get(live) && *evidence.listening.get(idle);
    let Occupant::Ours(processes) = occupant else { return Ok(()) };
    let Some(process) = processes.first() else { return Ok(()) };
    if evidence.falls_over || !is_last || !may_serve {
        return Ok(());
    }
    let probe = Probe::of(scene.settings, idle, process.identity);
    let request = Request { url: probe.url.clone(), host: None, at_most: probe.timeout };
    if probe.judge(&scene.host.get(&request).await?) != Judgement::Good {
        return Ok(());
    }
    let (live, idle) = (scene.settings.place(live), scene.settings.place(idle));
    let switch = scene.host.program().with_file_name("switch");
    Err(Error::new(
        Kind::Undecided,
        translated!("nobody listens in {live}, which is live, and {idle} is the last release that runs: it was not ended"),
    )
    .advise(translated!(
        "`{} --back` puts the site back up on it, then deploy again; if that is refused, it is worth nothing: end process {}",
        switch.to_string_lossy(),
        process.identity.id
    )))
}
