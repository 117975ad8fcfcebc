//! Time in memory: it moves only when somebody waits or does something, and what is due on the way happens in its order.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::nginx::{Reloading, Route};
use shared::host::ProcessIdentity;

/// How long one effect takes.
pub(super) const EFFECT_TAKES: Duration = Duration::from_millis(1);
/// How long a request or a small program takes.
pub(super) const EXCHANGE_TAKES: Duration = Duration::from_millis(2);
/// The kernel's clock tick, in which the start of a process is told.
const TICK: Duration = Duration::from_millis(10);
/// The time of day at which the host came into being, since 1970: a day in November 2026.
const BEGINNING: Duration = Duration::from_hours(498_192);

/// Something that will happen by itself.
#[derive(Clone, Debug)]
pub(super) enum Due {
    /// A release is booted and opens its port.
    Bind(ProcessIdentity),
    /// A process ends.
    End(ProcessIdentity, String),
    /// The kernel ends a process for want of memory.
    Starve(ProcessIdentity),
    /// nginx's master reads its configuration.
    Reload(Reloading),
    /// nginx's master starts workers with what it has read before.
    Start(Route),
    /// Workers stop accepting.
    Retire(Vec<ProcessIdentity>),
}

/// The clock and what is due.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock {
    now: Duration,
    booted: Duration,
    due: BTreeMap<(Duration, u64), Due>,
    sequence: u64,
}

impl Clock {
    /// The time since the host came into being.
    pub(super) fn now(&self) -> Duration {
        self.now
    }

    /// The time of day.
    pub(super) fn time_of_day(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + BEGINNING + self.now
    }

    /// The clock ticks since the boot.
    pub(super) fn ticks(&self) -> u64 {
        u64::try_from(self.now.saturating_sub(self.booted).as_millis() / TICK.as_millis()).unwrap_or(u64::MAX)
    }

    /// The time of day at which the current tick began.
    pub(super) fn tick_began(&self) -> SystemTime {
        let ticks = u32::try_from(self.ticks()).unwrap_or(u32::MAX);
        SystemTime::UNIX_EPOCH + BEGINNING + self.booted + TICK * ticks
    }

    /// Something happens after `delay`.
    pub(super) fn schedule(&mut self, delay: Duration, due: Due) {
        self.sequence += 1;
        self.due.insert((self.now + delay, self.sequence), due);
    }

    /// Goes to the next thing that is due until `end`, or to `end`.
    pub(super) fn next_until(&mut self, end: Duration) -> Option<Due> {
        let next = self.due.first_key_value().map(|(key, _)| *key).filter(|(at, _)| *at <= end);
        self.now = next.map_or(end, |(at, _)| at);
        self.due.remove(&next?)
    }

    /// A new boot: ticks begin again, and nothing is due any more.
    pub(super) fn boot(&mut self) {
        self.booted = self.now;
        self.due.clear();
    }
}
