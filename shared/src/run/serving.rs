//! Who serves, as it is seen at the end of a hook that failed, and by `status`: by the door, by nginx's own word, by what it was told,
//! by its workers and by the listeners. Never by what is remembered (F105).

#[cfg(test)]
mod tests;

use crate::config::Settings;
use crate::discovery::witness::{self, Testimony};
use crate::discovery::{IncludeSays, WordSays};
use crate::error::Error;
use crate::host::{Answer, Host};
use crate::language::translated;
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
pub enum Serving {
    /// A slot, and what else a person should know.
    Slot(Slot, Option<Remark>),
    /// Somewhere that is neither slot: where, as a fragment.
    Stranger(String),
    /// Nobody.
    Nobody(Outage),
    /// Nobody, as far as a part of nginx's workers goes.
    NobodyInPart(Outage),
    /// It cannot be told: what was seen.
    Unknown(String),
}

/// What a person should know beside the slot that serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The remark, a fragment.
    pub text: String,
    /// Whether something is not as it should be; else it only says how that is known.
    pub is_trouble: bool,
}

impl Remark {
    fn trouble(text: String) -> Remark {
        Remark { text, is_trouble: true }
    }

    fn only_how(text: String) -> Remark {
        Remark { text, is_trouble: false }
    }
}

/// That nobody serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    /// Why, as a fragment.
    pub why: String,
    /// What that is.
    pub cause: Cause,
}

impl Outage {
    fn of(cause: Cause, why: impl Into<String>) -> Outage {
        Outage { why: why.into(), cause }
    }
}

/// Why nobody serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// nginx is down, or none of its workers accepts.
    Nginx,
    /// Nobody listens in the slot that nginx sends requests to.
    NobodyListens(Slot),
    /// Somebody listens in this slot, if it is known, and nginx gets no answer.
    NoAnswer(Option<Slot>),
    /// nginx sends requests to neither slot.
    Elsewhere,
}

/// Who serves, in words. To be asked once everything else is done: a signal has to wait for it, for as long as the door takes.
pub async fn seen(host: &impl Host, settings: &Settings, ledger: &Ledger) -> String {
    host.shield(true);
    let serving = match witness::ask(host, settings, ledger.live).await {
        Ok(testimony) => by(host, settings, &testimony),
        Err(error) => without_include(host, settings, &error).await,
    };
    host.shield(false);
    told(host, settings, ledger, &serving)
}

/// Who serves by what the witnesses have said just now.
pub fn by(host: &impl Host, settings: &Settings, testimony: &Testimony) -> Serving {
    let evidence = &testimony.evidence;
    let seen = Seen {
        include: Ok(evidence.include.clone()),
        word: evidence.word.clone(),
        falls_over: evidence.falls_over,
        listening: Some(evidence.listening.clone()),
        ..of_door(host, settings, testimony.door.clone())
    };
    decide(settings, &seen)
}

/// Who serves where the include cannot be used, for this reason.
pub async fn without_include(host: &impl Host, settings: &Settings, error: &Error) -> Serving {
    let listens = |slot| occupant::is_listened_on(host, settings.place(slot).port).ok();
    let seen = match witness::ask_door(host, settings).await {
        Ok(door) => Seen {
            include: Err(error.to_string()),
            listening: listens(Slot::Blue).zip(listens(Slot::Green)).map(|(blue, green)| BySlot { blue, green }),
            ..of_door(host, settings, door)
        },
        Err(_) => return Serving::Unknown(error.to_string()),
    };
    decide(settings, &seen)
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
        (WordSays::Slot(slot), _) => Sends::To(*slot, translated!("as nginx itself says")),
        (WordSays::Elsewhere(target), _) => Sends::Elsewhere(format!("`{target}`")),
        // What this one was told is not what the other one does.
        (WordSays::AnotherNginx(_), _) => Sends::Unknown,
        (_, Ok(IncludeSays::Slot { slot, in_force })) if *in_force != Some(false) => {
            Sends::To(*slot, translated!("as nginx is told"))
        }
        (_, Ok(IncludeSays::Stranger { port, in_force })) if *in_force != Some(false) => {
            Sends::Elsewhere(translated!("port {port}"))
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
        (WordSays::Slot(slot), _) => Some((*slot, translated!("nginx itself says"))),
        (_, Ok(IncludeSays::Slot { slot, .. })) => Some((*slot, translated!("nginx is told"))),
        _ => None,
    };
    let gone_on = |told: Slot| seen.falls_over && !seen.is_listened_on(told) && seen.is_listened_on(!told);
    let went_on = |told: Slot| translated!("nginx has gone on to it, since nobody listens in {}", settings.place(told));
    if let Some(slot) = seen.answers {
        let remark = match (told, &seen.no_worker) {
            (Some((told, _)), _) if told != slot && gone_on(told) => Some(went_on(told)),
            (Some((told, says)), _) if told != slot => Some(translated!("though {says} {}", settings.place(told))),
            (_, Some(why)) => Some(translated!("but {why}")),
            _ => None,
        };
        return Serving::Slot(slot, remark.map(Remark::trouble));
    }
    let answer = witness::describe(&seen.door);
    if let (Answer::Silence(_), Some(why)) = (&seen.door, &seen.no_worker) {
        return Serving::Nobody(Outage::of(Cause::Nginx, why.clone()));
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
                (false, false, _) => Serving::Nobody(Outage::of(
                    Cause::NobodyListens(slot),
                    translated!("nginx sends requests to {place}, where nobody listens"),
                )),
                _ if unreached => Serving::Nobody(Outage::of(
                    Cause::NoAnswer(Some(slot)),
                    translated!("the door answers {answer}, though somebody listens in {place}"),
                )),
                // A door that is late may be a release that hangs; one that is shut says nothing of what nginx says itself.
                (_, _, Answer::Silence(_)) if !heard || seen.door.is_late() => {
                    Serving::Unknown(witnesses(settings, seen))
                }
                (_, true, _) => Serving::Slot(!slot, Some(Remark::trouble(went_on(slot)))),
                (_, _, Answer::Silence(why)) => {
                    let remark = translated!("{says}; the door does not answer, {why}");
                    Serving::Slot(slot, Some(Remark::only_how(remark)))
                }
                (_, _, Answer::Response { status, .. }) => {
                    let text = translated!("{says}; the door tells nothing, {answer}");
                    // An error of the server is one for its users, whoever it comes from.
                    Serving::Slot(slot, Some(Remark { text, is_trouble: *status >= 500 }))
                }
            }
        }
        Sends::Elsewhere(place) if unreached => Serving::Nobody(Outage::of(
            Cause::Elsewhere,
            translated!("the door answers {answer}, and nginx sends requests to {place}, which is neither slot's"),
        )),
        Sends::Elsewhere(place) => Serving::Stranger(place),
        Sends::Unknown if unreached => {
            Serving::Nobody(Outage::of(Cause::NoAnswer(None), translated!("the door answers {answer}")))
        }
        Sends::Unknown => Serving::Unknown(witnesses(settings, seen)),
    }
}

