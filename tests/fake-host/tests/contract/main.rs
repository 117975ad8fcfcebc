//! The contract of `Host`: what it promises, told once and run on the real machine and on the host in memory. What only the
//! real one can be held to (that bytes survive a power cut, that a signal reaches no other process) stands in `machine_alone`.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy takes only functions marked `#[test]` for tests; these are what those call"
)]

mod clock;
mod files;
mod http;
mod in_memory;
mod listeners;
mod locks;
mod machine_alone;
mod on_machine;
mod processes;
mod programs;
mod replacement;
mod signals;
mod subject;

/// Makes each function a test of the real machine and one of the host in memory, with a hook that runs as this user.
macro_rules! contract {
    ($($user:ident: $($name:ident),+;)+) => {
        mod on_the_machine {
            $($(#[test]
            fn $name() {
                crate::on_machine::run(crate::subject::$user, async |subject| super::$name(&subject).await);
            })+)+
        }

        mod in_memory {
            $($(#[test]
            fn $name() {
                crate::in_memory::run(crate::subject::$user, async |subject| super::$name(&subject).await);
            })+)+
        }
    };
}
pub(crate) use contract;
