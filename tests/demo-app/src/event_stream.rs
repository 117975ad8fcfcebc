//! A stream of server-sent events: a given number of them, in even steps, each with its number and the instance's name.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame};
use tokio::time::{Interval, interval};

/// The body of `/events`.
pub(crate) struct EventStream {
    instance: String,
    count: u64,
    sent: u64,
    interval: Interval,
}

impl EventStream {
    /// The first event comes at once. `every` is more than zero.
    pub(crate) fn new(instance: String, count: u64, every: Duration) -> Self {
        Self { instance, count, sent: 0, interval: interval(every) }
    }
}

impl Body for EventStream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.sent == self.count {
            return Poll::Ready(None);
        }
        ready!(self.interval.poll_tick(context));
        self.sent += 1;
        let event = format!("id: {}\ndata: {}\n\n", self.sent, self.instance);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from(event)))))
    }
}
