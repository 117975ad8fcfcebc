//! How a host with a kernel of its own is told what to do: by a program in it that listens on its network, one question to a
//! connection, each a line of JSON, as its answer is.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use crate::condition::Condition;
use crate::inside::{Outcome, PATH};
use crate::wait::wait_until;

/// Where the program listens.
pub(crate) const PORT: u16 = 7000;
/// How long one try may take. Nobody may be there yet, and a kernel that is a process among others may have to wait for its turn.
const TO_CONNECT: Duration = Duration::from_millis(200);
/// How long is waited before it is looked whether the host is still there: where it was cut, nobody says so.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// Longer than a deploy takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(5);

/// What the program is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Question {
    /// To run a program, and say how it ended.
    Run(Vec<String>),
    /// To answer as soon as this holds.
    When(Condition),
}

/// Answers whoever connects, all at once, for as long as the host is up.
///
/// # Errors
/// The port cannot be listened on.
pub fn serve() -> anyhow::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT)).context("the port could not be listened on")?;
    for asking in listener.incoming() {
        let asking = asking.context("a question could not be taken")?;
        // Whoever asked learns of an error by the answer that is missing.
        thread::spawn(move || answer(&asking));
    }
    Ok(())
}

fn answer(mut asking: &TcpStream) -> anyhow::Result<()> {
    let mut line = String::new();
    BufReader::new(asking).read_line(&mut line).context("a question could not be read")?;
    let outcome = match serde_json::from_str(&line).context("a question could not be understood")? {
        Question::Run(command) => run(&command)?,
        Question::When(condition) => {
            let code = i32::from(wait_until("it holds", || condition.holds(Path::new("/"))).is_err());
            Outcome { code, output: String::new() }
        }
    };
    writeln!(asking, "{}", serde_json::to_string(&outcome)?).context("an answer could not be written")
}

fn run(command: &[String]) -> anyhow::Result<Outcome> {
    let (program, arguments) = command.split_first().context("no program was named")?;
    let mut command = Command::new(program);
    // Nobody can type anything.
    let ended = command.args(arguments).env_clear().env("PATH", PATH).stdin(Stdio::null()).output();
    Ok(Outcome::of(&ended.with_context(|| format!("`{program}` could not be run"))?))
}

/// Connects, as long as the host is there and says nothing: whoever is refused hears that at once.
fn connect(server: SocketAddr, network: &Path) -> anyhow::Result<TcpStream> {
    let began = Instant::now();
    loop {
        match TcpStream::connect_timeout(&server, TO_CONNECT) {
            Err(cause) if cause.kind() == io::ErrorKind::TimedOut => {
                if fs::metadata(network).is_err() {
                    bail!("the host has ended");
                }
                if began.elapsed() >= PATIENCE {
                    bail!("nobody was there to be asked within {PATIENCE:?}");
                }
            }
            connection => return connection.context("nobody is there to be asked"),
        }
    }
}

/// Asks the program at `server`. Called in the network in which that is reached, of which this file is a part.
pub(crate) fn ask(server: SocketAddr, network: &Path, question: &Question) -> anyhow::Result<Outcome> {
    let mut connection = connect(server, network)?;
    connection.set_read_timeout(Some(BETWEEN_LOOKS)).context("the time to read could not be limited")?;
    writeln!(connection, "{}", serde_json::to_string(question)?).context("the question could not be sent")?;
    connection.shutdown(Shutdown::Write).context("the question could not be ended")?;
    let (mut text, mut buffer, began) = (Vec::new(), [0; 1 << 12], Instant::now());
    loop {
        match connection.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => text.extend_from_slice(buffer.get(..count).unwrap_or_default()),
            Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => {
                if fs::metadata(network).is_err() {
                    bail!("the host has ended");
                }
                if began.elapsed() >= PATIENCE {
                    bail!("no answer came within {PATIENCE:?} to {question:?}");
                }
            }
            Err(cause) => return Err(cause).context("the answer could not be read"),
        }
    }
    serde_json::from_slice(&text).with_context(|| format!("no whole answer came to {question:?}"))
}
