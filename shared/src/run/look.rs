//! The skeleton of a program that only looks: it takes no lock, makes nothing, and prints what it found.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;

use super::{Scene, command_line, failed, panic, serving};
use crate::error::{Error, ExitCodeRow, Kind, Result};
use crate::host::{CodeDeploy, Host, Machine};
use crate::language::{self, Language, Text, translated};
use crate::ledger::{Ledger, store};
use crate::lifecycle::Lifecycle;
use crate::report::Report;
use crate::route::adoption;

/// A program that looks at the host, or beyond it, and tells what it sees.
#[expect(async_fn_in_trait, reason = "a hook has one thread, so none of these futures has to be `Send`")]
pub trait Look {
    /// Its name.
    const NAME: &'static str;
    /// What it is for, in one sentence.
    const ABOUT: Text;
    /// The arguments that it has besides those of every look.
    type Arguments: clap::Args;

    /// Looks; where the ledger could not be read, `scene` has an empty one, and `unread` says why.
    ///
    /// # Errors
    /// Why it cannot be told.
    async fn look(
        arguments: &Self::Arguments,
        scene: &mut Scene<'_, impl Host>,
        unread: Option<Unread>,
    ) -> Result<Sight>;
}

/// What is printed, whole, and the exit code that says the same in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// The text.
    pub text: String,
    /// The exit code.
    pub exit_code: u8,
}

impl Sight {
    /// A sight of something that is neither well nor ill.
    #[must_use]
    pub fn of(text: String) -> Sight {
        Sight { text, exit_code: ExitCodeRow::DONE.code }
    }
}

/// Why the ledger tells nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It is damaged, as a sentence; the next hook begins it anew.
    Damaged(String),
    /// It cannot be read, or is not this application's.
    Refused(Error),
}

/// The arguments of every look, with its own.
#[derive(Clone, Debug, Parser)]
struct LookLine<A: clap::Args> {
    /// The settings; else `HOOKS_CONFIG`, else hooks.toml beside the hooks
    #[arg(long, value_name = "FILE", help = translated!("The settings; else `HOOKS_CONFIG`, else hooks.toml beside the hooks"))]
    config: Option<PathBuf>,
    /// The look's own arguments.
    #[command(flatten)]
    own: A,
}

/// What `main` of such a program calls.
#[must_use]
pub fn look<L: Look, C: CodeDeploy + Default>() -> ExitCode {
    language::speak(Language::of_environment());
    let arguments = match command_line::parse::<LookLine<L::Arguments>>(L::NAME, L::ABOUT) {
        Ok(arguments) => arguments,
        Err(exit_code) => return exit_code,
    };
    panic::becomes_an_exit_code(L::NAME);
    let report = Report::new(L::NAME);
    let seen = on_this_machine::<L, C>(&arguments, &report).unwrap_or_else(|cause| {
        Err((Error::new(Kind::Bug, translated!("the program could not begin: {cause:#}")), super::unknown()))
    });
    match seen {
        Ok(sight) => {
            if !sight.text.is_empty() {
                report.deliver(&sight.text);
            }
            ExitCode::from(sight.exit_code)
        }
        Err((error, serving)) => failed(&report, &error, &serving),
    }
}

/// What was seen; or why it cannot be told, and who serves.
type Looked = std::result::Result<Sight, (Error, String)>;

fn on_this_machine<L: Look, C: CodeDeploy + Default>(
    arguments: &LookLine<L::Arguments>,
    report: &Report,
) -> anyhow::Result<Looked> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("the runtime could not be made")?;
    runtime.block_on(async {
        let machine = Machine::new(C::default()).context("signals cannot be listened for")?;
        Ok(see::<L>(&machine, arguments, report).await)
    })
}

async fn see<L: Look>(host: &impl Host, arguments: &LookLine<L::Arguments>, report: &Report) -> Looked {
    let settings = super::settings(host, arguments.config.as_deref(), &command_line::program())
        .map_err(|error| (error, super::unknown()))?;
    let settings = adoption::adopt(host, &settings);
    // Who serves is seen, not remembered: without a ledger as well.
    let (mut ledger, unread) = match store::load(host, &settings) {
        Ok((ledger, damage)) => (ledger, damage.map(Unread::Damaged)),
        Err(error) => (Ledger::default(), Some(Unread::Refused(error))),
    };
    let lifecycle = Lifecycle::from_environment();
    let mut scene = Scene { host, settings: &settings, lifecycle: &lifecycle, ledger: &mut ledger, report };
    match L::look(&arguments.own, &mut scene, unread).await {
        Ok(sight) => Ok(sight),
        Err(error) => Err((error, serving::seen(host, &settings, &ledger).await)),
    }
}
