//! What README claims of reloads is what was measured: its block is made from docs/reloads.json, and held against it (F145, F147).

use serde_json::Value;

const README: &str = include_str!("../../README.md");
const RESULTS: &str = include_str!("../../docs/reloads.json");

/// Where the block begins and ends.
const MARKS: [&str; 2] = ["<!-- from docs/reloads.json -->\n", "<!-- end -->\n"];

/// Counts of some kinds of client, over some of the parts.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    requests: u64,
    failed: u64,
    unprocessed: u64,
}

fn is_flag(part: &Value) -> bool {
    part["cause"] == "flag"
}

fn times(results: &Value, of: fn(&Value) -> bool) -> u64 {
    results["parts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|part| of(part))
        .map(|part| part["times"].as_u64().unwrap())
        .sum()
}

fn sum(results: &Value, of: fn(&Value) -> bool, modes: &[&str]) -> Sum {
    let mut sum = Sum::default();
    for part in results["parts"].as_array().unwrap().iter().filter(|part| of(part)) {
        for (_, count) in part["modes"].as_object().unwrap().iter().filter(|(mode, _)| modes.contains(&mode.as_str())) {
            sum.requests += count["requests"].as_u64().unwrap();
            sum.failed += count["failed"].as_u64().unwrap();
            sum.unprocessed += count["kinds"]["unprocessed"].as_u64().unwrap_or_default();
        }
    }
    sum
}

/// A number with its thousands apart.
fn whole(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    groups.join(",")
}

/// The block of README.
fn block(results: &Value) -> String {
    let lost = |Sum { failed, requests, .. }: Sum| format!("{} of {}", whole(failed), whole(requests));
    let reloaded = |modes: &[&str]| sum(results, |part| !is_flag(part), modes);
    let http2 = reloaded(&["http2"]);
    format!(
        "Large pages (279 kB, in chunks, compressed) under {} reloads, bare ones and the hooks': in plain HTTP {} failed, over TLS {}. By\n\
         HTTP/2 {}, of which nginx had said of {} that it left them alone: of clients that send those again, as browsers do, {}. With\n\
         `instant`, over {} cutovers, {} of them all. [docs/reloads.md](docs/reloads.md) has the rest, and how to measure it.\n",
        times(results, |part| !is_flag(part)),
        lost(reloaded(&["large"])),
        lost(reloaded(&["tls"])),
        lost(http2),
        whole(http2.unprocessed),
        lost(reloaded(&["http2-retry"])),
        times(results, is_flag),
        lost(sum(results, is_flag, &["large", "tls", "http2", "http2-retry"])),
    )
}

#[test]
fn f145_f147_what_the_readme_says_of_reloads_is_what_was_measured() {
    let wanted = block(&serde_json::from_str(RESULTS).unwrap());
    let found = README.split_once(MARKS[0]).and_then(|(_, rest)| rest.split_once(MARKS[1])).map(|(block, _)| block);
    assert!(
        found == Some(&wanted),
        "README.md has\n{}\nbut docs/reloads.json says\n{wanted}",
        found.unwrap_or("nothing")
    );
}

#[test]
fn f145_f146_f147_the_run_that_the_readme_tells_of_was_long_enough_and_lost_nothing_that_must_not_be() {
    let results: Value = serde_json::from_str(RESULTS).unwrap();
    for part in results["parts"].as_array().unwrap() {
        assert!(part["times"].as_u64().unwrap() >= 100, "{part}");
    }
    let flag = sum(&results, is_flag, &["fresh", "retry", "large", "tls", "http2", "http2-retry"]);
    let small = sum(&results, |part| !is_flag(part), &["fresh", "retry"]);
    assert_eq!((flag.failed, small.failed), (0, 0));
}
