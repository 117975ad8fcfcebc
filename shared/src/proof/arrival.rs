//! Whether traffic has arrived where it should: nginx's own word, as enough of its workers speak it (`spoken`), and answers at the
//! door, held against what the door answered before. What neither of them shows is not claimed (F100).

use std::fmt;
use std::time::Duration;

use crate::config::Settings;
use crate::discovery::{DoorSays, witness};
use crate::error::{Error, Kind, Result};
use crate::host::{Answer, Host};
use crate::language::translated;
use crate::nginx::workers;
use crate::occupant;
use crate::patience::Patience;
use crate::patience::Waiting;
use crate::proof::advice;
use crate::proof::spoken::{self, Heard};
use crate::route::word;
use crate::slot::{Place, Slot};

/// How long the door may take to answer as it should, once nginx's workers are the right ones.
const ARRIVAL_AT_MOST: Duration = Duration::from_secs(3);

/// How it is proven that traffic has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The slot it is to arrive in.
    pub slot: Slot,
    /// The place of that slot.
    pub place: Place,
    /// The door.
    pub door: String,
    /// The status of a good answer.
    pub status: u16,
    /// The body of a good answer; nothing for any.
    pub body: Option<String>,
    /// The body of a good answer of the other slot, where it is another one: only then does an answer tell who gave it.
    pub other: Option<String>,
    /// The answer before, where it told nothing: a redirect to https, say.
    pub before: Option<Answer>,
    /// How many answers in a row are needed.
    pub answers: u32,
    /// The port at which nginx's own word is heard; nothing where it is not installed, or could not be heard before.
    pub word: Option<u16>,
    /// Whether traffic is to come from elsewhere, or to stay where it is.
    pub moves: bool,
    /// For how long to ask.
    pub at_most: Duration,
}

/// What one answer at the door says after a cutover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It comes from where it should.
    Here,
    /// It tells nothing.
    NoHelp,
    /// It is wrong.
    Elsewhere(Answer),
}

/// What has shown that traffic has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The door, which tells the slots apart.
    ByDoor,
    /// nginx's own workers, and its configuration, in which a site uses what they go by.
    ByWord,
    /// Nothing: why, as a fragment.
    NotAtAll(&'static str),
}

/// Decides it: whether every answer of the door was the new slot's, what nginx's own word was, and whether nginx's configuration was
/// looked at and a site found in it that uses the include.
#[must_use]
pub fn shown(door_told: bool, heard: &Heard, site: bool) -> Shown {
    match (door_told, heard, site) {
        (true, ..) => Shown::ByDoor,
        (false, Heard::Enough, true) => Shown::ByWord,
        (false, Heard::Enough, false) => Shown::NotAtAll(translated!(
            "nginx's workers go by it, but this user cannot read nginx's configuration, so nobody saw that a site uses it"
        )),
        (false, Heard::TooFew, _) => {
            Shown::NotAtAll(translated!("the door tells nothing, and too few of nginx's workers were heard"))
        }
        (false, Heard::Nobody, _) => Shown::NotAtAll(translated!(
            "the door tells nothing, and nginx's own word is not installed or cannot be heard"
        )),
    }
}

/// How long a proof may take with these settings: nginx itself, and then the door.
#[must_use]
pub fn longest(settings: &Settings) -> Duration {
    lasts(ARRIVAL_AT_MOST, settings.proxy.word)
}

fn lasts(at_most: Duration, word: Option<u16>) -> Duration {
    word.map_or(Duration::ZERO, |_| at_most + word::AT_MOST) + at_most + witness::DOOR_AT_MOST
}

impl Proof {
    /// The proof that traffic has arrived in `slot`, from a door that gave this answer `before`.
    #[must_use]
    pub fn of(settings: &Settings, slot: Slot, before: &Answer) -> Proof {
        Proof {
            slot,
            place: settings.place(slot).clone(),
            door: settings.proxy.door.clone(),
            status: settings.health.status,
            body: settings.expected_body(slot),
            other: settings.expected_body(!slot).filter(|other| settings.expected_body(slot).as_ref() != Some(other)),
            before: matches!(witness::what_door_says(settings, before), DoorSays::NoHelp(_)).then(|| before.clone()),
            answers: settings.switch.answers,
            word: None,
            moves: true,
            at_most: ARRIVAL_AT_MOST,
        }
    }

    /// The same, with nginx's own word, where it can be heard.
    #[must_use]
    pub fn with_word(self, word: Option<u16>) -> Proof {
        Proof { word, ..self }
    }

    /// How long it may take: nginx itself, and then the door.
    #[must_use]
    pub fn lasts(&self) -> Duration {
        lasts(self.at_most, self.word)
    }

    /// The same for traffic that stays where it is.
    #[must_use]
    pub fn of_staying(self) -> Proof {
        Proof { moves: false, ..self }
    }

