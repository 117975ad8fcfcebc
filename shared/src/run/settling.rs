//! Before its own work a hook settles a cutover that an earlier run did not end, by looking at nginx.

use crate::config::Settings;
use crate::cutover::settlement::{self, Seen, Settlement, Since};
use crate::discovery::IncludeSays;
use crate::discovery::witness;
use crate::error::{Error, Kind, Result};
use crate::host::Host;
use crate::language::translated;
use crate::ledger::{Intent, Ledger};
use crate::nginx::access::Access;
use crate::nginx::workers;
use crate::plan::execute::Execution;
use crate::plan::{Outcome, Plan};
use crate::probe::warm_up::Warming;
use crate::report::Report;
use crate::sudo::Way;

/// Settles a cutover that was begun and not ended, by looking at nginx.
pub(super) async fn settle<W: Warming>(
    host: &impl Host,
    settings: &Settings,
    ledger: &mut Ledger,
    report: &Report,
) -> Result<()> {
    let Some(intent) = ledger.intent.clone() else { return Ok(()) };
    // Until this is done the include and nginx may say different things: a signal has to wait (I3a).
    host.shield(true);
    let settled = look_and_settle::<W>(host, settings, ledger, report, &intent).await;
    host.shield(false);
    settled
}

async fn look_and_settle<W: Warming>(
    host: &impl Host,
    settings: &Settings,
    ledger: &mut Ledger,
    report: &Report,
    intent: &Intent,
) -> Result<()> {
    super::scene::see_flag(host, settings).await?;
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
    let to = settings.place(intent.to);
    report.say(&translated!("an earlier run was ended in the middle of its cutover to {to}: {decided}"));
    if decided == Settlement::NotYet {
        let unsettled = |why: &str| translated!("an earlier cutover cannot be settled: {why}");
        return Err(match workers::master(host, &settings.proxy.pid_file) {
            Err(none) => none.refused(unsettled),
            Ok(_) => Error::new(Kind::ProxyBroken, unsettled(workers::NOBODY_ACCEPTS.told())).advise(translated!(
                "start nginx (`systemctl restart nginx`), then deploy again, which settles that first"
            )),
        });
    }
    let access = Access::find(host, settings, master.as_ref())?;
    let plan = Plan {
        steps: settlement::steps(settings, intent, decided, master.map(|master| master.identity), &access),
        result: translated!("the earlier cutover is settled").to_owned(),
    };
    match Execution::<_, W>::new(host, settings, ledger, report).carry_out(&plan).await {
        Outcome::Done => {
            for file in [&access.include, &access.upstreams] {
                if file.way == Way::Own {
                    file.sweep(host);
                }
            }
            Ok(())
        }
        Outcome::Undone(cause) | Outcome::Stuck { cause, .. } => Err(Error::new(
            Kind::Uncertain,
            translated!("an earlier cutover could not be settled: {cause}"),
        )
        .advise(translated!(
            "look which port the include names and whether nginx runs with it; put that right, then deploy again"
        ))),
    }
}
