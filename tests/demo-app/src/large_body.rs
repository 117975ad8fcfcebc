//! A page of a given length that is sent in chunks, as a template engine does it: text that a proxy can compress to a fraction.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame};

/// As large as the buffer of a servlet's response.
const PIECE: usize = 8 * 1024;
/// More than gzip looks back, so that it finds no whole piece again.
const TEXT: usize = 8 * PIECE;
/// Spreads consecutive numbers over all bits (Knuth's multiplicative hashing, with the golden ratio of 2^64).
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// The same text from its beginning again and again, until the page is as long as it should be.
pub(crate) struct LargeBody {
    rest: u64,
    at: usize,
}

impl LargeBody {
    pub(crate) fn new(bytes: u64) -> Self {
        Self { rest: bytes, at: 0 }
    }
}

/// Made once: what is measured with it is not how fast text is made.
fn text() -> &'static Bytes {
    static MADE: OnceLock<Bytes> = OnceLock::new();
    MADE.get_or_init(|| {
        let line = |number: u64| format!("<li class=\"entry\">{:08x}</li>\n", number.wrapping_mul(SPREAD) >> 32);
        (1..).map(line).flat_map(String::into_bytes).take(TEXT).collect()
    })
}

impl Body for LargeBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest == 0 {
            return Poll::Ready(None);
        }
        let length = usize::try_from(self.rest).map_or(PIECE, |rest| rest.min(PIECE));
        let piece = text().slice(self.at..self.at + length);
        self.at = (self.at + PIECE) % TEXT;
        self.rest -= length as u64;
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}
