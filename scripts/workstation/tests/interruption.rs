//! A signal while the work waits for a program. In a process of its own, since a signal comes to all of it.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode};

use workstation::interruption;

#[test]
#[expect(clippy::disallowed_methods, reason = "a test starts what is to be ended")]
fn a_signal_ends_the_program_that_is_waited_for_and_then_the_work() {
    let exit_code = interruption::run(|| {
        interruption::check()?;
        // Minutes, of which none is waited for unless nobody ends it.
        let mut program = Command::new("sleep").arg("300").spawn()?;
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::HUP)?;
        assert_eq!(program.wait()?.signal(), Some(15), "it was not ended by SIGTERM");
        interruption::check()?;
        panic!("the work went on after a signal");
    });
    assert_eq!(format!("{exit_code:?}"), format!("{:?}", ExitCode::from(129)));
}
