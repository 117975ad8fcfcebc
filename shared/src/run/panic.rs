//! A panic is a fault of these hooks: it ends them with the exit code that says so, not with a signal, which the agent would
//! report without any code.

use std::panic::PanicHookInfo;

use crate::error::Kind;
use crate::language::translated;
use crate::report::Report;

/// From here on a panic is told and ends the process with the exit code of a bug.
pub(super) fn becomes_an_exit_code(hook: &'static str) {
    std::panic::set_hook(Box::new(move |panic| end(hook, panic)));
}

#[expect(clippy::disallowed_methods, reason = "after a panic there is no way back to `main`")]
fn end(hook: &'static str, panic: &PanicHookInfo<'_>) {
    let code = Kind::Bug.exit_code();
    let advice = translated!(
        "please report this with the lines above; the next hook looks at the host itself and goes on from there"
    );
    Report::new(hook).failed(
        code,
        &panic.to_string(),
        Some(advice),
        translated!("not known: this hook ended in the middle of its work"),
    );
    std::process::exit(i32::from(code));
}
