//! A response as it comes in, piece by piece: the head that matters to a record, and where the body ends. The body
//! itself is not kept.

use crate::failure::Failure;

/// A head longer than this is no answer of a service under test.
const LONGEST_HEAD: usize = 64 * 1024;

/// What was malformed about a response, in words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) String);

/// The head of a response, as far as it matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) release: Option<String>,
    pub(crate) instance: Option<String>,
    pub(crate) keep_alive: bool,
    length: Option<u64>,
    chunked: bool,
}

/// How the response goes on after what has come so far.
#[derive(Debug)]
enum State {
    Head(Vec<u8>),
    Length(u64),
    ChunkSize(Vec<u8>),
    ChunkData(u64),
    ChunkEnd(Vec<u8>),
    Trailer(Vec<u8>),
    UntilEof,
    Complete,
}

/// Reads one response from the pieces in which it comes.
#[derive(Debug)]
pub(crate) struct ResponseReader {
    head: Option<Head>,
    state: State,
}

impl ResponseReader {
    pub(crate) fn new() -> Self {
        Self { head: None, state: State::Head(Vec::new()) }
    }

    /// The head, as soon as it is whole.
    pub(crate) fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    pub(crate) fn is_complete(&self) -> bool {
        matches!(self.state, State::Complete)
    }

    /// Takes the next bytes. Bytes beyond the response are refused: nobody asked for them.
    pub(crate) fn take(&mut self, mut bytes: &[u8]) -> Result<(), Malformed> {
        while let Some((byte, rest)) = bytes.split_first() {
            match &mut self.state {
                State::Length(remaining) | State::ChunkData(remaining) => {
                    let taken = usize::try_from(*remaining).unwrap_or(usize::MAX).min(bytes.len());
                    *remaining -= taken as u64;
                    bytes = &bytes[taken..];
                }
                State::UntilEof => bytes = &[],
                State::Complete => return Err(Malformed(format!("{} bytes after the response's end", bytes.len()))),
                State::Head(line) | State::ChunkSize(line) | State::ChunkEnd(line) | State::Trailer(line) => {
                    line.push(*byte);
                    bytes = rest;
                    if line.len() > LONGEST_HEAD {
                        return Err(Malformed(format!("a head or line of more than {LONGEST_HEAD} bytes")));
                    }
                }
            }
            self.advance()?;
        }
        Ok(())
    }

    /// The server has closed its side: was that the end of the response?
    pub(crate) fn end(&self) -> Result<(), Failure> {
        match &self.state {
            State::Complete | State::UntilEof => Ok(()),
            State::Head(line) if line.is_empty() => Err(Failure::EofBeforeResponse),
            _ => Err(Failure::EofWithinResponse),
        }
    }

    /// Goes on to the next state if the present one has all of its bytes.
    fn advance(&mut self) -> Result<(), Malformed> {
        let next = match &self.state {
            State::Head(bytes) if bytes.ends_with(b"\r\n\r\n") => {
                let head = Head::parse(bytes)?;
                if (100..200).contains(&head.status) {
                    // An interim response: the real one follows.
                    State::Head(Vec::new())
                } else {
                    let state = head.body();
                    self.head = Some(head);
                    state
                }
            }
            State::Length(0) => State::Complete,
            State::ChunkData(0) => State::ChunkEnd(Vec::new()),
            State::ChunkEnd(line) if line.len() == 2 => match line.as_slice() {
                b"\r\n" => State::ChunkSize(Vec::new()),
                other => return Err(Malformed(format!("a chunk that ends with {:?}", String::from_utf8_lossy(other)))),
            },
            State::ChunkSize(line) if line.ends_with(b"\r\n") => match chunk_size(line)? {
                0 => State::Trailer(Vec::new()),
                size => State::ChunkData(size),
            },
            State::Trailer(line) if line == b"\r\n" => State::Complete,
            State::Trailer(line) if line.ends_with(b"\r\n") => State::Trailer(Vec::new()),
            _ => return Ok(()),
        };
        self.state = next;
        Ok(())
    }
}

fn chunk_size(line: &[u8]) -> Result<u64, Malformed> {
    let text = String::from_utf8_lossy(line);
    let digits = text.split(';').next().unwrap_or("").trim();
    u64::from_str_radix(digits, 16).map_err(|_| Malformed(format!("a chunk of the size {digits:?}")))
}

impl Head {
    fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.split("\r\n");
        let status_line = lines.next().unwrap_or("");
        let not_http = || Malformed(format!("a status line {status_line:?}"));
        let (version, rest) = status_line.split_once(' ').ok_or_else(not_http)?;
        let status = rest.get(..3).and_then(|code| code.parse().ok()).ok_or_else(not_http)?;
        let keep_alive = match version {
            "HTTP/1.1" => true,
            "HTTP/1.0" => false,
            _ => return Err(not_http()),
        };
        let mut head = Self { status, keep_alive, ..Self::default() };
        for line in lines.take_while(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').ok_or_else(|| Malformed(format!("a header {line:?}")))?;
            head.note(&name.to_ascii_lowercase(), value.trim())?;
        }
        Ok(head)
    }

    fn note(&mut self, name: &str, value: &str) -> Result<(), Malformed> {
        match name {
            "content-length" => {
                let length = value.parse().map_err(|_| Malformed(format!("a content length {value:?}")))?;
                self.length = Some(length);
            }
            "transfer-encoding" => self.chunked = value.eq_ignore_ascii_case("chunked"),
            "connection" if value.eq_ignore_ascii_case("close") => self.keep_alive = false,
            "connection" if value.eq_ignore_ascii_case("keep-alive") => self.keep_alive = true,
            "x-release" => self.release = Some(value.to_owned()),
            "x-instance" => self.instance = Some(value.to_owned()),
            _ => {}
        }
        Ok(())
    }

    /// Where the body starts; RFC 9112, section 6.3, for answers to GET.
    fn body(&self) -> State {
        match (self.status, self.chunked, self.length) {
            (204 | 304, ..) | (_, false, Some(0)) => State::Complete,
            (_, true, _) => State::ChunkSize(Vec::new()),
            (_, false, Some(length)) => State::Length(length),
            (_, false, None) => State::UntilEof,
        }
    }

    /// Whether another request may follow on the same connection.
    pub(crate) fn allows_reuse(&self) -> bool {
        self.keep_alive && !matches!(self.body(), State::UntilEof)
    }
}

#[cfg(test)]
mod tests;
