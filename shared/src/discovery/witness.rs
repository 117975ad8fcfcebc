//! Asks the witnesses. Nothing in here decides, and nothing that a witness answers is a failure: only an include that
//! nginx would misread, or that cannot be read, ends the hook.

mod groups;

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{DoorSays, Evidence, IncludeSays, LedgerSays, WordSays};
use crate::config::Settings;
use crate::error::{Error, Kind, Result};
use crate::host::{Answer, FileKind, Host, Request};
use crate::language::translated;
use crate::nginx::workers;
use crate::occupant;
use crate::report::masked;
use crate::route::choice::Choice;
use crate::route::flag;
use crate::route::include::{Include, Leads};
use crate::route::upstreams;
use crate::route::word::{self, Speaker};
use crate::slot::{BySlot, Slot};

/// How long the door may take. Whoever hangs longer is no help.
pub const DOOR_AT_MOST: Duration = Duration::from_secs(2);

/// What was found while asking, with the include itself, which `switch` goes on with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Testimony {
    /// What they say.
    pub evidence: Evidence,
    /// The include, where there is one.
    pub include: Option<Include>,
    /// The file of the upstream groups; empty where there is none.
    pub upstreams: Vec<u8>,
    /// The door's answer itself.
    pub door: Answer,
}

impl Testimony {
    /// Whether nginx tells itself where it sends requests.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        matches!(self.evidence.word, WordSays::Slot(_) | WordSays::Elsewhere(_))
    }
}

/// Asks all the witnesses.
///
/// # Errors
/// `Kind::Undecided` for an include that nginx would misread, `Kind::Settings` or `Kind::NotAllowed` for one that cannot
/// be read.
pub async fn ask(host: &impl Host, settings: &Settings, remembered: Option<Slot>) -> Result<Testimony> {
    let (include, groups_at) = match read_include(host, settings).await? {
        Some(include) => {
            let (include, groups_at) = groups::resolve(host, settings, include).await?;
            (Some(include), groups_at)
        }
        None => (None, Vec::new()),
    };
    let upstreams = host.read_file(&settings.proxy.upstreams).unwrap_or_default();
    let door = ask_door(host, settings).await?;
    let evidence = Evidence {
        include: what_include_says(host, settings, include.as_ref(), &upstreams, &groups_at)?,
        word: what_word_says(host, settings, &upstreams, include.as_ref()).await?,
        door: what_door_says(settings, &door),
        ledger: remembered.map_or(LedgerSays::Nothing, LedgerSays::Slot),
        listening: BySlot {
            blue: occupant::is_listened_on(host, settings.place(Slot::Blue).port)?,
            green: occupant::is_listened_on(host, settings.place(Slot::Green).port)?,
        },
        falls_over: include.as_ref().is_some_and(|include| include.choice().is_some()),
    };
    Ok(Testimony { evidence, include, upstreams, door })
}

/// Reads the include.
///
/// # Errors
/// `Kind::Undecided` if nginx would misread it, `Kind::Settings` if it cannot be read or is no regular file, `Kind::NotAllowed`
/// if this user may not read it.
pub async fn read_include(host: &impl Host, settings: &Settings) -> Result<Option<Include>> {
    let path = &settings.proxy.include;
    let shown = path.to_string_lossy();
    let kind = match behind(host, path).and_then(|path| host.describe(&path)) {
        Ok(facts) => facts.kind,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(unreadable(Kind::of(&cause), &shown, &cause.to_string())),
    };
    match kind {
        FileKind::Regular => {}
        FileKind::Directory => {
            return Err(unreadable(Kind::Settings, &shown, translated!("it is a directory, needed a file")));
        }
        FileKind::Special | FileKind::SymbolicLink => {
            return Err(unreadable(Kind::Settings, &shown, translated!("it is no regular file")));
        }
    }
    let bytes = host.read_file(path).map_err(|cause| unreadable(Kind::of(&cause), &shown, &cause.to_string()))?;
    match Include::parse(&bytes, &settings.proxy.variable) {
        Ok(include) => Ok(Some(include)),
        Err(complaint) => {
            let wanted = groups::wanted_line(host, settings).await;
            Err(Error::new(Kind::Undecided, translated!("the include `{shown}` cannot be used: {complaint}")).advise(translated!(
                "write {wanted} into it (or the other slot's port, whichever serves), then `nginx -t && nginx -s reload`"
            )))
        }
    }
}

