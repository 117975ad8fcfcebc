//! A response body that never ends, slowly enough to leave the processor to others.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame};
use tokio::time::{Interval, interval};

const PIECE: &[u8] = &[b'x'; 1024];

/// One kilobyte every other millisecond.
pub(crate) struct EndlessBody {
    interval: Interval,
}

impl EndlessBody {
    pub(crate) fn new() -> Self {
        Self { interval: interval(Duration::from_millis(2)) }
    }
}

impl Body for EndlessBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        ready!(self.interval.poll_tick(context));
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(PIECE)))))
    }
}
