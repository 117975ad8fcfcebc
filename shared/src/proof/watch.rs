//! The watch after a cutover (F75): for `switch.watch` the new release has to live and the door has to answer from it, before
//! the cutover counts as done. Whoever fails is sent back, as long as what served before is better.
//!
//! A release that is gone is sent back at once, also where there is no standby: nobody answers there either way, and a dead
//! release is no success. One whose door answers wrong three times in a row is sent back only if the standby gives its good
//! answer at that moment; otherwise a bad answer is better than none, so it is told and the deploy goes on.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::config::Settings;
use crate::discovery::witness::{self, DOOR_AT_MOST};
use crate::error::{Error, Kind, Result};
use crate::host::{Answer, Host, ProcessIdentity};
use crate::language::translated;
use crate::nginx::workers;
use crate::probe::{self, Judgement, Probe};
use crate::proof::arrival::{self, Arrival, Proof};
use crate::report::{Report, duration};
use crate::slot::Slot;

/// How often the door is asked.
const EVERY: Duration = Duration::from_millis(250);
/// How long answers are not judged: nginx sleeps 100 ms between the start of its new workers and the end of its old ones, and
/// on a busy host both generations may answer for longer.
const SETTLING: Duration = Duration::from_millis(300);
/// How many wrong answers in a row are no accident.
const WRONG_IN_A_ROW: u32 = 3;

/// What is watched, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// What a good answer at the door is.
    pub proof: Proof,
    /// The release that is to hold its port.
    pub release: Probe,
    /// The release that served before, where it still runs.
    pub standby: Option<Probe>,
    /// For how long.
    pub time: Duration,
    /// The application's log, whose end is shown if it fails.
    pub log: Option<PathBuf>,
}

impl Watch {
    /// The watch over the cutover to `slot`; nothing if the settings want none.
    #[must_use]
    pub fn of(settings: &Settings, slot: Slot, process: ProcessIdentity, before: &Answer) -> Option<Watch> {
        let time = settings.switch.watch;
        (!time.is_zero()).then(|| Watch {
            proof: Proof::of(settings, slot, before),
            release: Probe::of(settings, slot, process),
            standby: None,
            time,
            log: None,
        })
    }

    /// How long it may take: whoever answers wrong at its end is asked until it is decided, and the standby once.
    #[must_use]
    pub fn at_most(&self) -> Duration {
        longest(self.time, self.release.timeout)
    }
}

/// How long a watch of `time` may take if one answer of the standby may take `timeout`; no time where it is off.
#[must_use]
pub fn longest(time: Duration, timeout: Duration) -> Duration {
    if time.is_zero() { Duration::ZERO } else { time + (DOOR_AT_MOST + EVERY) * WRONG_IN_A_ROW + timeout }
}

impl fmt::Display for Watch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&translated!(
            "watch for {} whether process {} lives and {} answers from {}",
            duration(self.time),
            self.release.process.id,
            self.proof.door,
            self.proof.place
        ))
    }
}

/// One look, in times since the watch began.
#[derive(Clone, Debug)]
struct Look {
    /// When the door was asked.
    asked: Duration,
    /// When all of it was known.
    known: Duration,
    /// What the door said; nothing where it is not asked any more.
    arrival: Option<Arrival>,
    /// What became of the release, where it does not hold its port any more: "died", say.
    gone: Option<String>,
}

/// What the looks so far come to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    /// The watch goes on.
    Undecided,
    /// Time is over and all is well.
    Good,
    /// The release is gone: the sentence.
    Gone(String),
    /// The door answers wrong: the sentence.
    Wrong(String),
}

/// Judges one look after the other.
#[derive(Debug)]
struct Judge<'a> {
    watch: &'a Watch,
    wrong_in_a_row: u32,
}

