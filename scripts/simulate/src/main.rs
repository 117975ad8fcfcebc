//! `simulate`: whole deploys on one machine, without AWS. Three places of the story differ: what is deployed (`releases`), in
//! which order (`story`), or one's own bundle (`bundle_replay`). All of them record `Step`s, which `verdict` judges.

mod app_spec_rewrite;
mod arguments;
mod bundle_replay;
mod console;
mod deploys;
mod json;
mod load;
mod page;
mod releases;
mod replay_settings;
mod step;
mod story;
mod table;
mod timeline;
mod verdict;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use workstation::{files, interruption};

use crate::arguments::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    interruption::run(|| tell(&arguments))
}

/// Tells the whole story; what it says on standard output is only the result.
fn tell(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let report = match &arguments.bundle {
        Some(bundle) => bundle_replay::tell(arguments, bundle)?,
        None => story::tell(arguments)?,
    };
    interruption::check()?;
    let passed = report.passed();
    let text = if arguments.json { json::render(&report) } else { table::render(&report) };
    if let Some(file) = &arguments.html {
        files::write(file, page::render(&report).as_bytes())?;
    }
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
