//! Patience on a host's clock: look, wait, look again.

use std::time::Duration;

use crate::error::Result;
use crate::host::Host;
use crate::retry::{Patience, Pauses};

/// A wait that has begun.
#[derive(Debug)]
pub struct Waiting<'a, H> {
    host: &'a H,
    began: Duration,
    pauses: Pauses,
}

impl<'a, H: Host> Waiting<'a, H> {
    /// Patience begins now.
    pub fn begin(host: &'a H, patience: Patience) -> Waiting<'a, H> {
        Waiting { host, began: host.elapsed(), pauses: patience.pauses() }
    }

    /// Waits until it is time for another look; `false` if patience is at its end.
    ///
    /// # Errors
    /// `Kind::Interrupted` after a signal.
    pub async fn for_another_look(&mut self) -> Result<bool> {
        match self.pauses.after(self.host.elapsed().saturating_sub(self.began)) {
            Some(pause) => self.host.pause(pause).await.map(|()| true),
            None => Ok(false),
        }
    }
}
