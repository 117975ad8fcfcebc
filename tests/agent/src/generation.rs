//! The two lines of AWS's agent that a host may have.

/// Which agent is simulated; hooks should pass under both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Generation {
    /// The agent in Ruby, up to 1.8: SIGTERM only, then a wait without limit; bad UTF-8 costs the whole report.
    One,
    /// The agent in Rust, from 2.0: SIGTERM, five seconds, SIGKILL; output decoded lossily.
    Two,
}