/// The file itself, where its name is a link: it is read, and replaced, where it stands.
fn behind(host: &impl Host, path: &Path) -> std::io::Result<PathBuf> {
    match host.describe(path)?.kind {
        FileKind::SymbolicLink => host.canonicalize(path),
        FileKind::Directory | FileKind::Regular | FileKind::Special => Ok(path.to_owned()),
    }
}

/// Whether users may have what runs in `slot`: the include names it, or nginx has nowhere else to go.
///
/// # Errors
/// As `ask`.
pub async fn may_serve(host: &impl Host, settings: &Settings, slot: Slot) -> Result<bool> {
    let Evidence { include, listening, falls_over, .. } = ask(host, settings, None).await?.evidence;
    let named = matches!(include, IncludeSays::Slot { slot: named, .. } if named == slot);
    Ok(named || falls_over && !listening.get(!slot))
}

fn unreadable(kind: Kind, shown: &str, why: &str) -> Error {
    Error::new(kind, translated!("the include `{shown}` cannot be read: {why}"))
        .advise(translated!("make it a regular file that this user may read, or correct `proxy.include` in hooks.toml"))
}

fn what_include_says(
    host: &impl Host,
    settings: &Settings,
    include: Option<&Include>,
    upstreams: &[u8],
    groups_at: &[PathBuf],
) -> Result<IncludeSays> {
    let Some(include) = include else { return Ok(IncludeSays::Missing) };
    let changed = |path: &Path| {
        let facts = behind(host, path)
            .and_then(|path| host.describe(&path))
            .map_err(|cause| unreadable(Kind::of(&cause), &path.to_string_lossy(), &cause.to_string()))?;
        Ok(facts.changed)
    };
    let mut last = changed(&settings.proxy.include)?;
    let port = match include.leads() {
        Leads::To { port, .. } => {
            for file in groups_at {
                last = last.max(changed(file)?);
            }
            *port
        }
        Leads::Named { name, .. } => return Err(groups::unknown(settings, include, name, None)),
        Leads::By(choice) => {
            let port = chosen_port(host, settings, choice, upstreams)?;
            last = last.max(changed(&settings.proxy.upstreams)?);
            port
        }
    };
    let in_force = workers::master(host, &settings.proxy.pid_file)
        .ok()
        .and_then(|master| workers::know(&workers::workers(host, &master.identity), last));
    Ok(match settings.places.find(|place| place.port == port) {
        Some(slot) => IncludeSays::Slot { slot, in_force },
        None => IncludeSays::Stranger { port, in_force },
    })
}

/// The port of the group that the flag chooses, as it is now.
fn chosen_port(host: &impl Host, settings: &Settings, choice: &Choice, upstreams: &[u8]) -> Result<u16> {
    let group = choice.group(flag::exists(host, &choice.flag)?);
    upstreams::port_of(upstreams, group).ok_or_else(|| {
        let (include, file) = (settings.proxy.include.to_string_lossy(), settings.proxy.upstreams.to_string_lossy());
        Error::new(
            Kind::Undecided,
            translated!("the include `{include}` chooses the group `{group}`, and `{file}` does not say which port that is"),
        )
        .advise(translated!("correct `proxy.upstreams` in hooks.toml, or make that file declare the group, then `nginx -t && nginx -s reload`"))
    })
}

/// How often another worker is asked in place of one that has gone since it answered.
const ASKED_AGAIN: u32 = 3;

/// What nginx's own word says, where it is installed; asked once.
async fn what_word_says(
    host: &impl Host,
    settings: &Settings,
    upstreams: &[u8],
    include: Option<&Include>,
) -> Result<WordSays> {
    let Some(port) = settings.proxy.word.filter(|_| word::stands_in(upstreams, settings)) else {
        return Ok(WordSays::Nothing);
    };
    let master = match workers::master(host, &settings.proxy.pid_file) {
        Ok(master) => master,
        Err(none) => return Ok(WordSays::Silent(none.to_string())),
    };
    for _ in 0..ASKED_AGAIN {
        let said = match word::ask(host, port).await? {
            Ok(said) => said,
            Err(unheard) => return Ok(WordSays::Silent(unheard.to_string())),
        };
        match said.speaker(host, &master.identity) {
            Speaker::Gone => {}
            Speaker::Another => return Ok(WordSays::AnotherNginx(said.worker)),
            Speaker::Ours => {
                let of_group = |port| settings.places.find(|place| place.port == port);
                let own = || include?.port_of_group(word::bare(&said.target)).and_then(of_group);
                let slot = word::leads_to(settings, &said.target).or_else(own);
                return Ok(slot.map_or(WordSays::Elsewhere(said.target), WordSays::Slot));
            }
        }
    }
    Ok(WordSays::Silent(translated!("the workers that answer cannot be seen").to_owned()))
}

