//! Asking a release that is proven for what users are going to ask, until its answers are as fast as they get: a new JVM is slow
//! at first, and nobody waits for it then. A warm-up that comes to nothing is told, and fails nothing unless somebody wants it to.

mod access_log;
mod burst;
mod choice;
mod compiler;
mod cookies;
mod course;
mod steadiness;
mod tally;

use std::fmt;
use std::time::Duration;

use super::Probe;
use crate::config::Settings;
use crate::error::{Error, Kind, Result};
use crate::host::Host;
use crate::language::translated;
use crate::occupant;
use crate::report::{Report, duration};
use crate::slot::{Place, Slot};

/// How many paths a plan names.
const NAMED: usize = 3;

/// What is asked, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WarmUp {
    /// Who has to answer: the release that was proven.
    pub probe: Probe,
    /// The slot that serves, which is asked once where an answer is none that users should get.
    pub live: Option<Place>,
    /// The `Host` header, as users send it.
    pub host: String,
    /// The paths.
    pub paths: Vec<String>,
    /// For how long.
    pub at_most: Duration,
    /// When it has to be over, since the hook began, and the timeout of appspec.yml that says so.
    pub until: Option<(Duration, Duration)>,
    /// How many requests at most.
    pub requests: usize,
    /// How many at once.
    pub at_once: usize,
    /// How long one answer may take.
    pub timeout: Duration,
    /// Whether a release is refused that answers otherwise than the live one.
    pub required: bool,
}

/// Whether a program that carries plans out can warm up as well. Whoever never plans it does not link it: `stop`, `start` and
/// `switch` would be larger for nothing.
#[expect(async_fn_in_trait, reason = "a hook has one thread, so none of these futures has to be `Send`")]
pub trait Warming {
    /// Warms a release up.
    ///
    /// # Errors
    /// `Kind::NotStarted` if it died, `Kind::Undecided` if somebody else has its port, `Kind::NotHealthy` if its answers are not the
    /// live release's and have to be; `Kind::Interrupted` after a signal.
    async fn run(host: &impl Host, report: &Report, warm_up: &WarmUp) -> Result<()>;
}

/// Of a program that warms up.
#[derive(Debug)]
pub struct Linked;

/// Of a program that has no use for it.
#[derive(Debug)]
pub struct NotLinked;

impl Warming for Linked {
    async fn run(host: &impl Host, report: &Report, warm_up: &WarmUp) -> Result<()> {
        course::run(host, report, warm_up).await
    }
}

impl Warming for NotLinked {
    async fn run(_: &impl Host, _: &Report, _: &WarmUp) -> Result<()> {
        Err(Error::new(Kind::Bug, "this hook does not link the warm-up that it has planned"))
    }
}

impl WarmUp {
    /// The warm-up of the release that a probe proves, and what is to be told of the access log; nothing where none is wanted.
    pub fn of(
        host: &impl Host,
        settings: &Settings,
        probe: &Probe,
        live: Option<Slot>,
    ) -> (Option<WarmUp>, Option<String>) {
        let wanted = &settings.warm_up;
        if !wanted.is_wanted() {
            return (None, None);
        }
        let mut paths = wanted.paths.clone();
        let from_log = wanted.access_log.as_ref().map(|log| access_log::paths(host, wanted, log));
        let note = match from_log {
            Some(Ok(more)) => {
                paths.extend(more);
                None
            }
            Some(Err(why)) => Some(translated!("warm-up: {why}")),
            None => None,
        };
        let mut known = Vec::new();
        paths.retain(|path| {
            !known.contains(path) && {
                known.push(path.clone());
                true
            }
        });
        let warm_up = WarmUp {
            probe: probe.clone(),
            live: live.map(|live| settings.place(live).clone()),
            host: settings.proxy.host.clone(),
            paths,
            at_most: wanted.at_most,
            until: None,
            requests: usize::try_from(wanted.requests).unwrap_or(usize::MAX),
            at_once: usize::try_from(wanted.at_once).unwrap_or(1),
            timeout: wanted.timeout,
            required: wanted.required,
        };
        (Some(warm_up).filter(|warm_up| !warm_up.paths.is_empty()), note)
    }

    /// How long it may take: nothing is on its way any more when its time is over, and whoever holds the port is looked at again.
    #[must_use]
    pub fn at_most(&self) -> Duration {
        self.at_most + occupant::LOOKS_AGAIN.at_most
    }
}

impl fmt::Display for WarmUp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = self.probe.place.port;
        formatter.write_str(&translated!(
            "warm it up: ask {} on port {port} until answers are as fast as they get, for at most {} and {} requests",
            named(self.paths.iter().map(|path| format!("`{}`", shown(path))), NAMED),
            duration(self.at_most),
            self.requests
        ))
    }
}

/// So many of these, and how many there are besides.
fn named(all: impl ExactSizeIterator<Item = String>, at_most: usize) -> String {
    let more = all.len().saturating_sub(at_most);
    let text = all.take(at_most).collect::<Vec<_>>().join(", ");
    if more == 0 { text } else { translated!("{text} and {more} more") }
}

/// A path as people are told it: without the query, which may hold what is somebody's own, and short.
fn shown(path: &str) -> String {
    const LONGEST: usize = 40;
    let path = path.split('?').next().unwrap_or_default();
    let mut short: String = path.chars().take(LONGEST).collect();
    if short.len() < path.len() {
        short.push('…');
    }
    short
}
