//! What is told while it runs: lines on standard error with the time since the beginning, so that standard output holds the
//! result alone.

use std::io::Write;
use std::time::Instant;

/// Tells what happens.
#[derive(Debug)]
pub(crate) struct Console {
    started: Instant,
}

impl Console {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now() }
    }

    /// One line.
    pub(crate) fn line(&self, text: &str) {
        say(&format!("{:>7.1} s  {text}", self.started.elapsed().as_secs_f64()));
    }
}

/// A line on standard error. If nobody can read it any more, the measuring still goes on.
pub(crate) fn say(text: &str) {
    let _nobody_reads = writeln!(std::io::stderr().lock(), "{text}");
}