/// Asks at the door once.
///
/// # Errors
/// `Kind::Interrupted` after a signal.
pub async fn ask_door(host: &impl Host, settings: &Settings) -> Result<Answer> {
    let request = Request {
        url: settings.proxy.door.clone(),
        host: Some(settings.proxy.host.clone()).filter(|host| !host.is_empty()),
        at_most: DOOR_AT_MOST,
    };
    host.get(&request).await
}

/// What an answer at the door says. Only a slot's expected answer names that slot: anything else is unknown, never idle.
#[must_use]
pub fn what_door_says(settings: &Settings, answer: &Answer) -> DoorSays {
    if let Answer::Response { status, body, .. } = answer
        && *status == settings.health.status
        && let Some(slot) = Slot::BOTH.into_iter().find(|slot| {
            settings.health.body.contains("{profile}") && settings.expected_body(*slot).as_ref() == Some(body)
        })
    {
        return DoorSays::Slot(slot);
    }
    DoorSays::NoHelp(describe(answer))
}

/// An answer in words, short enough for a message and without anything that could be a secret.
#[must_use]
pub fn describe(answer: &Answer) -> String {
    match answer {
        Answer::Silence(why) => why.clone(),
        Answer::Response { status, location: Some(location), .. } => {
            translated!("HTTP {status} to {}", masked(location))
        }
        Answer::Response { status, body, .. } if body.is_empty() => format!("HTTP {status}"),
        Answer::Response { status, body, .. } if body.starts_with('<') => {
            translated!("HTTP {status} with a page of HTML or XML")
        }
        Answer::Response { status, body, .. } => {
            // A secret is masked before it is cut, which could hide what it is.
            let short: String = masked(body).chars().take(60).collect();
            format!("HTTP {status} `{short}`")
        }
    }
}

/// Whether nginx already chooses by the flag that these settings name, between groups as they ask for them. What changed after
/// nginx read it is as good as not there.
#[must_use]
pub fn is_installed(settings: &Settings, testimony: &Testimony) -> bool {
    let unread = matches!(testimony.evidence.include, IncludeSays::Slot { in_force: Some(false), .. });
    !unread && goes_by_flag(settings, testimony) && upstreams::are_right(&testimony.upstreams, settings)
}

/// Whether the flag alone moves traffic between the slots, which is enough for a way back. That nginx goes by its files is known where
/// it says so itself, where the door answers so, or where it has read them since they changed; whoever has only saved them again,
/// or tuned a group, has changed nothing about the flag.
#[must_use]
pub fn goes_by_flag(settings: &Settings, testimony: &Testimony) -> bool {
    let leads =
        |group: &str, slot: Slot| upstreams::port_of(&testimony.upstreams, group) == Some(settings.place(slot).port);
    let ours = |choice: &Choice| {
        *choice == Choice::of(settings) && leads(&choice.without, Slot::Blue) && leads(&choice.with, Slot::Green)
    };
    let IncludeSays::Slot { slot, in_force } = testimony.evidence.include else { return false };
    let seen = in_force != Some(false)
        || testimony.evidence.word == WordSays::Slot(slot)
        || testimony.evidence.door == DoorSays::Slot(slot);
    seen && testimony.include.as_ref().and_then(Include::choice).is_some_and(ours)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, SettingsFile};

    #[test]
    fn f51_f69_only_the_exact_answer_of_a_slot_names_it() {
        let settings = config::settings(SettingsFile::parse("", "")).unwrap();
        let response = |status, body: &str| Answer::Response { status, location: None, body: body.to_owned() };
        for (name, answer, wanted) in [
            ("blue", response(200, "real1"), Some(Slot::Blue)),
            ("green", response(200, "real2"), Some(Slot::Green)),
            ("another profile", response(200, "real"), None),
            ("HTML that contains it", response(200, "<html>real1</html>"), None),
            ("an error page with the right words", response(500, "real1"), None),
            ("a realm", response(401, "{\"realm\":\"real1\"}"), None),
            (
                "a redirect",
                Answer::Response { status: 301, location: Some("https://x/".into()), body: String::new() },
                None,
            ),
            ("silence", Answer::Silence("connection refused".into()), None),
        ] {
            let wanted = wanted.map(DoorSays::Slot);
            let said = what_door_says(&settings, &answer);
            assert_eq!(Some(&said).filter(|said| matches!(said, DoorSays::Slot(_))), wanted.as_ref(), "{name}");
        }
    }
}
