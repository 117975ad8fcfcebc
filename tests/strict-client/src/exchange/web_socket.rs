//! A WebSocket (RFC 6455): numbered messages at an interval, each of which must come back with its number and the name of
//! the instance that the connection was made to, and a close that both sides agree on.

use std::time::Instant;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::interval;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::http::Response;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::events::other_instance;
use crate::connection::{Connection, broken};
use crate::failure::{Broken, Failure};
use crate::progress::Progress;
use crate::response::Head;
use crate::timing::Sequence;

/// Opens a WebSocket on a connection that was not used yet, talks, and closes it.
pub(crate) async fn talk(
    connection: Connection,
    host: &str,
    messages: Sequence,
    progress: &mut Progress,
) -> Result<(), Broken> {
    let request = format!("ws://{host}/websocket").into_client_request().map_err(|error| failed(&error))?;
    progress.written = Some(Instant::now());
    let (mut socket, response) = match client_async(request, connection.stream).await {
        Ok(opened) => opened,
        Err(Error::Http(response)) => {
            progress.note(&response);
            return Ok(());
        }
        Err(error) => return Err(failed(&error)),
    };
    progress.note(&response);
    let mut instance = progress.head.as_ref().and_then(|head| head.instance.clone());
    let mut ticks = interval(messages.every);
    for number in 1..=messages.count {
        ticks.tick().await;
        socket.send(Message::text(number.to_string())).await.map_err(|error| failed(&error))?;
        let echo = next_text(&mut socket).await?;
        check(&echo, number, &mut instance)?;
        progress.exchanges += 1;
    }
    close(&mut socket).await
}

impl Progress {
    fn note<T>(&mut self, response: &Response<T>) {
        self.first_byte = Some(Instant::now());
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        self.head = Some(Head::of(response.status().as_u16(), header("x-release"), header("x-instance")));
    }
}

/// Whether the echo is the instance's name and the number. The first one names the instance if the head did not.
fn check(echo: &str, number: u64, instance: &mut Option<String>) -> Result<(), Broken> {
    let Some((found, text)) = echo.split_once(' ') else {
        return Err(Failure::Malformed.because(format!("a message {echo:?}; needed an instance and a number")));
    };
    if text != number.to_string() {
        return Err(Failure::OutOfSequence.because(format!("message {text:?} came; needed {number}")));
    }
    let needed = instance.get_or_insert_with(|| found.to_owned());
    if needed == found { Ok(()) } else { Err(other_instance("message", number, found, needed)) }
}

async fn next_text(socket: &mut WebSocketStream<TcpStream>) -> Result<String, Broken> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Close(frame))) => {
                let reason = frame.map_or_else(|| "no code".to_owned(), |frame| format!("code {}", frame.code));
                return Err(Failure::EndedEarly.because(format!("the server closed with {reason}")));
            }
            Some(Ok(message)) => return Err(Failure::Malformed.because(format!("a message {message:?}"))),
            Some(Err(error)) => return Err(failed(&error)),
            None => return Err(Failure::EofWithinResponse.into()),
        }
    }
}

/// Closes, and waits for the server's agreement and then for its FIN.
async fn close(socket: &mut WebSocketStream<TcpStream>) -> Result<(), Broken> {
    socket.close(None).await.map_err(|error| failed(&error))?;
    while let Some(message) = socket.next().await {
        match message {
            Ok(Message::Close(_) | Message::Ping(_) | Message::Pong(_)) => {}
            Ok(message) => return Err(Failure::OutOfSequence.because(format!("{message:?} came; needed the end"))),
            Err(error) => return Err(failed(&error)),
        }
    }
    // A connection that ended without the server's close is an error of the library's, seen above.
    Ok(())
}

fn failed(error: &Error) -> Broken {
    match error {
        Error::Io(error) => broken(error),
        Error::Protocol(ProtocolError::HandshakeIncomplete) => Failure::EofBeforeResponse.because(error.to_string()),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)
        | Error::ConnectionClosed
        | Error::AlreadyClosed => Failure::EofWithinResponse.because(error.to_string()),
        error => Failure::Malformed.because(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_is_right_only_with_the_number_and_the_instance() {
        let table = [
            ("a 3", Ok(())),
            ("a 2", Err(Failure::OutOfSequence)),
            ("a 4", Err(Failure::OutOfSequence)),
            ("b 3", Err(Failure::WrongInstance)),
            ("a", Err(Failure::Malformed)),
        ];
        for (echo, expected) in table {
            let outcome = check(echo, 3, &mut Some("a".to_owned()));
            assert_eq!(outcome.map_err(|broken| broken.failure), expected, "{echo}");
        }
    }

    #[test]
    fn the_first_echo_names_the_instance_where_the_head_does_not() {
        let mut instance = None;
        check("a 1", 1, &mut instance).unwrap();
        assert_eq!(check("b 2", 2, &mut instance).unwrap_err().failure, Failure::WrongInstance);
    }
}
