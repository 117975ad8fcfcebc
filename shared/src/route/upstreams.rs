//! The two slots as nginx's upstream groups, each with the other slot behind it: if the live application dies, nginx goes on with
//! the standby in the same request. The file that declares them stands at http level, with nginx's own word; what a person adds
//! to a group (`keepalive`, say) is kept as long as its servers are right.

use crate::config::Settings;
use crate::nginx::directives::{Directive, End, directives};
use crate::nginx::site::address;
use crate::route::{mark, word};
use crate::slot::Slot;

/// The file as these settings ask for it, without nginx's own word.
#[must_use]
pub fn render(settings: &Settings) -> Vec<u8> {
    [title(settings), groups_of(settings)].concat().into_bytes()
}

/// The file with nginx's own word in it, and what else it holds left as it is.
#[must_use]
pub fn with_word(bytes: &[u8], settings: &Settings, include: &[u8]) -> Vec<u8> {
    let word = word::render(settings, include).filter(|_| !word::stands_in(bytes, settings)).unwrap_or_default();
    let marked = mark::owner(bytes).is_some();
    let title = if marked { String::new() } else { title(settings) };
    let between = if bytes.is_empty() || bytes.ends_with(b"\n") { "" } else { "\n" };
    [title.as_bytes(), bytes, between.as_bytes(), word.as_bytes()].concat()
}

fn title(settings: &Settings) -> String {
    format!("# This file is {}; `switch` writes it.\n", mark::of(&settings.proxy.include))
}

/// The groups, each with the other slot behind it.
///
/// `max_fails=0` matters: a refused connection on loopback costs nothing, and a memory of 10 s would pin traffic to the
/// wrong slot.
fn groups_of(settings: &Settings) -> String {
    let group = |slot: Slot| {
        let (name, port, behind) = (settings.group(slot), settings.place(slot).port, settings.place(!slot).port);
        format!(
            "upstream {name} {{\n    server 127.0.0.1:{port} max_fails=0;\n    \
             server 127.0.0.1:{behind} max_fails=0 backup;\n}}\n"
        )
    };
    let title = "# The two slots, each with the other behind it.\n";
    format!("{title}{}{}", group(Slot::Blue), group(Slot::Green))
}

/// What stands in the file once nothing refers to the groups any more: nothing that nginx heeds.
pub const NONE: &[u8] = b"# No groups: nginx is sent to a port (`proxy.cutover` is \"reload\").\n";

/// Whether the file declares both groups with the servers that these settings ask for.
#[must_use]
pub fn are_right(bytes: &[u8], settings: &Settings) -> bool {
    let groups = groups(bytes);
    Slot::BOTH.into_iter().all(|slot| {
        let wanted = [(settings.place(slot).port, false), (settings.place(!slot).port, true)];
        let mut found = groups.iter().filter(|group| group.name == settings.group(slot));
        found.next().is_some_and(|group| group.servers == wanted.map(Some)) && found.next().is_none()
    })
}

/// The port on this host that a group sends traffic to as long as that answers, however its servers are tuned.
#[must_use]
pub fn port_of(bytes: &[u8], name: &str) -> Option<u16> {
    groups(bytes).iter().find(|group| group.name == name)?.first
}

/// The names of the groups that it declares, with the port of each as `port_of` tells it.
#[must_use]
pub fn declared(bytes: &[u8]) -> Vec<(String, Option<u16>)> {
    groups(bytes).into_iter().map(|group| (group.name.clone(), port_of(bytes, &group.name))).collect()
}

/// One group.
struct Group {
    name: String,
    /// Port, and whether it is asked only if the others fail; nothing for a server that is written in any other way.
    servers: Vec<Option<(u16, bool)>>,
    /// The port of the one server on this host that is no backup; nothing where there are several, or another host's.
    first: Option<u16>,
}

fn groups(bytes: &[u8]) -> Vec<Group> {
    let mut groups = Vec::new();
    let mut open: Option<Group> = None;
    let mut several = false;
    for directive in directives(bytes) {
        match (directive.end, directive.words(bytes).as_slice(), &mut open) {
            (End::Open, [b"upstream", name], None) => {
                open =
                    Some(Group { name: String::from_utf8_lossy(name).into_owned(), servers: Vec::new(), first: None });
                several = false;
            }
            (End::Semicolon, [b"server", address, options @ ..], Some(group)) => {
                group.servers.push(server(&directive, bytes));
                if !options.iter().any(|option| matches!(*option, b"backup" | b"down")) {
                    let port = std::str::from_utf8(address).ok().and_then(address::loopback_port);
                    group.first = if several { None } else { port };
                    several = true;
                }
            }
            (End::Close, ..) => groups.extend(open.take()),
            _ => {}
        }
    }
    groups
}

