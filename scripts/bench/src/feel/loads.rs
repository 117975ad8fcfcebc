//! The load: each page is asked for at its own pace, on new connections, whether answers come or not.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::Context;
use strict_client::{Load, Mode};
use workstation::interruption;

use super::shop::{PAGES, Shop};

/// After so long a request has failed.
const AT_MOST: Duration = Duration::from_secs(30);

/// What a browser accepts.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// A request, on the clock that everything else is measured with.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// When the client set about it.
    pub(crate) sent: Instant,
    /// How long its answer took, or its failure.
    pub(crate) took: Duration,
    /// Who answered.
    pub(crate) release: Option<String>,
    /// Whether it failed, or came back with an error.
    pub(crate) failed: bool,
}

/// A load that runs.
#[derive(Debug)]
pub(crate) struct Loads {
    loads: Vec<(Load, Instant)>,
}

impl Loads {
    /// Starts it, with so many requests a second in all.
    ///
    /// # Errors
    /// It cannot be started.
    pub(crate) fn start(shop: &Shop, rate: u32) -> anyhow::Result<Loads> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, shop.door()));
        let pages = u32::try_from(PAGES.len())?;
        let start = |(number, page): (u32, &&str)| {
            // What does not divide falls to the first ones.
            let own = rate / pages + u32::from(number < rate % pages);
            (own > 0).then(|| {
                let load = Load::builder(address).path(page).accept(BROWSER).timeout(AT_MOST);
                let load = load
                    .modes([Mode::Fresh])
                    .rate(Mode::Fresh, own)
                    .start()
                    .context("the load could not be started")?;
                let began = Instant::now().checked_sub(load.elapsed()).context("the clock began after the load")?;
                Ok((load, began))
            })
        };
        let loads = (0..).zip(PAGES.iter()).filter_map(start).collect::<anyhow::Result<_>>()?;
        Ok(Loads { loads })
    }

    /// Lets it run for so long.
    ///
    /// # Errors
    /// The run was interrupted.
    pub(crate) fn run_for(&self, shop: &Shop, time: Duration) -> anyhow::Result<()> {
        let until = Instant::now() + time;
        // All of them have sent what they were to send in that time.
        let ran = || Instant::now() >= until && !self.loads.iter().any(|(load, _)| load.has_ended());
        shop.wait_until("the load ran for so long", time + AT_MOST, || interruption::check().is_err() || ran())?;
        interruption::check()
    }

    /// Ends it; all requests, in the order in which they were sent.
    ///
    /// # Errors
    /// The records are lost, or the run was interrupted.
    pub(crate) fn finish(self) -> anyhow::Result<Vec<Request>> {
        let mut requests = Vec::new();
        for (load, began) in self.loads {
            let history = load.finish().context("the load did not end")?;
            requests.extend(history.records().iter().map(|record| Request {
                sent: began + record.sent_at,
                took: record.finished_at.saturating_sub(record.sent_at),
                release: record.release.clone(),
                failed: record.failure.is_some() || record.status.is_none_or(|status| status >= 400),
            }));
        }
        interruption::check()?;
        requests.sort_by_key(|request| request.sent);
        Ok(requests)
    }
}
