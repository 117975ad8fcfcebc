//! The agent as a service of a booted host: deploys the bundles that it is asked for at its socket, one after the other, in the
//! control group of its unit. `codedeploy-agent deploy PATH` asks it.

use std::fs;
use std::io::{BufRead, BufReader, Write, stdout};
use std::os::unix::net::{UnixListener, UnixStream};

use agent::{Agent, Bundle, Environment, Generation};
use anyhow::{Context, bail};
use booted_host::{Answer, SOCKET, ask_for_a_deployment};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["start"] => serve(),
        ["deploy", path] => {
            writeln!(stdout(), "{}", ask_for_a_deployment(path)?).context("the answer could not be written")
        }
        _ => bail!("the arguments are {arguments:?}; needed `start`, or `deploy` and a bundle's path"),
    }
}

fn serve() -> anyhow::Result<()> {
    let agent = Agent::new("/opt/codedeploy-agent", Generation::One)?
        // There is no CodeDeploy to be asked.
        .environment(Environment::bash_noise().with("HOOKS_REPORT_API", "off"));
    let listener = UnixListener::bind(SOCKET).with_context(|| format!("`{SOCKET}` could not be bound"))?;
    for asking in listener.incoming() {
        answer(&agent, &asking.context("a question could not be taken")?)?;
    }
    Ok(())
}

fn answer(agent: &Agent, mut asking: &UnixStream) -> anyhow::Result<()> {
    let mut line = String::new();
    BufReader::new(asking).read_line(&mut line).context("a question could not be read")?;
    let report = agent.deploy(&Bundle::open(line.trim_end())?);
    let told = report.failure().map(|event| event.diagnostics.to_json().to_string()).unwrap_or_default();
    // A deployment that failed before its first script has none.
    let log = fs::read_to_string(report.folder.scripts_log()).unwrap_or_default();
    let answer = Answer { succeeded: report.succeeded, told, log };
    writeln!(asking, "{}", serde_json::to_string(&answer)?).context("an answer could not be written")
}
