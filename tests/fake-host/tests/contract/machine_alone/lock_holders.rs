//! A lock dies with its holder, however that ends, and outlives it in no child (F81).

use shared::host::{Host, Signal};

use super::piped_hook::PipedHook;
use crate::on_machine;
use crate::subject::{ROOT, Subject};

#[test]
fn f81_the_lock_of_a_killed_hook_is_free_though_what_it_launched_runs_on() {
    on_machine::run(ROOT, async |subject| {
        let (host, path) = (subject.host(), subject.path("lock"));
        let holder = PipedHook::that_locks(&subject, &path);
        let launched = host.process(holder.launched).unwrap().identity;
        assert_eq!(host.lock(&path, "the test").unwrap().unwrap_err(), "the deed");
        holder.kill();
        let lock = host.lock(&path, "the test").unwrap();
        assert!(host.signal(&launched, Signal::Kill).unwrap(), "what it launched ran on");
        assert!(lock.is_ok(), "{lock:?}");
    });
}
