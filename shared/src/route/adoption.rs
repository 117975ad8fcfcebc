//! A host that an earlier version has installed is taken over as it is, by the names and files that its include goes by (F90, F91).

use std::path::{Path, PathBuf};

use crate::config::Settings;
use crate::host::Host;
use crate::route::choice::Choice;
use crate::route::include::Include;
use crate::route::{mark, upstreams};
use crate::slot::{BySlot, Slot};

/// What the file of the groups was called by default when it had one name for every application.
const OLD_NAME: &str = "service-url.conf";

/// The settings with the names that this host goes by already.
#[must_use]
pub fn adopt(host: &impl Host, settings: &Settings) -> Settings {
    let include = host.read_file(&settings.proxy.include).ok();
    let include = include.and_then(|bytes| Include::parse(&bytes, &settings.proxy.variable).ok());
    let Some(choice) = include.as_ref().and_then(Include::choice) else { return settings.clone() };
    adopted(settings, choice, |path| host.read_file(path).unwrap_or_default())
}

/// The same with what the include chooses, and a way to read files. Names that nobody chose give way to those in force, if these
/// lead to the ports of these settings.
fn adopted(settings: &Settings, choice: &Choice, read: impl Fn(&Path) -> Vec<u8>) -> Settings {
    let mut settings = settings.clone();
    let named = settings.proxy.upstreams.clone();
    let candidates = [Some(named.clone()), settings.proxy.derived.upstreams.then(|| named.with_file_name(OLD_NAME))];
    let ports = settings.places.clone();
    let fits = |path: &PathBuf| {
        let bytes = read(path);
        let leads = |group: &str, slot: Slot| upstreams::port_of(&bytes, group) == Some(ports.get(slot).port);
        let owner = mark::owner(&bytes);
        owner.is_none_or(|owner| owner == settings.proxy.include)
            && leads(&choice.without, Slot::Blue)
            && leads(&choice.with, Slot::Green)
    };
    let Some(found) = candidates.into_iter().flatten().find(|path| fits(path)) else { return settings };
    settings.proxy.upstreams = found;
    settings.proxy.groups = BySlot { blue: choice.without.clone(), green: choice.with.clone() };
    if settings.proxy.derived.flag {
        settings.proxy.flag.clone_from(&choice.flag);
    }
    settings
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::{self, SettingsFile};

    fn settings(text: &str) -> Settings {
        config::settings(SettingsFile::parse("", text)).unwrap()
    }

    fn choice(without: &str, with: &str, flag: &str) -> Choice {
        Choice { without: without.into(), with: with.into(), flag: flag.into() }
    }

    /// The groups of the names that everybody had.
    fn groups(blue: u16, green: u16) -> String {
        let group = |name, first, second| {
            format!(
                "upstream {name} {{ server 127.0.0.1:{first} max_fails=0; server 127.0.0.1:{second} max_fails=0 backup; }}\n"
            )
        };
        format!("{}{}", group("real1", blue, green), group("real2", green, blue))
    }

    const SHOP: &str = "[proxy]\ninclude = \"/etc/nginx/conf.d/shop.inc\"\n";

    #[test]
    fn f90_f91_a_host_of_an_earlier_version_goes_on_by_the_names_that_its_include_goes_by() {
        let old = groups(8081, 8082);
        let others = groups(9081, 9082);
        let marked = |include: &str| format!("# This file is {}.\n{old}", mark::of(Path::new(include)));
        let (derived, shared) = ("/etc/nginx/conf.d/shop.conf", "/etc/nginx/conf.d/service-url.conf");
        let in_force = choice("real1", "real2", "/var/lib/service-url/green");
        for (name, text, files, wanted) in [
            (
                "the one file that everybody had",
                SHOP,
                vec![(shared, old.clone())],
                Some((shared, "/var/lib/service-url/green")),
            ),
            ("a file of its own", SHOP, vec![(derived, old.clone())], Some((derived, "/var/lib/service-url/green"))),
            (
                "the same, marked",
                SHOP,
                vec![(derived, marked("/etc/nginx/conf.d/shop.inc"))],
                Some((derived, "/var/lib/service-url/green")),
            ),
            ("another application's file", SHOP, vec![(shared, marked("/etc/nginx/conf.d/blog.inc"))], None),
            ("groups that lead to other ports", SHOP, vec![(shared, others)], None),
            ("no file at all", SHOP, vec![], None),
            (
                "a path that somebody chose",
                "[proxy]\ninclude = \"/etc/nginx/conf.d/shop.inc\"\nupstreams = \"/etc/nginx/conf.d/shop.conf\"\n",
                vec![(shared, old.clone())],
                None,
            ),
            (
                "a flag that somebody chose",
                "[proxy]\ninclude = \"/etc/nginx/conf.d/shop.inc\"\nflag = \"/run/shop/green\"\n",
                vec![(shared, old.clone())],
                Some((shared, "/run/shop/green")),
            ),
        ] {
            let settings = settings(text);
            let files: BTreeMap<&str, String> = files.into_iter().collect();
            let read = |path: &Path| {
                files.get(path.to_str().unwrap()).map(|text| text.clone().into_bytes()).unwrap_or_default()
            };
            let adopted = adopted(&settings, &in_force, read);
            let names = wanted.map(|_| BySlot { blue: "real1".to_owned(), green: "real2".to_owned() });
            assert_eq!(adopted.proxy.groups, names.unwrap_or(settings.proxy.groups.clone()), "{name}");
            let paths = (adopted.proxy.upstreams.to_str().unwrap(), adopted.proxy.flag.to_str().unwrap());
            let own = (settings.proxy.upstreams.to_str().unwrap(), settings.proxy.flag.to_str().unwrap());
            assert_eq!(paths, wanted.unwrap_or(own), "{name}");
        }
    }
}
