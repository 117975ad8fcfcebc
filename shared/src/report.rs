//! What people are told. `agent` keeps to what `CodeDeploy`'s agent lets through: short lines, the verdict last; the hooks'
//! own log file gets the same and more. `duration` is how all of it writes a time.

pub mod agent;
mod duration;

pub use self::agent::Report;
pub use self::duration::duration;
