//! Asks the agent's service for a deployment, from inside of the host.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use anyhow::Context;

use crate::answer::SOCKET;

/// Longer than the sum of the shipped timeouts takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(5);

/// The service of this host deploys the bundle at `path`; the line of JSON that it answers, which is an [`Answer`](crate::Answer).
///
/// # Errors
/// It does not answer.
pub fn ask_for_a_deployment(path: &str) -> anyhow::Result<String> {
    let mut service = UnixStream::connect(SOCKET)
        .with_context(|| format!("`{SOCKET}` could not be connected to; needed the agent's service"))?;
    service.set_read_timeout(Some(PATIENCE)).context("the time to read could not be limited")?;
    writeln!(service, "{path}").with_context(|| format!("`{SOCKET}` could not be asked"))?;
    let mut text = String::new();
    service
        .read_to_string(&mut text)
        .with_context(|| format!("`{SOCKET}` gave no whole answer within {PATIENCE:?}"))?;
    Ok(text.trim_end().to_owned())
}
