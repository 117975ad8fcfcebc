//! The warm-up itself: a few requests at a time, to the process that was proven and to nobody else, until there is nothing to gain.

use std::time::Duration;

use super::burst::Burst;
use super::compiler::Compiler;
use super::cookies::Cookies;
use super::tally::{self, Tally};
use super::{WarmUp, shown};
use crate::error::{Error, Kind, Result};
use crate::host::{Answer, CompilerTime, Host, ProxiedRequest, Request, TimedAnswer};
use crate::language::translated;
use crate::occupant;
use crate::patience::Waiting;
use crate::probe::{check_listener, refusal};
use crate::report::{Progress, Report, duration};

/// Why it ended.
enum End {
    /// Answers are as fast as they get, or are errors, and nothing is compiled any more.
    Done,
    /// Its time is over: what says so, as a fragment.
    Over(String),
    /// Something has changed: what, as a fragment.
    Changed(String),
}

/// A warm-up under way.
struct Course<'a, H> {
    host: &'a H,
    warm_up: &'a WarmUp,
    tallies: Vec<Tally>,
    /// The path that is asked next, where it is not left alone.
    next: usize,
    compiler: Compiler,
    burst: Burst,
    cookies: Cookies,
    requests: usize,
    /// Whether the application sends to https who does not say that he comes from there.
    https: bool,
    /// Whether somebody listened in the live slot when it began.
    has_live: bool,
    doubt: Option<Waiting<'a, H>>,
}

/// Warms a release up, and tells what came of it.
///
/// # Errors
/// As `Warming::run`.
pub(super) async fn run(host: &impl Host, report: &Report, warm_up: &WarmUp) -> Result<()> {
    let began = host.elapsed();
    let mut course = Course {
        host,
        warm_up,
        tallies: warm_up.paths.iter().map(|path| Tally::of(path)).collect(),
        next: 0,
        compiler: Compiler::at(began, compiler_times(host, warm_up)?, warm_up.at_once),
        burst: Burst::at(began, warm_up.at_once),
        cookies: Cookies::default(),
        requests: 0,
        https: false,
        has_live: is_listened_on(host, warm_up)?,
        doubt: None,
    };
    let (end, why) = course.end(began);
    let progress = Progress::begin(report, began, end.max(began));
    let ended = match course.go(end, &why, progress).await? {
        End::Done => String::new(),
        End::Over(what) if course.compiler.is_at_rest() => translated!(", not steady yet: {what}"),
        End::Over(what) => translated!(", its compiler is still at work: {what}"),
        End::Changed(what) => translated!(", ended early: {what}"),
    };
    let took = duration(host.elapsed().saturating_sub(began));
    let Course { tallies, requests, .. } = course;
    report.say(&translated!("note: warm-up: {requests} requests in {took}{ended}{}", tally::gains(&tallies)));
    if let Some(odd) = tally::odd(&tallies) {
        report.say(&translated!("note: warm-up: {odd}"));
    }
    match tally::difference(&tallies) {
        Some(difference) if warm_up.required => Err(Error::new(
            Kind::NotHealthy,
            translated!(
                "the new release in {} does not answer as the live one does: {difference}",
                warm_up.probe.place
            ),
        )
        .advise(translated!(
            "look into the application's log; `warm_up.required = false` in hooks.toml only tells such a difference"
        ))),
        _ => Ok(()),
    }
}

