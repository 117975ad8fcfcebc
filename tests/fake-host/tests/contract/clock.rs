//! Time passes, and what ends a wait before its time: the limit of the hook.

use std::time::Duration;

use shared::error::{Kind, Result};
use shared::host::{Host, Request};

use crate::contract;
use crate::subject::Subject;

contract! {
    ROOT:
        a_pause_takes_its_time_on_both_clocks,
        i9_at_its_limit_every_wait_of_a_hook_ends_and_says_why,
        a_limit_ends_a_wait_that_has_begun_and_no_later,
        the_last_limit_holds,
        a_limit_is_not_obeyed_behind_the_shield,
        what_is_done_before_the_limit_is_done;
}

const WHY: &str = "the agent waits 60 s";
/// A wait that nobody waits for to its end, unless the contract is broken.
const LONG: Duration = Duration::from_mins(2);

async fn a_pause_takes_its_time_on_both_clocks(subject: &impl Subject) {
    let host = subject.host();
    let pause = Duration::from_millis(30);
    let (elapsed, time_of_day) = (host.elapsed(), host.wall_clock());
    host.pause(pause).await.unwrap();
    assert!(host.elapsed() >= elapsed + pause);
    assert!(host.wall_clock() > time_of_day);
}

/// I9: no wait is forgotten.
async fn i9_at_its_limit_every_wait_of_a_hook_ends_and_says_why(subject: &impl Subject) {
    let host = subject.host();
    host.limit(host.elapsed(), WHY);
    let url = format!("http://127.0.0.1:{}/", subject.free_port());
    let request = Request { url, host: None, at_most: LONG };
    let move_on = ["mv", "-fT", "/from", "/to"].map(str::to_owned);
    for (what, ended) in [
        ("pause", host.pause(Duration::ZERO).await),
        ("work", host.interruptible(async {}).await),
        ("program", host.run(&move_on, LONG).await.map(|_| ())),
        ("request", host.get(&request).await.map(|_| ())),
    ] {
        let error = ended.unwrap_err();
        assert_eq!(error.kind(), Kind::Interrupted, "{what}");
        assert!(error.to_string().contains(WHY), "{what}: {error}");
    }
}

async fn a_limit_ends_a_wait_that_has_begun_and_no_later(subject: &impl Subject) {
    let host = subject.host();
    let port = subject.serve(fake_host::AppAnswer::Hangs);
    let request = Request { url: format!("http://127.0.0.1:{port}/"), host: None, at_most: LONG };
    let limited = || {
        let at = host.elapsed() + Duration::from_millis(50);
        host.limit(at, WHY);
        at
    };
    let held = |what: &str, at: Duration, ended: Result<()>| {
        assert_eq!(ended.map_err(|error| error.kind()), Err(Kind::Interrupted), "{what}");
        assert!((at..at + LONG).contains(&host.elapsed()), "{what}: ended at {:?}", host.elapsed());
    };
    held("pause", limited(), host.pause(LONG).await);
    held("request", limited(), host.get(&request).await.map(|_| ()));
    held("work", limited(), host.interruptible(std::future::pending()).await);
}

async fn the_last_limit_holds(subject: &impl Subject) {
    let host = subject.host();
    host.limit(host.elapsed(), "the first");
    host.limit(host.elapsed() + LONG, "the second");
    assert_eq!(host.pause(Duration::ZERO).await, Ok(()));
}

async fn a_limit_is_not_obeyed_behind_the_shield(subject: &impl Subject) {
    let host = subject.host();
    host.shield(true);
    let at = host.elapsed() + Duration::from_millis(20);
    host.limit(at, WHY);
    assert_eq!(host.pause(Duration::from_millis(50)).await, Ok(()), "it comes while the hook waits");
    assert!(host.elapsed() >= at);
    assert_eq!(host.pause(Duration::ZERO).await, Ok(()), "it is over when the hook begins to wait");
    host.shield(false);
    assert_eq!(host.pause(LONG).await.map_err(|error| error.kind()), Err(Kind::Interrupted));
}

async fn what_is_done_before_the_limit_is_done(subject: &impl Subject) {
    let host = subject.host();
    host.limit(host.elapsed() + LONG, WHY);
    assert_eq!(host.interruptible(async { 7 }).await, Ok(7));
    assert_eq!(host.pause(Duration::from_millis(1)).await, Ok(()));
}
