//! A response as it comes in, piece by piece: the head that matters to a record, and where the body ends. The body itself
//! is handed on and not kept.

use crate::failure::{Broken, Failure};

/// A head longer than this is no answer of a service under test.
const LONGEST_HEAD: usize = 64 * 1024;
/// Nor has it more headers.
const MOST_HEADERS: usize = 128;

fn malformed(what: impl Into<String>) -> Broken {
    Failure::Malformed.because(what)
}

/// The head of a response, as far as it matters here.
#[derive(Debug, Default, PartialEq, Eq)]
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
    is_success: bool,
    state: State,
}

impl ResponseReader {
    pub(crate) fn new() -> Self {
        Self { head: None, is_success: false, state: State::Head(Vec::new()) }
    }

    /// The head, once it is whole; each is given once.
    pub(crate) fn take_head(&mut self) -> Option<Head> {
        self.head.take()
    }

    pub(crate) fn is_complete(&self) -> bool {
        matches!(self.state, State::Complete)
    }

    /// Takes the next bytes, and gives those of the body to `sink` if the status is one of success. Bytes beyond the
    /// response are refused: nobody asked for them.
    pub(crate) fn take(
        &mut self,
        mut bytes: &[u8],
        sink: &mut impl FnMut(&[u8]) -> Result<(), Broken>,
    ) -> Result<(), Broken> {
        while !bytes.is_empty() {
            let taken = match &mut self.state {
                State::Length(remaining) | State::ChunkData(remaining) => {
                    let taken = usize::try_from(*remaining).unwrap_or(usize::MAX).min(bytes.len());
                    *remaining -= taken as u64;
                    self.hand_on(&bytes[..taken], sink)?;
                    taken
                }
                State::UntilEof => {
                    self.hand_on(bytes, sink)?;
                    bytes.len()
                }
                State::Complete => return Err(malformed(format!("{} bytes after the response's end", bytes.len()))),
                State::Head(line) | State::ChunkSize(line) | State::ChunkEnd(line) | State::Trailer(line) => {
                    // Up to the next line's end, where it may go on in another state.
                    let taken = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1);
                    line.extend_from_slice(&bytes[..taken]);
                    if line.len() > LONGEST_HEAD {
                        return Err(malformed(format!("a head or line of more than {LONGEST_HEAD} bytes")));
                    }
                    taken
                }
            };
            bytes = &bytes[taken..];
            self.advance()?;
        }
        Ok(())
    }

    fn hand_on(&self, body: &[u8], sink: &mut impl FnMut(&[u8]) -> Result<(), Broken>) -> Result<(), Broken> {
        if self.is_success { sink(body) } else { Ok(()) }
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
    fn advance(&mut self) -> Result<(), Broken> {
        let next = match &self.state {
            State::Head(bytes) if bytes.ends_with(b"\r\n\r\n") => {
                let head = Head::parse(bytes)?;
                if (100..200).contains(&head.status) {
                    // An interim response: the real one follows.
                    State::Head(Vec::new())
                } else {
                    let state = head.body();
                    self.is_success = head.is_success();
                    self.head = Some(head);
                    state
                }
            }
            State::Length(0) => State::Complete,
            State::ChunkData(0) => State::ChunkEnd(Vec::new()),
            State::ChunkEnd(line) if line == b"\r\n" => State::ChunkSize(Vec::new()),
            State::ChunkEnd(line) if line.len() >= 2 => {
                let end = String::from_utf8_lossy(&line[..2]);
                return Err(malformed(format!("a chunk that ends with {end:?}")));
            }
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

fn chunk_size(line: &[u8]) -> Result<u64, Broken> {
    match httparse::parse_chunk_size(line) {
        Ok(httparse::Status::Complete((_, size))) => Ok(size),
        _ => Err(malformed(format!("a chunk of the size {:?}", String::from_utf8_lossy(line).trim_end()))),
    }
}

impl Head {
    /// A head that another reader read.
    pub(crate) fn of(status: u16, release: Option<String>, instance: Option<String>) -> Self {
        Self { status, release, instance, ..Self::default() }
    }

    fn parse(bytes: &[u8]) -> Result<Self, Broken> {
        let no_head = |cause: &str| {
            let text = String::from_utf8_lossy(bytes);
            malformed(format!("a head that is none ({cause}): {:?}", text.trim_end()))
        };
        // RFC 9112 lets a reader take a bare line feed for the end of a line; a strict one does not.
        if bytes.split_inclusive(|byte| *byte == b'\n').any(|line| !line.ends_with(b"\r\n")) {
            return Err(no_head("a bare line feed"));
        }
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        response.parse(bytes).map_err(|cause| no_head(&cause.to_string()))?;
        let status = response.code.unwrap_or_default();
        let mut head = Self { status, keep_alive: response.version == Some(1), ..Self::default() };
        for header in response.headers {
            head.note(header.name, &String::from_utf8_lossy(header.value))?;
        }
        Ok(head)
    }

    fn note(&mut self, name: &str, value: &str) -> Result<(), Broken> {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is("content-length") {
            // `parse` takes a sign; HTTP has digits alone.
            let digits = Some(value).filter(|value| value.bytes().all(|byte| byte.is_ascii_digit()));
            let length = digits.and_then(|digits| digits.parse().ok());
            self.length = Some(length.ok_or_else(|| malformed(format!("a content length {value:?}")))?);
        } else if is("transfer-encoding") {
            self.chunked = value.eq_ignore_ascii_case("chunked");
        } else if is("connection") && value.eq_ignore_ascii_case("close") {
            self.keep_alive = false;
        } else if is("connection") && value.eq_ignore_ascii_case("keep-alive") {
            self.keep_alive = true;
        } else if is("x-release") {
            self.release = Some(value.to_owned());
        } else if is("x-instance") {
            self.instance = Some(value.to_owned());
        }
        Ok(())
    }

    /// Whether the status is one of success.
    pub(crate) fn is_success(&self) -> bool {
        (200..=299).contains(&self.status)
    }

    /// Where the body starts; RFC 9112, section 6.3, for answers to GET and POST.
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
