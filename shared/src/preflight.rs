//! What a deploy will need, asked before anything changes: whoever fails here has lost nothing, not even the standby. `stop` asks before
//! it plans, and ends at the first refusal; `status --check` asks the same at any time, and keeps all that was found.

mod app_spec;
pub mod checks;
mod control_groups;
mod cutover;
mod last_one;
mod memory;
mod proxy;

use self::checks::{Checks, Subject};
use crate::budget;
use crate::config::Settings;
use crate::cutover::follow;
use crate::discovery::witness::Testimony;
use crate::discovery::{unheard, unlike_health};
use crate::error::{Error, Kind, Result};
use crate::host::{Host, Process};
use crate::language::translated;
use crate::ledger::{Change, DeploymentRecord, store};
use crate::occupant::{self, Occupant};
use crate::plan::{Action, Step};
use crate::release::{self, Artifact};
use crate::report::duration;
use crate::run::{Scene, Unread};
use crate::slot::Roles;
use crate::supervisor::{self, Supervision, countdown};

/// What was seen on the way.
#[derive(Debug)]
pub struct Preflight {
    /// Who is live, and who is not.
    pub roles: Roles,
    /// What the witnesses have said.
    pub testimony: Testimony,
    /// What is to be deployed, and where.
    pub deployment: DeploymentRecord,
    /// Who is in the idle slot.
    pub occupant: Occupant,
    /// What has to be done first of all: nginx has gone on to the other slot already, which the include or the flag is to say.
    pub follow: Vec<Step>,
    /// What makes the flag's directory, where it is missing.
    pub flag_directory: Option<Action>,
    /// nginx's configuration, where it was found right for the flag.
    pub configuration: Option<Change>,
}

/// Refuses what `stop`, `start`, `health` or `switch` would refuse later.
///
/// # Errors
/// Each with its own kind: nginx broken or down, sudo not allowed, no java, no artifact, no room, a stranger.
pub async fn look(scene: &Scene<'_, impl Host>, checks: &mut Checks<'_>) -> Result<Preflight> {
    let (host, settings) = (scene.host, scene.settings);
    let came = app_spec::check(scene, checks);
    checks.alone(Subject::AppSpec, came)?;
    let came = scene.find().await;
    let (finding, testimony) = match checks.needed(Subject::Live, came) {
        Ok(found) => found,
        Err(error) => {
            if !checks.is_of_hook() {
                without_roles(scene, checks).await?;
            }
            return Err(error);
        }
    };
    finding.notes.into_iter().for_each(|note| checks.note(Subject::Live, note));
    let mut roles = finding.roles;
    let mut steps = Vec::new();
    if let (true, Some(dead)) = (finding.fell_over, roles.live) {
        roles = Roles::with_live(!dead);
        steps = checks.needed(Subject::Live, follow(settings, &testimony, dead))?;
    }
    let opened = scene.ledger.open(scene.lifecycle, roles, &settings.places);
    let mut deployment = checks.needed(Subject::Live, opened)?;
    let came = occupant::find(host, settings, scene.ledger, deployment.idle).await;
    let occupant = checks.needed(Subject::Idle, came)?;
    warn_of_short_timeouts(scene, checks)?;
    control_groups::warn(scene, checks)?;
    let warnings = [unlike_health::note(settings, &testimony.door), unheard::note(host, settings, &testimony)];
    warnings.into_iter().flatten().for_each(|warning| checks.warn(Subject::Live, warning));
    checks.alone(Subject::Cutover, cutover::check(settings, &testimony))?;
    let supervision = see_supervisor(scene, checks)?;
    let came = note_countdown(scene, roles, checks);
    checks.alone(Subject::Supervisor, came)?;
    let came = proxy::check(scene, &testimony, checks).await;
    let configuration = checks.alone(Subject::Nginx, came)?;
    checks.alone(Subject::HealthPort, check_health_port(scene, roles, &occupant))?;
    check_program_and_files(scene, checks)?;
    deployment.artifact = find_artifact(scene, roles, checks)?;
    if let Some(supervision) = supervision {
        let came = memory::check(scene, roles, &occupant, &supervision, checks).await;
        deployment.room = checks.alone(Subject::Memory, came)?;
    }
    let came = proxy::flag_directory(scene, &testimony).await;
    let flag_directory = checks.alone(Subject::Flag, came)?;
    let came = last_one::check(scene, roles, &testimony, &occupant).await;
    checks.alone(Subject::Standby, came)?;
    let came = if let Occupant::Stranger(who) = &occupant { Err(occupant::refuse(who)) } else { Ok(()) };
    checks.alone(Subject::Idle, came)?;
    Ok(Preflight { roles, testimony, deployment, occupant, follow: steps, flag_directory, configuration })
}

