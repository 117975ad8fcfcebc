//! What actions do to the processes in a slot: end them, wait for the port, watch a newcomer. Each ends when what it waits for
//! is there, never when some time has passed.

use std::time::Duration;

use super::action::{KILLED_AT_MOST, PORT_FREE_AT_MOST, SHARED_AT_MOST};
use crate::config::Settings;
use crate::error::{Error, Kind, Result};
use crate::host::{Host, Process, ProcessIdentity, Share, Signal};
use crate::language::translated;
use crate::occupant;
use crate::patience::Patience;
use crate::patience::Waiting;
use crate::report::{Report, duration};
use crate::slot::Place;
use crate::supervisor::{OUT_OF_MEMORY, Unit, pin};

/// Refuses to go on where nobody listens in the live slot any more.
pub(super) fn see_live(host: &impl Host, place: &Place) -> Result<()> {
    if !occupant::is_listened_on(host, place.port)? {
        return Err(Error::new(
            Kind::Undecided,
            translated!("nobody listens any more in {place}, which was live, so the other slot was not ended"),
        )
        .advise(translated!(
            "with `proxy.cutover = \"instant\"` nginx has gone on to the other slot: deploy again; with \"reload\" \
             `switch --back` puts the site back up on it"
        )));
    }
    Ok(())
}

/// SIGTERM, then patience, then SIGKILL. Whoever would start it again is told first that it is to stay down. Where nobody listens in `live` any more when it comes to that, what is left here may be
/// all that users have, and nobody kills it.
pub(super) async fn terminate(
    host: &impl Host,
    settings: &Settings,
    report: &Report,
    place: &Place,
    processes: &[Process],
    grace: Duration,
    live: Option<&Place>,
) -> Result<()> {
    pin::remove(host, settings, place)?;
    end(host, report, place, processes, grace, live).await
}

/// The same to one that systemd may start again later.
pub(super) async fn end(
    host: &impl Host,
    report: &Report,
    place: &Place,
    processes: &[Process],
    grace: Duration,
    live: Option<&Place>,
) -> Result<()> {
    send(host, place, processes, Signal::Terminate)?;
    if gone(host, processes, grace).await? {
        return Ok(());
    }
    if let Some(live) = live {
        see_live(host, live)?;
    }
    report.say(&translated!("{place} did not end within {} of SIGTERM: SIGKILL", duration(grace)));
    send(host, place, processes, Signal::Kill)?;
    if gone(host, processes, KILLED_AT_MOST).await? {
        return Ok(());
    }
    let ids: Vec<String> = alive(host, processes).iter().map(|identity| identity.id.to_string()).collect();
    Err(Error::new(Kind::Undecided, translated!("process {} in {place} outlived SIGKILL", ids.join(", "))).advise(
        translated!(
            "it hangs in the kernel (a disk or a network file system?): look at it with `ps`, then deploy again"
        ),
    ))
}

fn send(host: &impl Host, place: &Place, processes: &[Process], signal: Signal) -> Result<()> {
    for identity in alive(host, processes) {
        host.signal(&identity, signal).map_err(|cause| {
            Error::new(Kind::of(&cause), translated!("process {} in {place} cannot be signalled: {cause}", identity.id))
                .advise(translated!("run the hooks as the user that owns the process (`runas` in appspec.yml)"))
        })?;
    }
    Ok(())
}

fn alive(host: &impl Host, processes: &[Process]) -> Vec<ProcessIdentity> {
    processes.iter().map(|process| process.identity).filter(|identity| host.lives(identity)).collect()
}

async fn gone(host: &impl Host, processes: &[Process], at_most: Duration) -> Result<bool> {
    let mut waiting = Waiting::begin(host, Patience::brisk(at_most));
    while !alive(host, processes).is_empty() {
        if !waiting.for_another_look().await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Waits until nobody listens on the place's port.
pub(super) async fn await_free(host: &impl Host, place: &Place) -> Result<()> {
    let mut waiting = Waiting::begin(host, Patience::brisk(PORT_FREE_AT_MOST));
    loop {
        if !occupant::is_listened_on(host, place.port)? {
            return Ok(());
        }
        if !waiting.for_another_look().await? {
            let holders = occupant::listeners(host, place.port)?;
            let holder = holders.first().and_then(|listener| listener.processes.first());
            let who = holder.map_or_else(
                || translated!("a process").to_owned(),
                |process| translated!("process {}", process.identity.id),
            );
            return Err(occupant::refuse(&translated!("port {} is still held by {who}", place.port)));
        }
    }
}

/// Changes a share of the processors, as soon as the kernel takes a change. Who keeps a small one is told: it may not stay.
pub(super) async fn share(host: &impl Host, report: &Report, process: &ProcessIdentity, share: Share) {
    let mut waiting = Waiting::begin(host, Patience::brisk(SHARED_AT_MOST));
    let refused = loop {
        match host.set_processor_share(process, share) {
            Ok(()) => return,
            Err(cause) if cause.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(cause) => break cause.to_string(),
        }
        match waiting.for_another_look().await {
            Ok(true) => {}
            Ok(false) => break translated!("the kernel takes no change for now").to_owned(),
            Err(interrupted) => break interrupted.to_string(),
        }
    };
    match share {
        Share::Small | Share::Least => tracing::warn!("process {} has as much of the processors as any other: {refused}", process.id),
        Share::Equal => report.say(&translated!(
            "note: process {} keeps a small share of the processors: {refused}. `echo 0 > /proc/{}/autogroup` ends that",
            process.id, process.id
        )),
    }
}

/// Watches the launched process until it listens or has lived long enough.
pub(super) async fn survive(
    host: &impl Host,
    place: &Place,
    launched: &ProcessIdentity,
    unit: Option<&Unit>,
    at_most: Duration,
) -> Result<()> {
    let mut waiting = Waiting::begin(host, Patience::brisk(at_most));
    loop {
        if let Some(ending) = ending(host, launched, unit).await {
            return Err(died_at_once(host, place, &ending));
        }
        let listening = occupant::listening(host, place.port)?;
        if listening.iter().any(|process| occupant::belongs_to(host, launched, process)) {
            return Ok(());
        }
        if !waiting.for_another_look().await? {
            return Ok(());
        }
    }
}

/// How the launched process has ended, if it has: who started it knows.
async fn ending(host: &impl Host, launched: &ProcessIdentity, unit: Option<&Unit>) -> Option<String> {
    let Some(unit) = unit else { return host.ending(launched) };
    if host.lives(launched) {
        return None;
    }
    Some(unit.ending(host).await)
}

fn died_at_once(host: &impl Host, place: &Place, ending: &str) -> Error {
    let died =
        |why: &str| Error::new(Kind::NotStarted, translated!("the new release in {place} died at once: {ending}{why}"));
    if let Some((why, advice)) = occupant::memory_was_short(host, None) {
        // systemd has said so already.
        return died(if ending == OUT_OF_MEMORY.told() { "" } else { &why }).advise(advice);
    }
    if ending == "exit status 0" {
        return died("").advise(translated!(
            "what is started must stay in the foreground: let `app.command` not send it to the background"
        ));
    }
    died("").advise_until_explained(translated!(
        "the last lines of its log are above; put the cause right and deploy again"
    ))
}
