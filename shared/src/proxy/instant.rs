//! The instant cutover: whether it is installed on this host, and what would make nginx read the flag wrongly, found before it
//! hurts. What is not found here the proof at the door notices, and traffic goes back.

use std::path::{Path, PathBuf};

use super::access::{self, Access};
use super::choice::Choice;
use super::configuration::tree::Node;
use super::include::Include;
use super::{passage, upstreams};
use crate::config::Settings;
use crate::discovery::IncludeSays;
use crate::discovery::witness::Testimony;
use crate::error::{Error, Kind, Result};
use crate::host::{FileFacts, FileKind, Host, ProcessIdentity};
use crate::ledger::store::unwritable;
use crate::slot::{Place, Slot};

/// Whether nginx already chooses by the flag that these settings name, between groups as they ask for them. What changed after
/// nginx read it is as good as not there.
#[must_use]
pub fn is_installed(settings: &Settings, testimony: &Testimony) -> bool {
    let changed = matches!(
        testimony.evidence.include,
        IncludeSays::Slot { in_force: Some(false), .. } | IncludeSays::Stranger { in_force: Some(false), .. }
    );
    !changed
        && testimony.include.as_ref().and_then(Include::choice) == Some(&Choice::of(settings))
        && upstreams::are_right(&testimony.upstreams, settings)
}

/// What in nginx's configuration would make it read the flag, or the groups, wrongly.
///
/// # Errors
/// `Kind::Settings` with the file and what to do.
pub fn check_configuration(settings: &Settings, tree: &[Node]) -> Result<()> {
    let upstreams = &settings.proxy.upstreams;
    let http: Vec<&Node> = tree.iter().filter(|node| node.name() == "http").flat_map(|node| &node.block).collect();
    if !http.iter().any(|node| node.reads(upstreams)) {
        let wanted = upstreams.to_string_lossy();
        return Err(Error::new(Kind::Settings, format!("nginx does not read `{wanted}` at the level of `http`"))
            .advise(format!(
                "put `include {wanted};` into nginx's `http` block, or correct `proxy.upstreams` in hooks.toml"
            )));
    }
    for slot in Slot::BOTH {
        let profile = &settings.place(slot).profile;
        let foreign =
            |node: &&&Node| node.name() == "upstream" && node.argument() == profile && node.file != *upstreams;
        if let Some(node) = http.iter().find(foreign) {
            return Err(Error::new(
                Kind::Settings,
                format!("`{}` declares an upstream group `{profile}` of its own", node.file.to_string_lossy()),
            )
            .advise("rename that group, or give the slots other profiles (`blue.profile`, `green.profile`)"));
        }
    }
    match cached(tree, None, &settings.proxy.include) {
        None => Ok(()),
        Some(file) => Err(Error::new(
            Kind::Settings,
            format!("`open_file_cache` in `{}` lets nginx see a flag only now and then", file.to_string_lossy()),
        )
        .advise(format!(
            "write `open_file_cache off;` into each server block that includes `{}`, or set `proxy.cutover = \"reload\"`",
            settings.proxy.include.to_string_lossy()
        ))),
    }
}

/// Where the cache is switched on that holds for a block which reads the include: every server block that does is looked at.
fn cached(block: &[Node], inherited: Option<&PathBuf>, include: &Path) -> Option<PathBuf> {
    let own = block.iter().rfind(|node| node.name() == "open_file_cache");
    let effective = match own {
        Some(node) => Some(&node.file).filter(|_| node.argument() != "off"),
        None => inherited,
    };
    let reads = block.iter().any(|node| node.reads(include));
    effective
        .filter(|_| reads)
        .cloned()
        .or_else(|| block.iter().find_map(|node| cached(&node.block, effective, include)))
}

/// Whether a worker can see the flag, and this user, and nobody else, can set it. What is not there yet will be made.
///
/// # Errors
/// `Kind::Settings` naming the directory.
pub fn check_flag(host: &impl Host, settings: &Settings, worker: Option<ProcessIdentity>) -> Result<()> {
    let flag = &settings.proxy.flag;
    let directory = flag.parent().unwrap_or(Path::new("/"));
    let shown = directory.to_string_lossy();
    if let Some(credentials) = worker.and_then(|worker| host.credentials(&worker))
        && let Some(obstacle) = passage::obstacle(flag, &credentials, |path| or_to_be_made(host.describe(path)))
    {
        let worker = host.user_named(credentials.user).name;
        return Err(Error::new(
            Kind::Settings,
            format!(
                "nginx's workers (`{worker}`) cannot see the flag `{}`: `{}` does not let them through, {}",
                flag.to_string_lossy(),
                obstacle.directory.to_string_lossy(),
                obstacle.why
            ),
        )
        .advise(format!(
            "`chmod o+x {}`, or give `proxy.flag` in hooks.toml another place",
            obstacle.directory.to_string_lossy()
        )));
    }
    let facts = match host.describe(directory) {
        Ok(facts) => facts,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(cause) => {
            return Err(Error::new(Kind::Settings, format!("the flag's directory `{shown}` cannot be used: {cause}"))
                .advise("correct `proxy.flag` in hooks.toml"));
        }
    };
    let user = host.user();
    if !host.may_write(directory) {
        return Err(Error::new(Kind::Settings, format!("`{}` may not make the flag in `{shown}`", user.name))
            .advise(format!("as root: chown {} {shown}", user.name)));
    }
    if facts.mode & 0o022 == 0 {
        return Ok(());
    }
    Err(Error::new(
        Kind::Settings,
        format!("the flag's directory `{shown}` has mode {:o}, so others may move the traffic", facts.mode),
    )
    .advise(format!("`chmod go-w {shown}`")))
}