    /// What one answer says; `spoken` is whether nginx's own word has said that requests are sent there. An error of nginx's own
    /// (500, 502, 504) or silence is never excused by having been there before: it is what users would get. A redirect, a refusal
    /// or a maintenance page that was there before is, and so is what an application answers where nobody could be reached before.
    #[must_use]
    pub fn judge(&self, answer: &Answer, spoken: bool) -> Arrival {
        let elsewhere = || Arrival::Elsewhere(answer.clone());
        let Answer::Response { status, body, .. } = answer else { return elsewhere() };
        if *status == self.status && self.body.as_ref().is_none_or(|wanted| wanted == body) {
            return if self.other.is_some() { Arrival::Here } else { Arrival::NoHelp };
        }
        if *status == self.status && self.other.as_ref() == Some(body) {
            return elsewhere();
        }
        // Too many of our own requests tell nothing about who would have answered them.
        if spoken && *status == 429 {
            return Arrival::NoHelp;
        }
        let Some(before) = &self.before else { return elsewhere() };
        let excused = match before {
            Answer::Silence(_) => (200..500).contains(status),
            Answer::Response { status: status_before, body: body_before, .. } => match (status_before, status) {
                (502 | 504, 200..=499) => true,
                // Nobody was served before, and this moves nothing.
                (502 | 504, _) => status == status_before && !self.moves,
                (200..=299, 200..=299) => status == status_before && body == body_before,
                (300..=399 | 401 | 403 | 404 | 429 | 503, _) => status == status_before,
                _ => false,
            },
        };
        if excused { Arrival::NoHelp } else { elsewhere() }
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(port) = self.word {
            formatter.write_str(&translated!(
                "ask nginx itself (port {port}) until its workers send requests to {}, and ",
                self.place
            ))?;
        }
        formatter.write_str(&translated!(
            "ask {} until {} answers in a row have come from {}",
            self.door,
            self.answers,
            self.place
        ))
    }
}

/// Asks at the door once. Whatever it answers, traffic is nowhere while no worker of nginx accepts connections: a door that is no
/// help would then tell the same as ever (F121).
///
/// # Errors
/// `Kind::Interrupted` after a signal.
pub(super) async fn ask(host: &impl Host, settings: &Settings, proof: &Proof, spoken: bool) -> Result<Arrival> {
    let answer = witness::ask_door(host, settings).await?;
    Ok(match workers::serve(host, &settings.proxy.pid_file) {
        Ok(_) => proof.judge(&answer, spoken),
        Err(why) => Arrival::Elsewhere(Answer::Silence(translated!("{}, and {why}", witness::describe(&answer)))),
    })
}

/// Asks nginx itself, and at the door, until it is proven that traffic has arrived; `site` is whether nginx's configuration was
/// looked at and a site found in it that uses the include. Returns what has shown it.
///
/// # Errors
/// `Kind::SentBack` with what was answered instead.
pub async fn prove(host: &impl Host, settings: &Settings, proof: &Proof, site: bool) -> Result<Shown> {
    let heard = match proof.word {
        Some(port) => spoken::listen(host, settings, port, proof.slot, proof.at_most).await?,
        None => Heard::Nobody,
    };
    let spoken = heard == Heard::Enough;
    let mut waiting = Waiting::begin(host, Patience::brisk(proof.at_most));
    let (mut in_a_row, mut told) = (0, true);
    loop {
        let last = match ask(host, settings, proof, spoken).await? {
            Arrival::Elsewhere(answer) => {
                in_a_row = 0;
                answer
            }
            arrival => {
                in_a_row += 1;
                told &= arrival == Arrival::Here;
                if in_a_row >= proof.answers {
                    return Ok(shown(told, &heard, site));
                }
                // Good answers need no pause between them: each comes on a connection of its own.
                continue;
            }
        };
        if !waiting.for_another_look().await? {
            return Err(not_arrived(settings, proof, &last, spoken));
        }
    }
}

fn not_arrived(settings: &Settings, proof: &Proof, answer: &Answer, spoken: bool) -> Error {
    let nginx = if spoken { translated!("nginx sends requests there, but ") } else { "" };
    Error::new(
        Kind::SentBack,
        translated!(
            "traffic did not arrive in {}: {nginx}{} answers {}",
            proof.place,
            proof.door,
            witness::describe(answer)
        ),
    )
    .advise(advice::of(settings, answer))
}

