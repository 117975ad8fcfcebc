//! That traffic has arrived (`arrival`) and stays (`watch`).

pub mod arrival;
pub mod watch;
