//! A door that asks for another path than `health.path` and has told nothing: the application may know nothing of it, and then no
//! cutover can be proven there.

use super::DoorSays;
use super::witness;
use crate::config::Settings;
use crate::host::Answer;
use crate::language::translated;

/// What is to be said of such a door, before the cutover that it is to prove.
#[must_use]
pub fn note(settings: &Settings, answer: &Answer) -> Option<String> {
    let DoorSays::NoHelp(found) = witness::what_door_says(settings, answer) else { return None };
    let door = &settings.proxy.door;
    let (authority, path) = parts(door);
    // Where the health endpoint has a port of its own nginx does not lead to it.
    if path == settings.health.path || settings.health.port_offset != 0 {
        return None;
    }
    Some(translated!(
        "`proxy.door` asks for `{path}`, which has told nothing so far ({found}), and `health.path` is `{}`. If the application \
         does not answer `{path}`, the door shows nothing of a cutover: then set `proxy.door = \"http://{authority}{}\"`",
        settings.health.path,
        settings.health.path
    ))
}

/// The host and port of a URL, and its path without what follows the `?`.
fn parts(url: &str) -> (&str, &str) {
    let rest = url.strip_prefix("http://").unwrap_or(url);
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let path = path.split('?').next().unwrap_or_default();
    (authority, if path.is_empty() { "/" } else { path })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, SettingsFile};

    #[test]
    fn f119_a_door_of_another_path_that_tells_nothing_is_worth_a_sentence_and_no_other_is() {
        let response = |status, body: &str| Answer::Response { status, location: None, body: body.to_owned() };
        for (name, text, answer, wanted) in [
            ("as shipped, nobody serves yet", "", response(502, ""), None),
            (
                "only `health.path` was set",
                "[health]\npath = \"/health\"",
                response(502, ""),
                Some("http://127.0.0.1/health"),
            ),
            ("the door tells", "[health]\npath = \"/health\"", response(200, "real1"), None),
            ("silence", "[health]\npath = \"/up\"", Answer::Silence("refused".into()), Some("asks for `/profile`")),
            (
                "both were set",
                "[health]\npath = \"/up\"\n[proxy]\ndoor = \"http://127.0.0.1:8090/up?by=hooks\"",
                response(404, ""),
                None,
            ),
            (
                "the page itself",
                "[proxy]\ndoor = \"http://127.0.0.1:8090\"",
                response(200, "<html>"),
                Some("http://127.0.0.1:8090/profile"),
            ),
            ("nginx does not lead to it", "[health]\npath = \"/up\"\nport = \"+1000\"", response(404, ""), None),
        ] {
            let settings = config::settings(SettingsFile::parse("hooks.toml", text)).unwrap();
            let told = note(&settings, &answer);
            assert_eq!(told.is_some(), wanted.is_some(), "{name}: {told:?}");
            assert!(told.unwrap_or_default().contains(wanted.unwrap_or_default()), "{name}");
        }
    }
}
