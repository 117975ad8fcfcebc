//! Whether the standby is what is to be deployed: where the artifact has its very bytes, as in CodeDeploy's rollback, it stays in its
//! slot, and the hooks that follow have nothing to start. Where anything may have changed that it read when it was started, it is ended
//! and started anew, as any other.

use std::io::{self, Read};
use std::path::PathBuf;

use shared::config::Settings;
use shared::error::{Kind, Result};
use shared::host::{FileKind, Host, Launch, Process};
use shared::language::translated;
use shared::ledger::{DeploymentRecord, Ledger};
use shared::occupant::Occupant;
use shared::plan::launching;
use shared::probe::{self, Probe};
use shared::release::{Artifact, Release};
use shared::run::Scene;
use shared::slot::Slot;

/// How much of two files is compared at once.
const CHUNK: usize = 256 * 1024;

/// How deep Spring looks below a directory of configuration: for files in it, and in the directories in it.
const DEEP: usize = 2;

/// The name of the release that stays; nothing where the slot is to be freed. Where the bytes are the same and it is freed all the same, it is
/// told why.
///
/// # Errors
/// `Kind::Interrupted` after a signal.
pub(crate) async fn find(
    scene: &Scene<'_, impl Host>,
    deployment: &DeploymentRecord,
    occupant: &Occupant,
) -> Result<Option<String>> {
    let (host, settings, ledger) = (scene.host, scene.settings, &*scene.ledger);
    if !settings.stop.reuse_standby || deployment.room.is_some() {
        return Ok(None);
    }
    let idle = deployment.idle;
    let candidate = candidate(ledger, deployment, occupant, &host.boot_id());
    let (Some((release, process)), Some(artifact)) = (candidate, &deployment.artifact) else { return Ok(None) };
    // What cannot be read here `start` will not read either, and says so.
    if !are_the_same(host, artifact, release).unwrap_or(false) {
        return Ok(None);
    }
    let why = match changed(host, settings, ledger, idle, release, process) {
        Some(why) => why,
        None => match probe::look(host, &Probe::of(settings, idle, process.identity)).await {
            Ok(None) => return Ok(Some(release.name.clone())),
            Ok(Some(why)) => why,
            Err(error) if error.kind() == Kind::Interrupted => return Err(error),
            Err(error) => error.to_string(),
        },
    };
    let place = settings.place(idle);
    scene.report.say(&translated!(
        "note: the standby in {place} has the very bytes of this deployment, and is started anew all the same: {why}"
    ));
    Ok(None)
}

/// The standby, if it is one that served, runs since it was launched, and is another release than the live one: who deploys once more what
/// is live wants it started anew.
fn candidate<'a>(
    ledger: &'a Ledger,
    deployment: &DeploymentRecord,
    occupant: &'a Occupant,
    boot: &str,
) -> Option<(&'a Release, &'a Process)> {
    let Occupant::Ours(processes) = occupant else { return None };
    let tenant = ledger.tenants.get(deployment.idle);
    let release = tenant.release.as_ref().filter(|_| tenant.served)?;
    let serves = ledger.tenants.get(deployment.live?).release.as_ref()?;
    let differ = release.sha256.is_some() && serves.sha256.is_some() && release.sha256 != serves.sha256;
    let launched = ledger.process(deployment.idle, boot).filter(|_| differ)?;
    let process = processes.iter().find(|process| process.identity == launched)?;
    Some((release, process))
}

/// Whether an artifact has the bytes, and the name, of a release's copy.
fn are_the_same(host: &impl Host, artifact: &Artifact, release: &Release) -> io::Result<bool> {
    if artifact.path.file_name() != release.path.file_name() || host.describe(&release.path)?.size != artifact.size {
        return Ok(false);
    }
    let (mut one, mut other) = (host.open(&artifact.path)?, host.open(&release.path)?);
    let (mut of_one, mut of_other) = (Vec::new(), Vec::new());
    loop {
        of_one.clear();
        of_other.clear();
        (&mut one).take(CHUNK as u64).read_to_end(&mut of_one)?;
        (&mut other).take(CHUNK as u64).read_to_end(&mut of_other)?;
        if of_one != of_other || of_one.is_empty() {
            return Ok(of_one == of_other);
        }
    }
}

/// What a new start would read otherwise than the standby did: a fragment.
fn changed(
    host: &impl Host,
    settings: &Settings,
    ledger: &Ledger,
    idle: Slot,
    release: &Release,
    process: &Process,
) -> Option<String> {
    let launch = launching::launch(settings, idle, release);
    if ledger.tenants.get(idle).launch.as_ref() != Some(&launching::sum(&launch)) {
        return Some(translated!("what `app` in hooks.toml says of its start has changed since").to_owned());
    }
    let is_newer = |path: &PathBuf| host.describe(path).is_ok_and(|facts| facts.changed > process.started_at);
    let newer = configuration(host, &launch).into_iter().find(is_newer)?;
    Some(translated!("`{}` has changed since it was started", newer.to_string_lossy()))
}

/// The files that Spring reads when it starts: those that its command line names, and those that it finds by itself where it works.
fn configuration(host: &impl Host, launch: &Launch) -> Vec<PathBuf> {
    let settings = launch.command.iter().filter(|word| word.contains("spring.config."));
    let locations = settings.filter_map(|word| word.split_once('=')).flat_map(|(_, value)| value.split([',', ';']));
    let named = locations.filter_map(|location| {
        let location = location.strip_prefix("optional:").unwrap_or(location);
        let path = ["file:", "configtree:"].iter().find_map(|kind| location.strip_prefix(kind)).unwrap_or(location);
        // Of several directories under one pattern, the one that they are in.
        let path = path.split_once('*').map_or(path, |(before, _)| before);
        (!path.starts_with("classpath")).then(|| launch.directory.join(path))
    });
    let own = host.list(&launch.directory).unwrap_or_default().into_iter().filter(|name| {
        name.starts_with("application") && [".properties", ".yml", ".yaml"].iter().any(|ending| name.ends_with(ending))
    });
    let found = own.map(|name| launch.directory.join(name)).chain([launch.directory.join("config")]);
    named.chain(found).flat_map(|path| within(host, path, DEEP)).collect()
}

/// What is at a path, and where that is a directory, in it.
fn within(host: &impl Host, path: PathBuf, deep: usize) -> Vec<PathBuf> {
    let is_directory = host.describe(&path).is_ok_and(|facts| facts.kind == FileKind::Directory);
    let names = if is_directory && deep > 0 { host.list(&path).unwrap_or_default() } else { Vec::new() };
    let below = names.into_iter().flat_map(|name| within(host, path.join(name), deep - 1)).collect::<Vec<_>>();
    std::iter::once(path).chain(below).collect()
}
