//! Judges a recorded history by the invariants of availability. The file is read twice, the marks first, so that a mark may
//! stand anywhere in it; of the records none is kept, so that a long history needs no more memory than a short one.
//!
//! - **I1**, served by the verified: every response's instance was live when the load began, or was verified before the
//!   request was written.
//! - **I1a**, new connections: no request fails on the first use of a connection.
//! - **I1b**, reused connections: one may die under a request, but only without a byte of the response, only on its second
//!   use or later, only if the request was sent within a given time after a `reload` (or so shortly before that it was still
//!   on its way), and where the mode retries the second try succeeds. In a history without `reload` marks there is no exception.
//! - **I10**, truthful zero: between a `cutover-end` and the next `cutover-begin`, requests on new connections are answered
//!   by the new instance or release alone.

mod error;
mod findings;
mod invariant;
mod timeline;

use std::io::{BufRead, Seek, SeekFrom};
use std::time::Duration;

use crate::mark::Mark;
use crate::record::Record;

pub use error::CheckError;
pub use findings::{Count, Findings, ModeCount};
pub use invariant::Invariant;

use timeline::Timeline;

/// What is excused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// For how long after a reload a reused connection may die under a request that is sent then: 2 s, by default.
    pub reload_window: Duration,
    /// How long a request is on its way. One that was sent so shortly before a reload met it all the same, at the server.
    /// Nothing, by default.
    pub on_the_way: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { reload_window: Duration::from_secs(2), on_the_way: Duration::ZERO }
    }
}

/// Judges a history of lines of JSON.
///
/// # Errors
/// It cannot be read, a line is neither a record nor a mark, or a mark lacks what its kind needs.
pub fn check(mut history: impl BufRead + Seek, settings: Settings) -> Result<Findings, CheckError> {
    let mut timeline = Timeline::new(settings);
    each_line(&mut history, |number, line| {
        // A record has no such key, and in a text the quotes would have a backslash before them.
        if !line.contains("\"mark\"") {
            return Ok(());
        }
        let mark: Mark = serde_json::from_str(line).map_err(|error| CheckError::line(number, line, &error))?;
        timeline.add(number, mark)
    })?;
    timeline.sort();
    history.seek(SeekFrom::Start(0))?;
    let mut findings = Findings::default();
    each_line(&mut history, |number, line| {
        if line.contains("\"mark\"") {
            findings.marks += 1;
            return Ok(());
        }
        let record: Record = serde_json::from_str(line).map_err(|error| CheckError::line(number, line, &error))?;
        if let (None, Some(instance)) = (timeline.live_at_start(), &record.instance) {
            timeline.assume_live(instance);
        }
        findings.add(number, &record, invariant::judge(&record, &timeline));
        Ok(())
    })?;
    Ok(findings)
}

fn each_line(
    history: &mut impl BufRead,
    mut act: impl FnMut(u64, &str) -> Result<(), CheckError>,
) -> Result<(), CheckError> {
    let mut line = String::new();
    for number in 1.. {
        line.clear();
        if history.read_line(&mut line)? == 0 {
            break;
        }
        act(number, line.trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
