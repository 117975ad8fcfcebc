//! What the threads of a process that compile have had of the processors: a JVM names them, and the kernel cuts names off after 15 bytes.

use std::path::Path;
use std::time::Duration;

use procfs::FromRead;
use procfs::process::{Schedstat, Stat};

use super::{CompilerTime, ProcessIdentity, files};

/// How the threads of the JVM's two compilers begin, `HotSpot`: `C1 CompilerThread0`, `C2 CompilerThread0`.
const COMPILERS: [&[u8]; 2] = [b"C1 Compiler", b"C2 Compiler"];

/// What each compiler of a process has had; nothing if the process is gone.
pub(super) fn of(process: &ProcessIdentity) -> Option<Vec<CompilerTime>> {
    let directory = format!("/proc/{}", process.id);
    stat(Path::new(&directory)).filter(|own| own.starttime == process.started)?;
    let threads = std::fs::read_dir(format!("{directory}/task")).ok()?.flatten();
    // A thread may have ended meanwhile.
    Some(threads.filter_map(|thread| compiler(&thread.path())).collect())
}

/// What a thread has had, if it compiles.
fn compiler(directory: &Path) -> Option<CompilerTime> {
    let name = files::read(&directory.join("comm")).ok()?;
    COMPILERS.iter().find(|compiler| name.starts_with(compiler))?;
    let thread = directory.file_name()?.to_str()?.parse().ok()?;
    let counted = files::read(&directory.join("schedstat")).ok();
    let counted = counted.and_then(|text| Schedstat::from_read(text.as_slice()).ok());
    // A kernel that does not count this says 0, and one that leaves it out altogether says nothing: its clock's ticks remain.
    let (ran, waited) = match counted.filter(|counted| counted.sum_exec_runtime > 0) {
        Some(counted) => (Duration::from_nanos(counted.sum_exec_runtime), Duration::from_nanos(counted.run_delay)),
        None => (ticks(&stat(directory)?), Duration::ZERO),
    };
    Some(CompilerTime { thread, ran, waited })
}

fn stat(directory: &Path) -> Option<Stat> {
    Stat::from_read(files::read(&directory.join("stat")).ok()?.as_slice()).ok()
}

fn ticks(stat: &Stat) -> Duration {
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
                let compilers = of(&own).unwrap();
                drop(looks);
                assert_eq!(compilers.len(), usize::from(is_compiler), "{name}: {compilers:?}");
                let worked = Duration::from_millis(100);
                assert!(compilers.iter().all(|compiler| compiler.ran >= worked), "{compilers:?}");
            });
        }
    }
}
