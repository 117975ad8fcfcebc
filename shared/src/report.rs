//! What people are told. `agent` keeps to what `CodeDeploy`'s agent lets through: short lines, the verdict last; the hooks'
//! own log file gets the same and more. `secrets` are masked in what applications say, `progress` is what is told while something is
//! waited for, `duration` is how all of it writes a time, `table` aligns columns for whoever reads on a terminal, and `screen` renews a
//! text there.

pub mod agent;
mod duration;
mod progress;
pub mod screen;
mod secrets;
pub mod table;

pub use self::agent::Report;
pub use self::duration::duration;
pub use self::progress::Progress;
pub use self::secrets::masked;
