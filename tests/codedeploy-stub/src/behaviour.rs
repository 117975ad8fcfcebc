//! What an operation of the stub does when it is asked for.

use std::time::Duration;

use serde_json::Value;

/// What happens to one request, or to one after another.
#[derive(Clone, Debug, PartialEq)]
pub enum Behaviour {
    /// 200 with this body.
    Answer(Value),
    /// An error of the API: `{"__type": code, "message": message}`.
    Error {
        /// The HTTP status, for nearly all errors 400.
        status: u16,
        /// The name of the exception.
        code: String,
        /// Its text.
        message: String,
    },
    /// 400 with a `ThrottlingException`, which clients take for a reason to try again.
    Throttled,
    /// 500 with an `InternalFailure`, which clients also take for a reason to try again.
    ServerError,
    /// A page in HTML with this status, as proxies put them in the place of an answer.
    Html(u16),
    /// The other behaviour, but only after this time.
    Slow(Duration, Box<Behaviour>),
    /// The request is read and never answered.
    Silent,
    /// The request is read and the connection closed without a byte.
    Disconnect,
    /// 200 with a body that breaks off in the middle of its JSON.
    Garbage,
    /// One after the other, request by request; the last one stays. An empty one is as good as none.
    Sequence(Vec<Behaviour>),
}

impl Behaviour {
    /// An error of the API, with status 400.
    #[must_use]
    pub fn error(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Error { status: 400, code: code.into(), message: message.into() }
    }

    /// This behaviour, but only after `delay`.
    #[must_use]
    pub fn after(self, delay: Duration) -> Self {
        Self::Slow(delay, Box::new(self))
    }
}

impl From<Value> for Behaviour {
    fn from(answer: Value) -> Self {
        Self::Answer(answer)
    }
}
