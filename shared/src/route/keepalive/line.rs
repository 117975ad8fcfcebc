//! The line `keepalive_min_timeout …;` in the include: found, written, its value replaced, with every other byte kept.

use std::ops::Range;
use std::time::Duration;

use crate::nginx::directives::{End, directives};

/// The directive's name.
pub(super) const DIRECTIVE: &str = "keepalive_min_timeout";

/// The include with the directive: its value replaced where it stands, else a line of its own after the one that sets
/// `variable`. Every other byte stays.
#[must_use]
pub fn written(include: &[u8], variable: &str, wanted: Duration) -> Vec<u8> {
    let (at, text) = match value(include) {
        Some(value) => (value, shown(wanted)),
        None => match place(include, variable) {
            Some((at, before)) => (at..at, format!("{before}{DIRECTIVE} {};", shown(wanted))),
            None => return include.to_owned(),
        },
    };
    [&include[..at.start], text.as_bytes(), &include[at.end..]].concat()
}

/// A duration as nginx writes it.
#[must_use]
pub(super) fn shown(duration: Duration) -> String {
    match (duration.as_secs(), duration.subsec_millis()) {
        (seconds, 0) => format!("{seconds}s"),
        _ => format!("{}ms", duration.as_millis()),
    }
}

/// Where the directive's value stands, if the include has one outside of any braces.
pub(super) fn value(include: &[u8]) -> Option<Range<usize>> {
    let mut depth = 0_usize;
    for directive in directives(include) {
        match directive.end {
            End::Open => depth += 1,
            End::Close => depth = depth.saturating_sub(1),
            End::Semicolon | End::Nothing => {}
        }
        if let [name, value] = directive.words.as_slice()
            && directive.end == End::Semicolon
            && depth == 0
            && &include[name.clone()] == DIRECTIVE.as_bytes()
        {
            return Some(value.clone());
        }
    }
    None
}

/// Whether the directive stands anywhere in a configuration.
pub(super) fn stands_in(configuration: &[u8]) -> bool {
    let name = |words: &[Range<usize>]| words.first().map(|name| &configuration[name.clone()]);
    directives(configuration).iter().any(|directive| name(&directive.words) == Some(DIRECTIVE.as_bytes()))
}

