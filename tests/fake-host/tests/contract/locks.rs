//! The lock: one holder at a time.

use shared::host::Host;

use crate::contract;
use crate::subject::Subject;

contract! {
    ROOT:
        f81_the_second_to_come_is_told_who_holds_the_lock_until_that_one_lets_go,
        two_locks_are_two;
}

async fn f81_the_second_to_come_is_told_who_holds_the_lock_until_that_one_lets_go(subject: &impl Subject) {
    let (host, path) = (subject.host(), subject.path("lock"));
    let first = host.lock(&path, "stop, process 7").unwrap().unwrap();
    for _ in 0..2 {
        assert_eq!(host.lock(&path, "start").unwrap().unwrap_err(), "stop, process 7");
    }
    drop(first);
    assert!(host.describe(&path).is_ok(), "whoever removed the file could let two in");
    let second = host.lock(&path, "start").unwrap().unwrap();
    assert_eq!(host.lock(&path, "health").unwrap().unwrap_err(), "start");
    drop(second);
}

async fn two_locks_are_two(subject: &impl Subject) {
    let host = subject.host();
    let first = host.lock(&subject.path("one"), "stop").unwrap();
    let second = host.lock(&subject.path("two"), "start").unwrap();
    assert!(first.is_ok() && second.is_ok());
}
