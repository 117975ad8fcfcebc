//! What `switch` will need of nginx, by the way in which it will move the traffic.

use crate::config::{CutoverWay, Settings};
use crate::discovery::witness::Testimony;
use crate::discovery::{DoorSays, IncludeSays, WordSays};
use crate::error::{Error, Kind, Result};
use crate::host::{Answer, Host, Process, ProcessIdentity};
use crate::language::translated;
use crate::ledger::Change;
use crate::nginx::access::Access;
use crate::nginx::configuration::{self, Look, Tested};
use crate::nginx::workers;
use crate::occupant;
use crate::plan::Action;
use crate::preflight::checks::{Checks, Subject};
use crate::route::{flag, installation, ownership};
use crate::run::Scene;
use crate::sudo::{self, Way};

/// Refuses what `switch` would refuse. Returns what is to be remembered of it.
///
/// # Errors
/// nginx is down or its configuration broken, this user may not do what is needed, or the flag could be read wrongly.
pub(super) async fn check(
    scene: &Scene<'_, impl Host>,
    testimony: &Testimony,
    checks: &mut Checks<'_>,
) -> Result<Option<Change>> {
    let (host, settings) = (scene.host, scene.settings);
    let (master, access) = scene.nginx().await?;
    if let Answer::Silence(why) = &testimony.door
        && !testimony.door.is_late()
    {
        return Err(silent_door(settings, why));
    }
    if let IncludeSays::Stranger { port, .. } = testimony.evidence.include {
        ownership::ports::check_served(settings, port, &occupant::listening(host, port)?)?;
    }
    if settings.proxy.cutover == CutoverWay::Reload {
        access.check(host).await?;
        tell(checks, &configuration::test(host, settings, &access, settings.proxy.cutover).await?);
        return Ok(None);
    }
    ownership::check_files(host, settings)?;
    let workers = workers::accepting(&workers::workers(host, &master.identity));
    flag::check(host, settings, workers.first().copied())?;
    if crate::discovery::witness::is_installed(settings, testimony) {
        if let Some(missing) = missing_word(scene, testimony) {
            checks.warn(Subject::Nginx, missing);
        }
        return check_once_more(scene, &master, &access, workers, testimony, checks).await;
    }
    if let Some(port) = settings.proxy.word.filter(|_| testimony.evidence.word == WordSays::Nothing) {
        ownership::ports::check_word(host, settings, port).await?;
    }
    installation::check(host, settings, &access, testimony.include.as_ref()).await?;
    let tested = configuration::test(host, settings, &access, settings.proxy.cutover).await?;
    installation::check_configuration(settings, &tested.tree)?;
    tell(checks, &tested);
    Ok(None)
}

/// What a host lacks on which the flag was brought in before nginx was to tell where it sends requests.
fn missing_word(scene: &Scene<'_, impl Host>, testimony: &Testimony) -> Option<String> {
    let port = scene.settings.proxy.word.filter(|_| testimony.evidence.word == WordSays::Nothing)?;
    let switch = scene.host.program().with_file_name("switch");
    Some(translated!(
        "nginx does not tell yet where it sends requests (`proxy.word`, port {port}): where the door cannot tell the releases apart, \
         nobody sees traffic arrive. `{} --install`, as root, brings that in by one reload",
        switch.to_string_lossy()
    ))
}

/// Whoever moves traffic behind a door that says nothing sends it back after seconds in which users got who knows what (F103).
fn silent_door(settings: &Settings, why: &str) -> Error {
    let (door, host) = (&settings.proxy.door, &settings.proxy.host);
    Error::new(
        Kind::Settings,
        translated!("the door `{door}` (`proxy.door`) does not answer for the host `{host}`, though nginx runs: {why}"),
    )
    .advise(
        translated!("name a URL at which a server of nginx on this host takes plain http: its address and port in `proxy.door`, its \
         server_name in `proxy.host` (docs/nginx.md has one for sites with https only)"),
    )
}

