//! How the random tests are run. Each prints its seed and how many cases it tries, also when it is green: `RANDOM_SEED=SEED` before
//! `cargo test` tries the same ones again, `RANDOM_TIMES=N` tries N times as many. What one of them finds becomes a test of its own.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Write;

use proptest::test_runner::{Config, RngSeed};

/// The configuration of a random test that tries so many `cases`, as long as nobody wants more of them.
///
/// # Panics
/// If `RANDOM_SEED` or `RANDOM_TIMES` is no number: whoever sets them wants those and no others.
#[must_use]
pub fn config(cases: u32) -> Config {
    let seed = number("RANDOM_SEED").unwrap_or_else(|| RandomState::new().build_hasher().finish());
    let times = number("RANDOM_TIMES").map_or(1, |times| u32::try_from(times).unwrap_or(u32::MAX));
    let cases = cases.saturating_mul(times);
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a random test");
    // Past the harness, which shows what a test says only when it fails. Nobody has to read it.
    drop(writeln!(std::io::stderr().lock(), "{test}: {cases} cases, RANDOM_SEED={seed}"));
    // A failure is kept as a test that can be read, not as a seed in a file beside the source.
    Config { cases, rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..Config::default() }
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    let number = text.parse().ok();
    assert!(number.is_some(), "`{variable}` is `{text}`, needed a number");
    number
}
