//! `keepalive_min_timeout`: what keeps a reload from closing connections that a client is about to use again (nginx.md §1).
//! It is written into the include where the settings want it and nginx knows it, and nowhere else: a directive that nginx
//! does not know, or that stands twice, makes it refuse everything.

use std::ops::Range;
use std::time::Duration;

use super::access::Access;
use super::configuration::TEST_AT_MOST;
use super::directives::{End, directives};
use super::include::Include;
use super::version::{self, Version};
use crate::config::{CutoverWay, Settings};
use crate::error::Result;
use crate::host::{Host, ProcessIdentity};

/// The directive's name.
pub const DIRECTIVE: &str = "keepalive_min_timeout";

/// The first nginx that knows it.
pub const SINCE: [u32; 3] = [1, 27, 4];

/// How long it may take to find out whether it can be written.
pub const AT_MOST: Duration = version::AT_MOST.saturating_add(TEST_AT_MOST);

/// What a cutover does about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// What the include is to say; nothing where it stays as it is.
    pub write: Option<Duration>,
    /// What is to be said of that.
    pub note: Option<String>,
}

/// Finds out whether it is wanted, known, and not there already. Where it is not wanted nothing is asked.
///
/// # Errors
/// `Kind::Interrupted` after a signal, `Kind::Settings` if nginx's configuration could not be read in time.
pub async fn find(
    host: &impl Host,
    settings: &Settings,
    access: &Access,
    master: &ProcessIdentity,
    include: &Include,
) -> Result<Decision> {
    let wanted = settings.proxy.keepalive_min_timeout;
    if wanted.is_zero() || settings.proxy.cutover != CutoverWay::Reload {
        return Ok(Decision::default());
    }
    let version = version::ask(host, access, master).await?;
    let mut elsewhere = false;
    if version.is_at_least(SINCE) && value(include.bytes()).is_none() {
        let dump = host.run(&access.dump(), TEST_AT_MOST).await?;
        if !dump.success {
            // The cutover's own test says why, in nginx's words.
            return Ok(Decision::default());
        }
        elsewhere = stands_in(dump.output.as_bytes());
    }
    Ok(decide(wanted, &version, include.bytes(), elsewhere))
}

/// Decides it; `elsewhere` is whether another place of nginx's configuration than the include has the directive.
#[must_use]
pub fn decide(wanted: Duration, version: &Version, include: &[u8], elsewhere: bool) -> Decision {
    let line = format!("{DIRECTIVE} {}", shown(wanted));
    if !version.is_at_least(SINCE) {
        let [major, minor, patch] = SINCE;
        let note = format!("`{line}` is left out: found {version}, needed nginx {major}.{minor}.{patch} or later");
        return Decision { write: None, note: Some(note) };
    }
    if value(include).is_some() {
        return Decision { write: Some(wanted), note: None };
    }
    if elsewhere {
        let note = format!("`{line}` is left out, since nginx's configuration says `{DIRECTIVE}` already");
        return Decision { write: None, note: Some(note) };
    }
    let note = format!(
        "`{line}` goes into the include. It holds from the next reload on: this one is still made by workers that were \
         started without it"
    );
    Decision { write: Some(wanted), note: Some(note) }
}

/// What a person may want to know of this nginx: that it could keep connections, where nobody has asked for it.
#[must_use]
pub fn offer(settings: &Settings, version: &Version) -> Option<String> {
    let unused = settings.proxy.keepalive_min_timeout.is_zero() && settings.proxy.cutover == CutoverWay::Reload;
    (unused && version.is_at_least(SINCE))
        .then(|| format!("`proxy.{DIRECTIVE} = \"1s\"` keeps connections that are in use through a reload"))
}

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
pub fn shown(duration: Duration) -> String {
    match (duration.as_secs(), duration.subsec_millis()) {
        (seconds, 0) => format!("{seconds}s"),
        _ => format!("{}ms", duration.as_millis()),
    }
}

/// Where the directive's value stands, if the include has one outside of any braces.
fn value(include: &[u8]) -> Option<Range<usize>> {
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
fn stands_in(configuration: &[u8]) -> bool {
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
    use crate::config::{self, SettingsFile};

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
    fn what_nginx_does_not_know_or_has_already_is_left_out_and_the_reason_told() {
        let old = Version::Known([1, 22, 1]);
        let recent = Version::Known([1, 28, 3]);
        let plain = "set $u http://x;\n";
        let has_it = "set $u http://x;\nkeepalive_min_timeout 2s;\n";
        for (name, version, include, elsewhere, write, said) in [
            ("recent", &recent, plain, false, true, "from the next reload on"),
            ("recent, and there", &recent, has_it, false, true, ""),
            ("recent, and elsewhere", &recent, plain, true, false, "says `keepalive_min_timeout` already"),
            ("old", &old, plain, false, false, "found nginx 1.22.1, needed nginx 1.27.4 or later"),
            ("old, and there", &old, has_it, false, false, "found nginx 1.22.1"),
            (
                "something else",
                &Version::parse("nginx version: openresty/1.27.1.1"),
                plain,
                false,
                false,
                "found `nginx version: openresty/1.27.1.1`, needed nginx 1.27.4",
            ),
        ] {
            let decision = decide(SECOND, version, include.as_bytes(), elsewhere);
            assert_eq!(decision.write.is_some(), write, "{name}");
            match decision.note {
                Some(note) => assert!(!said.is_empty() && note.contains(said), "{name}: {note}"),
                None => assert!(said.is_empty(), "{name}"),
            }
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
    fn it_is_offered_where_nginx_knows_it_and_nobody_has_asked_for_it() {
        for (name, text, version, offered) in [
            ("recent", "", [1, 28, 3], true),
            ("old", "", [1, 22, 1], false),
            ("asked for", "[proxy]\nkeepalive_min_timeout = \"2s\"", [1, 28, 3], false),
        ] {
            let settings = config::settings(SettingsFile::parse("", text)).unwrap();
            assert_eq!(offer(&settings, &Version::Known(version)).is_some(), offered, "{name}");
        }
    }

    #[test]
    fn a_duration_is_written_as_nginx_reads_it() {
        for (milliseconds, text) in [(1_000, "1s"), (60_000, "60s"), (1_500, "1500ms"), (250, "250ms")] {
            assert_eq!(shown(Duration::from_millis(milliseconds)), text);
        }
    }

    proptest! {
        #[test]
        fn f68_any_include_survives_with_nothing_but_the_line_added(before in "[ -~\n]{0,40}", after in "[ -~\r\n]{0,40}") {
            let bytes = format!("{before}\nset $u http://127.0.0.1:8081;{after}").into_bytes();
            if let Ok(include) = Include::parse(&bytes, "u") {
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
