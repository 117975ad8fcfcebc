//! `bench`: three ways to deploy, compared under load. `run` has the order of things; one file each measures (`turn`,
//! `watched_run`, `cutovers`, `kills`, `proxy_cpu`); `results` is what came of it, which `document` and `picture` show.

mod arguments;
mod console;
mod cutovers;
mod document;
mod effort;
mod file_watch;
mod host;
mod interruption;
mod invocation;
mod kills;
mod load;
mod machine;
mod number;
mod picture;
mod proxy_cpu;
mod rates;
mod results;
mod run;
mod statistics;
mod tally;
mod timed_run;
mod timeline;
mod turn;
mod watched_run;
mod way;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;

use crate::arguments::Arguments;
use crate::console::{Console, say};
use crate::results::Results;
use crate::way::Way;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match interruption::catch().and_then(|()| measure(&arguments)) {
        Ok(exit_code) => exit_code,
        // Whatever broke because of the signal is no error of its own.
        Err(_) if interruption::came() => {
            say("interrupted; nothing of it runs any more");
            ExitCode::from(interruption::EXIT_CODE)
        }
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::from(2)
        }
    }
}

fn measure(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let console = Console::new();
    let (results, breaches) = run::measure(arguments, &console)?;
    let document = document::write(&results);
    std::io::stdout().lock().write_all(document.as_bytes())?;
    if !arguments.quick {
        write(arguments, &results, &document)?;
        console.line(&format!("written into `{}`", arguments.output.display()));
    }
    for breach in &breaches {
        console.line(&format!("MUST NOT HAPPEN: {breach}"));
    }
    Ok(if breaches.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The document, the figures for programs, and the picture.
fn write(arguments: &Arguments, results: &Results, document: &str) -> anyhow::Result<()> {
    let json = serde_json::to_string_pretty(results).context("the figures cannot be written as JSON")? + "\n";
    // What was, and what is best; whatever there is, if it was only one of them.
    let of = |way: Way| results.steps.get(&way).map(|steps| (way, steps.clone()));
    let panels: Vec<_> =
        [of(Way::Scripts).or_else(|| of(Way::Reload)), of(Way::Instant)].into_iter().flatten().collect();
    let picture = picture::draw(&panels);
    for (name, text) in [("benchmarks.md", document), ("benchmarks.json", &json), ("cutover.svg", &picture)] {
        let path = arguments.output.join(name);
        std::fs::write(&path, text).with_context(|| format!("`{}` could not be written", path.display()))?;
    }
    Ok(())
}
