//! How long a real application boots (`bench.sh --boots`): deploys by the scripts, by the hooks, and by the hooks from an archive of its
//! libraries' classes, in turns, on a host that does nothing else.

mod document;
mod first_answer;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use sandbox::Binaries;
use serde::Serialize;
use workstation::console::Console;
use workstation::programs;

use self::document::{Boots, Figures};
use self::first_answer::FirstAnswer;
use crate::arguments::Arguments;
use crate::feel::{Shop, Treatment};
use crate::machine::Machine;
use crate::publication::Publication;
use crate::statistics::Summary;
use crate::timed_run;

/// The ways that are compared.
const WAYS: [Treatment; 3] = [Treatment::Scripts, Treatment::Plain, Treatment::Archive];

/// What one deploy took.
#[derive(Clone, Copy, Debug)]
struct Sample {
    /// From the beginning of `start` to the first answer of the new release.
    boot: Duration,
    /// What its process had taken of the processors by then.
    cpu: Duration,
    /// From the first hook to the end of the last one.
    whole: Duration,
}

/// A way with one JVM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Case {
    /// Which of the JVMs, by its place on the command line.
    jvm: usize,
    treatment: Treatment,
}

/// Measures, writes boots.md and boots.json, and shows the first.
///
/// # Errors
/// Something could not be measured.
pub(crate) fn measure(arguments: &Arguments, console: &Console) -> anyhow::Result<ExitCode> {
    let jars =
        arguments.jars.as_deref().context("`--boots` needs `--jars`: use scripts/bench.sh, which builds them")?;
    let binaries = Binaries::at(arguments.hooks.clone().map_or_else(programs::own_directory, Ok)?)?;
    let baseline = arguments.baseline.canonicalize();
    let baseline = baseline.with_context(|| format!("`{}` could not be found", arguments.baseline.display()))?;
    let machine = Machine::this()?;
    let mut jvms = Vec::new();
    let mut samples: BTreeMap<Case, Vec<Sample>> = BTreeMap::new();
    for (jvm, java) in arguments.java.iter().enumerate() {
        jvms.push(version(java)?);
        let open = |treatment| Ok((treatment, Shop::open(treatment, &binaries, &baseline, jars, java)?));
        let mut shops = WAYS.map(open).into_iter().collect::<anyhow::Result<Vec<_>>>()?;
        for number in 1..=arguments.deploys {
            for (treatment, shop) in &mut shops {
                let sample = deploy(shop)?;
                console.line(&format!(
                    "{}: deploy {number} of {}: boot {:.2} s, of the processors {:.2} s, the whole deploy {:.2} s",
                    treatment.name(),
                    arguments.deploys,
                    sample.boot.as_secs_f64(),
                    sample.cpu.as_secs_f64(),
                    sample.whole.as_secs_f64()
                ));
                samples.entry(Case { jvm, treatment: *treatment }).or_default().push(sample);
            }
        }
        for (_, shop) in shops {
            shop.close()?;
        }
    }
    let figures = samples.iter().filter_map(|(case, samples)| figures(*case, samples)).collect();
    let boots = Boots { machine, jvms, deploys: arguments.deploys, figures };
    Publication::new("boots", document::write(&boots)).figures(&boots)?.publish(arguments, console)?;
    Ok(ExitCode::SUCCESS)
}

fn deploy(shop: &mut Shop) -> anyhow::Result<Sample> {
    let staged = shop.stage()?;
    let began = Instant::now();
    let mut first_answer = None;
    for invocation in &staged.invocations {
        if invocation.hook == "start" {
            first_answer = Some(FirstAnswer::watch(shop.idle_port()?));
        }
        timed_run::run(invocation)?;
    }
    let whole = began.elapsed();
    let (boot, cpu) = first_answer.context("appspec.yml has no `start`")?.seen()?;
    shop.wait_for(&staged.release)?;
    Ok(Sample { boot, cpu, whole })
}

fn figures(case: Case, samples: &[Sample]) -> Option<Figures> {
    let summary =
        |of: fn(&Sample) -> Duration| Summary::of(&samples.iter().map(|one| of(one).as_secs_f64()).collect::<Vec<_>>());
    Some(Figures {
        case,
        boot: summary(|sample| sample.boot)?,
        cpu: summary(|sample| sample.cpu)?,
        whole: summary(|sample| sample.whole)?,
    })
}

/// What a JVM says that it is.
fn version(java: &Path) -> anyhow::Result<String> {
    let output = programs::command(java).arg("-version").output();
    let output = output.with_context(|| format!("`{} -version` could not be run", java.display()))?;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let mut names = told.lines().filter_map(|line| line.split('"').nth(1));
    names.next().map(str::to_owned).with_context(|| format!("`{} -version` says `{told}`", java.display()))
}
