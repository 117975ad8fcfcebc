//! A GET of the large page by HTTP/2: a stream of a connection that others may share.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use bytes::Bytes;
use futures_util::FutureExt;
use h2::client::{ResponseFuture, SendRequest};
use h2::{Reason, RecvStream};
use http::{HeaderMap, Request};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::connection::Connection;
use crate::exchange::large::Page;
use crate::failure::{Broken, Failure};
use crate::progress::Progress;
use crate::response::Head;

/// A connection whose streams are requests. It is closed when the last clone has been dropped and its streams have ended.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    requests: SendRequest<Bytes>,
    number: u64,
    uses: Arc<AtomicU64>,
}

impl Session {
    /// Begins HTTP/2 on a connection on which it was agreed.
    pub(crate) async fn begin<S>(connection: Connection<S>, progress: &Progress) -> Result<Self, Broken>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let begun = h2::client::handshake(connection.stream).await;
        let (requests, driver) = begun.map_err(|error| broken(&error, progress))?;
        // What ends it ends its streams, each of which tells why.
        drop(tokio::spawn(driver));
        Ok(Self { requests, number: connection.number, uses: Arc::default() })
    }

    /// Whether the server has not said that it is about to go, as far as is known.
    pub(crate) fn is_open(&self) -> bool {
        !matches!(self.requests.clone().ready().now_or_never(), Some(Err(_)))
    }

    /// Whether it is the same connection.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.number == other.number
    }

    /// Sends the request and reads the response.
    pub(crate) async fn fetch(&self, host: &str, path: &str, progress: &mut Progress) -> Result<(), Broken> {
        progress.connection = self.number;
        progress.nth_use = self.uses.fetch_add(1, Ordering::Relaxed) + 1;
        let request = Request::get(format!("https://{host}{path}")).header("accept-encoding", "gzip").body(());
        let request = request.map_err(|error| Failure::Malformed.because(error.to_string()))?;
        let ready = self.requests.clone().ready().await;
        let mut requests = ready.map_err(|error| broken(&error, progress))?;
        progress.written = Some(Instant::now());
        let (response, _) = requests.send_request(request, true).map_err(|error| broken(&error, progress))?;
        let body = head(response, progress).await?;
        let page = receive(body, progress).await?;
        page.end(progress)
    }
}

async fn head(response: ResponseFuture, progress: &mut Progress) -> Result<RecvStream, Broken> {
    let response = response.await.map_err(|error| broken(&error, progress))?;
    progress.first_byte = Some(Instant::now());
    let of = |headers: &HeaderMap, name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let headers = response.headers();
    progress.head = Some(Head::of(response.status().as_u16(), of(headers, "x-release"), of(headers, "x-instance")));
    Ok(response.into_body())
}

async fn receive(mut body: RecvStream, progress: &Progress) -> Result<Page, Broken> {
    let mut page = Page::default();
    while let Some(piece) = body.data().await {
        let piece = piece.map_err(|error| broken(&error, progress))?;
        // The server may send as much again.
        body.flow_control().release_capacity(piece.len()).map_err(|error| broken(&error, progress))?;
        if progress.has_succeeded() {
            page.take(&piece)?;
        }
    }
    Ok(page)
}

/// What an error of the protocol says of the request.
fn broken(error: &h2::Error, progress: &Progress) -> Broken {
    let eof = || match progress.first_byte {
        None => Failure::EofBeforeResponse,
        Some(_) => Failure::EofWithinResponse,
    };
    let went_in_order = error.is_go_away() && error.reason() == Some(Reason::NO_ERROR);
    let refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
    match error.get_io().map(std::io::Error::kind) {
        // A stream that the server has taken is not ended by its leave: this one was not.
        None if error.is_remote() && (went_in_order || refused) => Failure::Unprocessed.into(),
        None => Failure::Malformed.because(error.to_string()),
        Some(ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe) => eof().because(error.to_string()),
        Some(_) => Failure::Reset.because(error.to_string()),
    }
}
