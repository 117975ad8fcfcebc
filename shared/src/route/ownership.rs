//! Whose it is: what these hooks keep for one application is never another one's (F90, F91). What belongs to another application is
//! refused with both names, before anything changes: files and the flag here, ports in `ports`.

pub mod ports;

use std::path::{Path, PathBuf};

use crate::config::Settings;
use crate::error::{Error, Kind, Result};
use crate::host::Host;
use crate::language::translated;
use crate::nginx::configuration::tree::Node;
use crate::route::{mark, upstreams};

/// How the file of the groups began before it was marked.
const OLD_TITLE: &str = "# The two slots, each with the other behind it.";

/// Makes sure that the files that a cutover writes are this application's, or nobody's.
///
/// # Errors
/// `Kind::Settings` with both names.
pub fn check_files(host: &impl Host, settings: &Settings) -> Result<()> {
    let read = |path: &Path| host.read_file(path).unwrap_or_default();
    let exists = |path: &Path| host.describe(path).is_ok();
    let (groups, flag) = (&settings.proxy.upstreams, &settings.proxy.flag);
    let of_another = whose_groups(settings, &read(groups), exists).or_else(|| {
        another(settings, &read(flag), exists).map(|owner| Foreign { key: "proxy.flag", path: flag.clone(), owner })
    });
    of_another.map_or(Ok(()), |foreign| Err(foreign.refuse(settings)))
}

/// What is another's.
struct Foreign {
    key: &'static str,
    path: PathBuf,
    /// Whose, as a fragment.
    owner: String,
}

impl Foreign {
    fn refuse(&self, settings: &Settings) -> Error {
        let Foreign { key, path, owner } = self;
        let include = settings.proxy.include.to_string_lossy();
        Error::new(
            Kind::Settings,
            translated!("`{}` (`{key}`) belongs to {owner}, not to the one behind `{include}`", path.to_string_lossy()),
        )
        .advise(translated!("name a path of this application's own in `{key}` of hooks.toml{}", self.example()))
    }

    /// A path beside the one that is taken.
    fn example(&self) -> String {
        if self.key != "proxy.upstreams" {
            return String::new();
        }
        let name = self.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let path = self.path.with_file_name(format!("{name}-slots.conf"));
        translated!(", such as `{}`: one that nginx reads at the level of `http`", path.to_string_lossy())
    }
}

/// Whose the file of the groups is, if it is not ours to write.
fn whose_groups(settings: &Settings, bytes: &[u8], exists: impl Fn(&Path) -> bool) -> Option<Foreign> {
    let foreign = |owner| Some(Foreign { key: "proxy.upstreams", path: settings.proxy.upstreams.clone(), owner });
    if mark::owner(bytes).is_some() {
        return foreign(another(settings, bytes, exists)?);
    }
    let text = String::from_utf8_lossy(bytes);
    let declared = upstreams::declared(bytes);
    let places = &settings.places;
    let ours = |port: &Option<u16>| port.is_some_and(|port| places.find(|place| place.port == port).is_some());
    if declared.iter().any(|(_, port)| !ours(port)) {
        let names: Vec<String> = declared
            .iter()
            .map(|(name, port)| port.map_or_else(|| format!("`{name}`"), |port| translated!("`{name}` (port {port})")))
            .collect();
        let who =
            if text.starts_with(OLD_TITLE) { translated!("another application") } else { translated!("somebody else") };
        return foreign(translated!("{who}: it declares the groups {}", names.join(", ")));
    }
    let nothing_else = !declared.is_empty() || text.lines().all(|line| line.trim().is_empty() || line.starts_with('#'));
    if nothing_else {
        None
    } else {
        foreign(translated!("somebody else: it holds no groups of these hooks").to_owned())
    }
}

/// The application that a marked file belongs to, if that is another one and is still there.
fn another(settings: &Settings, bytes: &[u8], exists: impl Fn(&Path) -> bool) -> Option<String> {
    let owner = mark::owner(bytes).filter(|owner| *owner != settings.proxy.include && exists(owner))?;
    Some(translated!("the application behind `{}`", owner.to_string_lossy()))
}

/// Makes sure that nothing else in nginx's configuration goes by the flag, or has the ports, that are to be this application's alone.
///
/// # Errors
/// `Kind::Settings` with both names.
pub fn check_configuration(settings: &Settings, tree: &[Node]) -> Result<()> {
    let flag = format!("{})", settings.proxy.flag.to_string_lossy());
    let tests_flag = |node: &Node| node.name() == "if" && node.words.last() == Some(&flag);
    if let Some(node) = find(tree, &|node| tests_flag(node) && is_foreign(settings, node)) {
        let owner = translated!("the application behind `{}`, which goes by it", node.file.to_string_lossy());
        return Err(Foreign { key: "proxy.flag", path: settings.proxy.flag.clone(), owner }.refuse(settings));
    }
    ports::check_configuration(settings, tree)
}

