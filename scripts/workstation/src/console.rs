//! What is told while a program runs: lines on standard error with the time since the beginning, so that standard output holds
//! the result alone.

use std::io::Write;
use std::time::Instant;

/// Tells what happens.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    started: Instant,
}

impl Console {
    /// A console whose time begins now.
    #[must_use]
    pub fn begin() -> Self {
        Self { started: Instant::now() }
    }

    /// One line, behind the seconds that have passed.
    pub fn line(&self, text: &str) {
        say(&format!("{:>7.2} s  {text}", self.started.elapsed().as_secs_f64()));
    }
}

/// A line on standard error, as it is. If nobody can read it any more, the program still ends in order.
pub fn say(text: &str) {
    let _nobody_reads = writeln!(std::io::stderr().lock(), "{text}");
}
