//! Who listens on the ports of a release: its slot's own, and the one on which it is asked. Nobody else's answer counts (F35).

use std::net::{IpAddr, Ipv4Addr};

use super::Probe;
use crate::error::{Error, Kind, Result};
use crate::host::{Host, Listener};
use crate::language::translated;
use crate::occupant;

/// The address on which all of these listen, where that is none that takes what comes to 127.0.0.1.
pub(super) fn elsewhere(listeners: &[Listener]) -> Option<IpAddr> {
    let takes = |address: IpAddr| address.is_unspecified() || address == Ipv4Addr::LOCALHOST;
    let first = listeners.first()?.address;
    (!listeners.iter().any(|listener| takes(listener.address))).then_some(first)
}

/// The port that the launched process does not listen on, of its slot's own and the one that is asked, in words.
pub(super) fn not_listening(host: &impl Host, probe: &Probe) -> Result<Option<String>> {
    if !check_listener(host, probe)? {
        return Ok(Some(translated!("port {}", probe.place.port)));
    }
    if probe.port == probe.place.port || is_its_own(host, probe, probe.port)? {
        return Ok(None);
    }
    Ok(Some(translated!("port {} (`health.port`)", probe.port)))
}

/// Whether the launched process listens on its slot's own port.
///
/// # Errors
/// `Kind::NotStarted` if it is dead, `Kind::Undecided` if somebody else holds the port.
pub(crate) fn check_listener(host: &impl Host, probe: &Probe) -> Result<bool> {
    let alive = host.lives(&probe.process);
    let listens = is_its_own(host, probe, probe.place.port)?;
    if !alive && !listens {
        let died = |why: &str| {
            let (place, id) = (&probe.place, probe.process.id);
            Error::new(Kind::NotStarted, translated!("the new release in {place} has died (process {id} is gone){why}"))
        };
        return Err(match occupant::memory_was_short(host, probe.ended_before) {
            Some((why, advice)) => died(&why).advise(advice),
            None => died("").advise_until_explained(translated!(
                "the last lines of its log are above; put the cause right and deploy again"
            )),
        });
    }
    Ok(listens)
}

/// Whether anybody listens on `port`, who then has to be the launched process or one of its family.
fn is_its_own(host: &impl Host, probe: &Probe, port: u16) -> Result<bool> {
    let listeners = occupant::listeners(host, port)?;
    for listener in &listeners {
        let Some(process) = listener.processes.first() else {
            let owner = host.user_named(listener.owner).name;
            return Err(occupant::refuse(&translated!(
                "port {port} is held by a process of user `{owner}`, not by the release (process {})",
                probe.process.id
            )));
        };
        if !listener.processes.iter().any(|process| occupant::belongs_to(host, &probe.process, process)) {
            return Err(occupant::refuse(&translated!(
                "port {port} is held by process {} (`{}`), not by the release (process {})",
                process.identity.id,
                process.summary(),
                probe.process.id
            )));
        }
    }
    Ok(!listeners.is_empty())
}
