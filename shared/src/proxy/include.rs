//! The include: read as nginx reads it, rewritten so that every byte but the port survives. What nginx would read
//! otherwise than its writer meant is refused with line and column (F67, F68).

use std::fmt;
use std::ops::Range;

/// An include with the one thing in it that matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Include {
    bytes: Vec<u8>,
    port: u16,
    port_at: Range<usize>,
}

/// Why an include cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    line: usize,
    column: usize,
    what: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}: {}", self.line, self.column, self.what)
    }
}

impl Include {
    /// Reads an include that sets `variable` to `http://127.0.0.1:PORT`.
    ///
    /// # Errors
    /// The first thing in it that nginx would refuse, or take for something else.
    pub fn parse(bytes: &[u8], variable: &str) -> Result<Include, Complaint> {
        let complain = |offset: usize, what: String| Err(complaint(bytes, offset, what));
        let wanted = format!("set ${variable} http://127.0.0.1:PORT;");
        if bytes.starts_with(b"\xEF\xBB\xBF") {
            return complain(0, "it begins with a byte order mark, which nginx refuses; save it without".to_owned());
        }
        let mut target: Option<Range<usize>> = None;
        let mut others = Vec::new();
        let mut depth = 0_usize;
        for directive in directives(bytes) {
            let words: Vec<&[u8]> = directive.words.iter().map(|word| &bytes[word.clone()]).collect();
            let start = directive.words.first().map_or(directive.end_at, |word| word.start);
            let sets_ours = words.first() == Some(&b"set".as_slice())
                && words.get(1).is_some_and(|name| **name == *format!("${variable}").as_bytes());
            match directive.end {
                End::Nothing if words.is_empty() => {}
                End::Nothing => return complain(start, "it has no `;` at its end".to_owned()),
                End::Open => depth += 1,
                End::Close => depth = depth.saturating_sub(1),
                End::Semicolon => {}
            }
            if words.first() != Some(&b"set".as_slice()) {
                continue;
            }
            if words.len() != 3 {
                return complain(
                    start,
                    format!("`set` has {} words after it, needed 2; is a `;` missing?", words.len() - 1),
                );
            }
            if !sets_ours {
                others.push(String::from_utf8_lossy(words[1]).into_owned());
                continue;
            }
            if depth > 0 {
                return complain(
                    start,
                    format!("`${variable}` is set inside braces, where it cannot be told when it holds"),
                );
            }
            if target.is_some() {
                return complain(start, format!("`${variable}` is set a second time; keep one of the two lines"));
            }
            target = directive.words.get(2).cloned();
        }
        let Some(target) = target else {
            let found = match others.first() {
                Some(other) => format!("it sets `{other}`"),
                None if bytes.iter().all(u8::is_ascii_whitespace) => "it is empty".to_owned(),
                None => format!("it does not set `${variable}`"),
            };
            return complain(0, format!("{found}, needed `{wanted}`"));
        };
        let (port, port_at) = port_of(bytes, &target).map_err(|(offset, what)| complaint(bytes, offset, what))?;
        Ok(Include { bytes: bytes.to_owned(), port, port_at })
    }

    /// The port that nginx is told to send traffic to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The same bytes with another port.
    #[must_use]
    pub fn with_port(&self, port: u16) -> Vec<u8> {
        let mut bytes = self.bytes[..self.port_at.start].to_owned();
        bytes.extend_from_slice(port.to_string().as_bytes());
        bytes.extend_from_slice(&self.bytes[self.port_at.end..]);
        bytes
    }

