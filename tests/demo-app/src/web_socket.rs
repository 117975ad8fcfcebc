//! The WebSocket endpoint (RFC 6455): each text message comes back after the instance's name and a space.

use futures_util::{SinkExt, StreamExt};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONNECTION, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::connections::Watcher;
use crate::log;

/// Answers the request to upgrade; nothing, if it is none. The messages are echoed in a task that ends with the client's
/// going, and which the service waits for as long as for any request.
pub(crate) fn upgrade(
    request: &mut Request<Incoming>,
    instance: String,
    watcher: Watcher,
) -> Option<Response<UnsyncBoxBody<Bytes, std::convert::Infallible>>> {
    let asks = request.headers().get(UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
    let key = request.headers().get(SEC_WEBSOCKET_KEY).filter(|_| asks)?;
    let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()?;
    let upgrading = hyper::upgrade::on(request);
    tokio::spawn(async move {
        if let Err(error) = echo(upgrading, &instance).await {
            log::information(&format!("A WebSocket ended early: {error}"));
        }
        drop(watcher);
    });
    let mut response = Response::new(Empty::new().boxed_unsync());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    Some(response)
}

async fn echo(upgrading: OnUpgrade, instance: &str) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let stream: TokioIo<Upgraded> = TokioIo::new(upgrading.await?);
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
    while let Some(message) = socket.next().await {
        // A close is answered by the library, and the stream ends once that is sent.
        if let Message::Text(text) = message? {
            socket.send(Message::text(format!("{instance} {text}"))).await?;
        }
    }
    Ok(())
}
