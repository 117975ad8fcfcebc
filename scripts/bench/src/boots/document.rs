//! docs/boots.md: the figures as a table for each JVM, the ratios first; pure.

use serde::Serialize;
use shared::report::table::{self, Side};

use super::{Case, WAYS};
use crate::feel::Treatment;
use crate::machine::Machine;
use crate::number::{NONE, median_p95, times};
use crate::statistics::Summary;

/// All of a run.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Boots {
    pub(super) machine: Machine,
    /// The versions of the JVMs.
    pub(super) jvms: Vec<String>,
    /// Deploys of each way with each of them.
    pub(super) deploys: u32,
    pub(super) figures: Vec<Figures>,
}

/// One way with one JVM, in seconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Figures {
    #[serde(flatten)]
    pub(super) case: Case,
    pub(super) boot: Summary,
    pub(super) cpu: Summary,
    pub(super) whole: Summary,
}

/// The whole document.
pub(super) fn write(boots: &Boots) -> String {
    let Boots { machine, jvms, deploys, .. } = boots;
    let mut parts = vec![format!(
        "<!-- Written by scripts/bench.sh --boots from one run; do not edit. -->\n# How long a release boots\n\n\
         A Spring Boot application as large as what people deploy ([tests/spring-app](../tests/spring-app), `-Pshop`: Hibernate, pages, \
         JSON, 83 libraries; `-Xmx400m`), {deploys} deploys of each way in turns, between two releases with the same libraries, on a host \
         that does nothing else: {} with {} cores, Linux {}, nginx {}. How an archive of classes comes to be: [boot.md](boot.md).\n",
        machine.cpu, machine.cores, machine.kernel, machine.nginx,
    )];
    for (jvm, version) in jvms.iter().enumerate() {
        parts.push(format!("## JVM {version}\n\n{}", rows(boots, jvm)));
    }
    parts.push(
        "Seconds, medians (in brackets the 95th percentile); how many times less is against the hooks without an archive, which start \
         `java -jar` as the scripts do. *Boot* is from the beginning of `start` to the first answer of the new release in its slot, *CPU* \
         what its process had taken of the processors by then, *whole deploy* from the beginning of `stop` to the end of `switch` (which \
         does not watch here).\n\n```sh\n./scripts/bench.sh --boots --java java,/usr/lib/jvm/temurin-25-jdk-amd64/bin/java\n```\n"
            .to_owned(),
    );
    parts.join("\n")
}

fn rows(boots: &Boots, jvm: usize) -> String {
    let of = |treatment: Treatment| boots.figures.iter().find(|figures| figures.case == Case { jvm, treatment });
    let base = of(Treatment::Plain);
    let row = |treatment: Treatment| {
        let figures = of(treatment);
        let mut row = vec![treatment.name().to_owned()];
        for which in [|one: &Figures| one.boot, |one: &Figures| one.cpu, |one: &Figures| one.whole] {
            let (value, base) = (figures.map(which), base.map(which));
            let less = value.zip(base).filter(|_| treatment == Treatment::Archive);
            row.push(less.map_or_else(|| NONE.to_owned(), |(value, base)| times(base.median, value.median)));
            row.push(value.map_or_else(|| NONE.to_owned(), |value| median_p95(&value)));
        }
        row
    };
    let rows: Vec<Vec<String>> = WAYS.into_iter().map(row).collect();
    let head = ["", "less", "boot", "less", "CPU", "less", "whole deploy"];
    let sides: Vec<Side> = std::iter::once(Side::Left).chain(std::iter::repeat_n(Side::Right, 6)).collect();
    table::markdown(&head, &rows, &sides)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_many_times_less_is_told_of_the_archive_alone() {
        let summary = |median| Summary { n: 1, median, p95: median, max: median };
        let figures = |treatment, boot| Figures {
            case: Case { jvm: 0, treatment },
            boot: summary(boot),
            cpu: summary(2.0 * boot),
            whole: summary(boot + 1.0),
        };
        let boots = Boots {
            machine: Machine { cpu: "c".into(), cores: 2, kernel: "k".into(), nginx: "n".into() },
            jvms: vec!["17.0.1".into()],
            deploys: 1,
            figures: vec![figures(Treatment::Plain, 9.0), figures(Treatment::Archive, 4.0)],
        };
        let text = write(&boots);
        let cells = |name: &str| -> Vec<String> {
            let line = text.lines().find(|line| line.contains(name)).unwrap();
            line.split('|').map(|cell| cell.trim().to_owned()).filter(|cell| !cell.is_empty()).collect()
        };
        assert_eq!(cells("the scripts"), ["the scripts", "–", "–", "–", "–", "–", "–"]);
        let archive = cells("a class archive");
        assert_eq!(archive, ["the hooks, a class archive", "2.25x", "4 (4)", "2.25x", "8 (8)", "2x", "5 (5)"]);
    }
}
