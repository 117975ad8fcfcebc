//! SIGTERM for the hook: noted at once, obeyed at the next wait and at each after it, and not behind the shield.

use std::time::Duration;

use shared::error::{Kind, Result};
use shared::host::Host;

use crate::subject::{ROOT, Subject};
use crate::{in_memory, on_machine};

const LONG: Duration = Duration::from_mins(2);

// Alone: on the machine a signal comes for the whole process.

#[test]
fn a_signal_ends_waits_on_the_machine_but_not_behind_the_shield() {
    on_machine::run_alone(ROOT, async |subject| a_signal_ends_waits_but_not_behind_the_shield(&subject).await);
}

#[test]
fn a_signal_ends_waits_in_memory_but_not_behind_the_shield() {
    in_memory::run(ROOT, async |subject| a_signal_ends_waits_but_not_behind_the_shield(&subject).await);
}

async fn a_signal_ends_waits_but_not_behind_the_shield(subject: &impl Subject) {
    let host = subject.host();
    let kind = |ended: Result<()>| ended.map_err(|error| error.kind());
    host.shield(true);
    subject.interrupt();
    assert_eq!(kind(host.pause(Duration::from_millis(50)).await), Ok(()));
    assert_eq!(kind(host.interruptible(async {}).await), Ok(()));
    host.shield(false);
    assert_eq!(kind(host.pause(LONG).await), Err(Kind::Interrupted), "it was noted");
    assert_eq!(kind(host.interruptible(async {}).await), Err(Kind::Interrupted), "and stays so");
    host.shield(true);
    assert_eq!(kind(host.pause(Duration::ZERO).await), Ok(()));
}