    /// The bytes as they were read.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The port in `http://127.0.0.1:PORT`, and where it stands; or what is wrong, and where.
fn port_of(bytes: &[u8], target: &Range<usize>) -> Result<(u16, Range<usize>), (usize, String)> {
    let text = String::from_utf8_lossy(&bytes[target.clone()]).into_owned();
    let wrong = |why: &str| Err((target.start, format!("the target is `{text}`, {why}")));
    let Some(authority) = text.strip_prefix("http://") else {
        return wrong("which nginx takes for no URL; needed `http://127.0.0.1:PORT`");
    };
    let Some(port) = authority.strip_prefix("127.0.0.1:") else {
        if authority.starts_with("localhost") {
            return wrong("a name for which nginx needs a resolver, so it answers 502; write `127.0.0.1`");
        }
        return wrong("needed `http://127.0.0.1:PORT`");
    };
    if port.contains('/') {
        return wrong("with a slash after the port nginx sends every request to `/`; remove it");
    }
    match port.parse::<u16>() {
        Ok(number) if number > 0 && port.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok((number, target.end - port.len()..target.end))
        }
        _ => wrong("needed a port from 1 to 65535"),
    }
}

fn complaint(bytes: &[u8], offset: usize, what: String) -> Complaint {
    let before = &bytes[..offset.min(bytes.len())];
    let line = before.split(|byte| *byte == b'\n').count();
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    Complaint { line, column, what }
}

/// What ends a directive.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Semicolon,
    Open,
    Close,
    Nothing,
}

/// One directive: where its words stand (quotes left out), and what ends it.
struct Directive {
    words: Vec<Range<usize>>,
    end: End,
    end_at: usize,
}

/// Splits a configuration into directives as nginx does: blanks, comments, quotes, `;`, `{` and `}`. A `{` right after a
/// `$` belongs to a variable's name.
fn directives(bytes: &[u8]) -> Vec<Directive> {
    let mut found = Vec::new();
    let mut words = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b';' => Some(End::Semicolon),
            b'{' => Some(End::Open),
            b'}' => Some(End::Close),
            _ => None,
        };
        if let Some(end) = end {
            found.push(Directive { words: std::mem::take(&mut words), end, end_at: at });
            at += 1;
        } else if bytes[at].is_ascii_whitespace() {
            at += 1;
        } else if bytes[at] == b'#' {
            at += bytes[at..].iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len() - at);
        } else {
            let (word, next) = word(bytes, at);
            words.push(word);
            at = next;
        }
    }
    found.push(Directive { words, end: End::Nothing, end_at: at });
    found
}

