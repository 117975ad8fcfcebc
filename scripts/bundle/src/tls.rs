//! Whether a TLS stack is inside a program: by names that such stacks leave in a stripped file, their own and those which the
//! protocol itself demands.

/// A stack's own name stands in its error texts and in the paths of its sources; the protocol's labels are hashed into every
/// key, so whatever speaks TLS has them as text, whoever wrote it.
const MARKS: [&str; 8] = [
    "rustls",
    "aws_lc_",
    "aws-lc",
    "OpenSSL",
    "BoringSSL",
    "mbedtls",
    "extended master secret",
    "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
];

/// The first mark that is found.
#[must_use]
pub fn mark(bytes: &[u8]) -> Option<&'static str> {
    MARKS.into_iter().find(|mark| contains(bytes, mark.as_bytes()))
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    let Some((first, rest)) = wanted.split_first() else { return true };
    let mut bytes = bytes;
    while let Some(at) = bytes.iter().position(|byte| byte == first) {
        bytes = bytes.get(at + 1..).unwrap_or_default();
        if bytes.starts_with(rest) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_wherever_it_stands() {
        for (text, found) in [
            ("", None),
            ("rrustl", None),
            ("rrustls", Some("rustls")),
            ("\0\0rustls-0.23.46/src/lib.rs", Some("rustls")),
            ("tls13 extended master secret", Some("extended master secret")),
        ] {
            assert_eq!(mark(text.as_bytes()), found, "{text}");
        }
    }
}
