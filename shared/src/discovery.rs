//! Who is live. `Evidence` is what the witnesses say (`witness` asks them), `decide` turns it into `Roles`, and refuses
//! where two candidates are left: nothing is ever stopped on a guess (I16, F46).

pub mod unheard;
pub mod unlike_health;
pub mod witness;

use crate::error::{Error, Kind, Result};
use crate::language::translated;
use crate::slot::{BySlot, Place, Roles, Slot};

/// What the witnesses say, strongest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The file that tells nginx the live slot.
    pub include: IncludeSays,
    /// nginx's own word about where it sends requests.
    pub word: WordSays,
    /// nginx's answer at the public way in.
    pub door: DoorSays,
    /// What this host remembers.
    pub ledger: LedgerSays,
    /// Whether anybody listens on the slot's port.
    pub listening: BySlot<bool>,
    /// Whether nginx asks the other slot where nobody answers in the one that the include names.
    pub falls_over: bool,
}

/// What the include says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IncludeSays {
    /// It names a slot's port.
    Slot {
        /// Whose port that is.
        slot: Slot,
        /// Whether nginx's workers have read it in this form; `None` while no worker of it accepts.
        in_force: Option<bool>,
    },
    /// It names a port of neither slot.
    Stranger {
        /// That port.
        port: u16,
        /// Whether nginx's workers have read it in this form; `None` while no worker of it accepts.
        in_force: Option<bool>,
    },
    /// It does not exist.
    Missing,
}

/// What nginx's own word says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WordSays {
    /// It is not installed.
    Nothing,
    /// A worker of the nginx that `proxy.pid_file` names would send a request to this slot.
    Slot(Slot),
    /// One would send it to neither slot, but there.
    Elsewhere(String),
    /// It is spoken by another nginx: by this process.
    AnotherNginx(u32),
    /// It is installed and cannot be heard: why.
    Silent(String),
}

/// What the door says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DoorSays {
    /// It answers with a slot's profile.
    Slot(Slot),
    /// It answers in a way that tells nothing: the way, for people ("HTTP 302 to https://…").
    NoHelp(String),
}

/// What the ledger says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerSays {
    /// The last cutover went to this slot.
    Slot(Slot),
    /// Nothing was ever moved by these hooks, or the ledger is lost.
    Nothing,
}

/// Roles, with what a person should know about how they were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Who is live, if anybody, and which slot is idle.
    pub roles: Roles,
    /// Whether nobody listens in the live slot and nginx has gone on to the other one by itself.
    pub fell_over: bool,
    /// Sentences for the report.
    pub notes: Vec<String>,
}

/// Decides who is live; `places` are what people call the slots.
///
/// # Errors
/// `Kind::Undecided` if two candidates are left, with what each witness said and what settles it; `Kind::Settings` if it is another
/// nginx than the one of these settings that serves.
pub fn decide(places: &BySlot<Place>, evidence: &Evidence) -> Result<Finding> {
    if let WordSays::AnotherNginx(process) = evidence.word {
        return Err(another_nginx(process));
    }
    let mut notes = Vec::new();
    if let DoorSays::NoHelp(answer) = &evidence.door {
        notes.push(translated!("the door was no help: {answer}"));
    }
    let named = match evidence.include {
        IncludeSays::Slot { slot, .. } => Some(slot),
        _ => None,
    };
    let fell_over = named.is_some_and(|named| evidence.falls_over && only_listener(evidence) == Some(!named));
    if let (true, Some(named)) = (fell_over, named) {
        let (dead, other) = (places.get(named), places.get(!named));
        notes.push(translated!("nobody listens in {dead}, which is live: nginx has gone on to {other}"));
    }
    let found = |roles: Roles| Ok(Finding { roles, fell_over, notes: notes.clone() });
    match &evidence.include {
        IncludeSays::Slot { slot, in_force } => match (&evidence.door, &evidence.word, in_force) {
            // What nginx does is not what the include says.
            (_, WordSays::Slot(said), _) if said != slot => contradiction(places, evidence),
            (_, WordSays::Elsewhere(_), _) => contradiction(places, evidence),
            // Two of the strongest witnesses agree.
            (DoorSays::Slot(answering), _, _) if answering == slot => found(Roles::with_live(*slot)),
            (DoorSays::NoHelp(_), WordSays::Slot(_), _) => found(Roles::with_live(*slot)),
            // It answers from the other slot, since nobody is in the live one.
            (DoorSays::Slot(_), _, Some(true)) if fell_over => found(Roles::with_live(*slot)),
            // What nginx's workers were started with is what they do, unless the last cutover of ours went elsewhere.
            (DoorSays::NoHelp(_), _, None | Some(true)) if !ledger_denies(evidence, *slot) => {
                found(Roles::with_live(*slot))
            }
            // The file changed after nginx read it: one more witness is needed.
            (DoorSays::NoHelp(_), _, Some(false)) if evidence.ledger == LedgerSays::Slot(*slot) => {
                found(Roles::with_live(*slot))
            }
            _ => contradiction(places, evidence),
        },
        IncludeSays::Stranger { in_force, .. } => match (&evidence.door, &evidence.word, evidence.ledger) {
            (_, WordSays::Slot(_), _) => contradiction(places, evidence),
            // nginx sends traffic past both slots, as on a host before its first deploy.
            (DoorSays::NoHelp(_), _, LedgerSays::Nothing) if *in_force != Some(false) || nobody_listens(evidence) => {
                found(Roles::COLD)
            }
            _ => contradiction(places, evidence),
        },
        IncludeSays::Missing => without_include(evidence).map_or_else(|| contradiction(places, evidence), found),
    }
}

