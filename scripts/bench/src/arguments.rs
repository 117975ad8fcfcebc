//! The arguments of the program. `scripts/bench.sh` passes its own on as they are.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::feel::Treatment;
use crate::way::Way;

/// What `--help` shows at its end.
const AFTER: &str = "\
Exit codes:
    0  measured, and no request failed that must not
    1  a request failed that must not: with `instant` any, with `reload` on a fresh connection or of a client that retries
    2  it could not be measured
  130  interrupted (143 by SIGTERM, 129 by SIGHUP); nothing is written, but what --feel had done of whole rates";

/// Compares three ways to deploy, in turns and under the load of a client that forgives nothing: the shell scripts that the
/// hooks replace, the hooks with `reload`, and the hooks with `instant`.
#[derive(Clone, Debug, Parser)]
#[command(name = "bench", bin_name = "bench.sh", version, after_help = AFTER)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line, and not a state")]
pub(crate) struct Arguments {
    /// Deploys of each way that are measured (with and without a round trip in turns)
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) deploys: u32,
    /// For about how long many cutovers are made under load, for each way of the hooks, with and without a round trip
    #[arg(long, default_value_t = 30)]
    pub(crate) seconds: u64,
    /// The ways to measure
    #[arg(long, value_delimiter = ',', default_value = "scripts,reload,instant")]
    pub(crate) ways: Vec<Way>,
    /// The round trip between clients and nginx in the part that has one
    #[arg(long, default_value = "10ms", value_parser = humantime::parse_duration)]
    pub(crate) round_trip: Duration,
    /// Answers in a second, of all modes together; 1500 unless said, and 3500 for the cutovers of --long
    #[arg(long, value_parser = clap::value_parser!(u32).range(10..))]
    pub(crate) rate: Option<u32>,
    /// Small numbers and modest rates, to see in CI that nothing fails: nothing is written. Less than three minutes
    #[arg(long, conflicts_with_all = ["long", "deploys", "seconds", "rate"])]
    pub(crate) quick: bool,
    /// Instead of --seconds, until there were 300 cutovers and 300000 answers in every mode (of `reload`: in the modes that
    /// must not fail), with and without a round trip; and 100 SIGKILLs of the live application. Less than an hour
    #[arg(long, conflicts_with = "seconds")]
    pub(crate) long: bool,
    /// Instead of all that: what users feel of a deploy of a real application, at three rates and in several ways; writes feel.md,
    /// feel.json and feel.svg. With 3 deploys of each about an hour and a half
    #[arg(long, conflicts_with_all = ["quick", "long", "seconds", "rate", "ways"])]
    pub(crate) feel: bool,
    /// Instead of all that: what hooks take beside 100 and beside 2000 idle processes, and how soon after the command `switch` the
    /// new release answers; writes processes.md. About three minutes
    #[arg(long, conflicts_with_all = ["quick", "long", "seconds", "rate", "ways", "feel"])]
    pub(crate) processes: bool,
    /// Instead of all that: what so many reloads of nginx cost each kind of client, large pages, TLS and HTTP/2 among them, by a bare
    /// signal and by the hooks; writes reloads.md and reloads.json. With 100 a quarter of an hour
    #[arg(long, value_name = "TIMES", value_parser = clap::value_parser!(u32).range(1..))]
    #[arg(conflicts_with_all = ["quick", "long", "seconds", "rate", "ways", "deploys", "feel", "processes"])]
    pub(crate) reloads: Option<u32>,
    /// Instead of all that: how long a real application boots with and without an archive of its libraries' classes, beside the scripts;
    /// writes boots.md and boots.json. With 20 deploys of each about half an hour for each JVM
    #[arg(long)]
    #[arg(conflicts_with_all = ["quick", "long", "seconds", "rate", "ways", "feel", "processes", "reloads"])]
    pub(crate) boots: bool,
    /// For --boots and --feel: the JVM, a program; for --boots several
    #[arg(long, value_name = "PROGRAM", value_delimiter = ',', default_value = "java")]
    pub(crate) java: Vec<PathBuf>,
    /// For --feel: the ways to deploy
    #[arg(long, value_delimiter = ',', requires = "feel", default_value = "scripts,plain,warm-up")]
    pub(crate) treatments: Vec<Treatment>,
    /// For --feel: requests a second, instead of 20, 50 and 80 % of what the host can do
    #[arg(long, value_delimiter = ',', requires = "feel", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rates: Option<Vec<u32>>,
    /// For --feel: keep what feel.json has of other rates and ways, and the rates with it; the whole takes hours
    #[arg(long, requires = "feel")]
    pub(crate) add: bool,
    /// The directory with shop-v1.jar and shop-v2.jar
    #[arg(long, value_name = "DIR", hide = true)]
    pub(crate) jars: Option<PathBuf>,
    /// Write a page for a browser as well: the document with its figures and its picture
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Where benchmarks.md, benchmarks.json and cutover.svg are written
    #[arg(long, value_name = "DIR", default_value = "docs")]
    pub(crate) output: PathBuf,
    /// The directory with the built hooks and the demo service; else the one that this program is in
    #[arg(long, value_name = "DIR", hide = true)]
    pub(crate) hooks: Option<PathBuf>,
    /// The directory with the baseline's scripts
    #[arg(long, value_name = "DIR", hide = true, default_value = "scripts/bench/baseline")]
    pub(crate) baseline: PathBuf,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_consistent_and_all_ways_are_the_default() {
        Arguments::command().debug_assert();
        let arguments = Arguments::try_parse_from(["bench"]).unwrap();
        assert_eq!(arguments.ways, [Way::Scripts, Way::Reload, Way::Instant]);
        let arguments =
            Arguments::try_parse_from(["bench", "--ways", "instant,reload", "--round-trip", "40ms"]).unwrap();
        assert_eq!(arguments.ways, [Way::Instant, Way::Reload]);
        assert_eq!(arguments.round_trip, Duration::from_millis(40));
    }

    #[test]
    fn what_cannot_be_measured_is_refused() {
        for line in [
            &["--quick", "--long"][..],
            &["--processes", "--feel"],
            &["--reloads", "9", "--feel"],
            &["--boots", "--feel"],
            &["--ways", "rsync"],
            &["--deploys", "0"],
            &["--round-trip", "10"],
        ] {
            assert!(Arguments::try_parse_from(["bench"].iter().chain(line)).is_err(), "{line:?}");
        }
    }
}