/// A directory that is not there yet will be made for everybody to pass.
fn or_to_be_made(described: std::io::Result<FileFacts>) -> std::io::Result<FileFacts> {
    described.or_else(|cause| match cause.kind() {
        std::io::ErrorKind::NotFound => Ok(FileFacts {
            kind: FileKind::Directory,
            mode: 0o755,
            owner: 0,
            group: 0,
            size: 0,
            changed: std::time::SystemTime::UNIX_EPOCH,
        }),
        _ => Err(cause),
    })
}

/// Makes or removes the flag, in one step that survives a power cut. Where it is so already there is nothing to do.
///
/// # Errors
/// `Kind::Settings` or `Kind::NoRoom` if it cannot be done.
pub fn set_flag(host: &impl Host, flag: &Path, exists: bool, place: &Place) -> Result<()> {
    let done = match (exists, flag_exists(host, flag)?) {
        (true, false) => host.replace_file(flag, format!("{place} serves while this file exists\n").as_bytes(), 0o644),
        (false, true) => host.remove(flag),
        (true, true) | (false, false) => Ok(()),
    };
    done.map_err(|cause| unwritable(flag, &cause))
}

/// Whether the flag exists.
///
/// # Errors
/// `Kind::Settings` if this user cannot see that.
pub fn flag_exists(host: &impl Host, flag: &Path) -> Result<bool> {
    match host.describe(flag) {
        Ok(facts) if facts.kind == FileKind::Regular => Ok(true),
        Ok(_) => Err(Error::new(Kind::Settings, format!("the flag `{}` is no regular file", flag.to_string_lossy()))
            .advise("remove it: if nginx sends traffic to green, `switch` makes it anew")),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(cause) => {
            Err(Error::new(Kind::Settings, format!("the flag `{}` cannot be seen: {cause}", flag.to_string_lossy()))
                .advise("let the user that runs the hooks own its directory"))
        }
    }
}

/// Makes sure, without changing anything, that this user may install it.
///
/// # Errors
/// `Kind::Settings` with the one command that root has to run.
pub async fn check_installation(
    host: &impl Host,
    settings: &Settings,
    access: &Access,
    include: Option<&Include>,
) -> Result<()> {
    let wanted = Choice::of(settings);
    if let Some(found) = include.and_then(Include::choice)
        && found.flag == wanted.flag
        && (&found.without, &found.with) != (&wanted.without, &wanted.with)
    {
        // The flag of the new choice would move the old one's traffic before nginx has read the new one.
        let flag = wanted.flag.to_string_lossy();
        return Err(Error::new(
            Kind::Settings,
            format!("the flag `{flag}` chooses between `{}` and `{}` so far", found.without, found.with),
        )
        .advise("give `proxy.flag` in hooks.toml another name together with the new profiles"));
    }
    let directory = &access.flag_directory.path;
    let needed = access.needed_to_install(host.describe(directory).is_ok());
    let Some(said) = access::refusal(host, &needed).await? else { return Ok(()) };
    let switch = host.program().with_file_name("switch");
    let config = match &settings.file {
        Some(file) => format!(" --config {}", file.to_string_lossy()),
        None => String::new(),
    };
    Err(Error::new(
        Kind::Settings,
        format!(
            "`{}` may not install the instant cutover (write in `{}`, reload nginx), and sudo said: {said}",
            host.user().name,
            access.upstreams.path.parent().unwrap_or(Path::new("/")).to_string_lossy()
        ),
    )
    .advise(format!(
        "run this once, as root: {} --install{config} (traffic stays where it is); or set `proxy.cutover = \"reload\"`",
        switch.to_string_lossy()
    )))
}

#[cfg(test)]
mod tests {
    use super::super::configuration::tree;
    use super::*;
    use crate::config::{self, SettingsFile};
    use crate::discovery::{DoorSays, Evidence, LedgerSays};
    use crate::host::Answer;
    use crate::slot::BySlot;

