//! One HTTP request on a connection of its own, and the whole answer to it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use httparse::Status;

use crate::error::{Context, Error, Result};

/// For the whole of a request.
const AT_MOST: Duration = Duration::from_secs(10);
/// An answer that does not end is cut off here.
const MOST_BYTES: usize = 4 << 20;
/// More headers than the services of the tests have.
const MOST_HEADERS: usize = 64;

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The status.
    pub status: u16,
    /// The headers in their order, names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl HttpAnswer {
    /// The first header of this name, which is written in small letters.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Which release the demo service says it is.
    #[must_use]
    pub fn release(&self) -> Option<&str> {
        self.header("x-release")
    }

    /// Which instance of the demo service says it answered.
    #[must_use]
    pub fn instance(&self) -> Option<&str> {
        self.header("x-instance")
    }

    /// What a port on 127.0.0.1 answers to a GET.
    ///
    /// # Errors
    /// Nobody answers with HTTP there.
    pub fn get(port: u16, path: &str) -> Result<Self> {
        Self::get_from((Ipv4Addr::LOCALHOST, port).into(), path)
    }

    /// What an address answers to a GET.
    ///
    /// # Errors
    /// Nobody answers with HTTP there.
    pub fn get_from(server: SocketAddr, path: &str) -> Result<Self> {
        let address = format!("http://{server}{path}");
        let bytes = exchange(server, path, Instant::now() + AT_MOST)
            .map_err(|error| Error::new(format!("`{address}`: {error}")))?;
        Self::parse(&bytes).map_err(|found| Error::new(format!("`{address}` did not answer with HTTP: {found}")))
    }

    fn parse(bytes: &[u8]) -> std::result::Result<Self, String> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut head = httparse::Response::new(&mut headers);
        let found = |cause: &str| format!("{cause}: `{}`", String::from_utf8_lossy(bytes).escape_debug());
        let Status::Complete(end) = head.parse(bytes).map_err(|cause| found(&cause.to_string()))? else {
            return Err(found("a part of a head"));
        };
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let headers = head.headers.iter().map(|header| (header.name.to_lowercase(), text(header.value))).collect();
        let mut answer = Self { status: head.code.unwrap_or_default(), headers, body: String::new() };
        let body = bytes.get(end..).unwrap_or_default();
        let body = answer.whole_body(body)?;
        answer.body = String::from_utf8_lossy(&body).into_owned();
        Ok(answer)
    }

    fn whole_body(&self, bytes: &[u8]) -> std::result::Result<Vec<u8>, String> {
        if self.header("transfer-encoding") == Some("chunked") {
            return join_chunks(bytes);
        }
        let length = match self.header("content-length") {
            Some(length) => length.parse().map_err(|_| format!("`content-length` is `{length}`"))?,
            None => bytes.len(),
        };
        let body = bytes.get(..length).ok_or_else(|| format!("{} of {length} bytes of the body came", bytes.len()))?;
        Ok(body.to_vec())
    }
}

fn exchange(server: SocketAddr, path: &str, deadline: Instant) -> Result<Vec<u8>> {
    let left = || deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
    let mut stream = TcpStream::connect_timeout(&server, left()).context(|| "could not connect".to_owned())?;
    stream.set_write_timeout(Some(left())).context(|| "could not limit the time to write".to_owned())?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).context(|| "could not send the request".to_owned())?;
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    while bytes.len() < MOST_BYTES {
        stream.set_read_timeout(Some(left())).context(|| "could not limit the time to read".to_owned())?;
        let count = stream.read(&mut buffer).context(|| format!("no whole answer within {AT_MOST:?}"))?;
        if count == 0 {
            return Ok(bytes);
        }
        bytes.extend_from_slice(buffer.get(..count).unwrap_or_default());
    }
    Err(Error::new(format!("the answer is longer than {MOST_BYTES} bytes")))
}

fn join_chunks(mut bytes: &[u8]) -> std::result::Result<Vec<u8>, String> {
    let mut body = Vec::new();
    loop {
        let (start, size) = match httparse::parse_chunk_size(bytes) {
            Ok(Status::Complete(found)) => found,
            Ok(Status::Partial) => return Err("a chunk has no size".to_owned()),
            Err(_) => return Err(format!("a chunk's size is `{}`", String::from_utf8_lossy(bytes).escape_debug())),
        };
        if size == 0 {
            return Ok(body);
        }
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let chunk = bytes.get(start..).and_then(|rest| rest.split_at_checked(size)).ok_or("a chunk was cut off")?;
        body.extend_from_slice(chunk.0);
        bytes = chunk.1.strip_prefix(b"\r\n").ok_or("a chunk was cut off")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_answers_are_read_and_others_are_told() {
        for (text, status, body) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nreal1", 200, "real1"),
            ("HTTP/1.0 404 Not Found\r\n\r\ntill the end", 404, "till the end"),
            ("HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n3\r\nrea\r\n2;x\r\nl1\r\n0\r\n\r\n", 200, "real1"),
        ] {
            let answer = HttpAnswer::parse(text.as_bytes()).unwrap();
            assert_eq!((answer.status, answer.body.as_str()), (status, body), "{text}");
        }
        for (text, told) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nrea", "3 of 5 bytes of the body came"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nrea", "a chunk was cut off"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nrea\r\n", "a chunk has no size"),
            ("HTTP/1.1 200 OK\r\nCont", "a part of a head: `HTTP/1.1 200 OK\\r\\nCont`"),
            ("SSH-2.0\r\n\r\n", "invalid HTTP version: `SSH-2.0\\r\\n\\r\\n`"),
        ] {
            assert_eq!(HttpAnswer::parse(text.as_bytes()), Err(told.to_owned()), "{text}");
        }
    }

    #[test]
    fn headers_are_found_by_their_small_name() {
        let answer = HttpAnswer::parse(b"HTTP/1.1 200 OK\r\nX-Release: v1\r\nX-Instance: 7\r\n\r\n").unwrap();
        assert_eq!((answer.release(), answer.instance(), answer.header("x-none")), (Some("v1"), Some("7"), None));
    }
}
