//! A server that takes everything and gives nothing.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::copy;
use tokio::net::TcpStream;

use crate::error::Result;
use crate::record::Record;
use crate::server::Server;

/// Accepts, reads, and never answers, until it is dropped.
#[derive(Debug)]
pub struct Swallower {
    server: Server,
    connections: Arc<Record<()>>,
}

impl Swallower {
    /// Starts it.
    ///
    /// # Errors
    /// No port, thread or runtime could be had.
    pub fn start() -> Result<Self> {
        let connections = Arc::new(Record::new());
        let counted = Arc::clone(&connections);
        let server = Server::start(move |mut stream: TcpStream| {
            counted.add(());
            async move {
                let (mut incoming, _outgoing) = stream.split();
                // Held open until the client closes it.
                drop(copy(&mut incoming, &mut tokio::io::sink()).await);
            }
        })?;
        Ok(Self { server, connections })
    }

    /// As a URL without TLS.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// How many connections have been accepted so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.all().len()
    }

    /// Waits until `count` connections have been accepted.
    ///
    /// # Errors
    /// Fewer were within `at_most`.
    pub fn wait_for_connections(&self, count: usize, at_most: Duration) -> Result<()> {
        self.connections.wait_for(count, at_most, "connections")?;
        Ok(())
    }
}
