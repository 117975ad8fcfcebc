//! docs/processes.md: the figures as tables, the ratios first; pure.

use std::collections::BTreeMap;

use shared::lifecycle::HOOKS;
use shared::report::table::{self, Side};

use super::{SIZES, STATUS};
use crate::host::BACK;
use crate::machine::Machine;
use crate::number::{NONE, median_p95, number, whole};
use crate::statistics::Summary;

/// All of a run.
#[derive(Clone, Debug)]
pub(crate) struct Crowd {
    pub(crate) machine: Machine,
    /// Requests a second meanwhile.
    pub(crate) rate: u32,
    /// Deploys beside each number of processes.
    pub(crate) deploys: u32,
    /// By hook and number of processes: milliseconds on the clock, and on the processors.
    pub(crate) hooks: BTreeMap<(&'static str, u32), (Summary, Summary)>,
    /// By number of processes, in milliseconds.
    pub(crate) command_to_first_new: BTreeMap<u32, Summary>,
    pub(crate) failed: u64,
}

/// The whole document.
pub(crate) fn write(crowd: &Crowd) -> String {
    let Crowd { machine, rate, deploys, failed, .. } = crowd;
    let [few, many] = SIZES.map(|size| whole(size.into()));
    format!(
        "<!-- Written by scripts/bench.sh --processes from one run; do not edit. -->\n# Hooks on a host with many processes\n\n\
         {deploys} deploys with `proxy.cutover = \"instant\"` beside {few} idle processes and as many beside {many}, in turns, while {rate} \
         requests a second come on fresh connections, of which {failed} failed. {} with {} cores, Linux {}, nginx {}.\n\n{}\n\
         Milliseconds, medians (in brackets the 95th percentile). *CPU* is user and system time of the hook itself. *The first new answer* \
         is the first of the new release at the client, counted from when `switch` was started.\n\n\
         ```sh\n./scripts/bench.sh --processes\n```\n",
        machine.cpu,
        machine.cores,
        machine.kernel,
        machine.nginx,
        rows(crowd)
    )
}

fn rows(crowd: &Crowd) -> String {
    let row = |name: String, [few, many]: [Option<&Summary>; 2]| {
        let told = |summary: Option<&Summary>| summary.map_or_else(|| NONE.to_owned(), median_p95);
        let ratio = few.zip(many).filter(|(few, _)| few.median > 0.0);
        let ratio =
            ratio.map_or_else(|| NONE.to_owned(), |(few, many)| format!("{}x", number(many.median / few.median)));
        vec![name, ratio, told(few), told(many)]
    };
    let of =
        |hook, which: fn(&(Summary, Summary)) -> &Summary| SIZES.map(|size| crowd.hooks.get(&(hook, size)).map(which));
    let mut rows = vec![row(
        "`switch` to the first new answer".to_owned(),
        SIZES.map(|size| crowd.command_to_first_new.get(&size)),
    )];
    for hook in HOOKS.into_iter().chain([BACK, STATUS]) {
        rows.push(row(format!("`{hook}`, CPU"), of(hook, |(_, cpu)| cpu)));
        rows.push(row(format!("`{hook}`, time"), of(hook, |(wall, _)| wall)));
    }
    let [few, many] = SIZES.map(|size| format!("{} processes", whole(size.into())));
    table::markdown(&["", "ratio", &few, &many], &rows, &[Side::Left, Side::Right, Side::Right, Side::Right])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hook_stands_beside_itself_with_the_ratio_first_and_what_was_not_measured_has_none() {
        let summary = |median| Summary { n: 1, median, p95: median, max: median };
        let crowd = Crowd {
            machine: Machine { cpu: "a".into(), cores: 2, kernel: "6".into(), nginx: "1".into() },
            rate: 500,
            deploys: 1,
            hooks: [((STATUS, 100), (summary(5.0), summary(4.0))), ((STATUS, 2000), (summary(10.0), summary(6.0)))]
                .into(),
            command_to_first_new: [(100, summary(8.0)), (2000, summary(8.0))].into(),
            failed: 0,
        };
        let text = write(&crowd);
        let cells = |name: &str| {
            let line = text.lines().find(|line| line.contains(name)).unwrap();
            line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>()[2..5].to_vec()
        };
        assert_eq!(cells("`switch` to the first new answer"), ["1x", "8 (8)", "8 (8)"]);
        assert_eq!(cells("`status`, CPU"), ["1.50x", "4 (4)", "6 (6)"]);
        assert_eq!(cells("`stop`, time"), [NONE, NONE, NONE]);
    }
}
