//! Whether traffic has arrived where it should: answers at the door, held against what the door answered before.

use std::fmt;
use std::time::Duration;

use crate::config::Settings;
use crate::discovery::{DoorSays, witness};
use crate::error::{Error, Kind, Result};
use crate::host::{Answer, Host};
use crate::nginx::workers;
use crate::patience::Patience;
use crate::patience::Waiting;
use crate::slot::{Place, Slot};

/// How long the door may take to answer as it should, once nginx's workers are the right ones.
const ARRIVAL_AT_MOST: Duration = Duration::from_secs(3);

/// How it is proven at the door that traffic has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The place it is to arrive in.
    pub place: Place,
    /// The door.
    pub door: String,
    /// The status of a good answer.
    pub status: u16,
    /// The body of a good answer; nothing for any.
    pub body: Option<String>,
    /// The answer before, where it told nothing: a redirect to https, say.
    pub before: Option<Answer>,
    /// How many answers in a row are needed.
    pub answers: u32,
    /// For how long to ask.
    pub at_most: Duration,
}

/// What one answer at the door says after a cutover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It comes from where it should.
    Here,
    /// It tells as little as it did before; the proof rests on nginx's workers.
    NoHelp,
    /// It is wrong: how.
    Elsewhere(String),
}

impl Proof {
    /// The proof that traffic has arrived in `slot`.
    #[must_use]
    pub fn of(settings: &Settings, slot: Slot, before: &Answer) -> Proof {
        Proof {
            place: settings.place(slot).clone(),
            door: settings.proxy.door.clone(),
            status: settings.health.status,
            body: settings.expected_body(slot),
            before: matches!(witness::what_door_says(settings, before), DoorSays::NoHelp(_)).then(|| before.clone()),
            answers: settings.switch.answers,
            at_most: ARRIVAL_AT_MOST,
        }
    }

    /// What one answer says. An error of nginx's own (500, 502, 504) or silence is never excused by having been there
    /// before: it is what users would get. A redirect, a refusal or a maintenance page that was there before is.
    #[must_use]
    pub fn judge(&self, answer: &Answer) -> Arrival {
        if let Answer::Response { status, body, .. } = answer {
            if *status == self.status && self.body.as_ref().is_none_or(|wanted| wanted == body) {
                return Arrival::Here;
            }
            if let Some(Answer::Response { status: status_before, body: body_before, .. }) = &self.before
                && status == status_before
                && match status {
                    200..=299 => body == body_before,
                    300..=399 | 401 | 403 | 404 | 503 => true,
                    _ => false,
                }
            {
                return Arrival::NoHelp;
            }
        }
        Arrival::Elsewhere(witness::describe(answer))
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ask {} until {} answers in a row have come from {}", self.door, self.answers, self.place)
    }
}

/// Asks at the door once. Whatever it answers, traffic is nowhere while no worker of nginx accepts connections: a door that is no
/// help would then tell the same as ever (F121).
///
/// # Errors
/// `Kind::Interrupted` after a signal.
pub(super) async fn ask(host: &impl Host, settings: &Settings, proof: &Proof) -> Result<Arrival> {
    let answer = witness::ask_door(host, settings).await?;
    Ok(match workers::serve(host, &settings.proxy.pid_file) {
        Ok(()) => proof.judge(&answer),
        Err(why) => Arrival::Elsewhere(format!("{}, and {why}", witness::describe(&answer))),
    })
}

/// Asks at the door until it is proven that traffic has arrived. Returns whether the door could tell.
///
/// # Errors
/// `Kind::SentBack` with what the door answered instead.
pub async fn prove(host: &impl Host, settings: &Settings, proof: &Proof) -> Result<bool> {
    let mut waiting = Waiting::begin(host, Patience::brisk(proof.at_most));
    let (mut in_a_row, mut told) = (0, true);
    loop {
        let last = match ask(host, settings, proof).await? {
            Arrival::Elsewhere(answer) => {
                in_a_row = 0;
                answer
            }
            arrival => {
                in_a_row += 1;
                told &= arrival == Arrival::Here;
                if in_a_row >= proof.answers {
                    return Ok(told);
                }
                // Good answers need no pause between them: each comes on a connection of its own.
                continue;
            }
        };
        if !waiting.for_another_look().await? {
            return Err(Error::new(
                Kind::SentBack,
                format!("traffic did not arrive in {}: {} answers {last}", proof.place, proof.door),
            )
            .advise("see that nginx may connect to that port and that `proxy.door` leads to the application"));
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
        ] {
            let arrival = match Proof::of(&settings, Slot::Green, &before).judge(&after) {
                Arrival::Here => "here",
                Arrival::NoHelp => "no help",
                Arrival::Elsewhere(_) => "elsewhere",
            };
            assert_eq!(arrival, wanted, "{name}");
        }
    }
}
