//! The server itself, as these hooks meet it: what this user has `access` to, its `configuration` (split into `directives`) and
//! the `site` in it that is ours, its `workers` by generation (or why there is `no_master`, or two in an `upgrade`) and their
//! `reload`, its `version`, and whether its workers have `passage` to a file.

pub mod access;
pub mod configuration;
pub mod configuration_file;
pub(crate) mod directives;
pub mod flag_directory;
pub mod no_master;
pub(crate) mod passage;
pub mod reload;
pub mod site;
pub mod upgrade;
pub mod version;
pub mod workers;
