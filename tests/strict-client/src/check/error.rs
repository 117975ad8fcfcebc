//! Why a history could not be judged.

use std::fmt::{self, Display, Formatter};
use std::io;

/// As much of a line is quoted.
const QUOTED: usize = 120;

/// Why a history could not be judged.
#[derive(Debug)]
pub enum CheckError {
    /// It could not be read.
    Read(io::Error),
    /// A line is neither a record nor a mark, or lacks something.
    Line {
        /// Counted from one.
        number: u64,
        /// What is wrong, and what was needed.
        problem: String,
    },
}

impl CheckError {
    pub(crate) fn line(number: u64, line: &str, error: &serde_json::Error) -> Self {
        let end = line.floor_char_boundary(QUOTED);
        let problem = format!("is {:?} ({error}); needed a record or a mark of this client", &line[..end]);
        Self::Line { number, problem }
    }
}

impl Display for CheckError {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => write!(formatter, "the history could not be read: {error}"),
            Self::Line { number, problem } => write!(formatter, "line {number} {problem}"),
        }
    }
}

impl std::error::Error for CheckError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read(error) => Some(error),
            Self::Line { .. } => None,
        }
    }
}

impl From<io::Error> for CheckError {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}
