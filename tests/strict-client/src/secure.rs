//! The way to the server over TLS: whom to trust, which protocol to agree on, and the handshake.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::connection::Connection;
use crate::failure::{Broken, Failure};

/// The name that the server has to prove.
const NAME: &str = "localhost";

/// Where TLS is spoken, and how it is begun.
#[derive(Clone)]
pub(crate) struct Secure {
    pub(crate) address: SocketAddr,
    http1: TlsConnector,
    http2: TlsConnector,
}

impl Secure {
    /// A server at this address that shows this certificate, in DER.
    pub(crate) fn new(address: SocketAddr, certificate: &[u8]) -> io::Result<Self> {
        let invalid = |error| io::Error::new(io::ErrorKind::InvalidInput, format!("the certificate of TLS: {error}"));
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(certificate).into_owned()).map_err(invalid)?;
        let connector = |protocol: &[u8]| {
            let mut configuration = ClientConfig::builder().with_root_certificates(roots.clone()).with_no_client_auth();
            configuration.alpn_protocols = vec![protocol.to_vec()];
            // Each connection is a client of its own, which knows nothing of the others.
            configuration.resumption = tokio_rustls::rustls::client::Resumption::disabled();
            TlsConnector::from(Arc::new(configuration))
        };
        Ok(Self { address, http1: connector(b"http/1.1"), http2: connector(b"h2") })
    }

    /// Agrees on TLS, and on HTTP/1.1 in it.
    pub(crate) async fn http1(&self, connection: Connection) -> Result<Connection<TlsStream<TcpStream>>, Broken> {
        agree(&self.http1, connection).await
    }

    /// The same, and on HTTP/2.
    pub(crate) async fn http2(&self, connection: Connection) -> Result<Connection<TlsStream<TcpStream>>, Broken> {
        let connection = agree(&self.http2, connection).await?;
        if connection.stream.get_ref().1.alpn_protocol() != Some(b"h2") {
            return Err(Failure::Connect.because("the server does not speak HTTP/2"));
        }
        Ok(connection)
    }
}

async fn agree(tls: &TlsConnector, connection: Connection) -> Result<Connection<TlsStream<TcpStream>>, Broken> {
    let told = |error: String| Failure::Connect.because(format!("TLS: {error}"));
    let name = ServerName::try_from(NAME).map_err(|error| told(error.to_string()))?;
    let Connection { stream, number, uses } = connection;
    let stream = tls.connect(name, stream).await.map_err(|error| told(error.to_string()))?;
    Ok(Connection { stream, number, uses })
}

impl std::fmt::Debug for Secure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Secure").field("address", &self.address).finish_non_exhaustive()
    }
}