impl Judge<'_> {
    fn judge(&mut self, look: Look) -> Verdict {
        let place = &self.watch.proof.place;
        let took = translated!("{} after it took the traffic", duration(look.known));
        if let Some(gone) = look.gone {
            return Verdict::Gone(translated!("{place} {gone} {took}"));
        }
        match look.arrival {
            Some(Arrival::Elsewhere(_)) if look.asked < SETTLING => {}
            Some(Arrival::Elsewhere(answer)) => {
                self.wrong_in_a_row += 1;
                if self.wrong_in_a_row >= WRONG_IN_A_ROW {
                    self.wrong_in_a_row = 0;
                    let door = &self.watch.proof.door;
                    return Verdict::Wrong(translated!(
                        "{door} did not answer from {place} {WRONG_IN_A_ROW} times in a row, {took}: {}",
                        witness::describe(&answer)
                    ));
                }
            }
            Some(Arrival::Here | Arrival::NoHelp) | None => self.wrong_in_a_row = 0,
        }
        // A wrong answer at the very end is asked about until it is decided.
        if look.known >= self.watch.time && self.wrong_in_a_row == 0 { Verdict::Good } else { Verdict::Undecided }
    }
}

/// Watches until the time is over.
///
/// # Errors
/// `Kind::SentBack` with what was seen, if traffic is better off where it came from.
pub async fn watch(host: &impl Host, settings: &Settings, report: &Report, watch: &Watch) -> Result<()> {
    report.say(&translated!(
        "{} takes the traffic now, and is watched for {}",
        watch.proof.place,
        duration(watch.time)
    ));
    let began = host.elapsed();
    let since = || host.elapsed().saturating_sub(began);
    let mut judge = Judge { watch, wrong_in_a_row: 0 };
    let mut told = false;
    loop {
        let asked = since();
        let nobody_accepts = workers::serve(host, &settings.proxy.pid_file).err();
        let arrival = match &nobody_accepts {
            Some(why) => Some(Arrival::Elsewhere(Answer::Silence(why.clone()))),
            None if told => None,
            None => Some(arrival::ask(host, settings, &watch.proof, watch.proof.word.is_some()).await?),
        };
        let gone = gone(host, &watch.release);
        match judge.judge(Look { asked, known: since(), arrival, gone }) {
            Verdict::Good => return Ok(()),
            Verdict::Gone(why) => return Err(sent_back(why)),
            // Without nginx's workers no answer is left that would be better than none.
            Verdict::Wrong(why) if nobody_accepts.is_some() => return Err(sent_back(why)),
            Verdict::Wrong(why) if answers(host, watch.standby.as_ref()).await? => return Err(sent_back(why)),
            Verdict::Wrong(why) => {
                told = true;
                report.say(&translated!("note: {why}. No standby gives a good answer either, so traffic stays"));
            }
            Verdict::Undecided => {}
        }
        let left = watch.time.saturating_sub(since());
        host.pause(if left.is_zero() { EVERY } else { EVERY.min(left) }).await?;
    }
}

fn sent_back(why: String) -> Error {
    Error::new(Kind::SentBack, why).advise_until_explained(translated!(
        "look into the application's log (its last lines are above); put the cause right, then deploy again"
    ))
}

/// What became of a release that does not hold its port any more. Listeners that cannot be seen are no evidence.
fn gone(host: &impl Host, release: &Probe) -> Option<String> {
    let lives = || host.lives(&release.process);
    match probe::check_listener(host, release) {
        Ok(true) => None,
        Err(error) if ![Kind::NotStarted, Kind::Undecided].contains(&error.kind()) => None,
        _ if !lives() => Some(translated!("died").to_owned()),
        Ok(false) => Some(translated!("stopped listening").to_owned()),
        Err(error) => Some(translated!("lost its port ({error})")),
    }
}

