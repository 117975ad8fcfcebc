//! The end of the slot that served before a cutover, where `switch.standby` is "stop". Traffic has moved and is proven by then:
//! whatever goes wrong here, a signal among it, is told and changes nothing of that.

use std::time::Duration;

use super::{drain, processes};
use crate::config::Settings;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::language::translated;
use crate::ledger::Ledger;
use crate::occupant::{self, Occupant};
use crate::report::Report;
use crate::slot::{Place, Slot};

/// How a slot is retired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retirement {
    /// The slot that served until the cutover.
    pub slot: Slot,
    /// Its place, for the sentence.
    pub place: Place,
    /// How long requests on their way to it may take to end.
    pub drain: Duration,
    /// How long its processes may take to end after SIGTERM.
    pub grace: Duration,
}

impl Retirement {
    /// How a slot is retired with these settings.
    #[must_use]
    pub fn of(settings: &Settings, slot: Slot) -> Retirement {
        let place = settings.place(slot).clone();
        Retirement { slot, place, drain: settings.stop.drain, grace: settings.stop.grace }
    }
}

/// Lets the slot's requests end, then its processes. Who is in it is looked at again, as `stop` does.
///
/// # Errors
/// As those of the actions of `stop`; `Kind::Undecided` if a stranger holds the slot.
pub(super) async fn retire(
    host: &impl Host,
    settings: &Settings,
    ledger: &Ledger,
    report: &Report,
    retirement: &Retirement,
) -> Result<()> {
    let Retirement { slot, place, drain, grace } = retirement;
    let (slot, drain, grace) = (*slot, *drain, *grace);
    let processes = match occupant::find(host, settings, ledger, slot).await? {
        Occupant::Stranger(who) => return Err(occupant::refuse(&who)),
        Occupant::Nobody => return Ok(()),
        Occupant::Ours(processes) => processes,
    };
    drain::drain(host, report, place, drain).await?;
    // What would be ended may be all that is left.
    processes::see_live(host, settings.place(!slot))?;
    let live = settings.place(!slot);
    processes::terminate(host, settings, report, place, &processes, grace, Some(live)).await?;
    processes::await_free(host, place).await?;
    report.say(&translated!("{place} was stopped"));
    Ok(())
}

/// What is said where it came to nothing.
pub(super) fn failed(place: &Place, cause: &Error) -> String {
    translated!(
        "note: {place} was not stopped after the cutover: {cause}. The cutover holds; the next `stop` tries again"
    )
}
