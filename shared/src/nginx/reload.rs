//! Telling nginx to read its configuration again, and proving by its workers that it did: the command ends well as soon as the
//! signal is sent, whatever becomes of it (docs/nginx.md).

use std::time::Duration;

use crate::error::{Error, Kind, Result};
use crate::host::{Host, ProcessIdentity, Signal, first_line};
use crate::language::translated;
use crate::nginx::access::Access;
use crate::nginx::workers::{self, Generation, Worker};
use crate::patience::Patience;
use crate::patience::Waiting;
use crate::report::duration;
use crate::sudo::{COMMAND_AT_MOST, Way};

/// nginx lets its new workers start for this long before it tells the old ones to go (docs/nginx.md): nobody has to look before.
const NEW_WORKERS_START: Duration = Duration::from_millis(100);

/// Lets nginx read its configuration again and waits until its workers prove that it did.
///
/// # Errors
/// `Kind::SentBack` if the reload is not in force in time, and what nginx's workers look like instead.
pub async fn reload(
    host: &impl Host,
    master: &ProcessIdentity,
    access: &Access,
    at_most: Duration,
    before: &[Worker],
) -> Result<()> {
    signal(host, master, access).await?;
    let first_look = NEW_WORKERS_START.min(at_most);
    host.pause(first_look).await?;
    let mut waiting = Waiting::begin(host, Patience::brisk(at_most.saturating_sub(first_look)));
    loop {
        let state = workers::generation(before, &workers::workers(host, master));
        if state == Generation::InForce {
            return Ok(());
        }
        if !waiting.for_another_look().await? {
            return Err(not_in_force(state, at_most));
        }
    }
}

fn not_in_force(state: Generation, at_most: Duration) -> Error {
    let found = match state {
        Generation::Unchanged => translated!("nginx refused to reload: its old workers go on"),
        Generation::Mixed => translated!("nginx's old workers go on accepting beside the new ones"),
        Generation::Nobody | Generation::InForce => workers::NOBODY_ACCEPTS.told(),
    };
    let waited = duration(at_most);
    Error::new(Kind::SentBack, translated!("the reload was not in force after {waited}: {found}"))
        .advise(translated!("look for [emerg] and [alert] in nginx's error log; put that right and deploy again"))
}

/// Tells nginx's master, proven to be one, to reload.
async fn signal(host: &impl Host, master: &ProcessIdentity, access: &Access) -> Result<()> {
    let not_sent = |why: String| {
        Error::new(Kind::SentBack, translated!("nginx could not be told to reload: {why}"))
            .advise(translated!("see that nginx runs, then deploy again"))
    };
    if access.nginx == Way::Own {
        return match host.signal(master, Signal::Reload) {
            Ok(true) => Ok(()),
            Ok(false) => Err(not_sent(translated!("its master, process {}, is gone", master.id))),
            Err(cause) => Err(not_sent(cause.to_string())),
        };
    }
    let output = host.run(&access.reload(), COMMAND_AT_MOST).await?;
    if output.success { Ok(()) } else { Err(not_sent(first_line(&output.complaint).to_owned())) }
}

/// Reloads once more after the include was put back. A first reload that seems to have come to nothing may only be late: nginx
/// may have read the new include and not started its workers yet. So it is always told again; if it then refuses as before
/// and its very same workers go on, it never took the change, and that is as good. Where the first reload was not `seen` in force,
/// the workers that come next may still be the first one's: then nginx is told a third time, and those that come after them are
/// of the include that was put back, whichever reload brings them (F102).
///
/// # Errors
/// `Kind::SentBack` if neither is the case in time.
pub async fn reload_back(
    host: &impl Host,
    master: &ProcessIdentity,
    access: &Access,
    at_most: Duration,
    before: &[Worker],
    seen: bool,
) -> Result<()> {
    let told_again = async || {
        let now = workers::workers(host, master);
        reload(host, master, access, at_most, &now).await
    };
    match told_again().await {
        Err(_) if workers::are_untouched(before, &workers::workers(host, master)) => Ok(()),
        Ok(()) if !seen => told_again().await,
        other => other,
    }
}
