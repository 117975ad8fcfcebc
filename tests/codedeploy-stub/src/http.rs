//! HTTP/1.1 on one connection, whole requests in and whole answers out.

use std::io;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

/// An answer whose body is there.
pub(crate) type WholeResponse = Response<Full<Bytes>>;

/// Answers each request with `answer`; where that gives nothing, the connection is closed without a byte.
pub(crate) async fn serve<Stream, Answering>(stream: Stream, answer: impl Fn(Request<Bytes>) -> Answering)
where
    Stream: AsyncRead + AsyncWrite + Unpin,
    Answering: Future<Output = Option<WholeResponse>>,
{
    let answer = &answer;
    let service = service_fn(move |request: Request<Incoming>| async move {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        answer(Request::from_parts(head, body)).await.ok_or_else(|| io::Error::other("meant to be closed"))
    });
    // How a connection ends is the client's to tell.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

/// A status that does not exist becomes 500, so that the test sees it.
pub(crate) fn response(status: u16, kind: &'static str, body: impl Into<Bytes>) -> WholeResponse {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

pub(crate) fn with_header(mut response: WholeResponse, name: &'static str, value: &str) -> WholeResponse {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
    response
}

/// In their order, names in small letters.
pub(crate) fn headers(map: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    map.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}
