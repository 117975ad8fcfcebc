//! The machine that the programs behind `scripts/` work on: what is told at its terminal (`console`), the signals that end a
//! program (`interruption`), pages for a browser (`page`) and a browser that looks at them (`browser`), and the only ways of these
//! programs to files (`files`), to other programs and to the environment (`programs`), as `host` is for the hooks.

/// A browser without a window.
pub mod browser;

/// What is told while a program runs.
pub mod console;

/// Reading and writing files.
pub mod files;

/// Ctrl-C.
pub mod interruption;

/// A page for a browser.
pub mod page;

/// Other programs, and the environment.
pub mod programs;
