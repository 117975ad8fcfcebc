//! One connection: its number, how often it was used, and the exchange of one request for one response.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Instant;

use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::failure::Failure;
use crate::response::{Head, Malformed, ResponseReader};

/// A connection to the server under test.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    pub(crate) number: u64,
    pub(crate) uses: u64,
}

/// A failure and what the system said about it.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) failure: Failure,
    pub(crate) detail: Option<String>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr, number: u64) -> Result<Self, Broken> {
        let connect = |error: io::Error| Broken { failure: Failure::Connect, detail: Some(error.to_string()) };
        let stream = TcpStream::connect(address).await.map_err(connect)?;
        stream.set_nodelay(true).map_err(connect)?;
        Ok(Self { stream, number, uses: 0 })
    }

    /// Whether a FIN, a RST, or bytes that nobody asked for have already arrived. Asks the kernel, since what the
    /// runtime knows of the socket may be older.
    pub(crate) fn looks_closed(&self) -> bool {
        let answer = recv(&self.stream, &mut [0_u8; 1][..], RecvFlags::PEEK | RecvFlags::DONTWAIT);
        !matches!(answer, Err(Errno::AGAIN))
    }

    /// Sends the request and reads its response to the end. `first_byte` is set as soon as a byte of it has come, so
    /// that it is known even if this future is dropped; so is `head`.
    pub(crate) async fn exchange(
        &mut self,
        request: &[u8],
        first_byte: &mut Option<Instant>,
        head: &mut Option<Head>,
    ) -> Result<(), Broken> {
        self.uses += 1;
        self.stream.write_all(request).await.map_err(|error| broken(&error))?;
        let mut reader = ResponseReader::new();
        let mut buffer = vec![0; 16 * 1024];
        while !reader.is_complete() {
            let count = self.stream.read(&mut buffer).await.map_err(|error| broken(&error))?;
            if count == 0 {
                return reader.end().map_err(|failure| Broken { failure, detail: None });
            }
            first_byte.get_or_insert_with(Instant::now);
            let taken = reader.take(&buffer[..count]);
            if head.is_none() {
                *head = reader.head().cloned();
            }
            taken.map_err(|Malformed(what)| Broken { failure: Failure::Malformed, detail: Some(what) })?;
        }
        Ok(())
    }
}

fn broken(error: &io::Error) -> Broken {
    // Both say that the server's side is gone; the words of any other error are kept beside.
    let usual = matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe);
    Broken { failure: Failure::Reset, detail: (!usual).then(|| error.to_string()) }
}