/// Whether a part of nginx's configuration stands in none of the files that are this application's.
fn is_foreign(settings: &Settings, node: &Node) -> bool {
    ![&settings.proxy.include, &settings.proxy.upstreams].contains(&&node.file)
}

fn find<'a>(nodes: &'a [Node], wanted: &impl Fn(&Node) -> bool) -> Option<&'a Node> {
    nodes.iter().find_map(|node| if wanted(node) { Some(node) } else { find(&node.block, wanted) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, SettingsFile};
    use crate::nginx::configuration::tree;

    fn settings(text: &str) -> Settings {
        config::settings(SettingsFile::parse("", text)).unwrap()
    }

    fn groups(names: [&str; 2], ports: [u16; 2]) -> String {
        let [a, b] = ports;
        let group = |name, first, second| {
            format!(
                "upstream {name} {{ server 127.0.0.1:{first} max_fails=0; server 127.0.0.1:{second} max_fails=0 backup; }}\n"
            )
        };
        format!(
            "{OLD_TITLE} `switch` writes this file where its servers are not these.\n{}{}",
            group(names[0], a, b),
            group(names[1], b, a)
        )
    }

    const SHOP: &str = "[proxy]\ninclude = \"/etc/nginx/conf.d/shop.inc\"\nword = \"+10000\"\n";

    #[test]
    fn f90_a_file_of_groups_is_written_only_where_it_is_this_applications_or_nobodys() {
        let settings = settings(SHOP);
        let marked = |include: &str, text: &str| format!("# This file is {}.\n{text}", mark::of(Path::new(include)));
        let ours = groups(["shop-real1", "shop-real2"], [8081, 8082]);
        let others = groups(["real1", "real2"], [9081, 9082]);
        for (name, text, wanted) in [
            ("none yet", String::new(), ""),
            ("ours", marked("/etc/nginx/conf.d/shop.inc", &ours), ""),
            ("ours, before its ports were changed", marked("/etc/nginx/conf.d/shop.inc", &others), ""),
            ("ours, of an earlier version", ours.clone(), ""),
            ("emptied by an earlier version", String::from_utf8_lossy(upstreams::NONE).into_owned(), ""),
            (
                "another's",
                marked("/etc/nginx/conf.d/blog.inc", &ours),
                "belongs to the application behind `/etc/nginx/conf.d/blog.inc`",
            ),
            ("another's that is gone", marked("/etc/nginx/conf.d/gone.inc", &others), ""),
            (
                "another's, of an earlier version",
                others.clone(),
                "another application: it declares the groups `real1` (port 9081), `real2` (port 9082)",
            ),
            (
                "a person's groups",
                "upstream api { server 10.0.0.7:80; }\n".to_owned(),
                "somebody else: it declares the groups `api`",
            ),
            ("a person's site", "server { listen 81; }\n".to_owned(), "somebody else"),
        ] {
            let exists = |path: &Path| path != Path::new("/etc/nginx/conf.d/gone.inc");
            let told = whose_groups(&settings, text.as_bytes(), exists).map(|foreign| foreign.refuse(&settings));
            let shown = told.as_ref().map(ToString::to_string).unwrap_or_default();
            assert!(if wanted.is_empty() { told.is_none() } else { shown.contains(wanted) }, "{name}: {shown}");
            if told.is_some() {
                assert!(
                    shown.contains("shop.conf") && shown.contains("not to the one behind `/etc/nginx/conf.d/shop.inc`"),
                    "{shown}"
                );
            }
        }
    }

    #[test]
    fn f91_a_flag_that_another_part_of_nginx_goes_by_is_refused_with_both_names() {
        let settings = settings(SHOP);
        for (name, other, wanted) in [
            ("its own flag", "if (-f /var/lib/blog/green) { set $x http://b; }", ""),
            (
                "our flag",
                "if (-f /var/lib/shop/green) { set $x http://b; }",
                "`/var/lib/shop/green` (`proxy.flag`) belongs to the application behind `/etc/nginx/conf.d/blog.inc`",
            ),
        ] {
            let dump = format!(
                "# configuration file /etc/nginx/nginx.conf:\nhttp {{ include conf.d/*.conf; server {{ include conf.d/shop.inc; }} server {{ include conf.d/blog.inc; }} }}\n\
                 # configuration file /etc/nginx/conf.d/shop.conf:\nserver {{ listen 127.0.0.1:18081 reuseport; }}\n\
                 # configuration file /etc/nginx/conf.d/shop.inc:\nif (-f /var/lib/shop/green) {{ }}\n\
                 # configuration file /etc/nginx/conf.d/blog.inc:\n{other}\n"
            );
            let told = check_configuration(&settings, &tree::parse(&dump)).map_err(|error| error.to_string());
            assert!(
                if wanted.is_empty() { told.is_ok() } else { told.as_ref().is_err_and(|told| told.contains(wanted)) },
                "{name}: {told:?}"
            );
        }
    }
}
