//! What a request costs nginx: user and system time of its workers over the same requests at the same rate, in turns.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context;
use nix::unistd::Pid;
use serde::Serialize;
use strict_client::{Load, Mode};
use workstation::console::Console;
use workstation::{files, interruption};

use crate::host::Host;
use crate::statistics::Summary;
use crate::timed_run::cpu_of;

/// How requests are sent and how many, in each round for each form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    pub(crate) rounds: u32,
    pub(crate) requests: u64,
    pub(crate) per_second: u32,
}

/// The shares of the traffic, in percent, that steps would begin with.
const STEPS: [u32; 2] = [5, 25];

/// A form of nginx's configuration.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Form {
    pub(crate) name: &'static str,
    /// Microseconds of the workers for a request.
    pub(crate) microseconds: Summary,
    /// The same against the first form in the same round.
    pub(crate) ratio: Summary,
}

/// Measures the hosts' forms, in turns. Each host serves already.
///
/// # Errors
/// A request fails, or a worker's time cannot be read.
pub(crate) fn measure(hosts: &[(&'static str, &Host)], effort: Effort, console: &Console) -> anyhow::Result<Vec<Form>> {
    let mut figures: Vec<Vec<f64>> = vec![Vec::new(); hosts.len()];
    for round in 1..=effort.rounds {
        for ((_, host), figures) in hosts.iter().zip(&mut figures) {
            interruption::check()?;
            figures.push(of_one(host, effort)?);
        }
        console.line(&format!("proxy CPU: round {round} of {}", effort.rounds));
    }
    let base = figures.first().cloned().unwrap_or_default();
    let forms = hosts.iter().zip(&figures).map(|((name, _), figures)| {
        let ratios: Vec<f64> = figures.iter().zip(&base).map(|(figure, base)| figure / base).collect();
        Some(Form { name, microseconds: Summary::of(figures)?, ratio: Summary::of(&ratios)? })
    });
    forms.collect::<Option<_>>().context("no round was measured")
}

fn of_one(host: &Host, effort: Effort) -> anyhow::Result<f64> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, host.sandbox.ports().door));
    let before = workers(host)?;
    let load = Load::builder(address).modes([Mode::KeepAlive]).rate(Mode::KeepAlive, effort.per_second);
    let load = load.at_most(Mode::KeepAlive, effort.requests).start().context("the load could not be started")?;
    let history = load.wait().context("the load did not end")?;
    let after = workers(host)?;
    let counts = history.summary().mode(Mode::KeepAlive);
    anyhow::ensure!(counts.failed() == 0, "a request failed: {:?}", counts.failures);
    anyhow::ensure!(before.0 == after.0, "nginx has other workers now");
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    Ok((after.1 - before.1) * 1e6 / counts.requests as f64)
}

/// The workers, and the seconds that they have used together.
fn workers(host: &Host) -> anyhow::Result<(Vec<u32>, f64)> {
    let mut workers = host.sandbox.nginx().worker_pids();
    workers.sort_unstable();
    let mut seconds = 0.0;
    for worker in &workers {
        seconds += cpu_of(Pid::from_raw(i32::try_from(*worker)?))?.as_secs_f64();
    }
    Ok((workers, seconds))
}

/// Adds what the documentation recommends against the cost of a connection for each request: connections to the
/// application that are kept.
///
/// # Errors
/// The configuration is not as expected, or nginx refuses it.
pub(crate) fn keep_upstream_connections(host: &Host) -> anyhow::Result<()> {
    edit(&host.sandbox.nginx().upstreams_path(), " backup;\n}", " backup;\n    keepalive 16;\n}")?;
    let configuration = host.sandbox.directory().join("nginx/nginx.conf");
    let location = "location / {\n            proxy_pass $service_url;";
    let kept = "\n            proxy_http_version 1.1;\n            proxy_set_header Connection \"\";";
    edit(&configuration, location, &format!("{location}{kept}"))?;
    Ok(host.sandbox.nginx().reload_and_wait()?)
}

/// Adds what traffic in steps would need, while no step is under way: for each step a flag, and a share of the new connections that
/// goes to the other group while it is there. No hook knows of it.
///
/// # Errors
/// The configuration is not as expected, or nginx refuses it.
pub(crate) fn add_steps(host: &Host) -> anyhow::Result<()> {
    let nginx = host.sandbox.nginx();
    let groups = nginx.upstreams_path();
    let [old, new] = ["service-url-real1", "service-url-real2"];
    let shares = STEPS.map(|percent| {
        format!(
            "split_clients \"$remote_addr$remote_port$msec\" $share{percent} {{\n    {percent}% {new};\n    * {old};\n}}\n"
        )
    });
    let flags = STEPS.map(|percent| {
        let flag = nginx.flag_path().with_extension(percent.to_string());
        format!("if (-f {}) {{\n    set $service_url http://$share{percent};\n}}\n", flag.display())
    });
    let (shares, flags) = (shares.concat(), flags.concat());
    let text = files::read_text(&groups, "a part of nginx's configuration")?;
    files::write(&groups, format!("{text}{shares}").as_bytes())?;
    edit(&nginx.include_path(), "if (-f ", &format!("{flags}if (-f "))?;
    Ok(nginx.reload_and_wait()?)
}

fn edit(path: &std::path::Path, from: &str, to: &str) -> anyhow::Result<()> {
    let text = files::read_text(path, "a part of nginx's configuration")?;
    anyhow::ensure!(text.contains(from), "`{}` has no `{from}` to be changed", path.display());
    files::write(path, text.replace(from, to).as_bytes())
}
