//! The request that a load sends again and again.

/// A GET of one path.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) host: String,
    pub(crate) path: String,
}

impl Request {
    /// The bytes on the wire.
    pub(crate) fn to_bytes(&self, keep_alive: bool) -> Vec<u8> {
        let Self { host, path } = self;
        let connection = if keep_alive { "keep-alive" } else { "close" };
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: {connection}\r\n\r\n").into_bytes()
    }
}
