//! `bench`: three ways to deploy, compared under load. `run` has the order of things; one file each measures (`turn`,
//! `watched_run`, `cutovers`, `kills`, `proxy_cpu`); `results` is what came of it, which `document` and `picture` show and `publication` writes. `feel`,
//! `boots`, `crowd` and `reloads` are measurings of their own.

mod arguments;
mod boots;
mod crowd;
mod cutovers;
mod document;
mod effort;
mod feel;
mod file_watch;
mod host;
mod invocation;
mod kills;
mod load;
mod machine;
mod number;
mod picture;
mod proxy_cpu;
mod publication;
mod rates;
mod reloads;
mod results;
mod run;
mod statistics;
mod tally;
mod timed_run;
mod timeline;
mod turn;
mod watched_run;
mod way;

use std::process::ExitCode;

use clap::Parser;
use workstation::console::Console;
use workstation::interruption;

use crate::arguments::Arguments;
use crate::publication::Publication;
use crate::results::Results;
use crate::way::Way;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    interruption::run(|| measure(&arguments))
}

fn measure(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let console = Console::begin();
    if arguments.feel {
        return feel::measure(arguments, &console);
    }
    if arguments.boots {
        return boots::measure(arguments, &console);
    }
    if arguments.processes {
        return crowd::measure(arguments, &console);
    }
    if arguments.reloads.is_some() {
        return reloads::measure(arguments, &console);
    }
    let (results, breaches) = run::measure(arguments, &console)?;
    interruption::check()?;
    publication(&results)?.publish(arguments, &console)?;
    for breach in &breaches {
        console.line(&format!("MUST NOT HAPPEN: {breach}"));
    }
    Ok(if breaches.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The document, the figures for programs, and the picture.
fn publication(results: &Results) -> anyhow::Result<Publication> {
    // What was, and what is best; whatever there is, if it was only one of them.
    let of = |way: Way| results.steps.get(&way).map(|steps| (way, steps.clone()));
    let panels: Vec<_> =
        [of(Way::Scripts).or_else(|| of(Way::Reload)), of(Way::Instant)].into_iter().flatten().collect();
    let publication = Publication::new("benchmarks", document::write(results)).figures(results)?;
    Ok(publication.picture("cutover.svg", picture::draw(&panels)))
}
