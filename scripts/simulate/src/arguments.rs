//! The arguments of the program. `scripts/simulate.sh` passes its own on as they are.

use std::path::PathBuf;

use agent::Generation;
use clap::Parser;

/// What `--help` shows at its end.
const AFTER: &str = "\
Exit codes:
    0  every step ended as it should, and no request was lost
    1  one of them did not; the last lines say which
    2  the simulation itself could not be carried out
  130  interrupted (143 by SIGTERM, 129 by SIGHUP)";

/// Deploys on this machine as CodeDeploy would: a private nginx, the agent's way of running the hooks, real releases, and
/// clients that count every failed request. Needs no AWS and touches neither the system's nginx nor its ports.
#[derive(Clone, Debug, Parser)]
#[command(name = "simulate", bin_name = "simulate.sh", version, after_help = AFTER)]
pub(crate) struct Arguments {
    /// Deploy real Spring Boot jars with the `java` in PATH, instead of the demo service that boots in 0.2 s
    #[arg(long, conflicts_with = "bundle")]
    pub(crate) spring: bool,
    /// Replay your own bundle: deploy it, deploy it again under load, and go back. Its own hooks are run, whatever they are
    #[arg(long, value_name = "DIR|ZIP")]
    pub(crate) bundle: Option<PathBuf>,
    /// How traffic is moved: "instant", as the shipped hooks.toml has it, or "reload", as the scripts did
    #[arg(long, value_name = "WAY", default_value = "instant", value_parser = ["instant", "reload"], conflicts_with = "bundle")]
    pub(crate) cutover: String,
    /// Which of AWS's agents to play: 1 is the one in Ruby (up to 1.8), 2 the one in Rust
    #[arg(long, value_name = "1|2", default_value = "1", value_parser = generation)]
    pub(crate) agent: Generation,
    /// Keep the directory with the logs, the bundles and the ledger, and say where it is
    #[arg(long)]
    pub(crate) keep: bool,
    /// Print the result as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Write the result as a page for a browser as well
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// The directory with the built hooks and the demo service; else the one that this program is in
    #[arg(long, value_name = "DIR", hide = true)]
    pub(crate) hooks: Option<PathBuf>,
    /// The directory with spring-app-v1.jar, spring-app-v2.jar and spring-app-v5.jar
    #[arg(long, value_name = "DIR", hide = true)]
    pub(crate) jars: Option<PathBuf>,
}

fn generation(text: &str) -> Result<Generation, String> {
    match text {
        "1" => Ok(Generation::One),
        "2" => Ok(Generation::Two),
        _ => Err("needed 1 or 2".to_owned()),
    }
}

/// The number by which people call an agent.
pub(crate) fn number_of(generation: Generation) -> u8 {
    match generation {
        Generation::One => 1,
        Generation::Two => 2,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_consistent_and_the_older_agent_is_the_default() {
        Arguments::command().debug_assert();
        let arguments = Arguments::try_parse_from(["simulate"]).unwrap();
        assert_eq!((arguments.agent, arguments.spring, arguments.keep), (Generation::One, false, false));
        assert_eq!(arguments.cutover, "instant");
        let arguments = Arguments::try_parse_from(["simulate", "--agent", "2"]).unwrap();
        assert_eq!(number_of(arguments.agent), 2);
    }

    #[test]
    fn what_cannot_be_simulated_is_refused() {
        for line in [
            ["--agent", "3"],
            ["--spring", "--bundle=x.zip"],
            ["--cutover=reload", "--bundle=x.zip"],
            ["--cutover", "dns"],
            ["--colour", "red"],
        ] {
            assert!(Arguments::try_parse_from(["simulate"].into_iter().chain(line)).is_err(), "{line:?}");
        }
    }
}
