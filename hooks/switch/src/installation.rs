//! `switch --install`: root brings in the choice by the flag, once, for the user that deploys and may not. Traffic stays where it
//! is, and nothing of the hooks' own is touched: not the ledger, not the releases.

use shared::cutover;
use shared::error::{Error, Kind, Result};
use shared::host::Host;
use shared::plan::Plan;
use shared::route::{flag, installation};
use shared::run::Scene;

use crate::look_at_nginx;

/// What `switch --install` does.
pub(crate) async fn plan(scene: &Scene<'_, impl Host>) -> Result<Plan> {
    let (host, settings) = (scene.host, scene.settings);
    let (finding, testimony) = scene.discover().await?;
    let Some(live) = finding.roles.live else {
        return Err(Error::new(
            Kind::Undecided,
            "neither slot serves yet, so there is no traffic to leave where it is",
        )
        .advise("deploy once with `proxy.cutover = \"reload\"`, then come back"));
    };
    let place = settings.place(live);
    let installed = shared::discovery::witness::is_installed(settings, &testimony);
    let nginx = look_at_nginx(scene, testimony, live).await?;
    if installed {
        let result = format!("the instant cutover is installed already; {place} serves");
        return Ok(Plan { steps: Vec::new(), result });
    }
    flag::check(host, settings, nginx.workers.first().copied())?;
    installation::check(host, settings, &nginx.access, Some(&nginx.include)).await?;
    Ok(Plan {
        steps: cutover::installation(settings, &nginx, live),
        result: format!("the instant cutover is installed; {place} serves as before. Deploy again"),
    })
}
