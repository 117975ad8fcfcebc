//! Who serves, as it is seen at the end of a hook that failed, and by `status`: by the door, by nginx's own word, by what it was told,
//! by its workers and by the listeners. Never by what is remembered (F105).

use crate::config::Settings;
use crate::discovery::witness::{self, Testimony};
use crate::discovery::{IncludeSays, WordSays};
use crate::error::Error;
use crate::host::{Answer, Host};
use crate::ledger::Ledger;
use crate::nginx::workers;
use crate::occupant;
use crate::slot::{BySlot, Slot};

/// What is seen of who serves. Reasons are fragments.
#[derive(Clone, Debug)]
struct Seen {
    /// What the door answers, and the slot whose own answer that is.
    door: Answer,
    /// The slot that the door's answer names.
    answers: Option<Slot>,
    /// What nginx was told; why that cannot be told.
    include: Result<IncludeSays, String>,
    /// Where nginx itself says that it sends requests, where it can be heard.
    word: WordSays,
    /// Whether nginx goes on to the other slot where nobody listens in the one that it was told.
    falls_over: bool,
    /// Whether anybody listens; nothing where that cannot be seen.
    listening: Option<BySlot<bool>>,
    /// Why no worker of nginx is seen that accepts.
    no_worker: Option<String>,
    /// Whether workers of different ages accept.
    several_ages: bool,
}

impl Seen {
    /// Whether anybody listens in a slot. A report fails over nothing: where listeners cannot be seen, somebody is taken to be there,
    /// since `SITE DOWN`, and that nginx has gone on to the other slot, may only be said by who has seen it.
    fn is_listened_on(&self, slot: Slot) -> bool {
        self.listening.as_ref().is_none_or(|listening| *listening.get(slot))
    }

    /// Whether some of nginx's workers may send requests elsewhere than others: they are of different ages, and not all of them are
    /// known to have read what nginx was told.
    fn workers_may_differ(&self) -> bool {
        let read = matches!(
            &self.include,
            Ok(IncludeSays::Slot { in_force: Some(true), .. } | IncludeSays::Stranger { in_force: Some(true), .. })
        );
        self.several_ages && !read
    }
}

/// Who serves.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Serving {
    /// A slot, and what else a person should know.
    Slot(Slot, Option<String>),
    /// Somewhere that is neither slot: where, as a fragment.
    Stranger(String),
    /// Nobody: why.
    Nobody(String),
    /// Nobody, as far as a part of nginx's workers goes: why.
    NobodyInPart(String),
    /// It cannot be told: what was seen.
    Unknown(String),
}

/// Who serves, in words. To be asked once everything else is done: a signal has to wait for it, for as long as the door takes.
pub async fn seen(host: &impl Host, settings: &Settings, ledger: &Ledger) -> String {
    host.shield(true);
    let serving = match witness::ask(host, settings, ledger.live).await {
        Ok(testimony) => by(host, settings, ledger, &testimony),
        Err(error) => without_include(host, settings, ledger, &error).await,
    };
    host.shield(false);
    serving
}

/// The same by what the witnesses have said just now.
pub fn by(host: &impl Host, settings: &Settings, ledger: &Ledger, testimony: &Testimony) -> String {
    let evidence = &testimony.evidence;
    let seen = Seen {
        include: Ok(evidence.include.clone()),
        word: evidence.word.clone(),
        falls_over: evidence.falls_over,
        listening: Some(evidence.listening.clone()),
        ..of_door(host, settings, testimony.door.clone())
    };
    told(host, settings, ledger, &decide(settings, &seen))
}

async fn without_include(host: &impl Host, settings: &Settings, ledger: &Ledger, error: &Error) -> String {
    let listens = |slot| occupant::is_listened_on(host, settings.place(slot).port).ok();
    let seen = match witness::ask_door(host, settings).await {
        Ok(door) => Seen {
            include: Err(error.to_string()),
            listening: listens(Slot::Blue).zip(listens(Slot::Green)).map(|(blue, green)| BySlot { blue, green }),
            ..of_door(host, settings, door)
        },
        Err(_) => return format!("it cannot be told: {error}"),
    };
    told(host, settings, ledger, &decide(settings, &seen))
}

