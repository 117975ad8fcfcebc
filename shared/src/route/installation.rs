//! What has to hold before the choice by the flag is brought in: nothing in nginx's configuration makes nginx read the flag or
//! the groups wrongly, and this user may install it. What is not found here the proof at the door notices, and traffic goes back.

use std::path::{Path, PathBuf};

use crate::config::Settings;
use crate::error::{Error, Kind, Result};
use crate::host::Host;
use crate::language::translated;
use crate::nginx::access::Access;
use crate::nginx::configuration::tree::Node;
use crate::nginx::site::Line;
use crate::route::choice::Choice;
use crate::route::include::Include;
use crate::route::ownership;
use crate::slot::Slot;
use crate::sudo;

fn at_http(tree: &[Node]) -> impl Iterator<Item = &Node> {
    tree.iter().filter(|node| node.name() == "http").flat_map(|node| &node.block)
}

/// Whether nginx reads a file at the level of `http`, or would if it existed.
#[must_use]
pub fn reads_at_http(tree: &[Node], file: &Path) -> bool {
    at_http(tree).any(|node| node.reads(file))
}

/// What in nginx's configuration would make it read the flag, or the groups, wrongly.
///
/// # Errors
/// `Kind::Settings` with the file and what to do.
pub fn check_configuration(settings: &Settings, tree: &[Node]) -> Result<()> {
    let upstreams = &settings.proxy.upstreams;
    let http: Vec<&Node> = at_http(tree).collect();
    if !reads_at_http(tree, upstreams) {
        let wanted = upstreams.to_string_lossy();
        return Err(Error::new(Kind::Settings, translated!("nginx does not read `{wanted}` at the level of `http`"))
            .advise(translated!(
                "put `include {wanted};` into nginx's `http` block, or correct `proxy.upstreams` in hooks.toml"
            )));
    }
    if let [first, second, ..] = http.iter().filter(|node| node.reads(upstreams)).collect::<Vec<_>>()[..] {
        let (first, second) = (Line::of(first), Line::of(second));
        return Err(Error::new(
            Kind::Settings,
            translated!(
                "nginx reads `{}` twice, at {first} and at {second}: to it each group in that would be a duplicate upstream",
                upstreams.to_string_lossy()
            ),
        )
        .advise(translated!("let one `include` of nginx's configuration read that file, or give `proxy.upstreams` another path")));
    }
    ownership::check_configuration(settings, tree)?;
    for slot in Slot::BOTH {
        let group = settings.group(slot);
        // nginx does not tell capitals from small letters in these names.
        let foreign = |node: &&&Node| {
            node.name() == "upstream" && node.argument().eq_ignore_ascii_case(group) && node.file != *upstreams
        };
        if let Some(node) = http.iter().find(foreign) {
            return Err(Error::new(
                Kind::Settings,
                translated!("`{}` declares an upstream group `{group}` of its own", node.file.to_string_lossy()),
            )
            .advise(translated!(
                "rename that group, or give the include, or the slots (`blue.profile`, `green.profile`), other names"
            )));
        }
    }
    match cached(tree, None, &settings.proxy.include) {
        None => Ok(()),
        Some(file) => Err(Error::new(
            Kind::Settings,
            translated!("`open_file_cache` in `{}` lets nginx see a flag only now and then", file.to_string_lossy()),
        )
        .advise(translated!(
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

/// Makes sure, without changing anything, that this user may install it.
///
/// # Errors
/// `Kind::NotAllowed` with the one command that root has to run; `Kind::Settings` if the flag has another meaning so far.
pub async fn check(host: &impl Host, settings: &Settings, access: &Access, include: Option<&Include>) -> Result<()> {
    let wanted = Choice::of(settings);
    if let Some(found) = include.and_then(Include::choice)
        && found.flag == wanted.flag
        && (&found.without, &found.with) != (&wanted.without, &wanted.with)
    {
        // The flag of the new choice would move the old one's traffic before nginx has read the new one.
        let flag = wanted.flag.to_string_lossy();
        return Err(Error::new(
            Kind::Settings,
            translated!("the flag `{flag}` chooses between `{}` and `{}` so far", found.without, found.with),
        )
        .advise(translated!("give `proxy.flag` in hooks.toml another name together with the new profiles")));
    }
    let directory = &access.flag_directory.path;
    let needed = access.needed_to_install(host.describe(directory).is_ok());
    let Some(said) = sudo::refusal(host, &needed).await? else { return Ok(()) };
    let switch = host.program().with_file_name("switch");
    let config = match &settings.file {
        Some(file) => format!(" --config {}", file.to_string_lossy()),
        None => String::new(),
    };
    Err(Error::new(
        Kind::NotAllowed,
        translated!(
            "`{}` may not install the instant cutover (write in `{}`, reload nginx), and sudo said: {said}",
            host.user().name,
            access.upstreams.path.parent().unwrap_or(Path::new("/")).to_string_lossy()
        ),
    )
    .advise(translated!(
        "run this once, as root: {} --install{config} (traffic stays where it is); or set `proxy.cutover = \"reload\"`",
        switch.to_string_lossy()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, SettingsFile};
    use crate::nginx::configuration::tree;
    use crate::route::upstreams;

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
                "the groups' file by a second pattern",
                "include /etc/nginx/conf.d/service*.conf;",
                "",
                "",
                Some("twice, at /etc/nginx/nginx.conf:2 and at /etc/nginx/nginx.conf:3"),
            ),
            ("other files by a second pattern", "include conf.d/other*.conf;", "", "", None),
            (
                "the groups' file by its name and by the pattern",
                "include conf.d/service-url.conf;",
                "",
                "",
                Some("twice, at"),
            ),
            (
                "a group of that name elsewhere",
                "upstream Service-url-real2 { server 10.0.0.1:80; }",
                "",
                "",
                Some("group `service-url-real2` of its own"),
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
}
