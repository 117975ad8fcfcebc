//! How many sockets this process may have at once.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Lets this process, and those that it starts from then on, have as many open files as it may ask for without being root.
/// What it is given to begin with (1024, as a rule) is too little for a load of many streams at once.
///
/// # Errors
/// The system refuses, which it has no reason to.
pub fn raise_open_file_limit() -> io::Result<()> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?)
}
