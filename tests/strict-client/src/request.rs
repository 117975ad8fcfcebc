//! The requests that a load sends again and again, as bytes: those without a body are written once for all.

use std::time::Duration;

use crate::mode::Mode;
use crate::timing::{Sequence, Timing};

/// Bytes of a body that is to come back. Longer than one would send in a few segments it need not be.
pub(crate) const BODY_LENGTH: usize = 512;

/// Bytes of a large page before it is compressed, as one of a real application had.
pub(crate) const LARGE: u64 = 279_000;

/// What is asked for, and of which host.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) accept: Option<String>,
}

/// The requests to one target.
#[derive(Debug)]
pub(crate) struct Requests {
    pub(crate) host: String,
    /// The path of the large page.
    pub(crate) large_path: String,
    large: Vec<u8>,
    close: Vec<u8>,
    keep: Vec<u8>,
    long: Vec<u8>,
    events: Vec<u8>,
}

/// A POST with a body of its own.
#[derive(Debug)]
pub(crate) struct Echo {
    bytes: Vec<u8>,
    body_at: usize,
}

impl Requests {
    pub(crate) fn new(target: &Target, timing: &Timing) -> Self {
        let host = &target.host;
        let get = |path: &str, connection: &str| {
            let accept = target.accept.as_ref().map_or_else(String::new, |accept| format!("Accept: {accept}\r\n"));
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{accept}Connection: {connection}\r\n\r\n").into_bytes()
        };
        let large_path = format!("/large?bytes={LARGE}");
        let Sequence { count, every } = timing.events;
        Self {
            host: host.clone(),
            large: format!(
                "GET {large_path} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"
            )
            .into_bytes(),
            large_path,
            close: get(&target.path, "close"),
            keep: get(&target.path, "keep-alive"),
            long: get(&format!("/slow?milliseconds={}", milliseconds(timing.long)), "close"),
            events: get(&format!("/events?count={count}&every={}", milliseconds(every)), "close"),
        }
    }

    /// The GET of a mode.
    pub(crate) fn get(&self, mode: Mode) -> &[u8] {
        match mode {
            Mode::Long => &self.long,
            Mode::Sse => &self.events,
            Mode::Large | Mode::Tls => &self.large,
            mode if mode.reuses_connections() => &self.keep,
            _ => &self.close,
        }
    }

    /// The POST of a mode, with a body that no other number has.
    pub(crate) fn echo(&self, mode: Mode, number: u64) -> Echo {
        let connection = if mode.reuses_connections() { "keep-alive" } else { "close" };
        let host = &self.host;
        let mut bytes = format!(
            "POST /echo HTTP/1.1\r\nHost: {host}\r\nConnection: {connection}\r\nContent-Length: {BODY_LENGTH}\r\n\r\n"
        )
        .into_bytes();
        let body_at = bytes.len();
        bytes.extend_from_slice(format!("{number:020} ").as_bytes());
        bytes.resize(body_at + BODY_LENGTH, b'.');
        Echo { bytes, body_at }
    }
}

impl Echo {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.bytes[self.body_at..]
    }

    /// Head and half of the body, and the other half.
    pub(crate) fn halves(&self) -> (&[u8], &[u8]) {
        self.bytes.split_at(self.body_at + BODY_LENGTH / 2)
    }
}

fn milliseconds(time: Duration) -> u128 {
    time.as_millis()
}
