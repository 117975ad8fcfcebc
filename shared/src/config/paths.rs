//! Paths and ports that must not be the same: whoever writes one of them would write over the other (F94). Two paths are the same
//! however they are written.

use std::path::{Component, Path, PathBuf};

use super::{Settings, SettingsFile};
use crate::language::translated;
use crate::slot::Slot;

/// Notes every path that is, or lies in, another one's place, and every port that has two uses.
pub(super) fn differ(file: &mut SettingsFile, settings: &Settings) {
    let files = files(file, settings);
    let own = [
        ("releases", settings.releases()),
        ("logs", settings.logs()),
        ("ledger", settings.ledger_directory()),
        ("live.properties", settings.live_file()),
    ]
    .map(|(name, path)| (name, normal(&path)));
    let artifacts = normal(&settings.app.artifact.directory);
    for (at, (key, path)) in files.iter().enumerate() {
        let shown = path.to_string_lossy();
        if let Some((other, _)) =
            files[..at].iter().find(|(_, other)| path.starts_with(other) || other.starts_with(path))
        {
            file.mistake(key, &shown, &translated!("another path than `{other}`"));
        } else if let Some((name, _)) = own.iter().find(|(_, directory)| path.starts_with(directory)) {
            file.mistake(
                key,
                &shown,
                &translated!("a path outside of the application's `{name}`, which these hooks tidy up"),
            );
        } else if path.starts_with(&artifacts) && *key != HOOKS_TOML {
            file.mistake(
                key,
                &shown,
                translated!("a path outside of the directory of `app.artifact`, which the agent writes"),
            );
        } else if own.iter().any(|(_, directory)| directory.starts_with(path)) {
            file.mistake(key, &shown, translated!("another path than `app.directory` and the directories above it"));
        }
    }
    if let Some((name, _)) = own.iter().find(|(_, directory)| artifacts.starts_with(directory)) {
        let shown = artifacts.to_string_lossy();
        file.mistake("app.artifact", &shown, &translated!("a directory outside of the application's `{name}`"));
    }
    ports(file, settings);
}

/// What the file that has the settings is called.
const HOOKS_TOML: &str = "hooks.toml";

/// Every file that has a meaning of its own, with the key that says where it is.
fn files(file: &SettingsFile, settings: &Settings) -> Vec<(&'static str, PathBuf)> {
    let proxy = &settings.proxy;
    let files = [
        (HOOKS_TOML, Some(file.path())),
        ("proxy.include", Some(proxy.include.as_path())),
        ("proxy.upstreams", Some(&proxy.upstreams)),
        ("proxy.flag", Some(&proxy.flag)),
        ("proxy.pid_file", Some(&proxy.pid_file)),
    ];
    // What is not absolute is a mistake of its own.
    let absolute = files.into_iter().filter_map(|(key, path)| Some((key, path.filter(|path| path.is_absolute())?)));
    absolute.map(|(key, path)| (key, normal(path))).collect()
}

fn ports(file: &mut SettingsFile, settings: &Settings) {
    let own = [("blue.port", settings.places.blue.port), ("green.port", settings.places.green.port)];
    let mut used: Vec<(&str, u16)> = own.into();
    for slot in Slot::BOTH.into_iter().filter(|_| settings.health.port_offset != 0) {
        let port = i32::from(settings.place(slot).port) + settings.health.port_offset;
        let free = |port: &u16| *port > 0 && own.iter().all(|(_, own)| own != port);
        if let Some(port) = u16::try_from(port).ok().filter(free) {
            used.push(("health.port", port));
        } else {
            let found = format!("{:+}", settings.health.port_offset);
            file.mistake("health.port", &found, &translated!("a port that is free, and not {port}"));
        }
    }
    let Some(word) = settings.proxy.word else { return };
    let shown = word.to_string();
    if let Some((key, _)) = used.iter().find(|(_, port)| *port == word) {
        file.mistake("proxy.word", &shown, &translated!("another port than `{key}`"));
    }
    if port_of(&settings.proxy.door) == Some(word) {
        // As that server's default it would take the site's requests.
        file.mistake(
            "proxy.word",
            &shown,
            translated!("another port than that of `proxy.door`: one that no site of nginx listens on"),
        );
    }
}

/// The port of an `http://` URL.
fn port_of(url: &str) -> Option<u16> {
    let authority = url.strip_prefix("http://")?.split(['/', '?']).next()?;
    match authority.rsplit_once(':') {
        Some((_, port)) if !port.ends_with(']') => port.parse().ok(),
        _ => Some(80),
    }
}

