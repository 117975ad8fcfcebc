//! The open loop: requests are sent by the clock, whether or not earlier ones were answered, since real clients do not
//! wait for each other either.

use std::panic::resume_unwind;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::mode::Mode;
use crate::pool::Pool;
use crate::sender::Sender;

/// What one mode plays.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) mode: Mode,
    pub(crate) period: Duration,
    /// How many requests at most.
    pub(crate) limit: Option<u64>,
    /// How many connections it keeps, if it keeps any.
    pub(crate) connections: usize,
}

/// Plays all parts until it is told to stop, or each has sent what it should, and the last request has ended.
pub(crate) async fn play(parts: Vec<Part>, sender: Arc<Sender>, stopped: watch::Receiver<bool>) {
    let begin = Instant::now();
    let count = u32::try_from(parts.len()).unwrap_or(u32::MAX);
    let mut players = JoinSet::new();
    for (part, index) in parts.into_iter().zip(0_u32..) {
        // The modes' ticks are spread over the period, rather than all at the same instant.
        let first = begin + part.period * index / count;
        players.spawn(play_part(part, Arc::clone(&sender), first, stopped.clone()));
    }
    while let Some(ended) = players.join_next().await {
        pass_panic_on(ended);
    }
}

async fn play_part(part: Part, sender: Arc<Sender>, first: Instant, mut stopped: watch::Receiver<bool>) {
    let Part { mode, period, limit, connections } = part;
    let pool = Arc::new(Mutex::new(Pool::new(connections, mode.looks_before_reuse())));
    let mut ticks = interval_at(first, period);
    // What could not be sent in time is sent late, but is sent: the number of requests is part of the promise.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut requests = JoinSet::new();
    let mut sent = 0;
    while limit.is_none_or(|limit| sent < limit) {
        tokio::select! {
            // Ends with `true`, and with an error if the load was dropped.
            _ = stopped.wait_for(|stopped| *stopped) => break,
            _ = ticks.tick() => {
                let (sender, pool) = (Arc::clone(&sender), Arc::clone(&pool));
                requests.spawn(async move { sender.send(mode, &pool).await });
                sent += 1;
            }
        }
        while let Some(ended) = requests.try_join_next() {
            pass_panic_on(ended);
        }
    }
    while let Some(ended) = requests.join_next().await {
        pass_panic_on(ended);
    }
}

fn pass_panic_on(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && let Ok(panic) = error.try_into_panic()
    {
        resume_unwind(panic);
    }
}