/// Once for each deploy: the later hooks look at the same configuration.
fn tell(checks: &mut Checks<'_>, tested: &Tested) {
    tested.notes.iter().for_each(|note| checks.warn(Subject::Nginx, note));
}

/// What makes the flag's directory again where nginx goes by the flag and somebody has removed it: without it `switch` could move
/// nothing, and nothing else would make it (F111).
///
/// # Errors
/// `Kind::NotAllowed` with the command that sudo does not let this user run.
pub(super) async fn flag_directory(scene: &Scene<'_, impl Host>, testimony: &Testimony) -> Result<Option<Action>> {
    let (host, settings) = (scene.host, scene.settings);
    if settings.proxy.cutover == CutoverWay::Reload || !crate::discovery::witness::is_installed(settings, testimony) {
        return Ok(None);
    }
    let (master, access) = scene.nginx().await?;
    let directory = access.flag_directory;
    if host.describe(&directory.path).is_ok() {
        return Ok(None);
    }
    let install = [directory.install()];
    if directory.way == Way::Sudo
        && let Some(said) = sudo::refusal(host, &install).await?
    {
        return Err(sudo::refused(host, &directory.path, &install, &said));
    }
    let worker = workers::accepting(&workers::workers(host, &master.identity)).first().copied();
    Ok(Some(Action::MakeFlagDirectory { directory, worker }))
}

/// Where the flag is in force, nginx's configuration is looked at again only after somebody has made nginx read it again, and
/// tested only by whoever may: the flag itself needs neither that nor root. Whoever may not looks into the files, which shows as well
/// as a test that a site uses the include: without either no word of nginx's would prove that traffic has arrived (F112).
async fn check_once_more(
    scene: &Scene<'_, impl Host>,
    master: &Process,
    access: &Access,
    workers: Vec<ProcessIdentity>,
    testimony: &Testimony,
    checks: &mut Checks<'_>,
) -> Result<Option<Change>> {
    let (host, settings) = (scene.host, scene.settings);
    if scene.ledger.is_checked(&workers, &host.boot_id()) {
        return Ok(None);
    }
    if access.nginx == Way::Sudo && sudo::refusal(host, &[access.dump()]).await?.is_some() {
        return match configuration::look(host, settings, access, master, settings.proxy.cutover).await? {
            Look::Seen(seen) => right(scene, &seen, workers, checks),
            Look::Unknown(why) => {
                if matches!(testimony.evidence.door, DoorSays::NoHelp(_)) {
                    let says = translated!(
                        "this user may not let nginx test its configuration, nor look into it: {why}. The door tells nothing \
                         either, so nothing will prove that traffic has arrived"
                    );
                    checks.warn(Subject::Nginx, says);
                }
                Ok(None)
            }
        };
    }
    match configuration::test(host, settings, access, settings.proxy.cutover).await {
        Ok(tested) => right(scene, &tested, workers, checks),
        Err(cause) if cause.kind() == Kind::ProxyBroken => {
            let says = translated!("{cause}. The flag moves traffic all the same, but {}", advice(&cause));
            checks.warn(Subject::Nginx, says);
            Ok(None)
        }
        Err(cause) => Err(cause),
    }
}

/// What is to be remembered of a configuration that is right for the flag.
///
/// # Errors
/// `Kind::Settings` where it is not.
fn right(
    scene: &Scene<'_, impl Host>,
    tested: &Tested,
    workers: Vec<ProcessIdentity>,
    checks: &mut Checks<'_>,
) -> Result<Option<Change>> {
    installation::check_configuration(scene.settings, &tested.tree)?;
    tell(checks, tested);
    Ok(Some(Change::Checked(workers)))
}

fn advice(cause: &Error) -> &str {
    cause.advice().unwrap_or(translated!("nginx would not start again like this"))
}
