//! The real machine, under test: in a temporary directory, with processes and listeners of its own on loopback.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard, mpsc};
use std::time::Duration;
use std::{fs, panic, thread};

use fake_host::{AppAnswer, bare_launch};
use rustix::net::{AddressFamily, SocketType, sockopt};
use shared::host::{Host, Machine, NotLinked};
use tempfile::TempDir;

use crate::subject::{Foreign, Opens, PROFILE, ROOT, Subject};

/// Plays a release.
pub(crate) const RELEASE: &str = env!("CARGO_BIN_EXE_release");
/// Does one thing in a process of its own.
pub(crate) const DEED: &str = env!("CARGO_BIN_EXE_deed");

/// No test takes so long, unless something waits that must not.
const AT_MOST: Duration = Duration::from_mins(5);

/// A signal comes for the whole process: whoever sends one is alone with it.
static SIGNALS: RwLock<()> = RwLock::new(());

enum Alone {
    No { _guard: RwLockReadGuard<'static, ()> },
    Yes { _guard: RwLockWriteGuard<'static, ()> },
}

/// The real machine.
pub(crate) struct OnMachine {
    host: Machine,
    foreign: Foreign,
    ports: RefCell<Vec<OwnedFd>>,
    directory: PathBuf,
    _temporary: TempDir,
    _alone: Alone,
}

/// Runs a test of the real machine.
#[track_caller]
pub(crate) fn run(user: u32, test: impl AsyncFnOnce(OnMachine) + Send + 'static) {
    on_a_thread(move || {
        let alone = Alone::No { _guard: SIGNALS.read().unwrap_or_else(std::sync::PoisonError::into_inner) };
        in_a_runtime(async move { test(OnMachine::with_hook_of(user, alone).await).await });
    });
}

/// Runs a test in which a signal comes for the hook.
#[track_caller]
pub(crate) fn run_alone(user: u32, test: impl AsyncFnOnce(OnMachine) + Send + 'static) {
    on_a_thread(move || {
        let alone = Alone::Yes { _guard: SIGNALS.write().unwrap_or_else(std::sync::PoisonError::into_inner) };
        in_a_runtime(async move { test(OnMachine::with_hook_of(user, alone).await).await });
    });
}

/// Does it on a thread that can become another user, that can be waited for, and with which its releases end.
#[track_caller]
fn on_a_thread(work: impl FnOnce() + Send + 'static) {
    let (ended, end) = mpsc::channel();
    let name = thread::current().name().unwrap_or("a test").to_owned();
    let thread = thread::Builder::new().name(name).spawn(move || {
        // Dropped when it has ended, by a panic too.
        let _ended = ended;
        work();
    });
    let waited = end.recv_timeout(AT_MOST);
    assert_ne!(waited, Err::<(), _>(mpsc::RecvTimeoutError::Timeout), "it had not ended after {AT_MOST:?}");
    if let Err(panic) = thread.unwrap().join() {
        panic::resume_unwind(panic);
    }
}

fn in_a_runtime(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work);
}

impl OnMachine {
    async fn with_hook_of(user: u32, alone: Alone) -> OnMachine {
        assert!(rustix::process::geteuid().is_root(), "these tests need root, to run hooks as another user");
        let host = Machine::new(NotLinked).unwrap();
        let temporary = tempfile::tempdir().unwrap();
        fs::set_permissions(temporary.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let directory = temporary.path().join("app");
        fs::create_dir(&directory).unwrap();
        chown(&directory, Some(user), Some(user)).unwrap();
        let (foreign, held) = foreign(&host, temporary.path()).await;
        let subject = OnMachine {
            host,
            foreign,
            ports: RefCell::new(vec![held]),
            directory,
            _temporary: temporary,
            _alone: alone,
        };
        if user != ROOT {
            let (id, group) = (rustix::fs::Uid::from_raw(user), rustix::fs::Gid::from_raw(user));
            rustix::thread::set_thread_groups(&[]).unwrap();
            rustix::thread::set_thread_gid(group).unwrap();
            rustix::thread::set_thread_uid(id).unwrap();
        }
        subject
    }
}

async fn foreign(host: &Machine, temporary: &Path) -> (Foreign, OwnedFd) {
    let directory = temporary.join("foreign");
    fs::create_dir(&directory).unwrap();
    for (name, bytes, mode) in [("file", "root's", 0o644), ("secret", "root's own", 0o600)] {
        let path = directory.join(name);
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }
    let (port, held) = reserve();
    let launch = bare_launch(release(Opens::Itself, port), &directory, &directory.join("log"));
    let process = host.launch(&launch).unwrap().identity;
    while !host.is_listened_on(port).unwrap() {
        assert_eq!(host.ending(&process), None);
        host.pause(Duration::from_millis(5)).await.unwrap();
    }
    (Foreign { directory, process, port }, held)
}

/// A port that is nobody else's as long as what is returned is kept: bound, so that the kernel gives it to nobody, and yet to
/// be had by who asks for exactly this one, since no one listens.
fn reserve() -> (u16, OwnedFd) {
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC).unwrap();
    sockopt::set_socket_reuseaddr(&socket, true).unwrap();
    rustix::net::bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = SocketAddrV4::try_from(rustix::net::getsockname(&socket).unwrap()).unwrap();
    (address.port(), socket)
}

fn release(opens: Opens, port: u16) -> Vec<String> {
    let mut command =
        vec![RELEASE.to_owned(), format!("-Dspring.profiles.active={PROFILE}"), format!("--server.port={port}")];
    match opens {
        Opens::Itself => {}
        Opens::Child => command.push("--by-child".to_owned()),
        Opens::None => command.push("--never".to_owned()),
    }
    command
}

impl Subject for OnMachine {
    type Host = Machine;