/// nginx's word or the door, then ledger, then listeners; two must agree. Nothing at all anywhere is a cold host.
fn without_include(evidence: &Evidence) -> Option<Roles> {
    let seen = match (&evidence.word, &evidence.door) {
        (WordSays::Slot(said), DoorSays::Slot(door)) => return (said == door).then(|| Roles::with_live(*said)),
        (WordSays::Slot(slot), DoorSays::NoHelp(_)) | (_, DoorSays::Slot(slot)) => Some(*slot),
        (_, DoorSays::NoHelp(_)) => None,
    };
    match (seen, evidence.ledger) {
        (Some(seen), LedgerSays::Slot(ledger)) => (seen == ledger).then(|| Roles::with_live(seen)),
        (Some(seen), LedgerSays::Nothing) => evidence.listening.get(seen).then(|| Roles::with_live(seen)),
        (None, LedgerSays::Slot(ledger)) => (only_listener(evidence) == Some(ledger)).then(|| Roles::with_live(ledger)),
        (None, LedgerSays::Nothing) => nobody_listens(evidence).then_some(Roles::COLD),
    }
}

fn ledger_denies(evidence: &Evidence, slot: Slot) -> bool {
    evidence.ledger == LedgerSays::Slot(!slot)
}

fn nobody_listens(evidence: &Evidence) -> bool {
    evidence.listening.find(|listens| *listens).is_none()
}

fn only_listener(evidence: &Evidence) -> Option<Slot> {
    match (evidence.listening.blue, evidence.listening.green) {
        (true, false) => Some(Slot::Blue),
        (false, true) => Some(Slot::Green),
        _ => None,
    }
}

/// The error where another nginx than the one of the settings reads our files: whatever is done to ours moves nothing (F101).
fn another_nginx(process: u32) -> Error {
    Error::new(
        Kind::Settings,
        translated!("process {process} speaks for nginx, and is no worker of the nginx that `proxy.pid_file` names"),
    )
    .advise(translated!(
        "two nginx run on this host: see `ps -fp {process}`, then name the pid file of the one that serves in `proxy.pid_file` \
         of hooks.toml, or end the other one"
    ))
}

fn contradiction(places: &BySlot<Place>, evidence: &Evidence) -> Result<Finding> {
    Err(Error::new(Kind::Undecided, translated!("cannot tell which slot is live: {}", statements(places, evidence))).advise(
        translated!("make the include name the port that shall serve, run `nginx -t && nginx -s reload` as root, then deploy again; \
         if the ledger is what is wrong, remove it (it is only a cache)"),
    ))
}

