//! What `switch` will need of nginx, by the way in which it will move the traffic.

use shared::config::CutoverWay;
use shared::discovery::witness::Testimony;
use shared::error::{Error, Kind, Result};
use shared::host::{Host, ProcessIdentity};
use shared::ledger::Change;
use shared::nginx::access::Access;
use shared::nginx::configuration;
use shared::nginx::workers;
use shared::route::{flag, installation};
use shared::run::Scene;
use shared::sudo::{self, Way};

/// Refuses what `switch` would refuse. Returns what is to be remembered of it.
///
/// # Errors
/// nginx is down or its configuration broken, this user may not do what is needed, or the flag could be read wrongly.
pub(super) async fn check(scene: &Scene<'_, impl Host>, testimony: &Testimony) -> Result<Option<Change>> {
    let (host, settings) = (scene.host, scene.settings);
    let (master, access) = scene.nginx().await?;
    if settings.proxy.cutover == CutoverWay::Reload {
        access.check(host).await?;
        configuration::test(host, &access).await?;
        return Ok(None);
    }
    let workers = workers::accepting(&workers::workers(host, &master.identity));
    flag::check(host, settings, workers.first().copied())?;
    if shared::discovery::witness::is_installed(settings, testimony) {
        return check_once_more(scene, &access, workers).await;
    }
    installation::check(host, settings, &access, testimony.include.as_ref()).await?;
    installation::check_configuration(settings, &configuration::test(host, &access).await?)?;
    Ok(None)
}

/// Where the flag is in force, nginx's configuration is looked at again only after somebody has made nginx read it again, and
/// only by whoever may: the flag itself needs neither that nor root.
async fn check_once_more(
    scene: &Scene<'_, impl Host>,
    access: &Access,
    workers: Vec<ProcessIdentity>,
) -> Result<Option<Change>> {
    let (host, settings) = (scene.host, scene.settings);
    if scene.ledger.is_checked(&workers, &host.boot_id()) {
        return Ok(None);
    }
    if access.nginx == Way::Sudo && sudo::refusal(host, &[access.dump()]).await?.is_some() {
        return Ok(None);
    }
    match configuration::test(host, access).await {
        Ok(tree) => {
            installation::check_configuration(settings, &tree)?;
            Ok(Some(Change::Checked(workers)))
        }
        Err(cause) if cause.kind() == Kind::ProxyBroken => {
            scene.report.say(&format!("note: {cause}. The flag moves traffic all the same, but {}", advice(&cause)));
            Ok(None)
        }
        Err(cause) => Err(cause),
    }
}

fn advice(cause: &Error) -> &str {
    cause.advice().unwrap_or("nginx would not start again like this")
}
