//! Puts a load on a URL, prints a table of what became of it, and exits with 1 if a request failed, with 2 if
//! the load or its report could not be had at all.
#![expect(clippy::print_stderr, reason = "a mistake in the arguments is told to the one who typed them")]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Parser;
use strict_client::Load;

/// Sends requests by the clock, in several modes at once, and counts every failure.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where to: <http://HOST:PORT/PATH>
    #[arg(long)]
    url: String,
    /// Requests in a second, by each mode
    #[arg(long, default_value_t = 100)]
    rate: u32,
    /// Connections that each keep-alive mode takes turns with
    #[arg(long, default_value_t = 10)]
    connections: usize,
    /// For how long
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Where to write a line of JSON for each request
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (authority, path) = split_url(&arguments.url)?;
    let address = resolve(authority)?;
    let load = Load::builder(address).host(authority).path(path).rate_per_second(arguments.rate);
    let load = load.connections(arguments.connections).start().context("the load could not be started")?;
    std::thread::sleep(Duration::from_secs(arguments.seconds));
    let history = load.finish();
    if let Some(path) = &arguments.json {
        let file = File::create(path).with_context(|| format!("`{}` could not be created", path.display()))?;
        let written = history.write_json_lines(BufWriter::new(file));
        written.with_context(|| format!("`{}` could not be written", path.display()))?;
    }
    write!(std::io::stdout(), "{}", history.summary())?;
    Ok(if history.summary().failures() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Authority and path of a URL.
fn split_url(url: &str) -> anyhow::Result<(&str, &str)> {
    let Some(rest) = url.strip_prefix("http://") else {
        bail!("`--url` is {url:?}; needed `http://HOST:PORT/PATH`, since this client speaks no TLS");
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
