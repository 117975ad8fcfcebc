//! What users feel of a deploy (`bench.sh --feel`): a real application under an open load of its pages, deployed in turns in several
//! ways, and how long its answers took before, while the new release booted, and after the cutover.

mod document;
mod lines;
mod loads;
mod shop;
mod treatment;
mod windows;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use sandbox::Binaries;
use workstation::console::Console;
use workstation::programs;

use crate::arguments::Arguments;
use crate::feel::document::{Feel, Figures};
use crate::feel::loads::Loads;
pub(crate) use crate::feel::shop::{Shop, cpu_of_the_youngest_at};
pub(crate) use crate::feel::treatment::Treatment;
use crate::feel::windows::Sample;
use crate::machine::Machine;
use crate::publication::Publication;

/// For how long the load runs before a deploy begins.
const STEADY: Duration = Duration::from_secs(10);
/// For how long it runs after the cutover.
const AFTER: Duration = Duration::from_secs(30);
/// For how long a rate is tried, to see what the host can do.
const TRY: Duration = Duration::from_secs(5);
/// The shares of what the host can do at which deploys are made, in percent.
const SHARES: [u32; 3] = [20, 50, 80];
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
    let machine = Machine::this()?;
    let java = arguments.java.first().context("`--java` names no JVM")?;
    let open = |treatment| Shop::open(treatment, &binaries, &baseline, jars, java);
    let capacity = capacity(open(Treatment::Plain)?, console)?;
    console.line(&format!("this host serves {capacity} requests a second well"));
    let rates: Vec<u32> = match &arguments.rates {
        Some(rates) => rates.clone(),
        None => SHARES.iter().map(|share| (capacity * share / 100).max(1)).collect(),
    };
    let mut samples: BTreeMap<(u32, Treatment), Vec<Sample>> = BTreeMap::new();
    for rate in &rates {
        for treatment in &arguments.treatments {
            let mut shop = open(*treatment)?;
            // The live release has served for a while before the first deploy, as before each of the others.
            let loads = Loads::start(&shop, *rate)?;
            loads.run_for(&shop, AFTER)?;
            loads.finish()?;
            for number in 1..=arguments.deploys {
                let sample = deploy(&mut shop, *rate)?;
                console.line(&format!(
                    "{rate}/s, {}: deploy {number} of {}: {sample}",
                    treatment.name(),
                    arguments.deploys
                ));
                samples.entry((*rate, *treatment)).or_default().push(sample);
            }
            shop.close()?;
        }
    }
    let figures = samples.iter().map(|((rate, treatment), samples)| Figures::of(*rate, *treatment, samples)).collect();
    let feel = Feel { machine, capacity, deploys: arguments.deploys, figures };
    let picture = lines::draw(rates.last().copied().unwrap_or_default(), &samples);
    let publication = Publication::new("feel", document::write(&feel)).figures(&feel)?.picture("feel.svg", picture);
    publication.publish(arguments, console)?;
    let failed: usize = samples
        .iter()
        .filter(|((_, treatment), _)| treatment.has_hooks())
        .flat_map(|(_, samples)| samples)
        .map(Sample::failed)
        .sum();
    if failed > 0 {
        console.line(&format!("MUST NOT HAPPEN: {failed} requests failed"));
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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
    // Compiled by now, as a release is that has served for a while.
    for _ in 0..4 {
        serves(40)?;
    }
    let (mut good, mut bad) = (*RATES.start(), *RATES.end());
    while good < bad && serves(good * 2)? {
        good *= 2;
    }
    bad = bad.min(good * 2);
    while bad - good > good / 8 + 1 {
        let middle = good.midpoint(bad);
        if serves(middle)? { good = middle } else { bad = middle }
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