fn server(directive: &Directive, bytes: &[u8]) -> Option<(u16, bool)> {
    let words = directive.words(bytes);
    let [b"server", address, options @ ..] = words.as_slice() else { return None };
    let port = std::str::from_utf8(address).ok()?.strip_prefix("127.0.0.1:")?.parse().ok()?;
    match options {
        [b"max_fails=0"] => Some((port, false)),
        [b"max_fails=0", b"backup"] | [b"backup", b"max_fails=0"] => Some((port, true)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::config::{self, SettingsFile};

    fn settings() -> Settings {
        config::settings(SettingsFile::parse("", "")).unwrap()
    }

    #[test]
    fn each_slot_has_the_other_behind_it() {
        let text = render(&settings());
        expect![[r#"
            # This file is of the application behind `/etc/nginx/conf.d/service-url.inc`; `switch` writes it.
            # The two slots, each with the other behind it.
            upstream service-url-real1 {
                server 127.0.0.1:8081 max_fails=0;
                server 127.0.0.1:8082 max_fails=0 backup;
            }
            upstream service-url-real2 {
                server 127.0.0.1:8082 max_fails=0;
                server 127.0.0.1:8081 max_fails=0 backup;
            }
        "#]]
        .assert_eq(&String::from_utf8_lossy(&text));
        expect![[r##"
            # No groups: nginx is sent to a port (`proxy.cutover` is "reload").
        "##]]
        .assert_eq(&String::from_utf8_lossy(NONE));
        let ports = ["service-url-real1", "service-url-real2"].map(|name| port_of(&text, name));
        assert_eq!(ports, [Some(8081), Some(8082)]);
    }

    #[test]
    fn nginxs_word_joins_the_groups_of_an_earlier_version_and_nothing_of_them_is_lost() {
        let settings = config::settings(SettingsFile::parse("", "[proxy]\nword = \"+10000\"")).unwrap();
        let old = b"# Mine.\nupstream real1 {\n    server 127.0.0.1:8081 max_fails=0;\n}";
        let text = with_word(old, &settings, b"");
        let shown = String::from_utf8_lossy(&text);
        assert_eq!(mark::owner(&text).as_ref(), Some(&settings.proxy.include));
        assert!(shown.contains(std::str::from_utf8(old).unwrap()) && word::stands_in(&text, &settings), "{shown}");
        assert_eq!(with_word(&text, &settings, b""), text, "a second time");
        let off = Settings { proxy: config::Proxy { word: None, ..settings.proxy.clone() }, ..settings };
        assert!(!String::from_utf8_lossy(&with_word(b"", &off, b"")).contains("listen"));
    }

    #[test]
    fn f111_a_group_that_a_person_has_tuned_still_tells_its_port() {
        for (name, servers, wanted) in [
            ("as written", "server 127.0.0.1:8081 max_fails=0; server 127.0.0.1:8082 max_fails=0 backup;", Some(8081)),
            (
                "a memory of failures",
                "server 127.0.0.1:8081 max_fails=2 weight=2; server 127.0.0.1:8082 backup;",
                Some(8081),
            ),
            ("a name", "server localhost:8081;", Some(8081)),
            ("over IPv6", "server [::1]:8081;", Some(8081)),
            ("every address of this host", "server 0.0.0.0:8081;", Some(8081)),
            ("no port", "server 127.0.0.1;", None),
            ("a socket", "server unix:/run/app.socket;", None),
            ("the backup first", "server 127.0.0.1:8082 backup; server 127.0.0.1:8081;", Some(8081)),
            ("both at once", "server 127.0.0.1:8081; server 127.0.0.1:8082;", None),
            ("another host", "server 10.0.0.1:8081;", None),
            ("taken out", "server 127.0.0.1:8082 down; server 127.0.0.1:8081;", Some(8081)),
            ("empty", "", None),
        ] {
            assert_eq!(port_of(format!("upstream a {{ {servers} }}").as_bytes(), "a"), wanted, "{name}");
        }
    }

    #[test]
    fn what_a_person_adds_to_a_group_is_right_and_other_servers_are_not() {
        let settings = settings();
        let text = String::from_utf8(render(&settings)).unwrap();
        for (name, from, to, wanted) in [
            ("as written", "", "", true),
            ("kept connections", "max_fails=0 backup;\n}", "max_fails=0 backup;\n    keepalive 16;\n}", true),
            ("a remark", "upstream service-url-real2", "# mine\nupstream service-url-real2", true),
            ("another port", "8081 max_fails=0;", "8083 max_fails=0;", false),
            ("a memory of failures", "8081 max_fails=0;", "8081 max_fails=1;", false),
            ("no way out", "server 127.0.0.1:8082 max_fails=0 backup;", "", false),
            ("both at once", "8082 max_fails=0 backup;", "8082 max_fails=0;", false),
            ("a third server", "max_fails=0 backup;", "max_fails=0 backup;\nserver 10.0.0.1:80;", false),
            ("a group is missing", "upstream service-url-real2", "upstream service-url-real3", false),
            (
                "a group twice",
                "upstream service-url-real2",
                "upstream service-url-real1 { server 127.0.0.1:1; }\nupstream service-url-real2",
                false,
            ),
        ] {
            assert_eq!(are_right(text.replacen(from, to, 1).as_bytes(), &settings), wanted, "{name}");
        }
        assert!(!are_right(NONE, &settings));
    }
}
