//! Why a release failed, told by its log: the cause instead of the last of its symptoms, and what to do about it. What is known to
//! happen is a row of a table; where none fits, Spring's own explanation is told, or the innermost exception.

mod log;
mod row;
mod rows;
mod template;
#[cfg(test)]
mod tests;

use std::fmt;

use self::log::{Log, exception_in};
pub use self::row::Row;
pub use self::rows::rows;
use self::template::{shortened, told};
use crate::language::translated;
use crate::report::agent::clean;
use crate::report::masked;

/// What Spring or an exception says may be long, and the verdict has little room, in characters.
const SAID_LIMIT: usize = 300;

/// How much of the end of a log is looked at, in bytes: of a release that has run for long, more is about other things.
const LOOKED_AT: usize = 2 * 1024 * 1024;

/// How somebody ends a process; its log knows nothing of that.
const ENDED_FROM_OUTSIDE: [&str; 2] = ["signal 9", "signal 15"];

/// What there is to tell a cause by.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// What the application has printed since it was launched.
    pub log: &'a str,
    /// How its process has ended, where that is known.
    pub ending: Option<&'a str>,
    /// The port that it was to listen on.
    pub port: u16,
}

/// Why a release failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The row that says so; nothing where the log's own words are told.
    pub id: Option<&'static str>,
    /// The cause, as a fragment.
    pub says: String,
    /// What to do about it, as a fragment.
    pub remedy: String,
}

/// What a log tells, without a secret in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Why the release failed, where that can be told.
    pub cause: Option<Cause>,
    /// The lines that matter.
    pub lines: Vec<String>,
    /// Whether those are only the last ones.
    pub are_last: bool,
}

impl Cause {
    fn in_its_own_words(log: &Log<'_>) -> Option<Cause> {
        let usual = translated!("put that right (its log has all of it) and deploy again");
        let (says, remedy) = match log.description_and_action() {
            Some((description, action)) => (description, action),
            None => (exception_in(log.lines[log.innermost()?])?.to_owned(), None),
        };
        let remedy = remedy.map_or_else(|| usual.to_owned(), |action| shortened(&action, SAID_LIMIT));
        Some(Cause { id: None, says: shortened(&says, SAID_LIMIT), remedy })
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.id.is_some() { translated!("its log says why") } else { translated!("its log says") };
        write!(formatter, "{verb}: {}", self.says)
    }
}

impl Finding {
    /// Looks a log through.
    #[must_use]
    pub fn of(evidence: &Evidence<'_>) -> Finding {
        let text = masked(&plain(evidence.log));
        let log = Log::read(&text);
        if evidence.ending.is_some_and(|ending| ENDED_FROM_OUTSIDE.contains(&ending)) {
            return Finding::shown(None, &log, None);
        }
        for lines in places(&log) {
            for row in rows() {
                let Some((at, arguments)) = row.found_in(&log.lines, &lines, evidence) else { continue };
                let (Some(says), Some(remedy)) = (told(row.says, &arguments), told(row.remedy, &arguments)) else {
                    continue;
                };
                return Finding::shown(Some(Cause { id: Some(row.id), says, remedy }), &log, Some(at));
            }
        }
        Finding::shown(Cause::in_its_own_words(&log), &log, None)
    }

    fn shown(cause: Option<Cause>, log: &Log<'_>, found: Option<usize>) -> Finding {
        let are_last = found.is_none() && log.explanation.is_none() && log.innermost().is_none();
        let lines = log.essence(found).into_iter().map(str::to_owned).collect();
        Finding { cause, lines, are_last }
    }
}

/// The end of a log, without colours.
fn plain(log: &str) -> String {
    let mut begins = log.len().saturating_sub(LOOKED_AT);
    while !log.is_char_boundary(begins) {
        begins += 1;
    }
    let lines: Vec<String> = log[begins..].lines().map(clean).collect();
    lines.join("\n")
}

/// What only follows from something that was logged before.
const CONSEQUENCES: &[&str] = &[
    "Unable to determine Dialect without JDBC metadata",
    "Unable to open JDBC Connection",
    "Tomcat connector configured to listen on port",
];

/// The lines in which a cause is looked for, place by place: what the application says of its end is believed first, and what it has
/// said before only if it says nothing, or nothing but a consequence.
fn places(log: &Log<'_>) -> Vec<Vec<usize>> {
    let named = |at: &usize| exception_in(log.lines[*at]).is_some();
    let explanation: Option<Vec<usize>> = log.explanation.clone().map(Iterator::collect);
    // A message may be of several lines, and frames tell nothing.
    let failure: Option<Vec<usize>> = log.failure.clone().map(Iterator::collect);
    let said: Vec<usize> = explanation.iter().chain(&failure).flatten().copied().collect();
    let follows = said.iter().any(|at| CONSEQUENCES.iter().any(|text| log.lines[*at].contains(text)));
    let everything = 0..log.lines.len();
    let before = match (said.is_empty(), follows) {
        (true, _) => Some(everything.collect()),
        (false, true) => Some(everything.filter(named).collect()),
        (false, false) => None,
    };
    explanation.into_iter().chain(failure).chain(before).collect()
}
