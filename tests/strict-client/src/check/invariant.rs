//! The invariants, each a pure function from a record and the marks to a verdict.

use std::fmt::{self, Display, Formatter};

use super::timeline::Timeline;
use crate::failure::Failure;
use crate::mode::Mode;
use crate::record::Record;

/// An invariant of availability; docs/failures.md says what each id stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// Served by the verified.
    I1,
    /// No failure on a new connection, but for two kinds after a reload: of HTTP/2, and of large pages.
    I1a,
    /// No failure on a reused connection, but for one kind after a reload.
    I1b,
    /// After a cutover only the new one answers.
    I10,
}

/// What an invariant says of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is about other records.
    NotConcerned,
    Holds,
    /// It holds by its exception.
    Excepted,
    /// It does not hold; why, in words.
    Violated(String),
}

impl Invariant {
    /// Every invariant.
    pub const ALL: [Self; 4] = [Self::I1, Self::I1a, Self::I1b, Self::I10];

    /// What it is called, and what it is about.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::I1 => "I1 served by the verified",
            Self::I1a => "I1a new connections",
            Self::I1b => "I1b reused connections",
            Self::I10 => "I10 truthful zero",
        }
    }
}

impl Display for Invariant {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.pad(self.title().split(' ').next().unwrap_or(""))
    }
}

/// What each invariant says of the record.
pub(crate) fn judge(record: &Record, timeline: &Timeline) -> [(Invariant, Verdict); 4] {
    [
        (Invariant::I1, served_by_the_verified(record, timeline)),
        (Invariant::I1a, new_connections(record, timeline)),
        (Invariant::I1b, reused_connections(record, timeline)),
        (Invariant::I10, truthful_zero(record, timeline)),
    ]
}

fn served_by_the_verified(record: &Record, timeline: &Timeline) -> Verdict {
    let Some(instance) = &record.instance else { return Verdict::NotConcerned };
    if timeline.may_answer(instance, record.written_at.unwrap_or(record.sent_at)) {
        return Verdict::Holds;
    }
    Verdict::Violated(format!("was answered by instance `{instance}`, which was not verified when it was written"))
}

fn new_connections(record: &Record, timeline: &Timeline) -> Verdict {
    let met_reload = timeline.met_reload(record.sent_at);
    if record.nth_use >= 2 {
        return Verdict::NotConcerned;
    }
    match record.failure {
        None => Verdict::Holds,
        // nginx leaves a connection of HTTP/2 on which no request has arrived yet, and says so (F145).
        Some(Failure::Unprocessed) if !record.retried && !record.mode.retries() && met_reload => Verdict::Excepted,
        // Now and then its worker ends with a large page that it passes on (F147).
        Some(failure) if met_reload && ends_with_its_worker(failure, record) => Verdict::Excepted,
        Some(failure) => Verdict::Violated(format!("failed on a new connection: {}", words(failure, record))),
    }
}

fn ends_with_its_worker(failure: Failure, record: &Record) -> bool {
    Mode::HEAVY.contains(&record.mode) && failure.is_death_of_connection()
}

fn reused_connections(record: &Record, timeline: &Timeline) -> Verdict {
    let met_reload = timeline.met_reload(record.sent_at);
    if record.retried {
        return match record.failure {
            Some(failure) => Verdict::Violated(format!("failed, and so did its retry: {}", words(failure, record))),
            None if met_reload => Verdict::Excepted,
            None => Verdict::Violated("had to be retried, without a reload shortly before".to_owned()),
        };
    }
    if record.nth_use < 2 {
        return Verdict::NotConcerned;
    }
    let Some(failure) = record.failure else { return Verdict::Holds };
    // F147, on a connection that others have used before.
    if met_reload && record.first_byte_at.is_some() && ends_with_its_worker(failure, record) {
        return Verdict::Excepted;
    }
    let words = words(failure, record);
    if !record.is_failure_that_a_retry_would_have_saved() {
        return Verdict::Violated(format!("failed in a way that no retry makes up for: {words}"));
    }
    if record.mode.retries() {
        return Verdict::Violated(format!("failed and was not retried: {words}"));
    }
    if met_reload {
        return Verdict::Excepted;
    }
    Verdict::Violated(format!("failed on a reused connection, without a reload shortly before: {words}"))
}

fn truthful_zero(record: &Record, timeline: &Timeline) -> Verdict {
    if record.nth_use != 1 || record.retried || (record.instance.is_none() && record.release.is_none()) {
        return Verdict::NotConcerned;
    }
    let Some(to) = timeline.sole_answerer(record.sent_at, record.finished_at) else { return Verdict::NotConcerned };
    let named = |name: &Option<String>| name.as_deref() == Some(to);
    if named(&record.instance) || named(&record.release) {
        return Verdict::Holds;
    }
    let found = |name: &Option<String>| name.clone().unwrap_or_else(|| "unknown".to_owned());
    let (release, instance) = (found(&record.release), found(&record.instance));
    Verdict::Violated(format!(
        "was answered by release `{release}`, instance `{instance}`, after the cutover to `{to}` had ended"
    ))
}

fn words(failure: Failure, record: &Record) -> String {
    match &record.detail {
        Some(detail) => format!("{failure} ({detail})"),
        None => failure.to_string(),
    }
}
