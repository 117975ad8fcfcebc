//! A process id that is used again (F37): in a namespace of its own, where the next id can be said.

use std::process::Command;

use crate::on_machine::DEED;

#[test]
fn f37_a_signal_never_reaches_the_process_that_has_the_id_of_one_that_ended() {
    let output = Command::new("unshare")
        .args(["--pid", "--fork", "--mount-proc", "--kill-child", DEED, "signal-one-whose-id-is-used-again"])
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "said to be sent: false; the innocent one could be asked to end: true, and ended with signal 15\n",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
