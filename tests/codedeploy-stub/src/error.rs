//! What went wrong with a stub, as a sentence.

use std::{error, fmt, result};

/// A sentence: the subject in backticks, what was found, what was needed.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(String);

/// What most functions here give back.
pub type Result<T> = result::Result<T, Error>;

impl Error {
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The sentence as it is: this is what a test that unwraps shows.
impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl error::Error for Error {}

/// Says what was being done when something else refused.
pub(crate) trait Context<T> {
    fn context(self, sentence: impl FnOnce() -> String) -> Result<T>;
}

impl<T, Cause: fmt::Display> Context<T> for result::Result<T, Cause> {
    fn context(self, sentence: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|cause| Error(format!("{}: {cause}", sentence())))
    }
}
