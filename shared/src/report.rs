//! What people are told. `agent` keeps to what `CodeDeploy`'s agent lets through: short lines, the verdict last; the hooks'
//! own log file gets the same and more. `codedeploy` is the service itself, where its API is asked or told.

pub mod agent;

pub use self::agent::Report;

use std::time::Duration;

/// A measured time for people, in seconds: "1.2 s", "30 s", and "0.1 s" for anything shorter.
#[must_use]
pub fn seconds(time: Duration) -> String {
    let tenths = (time.as_millis() + 50) / 100;
    match (tenths / 10, tenths % 10) {
        (0, 0) => "0.1 s".to_owned(),
        (whole, 0) => format!("{whole} s"),
        (whole, tenth) => format!("{whole}.{tenth} s"),
    }
}