/// Whether the standby gives its good answer, asked once on its own port.
async fn answers(host: &impl Host, standby: Option<&Probe>) -> Result<bool> {
    let Some(standby) = standby else { return Ok(false) };
    match probe::attempt(host, standby).await {
        Ok(judgement) => Ok(judgement == Judgement::Good),
        Err(error) if error.kind() == Kind::Interrupted => Err(error),
        Err(_) => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, SettingsFile};

    fn here(at: u64) -> Look {
        let at = Duration::from_millis(at);
        Look { asked: at, known: at + Duration::from_millis(2), arrival: Some(Arrival::Here), gone: None }
    }

    fn wrong(at: u64) -> Look {
        Look {
            arrival: Some(Arrival::Elsewhere(Answer::Response { status: 500, location: None, body: String::new() })),
            ..here(at)
        }
    }

    fn no_help(at: u64) -> Look {
        Look { arrival: Some(Arrival::NoHelp), ..here(at) }
    }

    fn gone(at: u64) -> Look {
        Look { gone: Some("died".into()), ..wrong(at) }
    }

    #[test]
    fn f75_i8_a_release_is_good_when_its_time_is_over_gone_at_once_and_wrong_after_three_answers_in_a_row() {
        let settings = config::settings(SettingsFile::parse("", "[switch]\nwatch = \"1s\"")).unwrap();
        let process = ProcessIdentity { id: 7, started: 1 };
        let watch = Watch::of(&settings, Slot::Green, process, &Answer::Silence("x".into())).unwrap();
        let died = "`real2` (port 8082) died";
        let wrongly = "3 times in a row";
        for (name, looks, wanted) in [
            ("all is well", vec![here(0), here(250), here(500), here(750), here(1000)], "good"),
            ("before its time is over", vec![here(0), here(990)], "undecided"),
            ("it dies", vec![here(0), gone(500)], died),
            ("it dies in the first moments", vec![gone(10)], died),
            ("it dies at the very end", vec![here(0), here(750), gone(1000)], died),
            ("the old generation answers at first", vec![wrong(0), wrong(100), wrong(200), wrong(299)], "undecided"),
            ("the same, then well", vec![wrong(0), wrong(100), wrong(299), here(500), here(1000)], "good"),
            ("such answers do not count later", vec![wrong(0), wrong(299), wrong(400), here(1000)], "good"),
            ("two wrong answers", vec![wrong(400), wrong(600), here(800), here(1000)], "good"),
            ("two and two", vec![wrong(300), wrong(400), here(500), wrong(600), wrong(700), here(1000)], "good"),
            ("three wrong answers", vec![wrong(300), wrong(550), wrong(800)], wrongly),
            ("a door that is no help is none either way", vec![no_help(0), no_help(500), no_help(1000)], "good"),
            ("wrong at the very end", vec![here(0), wrong(1000)], "undecided"),
            ("wrong at the very end, then well", vec![here(0), wrong(1000), here(1250)], "good"),
            ("wrong at the very end and after", vec![here(0), wrong(1000), wrong(1250), wrong(1500)], wrongly),
        ] {
            let mut judge = Judge { watch: &watch, wrong_in_a_row: 0 };
            let last = looks.into_iter().map(|look| judge.judge(look)).last();
            let told = match last.unwrap() {
                Verdict::Good => "good".to_owned(),
                Verdict::Undecided => "undecided".to_owned(),
                Verdict::Gone(why) | Verdict::Wrong(why) => why,
            };
            assert!(told.contains(wanted), "{name}: {told}");
        }
    }

    #[test]
    fn what_was_seen_is_a_sentence() {
        let settings = config::settings(SettingsFile::parse("", "")).unwrap();
        let process = ProcessIdentity { id: 7, started: 1 };
        let watch = Watch::of(&settings, Slot::Green, process, &Answer::Silence("x".into())).unwrap();
        let mut judge = Judge { watch: &watch, wrong_in_a_row: 0 };
        assert_eq!(
            judge.judge(gone(2100)),
            Verdict::Gone("`real2` (port 8082) died 2.1 s after it took the traffic".into())
        );
        let last = [wrong(400), wrong(700), wrong(1000)].map(|look| judge.judge(look));
        let sentence = "http://127.0.0.1/profile did not answer from `real2` (port 8082) 3 times in a row, \
                        1 s after it took the traffic: HTTP 500";
        assert_eq!(last[2], Verdict::Wrong(sentence.into()));
    }
}
