//! Gives the requests that nginx still holds towards a place time to end, and tells what became of them (F63).
//!
//! A connection that was seen and is gone counts as a request that finished: without `keepalive` in its `upstream` block nginx
//! makes one connection for each request. With it (the default of nginx 1.29.7 and later) an idle connection stays for 60 s
//! and is waited for like any other, for `stop.drain` at most. The kernel's times of a connection's last bytes
//! (`INET_DIAG_INFO`) cannot tell: on a stream of events or a websocket between two messages, and on an answer that pauses
//! half-way, the last byte came from the application too, as on a kept connection after its answer. Cutting those to save
//! seconds would be a guess.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::error::Result;
use crate::host::{Connection, Host};
use crate::language::translated;
use crate::patience::Patience;
use crate::patience::Waiting;
use crate::report::{Report, duration};
use crate::slot::Place;

/// Waits until nobody is connected to the place any more. What is left after that is told, and ends with the process.
pub(super) async fn drain(host: &impl Host, report: &Report, place: &Place, at_most: Duration) -> Result<()> {
    let began = host.elapsed();
    let mut waiting = Waiting::begin(host, Patience::brisk(at_most));
    let mut seen = Seen::default();
    loop {
        match host.connections_towards(place.port) {
            Ok(connections) => seen.look(host.elapsed().saturating_sub(began), connections),
            Err(cause) => {
                report.say(&translated!("note: connections to {place} cannot be seen, so none is waited for: {cause}"));
                return Ok(());
            }
        }
        if seen.open.is_empty() || !waiting.for_another_look().await? {
            if let Some(sentence) = seen.told(place, at_most) {
                report.say(&sentence);
            }
            return Ok(());
        }
    }
}

/// What was seen of the connections so far.
#[derive(Debug, Default)]
struct Seen {
    open: BTreeSet<Connection>,
    finished: usize,
    /// When the last one was gone, since the first look.
    last_gone: Duration,
}

impl Seen {
    /// One more look, so long after the first.
    fn look(&mut self, since: Duration, connections: Vec<Connection>) {
        let open: BTreeSet<Connection> = connections.into_iter().collect();
        let gone = self.open.difference(&open).count();
        if gone > 0 {
            self.finished += gone;
            self.last_gone = since;
        }
        self.open = open;
    }

    /// What to say about it; nothing where nothing was seen.
    fn told(&self, place: &Place, at_most: Duration) -> Option<String> {
        let finished = match self.finished {
            0 => None,
            1 => Some(translated!("1 request to {place} finished in {}", duration(self.last_gone))),
            many => Some(translated!("{many} requests to {place} finished in {}", duration(self.last_gone))),
        };
        let towards = if finished.is_some() { String::new() } else { translated!(" to {place}") };
        let closed = match self.open.len() {
            0 => None,
            1 => Some(translated!(
                "1 long connection{towards} is closed after {} (a websocket, a stream, or an idle one that nginx keeps)",
                duration(at_most)
            )),
            many => Some(translated!(
                "{many} long connections{towards} are closed after {} (websockets, streams, idle ones that nginx keeps)",
                duration(at_most)
            )),
        };
        let told: Vec<String> = finished.into_iter().chain(closed).collect();
        (!told.is_empty()).then(|| told.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When, and which client's ports were connected then.
    type Look = (u64, &'static [u16]);

    #[test]
    fn f63_what_became_of_the_connections_is_told_and_nothing_where_there_were_none() {
        let place = Place { profile: "real2".into(), port: 8082 };
        let table: [(&str, &[Look], Option<&str>); 8] = [
            ("nobody was there", &[(0, &[])], None),
            ("one request", &[(0, &[1]), (300, &[])], Some("1 request to `real2` (port 8082) finished in 300 ms")),
            (
                "several, one after the other",
                &[(0, &[1, 2, 3]), (20, &[1, 3]), (1180, &[3]), (1200, &[])],
                Some("3 requests to `real2` (port 8082) finished in 1.2 s"),
            ),
            (
                "an old worker connects again: each is a request of its own",
                &[(0, &[1]), (100, &[2]), (200, &[])],
                Some("2 requests to `real2` (port 8082) finished in 200 ms"),
            ),
            ("at once", &[(0, &[1]), (5, &[])], Some("1 request to `real2` (port 8082) finished in 5 ms")),
            (
                "one that stays",
                &[(0, &[9]), (10_000, &[9])],
                Some(
                    "1 long connection to `real2` (port 8082) is closed after 10 s (a websocket, a stream, or an idle one \
                     that nginx keeps)",
                ),
            ),
            (
                "some that finish, some that stay",
                &[(0, &[1, 8, 9]), (2500, &[8, 9]), (10_000, &[8, 9])],
                Some(
                    "1 request to `real2` (port 8082) finished in 2.5 s; 2 long connections are closed after 10 s \
                     (websockets, streams, idle ones that nginx keeps)",
                ),
            ),
            (
                "the time is that of the last one that finished, not of the last look",
                &[(0, &[1, 9]), (400, &[9]), (9000, &[9])],
                Some(
                    "1 request to `real2` (port 8082) finished in 400 ms; 1 long connection is closed after 10 s (a \
                     websocket, a stream, or an idle one that nginx keeps)",
                ),
            ),
        ];
        for (name, looks, wanted) in table {
            let mut seen = Seen::default();
            for (since, ports) in looks {
                let connection = |port: &u16| Connection { client: ([127, 0, 0, 1], *port).into(), inode: 1 };
                seen.look(Duration::from_millis(*since), ports.iter().map(connection).collect());
            }
            assert_eq!(seen.told(&place, Duration::from_secs(10)).as_deref(), wanted, "{name}");
        }
    }

    #[test]
    fn f63_a_port_that_is_used_again_between_two_looks_is_another_connection() {
        let connection = |inode| Connection { client: ([127, 0, 0, 1], 40_001).into(), inode };
        let mut seen = Seen::default();
        seen.look(Duration::ZERO, vec![connection(1)]);
        seen.look(Duration::from_millis(20), vec![connection(2)]);
        assert_eq!((seen.finished, seen.open.len()), (1, 1));
    }
}