impl<H: Host> Course<'_, H> {
    /// When it has to be over, and what says so.
    fn end(&self, began: Duration) -> (Duration, String) {
        let own = (began + self.warm_up.at_most, translated!("`warm_up.at_most` is over").to_owned());
        match self.warm_up.until {
            Some((until, timeout)) if until < own.0 => {
                (until, translated!("`timeout: {}` in appspec.yml is near", timeout.as_secs()))
            }
            _ => own,
        }
    }

    async fn go(&mut self, end: Duration, why: &str, mut progress: Progress<'_>) -> Result<End> {
        loop {
            if !self.listens().await? {
                return Ok(End::Changed(translated!("the new release does not listen any more").to_owned()));
            }
            if let Some(live) = self.warm_up.live.as_ref().filter(|_| self.has_live)
                && !is_listened_on(self.host, self.warm_up)?
            {
                // Users may be here already, and need all of it.
                return Ok(End::Changed(translated!("nobody listens in {live} any more")));
            }
            progress.say(self.host.elapsed(), &|| format!("warming up, {} requests so far", self.requests));
            let left = end.saturating_sub(self.host.elapsed());
            if self.is_done()? {
                return Ok(End::Done);
            }
            let began = self.host.elapsed();
            let is_burst = self.burst.is_due(began);
            let at_once = if is_burst { self.burst.size() } else { self.compiler.bears() };
            if left.is_zero() {
                return Ok(End::Over(why.to_owned()));
            }
            let asked = self.choose(at_once);
            if asked.is_empty() {
                return Ok(End::Over(translated!("`warm_up.requests` were made").to_owned()));
            }
            let answers = self.ask(&asked, is_burst, left).await?;
            if is_burst {
                self.burst.took(began, self.host.elapsed());
            }
            // More at once are slower, and some applications refuse some of them: that says nothing of a path.
            if at_once <= self.warm_up.at_once {
                self.count(&asked, &answers, left).await?;
            }
        }
    }

    /// Whether there is nothing more to gain.
    fn is_done(&mut self) -> Result<bool> {
        let now = self.host.elapsed();
        if self.compiler.is_due(now)
            && let Some(times) = compiler_times(self.host, self.warm_up)?
        {
            self.compiler.look(now, times);
        }
        let mut asked = self.tallies.iter().filter(|tally| !tally.is_left_alone()).peekable();
        Ok(asked.peek().is_none() || self.compiler.is_at_rest() && asked.all(Tally::is_steady))
    }

    /// Whether the release that was proven still listens. Whoever ends may hold its port while nobody is seen to: it is looked at
    /// again (F108).
    async fn listens(&mut self) -> Result<bool> {
        loop {
            match check_listener(self.host, &self.warm_up.probe) {
                Err(stranger) if stranger.kind() == Kind::Undecided => {
                    let doubt = self.doubt.get_or_insert_with(|| Waiting::begin(self.host, occupant::LOOKS_AGAIN));
                    if !doubt.for_another_look().await? {
                        return Err(stranger);
                    }
                }
                seen => return seen,
            }
        }
    }

    /// The paths that are asked next, so many at once: each in its turn, as users ask for all of them, and one that is
    /// alone several times.
    fn choose(&mut self, at_once: usize) -> Vec<usize> {
        let wanted = at_once.min(self.warm_up.requests.saturating_sub(self.requests));
        let open: Vec<usize> = (0..self.tallies.len()).filter(|index| !self.tallies[*index].is_left_alone()).collect();
        let first = open.iter().position(|index| *index >= self.next).unwrap_or_default();
        let chosen: Vec<usize> = open.iter().cycle().skip(first).take(wanted).copied().collect();
        self.next = chosen.last().map_or(0, |last| last + 1);
        chosen
    }

    /// Asks for these; in a burst for what proves the release as well, as `switch` is going to in the moment of the cutover.
    async fn ask(&mut self, asked: &[usize], is_burst: bool, left: Duration) -> Result<Vec<TimedAnswer>> {
        let probe = &self.warm_up.probe;
        let request = |(number, index): (usize, &usize)| {
            let tally = &self.tallies[*index];
            let turn = tally.answers() + asked[..number].iter().filter(|earlier| *earlier == index).count();
            self.request(probe.place.port, &tally.path, turn, left)
        };
        let mut requests: Vec<_> = asked.iter().enumerate().map(request).collect();
        if is_burst && probe.port == probe.place.port {
            requests.push(self.request(probe.port, refusal::path_of(&probe.url), self.requests, left));
        }
        let mut answers = self.host.get_as_proxy(&requests).await?;
        for header in answers.iter().flat_map(|timed| &timed.cookies) {
            self.cookies.keep(header);
        }
        answers.truncate(asked.len());
        self.requests += answers.len();
        Ok(answers)
    }

    /// Counts what was answered.
    async fn count(&mut self, asked: &[usize], answers: &[TimedAnswer], left: Duration) -> Result<()> {
        let before = self.https;
        for (index, timed) in asked.iter().zip(answers) {
            if !before && self.is_sent_to_https(*index, &timed.answer) {
                self.https = true;
                continue;
            }
            // Who was given less time than a request has says nothing by his silence.
            let cut_short = left < self.warm_up.timeout && timed.answer.is_late();
            if !cut_short && self.tallies[*index].count(timed) {
                self.compare(*index, left).await?;
            }
        }
        Ok(())
    }

    /// A request as nginx passes it on, in turns in each of the ways in which users' come: nginx may end its connection or not, and they
    /// come from browsers and from programs. What is warm for one is not for another.
    fn request(&self, port: u16, path: &str, turn: usize, left: Duration) -> ProxiedRequest {
        let request = Request {
            url: format!("http://127.0.0.1:{port}{path}"),
            host: Some(self.warm_up.host.clone()),
            at_most: self.warm_up.timeout.min(left),
        };
        let (closes, as_browser) = (turn.is_multiple_of(2), (turn / 2).is_multiple_of(2));
        ProxiedRequest { request, https: self.https, cookie: self.cookies.header(), closes, as_browser }
    }

    /// Whether it asks for nothing but https, which nginx would have told it of.
    fn is_sent_to_https(&self, index: usize, answer: &Answer) -> bool {
        let Answer::Response { status: 300..=399, location: Some(location), .. } = answer else { return false };
        let path = self.tallies[index].path.split('?').next().unwrap_or_default();
        refusal::is_https(location) && refusal::path_of(location) == path
    }

    /// Asks the live release for the same, once.
    async fn compare(&mut self, index: usize, left: Duration) -> Result<()> {
        let Some(live) = self.warm_up.live.as_ref().filter(|_| self.has_live) else { return Ok(()) };
        let tally = &self.tallies[index];
        tracing::debug!("asking {live} for `{}`, once", shown(&tally.path));
        // It knows nobody of the new one's.
        // In the way in which the new one was asked last, of which it is told here.
        let turn = tally.answers().saturating_sub(1);
        let request = ProxiedRequest { cookie: None, ..self.request(live.port, &tally.path, turn, left) };
        let answers = self.host.get_as_proxy(std::slice::from_ref(&request)).await?;
        if let Some(TimedAnswer { answer, .. }) = answers.first() {
            self.tallies[index].compare(answer);
        }
        Ok(())
    }
}

/// What the compilers have had of the process that listens: it is the one that was proven, or a child of it.
fn compiler_times(host: &impl Host, warm_up: &WarmUp) -> Result<Option<Vec<CompilerTime>>> {
    let listening = occupant::listening(host, warm_up.probe.place.port)?;
    Ok(listening.first().and_then(|process| host.compiler_times(&process.identity)))
}

/// Whether anybody listens in the live slot.
fn is_listened_on(host: &impl Host, warm_up: &WarmUp) -> Result<bool> {
    warm_up.live.as_ref().map_or(Ok(false), |live| occupant::is_listened_on(host, live.port))
}
