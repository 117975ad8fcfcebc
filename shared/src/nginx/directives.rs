//! nginx's configuration as nginx splits it: directives of words, ended by `;`, `{` or `}`; comments and quotes as nginx has
//! them.

use std::ops::Range;

/// What ends a directive.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// `;`
    Semicolon,
    /// `{`: a block begins.
    Open,
    /// `}`: a block ends.
    Close,
    /// The end of the text.
    Nothing,
}

/// One directive.
pub(crate) struct Directive {
    /// Where its words stand, quotes left out.
    pub(crate) words: Vec<Range<usize>>,
    /// What ends it.
    pub(crate) end: End,
    /// Where that stands.
    pub(crate) end_at: usize,
}

impl Directive {
    /// Its words, escapes left as they are.
    pub(crate) fn words<'a>(&self, bytes: &'a [u8]) -> Vec<&'a [u8]> {
        self.words.iter().map(|word| &bytes[word.clone()]).collect()
    }

    /// Its words as nginx takes them, escapes resolved.
    pub(crate) fn values(&self, bytes: &[u8]) -> Vec<String> {
        self.words.iter().map(|word| unescaped(&bytes[word.clone()])).collect()
    }

    /// Where it begins.
    pub(crate) fn begins_at(&self) -> usize {
        self.words.first().map_or(self.end_at, |word| word.start)
    }
}

/// Splits a configuration into directives as nginx does: blanks, comments, quotes, `;`, `{` and `}`. A `{` right after a
/// `$` belongs to a variable's name.
pub(crate) fn directives(bytes: &[u8]) -> Vec<Directive> {
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
            let foreign = end == End::Open && is_lua(&words, bytes);
            found.push(Directive { words: std::mem::take(&mut words), end, end_at: at });
            at += 1;
            if foreign {
                at = end_of_lua(bytes, at);
            }
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

/// Whether a block holds a program in Lua, as `OpenResty` has it, and no directives.
fn is_lua(words: &[Range<usize>], bytes: &[u8]) -> bool {
    words.first().is_some_and(|name| bytes[name.clone()].ends_with(b"_by_lua_block"))
}

/// Where the `}` stands that ends a program in Lua: its braces come in pairs, but for those in strings and comments.
fn end_of_lua(bytes: &[u8], from: usize) -> usize {
    let (mut at, mut depth) = (from, 0_usize);
    while at < bytes.len() {
        let rest = &bytes[at..];
        let until = |end: &[u8]| {
            rest.windows(end.len()).position(|found| found == end).map_or(rest.len(), |end_at| end_at + end.len())
        };
        at += match rest {
            [b'}', ..] if depth == 0 => return at,
            [b'-', b'-', b'[', b'[', ..] | [b'[', b'[', ..] => until(b"]]"),
            [b'-', b'-', ..] => until(b"\n"),
            [b'"' | b'\'', ..] => word(bytes, at).1 - at,
            [brace, ..] => {
                match brace {
                    b'{' => depth += 1,
                    b'}' => depth -= 1,
                    _ => {}
                }
                1
            }
            [] => 1,
        };
    }
    at
}

/// What nginx makes of a word: a quote or a backslash after a backslash is itself, `\t`, `\r` and `\n` are what they are in C,
/// and any other backslash stays.
fn unescaped(word: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(word.len());
    let mut at = 0;
    while at < word.len() {
        let escaped = match (word[at], word.get(at + 1)) {
            (b'\\', Some(quoted @ (b'"' | b'\'' | b'\\'))) => Some(*quoted),
            (b'\\', Some(b't')) => Some(b'\t'),
            (b'\\', Some(b'r')) => Some(b'\r'),
            (b'\\', Some(b'n')) => Some(b'\n'),
            _ => None,
        };
        bytes.push(escaped.unwrap_or(word[at]));
        at += if escaped.is_some() { 2 } else { 1 };
    }
    String::from_utf8_lossy(&bytes).into_owned()
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
            // As nginx has it, a `}` ends no word: that of `${name}` is in one.
            b';' | b'{' => break,
            byte if byte.is_ascii_whitespace() => break,
            _ => {}
        }
        end += 1;
    }
    let end = end.min(bytes.len());
    (at..end, end)
}