/// What each witness says.
fn witnesses(settings: &Settings, seen: &Seen) -> String {
    let force =
        |in_force: &Option<bool>| if *in_force == Some(false) { translated!(", but has not read that") } else { "" };
    let include = match &seen.include {
        Ok(IncludeSays::Slot { slot, in_force }) => {
            translated!("nginx is told {}{}", settings.place(*slot), force(in_force))
        }
        Ok(IncludeSays::Stranger { port, in_force }) => {
            translated!("nginx is told port {port}, which is neither slot's{}", force(in_force))
        }
        Ok(IncludeSays::Missing) => translated!("the include does not exist").to_owned(),
        Err(why) => why.clone(),
    };
    let door = match &seen.door {
        Answer::Silence(why) => translated!("the door does not answer ({why})"),
        answer @ Answer::Response { .. } => translated!("the door answers {}", witness::describe(answer)),
    };
    let only = |slot| translated!("somebody listens in {} only", settings.place(slot));
    let listening = match seen.listening {
        None => translated!("who listens cannot be seen").to_owned(),
        Some(BySlot { blue: true, green: true }) => translated!("somebody listens in both slots").to_owned(),
        Some(BySlot { blue: false, green: false }) => translated!("nobody listens in either slot").to_owned(),
        Some(BySlot { blue: true, green: false }) => only(Slot::Blue),
        Some(BySlot { blue: false, green: true }) => only(Slot::Green),
    };
    let word = match &seen.word {
        WordSays::Nothing => None,
        WordSays::Slot(slot) => Some(translated!("nginx itself says {}", settings.place(*slot))),
        WordSays::Elsewhere(target) => Some(translated!("nginx itself says `{target}`, which is neither slot's")),
        WordSays::AnotherNginx(worker) => Some(translated!(
            "process {worker} of another nginx answers where this one would say where it sends requests"
        )),
        WordSays::Silent(why) => Some(translated!("nginx itself cannot be heard ({why})")),
    };
    let mut said = vec![include, door, listening];
    said.extend(word);
    said.extend(seen.no_worker.clone());
    said.join("; ")
}

/// Who serves, in words, with the release as far as it is known.
pub fn told(host: &impl Host, settings: &Settings, ledger: &Ledger, serving: &Serving) -> String {
    words(settings, serving, |slot| release(host, settings, ledger, slot))
}

fn words(settings: &Settings, serving: &Serving, release: impl Fn(Slot) -> Option<String>) -> String {
    match serving {
        Serving::Slot(slot, remark) => {
            let release = release(*slot).map(|name| translated!(", release `{name}`")).unwrap_or_default();
            let remark = remark.as_ref().map(|remark| format!(" ({})", remark.text)).unwrap_or_default();
            format!("{}{release}{remark}", settings.place(*slot))
        }
        Serving::Stranger(place) => translated!("whoever is on {place}, which is neither slot's"),
        Serving::Nobody(Outage { why, .. }) => translated!("SITE DOWN: {why}"),
        Serving::NobodyInPart(Outage { why, .. }) => translated!(
            "SITE DOWN, at least for a part of the requests: {why}; old workers of nginx accept beside newer ones, and may send \
             requests elsewhere"
        ),
        Serving::Unknown(why) => translated!("it cannot be told: {why}"),
    }
}

/// The release in a slot, as long as the very process lives that was launched from it.
fn release(host: &impl Host, settings: &Settings, ledger: &Ledger, slot: Slot) -> Option<String> {
    let launched = occupant::current(host, settings, ledger, slot)?;
    host.lives(&launched).then_some(())?;
    ledger.tenants.get(slot).release.as_ref().map(|release| release.name.clone())
}
