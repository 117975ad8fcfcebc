//! A table of what is seen, and of who is said to serve then.

use std::time::Duration;

use super::*;
use crate::config::{self, SettingsFile};
use crate::discovery::DoorSays;

const DEAD: &str = "nginx is not running: its pid file `/run/nginx.pid` does not exist";

fn response(status: u16, body: &str) -> Answer {
    Answer::Response { status, location: None, body: body.to_owned() }
}

/// What is seen where nginx works and both slots are in use.
fn seen(settings: &Settings, door: Answer, include: IncludeSays) -> Seen {
    let answers = match witness::what_door_says(settings, &door) {
        DoorSays::Slot(slot) => Some(slot),
        DoorSays::NoHelp(_) => None,
    };
    Seen {
        door,
        answers,
        include: Ok(include),
        word: WordSays::Nothing,
        falls_over: false,
        listening: Some(BySlot { blue: true, green: true }),
        no_worker: None,
        several_ages: false,
    }
}

#[test]
fn f105_who_serves_is_what_is_seen_and_where_nobody_does_or_it_cannot_be_told_that_is_said() {
    let settings = config::settings(SettingsFile::parse("", "")).unwrap();
    let tells = |slot| IncludeSays::Slot { slot, in_force: Some(true) };
    let unread = |slot| IncludeSays::Slot { slot, in_force: Some(false) };
    let unserved = |slot| IncludeSays::Slot { slot, in_force: None };
    let stranger = IncludeSays::Stranger { port: 8080, in_force: Some(true) };
    let (blue, green) = (response(200, "real1"), response(200, "real2"));
    let (no_help, unreached) = (response(301, ""), response(502, "Bad Gateway"));
    let refused = Answer::Silence("connection refused".into());
    let with = |door: &Answer, include: IncludeSays| seen(&settings, door.clone(), include);
    let listens = |blue, green, seen: Seen| Seen { listening: Some(BySlot { blue, green }), ..seen };
    let falls_over = |seen: Seen| Seen { falls_over: true, ..seen };
    let without = |why: &str, seen: Seen| Seen { no_worker: Some(why.to_owned()), ..seen };
    let late = Answer::late(Duration::from_secs(2));
    let says = |word: WordSays, seen: Seen| Seen { word, ..seen };
    let (says_one, says_two) = (WordSays::Slot(Slot::Blue), WordSays::Slot(Slot::Green));
    let past = || WordSays::Elsewhere("http://127.0.0.1:8080".into());
    let one = "`real1` (port 8081)";
    let two = "`real2` (port 8082)";
    for (name, seen, wanted) in [
        ("all agree", with(&blue, tells(Slot::Blue)), one.to_owned()),
        ("the same for the other", with(&green, tells(Slot::Green)), two.to_owned()),
        ("moved by hand", with(&green, unread(Slot::Green)), two.to_owned()),
        ("the file was changed behind nginx", with(&blue, unread(Slot::Green)), format!("{one} (though nginx is told {two})")),
        (
            "the live one died, and nginx has gone on",
            falls_over(listens(false, true, with(&green, tells(Slot::Blue)))),
            format!("{two} (nginx has gone on to it, since nobody listens in {one})"),
        ),
        (
            "the same, the door is a redirect",
            falls_over(listens(false, true, with(&no_help, tells(Slot::Blue)))),
            format!("{two} (nginx has gone on to it, since nobody listens in {one})"),
        ),
        (
            "F69 the door is a redirect",
            with(&no_help, tells(Slot::Blue)),
            format!("{one} (as nginx is told; the door tells nothing, HTTP 301)"),
        ),
        (
            "its master is gone, its workers go on",
            without("nginx's master is gone", with(&blue, unserved(Slot::Blue))),
            format!("{one} (but nginx's master is gone)"),
        ),
        (
            "its master is gone, and the door is a redirect",
            without("nginx's master is gone", with(&no_help, unserved(Slot::Blue))),
            format!(
                "it cannot be told: nginx is told {one}; the door answers HTTP 301; somebody listens in both slots; \
                 nginx's master is gone"
            ),
        ),
        ("an empty host", listens(false, false, with(&unreached, tells(Slot::Blue))), format!("SITE DOWN: nginx sends requests to {one}, where nobody listens")),
        ("the same, the door is a redirect", listens(false, true, with(&no_help, tells(Slot::Blue))), format!("SITE DOWN: nginx sends requests to {one}, where nobody listens")),
        ("both died", falls_over(listens(false, false, with(&unreached, tells(Slot::Green)))), format!("SITE DOWN: nginx sends requests to {two}, where nobody listens")),
        ("nginx may not connect", with(&unreached, tells(Slot::Blue)), format!("SITE DOWN: the door answers HTTP 502 `Bad Gateway`, though somebody listens in {one}")),
        ("it hangs", with(&response(504, ""), tells(Slot::Blue)), format!("SITE DOWN: the door answers HTTP 504, though somebody listens in {one}")),
        ("F64 nginx is down", without(DEAD, with(&refused, unserved(Slot::Blue))), format!("SITE DOWN: {DEAD}")),
        ("F121 its workers died", without(workers::NOBODY_ACCEPTS.told(), with(&refused, unserved(Slot::Blue))), format!("SITE DOWN: {}", workers::NOBODY_ACCEPTS)),
        ("past both slots", with(&no_help, stranger.clone()), "whoever is on port 8080, which is neither slot's".to_owned()),
        ("the same, and a worker was replaced since", Seen { several_ages: true, ..with(&response(504, ""), tells(Slot::Blue)) }, format!("SITE DOWN: the door answers HTTP 504, though somebody listens in {one}")),
        ("old workers beside new ones", Seen { several_ages: true, ..with(&unreached, unread(Slot::Blue)) }, "SITE DOWN, at least for a part of the requests: the door answers HTTP 502 `Bad Gateway`; old workers of nginx accept beside newer ones, and may send requests elsewhere".to_owned()),
        ("the same, by its word", says(says_two.clone(), listens(true, false, Seen { several_ages: true, ..with(&no_help, unread(Slot::Blue)) })), format!("SITE DOWN, at least for a part of the requests: nginx sends requests to {two}, where nobody listens; old workers of nginx accept beside newer ones, and may send requests elsewhere")),
        ("past both slots, to nobody", with(&unreached, stranger), "SITE DOWN: the door answers HTTP 502 `Bad Gateway`, and nginx sends requests to port 8080, which is neither slot's".to_owned()),
        ("no include, and a door that tells", with(&blue, IncludeSays::Missing), one.to_owned()),
        ("no include, and nobody behind the door", with(&unreached, IncludeSays::Missing), "SITE DOWN: the door answers HTTP 502 `Bad Gateway`".to_owned()),
        ("no include, and no help", with(&no_help, IncludeSays::Missing), "it cannot be told: the include does not exist; the door answers HTTP 301; somebody listens in both slots".to_owned()),
        ("not read, and no help", listens(true, false, with(&no_help, unread(Slot::Green))), format!("it cannot be told: nginx is told {two}, but has not read that; the door answers HTTP 301; somebody listens in {one} only")),
        ("it says so itself", says(says_two.clone(), with(&no_help, tells(Slot::Green))), format!("{two} (as nginx itself says; the door tells nothing, HTTP 301)")),
        ("its own word goes before a file that it has not read", says(says_one.clone(), with(&no_help, unread(Slot::Green))), format!("{one} (as nginx itself says; the door tells nothing, HTTP 301)")),
        ("the same, the include is gone", says(says_one.clone(), with(&no_help, IncludeSays::Missing)), format!("{one} (as nginx itself says; the door tells nothing, HTTP 301)")),
        ("the door goes before its word", says(says_one.clone(), with(&green, tells(Slot::Blue))), format!("{two} (though nginx itself says {one})")),
        ("the live one died, and its word is where it would go", says(says_one.clone(), falls_over(listens(false, true, with(&no_help, tells(Slot::Blue))))), format!("{two} (nginx has gone on to it, since nobody listens in {one})")),
        ("its word leads to nobody", says(says_two.clone(), listens(true, false, with(&no_help, unread(Slot::Blue)))), format!("SITE DOWN: nginx sends requests to {two}, where nobody listens")),
        ("it says so and may not connect", says(says_two.clone(), with(&unreached, tells(Slot::Green))), format!("SITE DOWN: the door answers HTTP 502 `Bad Gateway`, though somebody listens in {two}")),
        ("it says so behind a shut door", says(says_two.clone(), with(&refused, tells(Slot::Green))), format!("{two} (as nginx itself says; the door does not answer, connection refused)")),
        ("it says so behind a door that hangs", says(says_one.clone(), with(&late, tells(Slot::Blue))), format!("it cannot be told: nginx is told {one}; the door does not answer (no whole answer within 2 s); somebody listens in both slots; nginx itself says {one}")),
        ("past both slots by its own word", says(past(), with(&no_help, tells(Slot::Blue))), "whoever is on `http://127.0.0.1:8080`, which is neither slot's".to_owned()),
        ("the same, to nobody", says(past(), with(&unreached, tells(Slot::Blue))), "SITE DOWN: the door answers HTTP 502 `Bad Gateway`, and nginx sends requests to `http://127.0.0.1:8080`, which is neither slot's".to_owned()),
        ("another nginx speaks", says(WordSays::AnotherNginx(7), with(&no_help, tells(Slot::Blue))), format!("it cannot be told: nginx is told {one}; the door answers HTTP 301; somebody listens in both slots; process 7 of another nginx answers where this one would say where it sends requests")),
        ("it cannot be heard", says(WordSays::Silent("connection refused".into()), with(&no_help, tells(Slot::Blue))), format!("{one} (as nginx is told; the door tells nothing, HTTP 301)")),
        ("it cannot be heard, and nothing else is known", says(WordSays::Silent("connection refused".into()), with(&no_help, unread(Slot::Blue))), format!("it cannot be told: nginx is told {one}, but has not read that; the door answers HTTP 301; somebody listens in both slots; nginx itself cannot be heard (connection refused)")),
        ("listeners that cannot be seen", Seen { listening: None, include: Err("no".into()), ..with(&no_help, IncludeSays::Missing) }, "it cannot be told: no; the door answers HTTP 301; who listens cannot be seen".to_owned()),
        ("the same, where nginx might have gone on", Seen { listening: None, ..falls_over(with(&no_help, tells(Slot::Blue))) }, format!("{one} (as nginx is told; the door tells nothing, HTTP 301)")),
        ("a door that does not answer", with(&refused, tells(Slot::Blue)), format!("it cannot be told: nginx is told {one}; the door does not answer (connection refused); somebody listens in both slots")),
        ("an include that cannot be read", Seen { include: Err("the include `/x` cannot be read: no".into()), ..with(&no_help, IncludeSays::Missing) }, "it cannot be told: the include `/x` cannot be read: no; the door answers HTTP 301; somebody listens in both slots".to_owned()),
    ] {
        let told = words(&settings, &decide(&settings, &seen), |_| None);
        assert_eq!(told, wanted, "{name}");
        assert!(!told.contains("as before"), "{name}: {told}");
    }
}
