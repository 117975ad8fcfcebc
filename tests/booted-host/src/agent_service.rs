//! Asks the agent's service for a deployment, from outside of the host.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;

use crate::answer::Answer;

/// Longer than the sum of the shipped timeouts takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(5);

/// The service at `socket` deploys the bundle at `path`, which is the host's own path.
pub(crate) fn deploy(socket: &Path, path: &Path) -> anyhow::Result<Answer> {
    let shown = socket.display();
    let mut service = UnixStream::connect(socket)
        .with_context(|| format!("`{shown}` could not be connected to; needed the agent's service"))?;
    service.set_read_timeout(Some(PATIENCE)).context("the time to read could not be limited")?;
    writeln!(service, "{}", path.display()).with_context(|| format!("`{shown}` could not be asked"))?;
    let mut text = String::new();
    service.read_to_string(&mut text).with_context(|| format!("`{shown}` gave no whole answer within {PATIENCE:?}"))?;
    serde_json::from_str(&text).with_context(|| {
        format!(
            "`{shown}` answered {text:?}; needed a line of JSON: `journalctl -u codedeploy-agent` in the host says more"
        )
    })
}
