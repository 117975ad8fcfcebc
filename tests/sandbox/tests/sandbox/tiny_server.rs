//! An application of a few lines: answers every request with its name.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// Listens until it is dropped.
pub(crate) struct TinyServer {
    port: u16,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl TinyServer {
    pub(crate) fn start(port: u16, name: &'static str) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let ends = Arc::new(AtomicBool::new(false));
        let seen_end = Arc::clone(&ends);
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if seen_end.load(Ordering::Acquire) {
                    break;
                }
                // A client that went away again is none of this server's concern.
                let _outcome = stream.and_then(|stream| answer(stream, name));
            }
        });
        Ok(Self { port, ends, thread: Some(thread) })
    }
}

fn answer(mut stream: TcpStream, name: &str) -> io::Result<()> {
    let mut request = Vec::new();
    let mut buffer = [0; 1024];
    while !request.ends_with(b"\r\n\r\n") {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        request.extend_from_slice(&buffer[..count]);
    }
    let length = name.len();
    write!(stream, "HTTP/1.1 200 OK\r\nX-Release: {name}\r\nContent-Length: {length}\r\n\r\n{name}")
}

impl Drop for TinyServer {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Release);
        let woken = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(woken.is_ok() && !matches!(ended, Some(Err(_))), "the tiny server did not end");
    }
}
