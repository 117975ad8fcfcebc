//! SIGTERM, and what the release's faults make of it.

use std::io;
use std::time::Duration;

use demo_app::Fault;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;

use crate::log;

/// Waits for SIGTERM on behalf of the service.
pub(crate) struct Termination {
    signal: Signal,
    ignored: bool,
    delay: Duration,
}

impl Termination {
    /// From here on SIGTERM no longer ends the process by itself.
    pub(crate) fn catch(faults: &[Fault]) -> io::Result<Self> {
        let delay = faults.iter().find_map(|fault| match fault {
            Fault::StopsSlowly { delay } => Some(*delay),
            _ => None,
        });
        Ok(Self {
            signal: signal(SignalKind::terminate())?,
            ignored: faults.contains(&Fault::IgnoresSigterm),
            delay: delay.unwrap_or_default(),
        })
    }

    /// Ends when the service is to stop; never, if it ignores the signal.
    pub(crate) async fn due(mut self) {
        loop {
            if self.signal.recv().await.is_none() {
                // The runtime is going down and takes this future along.
                std::future::pending::<()>().await;
            }
            if !self.ignored {
                break;
            }
            log::information("SIGTERM received and ignored");
        }
        log::information("SIGTERM received");
        sleep(self.delay).await;
    }
}
