//! The processor time of a process, and of those of its threads that compile: a JVM names them, and the kernel cuts names off after 15
//! bytes.

use std::path::Path;
use std::time::Duration;

use procfs::FromRead;
use procfs::process::Stat;

use super::{ProcessIdentity, ProcessorTime, files};

/// How the threads of the JVM's two compilers begin, `HotSpot`: `C1 CompilerThread0`, `C2 CompilerThread0`.
const COMPILERS: [&str; 2] = ["C1 Compiler", "C2 Compiler"];

/// The processor time that a process has used; nothing if it is gone.
pub(super) fn of(process: &ProcessIdentity) -> Option<ProcessorTime> {
    let directory = format!("/proc/{}", process.id);
    let own = stat(&directory).filter(|own| own.starttime == process.started)?;
    let mut compilers = Vec::new();
    for thread in std::fs::read_dir(format!("{directory}/task")).ok()?.flatten() {
        // A thread may have ended meanwhile.
        let Some(thread) = stat(&thread.path().to_string_lossy()) else { continue };
        if let Ok(id) = u32::try_from(thread.pid)
            && COMPILERS.iter().any(|name| thread.comm.starts_with(name))
        {
            compilers.push((id, used(&thread)));
        }
    }
    Some(ProcessorTime { all: used(&own), compilers })
}

fn stat(directory: &str) -> Option<Stat> {
    Stat::from_read(files::read(&Path::new(directory).join("stat")).ok()?.as_slice()).ok()
}

fn used(stat: &Stat) -> Duration {
    let ticks_per_second = rustix::param::clock_ticks_per_second().max(1);
    Duration::from_millis((stat.utime + stat.stime).saturating_mul(1000) / ticks_per_second)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use rustix::time::{ClockId, clock_gettime};

    use super::*;
    use crate::host::processes;

    /// Uses a bit of the processor in this thread.
    fn work() {
        let used = || clock_gettime(ClockId::ThreadCPUTime);
        let until = used().tv_nsec + 100_000_000;
        while used().tv_sec == 0 && used().tv_nsec < until {
            std::hint::spin_loop();
        }
    }

    #[test]
    fn f130_the_threads_of_a_jvm_that_compile_are_known_by_their_names() {
        let own = processes::find(std::process::id()).unwrap().identity;
        for (name, is_compiler) in
            [("C2 CompilerThread0", true), ("C1 CompilerThread0", true), ("http-nio-8081", false)]
        {
            let ((works, worked), (looks, looked)) = (mpsc::channel::<()>(), mpsc::channel::<()>());
            thread::scope(|scope| {
                let thread = thread::Builder::new().name(name.to_owned()).spawn_scoped(scope, move || {
                    work();
                    drop(works);
                    // Until it was looked at.
                    assert!(looked.recv().is_err());
                });
                assert!(thread.is_ok() && worked.recv().is_err());
                let used = of(&own).unwrap();
                drop(looks);
                assert_eq!(used.compilers.len(), usize::from(is_compiler), "{name}: {used:?}");
                assert!(used.compilers.iter().all(|(_, time)| !time.is_zero() && *time <= used.all), "{used:?}");
            });
        }
    }
}
