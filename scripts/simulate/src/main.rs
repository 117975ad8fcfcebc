//! `simulate`: whole deploys on one machine, without AWS. Three places of the story differ: what is deployed (`releases`), in
//! which order (`story`), or one's own bundle (`bundle_replay`). All of them record `Step`s, which `verdict` judges.

mod app_spec_rewrite;
mod arguments;
mod bundle_replay;
mod console;
mod deploys;
mod interruption;
mod json;
mod load;
mod releases;
mod replay_settings;
mod step;
mod story;
mod table;
mod verdict;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;
use crate::interruption::Interruption;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let told = interruption::guard(|interruption| tell(&arguments, interruption));
    match told {
        Ok(exit_code) => exit_code,
        Err(error) => {
            console::say(&format!("error: {error:#}"));
            ExitCode::from(2)
        }
    }
}

/// Tells the whole story; what it says on standard output is only the result.
fn tell(arguments: &Arguments, interruption: &Interruption) -> anyhow::Result<ExitCode> {
    let told = match &arguments.bundle {
        Some(bundle) => bundle_replay::tell(arguments, bundle, interruption),
        None => story::tell(arguments, interruption),
    };
    // Whatever broke because of the signal is no error of its own.
    if let Some(exit_code) = interruption.exit_code() {
        console::say("interrupted; nothing of it runs any more");
        return Ok(ExitCode::from(exit_code));
    }
    let report = told?;
    let passed = report.passed();
    let text = if arguments.json { json::render(&report) } else { table::render(&report) };
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
