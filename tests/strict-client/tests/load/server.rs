//! A small server on loopback, whose connections each do what a test wants of them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::net::sockopt::{set_socket_linger, set_socket_reuseaddr, set_tcp_cork};
use rustix::net::{AddressFamily, SocketType};

static NEXT_PORT: AtomicU16 = AtomicU16::new(0);

/// A whole response.
pub(crate) const GOOD: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Release: v1\r\nX-Instance: 0123abcd\r\n\r\nok";

/// Runs until it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: Arc<AtomicBool>,
    acceptor: Option<JoinHandle<()>>,
}

/// One connection, as seen by the server.
pub(crate) struct Client {
    reader: BufReader<TcpStream>,
}

impl Server {
    /// Serves each connection in a thread of its own with `serve`, which returns when it has done with it.
    pub(crate) fn start(serve: impl Fn(Client) + Send + Sync + 'static) -> Self {
        let listener = listen();
        let address = listener.local_addr().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let serve = Arc::new(serve);
        let acceptor = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    break;
                }
                let client = Client { reader: BufReader::new(stream.unwrap()) };
                let serve = Arc::clone(&serve);
                std::thread::spawn(move || serve(client));
            }
        });
        Self { address, stop, acceptor: Some(acceptor) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the acceptor; if that fails there is nobody left to wake.
        drop(TcpStream::connect(self.address));
        if let Some(acceptor) = self.acceptor.take() {
            drop(acceptor.join());
        }
    }
}

fn listen() -> TcpListener {
    (0..20).find_map(|_| TcpListener::bind(("127.0.0.1", next_port())).ok()).unwrap()
}

/// Below the ephemeral range, and away from those of a test that runs beside this one.
fn next_port() -> u16 {
    let first = 10_000 + u16::try_from(std::process::id() % 500).unwrap() * 20;
    first + NEXT_PORT.fetch_add(1, Ordering::Relaxed)
}

/// An address where nobody listens, and where nobody did: a program that another test starts in that moment would have a copy of
/// the listener until it is executed.
pub(crate) fn deserted_address() -> SocketAddr {
    let flags = rustix::net::SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, flags, None).unwrap();
    set_socket_reuseaddr(&socket, true).unwrap();
    let is_free = |port: &u16| rustix::net::bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, *port)).is_ok();
    let port = (0..20).map(|_| next_port()).find(is_free).unwrap();
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

impl Client {
    /// Waits for the next request; false, if the client has closed the connection instead.
    pub(crate) fn has_request(&mut self) -> bool {
        let mut line = String::new();
        loop {
            line.clear();
            match self.reader.read_line(&mut line) {
                Ok(0) | Err(_) => return false,
                Ok(_) if line == "\r\n" => return true,
                Ok(_) => {}
            }
        }
    }

    /// Waits for the next request, and reads `length` bytes of its body.
    pub(crate) fn body(&mut self, length: usize) -> Vec<u8> {
        assert!(self.has_request());
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body).unwrap();
        body
    }

    /// What the client sent after the head that was read last.
    pub(crate) fn reader(&mut self) -> &mut impl Read {
        &mut self.reader
    }

    /// The socket itself.
    pub(crate) fn into_stream(self) -> TcpStream {
        self.reader.into_inner()
    }

    /// Waits until the client has closed its side.
    pub(crate) fn wait_for_end(&mut self) {
        while self.reader.fill_buf().is_ok_and(|bytes| !bytes.is_empty()) {
            let count = self.reader.buffer().len();
            self.reader.consume(count);
        }
    }

    /// Answers; a client that has gone meanwhile is its own business.
    pub(crate) fn answer(&mut self, bytes: &[u8]) {
        drop(self.reader.get_mut().write_all(bytes));
    }

    /// Answers with the FIN in the same segment, so that the client cannot have the one without the other.
    pub(crate) fn answer_and_close(mut self, bytes: &[u8]) {
        set_tcp_cork(self.reader.get_ref(), true).unwrap();
        self.answer(bytes);
    }

    /// Closes the connection with a reset, which is what a linger time of zero stands for.
    pub(crate) fn reset(self) {
        set_socket_linger(self.reader.get_ref(), Some(Duration::ZERO)).unwrap();
    }
}
