//! One HTTP request on a connection of its own, to look at what a stub answers.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use httparse::Status;
use serde_json::Value;

use crate::error::{Context, Error, Result};

/// For connecting, and for each look for more of an answer.
const AT_MOST: Duration = Duration::from_secs(30);
/// More headers than a stub sends.
const MOST_HEADERS: usize = 64;

/// A request, not yet sent.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    head: String,
    body: String,
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The status.
    pub status: u16,
    /// The headers in their order, names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl HttpRequest {
    /// A request without a body.
    #[must_use]
    pub fn new(method: &str, path: &str) -> Self {
        let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        Self { head, body: String::new() }
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.head.extend([name, ": ", value, "\r\n"]);
        self
    }

    /// With this body.
    #[must_use]
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    /// Asks the server at `address` without TLS.
    ///
    /// # Errors
    /// There is no whole answer.
    pub fn send(&self, address: SocketAddr) -> Result<HttpAnswer> {
        let connected = TcpStream::connect_timeout(&address, AT_MOST);
        let stream = connected.context(|| format!("`{address}` could not be reached"))?;
        stream.set_read_timeout(Some(AT_MOST)).context(|| "the time to read could not be limited".to_owned())?;
        self.send_over(stream)
    }

    /// Asks whoever is at the other end of `stream`, and reads to its end.
    ///
    /// # Errors
    /// There is no whole answer.
    pub fn send_over(&self, mut stream: impl Read + Write) -> Result<HttpAnswer> {
        let text = format!("{}Content-Length: {}\r\n\r\n{}", self.head, self.body.len(), self.body);
        stream.write_all(text.as_bytes()).context(|| "the request could not be sent".to_owned())?;
        stream.flush().context(|| "the request could not be sent".to_owned())?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).context(|| "no whole answer came".to_owned())?;
        HttpAnswer::parse(&String::from_utf8_lossy(&bytes))
    }
}

impl HttpAnswer {
    /// The first header of this name, which is written in small letters.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body, read as JSON.
    ///
    /// # Errors
    /// It is not JSON.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.body).context(|| format!("`{}` is not JSON", self.body))
    }

    fn parse(text: &str) -> Result<Self> {
        let whole = || Error::new(format!("needed a whole answer, found `{}`", text.escape_debug()));
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut head = httparse::Response::new(&mut headers);
        let Ok(Status::Complete(end)) = head.parse(text.as_bytes()) else { return Err(whole()) };
        let value = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let headers = head.headers.iter().map(|header| (header.name.to_lowercase(), value(header.value))).collect();
        let body = text.get(end..).unwrap_or_default();
        let answer = Self { status: head.code.unwrap_or_default(), headers, body: body.to_owned() };
        match answer.header("content-length") {
            Some(length) if length.parse() != Ok(body.len()) => Err(whole()),
            _ => Ok(answer),
        }
    }
}
