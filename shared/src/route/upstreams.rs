//! The two slots as nginx's upstream groups, named after the profiles, each with the other slot behind it: if the live
//! application dies, nginx goes on with the standby in the same request. The file that declares them stands
//! at http level; what a person adds to a group (`keepalive`, say) is kept as long as its servers are right.

use crate::config::Settings;
use crate::nginx::directives::{Directive, End, directives};
use crate::slot::{Place, Slot};

/// The file as these settings ask for it.
///
/// `max_fails=0` matters: a refused connection on loopback costs nothing, and a memory of 10 s would pin traffic to the
/// wrong slot.
#[must_use]
pub fn render(settings: &Settings) -> Vec<u8> {
    let group = |slot: Slot| {
        let Place { profile, port } = settings.place(slot);
        let behind = settings.place(!slot).port;
        format!(
            "upstream {profile} {{\n    server 127.0.0.1:{port} max_fails=0;\n    \
             server 127.0.0.1:{behind} max_fails=0 backup;\n}}\n"
        )
    };
    let title =
        "# The two slots, each with the other behind it. `switch` writes this file where its servers are not these.\n";
    format!("{title}{}{}", group(Slot::Blue), group(Slot::Green)).into_bytes()
}

/// What stands in the file once nothing refers to the groups any more: nothing that nginx heeds.
pub const NONE: &[u8] = b"# No groups: nginx is sent to a port (`proxy.cutover` is \"reload\").\n";

/// Whether the file declares both groups with the servers that these settings ask for.
#[must_use]
pub fn are_right(bytes: &[u8], settings: &Settings) -> bool {
    let groups = groups(bytes);
    Slot::BOTH.into_iter().all(|slot| {
        let Place { profile, port } = settings.place(slot);
        let wanted = [(*port, false), (settings.place(!slot).port, true)];
        let mut found = groups.iter().filter(|group| group.name == *profile);
        found.next().is_some_and(|group| group.servers == wanted.map(Some)) && found.next().is_none()
    })
}

/// The port that a group sends traffic to as long as that answers.
#[must_use]
pub fn port_of(bytes: &[u8], name: &str) -> Option<u16> {
    let groups = groups(bytes);
    let group = groups.iter().find(|group| group.name == name)?;
    match group.servers.first()? {
        Some((port, false)) => Some(*port),
        _ => None,
    }
}

/// One group.
struct Group {
    name: String,
    /// Port, and whether it is asked only if the others fail; nothing for a server that is written in any other way.
    servers: Vec<Option<(u16, bool)>>,
}

fn groups(bytes: &[u8]) -> Vec<Group> {
    let mut groups = Vec::new();
    let mut open: Option<Group> = None;
    for directive in directives(bytes) {
        match (directive.end, directive.words(bytes).as_slice(), &mut open) {
            (End::Open, [b"upstream", name], None) => {
                open = Some(Group { name: String::from_utf8_lossy(name).into_owned(), servers: Vec::new() });
            }
            (End::Semicolon, [b"server", ..], Some(group)) => group.servers.push(server(&directive, bytes)),
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
            # The two slots, each with the other behind it. `switch` writes this file where its servers are not these.
            upstream real1 {
                server 127.0.0.1:8081 max_fails=0;
                server 127.0.0.1:8082 max_fails=0 backup;
            }
            upstream real2 {
                server 127.0.0.1:8082 max_fails=0;
                server 127.0.0.1:8081 max_fails=0 backup;
            }
        "#]]
        .assert_eq(&String::from_utf8_lossy(&text));
        expect![[r##"
            # No groups: nginx is sent to a port (`proxy.cutover` is "reload").
        "##]]
        .assert_eq(&String::from_utf8_lossy(NONE));
        assert_eq!((port_of(&text, "real1"), port_of(&text, "real2")), (Some(8081), Some(8082)));
    }

    #[test]
    fn what_a_person_adds_to_a_group_is_right_and_other_servers_are_not() {
        let settings = settings();
        let text = String::from_utf8(render(&settings)).unwrap();
        for (name, from, to, wanted) in [
            ("as written", "", "", true),
            ("kept connections", "max_fails=0 backup;\n}", "max_fails=0 backup;\n    keepalive 16;\n}", true),
            ("a remark", "upstream real2", "# mine\nupstream real2", true),
            ("another port", "8081 max_fails=0;", "8083 max_fails=0;", false),
            ("a memory of failures", "8081 max_fails=0;", "8081 max_fails=1;", false),
            ("no way out", "server 127.0.0.1:8082 max_fails=0 backup;", "", false),
            ("both at once", "8082 max_fails=0 backup;", "8082 max_fails=0;", false),
            ("a third server", "max_fails=0 backup;", "max_fails=0 backup;\nserver 10.0.0.1:80;", false),
            ("a group is missing", "upstream real2", "upstream real3", false),
            ("a group twice", "upstream real2", "upstream real1 { server 127.0.0.1:1; }\nupstream real2", false),
        ] {
            assert_eq!(are_right(text.replacen(from, to, 1).as_bytes(), &settings), wanted, "{name}");
        }
        assert!(!are_right(NONE, &settings));
    }
}
