//! What is kept of one request. All times are counted from the start of the load, on the monotonic clock.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::microseconds;
use crate::mode::Mode;

/// One request and what became of it. In files, whatever is `None` or `false` is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The kind of client that sent it.
    pub mode: Mode,
    /// When the client set about it (before it connected, if it had to).
    #[serde(rename = "sent_at_microseconds", with = "microseconds")]
    pub sent_at: Duration,
    /// Just before the first byte of it was written, the last time if it was sent twice; none, if it came to none.
    #[serde(rename = "written_at_microseconds", with = "microseconds::optional")]
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub written_at: Option<Duration>,
    /// When the first byte of the response came; none, if none came.
    #[serde(rename = "first_byte_at_microseconds", with = "microseconds::optional")]
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first_byte_at: Option<Duration>,
    /// When the response was complete, or the failure was known.
    #[serde(rename = "finished_at_microseconds", with = "microseconds")]
    pub finished_at: Duration,
    /// The number of the connection, unique within the load. The last one's, if the request was sent twice.
    pub connection: u64,
    /// Which use of that connection it was; the first is 1.
    pub nth_use: u64,
    /// Responses, events or messages that came whole and right: at most 1 for a request, any number for a stream.
    pub exchanges: u64,
    /// The response's status.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u16>,
    /// The response's `X-Release`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub release: Option<String>,
    /// The response's `X-Instance`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub instance: Option<String>,
    /// How it failed; none, if it did not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub failure: Option<Failure>,
    /// More about the failure, in the system's words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<String>,
    /// Whether it was sent a second time.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub retried: bool,
}

impl Record {
    /// Whether it failed in one of the ways that clients are expected to make up for: a *reused* connection died without
    /// a byte of the response, so that sending the request again is safe (RFC 9112, section 9.3.1), or the server said that
    /// it has not processed the request.
    #[must_use]
    pub fn is_failure_that_a_retry_would_have_saved(&self) -> bool {
        let died = self.failure.is_some_and(Failure::is_death_of_connection);
        self.failure == Some(Failure::Unprocessed) || died && self.nth_use >= 2 && self.first_byte_at.is_none()
    }

    /// From the sending to the end.
    #[must_use]
    pub fn latency(&self) -> Duration {
        self.finished_at.saturating_sub(self.sent_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(failure: Failure, nth_use: u64, first_byte: bool) -> Record {
        let at = Duration::from_millis(1);
        Record {
            mode: Mode::KeepAlive,
            sent_at: at,
            written_at: Some(at),
            first_byte_at: first_byte.then_some(at),
            finished_at: at,
            connection: 1,
            nth_use,
            exchanges: 0,
            status: None,
            release: None,
            instance: None,
            failure: Some(failure),
            detail: None,
            retried: false,
        }
    }

    #[test]
    fn only_what_was_not_processed_and_a_reused_connection_that_died_without_a_byte_are_forgiven() {
        let table = [
            (failed(Failure::EofBeforeResponse, 2, false), true),
            (failed(Failure::Reset, 7, false), true),
            (failed(Failure::Unprocessed, 1, false), true),
            (failed(Failure::Reset, 1, false), false),
            (failed(Failure::EofBeforeResponse, 1, false), false),
            (failed(Failure::Reset, 2, true), false),
            (failed(Failure::EofWithinResponse, 2, true), false),
            (failed(Failure::Timeout, 2, false), false),
            (failed(Failure::Connect, 1, false), false),
            (failed(Failure::BadStatus(502), 2, true), false),
        ];
        for (record, forgiven) in table {
            assert_eq!(record.is_failure_that_a_retry_would_have_saved(), forgiven, "{record:?}");
        }
    }

    #[test]
    fn a_record_is_one_line_of_json_with_its_units_in_the_names() {
        let whole = Record {
            exchanges: 1,
            status: Some(200),
            release: Some("v1".to_owned()),
            instance: Some("0123abcd".to_owned()),
            failure: None,
            retried: true,
            ..failed(Failure::Timeout, 1, true)
        };
        let times = |first_byte| {
            format!(
                "{{\"mode\":\"keep-alive\",\"sent_at_microseconds\":1000,\"written_at_microseconds\":1000,{first_byte}\
                 \"finished_at_microseconds\":1000,\"connection\":1,"
            )
        };
        let table = [
            (failed(Failure::Reset, 2, false), times("") + "\"nth_use\":2,\"exchanges\":0,\"failure\":\"reset\"}"),
            (
                whole,
                times("\"first_byte_at_microseconds\":1000,")
                    + "\"nth_use\":1,\"exchanges\":1,\"status\":200,\"release\":\"v1\",\
                       \"instance\":\"0123abcd\",\"retried\":true}",
            ),
        ];
        for (record, text) in table {
            assert_eq!(serde_json::to_string(&record).unwrap(), text);
            assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
        }
    }
}
