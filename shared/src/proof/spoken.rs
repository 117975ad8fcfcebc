//! nginx's own word after a cutover: asked until enough of our master's workers have said where they send requests.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::config::Settings;
use crate::error::{Error, Kind, Result};
use crate::host::Host;
use crate::language::translated;
use crate::nginx::workers;
use crate::occupant;
use crate::patience::{Patience, Waiting};
use crate::route::include::{Include, Leads};
use crate::route::word::{self, Unheard};
use crate::slot::Slot;

/// How many different workers are enough. Those of one generation are copies of one master that read the same files, so one tells
/// for all; what could set a single one apart (a cache of its own, a reload that is not over) shows in the next ones. All are
/// asked where there are no more than this: with many workers it is the kernel's choice who is met.
const ENOUGH: usize = 4;

/// How many questions in a row may find nobody new: who has not been met by then will not be.
const IN_VAIN: u32 = 64;

/// What was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Enough workers send requests where they should.
    Enough,
    /// Some do, and none elsewhere, but too few were met.
    TooFew,
    /// Nobody was asked, or what answers cannot tell.
    Nobody,
}

/// Asks until enough of nginx's workers send requests to `slot`.
///
/// # Errors
/// `Kind::SentBack` if they still send them elsewhere after `at_most`, or if it is not our nginx that speaks; as `Kind::of` says, if
/// it cannot be seen whether anybody listens.
pub(super) async fn listen(
    host: &impl Host,
    settings: &Settings,
    port: u16,
    slot: Slot,
    at_most: Duration,
) -> Result<Heard> {
    let mut waiting = Waiting::begin(host, Patience::brisk(at_most));
    let (mut heard, mut in_vain, mut mute) = (BTreeSet::new(), 0, 0);
    loop {
        let wrong = match ask(host, settings, port, slot).await? {
            Ok(Told { worker, accepting }) => {
                in_vain = if heard.insert(worker) { 0 } else { in_vain + 1 };
                if heard.len() >= accepting.min(ENOUGH) {
                    return Ok(Heard::Enough);
                }
                if in_vain < IN_VAIN {
                    // Each question comes on a connection of its own, and needs no pause.
                    continue;
                }
                None
            }
            // The include itself answers, whatever is asked: who cannot speak shows nothing, either way.
            Err(Wrong::Mute) if mute >= IN_A_ROW => return Ok(Heard::Nobody),
            Err(Wrong::Mute) => {
                mute += 1;
                continue;
            }
            Err(Wrong::Elsewhere(why)) => {
                heard.clear();
                Some(why)
            }
        };
        if !waiting.for_another_look().await? {
            return wrong.map_or(Ok(Heard::TooFew), |why| Err(not_there(settings, slot, &why)));
        }
    }
}

/// How many answers in a row that are no word are no accident.
const IN_A_ROW: u32 = 3;

/// What is no word of a worker that sends requests where it should.
enum Wrong {
    /// Something answers that is no word.
    Mute,
    /// Nobody answers, or it is said of another place or by another nginx: a fragment.
    Elsewhere(String),
}

/// A worker that sends requests where it should.
struct Told {
    worker: u32,
    /// How many workers accept.
    accepting: usize,
}

/// Asks one worker.
async fn ask(host: &impl Host, settings: &Settings, port: u16, slot: Slot) -> Result<std::result::Result<Told, Wrong>> {
    let said = match word::ask(host, port).await? {
        Ok(said) => said,
        Err(Unheard::Another(_)) => return Ok(Err(Wrong::Mute)),
        // Somebody takes the connection and closes it.
        Err(Unheard::Silence(_)) if occupant::is_listened_on(host, port)? => return Ok(Err(Wrong::Mute)),
        Err(Unheard::Silence(why)) => return Ok(Err(Wrong::Elsewhere(why))),
    };
    let master = match workers::master(host, &settings.proxy.pid_file) {
        Ok(master) => master,
        Err(none) => return Ok(Err(Wrong::Elsewhere(none.to_string()))),
    };
    let workers = workers::workers(host, &master.identity);
    if !workers.iter().any(|worker| worker.identity.id == said.worker) {
        let (worker, master) = (said.worker, master.identity.id);
        let why = translated!("process {worker} answers, which is no worker of nginx's master, process {master}");
        return Ok(Err(Wrong::Elsewhere(why)));
    }
    if word::leads_to(settings, &said.target) != Some(slot) && !is_named(host, settings, &said.target) {
        let why = translated!("its worker {} sends requests to `{}`", said.worker, said.target);
        return Ok(Err(Wrong::Elsewhere(why)));
    }
    Ok(Ok(Told { worker: said.worker, accepting: workers::accepting(&workers).len() }))
}

/// Whether the include, which was just written to lead there, names this group of the user's own (F96).
fn is_named(host: &impl Host, settings: &Settings, target: &str) -> bool {
    let include = host.read_file(&settings.proxy.include).ok();
    let include = include.and_then(|bytes| Include::parse(&bytes, &settings.proxy.variable).ok());
    matches!(include.as_ref().map(Include::leads), Some(Leads::Named { name, .. }) if name == word::bare(target))
}

fn not_there(settings: &Settings, slot: Slot, why: &str) -> Error {
    Error::new(Kind::SentBack, translated!("nginx does not send requests to {}: {why}", settings.place(slot))).advise(
        translated!("see that nginx's workers can see `proxy.flag`, that `proxy.pid_file` names the nginx that serves, and its error log"),
    )
}
