//! Asking a release whether it is healthy: the exact answer, several times in a row, from the very process that was
//! launched. What can never become good fails at once and says why.

mod listening;
mod refusal;
mod streak;
pub mod validation;
pub mod warm_up;

use std::fmt;
use std::time::Duration;

pub(crate) use self::listening::check_listener;
use self::listening::{elsewhere, not_listening};
use self::streak::Streak;
use crate::config::Settings;
use crate::discovery::witness;
use crate::error::{Error, Kind, Result};
use crate::host::{Answer, Host, ProcessIdentity, Request};
use crate::language::translated;
use crate::occupant;
use crate::patience::Patience;
use crate::patience::Waiting;
use crate::report::{Progress, Report, duration};
use crate::slot::{Place, Slot};

/// What is asked, what a good answer is, and who has to give it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The slot's place.
    pub place: Place,
    /// The other slot's profile: whoever answers with it is in the wrong place.
    pub other_profile: String,
    /// The process that was launched in the slot.
    pub process: ProcessIdentity,
    /// The kernel's count of the processes that it had ended for want of memory, when that one was launched; nothing where it is not
    /// known.
    pub ended_before: Option<u64>,
    /// The path that is asked for.
    pub path: String,
    /// The port that is asked: the slot's own, or `health.port`.
    pub port: u16,
    /// The URL on that port.
    pub url: String,
    /// The status of a good answer.
    pub status: u16,
    /// The body of a good answer; nothing for any.
    pub body: Option<String>,
    /// How many good answers in a row are needed.
    pub consecutive: u32,
    /// How often to ask, and for how long.
    pub patience: Patience,
    /// How long one answer may take.
    pub timeout: Duration,
}

/// What one answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// As it should be.
    Good,
    /// Not yet: why, and what that means if it stays so.
    NotYet(String, Option<Hopeless>),
    /// It will never be: why, and what to do.
    Never(String, String),
}

/// What an answer that is not good yet means if it stays so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hopeless {
    /// What to do then.
    pub advice: String,
    /// When it is known that it stays so.
    pub after: After,
}

/// When it is known that nothing will change any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    /// When patience is at its end.
    Patience,
    /// When it was seen for some seconds.
    AWhile,
    /// When enough different bodies have come: this one.
    Different(String),
}

impl Probe {
    /// The probe of `slot` with the patience of the settings.
    #[must_use]
    pub fn of(settings: &Settings, slot: Slot, process: ProcessIdentity) -> Probe {
        let place = settings.place(slot).clone();
        Probe {
            url: format!("http://127.0.0.1:{}{}", settings.health_port(slot), settings.health.path),
            port: settings.health_port(slot),
            path: settings.health.path.clone(),
            place,
            other_profile: settings.place(!slot).profile.clone(),
            process,
            ended_before: None,
            status: settings.health.status,
            body: settings.expected_body(slot),
            consecutive: settings.health.consecutive,
            patience: settings.health.patience,
            timeout: settings.health.timeout,
        }
    }

    /// How long it may take: the last request may begin just before patience ends, and whoever holds the port then is looked
    /// at again.
    #[must_use]
    pub fn at_most(&self) -> Duration {
        self.patience.at_most + self.timeout + occupant::LOOKS_AGAIN.at_most
    }

    /// What one answer means.
    #[must_use]
    pub fn judge(&self, answer: &Answer) -> Judgement {
        let needed = match &self.body {
            Some(body) => format!("HTTP {} `{body}`", self.status),
            None => format!("HTTP {}", self.status),
        };
        let found = witness::describe(answer);
        let told = translated!("{} answers {found}, needed {needed}", self.url);
        let Answer::Response { status, body, .. } = answer else {
            return Judgement::NotYet(translated!("{} does not answer: {found}", self.url), None);
        };
        if *status == self.status {
            return match &self.body {
                None => Judgement::Good,
                Some(wanted) if wanted == body => Judgement::Good,
                Some(_) if is_profile(body, &self.other_profile) => Judgement::Never(
                    told,
                    translated!(
                        "the application runs with another profile: it must be started with `spring.profiles.active={}`, \
                         and no `spring.profiles.include` may put `real` before it",
                        self.place.profile
                    ),
                ),
                Some(_) => Judgement::NotYet(told, Some(refusal::wrong_body(body))),
            };
        }
        match refusal::advice(self, answer) {
            Some(advice) => Judgement::Never(told, advice),
            None => Judgement::NotYet(told, refusal::unless_it_changes(self, *status)),
        }
    }
}

impl fmt::Display for Probe {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answers = match self.consecutive {
            1 => translated!("a good answer has come").to_owned(),
            many => translated!("{many} good answers in a row have come"),
        };
        formatter.write_str(&translated!("ask {} until {answers} from process {}", self.url, self.process.id))
    }
}

/// Whether a wrong body names a profile, which does not change while a process lives (F53).
fn is_profile(body: &str, other: &str) -> bool {
    body == other || ["real", "default", "real1", "real2"].contains(&body)
}