/// The word that begins at `at`, and where to go on.
fn word(bytes: &[u8], at: usize) -> (Range<usize>, usize) {
    if let quote @ (b'"' | b'\'') = bytes[at] {
        let inside = &bytes[at + 1..];
        let mut escaped = false;
        let length = inside.iter().position(|byte| {
            let ends = *byte == quote && !escaped;
            escaped = *byte == b'\\' && !escaped;
            ends
        });
        let end = at + 1 + length.unwrap_or(inside.len());
        return (at + 1..end, (end + 1).min(bytes.len()));
    }
    let mut end = at;
    while end < bytes.len() {
        match bytes[end] {
            b'\\' => end += 1,
            b'$' if bytes.get(end + 1) == Some(&b'{') => end += 1,
            b';' | b'{' | b'}' => break,
            byte if byte.is_ascii_whitespace() => break,
            _ => {}
        }
        end += 1;
    }
    let end = end.min(bytes.len());
    (at..end, end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn f68_what_nginx_accepts_is_read_and_rewritten_with_every_other_byte_kept() {
        for (name, text) in [
            ("as the scripts wrote it", "set $service_url http://127.0.0.1:8081;\n"),
            ("without a line end", "set $service_url http://127.0.0.1:8081;"),
            ("CRLF", "set $service_url http://127.0.0.1:8081;\r\n# x\r\n"),
            ("comments around it", "# live slot: 8081\n  set   $service_url\thttp://127.0.0.1:8081 ; # 8081!\n"),
            ("other variables", "set $a 8081;\nset $service_url http://127.0.0.1:8081;\nset $b \"x; y\";\n"),
            ("quoted", "set $service_url \"http://127.0.0.1:8081\";\n"),
            (
                "commented out twin",
                "#set $service_url http://127.0.0.1:8081;\nset $service_url http://127.0.0.1:8081;\n",
            ),
            (
                "other directives",
                "proxy_set_header X \"{8081}\";\nif ($a) { set $c 1; }\nset $service_url http://127.0.0.1:8081;\n",
            ),
        ] {
            let include = Include::parse(text.as_bytes(), "service_url").unwrap_or_else(|why| panic!("{name}: {why}"));
            assert_eq!(include.port(), 8081, "{name}");
            assert_eq!(include.with_port(8081), text.as_bytes(), "{name}");
            let moved = include.with_port(8082);
            assert_eq!(Include::parse(&moved, "service_url").map(|moved| moved.port()), Ok(8082), "{name}");
            assert_eq!(
                Include::parse(&moved, "service_url").map(|moved| moved.with_port(8081)),
                Ok(text.into()),
                "{name}"
            );
        }
    }

    #[test]
    fn f67_f68_what_nginx_would_refuse_or_misread_is_refused_with_its_place() {
        for (name, text, wanted) in [
            ("empty", "", "line 1, column 1: it is empty, needed `set $service_url http://127.0.0.1:PORT;`"),
            (
                "trailing slash",
                "# x\nset $service_url http://127.0.0.1:8081/;",
                "line 2, column 18: the target is `http://127.0.0.1:8081/`, with a slash",
            ),
            ("localhost", "set $service_url http://localhost:8081;", "nginx needs a resolver"),
            (
                "two set lines",
                "set $service_url http://127.0.0.1:8081;\nset $service_url http://127.0.0.1:8082;",
                "line 2, column 1: `$service_url` is set a second time",
            ),
            ("BOM", "\u{feff}set $service_url http://127.0.0.1:8081;", "byte order mark"),
            (
                "missing semicolon at the end",
                "set $service_url http://127.0.0.1:8081\n",
                "line 1, column 1: it has no `;`",
            ),
            ("missing semicolon in between", "set $service_url http://127.0.0.1:8081\nset $a 1;", "is a `;` missing?"),
            (
                "a foreign variable",
                "set $backend http://127.0.0.1:8081;",
                "it sets `$backend`, needed `set $service_url",
            ),
            ("no URL", "set $service_url 127.0.0.1:8081;", "which nginx takes for no URL"),
            ("another host", "set $service_url http://10.0.0.7:8081;", "needed `http://127.0.0.1:PORT`"),
            ("no port", "set $service_url http://127.0.0.1;", "needed `http://127.0.0.1:PORT`"),
            ("port out of range", "set $service_url http://127.0.0.1:99999;", "a port from 1 to 65535"),
            ("signed port", "set $service_url http://127.0.0.1:+8081;", "a port from 1 to 65535"),
            ("inside braces", "if ($x) { set $service_url http://127.0.0.1:8081; }", "inside braces"),
            ("truncated", "set $serv", "it has no `;`"),
        ] {
            let told = Include::parse(text.as_bytes(), "service_url").unwrap_err().to_string();
            assert!(told.contains(wanted), "{name}: {told}");
        }
    }

    proptest! {
        #[test]
        fn f68_any_bytes_are_either_refused_or_survive_a_move_and_back(bytes in proptest::collection::vec(any::<u8>(), 0..200), port in 1_u16..) {
            let mut text = bytes.clone();
            text.extend_from_slice(b"\nset $service_url http://127.0.0.1:8081;\n");
            text.extend_from_slice(&bytes);
            for candidate in [bytes, text] {
                if let Ok(include) = Include::parse(&candidate, "service_url") {
                    let moved = Include::parse(&include.with_port(port), "service_url").expect("a moved include is an include");
                    prop_assert_eq!(moved.port(), port);
                    prop_assert_eq!(moved.with_port(include.port()), candidate);
                }
            }
        }
    }
}
