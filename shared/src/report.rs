//! What people are told. `agent` keeps to what `CodeDeploy`'s agent lets through: short lines, the verdict last; the hooks'
//! own log file gets the same and more.

pub mod agent;

pub use self::agent::Report;
