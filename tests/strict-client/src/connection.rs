//! One connection: its number, how often it was used, and the way of bytes to and from it.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Instant;

use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::failure::{Broken, Failure};
use crate::progress::Progress;
use crate::read::read;
use crate::response::ResponseReader;

/// A connection to the server under test: the socket itself, or TLS on it.
#[derive(Debug)]
pub(crate) struct Connection<S = TcpStream> {
    pub(crate) stream: S,
    pub(crate) number: u64,
    pub(crate) uses: u64,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr, number: u64) -> Result<Self, Broken> {
        let connect = |error: io::Error| Failure::Connect.because(error.to_string());
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
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Counts one use more, and writes the request or the beginning of it.
    pub(crate) async fn begin(&mut self, request: &[u8], progress: &mut Progress) -> Result<(), Broken> {
        self.uses += 1;
        progress.connection = self.number;
        progress.nth_use = self.uses;
        progress.written = Some(Instant::now());
        self.write(request).await
    }

    /// Writes more of a request.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        self.stream.write_all(bytes).await.map_err(|error| broken(&error))
    }

    /// Reads a response to its end. Of one that tells of success, `sink` gets the body piece by piece, and says how many
    /// exchanges each piece completed. What is known is noted in `progress` at once, and so even if this future is dropped.
    pub(crate) async fn receive(
        &mut self,
        progress: &mut Progress,
        mut sink: impl FnMut(&[u8]) -> Result<u64, Broken>,
    ) -> Result<(), Broken> {
        let mut reader = ResponseReader::new();
        while !reader.is_complete() {
            let goes_on = read(&mut self.stream, |bytes| {
                if bytes.is_empty() {
                    return reader.end().map_err(Broken::from).map(|()| false);
                }
                progress.first_byte.get_or_insert_with(Instant::now);
                let exchanges = &mut progress.exchanges;
                let taken = reader.take(bytes, &mut |piece: &[u8]| sink(piece).map(|more| *exchanges += more));
                if progress.head.is_none() {
                    progress.head = reader.take_head();
                }
                taken.map(|()| true)
            });
            let goes_on = match goes_on.await {
                // TLS was not taken leave of, which is the end of the bytes all the same.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(reader.end()?),
                goes_on => goes_on.map_err(|error| broken(&error))??,
            };
            if !goes_on {
                break;
            }
        }
        Ok(())
    }
}

/// What an error of the socket says of the request.
pub(crate) fn broken(error: &io::Error) -> Broken {
    match error.kind() {
        // Both say that the server's side is gone; the words of any other error are kept beside.
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => Failure::Reset.into(),
        ErrorKind::UnexpectedEof => Failure::EofWithinResponse.into(),
        _ => Failure::Reset.because(error.to_string()),
    }
}
