//! What one run of a hook came to.

use std::time::Duration;

/// A run of a hook that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookRun {
    /// The exit code; 128 and the signal's number where a signal ended it, as shells have it.
    pub code: i32,
    /// What it wrote to both of its outputs, in the order in which it came.
    pub output: String,
    /// From its start to its end.
    pub duration: Duration,
    /// Whether both of its outputs were closed at its end. If not, something that it started holds on to them, and the
    /// agent would wait for that.
    pub outputs_closed: bool,
}
