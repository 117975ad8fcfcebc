//! `switch --install`: root brings in the choice by the flag, once, for the user that deploys and may not. Traffic stays where it
//! is, and nothing of the hooks' own is touched: not the ledger, not the releases.

use shared::cutover;
use shared::discovery::IncludeSays;
use shared::discovery::witness::{self, Testimony};
use shared::error::{Error, Kind, Result};
use shared::host::Host;
use shared::language::translated;
use shared::occupant;
use shared::plan::Plan;
use shared::route::{flag, installation, ownership};
use shared::run::Scene;
use shared::slot::{Roles, Slot};

use crate::look_at_nginx;

/// What `switch --install` does.
pub(crate) async fn plan(scene: &Scene<'_, impl Host>) -> Result<Plan> {
    let (host, settings) = (scene.host, scene.settings);
    let (finding, testimony) = scene.discover().await?;
    let serves = serves(host, finding.roles.live, &testimony)?;
    let place = settings.place(serves);
    let said = if *testimony.evidence.listening.get(serves) {
        translated!("{place} serves as before")
    } else {
        translated!("neither slot serves yet").to_owned()
    };
    let speaks = settings.proxy.word.is_none() || testimony.is_heard();
    let installed = speaks && witness::is_installed(settings, &testimony);
    let nginx = look_at_nginx(scene, testimony, serves, installed).await?;
    if installed {
        return Ok(Plan { steps: Vec::new(), result: translated!("the instant cutover is installed already; {said}") });
    }
    ownership::check_files(host, settings)?;
    flag::check(host, settings, nginx.workers.first().copied())?;
    installation::check(host, settings, &nginx.access, Some(&nginx.include)).await?;
    Ok(Plan {
        steps: cutover::installation(settings, &nginx, serves),
        result: translated!("the instant cutover is installed; {said}. Deploy again"),
    })
}

/// The slot that is to serve as before: the live one, or on a host before its first deploy the one that a deploy begins in, as long
/// as nobody serves from where the include leads (F112).
fn serves(host: &impl Host, live: Option<Slot>, testimony: &Testimony) -> Result<Slot> {
    let elsewhere = match testimony.evidence.include {
        IncludeSays::Stranger { port, .. } if occupant::is_listened_on(host, port)? => Some(port),
        _ => None,
    };
    match (live, elsewhere) {
        (Some(live), _) => Ok(live),
        (None, None) => Ok(Roles::COLD.idle),
        (None, Some(port)) => Err(Error::new(
            Kind::Undecided,
            translated!("port {port} serves, which is neither slot's: this would move its traffic"),
        )
        .advise(translated!("make the first deploy as root (or with the sudo rule that `stop` shows) and `proxy.cutover = \"reload\"`, then come back"))),
    }
}
