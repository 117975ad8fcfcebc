//! Puts a load on a URL and prints a table of what became of it, or judges a load that was recorded. Exits with 1 if a
//! request failed or an invariant was violated, with 2 if the load, its report or the verdict could not be had at all.
#![expect(clippy::print_stderr, reason = "a mistake in the arguments is told to the one who typed them")]

use std::fs::File;
use std::io::{BufReader, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use strict_client::{Load, Mode, check, raise_open_file_limit};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

/// How often the load is asked whether it has ended.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Sends requests by the clock, in several modes at once, and counts every failure.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
struct Arguments {
    #[command(subcommand)]
    task: Option<Task>,
    #[command(flatten)]
    load: Option<LoadArguments>,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Judges a recorded load: which requests violate the invariants of availability?
    Check {
        /// What `--json` wrote
        file: PathBuf,
        /// For how long after a reload an idle connection may be closed under a request
        #[arg(long, default_value = "2s", value_parser = humantime::parse_duration)]
        reload_window: Duration,
        /// How long a request is on its way, so that it meets a reload that happens meanwhile
        #[arg(long, default_value = "0s", value_parser = humantime::parse_duration)]
        on_the_way: Duration,
    },
}

#[derive(Debug, clap::Args)]
struct LoadArguments {
    /// Where to: <http://HOST:PORT/PATH>
    #[arg(long)]
    url: String,
    /// The kinds of client to play: `fresh`, `keep-alive`, `blind`, `retry`, `preconnected`, and those that need the demo
    /// service's endpoints, `post`, `upload`, `long`, `sse`, `websocket`, `large`; over TLS `tls`, `http2`, `http2-retry`
    #[arg(long, value_delimiter = ',', default_values_t = Mode::PLAIN)]
    modes: Vec<Mode>,
    /// Where the modes over TLS go: HOST:PORT of a server for `localhost` with the demo service behind it
    #[arg(long, value_name = "HOST:PORT", requires = "certificate")]
    tls: Option<String>,
    /// The certificate that it shows, in PEM
    #[arg(long, value_name = "FILE", requires = "tls")]
    certificate: Option<PathBuf>,
    /// Requests in a second, by each mode
    #[arg(long, default_value_t = 100)]
    rate: u32,
    /// Requests in a second, by one mode
    #[arg(long, value_name = "MODE=NUMBER", value_parser = rate_of)]
    rate_of: Vec<(Mode, u32)>,
    /// After how many requests each mode stops
    #[arg(long)]
    requests: Option<u64>,
    /// Connections that each mode which keeps them takes turns with
    #[arg(long, default_value_t = 10)]
    connections: usize,
    /// For how long at most; 10, unless `--requests` says when to stop
    #[arg(long)]
    seconds: Option<u64>,
    /// How long the way to the server and back is made, for example 10ms
    #[arg(long, default_value = "0s", value_parser = humantime::parse_duration)]
    round_trip: Duration,
    /// Where to write a line of JSON for each request, while the load runs
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments {
        Arguments { task: Some(Task::Check { file, reload_window, on_the_way }), .. } => {
            judge(&file, check::Settings { reload_window, on_the_way })
        }
        Arguments { load: Some(load), .. } => send(&load),
        Arguments { .. } => bail!("there is nothing to do; give `--url http://HOST:PORT/PATH`, or `check FILE`"),
    }
}

fn judge(path: &Path, settings: check::Settings) -> anyhow::Result<ExitCode> {
    let file = File::open(path).with_context(|| format!("`{}` could not be opened", path.display()))?;
    let findings = check::check(BufReader::new(file), settings);
    let findings = findings.with_context(|| format!("`{}` could not be judged", path.display()))?;
    write!(std::io::stdout(), "{findings}")?;
    Ok(if findings.violations() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn send(arguments: &LoadArguments) -> anyhow::Result<ExitCode> {
    let (authority, path) = split_url(&arguments.url)?;
    let mut load = Load::builder(resolve(authority)?)
        .host(authority)
        .path(path)
        .modes(arguments.modes.iter().copied())
        .rate_per_second(arguments.rate)
        .connections(arguments.connections)
        .round_trip(arguments.round_trip);
    for (mode, rate) in &arguments.rate_of {
        load = load.rate(*mode, *rate);
    }
    for (mode, count) in arguments.modes.iter().zip(arguments.requests.iter().cycle()) {
        load = load.at_most(*mode, *count);
    }
    if let (Some(authority), Some(path)) = (&arguments.tls, &arguments.certificate) {
        let certificate = CertificateDer::from_pem_file(path);
        let certificate = certificate.with_context(|| format!("`{}` could not be read", path.display()))?;
        load = load.secure(resolve(authority)?, &certificate);
    }
    if let Some(path) = &arguments.json {
        load = load.record_to(path);
    }
    raise_open_file_limit().context("the limit of open files could not be raised")?;
    let load = load.start().context("the load could not be started")?;
    let seconds = arguments.seconds.or(arguments.requests.is_none().then_some(10)).map(Duration::from_secs);
    let begun = Instant::now();
    while !load.has_ended() && seconds.is_none_or(|seconds| begun.elapsed() < seconds) {
        std::thread::sleep(LOOK_EVERY);
    }
    let history = load.finish().context("the load's records could not be written")?;
    write!(std::io::stdout(), "{}", history.summary())?;
    Ok(if history.summary().failures() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// `MODE=NUMBER`.
fn rate_of(text: &str) -> Result<(Mode, u32), String> {
    let (mode, rate) = text.split_once('=').ok_or_else(|| format!("{text:?} has no `=`; needed MODE=NUMBER"))?;
    let rate = rate.parse().map_err(|_| format!("{rate:?} is no number; needed MODE=NUMBER"))?;
    Ok((mode.parse()?, rate))
}

/// Authority and path of a URL.
fn split_url(url: &str) -> anyhow::Result<(&str, &str)> {
    let Some(rest) = url.strip_prefix("http://") else {
        bail!("`--url` is {url:?}; needed `http://HOST:PORT/PATH`, and for TLS `--tls`");
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if authority.is_empty() {
        bail!("`--url` is {url:?}, without a host; needed `http://HOST:PORT/PATH`");
    }
    Ok((authority, if path.is_empty() { "/" } else { path }))
}

/// The first address of the authority; port 80 if it names none.
fn resolve(authority: &str) -> anyhow::Result<SocketAddr> {
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let with_port = if has_port { authority.to_owned() } else { format!("{authority}:80") };
    let mut addresses = with_port.to_socket_addrs().with_context(|| format!("`{with_port}` could not be looked up"))?;
    addresses.next().with_context(|| format!("`{with_port}` has no address; give another host in `--url`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_split_into_authority_and_path() {
        let table = [
            ("http://127.0.0.1:20080/", ("127.0.0.1:20080", "/")),
            ("http://localhost", ("localhost", "/")),
            ("http://localhost/profile?x=/y", ("localhost", "/profile?x=/y")),
        ];
        for (url, parts) in table {
            assert_eq!(split_url(url).unwrap(), parts);
        }
    }

    #[test]
    fn a_url_that_this_client_cannot_speak_to_is_refused() {
        for url in ["https://localhost/", "localhost:80", "http:///path"] {
            let error = split_url(url).unwrap_err().to_string();
            assert!(error.contains("needed `http://HOST:PORT/PATH`"), "{error}");
        }
    }

    #[test]
    fn the_port_is_80_unless_the_url_says_otherwise() {
        assert_eq!(resolve("127.0.0.1").unwrap().port(), 80);
        assert_eq!(resolve("127.0.0.1:20080").unwrap().port(), 20080);
        assert_eq!(resolve("[::1]").unwrap().port(), 80);
    }
}
