//! What the later hooks will need, asked before anything changes: whoever fails here has lost nothing, not even the standby.

mod app_spec;
mod control_groups;
mod cutover;
mod memory;
mod proxy;

pub(crate) use self::app_spec::check as check_app_spec;
pub(crate) use self::control_groups::tell as tell_control_groups;
use shared::budget;
use shared::config::Settings;
use shared::discovery::witness::Testimony;
use shared::error::{Error, Kind, Result};
use shared::host::{Host, Process};
use shared::language::translated;
use shared::ledger::{Change, Room};
use shared::occupant::{self, Occupant};
use shared::release::{self, Artifact};
use shared::report::duration;
use shared::run::Scene;
use shared::slot::Roles;
use shared::supervisor::{self, countdown};

/// Says which hooks `appspec.yml` gives less time than they can take. They work in less, as a rule, and end themselves in
/// time otherwise: a reason to tell, and none to refuse.
pub(crate) fn tell_short_timeouts(scene: &Scene<'_, impl Host>) {
    let Some(app_spec) = &scene.lifecycle.app_spec else { return };
    for script in &app_spec.scripts {
        if let Some(short) = budget::too_short(&script.location, script.timeout, scene.settings) {
            scene.report.say(&translated!("note: {short}"));
        }
    }
}

/// What is to be remembered of the look.
pub(crate) struct Checked {
    /// What `start` has to find.
    pub(crate) artifact: Artifact,
    /// nginx's configuration, where it was found right for the flag.
    pub(crate) configuration: Option<Change>,
    /// How the live release makes room, where both do not fit.
    pub(crate) room: Option<Room>,
}

/// Refuses what `start`, `health` or `switch` would refuse later. Returns what is to be remembered of it.
///
/// # Errors
/// Each with its own kind: nginx broken or down, sudo not allowed, no java, no artifact, no room.
pub(crate) async fn check(
    scene: &Scene<'_, impl Host>,
    roles: Roles,
    occupant: &Occupant,
    testimony: &Testimony,
) -> Result<Checked> {
    cutover::check(scene.settings, testimony)?;
    let supervision = supervisor::choose(scene.host, scene.settings.app.supervisor)?;
    tell_countdown(scene, roles)?;
    let configuration = proxy::check(scene, testimony).await?;
    check_health_port(scene, roles, occupant)?;
    check_program(scene.host, scene.settings)?;
    check_config_locations(scene.host, scene.settings)?;
    let artifact = release::find_artifact(scene.host, scene.settings, scene.lifecycle.app_spec.as_ref())?;
    let room = memory::check(scene, roles, occupant, &supervision).await?;
    Ok(Checked { artifact, configuration, room })
}

/// Says what becomes of the live release, where that is not to stay as the standby for good.
fn tell_countdown(scene: &Scene<'_, impl Host>, roles: Roles) -> Result<()> {
    if let (Some((_, after)), Some(live)) = (countdown::timekeeper(scene.host, scene.settings)?, roles.live) {
        let (place, after) = (scene.settings.place(live), duration(after));
        scene.report.say(&translated!(
            "note: after the cutover {place} stays warm for {after} (`switch --back`); then a timer of systemd ends it"
        ));
    }
    Ok(())
}

/// Whoever else holds the port on which the release is to be asked would keep it from starting, or answer in its place.
fn check_health_port(scene: &Scene<'_, impl Host>, roles: Roles, occupant: &Occupant) -> Result<()> {
    let port = scene.settings.health_port(roles.idle);
    if port == scene.settings.place(roles.idle).port {
        return Ok(());
    }
    let ours: &[Process] = if let Occupant::Ours(processes) = occupant { processes } else { &[] };
    let holders = occupant::listening(scene.host, port)?;
    let stranger = holders.iter().find(|holder| {
        !ours
            .iter()
            .any(|own| own.identity == holder.identity || occupant::belongs_to(scene.host, &own.identity, holder))
    });
    let Some(stranger) = stranger else { return Ok(()) };
    Err(Error::new(
        Kind::Undecided,
        translated!(
            "port {port}, on which the new release in {} is to be asked (`health.port`), is held by process {} (`{}`)",
            scene.settings.place(roles.idle),
            stranger.identity.id,
            stranger.summary()
        ),
    )
    .advise(translated!("it was left alone: end it yourself, or give `health.port` in hooks.toml another number")))
}

pub(crate) use self::proxy::flag_directory;

fn check_program(host: &impl Host, settings: &Settings) -> Result<()> {
    let name = settings.app.command.first().unwrap_or(&settings.app.java);
    // A command may be the artifact itself, which is no program before it is copied.
    if name.contains('{') || host.find_program(name).is_some() {
        return Ok(());
    }
    Err(Error::new(Kind::Settings, translated!("the program `{name}` was not found on this host, or may not be run"))
        .advise(translated!("install it, or give its whole path in `app.java` (or `app.command`) of hooks.toml")))
}

/// Spring ends at once if a file among its locations is missing.
fn check_config_locations(host: &impl Host, settings: &Settings) -> Result<()> {
    if !settings.app.command.is_empty() {
        return Ok(());
    }
    for location in &settings.app.config_locations {
        let path = location.strip_prefix("file:").unwrap_or(location);
        let is_file = path.starts_with('/') && !path.ends_with('/') && !path.contains(['{', '*']);
        if !is_file {
            continue;
        }
        host.open(path.as_ref()).map_err(|cause| {
            Error::new(Kind::of(&cause), translated!("Spring's configuration file `{path}` cannot be read: {cause}"))
                .advise(translated!("make that file, or take it out of `app.config_locations` in hooks.toml"))
        })?;
    }
    Ok(())
}
