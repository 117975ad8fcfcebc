//! What runs that were killed have left, temporary files of ours that no hook can still be using, and the logs of JVMs that crashed.
//! `start` removes them with the releases that nobody needs; it holds the lock, and whoever writes without it, beside another
//! application's files, is young.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use shared::config::Settings;
use shared::host::{FileKind, Host, is_temporary};

/// The agent ends every hook within an hour; this is well past it.
const AGE: Duration = Duration::from_hours(2);

/// The files, and the directories of releases of which nothing else came.
pub(crate) fn find(host: &impl Host, settings: &Settings) -> Vec<PathBuf> {
    let now = host.wall_clock();
    let proxy = &settings.proxy;
    let live_file = settings.live_file();
    let beside =
        [&proxy.include, &proxy.upstreams, &proxy.flag, &live_file].into_iter().filter_map(|path| path.parent());
    let mut directories: Vec<PathBuf> = beside.map(Path::to_owned).collect();
    directories.extend([settings.ledger_directory(), settings.logs(), settings.releases(), settings.units()]);
    directories.sort();
    directories.dedup();
    let mut found: Vec<PathBuf> = directories.iter().flat_map(|directory| old(host, directory, now)).collect();
    for name in host.list(&settings.releases()).unwrap_or_default() {
        let release = settings.releases().join(&name);
        let (left, inside) = (old(host, &release, now), host.list(&release).unwrap_or_default());
        // A copy that was never finished: without it the directory would count as a release that is kept.
        if !left.is_empty() && left.len() == inside.len() {
            found.push(release);
        } else {
            found.extend(left);
        }
    }
    found.extend(crash_logs(host, settings));
    found
}

/// What JVMs write into the application's directory when they crash or run out of memory, each with its ending.
const CRASHES: [(&str, &str); 3] = [("hs_err_pid", "log"), ("replay_pid", "log"), ("java_pid", "hprof")];

/// All of that but for the last ones of each kind: nobody else ever removes it (F42).
fn crash_logs(host: &impl Host, settings: &Settings) -> Vec<PathBuf> {
    let names = host.list(&settings.app.directory).unwrap_or_default();
    let keep = usize::try_from(settings.start.keep_releases).unwrap_or(usize::MAX);
    let but_the_last = |(beginning, ending): (&str, &str)| {
        let is_one = |name: &&String| {
            name.starts_with(beginning) && Path::new(name).extension().is_some_and(|found| found == ending)
        };
        let mut dated: Vec<(SystemTime, PathBuf)> = names
            .iter()
            .filter(is_one)
            .map(|name| settings.app.directory.join(name))
            .filter_map(|path| Some((host.describe(&path).ok()?.changed, path)))
            .collect();
        dated.sort();
        let gone = dated.len().saturating_sub(keep);
        dated.into_iter().take(gone).map(|(_, path)| path).collect::<Vec<_>>()
    };
    CRASHES.into_iter().flat_map(but_the_last).collect()
}

/// The old temporary files in a directory. One that cannot be read has none that could be removed.
fn old(host: &impl Host, directory: &Path, now: SystemTime) -> Vec<PathBuf> {
    let names = host.list(directory).unwrap_or_default().into_iter().filter(|name| is_temporary(name));
    let is_old = |path: &PathBuf| {
        host.describe(path).is_ok_and(|facts| {
            facts.kind == FileKind::Regular && now.duration_since(facts.changed).is_ok_and(|age| age > AGE)
        })
    };
    names.map(|name| directory.join(name)).filter(is_old).collect()
}