/// What the door and nginx's workers show, with nothing else known.
fn of_door(host: &impl Host, settings: &Settings, door: Answer) -> Seen {
    let answers = match witness::what_door_says(settings, &door) {
        crate::discovery::DoorSays::Slot(slot) => Some(slot),
        crate::discovery::DoorSays::NoHelp(_) => None,
    };
    let workers = workers::serve(host, &settings.proxy.pid_file);
    Seen {
        door,
        answers,
        include: Ok(IncludeSays::Missing),
        word: WordSays::Nothing,
        falls_over: false,
        listening: None,
        several_ages: workers.as_ref().is_ok_and(|workers| workers::are_of_several_ages(workers)),
        no_worker: workers.err(),
    }
}

/// Where nginx sends requests, by its own account or by what it was told.
enum Sends {
    /// To this slot; who says so.
    To(Slot, &'static str),
    /// To neither: where, as a fragment.
    Elsewhere(String),
    /// It cannot be told.
    Unknown,
}

/// Its own word is what it does; what it was told, it does only once it has read that.
fn sends(seen: &Seen) -> Sends {
    match (&seen.word, &seen.include) {
        (WordSays::Slot(slot), _) => Sends::To(*slot, "as nginx itself says"),
        (WordSays::Elsewhere(target), _) => Sends::Elsewhere(format!("`{target}`")),
        // What this one was told is not what the other one does.
        (WordSays::AnotherNginx(_), _) => Sends::Unknown,
        (_, Ok(IncludeSays::Slot { slot, in_force })) if *in_force != Some(false) => {
            Sends::To(*slot, "as nginx is told")
        }
        (_, Ok(IncludeSays::Stranger { port, in_force })) if *in_force != Some(false) => {
            Sends::Elsewhere(format!("port {port}"))
        }
        _ => Sends::Unknown,
    }
}

/// Decides it. What one of nginx's workers does not reach, another one may.
fn decide(settings: &Settings, seen: &Seen) -> Serving {
    match by_what_answered(settings, seen) {
        Serving::Nobody(why) if seen.workers_may_differ() => Serving::NobodyInPart(why),
        serving => serving,
    }
}

/// By the door, where it can tell; else by where nginx sends requests, and whether somebody listens there.
fn by_what_answered(settings: &Settings, seen: &Seen) -> Serving {
    let told = match (&seen.word, &seen.include) {
        (WordSays::Slot(slot), _) => Some((*slot, "nginx itself says")),
        (_, Ok(IncludeSays::Slot { slot, .. })) => Some((*slot, "nginx is told")),
        _ => None,
    };
    let gone_on = |told: Slot| seen.falls_over && !seen.is_listened_on(told) && seen.is_listened_on(!told);
    let went_on = |told: Slot| format!("nginx has gone on to it, since nobody listens in {}", settings.place(told));
    if let Some(slot) = seen.answers {
        let remark = match (told, &seen.no_worker) {
            (Some((told, _)), _) if told != slot && gone_on(told) => Some(went_on(told)),
            (Some((told, says)), _) if told != slot => Some(format!("though {says} {}", settings.place(told))),
            (_, Some(why)) => Some(format!("but {why}")),
            _ => None,
        };
        return Serving::Slot(slot, remark);
    }
    let answer = witness::describe(&seen.door);
    if let (Answer::Silence(_), Some(why)) = (&seen.door, &seen.no_worker) {
        return Serving::Nobody(why.clone());
    }
    // What nginx itself says where it reaches nobody.
    let unreached = matches!(seen.door, Answer::Response { status: 502 | 504, .. });
    // Something answers, and no worker of this nginx is seen to: what nginx was told says nothing of it.
    if seen.no_worker.is_some() && !unreached {
        return Serving::Unknown(witnesses(settings, seen));
    }
    let heard = matches!(seen.word, WordSays::Slot(_));
    match sends(seen) {
        Sends::To(slot, says) => {
            let place = settings.place(slot);
            match (seen.is_listened_on(slot), gone_on(slot), &seen.door) {
                (false, false, _) => Serving::Nobody(format!("nginx sends requests to {place}, where nobody listens")),
                _ if unreached => {
                    Serving::Nobody(format!("the door answers {answer}, though somebody listens in {place}"))
                }
                // A door that is late may be a release that hangs; one that is shut says nothing of what nginx says itself.
                (_, _, Answer::Silence(_)) if !heard || seen.door.is_late() => {
                    Serving::Unknown(witnesses(settings, seen))
                }
                (_, true, _) => Serving::Slot(!slot, Some(went_on(slot))),
                (_, _, Answer::Silence(why)) => {
                    Serving::Slot(slot, Some(format!("{says}; the door does not answer, {why}")))
                }
                (..) => Serving::Slot(slot, Some(format!("{says}; the door tells nothing, {answer}"))),
            }
        }
        Sends::Elsewhere(place) if unreached => Serving::Nobody(format!(
            "the door answers {answer}, and nginx sends requests to {place}, which is neither slot's"
        )),
        Sends::Elsewhere(place) => Serving::Stranger(place),
        Sends::Unknown if unreached => Serving::Nobody(format!("the door answers {answer}")),
        Sends::Unknown => Serving::Unknown(witnesses(settings, seen)),
    }
}

/// What each witness says.
fn witnesses(settings: &Settings, seen: &Seen) -> String {
    let force = |in_force: &Option<bool>| if *in_force == Some(false) { ", but has not read that" } else { "" };
    let include = match &seen.include {
        Ok(IncludeSays::Slot { slot, in_force }) => {
            format!("nginx is told {}{}", settings.place(*slot), force(in_force))
        }
        Ok(IncludeSays::Stranger { port, in_force }) => {
            format!("nginx is told port {port}, which is neither slot's{}", force(in_force))
        }
        Ok(IncludeSays::Missing) => "the include does not exist".to_owned(),
        Err(why) => why.clone(),
    };
    let door = match &seen.door {
        Answer::Silence(why) => format!("the door does not answer ({why})"),
        answer @ Answer::Response { .. } => format!("the door answers {}", witness::describe(answer)),
    };
    let only = |slot| format!("somebody listens in {} only", settings.place(slot));
    let listening = match seen.listening {
        None => "who listens cannot be seen".to_owned(),
        Some(BySlot { blue: true, green: true }) => "somebody listens in both slots".to_owned(),
        Some(BySlot { blue: false, green: false }) => "nobody listens in either slot".to_owned(),
        Some(BySlot { blue: true, green: false }) => only(Slot::Blue),
        Some(BySlot { blue: false, green: true }) => only(Slot::Green),
    };
    let word = match &seen.word {
        WordSays::Nothing => None,
        WordSays::Slot(slot) => Some(format!("nginx itself says {}", settings.place(*slot))),
        WordSays::Elsewhere(target) => Some(format!("nginx itself says `{target}`, which is neither slot's")),
        WordSays::AnotherNginx(worker) => {
            Some(format!("process {worker} of another nginx answers where this one would say where it sends requests"))
        }
        WordSays::Silent(why) => Some(format!("nginx itself cannot be heard ({why})")),
    };
    let mut said = vec![include, door, listening];
    said.extend(word);
    said.extend(seen.no_worker.clone());
    said.join("; ")
}

fn told(host: &impl Host, settings: &Settings, ledger: &Ledger, serving: &Serving) -> String {
    words(settings, serving, |slot| release(host, settings, ledger, slot))
}

fn words(settings: &Settings, serving: &Serving, release: impl Fn(Slot) -> Option<String>) -> String {
    match serving {
        Serving::Slot(slot, remark) => {
            let release = release(*slot).map(|name| format!(", release `{name}`")).unwrap_or_default();
            let remark = remark.as_ref().map(|remark| format!(" ({remark})")).unwrap_or_default();
            format!("{}{release}{remark}", settings.place(*slot))
        }
        Serving::Stranger(place) => format!("whoever is on {place}, which is neither slot's"),
        Serving::Nobody(why) => format!("SITE DOWN: {why}"),
        Serving::NobodyInPart(why) => format!(
            "SITE DOWN, at least for a part of the requests: {why}; old workers of nginx accept beside newer ones, and may send \
             requests elsewhere"
        ),
        Serving::Unknown(why) => format!("it cannot be told: {why}"),
    }
}

/// The release in a slot, as long as the very process lives that was launched from it.
fn release(host: &impl Host, settings: &Settings, ledger: &Ledger, slot: Slot) -> Option<String> {
    let launched = occupant::current(host, settings, ledger, slot)?;
    host.lives(&launched).then_some(())?;
    ledger.tenants.get(slot).release.as_ref().map(|release| release.name.clone())
}

#[cfg(test)]
mod tests {
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
            ("F121 its workers died", without(workers::NOBODY_ACCEPTS, with(&refused, unserved(Slot::Blue))), format!("SITE DOWN: {}", workers::NOBODY_ACCEPTS)),
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
}
