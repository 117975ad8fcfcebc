//! docs/reloads.md: what was lost, by what was done and by kind of client; pure.

use std::collections::BTreeMap;

use shared::report::table::{self, Side};
use strict_client::Mode;

use super::{Cause, Count, Part, Results};
use crate::number::{NONE, whole};

/// What it is called.
pub(crate) fn title(cause: Cause) -> &'static str {
    match cause {
        Cause::Bare => "a bare reload",
        Cause::Cutover => "a cutover with `reload`",
        Cause::Install => "`switch --install`",
        Cause::Flag => "a cutover with `instant`",
    }
}

/// Writes the document.
pub(crate) fn write(results: &Results) -> String {
    let Results { machine, small_per_second, large_per_second, parts } = results;
    format!(
        "<!-- Written by scripts/bench.sh --reloads from one run; do not edit. -->\n\
         # What a reload costs each kind of client\n\n\
         Clients ask through nginx while it is reloaded, by a bare signal and by the hooks: {small_per_second} requests a second of each \
         kind that asks for a small page, {large_per_second} of each that asks for a large one (279 kB, sent in chunks, compressed by \
         nginx). nginx {nginx}, {cpu} with {cores} cores, Linux {kernel}.\n\n\
         {table}\n\
         How many requests failed, and of how many; + those that the client sent a second time, with success. {failures}\n\n\
         *fresh*, *large*, *tls* and *http2* open a connection for each request and never send one twice; *retry* and *http2-retry* keep \
         connections and send once more what was surely not answered. *large* is plain HTTP/1.1, *tls* is HTTP/1.1 over TLS, *http2* is \
         over TLS. *Unprocessed*: nginx has said that it left the request alone (GOAWAY), so that it may be sent again, whatever it was. \
         *Eof before response*: nginx's worker has ended with the request, and *eof within response* the same within the answer. \
         *A bare reload* is a SIGHUP to nginx's master without any hook. *`switch --install`* brings in the flag by its one reload; what \
         takes it back in between is not counted.\n\n\
         ```sh\n./scripts/bench.sh --reloads 100   # a quarter of an hour\n```\n",
        nginx = machine.nginx,
        cpu = machine.cpu,
        cores = machine.cores,
        kernel = machine.kernel,
        table = table_of(parts),
        failures = failures(parts),
    )
}

fn table_of(parts: &[Part]) -> String {
    let modes: Vec<Mode> = parts.first().map(|part| part.modes.keys().copied().collect()).unwrap_or_default();
    let head: Vec<&str> = ["under", "RTT", "times"].into_iter().chain(modes.iter().map(|mode| mode.name())).collect();
    let rows: Vec<Vec<String>> = parts
        .iter()
        .map(|part| {
            let round_trip = format!("{} ms", part.round_trip_milliseconds);
            let cells = modes.iter().map(|mode| part.modes.get(mode).map_or_else(|| NONE.to_owned(), cell));
            [title(part.cause).to_owned(), round_trip, whole(u64::from(part.times))].into_iter().chain(cells).collect()
        })
        .collect();
    let sides: Vec<Side> = (0..head.len()).map(|column| if column == 0 { Side::Left } else { Side::Right }).collect();
    table::markdown(&head, &rows, &sides)
}

fn cell(count: &Count) -> String {
    let Count { requests, failed, retried, .. } = count;
    let again = if *retried > 0 { format!(" + {}", whole(*retried)) } else { String::new() };
    format!("{} of {}{again}", whole(*failed), whole(*requests))
}

/// In which ways requests failed, in all.
fn failures(parts: &[Part]) -> String {
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for (kind, number) in parts.iter().flat_map(|part| part.modes.values()).flat_map(|count| &count.kinds) {
        *kinds.entry(kind).or_default() += number;
    }
    if kinds.is_empty() {
        return "None failed.".to_owned();
    }
    let told: Vec<String> = kinds.iter().map(|(kind, number)| format!("{} *{kind}*", whole(*number))).collect();
    format!("Those that failed did so in these ways: {}.", told.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f145_the_table_has_a_row_for_what_was_done_and_a_column_for_each_kind_of_client() {
        let count = |failed: u64, retried| {
            let kinds = (failed > 0).then(|| ("unprocessed".to_owned(), failed)).into_iter().collect();
            Count { requests: 2000, failed, kinds, retried }
        };
        let modes =
            BTreeMap::from([(Mode::Large, count(0, 0)), (Mode::Http2, count(7, 0)), (Mode::Http2Retry, count(0, 9))]);
        let parts = [Part { cause: Cause::Bare, round_trip_milliseconds: 10, times: 100, modes }];
        let table = table_of(&parts);
        assert!(
            table.contains("| a bare reload | 10 ms |   100 | 0 of 2,000 | 7 of 2,000 | 0 of 2,000 + 9 |"),
            "{table}"
        );
        assert_eq!(failures(&parts), "Those that failed did so in these ways: 7 *unprocessed*.");
        assert_eq!(failures(&[]), "None failed.");
    }
}
