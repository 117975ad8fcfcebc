//! What a history comes to: counts, and the first violations in words.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use super::invariant::{Invariant, Verdict};
use crate::mode::Mode;
use crate::record::Record;

/// As many violations are told one by one.
const TOLD: usize = 20;

/// What a history comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Lines that are marks.
    pub marks: u64,
    /// By mode.
    pub modes: BTreeMap<Mode, ModeCount>,
    /// By invariant.
    pub invariants: BTreeMap<Invariant, Count>,
    /// The first violations, a sentence each.
    pub examples: Vec<String>,
}

/// The counts of one mode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModeCount {
    /// Records.
    pub requests: u64,
    /// Responses, events and messages that came whole and right.
    pub exchanges: u64,
    /// Failed requests, excepted or not.
    pub failures: u64,
    /// Violations, by invariant; one request may violate several.
    pub violations: BTreeMap<Invariant, u64>,
}

/// The counts of one invariant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Records that it is about.
    pub looked_at: u64,
    /// Of these, those for which it holds by its exception.
    pub exceptions: u64,
    /// Of these, those for which it does not hold.
    pub violations: u64,
}

impl Findings {
    /// Violations of all invariants.
    #[must_use]
    pub fn violations(&self) -> u64 {
        self.invariants.values().map(|count| count.violations).sum()
    }

    /// The counts of one invariant; all zero if it was about no record.
    #[must_use]
    pub fn of(&self, invariant: Invariant) -> Count {
        self.invariants.get(&invariant).copied().unwrap_or_default()
    }

    pub(crate) fn add(&mut self, line: u64, record: &Record, verdicts: [(Invariant, Verdict); 4]) {
        let mode = self.modes.entry(record.mode).or_default();
        mode.requests += 1;
        mode.exchanges += record.exchanges;
        mode.failures += u64::from(record.failure.is_some());
        for (invariant, verdict) in verdicts {
            if verdict == Verdict::NotConcerned {
                continue;
            }
            let count = self.invariants.entry(invariant).or_default();
            count.looked_at += 1;
            match verdict {
                Verdict::NotConcerned | Verdict::Holds => {}
                Verdict::Excepted => count.exceptions += 1,
                Verdict::Violated(why) => {
                    count.violations += 1;
                    *mode.violations.entry(invariant).or_default() += 1;
                    if self.examples.len() < TOLD {
                        let Record { mode, connection, nth_use, sent_at, .. } = record;
                        let at = sent_at.as_secs_f64();
                        self.examples.push(format!(
                            "{invariant}: line {line}, `{mode}` request at {at:.6} s, use {nth_use} of connection \
                             {connection}, {why}"
                        ));
                    }
                }
            }
        }
    }
}

impl Display for Findings {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        for example in &self.examples {
            writeln!(formatter, "{example}")?;
        }
        let untold = self.violations() - self.examples.len() as u64;
        if untold > 0 {
            writeln!(formatter, "and {untold} more violations")?;
        }
        let (mode, requests, exchanges) = ("mode", "requests", "exchanges");
        write!(formatter, "{mode:<13}{requests:>9}{exchanges:>10}{:>9}", "failed")?;
        writeln!(formatter, "{:>7}{:>7}{:>7}{:>7}", Invariant::I1, Invariant::I1a, Invariant::I1b, Invariant::I10)?;
        for (mode, ModeCount { requests, exchanges, failures, violations }) in &self.modes {
            write!(formatter, "{mode:<13}{requests:>9}{exchanges:>10}{failures:>9}")?;
            for invariant in Invariant::ALL {
                write!(formatter, "{:>7}", violations.get(&invariant).copied().unwrap_or_default())?;
            }
            writeln!(formatter)?;
        }
        for invariant in Invariant::ALL {
            let Count { looked_at, exceptions, violations } = self.of(invariant);
            let title = invariant.title();
            writeln!(formatter, "{title:<27}{looked_at} looked at, {exceptions} excepted, {violations} violations")?;
        }
        writeln!(formatter, "{} marks", self.marks)
    }
}
