//! A way to a server that takes a given time, as a network does: a TCP proxy on loopback, in a thread of its own. A FIN
//! and a RST take as long as bytes do, so that a client learns of a closed connection as late as it would elsewhere.
//!
//! What it cannot delay is the client's `connect`, which the kernel answers at once. The round trip of that is therefore
//! added to the first bytes that the client sends; and a refused connection is seen as a reset one.

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until};

use crate::read::read;

/// Bytes on their way in one direction of a connection; beyond it the sender has to wait.
const MOST_UNDER_WAY: usize = 1024 * 1024;

/// The proxy. It ends, and all its connections with it, when it is dropped.
#[derive(Debug)]
pub struct DelayedPath {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// How one side's stream ended, on its way to the other side.
enum Piece {
    Bytes(Vec<u8>),
    Fin,
}

/// A connection is to be reset on both sides.
struct Reset;

impl DelayedPath {
    /// Opens a way to `server` on which a round trip takes `round_trip` more than without it.
    ///
    /// # Errors
    /// The system has no port or no thread to spare.
    pub fn open(server: SocketAddr, round_trip: Duration) -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("delayed-path".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(&listener, server, round_trip / 2) => {}
                    // Ends with an error if the sender was dropped, which means the same.
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where to connect instead of to the server.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for DelayedPath {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join)
            && !std::thread::panicking()
        {
            resume_unwind(panic);
        }
    }
}

async fn accept(listener: &TcpListener, server: SocketAddr, one_way: Duration) {
    loop {
        match listener.accept().await {
            Ok((client, _)) => {
                tokio::spawn(carry(client, server, one_way, Instant::now()));
            }
            // Out of file descriptors, most likely: an accept at once would fail again, at full speed.
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Carries one connection to its end.
async fn carry(mut client: TcpStream, address: SocketAddr, one_way: Duration, accepted: Instant) {
    sleep_until(accepted + one_way).await;
    let Ok(mut server) = TcpStream::connect(address).await else {
        sleep(one_way).await;
        return reset(&client);
    };
    let is_quick = client.set_nodelay(true).and_then(|()| server.set_nodelay(true));
    let (mut client_read, mut client_write) = client.split();
    let (mut server_read, mut server_write) = server.split();
    let (client_is_reset, server_is_reset) = (AtomicBool::new(false), AtomicBool::new(false));
    let up = Direction {
        one_way,
        not_before: accepted + one_way * 2,
        source_is_reset: &client_is_reset,
        target_is_reset: &server_is_reset,
    };
    let down = Direction {
        one_way,
        not_before: accepted,
        source_is_reset: &server_is_reset,
        target_is_reset: &client_is_reset,
    };
    // The answers first: where bytes and a reset are due in the same moment, the bytes came first.
    let carried = tokio::try_join!(
        down.carry(&mut server_read, &mut client_write),
        up.carry(&mut client_read, &mut server_write)
    );
    if carried.is_err() || is_quick.is_err() {
        reset(&client);
        reset(&server);
    }
}

/// Sees to it that the socket's end, which follows, is a RST. A socket on which that fails is one already.
fn reset(socket: &TcpStream) {
    let _is_reset_already = set_socket_linger(socket, Some(Duration::ZERO));
}

/// One direction of a connection.
struct Direction<'a> {
    one_way: Duration,
    /// Nothing sets out earlier.
    not_before: Instant,
    /// The kernel tells of a reset only once, be it to a reader or to a writer: the one tells the other.
    source_is_reset: &'a AtomicBool,
    target_is_reset: &'a AtomicBool,
}

impl Direction<'_> {
    /// Carries bytes, each when its time has come, until the source's FIN is delivered.
    async fn carry(
        &self,
        source: &mut (impl AsyncRead + Unpin),
        target: &mut (impl AsyncWrite + Unpin),
    ) -> Result<(), Reset> {
        let mut under_way: VecDeque<(Instant, Piece)> = VecDeque::new();
        let mut size = 0;
        let mut has_ended = false;
        loop {
            let due = under_way.front().map(|(due, _)| *due);
            tokio::select! {
                () = sleep_until(due.unwrap_or(self.not_before)), if due.is_some() => {
                    match under_way.pop_front() {
                        Some((_, Piece::Bytes(bytes))) => {
                            size -= bytes.len();
                            if target.write_all(&bytes).await.is_err() {
                                self.target_is_reset.store(true, Ordering::Relaxed);
                                return self.reset_later().await;
                            }
                        }
                        Some((_, Piece::Fin)) => {
                            // Fails only on a socket that is gone, whose FIN or RST comes on the other direction.
                            let _is_gone = target.shutdown().await;
                            return Ok(());
                        }
                        None => {}
                    }
                }
                piece = read(source, <[u8]>::to_vec), if !has_ended && size < MOST_UNDER_WAY => {
                    let due = Instant::now().max(self.not_before) + self.one_way;
                    match piece {
                        Ok(bytes) if !bytes.is_empty() => {
                            size += bytes.len();
                            under_way.push_back((due, Piece::Bytes(bytes)));
                        }
                        Ok(_) if !self.source_is_reset.load(Ordering::Relaxed) => {
                            has_ended = true;
                            under_way.push_back((due, Piece::Fin));
                        }
                        // What is still under way was sent before, and arrives before.
                        _ => return self.deliver_and_reset(under_way, target).await,
                    }
                }
            }
        }
    }

    async fn deliver_and_reset(
        &self,
        under_way: VecDeque<(Instant, Piece)>,
        target: &mut (impl AsyncWrite + Unpin),
    ) -> Result<(), Reset> {
        let due = Instant::now() + self.one_way;
        for (due, piece) in under_way {
            sleep_until(due).await;
            if let Piece::Bytes(bytes) = piece
                && target.write_all(&bytes).await.is_err()
            {
                return Err(Reset);
            }
        }
        sleep_until(due).await;
        Err(Reset)
    }

    async fn reset_later(&self) -> Result<(), Reset> {
        sleep(self.one_way).await;
        Err(Reset)
    }
}