/// What each witness says, as a part of a sentence.
#[must_use]
pub fn statements(places: &BySlot<Place>, evidence: &Evidence) -> String {
    let force = |in_force: &Option<bool>| match in_force {
        Some(false) => translated!(", but it changed after nginx last read it"),
        Some(true) => translated!(", and nginx has read it"),
        None => translated!(", and no worker of nginx accepts connections"),
    };
    let include = match &evidence.include {
        IncludeSays::Slot { slot, in_force } => {
            translated!("the include names {}{}", places.get(*slot), force(in_force))
        }
        IncludeSays::Stranger { port, in_force } => {
            translated!("the include names port {port}, which is neither slot's{}", force(in_force))
        }
        IncludeSays::Missing => translated!("the include does not exist").to_owned(),
    };
    let word = match &evidence.word {
        WordSays::Nothing => None,
        WordSays::Slot(slot) => Some(translated!("nginx itself says {}", places.get(*slot))),
        WordSays::Elsewhere(target) => Some(translated!("nginx itself says `{target}`")),
        WordSays::AnotherNginx(process) => Some(translated!("another nginx, process {process}, speaks for it")),
        WordSays::Silent(why) => Some(translated!("nginx itself says nothing ({why})")),
    };
    let door = match &evidence.door {
        DoorSays::Slot(slot) => translated!("the door is answered by {}", places.get(*slot)),
        DoorSays::NoHelp(answer) => translated!("the door was no help ({answer})"),
    };
    let ledger = match evidence.ledger {
        LedgerSays::Slot(slot) => translated!("the ledger remembers {}", places.get(slot)),
        LedgerSays::Nothing => translated!("the ledger remembers nothing").to_owned(),
    };
    let listening = match (evidence.listening.blue, evidence.listening.green) {
        (true, true) => translated!("both ports are in use").to_owned(),
        (true, false) => translated!("only port {} is in use", places.blue.port),
        (false, true) => translated!("only port {} is in use", places.green.port),
        (false, false) => translated!("neither port is in use").to_owned(),
    };
    let all = [Some(include), word, Some(door), Some(ledger), Some(listening)];
    all.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLUE: Slot = Slot::Blue;
    const GREEN: Slot = Slot::Green;

    fn evidence(include: IncludeSays, door: DoorSays, ledger: LedgerSays, listening: (bool, bool)) -> Evidence {
        let listening = BySlot { blue: listening.0, green: listening.1 };
        Evidence { include, word: WordSays::Nothing, door, ledger, listening, falls_over: false }
    }

    fn places() -> BySlot<Place> {
        let place = |profile: &str, port| Place { profile: profile.to_owned(), port };
        BySlot { blue: place("real1", 8081), green: place("real2", 8082) }
    }

    fn decide(evidence: &Evidence) -> Result<Finding> {
        super::decide(&places(), evidence)
    }

    fn names(slot: Slot, in_force: Option<bool>) -> IncludeSays {
        IncludeSays::Slot { slot, in_force }
    }

    fn nothing() -> DoorSays {
        DoorSays::NoHelp("HTTP 503".into())
    }

    const BOTH: (bool, bool) = (true, true);
    const NEITHER: (bool, bool) = (false, false);

    #[test]
    #[expect(clippy::too_many_lines, reason = "one row for each case")]
    fn i16_the_witnesses_decide_or_the_hook_refuses() {
        use LedgerSays::{Nothing, Slot as Remembers};
        let stranger = |in_force| IncludeSays::Stranger { port: 8080, in_force };
        let refuses = None;
        let live = |slot| Some(Roles::with_live(slot));
        for (name, include, door, ledger, listening, wanted) in [
            ("include and door agree", names(BLUE, Some(true)), DoorSays::Slot(BLUE), Nothing, BOTH, live(BLUE)),
            ("the same for green", names(GREEN, Some(true)), DoorSays::Slot(GREEN), Nothing, BOTH, live(GREEN)),
            (
                "they agree against the ledger",
                names(GREEN, Some(true)),
                DoorSays::Slot(GREEN),
                Remembers(BLUE),
                BOTH,
                live(GREEN),
            ),
            ("F69 the door is no help", names(BLUE, Some(true)), nothing(), Nothing, BOTH, live(BLUE)),
            ("F69 the same for green", names(GREEN, Some(true)), nothing(), Nothing, BOTH, live(GREEN)),
            ("F64 nginx is down", names(BLUE, None), nothing(), Nothing, BOTH, live(BLUE)),
            ("F45 both slots are down", names(GREEN, Some(true)), nothing(), Nothing, NEITHER, live(GREEN)),
            ("the door names the other slot", names(BLUE, Some(true)), DoorSays::Slot(GREEN), Nothing, BOTH, refuses),
            (
                "b8 a reload was refused and the door is a redirect",
                names(GREEN, Some(false)),
                nothing(),
                Nothing,
                BOTH,
                refuses,
            ),
            ("b8 and the ledger knows better", names(GREEN, Some(false)), nothing(), Remembers(BLUE), BOTH, refuses),
            ("the include was only touched", names(BLUE, Some(false)), nothing(), Remembers(BLUE), BOTH, live(BLUE)),
            (
                "I1 an edited include whose slot happens to be the only one up",
                names(BLUE, Some(false)),
                nothing(),
                Nothing,
                (true, false),
                refuses,
            ),
            (
                "it changed to a slot where nobody is",
                names(GREEN, Some(false)),
                nothing(),
                Nothing,
                (true, false),
                refuses,
            ),
            (
                "include and ledger differ, no third witness",
                names(GREEN, Some(true)),
                nothing(),
                Remembers(BLUE),
                BOTH,
                refuses,
            ),
            ("first deploy past an older port", stranger(Some(true)), nothing(), Nothing, NEITHER, Some(Roles::COLD)),
            (
                "first deploy again after it failed",
                stranger(Some(true)),
                nothing(),
                Nothing,
                (true, false),
                Some(Roles::COLD),
            ),
            (
                "port of nobody, but the ledger remembers a slot",
                stranger(Some(true)),
                nothing(),
                Remembers(BLUE),
                BOTH,
                refuses,
            ),
            ("port of nobody, but a slot answers", stranger(Some(true)), DoorSays::Slot(GREEN), Nothing, BOTH, refuses),
            ("port of nobody, not in force", stranger(Some(false)), nothing(), Nothing, (true, false), refuses),
            (
                "F46 include missing, door and ledger agree",
                IncludeSays::Missing,
                DoorSays::Slot(GREEN),
                Remembers(GREEN),
                BOTH,
                live(GREEN),
            ),
            (
                "F46 include missing, door and ledger differ",
                IncludeSays::Missing,
                DoorSays::Slot(GREEN),
                Remembers(BLUE),
                BOTH,
                refuses,
            ),
            (
                "F46 include missing, door and listener agree",
                IncludeSays::Missing,
                DoorSays::Slot(GREEN),
                Nothing,
                BOTH,
                live(GREEN),
            ),
            (
                "F46 include missing, ledger and listener agree",
                IncludeSays::Missing,
                nothing(),
                Remembers(BLUE),
                (true, false),
                live(BLUE),
            ),
            ("F46 include missing, ledger alone", IncludeSays::Missing, nothing(), Remembers(BLUE), BOTH, refuses),
            ("F46 include missing, both listen", IncludeSays::Missing, nothing(), Nothing, BOTH, refuses),
            ("cold host", IncludeSays::Missing, nothing(), Nothing, NEITHER, Some(Roles::COLD)),
        ] {
            let decided = decide(&evidence(include, door, ledger, listening));
            assert_eq!(decided.as_ref().ok().map(|finding| finding.roles), wanted, "{name}");
            if let Err(error) = decided {
                assert_eq!(error.kind(), Kind::Undecided, "{name}");
            }
        }
    }

    #[test]
    fn f47_where_nginx_has_gone_on_to_the_other_slot_the_include_still_says_who_is_live() {
        for (name, falls_over, in_force, door, listening, wanted) in [
            ("the live one died", true, true, DoorSays::Slot(GREEN), (false, true), Some((BLUE, true))),
            ("the same, and the door is no help", true, true, nothing(), (false, true), Some((BLUE, true))),
            ("nobody died", true, true, DoorSays::Slot(BLUE), BOTH, Some((BLUE, false))),
            ("both died", true, true, nothing(), NEITHER, Some((BLUE, false))),
            ("the other one answers although nobody died", true, true, DoorSays::Slot(GREEN), BOTH, None),
            ("nginx knows no other way", false, true, DoorSays::Slot(GREEN), (false, true), None),
            ("nginx has not read it", true, false, DoorSays::Slot(GREEN), (false, true), None),
        ] {
            let evidence = evidence(names(BLUE, Some(in_force)), door, LedgerSays::Slot(BLUE), listening);
            let decided = decide(&Evidence { falls_over, ..evidence });
            let found = decided.as_ref().ok().and_then(|finding| Some((finding.roles.live?, finding.fell_over)));
            assert_eq!(found, wanted, "{name}: {decided:?}");
        }
    }

    #[test]
    fn i16_a_refusal_says_what_each_witness_said_and_what_to_do() {
        let refusal =
            decide(&evidence(names(GREEN, Some(false)), nothing(), LedgerSays::Slot(BLUE), BOTH)).unwrap_err();
        for part in [
            "names `real2` (port 8082), but it changed after nginx last read it",
            "HTTP 503",
            "remembers `real1` (port 8081)",
            "both ports",
        ] {
            assert!(refusal.to_string().contains(part), "{refusal}");
        }
        assert!(refusal.advice().unwrap().contains("nginx -s reload"));
    }
}
