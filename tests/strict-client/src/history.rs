//! The records of a load, the marks that were set meanwhile, and the questions that a test asks of them.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use crate::mark::Mark;
use crate::mode::Mode;
use crate::record::Record;
use crate::summary::Summary;

/// All that is known of a load.
#[derive(Clone, Debug, Default)]
pub struct History {
    records: Vec<Record>,
    marks: Vec<Mark>,
    summary: Summary,
}

impl History {
    /// Counts the record, and keeps it if that is wanted.
    pub(crate) fn add(&mut self, record: Record, keep: bool) {
        self.summary.add(&record);
        if keep {
            self.records.push(record);
        }
    }

    pub(crate) fn add_mark(&mut self, mark: Mark) {
        self.marks.push(mark);
    }

    pub(crate) fn sort_by_sending(&mut self) {
        self.records.sort_by_key(|record| record.sent_at);
    }

    /// Every request, in the order of sending; only those that failed, if the load recorded to a file.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The marks, in the order of setting.
    #[must_use]
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// When the mark was set, for the first time.
    #[must_use]
    pub fn marked_at(&self, label: &str) -> Option<Duration> {
        self.marks.iter().find(|mark| mark.label == label).map(|mark| mark.at)
    }

    /// The counts, by mode.
    #[must_use]
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The requests that `mode` sent.
    pub fn of_mode(&self, mode: Mode) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(move |record| record.mode == mode)
    }

    /// Every failed request: the three below, together.
    #[must_use]
    pub fn failures(&self) -> Vec<&Record> {
        self.records.iter().filter(|record| record.failure.is_some()).collect()
    }

    /// Failed requests that were the first on their connection, in every mode. There is no excuse for any.
    #[must_use]
    pub fn failures_on_fresh(&self) -> Vec<&Record> {
        self.failures().into_iter().filter(|record| record.nth_use < 2).collect()
    }

    /// Failed requests on reused connections that every client has to take as failed: a byte of the response had
    /// come, or the connection lived. There is no excuse for any.
    #[must_use]
    pub fn failures_on_reused_that_a_retry_would_not_have_saved(&self) -> Vec<&Record> {
        let unforgiven = |record: &&Record| record.nth_use >= 2 && !record.is_failure_that_a_retry_would_have_saved();
        self.failures().into_iter().filter(unforgiven).collect()
    }

    /// Failed requests whose reused connection died without a byte of the response.
    #[must_use]
    pub fn failures_that_a_retry_would_have_saved(&self) -> Vec<&Record> {
        self.records.iter().filter(|record| record.is_failure_that_a_retry_would_have_saved()).collect()
    }

    /// Which releases answered the requests *sent* from `begin` (included) to `end` (excluded), and how many each.
    #[must_use]
    pub fn releases_between(&self, begin: Duration, end: Duration) -> BTreeMap<String, u64> {
        let mut releases = BTreeMap::new();
        for record in self.records.iter().filter(|record| (begin..end).contains(&record.sent_at)) {
            if let Some(release) = &record.release {
                *releases.entry(release.clone()).or_default() += 1;
            }
        }
        releases
    }

    /// Writes a line of JSON for each record, then one for each mark.
    ///
    /// # Errors
    /// The writer fails.
    pub fn write_json_lines(&self, mut output: impl Write) -> io::Result<()> {
        for record in &self.records {
            serde_json::to_writer(&mut output, record)?;
            output.write_all(b"\n")?;
        }
        for mark in &self.marks {
            serde_json::to_writer(&mut output, mark)?;
            output.write_all(b"\n")?;
        }
        output.flush()
    }
}
