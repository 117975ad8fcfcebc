//! One deed on the real host in a process of its own, so that a test can watch it from outside, end it, or change what stands
//! around it. Says in one line what came of it.

use std::io::{self, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use fake_host::bare_launch;
use shared::host::{Host, Machine, NotLinked, Process, ProcessIdentity, Signal};

/// So many processes are made for one that has the id that was meant.
const ATTEMPTS: usize = 1000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let said = tokio::runtime::Builder::new_current_thread().enable_all().build().and_then(|runtime| {
        let _inside = runtime.enter();
        done(&Machine::new(NotLinked)?, &words)
    });
    match said {
        Ok(said) => say(&said),
        Err(cause) => {
            say(&format!("{:?}", cause.kind()));
            let _ = writeln!(io::stderr(), "deed: {cause}");
            ExitCode::FAILURE
        }
    }
}

fn say(what: &str) -> ExitCode {
    let mut output = io::stdout();
    match writeln!(output, "{what}").and_then(|()| output.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn done(host: &Machine, words: &[&str]) -> io::Result<String> {
    match words {
        ["replace", path, text] => host.replace_file(Path::new(path), text.as_bytes(), 0o644).map(|()| "done".into()),
        ["replace-of-this-boot", path, text] => {
            host.replace_file_of_this_boot(Path::new(path), text.as_bytes(), 0o644).map(|()| "done".into())
        }
        ["remove", path] => host.remove(Path::new(path)).map(|()| "done".into()),
        ["sync", path] => host.sync(Path::new(path)).map(|()| "done".into()),
        ["publish", from, to] => host.publish(Path::new(from), Path::new(to)),
        ["lock", path, log] => lock(host, Path::new(path), Path::new(log)),
        ["signal-one-whose-id-is-used-again"] => signal_one_whose_id_is_used_again(host),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "no such deed")),
    }
}

/// Takes the lock, launches a program, says its process id, and keeps the lock until it is ended.
fn lock(host: &Machine, path: &Path, log: &Path) -> io::Result<String> {
    let Ok(_lock) = host.lock(path, "the deed")? else { return Ok("another has it".to_owned()) };
    say(&launch(host, log)?.identity.id.to_string());
    // The end of its input does not come before the end of the test.
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok("let go".to_owned())
}

/// Ends a process, lets another one have its id, and sends SIGKILL to the one that has ended. To be run in a process id
/// namespace of its own, where nobody else takes ids.
fn signal_one_whose_id_is_used_again(host: &Machine) -> io::Result<String> {
    let log = Path::new("/dev/null");
    let ended = launch(host, log)?.identity;
    end(host, &ended)?;
    let innocent = process_with_the_id_of(host, &ended)?;
    let sent = host.signal(&ended, Signal::Kill)?;
    // Whether a SIGKILL is on its way shows when the next signal has been handled.
    let hears = host.ending(&innocent).is_none() && host.signal(&innocent, Signal::Terminate)?;
    let ending = ending(host, &innocent);
    Ok(format!("said to be sent: {sent}; the innocent one could be asked to end: {hears}, and ended with {ending}"))
}

/// Another process with the id of one that has ended, begun later: starts are told in clock ticks, and within one and the same
/// nobody can tell two processes of one id apart.
fn process_with_the_id_of(host: &Machine, ended: &ProcessIdentity) -> io::Result<ProcessIdentity> {
    loop {
        let later = launch(host, Path::new("/dev/null"))?.identity;
        end(host, &later)?;
        if later.started > ended.started {
            break;
        }
    }
    // If a signal comes just then, the kernel makes a process twice, of which the first has the id for a moment.
    for _ in 0..ATTEMPTS {
        use_next(ended.id)?;
        let newcomer = launch(host, Path::new("/dev/null"))?.identity;
        if newcomer.id == ended.id {
            return Ok(newcomer);
        }
        end(host, &newcomer)?;
    }
    Err(io::Error::other(format!("of {ATTEMPTS} processes none got the id {}", ended.id)))
}

fn end(host: &Machine, process: &ProcessIdentity) -> io::Result<()> {
    host.signal(process, Signal::Kill)?;
    ending(host, process);
    Ok(())
}

fn ending(host: &Machine, process: &ProcessIdentity) -> String {
    loop {
        if let Some(ending) = host.ending(process) {
            return ending;
        }
        std::thread::yield_now();
    }
}

/// The next process that is made in this namespace gets this id.
fn use_next(id: u32) -> io::Result<()> {
    std::fs::write("/proc/sys/kernel/ns_last_pid", (id - 1).to_string())
}

fn launch(host: &Machine, log: &Path) -> io::Result<Process> {
    host.launch(&bare_launch(vec!["sleep".to_owned(), "600".to_owned()], Path::new("/"), log))
}
