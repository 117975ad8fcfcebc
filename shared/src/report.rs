//! What people are told. `agent` keeps to what `CodeDeploy`'s agent lets through: short lines, the verdict last; the hooks'
//! own log file gets the same and more. `duration` is how all of it writes a time, and `table` aligns columns, for whoever reads
//! on a terminal.

pub mod agent;
mod duration;
pub mod table;

pub use self::agent::Report;
pub use self::duration::duration;
