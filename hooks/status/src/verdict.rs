//! What `status` says first: how the site is, who should serve, and what is known that says what to do.

use shared::discovery::witness::Testimony;
use shared::host::Host;
use shared::language::translated;
use shared::nginx::site::Form;
use shared::route::include::Include;
use shared::run::Scene;
use shared::run::serving::{Cause, Outage, Serving};
use shared::slot::Slot;

use crate::help::{self, Situation};
use crate::level::Level;
use crate::slots::SlotView;

/// Why nobody serves, where nobody does.
pub(crate) fn outage(level: Level, serving: &Serving) -> Option<Outage> {
    match serving {
        Serving::Nobody(outage) | Serving::NobodyInPart(outage) => Some(outage.clone()),
        Serving::Stranger(place) if level == Level::Down => {
            let why = translated!("nginx sends requests to whoever is on {place}, which is neither slot's");
            Some(Outage { why, cause: Cause::Elsewhere })
        }
        Serving::Slot(..) | Serving::Stranger(_) | Serving::Unknown(_) => None,
    }
}

/// What is known of a site that is down.
pub(crate) fn situation(
    scene: &Scene<'_, impl Host>,
    cause: Cause,
    testimony: Option<&Testimony>,
    slots: &[SlotView],
) -> Situation {
    let (settings, ledger) = (scene.settings, &*scene.ledger);
    let runs = |slot: Slot| {
        let port = settings.place(slot).port;
        slots.iter().any(|seen| seen.port == port && !seen.processes.is_empty())
    };
    // Of one that has never served nobody knows whether it can.
    let may_serve = |slot: &Slot| {
        let tenant = ledger.tenants.get(*slot);
        runs(*slot) && (tenant.release.is_none() || tenant.served)
    };
    let told = match cause {
        Cause::NobodyListens(slot) | Cause::NoAnswer(Some(slot)) => Some(slot),
        Cause::NoAnswer(None) | Cause::Nginx | Cause::Elsewhere => None,
    };
    let wanted = help::should_have_traffic(ledger.live, runs);
    let include = testimony.and_then(|testimony| testimony.include.as_ref());
    let form = include.map_or(Form::Url, Include::form);
    let line = translated!("write `set ${} {};`", settings.proxy.variable, form.port(settings.place(wanted).port));
    let log = told.and_then(|slot| {
        let release = ledger.tenants.get(slot).release.as_ref()?;
        Some(settings.log_of(slot, &release.name))
    });
    Situation {
        hooks: scene.host.program().parent().map(ToOwned::to_owned).unwrap_or_default(),
        cause,
        standby: told.map(|told| !told).filter(may_serve).map(|slot| settings.place(slot).clone()),
        log,
        line: (settings.proxy.include.to_string_lossy().into_owned(), line),
        leads_to_somebody: runs(wanted),
    }
}

/// Who should serve: whoever is live by the witnesses, or is remembered as that.
pub(crate) fn should_serve(scene: &Scene<'_, impl Host>, live: Option<Slot>) -> Option<String> {
    let slot = live.or(scene.ledger.live)?;
    let release = scene.ledger.tenants.get(slot).release.as_ref();
    let release = release.map(|release| translated!(", release `{}`", release.name)).unwrap_or_default();
    Some(format!("{}{release}", scene.settings.place(slot)))
}

/// The reason that lies in who serves, if one does.
pub(crate) fn of_serving(level: Level, serving: &Serving, told: &str) -> Option<String> {
    match serving {
        Serving::Slot(_, Some(remark)) if remark.is_trouble => Some(translated!("it is served by {told}")),
        Serving::Stranger(_) if level < Level::Down => Some(translated!("it is served by {told}")),
        Serving::Unknown(_) => Some(translated!("who serves: {told}")),
        _ => None,
    }
}

/// The first line.
pub(crate) fn summary(level: Level, serving: &Serving, told: &str, reasons: &[String]) -> String {
    match (level, outage(level, serving)) {
        (Level::Healthy, _) => format!("OK: {told}"),
        (Level::Look, _) => {
            let first = reasons.first().map_or("", String::as_str);
            let more = match reasons.len().saturating_sub(1) {
                0 => String::new(),
                more => translated!(" (and {more} more)"),
            };
            format!("LOOK: {first}{more}")
        }
        // Whoever is nobody of ours serves nothing of ours.
        (Level::Down, Some(outage)) if matches!(serving, Serving::Stranger(_)) => format!("SITE DOWN: {}", outage.why),
        (Level::Down, _) => told.to_owned(),
    }
}