/// Makes sure that traffic is back, as far as somebody can tell: an undo is proven as a cutover is (F102).
///
/// # Errors
/// `Kind::SentBack` if requests still go to the slot that was to be left; as `Kind::of` says, if it cannot be seen whether anybody
/// listens in the other one.
pub async fn prove_back(host: &impl Host, settings: &Settings, proof: &Proof) -> Result<()> {
    if let Some(port) = proof.word {
        return spoken::listen(host, settings, port, proof.slot, proof.at_most).await.map(|_| ());
    }
    let mut waiting = Waiting::begin(host, Patience::brisk(proof.at_most));
    loop {
        let answer = witness::ask_door(host, settings).await?;
        // Where nobody is left, nginx goes on to the other slot by itself.
        let left = witness::what_door_says(settings, &answer) == DoorSays::Slot(!proof.slot)
            && occupant::is_listened_on(host, proof.place.port)?;
        if !left {
            return Ok(());
        }
        if !waiting.for_another_look().await? {
            return Err(not_arrived(settings, proof, &answer, false));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, SettingsFile};

    fn response(status: u16, body: &str) -> Answer {
        Answer::Response { status, location: None, body: body.to_owned() }
    }

    #[test]
    fn f57_f69_traffic_has_arrived_only_where_the_door_says_so_or_told_nothing_before_either() {
        let settings = config::settings(SettingsFile::parse("", "")).unwrap();
        let silence = Answer::Silence("connection refused".into());
        let limited = response(429, "");
        for (name, before, after, wanted) in [
            ("the new profile", response(200, "real1"), response(200, "real2"), "here"),
            ("the old profile", response(200, "real1"), response(200, "real1"), "elsewhere"),
            ("F57 nginx cannot reach it", response(200, "real1"), response(502, ""), "elsewhere"),
            ("502 before as well", response(502, ""), response(502, ""), "elsewhere"),
            ("500 before as well", response(500, "x"), response(500, "x"), "elsewhere"),
            ("F69 a redirect before as well", response(301, ""), response(301, ""), "no help"),
            ("F69 a refusal before as well", response(401, ""), response(401, ""), "no help"),
            ("F69 a maintenance page before as well", response(503, ""), response(503, ""), "no help"),
            ("a redirect where there was a 404", response(404, ""), response(301, ""), "elsewhere"),
            ("a redirect, but only now", response(200, "real1"), response(301, ""), "elsewhere"),
            ("the same page before", response(200, "<html>"), response(200, "<html>"), "no help"),
            ("another page before", response(200, "<html>"), response(200, "<b>"), "elsewhere"),
            ("silence before as well", silence.clone(), silence.clone(), "elsewhere"),
            ("a dead live slot before", response(502, ""), response(200, "real2"), "here"),
            ("F119 nobody before, and an application now", response(502, ""), response(404, ""), "no help"),
            ("F119 nobody before, and a broken one now", response(502, ""), response(500, ""), "elsewhere"),
            ("nobody before, and the other slot now", response(502, ""), response(200, "real1"), "elsewhere"),
            ("silence before, and the other slot now", silence.clone(), response(200, "real1"), "elsewhere"),
            ("silence before, and an application now", silence.clone(), response(404, ""), "no help"),
            ("F104 a limiter now", response(200, "real1"), limited.clone(), "elsewhere"),
            ("F104 a limiter before as well", limited.clone(), limited.clone(), "no help"),
        ] {
            let arrival = match Proof::of(&settings, Slot::Green, &before).judge(&after, false) {
                Arrival::Here => "here",
                Arrival::NoHelp => "no help",
                Arrival::Elsewhere(_) => "elsewhere",
            };
            assert_eq!(arrival, wanted, "{name}");
        }
    }

    #[test]
    fn f100_an_answer_of_any_body_tells_nothing_of_who_gave_it() {
        let settings = config::settings(SettingsFile::parse("", "[health]\nbody = \"\"")).unwrap();
        let ok = response(200, "{\"status\":\"UP\"}");
        assert_eq!(Proof::of(&settings, Slot::Green, &ok).judge(&ok, false), Arrival::NoHelp);
        let constant = config::settings(SettingsFile::parse("", "[health]\nbody = '{\"status\":\"UP\"}'")).unwrap();
        assert_eq!(Proof::of(&constant, Slot::Green, &ok).judge(&ok, false), Arrival::NoHelp);
    }

    #[test]
    fn f104_what_nginx_itself_has_said_excuses_a_limiter_and_an_installation_over_nobody() {
        let settings = config::settings(SettingsFile::parse("", "")).unwrap();
        let (served, nobody) = (response(200, "real1"), response(502, ""));
        assert_eq!(Proof::of(&settings, Slot::Green, &served).judge(&response(429, ""), true), Arrival::NoHelp);
        let staying = Proof::of(&settings, Slot::Green, &nobody).of_staying();
        assert_eq!(staying.judge(&nobody, true), Arrival::NoHelp);
        assert_eq!(staying.judge(&nobody, false), Arrival::NoHelp);
        let moving = Proof { moves: true, ..staying };
        assert_eq!(moving.judge(&nobody, true), Arrival::Elsewhere(nobody));
    }

    /// Every way in which door, word and walk can come together, with the words that are said.
    #[test]
    fn f100_f121_arrival_is_claimed_only_where_something_has_shown_it() {
        for door in [true, false] {
            for heard in [Heard::Enough, Heard::TooFew, Heard::Nobody] {
                for site in [true, false] {
                    let claimed = match shown(door, &heard, site) {
                        Shown::ByDoor => "by the door",
                        Shown::ByWord => "by nginx itself",
                        Shown::NotAtAll(_) => "not at all",
                    };
                    let wanted = match (door, &heard, site) {
                        (true, ..) => "by the door",
                        (false, Heard::Enough, true) => "by nginx itself",
                        _ => "not at all",
                    };
                    assert_eq!(claimed, wanted, "{door}, {heard:?}, {site}");
                }
            }
        }
    }
}