/// Asks until it is proven, and says meanwhile what is still missing.
///
/// # Errors
/// `Kind::NotStarted` if the process died, `Kind::Undecided` if somebody else answers on its port, `Kind::NotHealthy` if it
/// never became healthy or never can; `Kind::Interrupted` after a signal.
pub async fn run(host: &impl Host, report: &Report, probe: &Probe) -> Result<()> {
    let mut waiting = Waiting::begin(host, probe.patience);
    let mut progress = Progress::begin(report, host.elapsed(), host.elapsed() + probe.patience.at_most);
    let (mut in_a_row, mut doubt) = (0, None);
    let mut streak = Streak::default();
    loop {
        let judgement = match attempt(host, probe).await {
            // A release that ends may still hold its port, and nobody is seen to: it is looked at again (F108).
            Err(stranger) if stranger.kind() == Kind::Undecided => {
                let doubt = doubt.get_or_insert_with(|| Waiting::begin(host, occupant::LOOKS_AGAIN));
                if !doubt.for_another_look().await? {
                    return Err(stranger);
                }
                in_a_row = 0;
                continue;
            }
            judged => judged?,
        };
        let (last, hopeless) = match judgement {
            Judgement::Good => {
                in_a_row += 1;
                if in_a_row >= probe.consecutive {
                    return Ok(());
                }
                (translated!("it gave {in_a_row} good answers in a row, needed {}", probe.consecutive), None)
            }
            Judgement::NotYet(why, hopeless) => {
                in_a_row = 0;
                (why, hopeless)
            }
            Judgement::Never(why, advice) => return Err(unhealthy(probe, &why).advise(advice)),
        };
        if let (Some(seen), Some(Hopeless { advice, .. })) = (streak.look(hopeless.as_ref()), &hopeless) {
            return Err(unhealthy(probe, &format!("{last}, {seen}")).advise(advice));
        }
        progress.say(host.elapsed(), &|| format!("waiting for {}: {last}", probe.place));
        if !waiting.for_another_look().await? {
            let patience = duration(probe.patience.at_most);
            let generic = translated!(
                "look into the application's log, or raise `health.patience` and the `timeout` of ValidateService"
            );
            let error = unhealthy(probe, &translated!("{last} (waited {patience})"));
            return Err(match hopeless {
                Some(Hopeless { advice, .. }) => error.advise(advice),
                None => error.advise_until_explained(generic),
            });
        }
    }
}

fn unhealthy(probe: &Probe, why: &str) -> Error {
    Error::new(Kind::NotHealthy, translated!("the new release in {} is not healthy: {why}", probe.place))
}

/// One question, to a release that should be well: why its answer is not good, as a fragment; nothing where it is.
///
/// # Errors
/// As `run`, but for `Kind::NotHealthy`.
pub async fn look(host: &impl Host, probe: &Probe) -> Result<Option<String>> {
    Ok(match attempt(host, probe).await? {
        Judgement::Good => None,
        Judgement::NotYet(why, _) | Judgement::Never(why, _) => Some(why),
    })
}

/// One question. The listener must be the launched process before the question and after the answer (F35).
///
/// # Errors
/// As `run`, but for `Kind::NotHealthy`.
pub(crate) async fn attempt(host: &impl Host, probe: &Probe) -> Result<Judgement> {
    if let Some(port) = not_listening(host, probe)? {
        return Ok(Judgement::NotYet(translated!("it does not listen on {port}"), None));
    }
    let request = Request { url: probe.url.clone(), host: None, at_most: probe.timeout };
    let answer = host.get(&request).await?;
    if let Some(port) = not_listening(host, probe)? {
        return Ok(Judgement::NotYet(translated!("it stopped listening on {port}"), None));
    }
    if let (Answer::Silence(_), Some(address)) = (&answer, elsewhere(&occupant::listeners(host, probe.port)?)) {
        return Ok(refusal::listens_elsewhere(probe.port, address));
    }
    Ok(probe.judge(&answer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, SettingsFile};

    #[test]
    fn f50_f51_f52_f53_an_answer_is_good_not_yet_or_never() {
        let settings = config::settings(SettingsFile::parse("", "")).unwrap();
        let probe = Probe::of(&settings, Slot::Green, ProcessIdentity { id: 7, started: 1 });
        let response = |status, body: &str| Answer::Response { status, location: None, body: body.to_owned() };
        let to =
            |location: &str| Answer::Response { status: 302, location: Some(location.into()), body: String::new() };
        let redirect = to("/login");
        for (name, answer, wanted) in [
            ("exactly the profile", response(200, "real2"), "good"),
            ("F51 a body that contains it", response(200, "<p>real2</p>"), "not yet"),
            ("b6 an error that contains `real`", response(500, "could not open the real-db"), "not yet"),
            ("F51 a realm", response(401, "{\"realm\":\"real2\"}"), "never: permitAll"),
            ("F52 a redirect to https", to("https://shop.example.com/profile"), "never: redirect to https"),
            ("F52 the same on another port", to("HTTPS://127.0.0.1:8443/profile"), "never: redirect to https"),
            ("F52 a login page over https", to("https://accounts.example.com/login"), "never: permitAll"),
            ("F52 the path has another end", to("/profile/"), "never: health.path = \"/profile/\""),
            ("F52 another host's path", to("http://127.0.0.1:8082/api/profile"), "never: permitAll"),
            ("F52 a redirect to a login page", redirect, "never: permitAll"),
            ("F52 forbidden", response(403, ""), "never: permitAll"),
            ("F52 not found may still come", response(404, ""), "not yet"),
            ("F53 `real` hides the profile", response(200, "real"), "never: spring.profiles.active=real2"),
            ("F53 no profile at all", response(200, "default"), "never: spring.profiles.active=real2"),
            ("the other slot's profile", response(200, "real1"), "never: spring.profiles.active=real2"),
            ("still starting", response(503, "starting"), "not yet"),
            ("not there yet", Answer::Silence("connection refused".into()), "not yet"),
        ] {
            match (probe.judge(&answer), wanted.split_once(": ")) {
                (Judgement::Good, None) => assert_eq!(wanted, "good", "{name}"),
                (Judgement::NotYet(..), None) => assert_eq!(wanted, "not yet", "{name}"),
                (Judgement::Never(_, advice), Some((_, words))) => assert!(advice.contains(words), "{name}: {advice}"),
                (judgement, _) => panic!("{name}: {judgement:?}"),
            }
        }
    }
}