    fn host(&self) -> &Machine {
        &self.host
    }

    fn directory(&self) -> &Path {
        &self.directory
    }

    fn foreign(&self) -> &Foreign {
        &self.foreign
    }

    fn place_fifo(&self, path: &Path) {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    }

    fn place_link(&self, path: &Path, to: &Path) {
        std::os::unix::fs::symlink(to, path).unwrap();
    }

    fn free_port(&self) -> u16 {
        let (port, held) = reserve();
        self.ports.borrow_mut().push(held);
        port
    }

    fn serve(&self, answer: AppAnswer) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            let mut kept = Vec::new();
            for mut client in listener.incoming().map_while(Result::ok) {
                // A client that goes away is the test's affair, which sees what it got.
                let _ = read_request(&mut client).and_then(|()| write_answer(&mut client, &answer));
                kept.push(client);
            }
        });
        port
    }

    fn release(&self, opens: Opens, port: u16) -> Vec<String> {
        release(opens, port)
    }

    fn interrupt(&self) {
        nix::sys::signal::kill(nix::unistd::Pid::this(), nix::sys::signal::Signal::SIGTERM).unwrap();
    }
}

fn read_request(client: &mut TcpStream) -> io::Result<()> {
    let mut request = Vec::new();
    let mut buffer = [0; 1024];
    while !request.ends_with(b"\r\n\r\n") {
        let count = client.read(&mut buffer)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        request.extend_from_slice(&buffer[..count]);
    }
    Ok(())
}

fn write_answer(client: &mut TcpStream, answer: &AppAnswer) -> io::Result<()> {
    let (status, more, body) = match answer {
        AppAnswer::Hangs => return Ok(()),
        AppAnswer::Profile => (200, String::new(), PROFILE),
        AppAnswer::Says(status, body) => (*status, String::new(), body.as_str()),
        AppAnswer::Redirects(location) => (302, format!("Location: {location}\r\n"), ""),
    };
    let length = body.len();
    write!(client, "HTTP/1.1 {status} Said\r\n{more}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}