/// The same path without `.`, `..` and doubled `/`, as far as that can be said without looking at links.
pub(crate) fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings;

    fn told(name: &str, text: &str) -> String {
        settings(SettingsFile::parse(name, text)).map_or_else(|error| error.to_string(), |_| String::new())
    }

    #[test]
    fn f94_whatever_is_written_has_a_place_of_its_own() {
        for (name, text, wanted) in [
            ("as shipped", "", ""),
            (
                "flag and groups",
                "[proxy]\nflag = \"/etc/nginx/conf.d/service-url.conf\"",
                "`proxy.flag` is `/etc/nginx/conf.d/service-url.conf`, needed another path than `proxy.upstreams`",
            ),
            (
                "flag and include",
                "[proxy]\nflag = \"/etc/nginx/conf.d/service-url.inc\"",
                "needed another path than `proxy.include`",
            ),
            (
                "written otherwise",
                "[proxy]\nflag = \"/etc//nginx/x/../conf.d/./service-url.inc\"",
                "another path than `proxy.include`",
            ),
            (
                "groups and include",
                "[proxy]\nupstreams = \"/etc/nginx/conf.d/service-url.inc\"",
                "another path than `proxy.include`",
            ),
            (
                "an include that is called as the groups are",
                "[proxy]\ninclude = \"/etc/nginx/conf.d/shop.conf\"",
                "`proxy.upstreams` is `/etc/nginx/conf.d/shop.conf`",
            ),
            ("flag and settings", "[proxy]\nflag = \"/bundle/hooks.toml\"", "another path than `hooks.toml`"),
            (
                "flag and pid file",
                "[proxy]\npid_file = \"/var/lib/service-url/green\"",
                "another path than `proxy.flag`",
            ),
            (
                "the flag is the include's directory",
                "[proxy]\nflag = \"/etc/nginx/conf.d\"",
                "another path than `proxy.include`",
            ),
            (
                "below the include",
                "[proxy]\nflag = \"/etc/nginx/conf.d/service-url.inc/green\"",
                "another path than `proxy.include`",
            ),
            (
                "in the releases",
                "[proxy]\nflag = \"/home/ec2-user/app/step3/releases/green\"",
                "outside of the application's `releases`",
            ),
            (
                "in the ledger",
                "[proxy]\nflag = \"/home/ec2-user/app/step3/ledger/green\"",
                "outside of the application's `ledger`",
            ),
            (
                "in the logs",
                "[proxy]\nupstreams = \"/home/ec2-user/app/step3/logs/a.conf\"",
                "outside of the application's `logs`",
            ),
            (
                "where the agent unpacks",
                "[proxy]\nflag = \"/home/ec2-user/app/step3/zip/green\"",
                "which the agent writes",
            ),
            (
                "the application's directory",
                "[proxy]\nflag = \"/home/ec2-user/app/step3\"",
                "another path than `app.directory`",
            ),
            ("artifacts among the releases", "[app]\nartifact = \"{directory}/releases/*.jar\"", "`app.artifact`"),
            ("beside everything", "[proxy]\nflag = \"/home/ec2-user/app/step3/green\"", ""),
            (
                "a slot's port",
                "[proxy]\nword = \"8082\"",
                "`proxy.word` is `8082`, needed another port than `green.port`",
            ),
            (
                "the door's port",
                "[proxy]\nword = \"8080\"\ndoor = \"http://127.0.0.1:8080/profile\"",
                "than that of `proxy.door`",
            ),
            (
                "where the first slot's health is asked",
                "[proxy]\nword = \"9081\"\n[health]\nport = \"+1000\"",
                "`proxy.word` is `9081`, needed another port than `health.port`",
            ),
            (
                "where the second slot's is",
                "[proxy]\nword = \"9082\"\n[health]\nport = \"+1000\"",
                "`proxy.word` is `9082`, needed another port than `health.port`",
            ),
            (
                "the same by how far it is",
                "[proxy]\nword = \"+10000\"\n[health]\nport = \"+9999\"",
                "`proxy.word` is `18081`, needed another port than `health.port`",
            ),
            ("beside all of them", "[proxy]\nword = \"9080\"\n[health]\nport = \"+1000\"", ""),
            (
                "the second slot's health at the first one's port",
                "[health]\nport = \"-1\"",
                "`health.port` is `-1`, needed a port that is free, and not 8081",
            ),
            (
                "the first slot's health at the second one's port",
                "[blue]\nport = 9000\n[green]\nport = 8000\n[health]\nport = \"-1000\"",
                "`health.port` is `-1000`, needed a port that is free, and not 8000",
            ),
            ("at port 0", "[health]\nport = \"-8081\"", "needed a port that is free, and not 0"),
            ("the door's usual port", "[proxy]\nword = \"80\"", "than that of `proxy.door`"),
        ] {
            let told = told("/bundle/hooks.toml", text);
            assert!(if wanted.is_empty() { told.is_empty() } else { told.contains(wanted) }, "{name}: {told}");
        }
    }
}
