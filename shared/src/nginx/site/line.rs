//! Where something stands in nginx's configuration, for a sentence that a person can follow to it.

use std::fmt;
use std::path::PathBuf;

use crate::nginx::configuration::tree::Node;

/// A line of nginx's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The file.
    pub file: PathBuf,
    /// Its line, the first one being 1.
    pub number: usize,
}

impl Line {
    /// The line that a directive begins on.
    #[must_use]
    pub fn of(node: &Node) -> Line {
        Line { file: node.file.clone(), number: node.line }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.file.to_string_lossy(), self.number)
    }
}
