//! How a release runs: as a unit of systemd, as one of the deploying user's own manager, or detached. There is one unit for each
//! slot, and it does not change from deploy to deploy: what it runs is pinned in a file beside it (`pin`), which goes away before
//! the release is ended. So systemd is never told to reload, and never starts what is to stay down.

mod choice;
pub mod control_group;
pub mod countdown;
mod manager;
pub mod pin;
mod unit;
mod unit_launch;

pub use self::choice::{Supervision, choose};
pub use self::manager::{ANSWERS_AT_MOST, Manager, OUT_OF_MEMORY};
pub use self::unit::Unit;
pub use self::unit_launch::{AT_MOST, INSTALL_AT_MOST, UnitLaunch};
