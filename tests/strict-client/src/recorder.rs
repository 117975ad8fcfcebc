//! Where records and marks go as they happen: into memory, or line by line into a file, so that a long load needs no more
//! memory than a short one.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde::Serialize;

use crate::history::History;
use crate::mark::Mark;
use crate::record::Record;
use crate::summary::Summary;

const BUFFER: usize = 256 * 1024;

/// The history so far, and the file that gets all of it.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    history: History,
    file: Option<BufWriter<File>>,
    /// The first error of the file; nothing is written after it.
    broken: Option<io::Error>,
}

impl Recorder {
    /// Keeps every record in memory.
    pub(crate) fn in_memory() -> Self {
        Self::default()
    }

    /// Writes every record to the file, and keeps only the failed ones.
    pub(crate) fn to_file(path: &Path) -> io::Result<Self> {
        Ok(Self { file: Some(BufWriter::with_capacity(BUFFER, File::create(path)?)), ..Self::default() })
    }

    pub(crate) fn add(&mut self, record: Record) {
        self.write(&record);
        let keep = self.file.is_none() || record.failure.is_some();
        self.history.add(record, keep);
    }

    pub(crate) fn add_mark(&mut self, mark: Mark) {
        self.write(&mark);
        self.history.add_mark(mark);
    }

    pub(crate) fn summary(&self) -> &Summary {
        self.history.summary()
    }

    /// What was kept, in the order of sending, once the file is whole.
    pub(crate) fn finish(&mut self) -> io::Result<History> {
        if let Some(error) = self.broken.take() {
            return Err(error);
        }
        if let Some(file) = &mut self.file {
            file.flush()?;
        }
        let mut history = std::mem::take(&mut self.history);
        history.sort_by_sending();
        Ok(history)
    }

    fn write(&mut self, line: &impl Serialize) {
        let Some(file) = self.file.as_mut().filter(|_| self.broken.is_none()) else { return };
        let written = serde_json::to_writer(&mut *file, line).map_err(io::Error::from);
        if let Err(error) = written.and_then(|()| file.write_all(b"\n")) {
            self.broken = Some(error);
        }
    }
}
