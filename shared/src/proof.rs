//! Whether traffic has arrived (`arrival`, by the door and by what nginx itself has `spoken`), what to do where it has not
//! (`advice`), and whether it can stay (`watch`).

mod advice;
pub mod arrival;
pub mod spoken;
pub mod watch;