/// What the skeleton of a hook refuses before the hook itself has looked at anything: here nothing is made, locked or settled.
///
/// # Errors
/// `Kind::Interrupted` after a signal.
pub fn before(scene: &Scene<'_, impl Host>, unread: Option<Unread>, checks: &mut Checks<'_>) -> Result<()> {
    let (host, settings) = (scene.host, scene.settings);
    checks.alone(Subject::Settings, Ok(()))?;
    checks.alone(Subject::Directories, store::check(host, settings))?;
    let came = match unread {
        Some(Unread::Refused(error)) => Err(error),
        Some(Unread::Damaged(sentence)) => {
            checks.warn_and_advise(Subject::Ledger, sentence, translated!("nothing: the next hook does it"));
            Ok(())
        }
        None => Ok(()),
    };
    checks.alone(Subject::Ledger, came)?;
    if let Some(holder) = store::holder(host, settings) {
        checks.warn_and_advise(
            Subject::Ledger,
            translated!("another run holds the lock ({holder}), and another deploy would wait for it"),
            translated!("wait for it to end, then look again"),
        );
    }
    if let Some(intent) = &scene.ledger.intent {
        let place = settings.place(intent.to);
        checks.warn_and_advise(
            Subject::Ledger,
            translated!("a cutover to {place} was begun and not ended"),
            translated!("nothing: the next hook settles it"),
        );
    }
    Ok(())
}

/// What can be looked at where nobody knows who is live.
async fn without_roles(scene: &Scene<'_, impl Host>, checks: &mut Checks<'_>) -> Result<()> {
    warn_of_short_timeouts(scene, checks)?;
    control_groups::warn(scene, checks)?;
    see_supervisor(scene, checks)?;
    let came = scene.nginx().await.map(|_| ());
    checks.alone(Subject::Nginx, came)?;
    check_program_and_files(scene, checks)
}

/// Says which hooks `appspec.yml` gives less time than they can take. They work in less, as a rule, and end themselves in
/// time otherwise: a reason to tell, and none to refuse.
fn warn_of_short_timeouts(scene: &Scene<'_, impl Host>, checks: &mut Checks<'_>) -> Result<()> {
    let scripts = scene.lifecycle.app_spec.iter().flat_map(|app_spec| &app_spec.scripts);
    for script in scripts {
        if let Some(short) = budget::too_short(&script.location, script.timeout, scene.settings) {
            checks.warn(Subject::Timeouts, short.to_string());
        }
    }
    checks.alone(Subject::Timeouts, Ok(()))
}

/// How the release will run; nothing where that was refused to somebody who only looks.
fn see_supervisor(scene: &Scene<'_, impl Host>, checks: &mut Checks<'_>) -> Result<Option<Supervision>> {
    let came = supervisor::choose(scene.host, scene.settings.app.supervisor);
    checks.alone(Subject::Supervisor, came.map(Some))
}

/// Says what becomes of the live release, where that is not to stay as the standby for good.
fn note_countdown(scene: &Scene<'_, impl Host>, roles: Roles, checks: &mut Checks<'_>) -> Result<()> {
    if let (Some((_, after)), Some(live)) = (countdown::timekeeper(scene.host, scene.settings)?, roles.live) {
        let (place, after) = (scene.settings.place(live), duration(after));
        checks.note(
            Subject::Supervisor,
            translated!(
                "after the cutover {place} stays warm for {after} (`switch --back`); then a timer of systemd ends it"
            ),
        );
    }
    Ok(())
}

fn check_program_and_files(scene: &Scene<'_, impl Host>, checks: &mut Checks<'_>) -> Result<()> {
    checks.alone(Subject::Program, check_program(scene.host, scene.settings))?;
    checks.alone(Subject::Configuration, check_config_locations(scene.host, scene.settings))
}

/// What `start` has to find, in a deploy; else whether there would be room for a release as large as the one that serves.
fn find_artifact(scene: &Scene<'_, impl Host>, roles: Roles, checks: &mut Checks<'_>) -> Result<Option<Artifact>> {
    let (host, settings) = (scene.host, scene.settings);
    if checks.is_of_hook() {
        return release::find_artifact(host, settings, scene.lifecycle.app_spec.as_ref()).map(Some);
    }
    let live = roles.live.and_then(|live| scene.ledger.tenants.get(live).release.as_ref());
    let size = live.and_then(|live| host.describe(&live.path).ok()).map_or(0, |facts| facts.size);
    checks.alone(Subject::Disk, release::check_disk(host, settings, size))?;
    Ok(None)
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
