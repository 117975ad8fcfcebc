//! The arguments of every hook. A wrong one ends the hook with the exit code of wrong settings.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use super::Hook;
use crate::error::{ExitCodeRow, Kind};

/// What `--version` says. Whoever builds an artifact (`scripts/bundle.sh`) names its commit and its target while it is built.
const VERSION: &str = match option_env!("ZERO_DOWNTIME_HOOKS_VERSION") {
    Some(version) => version,
    None => concat!(env!("CARGO_PKG_VERSION"), " (unreleased)"),
};

/// The arguments of every hook, with its own.
#[derive(Clone, Debug, Parser)]
pub struct CommandLine<A: clap::Args> {
    /// Show what would be done, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The settings; else `HOOKS_CONFIG`, else hooks.toml beside the hooks
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The hook's own arguments.
    #[command(flatten)]
    pub own: A,
}

impl<A: clap::Args> CommandLine<A> {
    /// Reads the arguments of this process.
    ///
    /// # Errors
    /// The exit code, where `--help`, `--version` or a wrong argument ends the hook at once.
    pub(super) fn parse<H: Hook<Arguments = A>>() -> Result<CommandLine<A>, ExitCode> {
        parse(H::NAME, H::ABOUT)
    }
}

/// Reads the arguments of this process for the program of this name.
///
/// # Errors
/// The exit code, where `--help`, `--version` or a wrong argument ends the program at once.
pub(super) fn parse<P: Parser>(name: &'static str, about: &'static str) -> Result<P, ExitCode> {
    let command = P::command().name(name).about(about).version(VERSION).after_help(exit_codes());
    command.try_get_matches().and_then(|matches| P::from_arg_matches(&matches)).map_err(|error| {
        let _ = error.print();
        if error.use_stderr() { ExitCode::from(Kind::Settings.exit_code()) } else { ExitCode::SUCCESS }
    })
}

/// Where this program is; the settings are looked for beside it.
pub(super) fn program() -> PathBuf {
    std::env::current_exe().unwrap_or_default()
}

fn exit_codes() -> String {
    let lines: Vec<String> =
        ExitCodeRow::all().map(|row| format!("  {:>2}  {} ({})", row.code, row.meaning, row.serves)).collect();
    format!("Exit codes (and what serves after a deploy that ended so):\n{}", lines.join("\n"))
}
