//! The arguments of every hook. A wrong one ends the hook with the exit code of wrong settings.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgAction, Parser};

use super::Hook;
use crate::error::{ExitCodeRow, Kind};
use crate::language::{Text, text, translated};

/// What `--version` says. Whoever builds an artifact (`scripts/bundle.sh`) names its commit and its target while it is built.
const VERSION: &str = match option_env!("ZERO_DOWNTIME_HOOKS_VERSION") {
    Some(version) => version,
    None => concat!(env!("CARGO_PKG_VERSION"), " (unreleased)"),
};

/// The arguments of every hook, with its own.
#[derive(Clone, Debug, Parser)]
pub struct CommandLine<A: clap::Args> {
    /// Show what would be done, and change nothing
    #[arg(long, help = translated!("Show what would be done, and change nothing"))]
    pub dry_run: bool,
    /// The settings; else `HOOKS_CONFIG`, else hooks.toml beside the hooks
    #[arg(long, value_name = "FILE", help = translated!("The settings; else `HOOKS_CONFIG`, else hooks.toml beside the hooks"))]
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
pub(super) fn parse<P: Parser>(name: &'static str, about: Text) -> Result<P, ExitCode> {
    command::<P>(name, about).try_get_matches().and_then(|matches| P::from_arg_matches(&matches)).map_err(|error| {
        let _ = error.print();
        if error.use_stderr() { ExitCode::from(Kind::Settings.exit_code()) } else { ExitCode::SUCCESS }
    })
}

/// The command line, its help in the language that is spoken.
fn command<P: Parser>(name: &'static str, about: Text) -> clap::Command {
    let flag = |name: &'static str, letter: char, does: ArgAction| Arg::new(name).short(letter).long(name).action(does);
    P::command()
        .name(name)
        .about(about.told())
        .version(VERSION)
        .after_help(exit_codes())
        .help_template(text!("{about-with-newline}\nUsage: {usage}\n\nOptions:\n{options}{after-help}").told())
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(flag("help", 'h', ArgAction::Help).help(translated!("Print help")))
        .arg(flag("version", 'V', ArgAction::Version).help(translated!("Print version")))
}

/// Where this program is; the settings are looked for beside it.
pub(super) fn program() -> PathBuf {
    std::env::current_exe().unwrap_or_default()
}

fn exit_codes() -> String {
    let lines: Vec<String> =
        ExitCodeRow::all().map(|row| format!("  {:>2}  {} ({})", row.code, row.meaning, row.serves)).collect();
    translated!("Exit codes (and what serves after a deploy that ended so):\n{}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::language::{self, Language};

    #[derive(Debug, clap::Args)]
    struct Nothing {}

    fn help() -> String {
        let help = command::<CommandLine<Nothing>>("stop", text!("nothing")).render_help().to_string();
        // The table of exit codes below it has a test of its own.
        help.lines().take(9).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn help_is_told_in_the_language_that_is_spoken() {
        expect![[r#"
            nothing

            Usage: stop [OPTIONS]

            Options:
                  --dry-run        Show what would be done, and change nothing
                  --config <FILE>  The settings; else `HOOKS_CONFIG`, else hooks.toml beside the hooks
              -h, --help           Print help
              -V, --version        Print version"#]]
        .assert_eq(&help());
        language::speak(Language::Korean);
        expect![[r#"
            없음

            사용법: stop [OPTIONS]

            옵션:
                  --dry-run        무엇을 할지 보여 주기만 하고 아무것도 바꾸지 않습니다
                  --config <FILE>  설정 파일. 없으면 `HOOKS_CONFIG`, 그것도 없으면 훅 옆의 hooks.toml
              -h, --help           도움말을 보여 줍니다
              -V, --version        버전을 보여 줍니다"#]]
        .assert_eq(&help());
    }
}
