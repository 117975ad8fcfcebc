//! What users feel of a deploy (`bench.sh --feel`): a real application under an open load of its pages, deployed in turns in several
//! ways, and how long its answers took before, while the new release booted, and after the cutover.

mod document;
mod lines;
mod loads;
mod shop;
mod treatment;
mod windows;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use sandbox::Binaries;
use workstation::console::Console;
use workstation::{files, programs};

use crate::arguments::Arguments;
use crate::feel::document::{Feel, Figures};
use crate::feel::loads::Loads;
pub(crate) use crate::feel::shop::{Shop, cpu_of_the_youngest_at};
pub(crate) use crate::feel::treatment::Treatment;
use crate::feel::windows::Sample;
use crate::machine::Machine;
use crate::publication::Publication;

/// For how long the load runs before a deploy begins.
const STEADY: Duration = Duration::from_secs(5);
/// For how long it runs after the cutover.
const AFTER: Duration = Duration::from_secs(30);
/// For how long a rate is tried, to see what the host can do.
const TRY: Duration = Duration::from_secs(5);
/// The shares of what the host can do at which deploys are made, in percent: the hardest first, since it is the one to be known soonest.
const SHARES: [u32; 3] = [80, 50, 20];
/// Where the search for what the host can do begins, and where it ends, in requests a second.
const RATES: std::ops::RangeInclusive<u32> = 10..=2000;
/// An answer that takes longer was not served well.
const SERVED_WELL: Duration = Duration::from_millis(250);

/// Measures, writes feel.md, feel.json and feel.svg, and shows the first.
///
/// # Errors
/// Something could not be measured.
pub(crate) fn measure(arguments: &Arguments, console: &Console) -> anyhow::Result<ExitCode> {
    let jars = arguments.jars.as_deref().context("`--feel` needs `--jars`: use scripts/bench.sh, which builds them")?;
    let binaries = Binaries::at(arguments.hooks.clone().map_or_else(programs::own_directory, Ok)?)?;
    let baseline = arguments.baseline.canonicalize();
    let baseline = baseline.with_context(|| format!("`{}` could not be found", arguments.baseline.display()))?;
    let java = arguments.java.first().context("`--java` names no JVM")?;
    let open = |treatment| Shop::open(treatment, &binaries, &baseline, jars, java);
    let machine = Machine::this()?;
    let mut feel = if arguments.add {
        kept(&arguments.output.join("feel.json"), &machine)?
    } else {
        // With a warm-up: a release that has served for a day is compiled.
        Feel { machine, capacity: capacity(open(Treatment::WarmUp)?, console)?, figures: Vec::new() }
    };
    let capacity = feel.capacity;
    console.line(&format!("this host serves {capacity} requests a second well"));
    let rates: Vec<u32> = match &arguments.rates {
        Some(rates) => rates.clone(),
        None => SHARES.iter().map(|share| (capacity * share / 100).max(1)).collect(),
    };
    let mut failed = 0;
    for rate in &rates {
        for treatment in &arguments.treatments {
            let mut shop = open(*treatment)?;
            // The live release has served for a while before the first deploy, as before each of the others.
            let loads = Loads::start(&shop, *rate)?;
            loads.run_for(&shop, AFTER)?;
            loads.finish()?;
            let mut samples = Vec::new();
            for number in 1..=arguments.deploys {
                let sample = deploy(&mut shop, *rate)?;
                console.line(&format!(
                    "{rate}/s, {}: deploy {number} of {}: {sample}",
                    treatment.name(),
                    arguments.deploys
                ));
                samples.push(sample);
            }
            shop.close()?;
            if treatment.has_hooks() {
                failed += samples.iter().map(Sample::failed).sum::<usize>();
            }
            feel.add(Figures::of(*rate, *treatment, &samples));
        }
        // After each rate: the whole takes hours.
        let highest = feel.figures.last().map_or(0, |figures| figures.rate);
        let publication = Publication::new("feel", document::write(&feel)).figures(&feel)?;
        publication.picture("feel.svg", lines::draw(highest, &feel.figures)).publish(arguments, console)?;
    }
    if failed > 0 {
        console.line(&format!("MUST NOT HAPPEN: {failed} requests failed"));
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What was measured before, on this very machine.
fn kept(file: &Path, machine: &Machine) -> anyhow::Result<Feel> {
    let text = files::read_text(file, "what was measured before")?;
    let kept: Feel =
        serde_json::from_str(&text).with_context(|| format!("`{}` is no result of `--feel`", file.display()))?;
    if kept.machine != *machine {
        anyhow::bail!("`{}` was measured on another machine; measure all of it anew, without `--add`", file.display());
    }
    Ok(kept)
}

/// How many requests a second a warm release serves well: the rate is doubled until it does not, then halved in between.
fn capacity(shop: Shop, console: &Console) -> anyhow::Result<u32> {
    let serves = |rate: u32| -> anyhow::Result<bool> {
        let loads = Loads::start(&shop, rate)?;
        loads.run_for(&shop, TRY)?;
        let serves = windows::are_served(&loads.finish()?, SERVED_WELL);
        console.line(&format!("{rate} requests a second: {}", if serves { "served well" } else { "too many" }));
        Ok(serves)
    };
    let (mut good, mut bad) = (*RATES.start(), *RATES.end());
    while good < bad && serves(good * 2)? {
        good *= 2;
    }
    serves(*RATES.start())?;
    bad = bad.min(good * 2);
    while bad - good > good / 8 + 1 {
        let middle = good.midpoint(bad);
        if serves(middle)? {
            good = middle;
        } else {
            bad = middle;
        }
        // What is still under way of a rate that was too much is no burden of the next.
        serves(*RATES.start())?;
    }
    shop.close()?;
    Ok(good)
}

/// One deploy under load, from before it to long after.
fn deploy(shop: &mut Shop, rate: u32) -> anyhow::Result<Sample> {
    let loads = Loads::start(shop, rate)?;
    loads.run_for(shop, STEADY)?;
    let deployed = shop.deploy()?;
    loads.run_for(shop, AFTER)?;
    let requests = loads.finish()?;
    Sample::of(&requests, &deployed).with_context(|| format!("`{}` was never seen at the door", deployed.release))
}
