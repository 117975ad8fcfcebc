//! The host in memory, under test.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use fake_host::{App, AppAnswer, Binding, FakeHost};
use shared::host::Host;

use crate::subject::{Foreign, Opens, PROFILE, ROOT, Subject};

/// The host in memory.
pub(crate) struct InMemory {
    host: FakeHost,
    directory: PathBuf,
    foreign: Foreign,
    last_port: Cell<u16>,
}

/// Runs a test of the host in memory.
#[track_caller]
pub(crate) fn run(user: u32, test: impl AsyncFnOnce(InMemory)) {
    let test = pin!(test(InMemory::with_hook_of(user)));
    let polled = test.poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(polled, Poll::Ready(()), "a host in memory never waits");
}

impl InMemory {
    fn with_hook_of(user: u32) -> InMemory {
        let host = FakeHost::new(Path::new("/etc/nginx/service-url.inc"), Path::new("/run/nginx.pid"), 8081);
        let foreign = Foreign {
            directory: "/srv/foreign".into(),
            process: host.place_stranger(8090, ROOT, "/usr/sbin/other --daemon"),
            port: 8090,
        };
        host.write(&foreign.directory.join("file"), b"root's");
        host.run_as(ROOT);
        host.replace_file(&foreign.directory.join("secret"), b"root's own", 0o600).unwrap();
        host.run_as(user);
        let directory = PathBuf::from("/home/hook/app");
        host.own_directory(&directory).unwrap();
        host.begin();
        InMemory { host, directory, foreign, last_port: Cell::new(9000) }
    }
}

impl Subject for InMemory {
    type Host = FakeHost;

    fn host(&self) -> &FakeHost {
        &self.host
    }

    fn directory(&self) -> &Path {
        &self.directory
    }

    fn foreign(&self) -> &Foreign {
        &self.foreign
    }

    fn place_fifo(&self, path: &Path) {
        self.host.place_fifo(path);
    }

    fn place_link(&self, path: &Path, to: &Path) {
        self.host.place_link(path, to);
    }

    fn free_port(&self) -> u16 {
        self.last_port.set(self.last_port.get() + 1);
        self.last_port.get()
    }

    fn serve(&self, answer: AppAnswer) -> u16 {
        let port = self.free_port();
        self.host.place_app(App::good().answering(answer), PROFILE, port);
        port
    }

    fn release(&self, opens: Opens, port: u16) -> Vec<String> {
        let binding = match opens {
            Opens::Itself => Binding::Itself,
            Opens::Child => Binding::ByChild,
            Opens::None => Binding::Never,
        };
        self.host.next_releases_are_good();
        self.host.next_release(App::good().binding(binding));
        ["java".to_owned(), format!("-Dspring.profiles.active={PROFILE}"), format!("--server.port={port}")].into()
    }

    fn interrupt(&self) {
        self.host.interrupt();
    }
}
