//! What people are told. `agent` keeps to what `CodeDeploy`'s agent lets through: short lines, the verdict last; the hooks'
//! own log file gets the same and more. `codedeploy` is the service itself, where its API is asked or told.

pub mod agent;
pub mod codedeploy;

pub use self::agent::Report;