    /// A configuration as distributions have it, with something put in place of a mark.
    fn verdict(at_http: &str, at_server: &str, at_other: &str, upstreams: &str) -> Result<()> {
        let settings = config::settings(SettingsFile::parse("", "")).unwrap();
        let dump = format!(
            "# configuration file /etc/nginx/nginx.conf:\nhttp {{\n{at_http}\ninclude /etc/nginx/conf.d/*.conf;\n\
             server {{ include /etc/nginx/conf.d/service-url.inc;\n{at_server}\nlocation / {{ proxy_pass $service_url; }} }}\n\
             server {{ {at_other} }}\n}}\n\
             # configuration file /etc/nginx/conf.d/service-url.conf:\n{upstreams}\n\
             # configuration file /etc/nginx/conf.d/other.conf:\nserver {{ listen 81; open_file_cache max=9; }}\n\
             # configuration file /etc/nginx/conf.d/service-url.inc:\nset $service_url http://127.0.0.1:8081;\n"
        );
        check_configuration(&settings, &tree::parse(&dump))
    }

    #[test]
    fn what_would_make_nginx_read_the_flag_wrongly_is_found_in_its_configuration() {
        let settings = config::settings(SettingsFile::parse("", "")).unwrap();
        let groups = String::from_utf8(upstreams::render(&settings)).unwrap();
        let reads = "include /etc/nginx/conf.d/service-url.inc;";
        for (name, http, server, other, wanted) in [
            ("as distributions have it", "", "", "", None),
            (
                "a cache for everybody",
                "open_file_cache max=1000;",
                "",
                "",
                Some("`open_file_cache` in `/etc/nginx/nginx.conf`"),
            ),
            ("a cache that our server does not use", "open_file_cache max=1000;", "open_file_cache off;", "", None),
            ("a cache in our server", "", "open_file_cache max=1000;", "", Some("`open_file_cache`")),
            ("a cache in a server that has nothing to do with it", "", "", "open_file_cache max=1000;", None),
            (
                "a cache in another server that reads the include as well",
                "",
                "",
                &format!("{reads} open_file_cache max=1000;"),
                Some("`open_file_cache`"),
            ),
            (
                "a cache in a location that reads the include",
                "",
                "",
                &format!("location /x {{ open_file_cache max=1; {reads} }}"),
                Some("`open_file_cache`"),
            ),
            (
                "a group of that name elsewhere",
                "upstream real2 { server 10.0.0.1:80; }",
                "",
                "",
                Some("group `real2` of its own"),
            ),
        ] {
            for written in ["", &groups] {
                let told = verdict(http, server, other, written).err().map(|error| error.to_string());
                match wanted {
                    None => assert_eq!(told, None, "{name}"),
                    Some(wanted) => {
                        assert!(told.as_ref().is_some_and(|told| told.contains(wanted)), "{name}: {told:?}");
                    }
                }
            }
        }
        let tree = tree::parse("# configuration file /etc/nginx/nginx.conf:\nhttp { include sites-enabled/*; }\n");
        let told = check_configuration(&settings, &tree).unwrap_err();
        assert!(
            told.to_string().contains("does not read `/etc/nginx/conf.d/service-url.conf` at the level of `http`"),
            "{told}"
        );
    }

    #[test]
    fn it_is_installed_only_if_every_part_is_as_the_settings_ask_and_in_force() {
        let settings = config::settings(SettingsFile::parse("", "")).unwrap();
        let plain = Include::parse(b"set $service_url http://127.0.0.1:8081;", "service_url").unwrap();
        let chosen = Include::parse(&plain.with_choice(&Choice::of(&settings)), "service_url").unwrap();
        let other = Choice { flag: "/elsewhere/green".into(), ..Choice::of(&settings) };
        let elsewhere = Include::parse(&plain.with_choice(&other), "service_url").unwrap();
        let groups = upstreams::render(&settings);
        for (name, include, groups, in_force, wanted) in [
            ("installed", &chosen, groups.as_slice(), Some(true), true),
            ("nginx is down", &chosen, &groups, None, true),
            ("written and not read yet", &chosen, &groups, Some(false), false),
            ("the scripts' include", &plain, &groups, Some(true), false),
            ("another flag", &elsewhere, &groups, Some(true), false),
            ("no groups", &chosen, upstreams::NONE, Some(true), false),
        ] {
            let testimony = Testimony {
                evidence: Evidence {
                    include: IncludeSays::Slot { slot: Slot::Blue, in_force },
                    door: DoorSays::NoHelp("HTTP 301".into()),
                    ledger: LedgerSays::Nothing,
                    listening: BySlot { blue: true, green: true },
                    falls_over: false,
                },
                include: Some(include.clone()),
                upstreams: groups.to_owned(),
                door: Answer::Silence("connection refused".into()),
            };
            assert_eq!(is_installed(&settings, &testimony), wanted, "{name}");
        }
    }
}