/// Where a new line belongs, and what parts it from what stands before: after the directive that sets `variable` and the
/// comment beside it.
fn place<'a>(include: &[u8], variable: &str) -> Option<(usize, &'a str)> {
    let name = format!("${variable}");
    let sets = directives(include).into_iter().find(|directive| {
        let mut words = directive.words.iter().map(|word| &include[word.clone()]);
        words.next() == Some(b"set") && words.next() == Some(name.as_bytes())
    })?;
    let after = sets.end_at + 1;
    let line = after + include[after..].iter().position(|byte| *byte == b'\n').unwrap_or(include.len() - after);
    let rest = include[after..line].trim_ascii_start();
    if !rest.is_empty() && !rest.starts_with(b"#") {
        return Some((after, " "));
    }
    let is_carriage_return = include[after..line].ends_with(b"\r");
    Some(if is_carriage_return { (line - 1, "\r\n") } else { (line, "\n") })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::route::include::Include;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn f68_the_line_is_added_after_the_one_that_sets_the_variable_and_every_other_byte_stays() {
        for (name, before, after) in [
            ("as the scripts wrote it", "set $u http://x;\n", "set $u http://x;\nkeepalive_min_timeout 1s;\n"),
            ("without a line end", "set $u http://x;", "set $u http://x;\nkeepalive_min_timeout 1s;"),
            ("CRLF", "set $u http://x;\r\n# b\r\n", "set $u http://x;\r\nkeepalive_min_timeout 1s;\r\n# b\r\n"),
            (
                "a comment beside it",
                "# a\n set $u http://x ; # live; no\n# b\n",
                "# a\n set $u http://x ; # live; no\nkeepalive_min_timeout 1s;\n# b\n",
            ),
            (
                "more on the same line",
                "set $u http://x; set $b 'a\nb';\n",
                "set $u http://x; keepalive_min_timeout 1s; set $b 'a\nb';\n",
            ),
            ("something right beside it", "set $u http://x;if", "set $u http://x; keepalive_min_timeout 1s;if"),
            (
                "commented out",
                "#keepalive_min_timeout 9s;\nset $u http://x;\n",
                "#keepalive_min_timeout 9s;\nset $u http://x;\nkeepalive_min_timeout 1s;\n",
            ),
            (
                "another variable first",
                "set $v 1;\nset $u http://x;\nset $w 2;\n",
                "set $v 1;\nset $u http://x;\nkeepalive_min_timeout 1s;\nset $w 2;\n",
            ),
            (
                "it stands there",
                "set $u http://x;\nkeepalive_min_timeout 1s;",
                "set $u http://x;\nkeepalive_min_timeout 1s;",
            ),
            (
                "a person wrote another value",
                "keepalive_min_timeout  500ms ;# why\nset $u http://x;\n",
                "keepalive_min_timeout  1s ;# why\nset $u http://x;\n",
            ),
        ] {
            let once = written(before.as_bytes(), "u", SECOND);
            assert_eq!(String::from_utf8_lossy(&once), after, "{name}");
            assert_eq!(written(&once, "u", SECOND), once, "{name}: a second time");
        }
    }

    #[test]
    fn a_directive_counts_wherever_it_stands_but_not_in_a_comment_or_a_longer_name() {
        for (configuration, stands) in [
            ("http { server { keepalive_min_timeout 5s; } }", true),
            ("# keepalive_min_timeout 5s;\nhttp { }", false),
            ("http { add_header X \"keepalive_min_timeout 1s;\"; }", false),
            ("http { keepalive_timeout 5s; }", false),
        ] {
            assert_eq!(stands_in(configuration.as_bytes()), stands, "{configuration}");
        }
        assert_eq!(value(b"location /x { keepalive_min_timeout 5s; }"), None, "one in braces is another one");
    }

    #[test]
    fn a_duration_is_written_as_nginx_reads_it() {
        for (milliseconds, text) in [(1_000, "1s"), (60_000, "60s"), (1_500, "1500ms"), (250, "250ms")] {
            assert_eq!(shown(Duration::from_millis(milliseconds)), text);
        }
    }

    proptest! {
        #![proptest_config(random::config(500))]

        #[test]
        fn f68_any_include_survives_with_nothing_but_the_line_added(before in "[ -~\n]{0,40}", after in "[ -~\r\n]{0,40}") {
            let bytes = format!("{before}\nset $u http://127.0.0.1:8081;{after}").into_bytes();
            // Whatever stands in a comment is no reason to refuse: these are never all refused.
            let commented = format!("# {}\nset $u http://127.0.0.1:8081; # {after}", before.replace('\n', " "));
            let commented = commented.replace("\r\n", " ").replace(['\r', '\n'], " ").replacen(" set $u", "\nset $u", 1).into_bytes();
            prop_assert!(Include::parse(&commented, "u").is_ok(), "{}", String::from_utf8_lossy(&commented));
            for bytes in [bytes, commented] {
                let Ok(include) = Include::parse(&bytes, "u") else { continue };
                let text = String::from_utf8(written(&bytes, "u", SECOND)).unwrap();
                let new = Include::parse(text.as_bytes(), "u").expect("what was an include is one");
                prop_assert_eq!(new.leads().to_string(), include.leads().to_string());
                prop_assert_eq!(written(text.as_bytes(), "u", SECOND), text.as_bytes());
                if value(&bytes).is_none() {
                    let at = value(text.as_bytes()).expect("the line is there");
                    let line = format!("{DIRECTIVE} 1s;");
                    let start = at.end + 1 - line.len();
                    prop_assert_eq!(&text[start..=at.end], line);
                    // Taken out again with what parts it from its neighbour, it leaves what was there.
                    let without = ["\r\n", "\n", " "].iter().filter_map(|parts| {
                        Some([text[..start].strip_suffix(parts)?, &text[at.end + 1..]].concat().into_bytes())
                    });
                    prop_assert!(without.into_iter().any(|without| without == bytes), "{text}");
                }
            }
        }
    }
}
