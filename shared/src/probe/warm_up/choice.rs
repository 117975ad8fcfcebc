//! Which of the paths that users asked for may be asked again by nobody in particular: a GET has no effects by the book, and has
//! them in some applications. What sounds like one is left out, however safe it may be.

use crate::config::{LogLine, WarmUp};

/// What is never taken from a log, wherever in a path it stands; docs/warm-up.md has the same list. A word too many costs a path.
const NEVER: &str = "accept activat actuator admin approve auth backup callback cancel cart checkout clear click confirm create \
    cron decline delete destroy disable download enable event execute expire export flush generate heapdump \
    hook import install invit kill leave log-out logoff logout mail migrate notif oidc passw pay poll publish \
    purchase purge quit rebuild refresh register reindex reject remove renew reset restart restore retry \
    revoke run saml save send shutdown sign-out signout socket /sse start stop stream submit subscri sync \
    terminate token track trigger unlock update upload verif vote websocket";

/// What is a file: to read it warms nothing up, and its name often changes with each release.
const FILES: &str = "avif bmp css eot gif gz ico jpeg jpg js map mjs mp3 mp4 otf pdf png svg ttf txt wasm webm webp woff woff2 \
    xml zip";

/// What was asked for less often is nobody's habit: a link out of a mail, which works once, say.
const OFTEN: usize = 3;

/// How many paths are taken.
pub(super) const AT_MOST: usize = 20;

/// How long a path may be.
const LONGEST: usize = 200;

/// From here on a part of a path that has a digit may be somebody's own: a token, a key.
const LONG_NAME: usize = 20;

/// Whether a line is about something that nobody in particular asked for, and got.
pub(super) fn was_for_everybody(line: &LogLine<'_>) -> bool {
    let was_good = matches!(line.status.as_bytes(), [b'2' | b'3', rest @ ..] if rest.len() == 2 && rest.is_ascii());
    // Nobody's credentials are known, and who needs some gets another answer. With `escape=json` nobody is an empty text.
    line.method == "GET" && was_good && matches!(line.user, "-" | "")
}

/// What was asked for most often and may be asked again, the most frequent first. Among equals it stays in the order of the names, so
/// that the same log gives the same plan.
pub(super) fn most_frequent(mut targets: Vec<&str>, warm_up: &WarmUp) -> Vec<String> {
    targets.sort_unstable();
    let mut often: Vec<(usize, &str)> = Vec::new();
    for same in targets.chunk_by(|one, other| one == other) {
        if same.len() >= OFTEN && may_be_asked(same[0], warm_up) {
            often.push((same.len(), same[0]));
        }
    }
    let mut paths = Vec::new();
    while paths.len() < AT_MOST
        && let Some(most) = often.iter().map(|(times, _)| *times).max()
    {
        for (_, path) in often.iter().filter(|(times, _)| *times == most).take(AT_MOST - paths.len()) {
            paths.push((*path).to_owned());
        }
        often.retain(|(times, _)| *times != most);
    }
    paths
}

/// Whether a path that stands in a log may be asked by nobody in particular.
fn may_be_asked(target: &str, warm_up: &WarmUp) -> bool {
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    if target.len() > LONGEST || query.is_some() && !warm_up.queries {
        return false;
    }
    // `//name/` is another host for some readers, and a `\` the beginning of what nginx has made of a byte.
    if !path.starts_with('/')
        || path.starts_with("//")
        || !target.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\#\"<>^`{|}".contains(&byte))
    {
        return false;
    }
    // What a path hides is read as the application reads it, and again, since some read it twice.
    let Some(read) = decoded(target).map(|once| decoded(&once).unwrap_or(once)) else { return false };
    let read = read.to_lowercase();
    let mut parts = read.split(['/', '\\', '?', '&', '=']);
    if read.contains(char::is_control) || parts.any(|part| matches!(part, "." | "..") || is_somebodys(part)) {
        return false;
    }
    let (bare, _) = read.split_once('?').unwrap_or((&read, ""));
    !(NEVER.split(' ').any(|word| read.contains(word))
        || bare.rsplit_once('.').is_some_and(|(_, ending)| FILES.split(' ').any(|file| file == ending))
        || warm_up.deny.iter().any(|pattern| matches(&pattern.to_lowercase(), &read)))
}

/// Whether a part of a path may be a token, a key or an address, or has something of that kind in it (`;jsessionid=`).
fn is_somebodys(part: &str) -> bool {
    part.contains(['@', ';']) || part.len() >= LONG_NAME && part.contains(|letter: char| letter.is_ascii_digit())
}

/// A path with what is written as `%41` in the place of that; nothing where that is no text.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, left)) = rest.split_first() {
        rest = left;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))?);
        rest = &rest[2..];
    }
    String::from_utf8(bytes).ok()
}

/// Whether a text is of a pattern, in which `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else { return pattern == text };
    let Some(rest) = text.strip_prefix(before) else { return false };
    rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| matches(after, &rest[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{SettingsFile, settings};

    fn warm_up(text: &str) -> WarmUp {
        settings(SettingsFile::parse("", &format!("[warm_up]\n{text}"))).unwrap().warm_up
    }

    #[test]
    fn f131_a_path_that_may_do_something_or_is_somebodys_own_is_never_taken_from_a_log() {
        let defaults = warm_up("");
        for path in [
            "/",
            "/owners",
            "/owners/12",
            "/api/v1/products",
            "/%EC%83%81%ED%92%88",
            "/a.b/c",
            "/vets.html",
            "/owners/Jeff%20Black",
            "/orders",
            "/classes",
            "/shopping",
        ] {
            assert!(may_be_asked(path, &defaults), "{path}");
        }
        for path in [
            "/logout",
            "/LogOut",
            "/log%6Fut",
            "/log%256Fut",
            "/a/sign-out/now",
            "/actuator/health",
            "/items/7/delete",
            "/deleteItem",
            "/newsletter/unsubscribe/7",
            "/oauth2/authorization/google",
            "/users/verify",
            "/events",
            "/sse/1",
            "/owners?page=2",
            "/app.js",
            "/assets/logo.svg",
            "/reset/8f14e45fceea167a5a36dedd4bea2543",
            "/p/550e8400-e29b-41d4-a716-446655440000",
            "/users/kim@example.com",
            "/users/kim%40example.com",
            "//evil.example.com/",
            "http://evil.example.com/",
            "*",
            "evil.example.com:443",
            "/a/../manager",
            "/a/%2e%2e/manager",
            "/a/..;/manager",
            "/owners;jsessionid=1",
            "/a%00",
            "/a%0d%0aX-A:%20b",
            "/a%zz",
            "/a%2",
            "/a%+1",
            "/a%ff",
            "/\\x22",
            "/a<b>",
            "/a#b",
            "",
        ] {
            assert!(!may_be_asked(path, &defaults), "{path}");
        }
        assert!(!may_be_asked(&format!("/{}", "a".repeat(LONGEST)), &defaults));
    }

    #[test]
    fn f131_a_query_is_taken_where_that_is_asked_for_and_what_is_denied_is_denied_in_it_too() {
        let asked = warm_up("queries = true\ndeny = [\"/reports/*\", \"*page=9*\", \"/only\"]");
        for (path, taken) in [
            ("/owners?page=2", true),
            ("/owners?page=9", false),
            ("/owners?action=delete", false),
            ("/owners?q=../x", false),
            ("/owners?code=4%2F0AX4XfWh8f14e45fceea167a5a36", false),
            ("/reports/7", false),
            ("/Reports/7", false),
            ("/only", false),
            ("/only/7", true),
        ] {
            assert_eq!(may_be_asked(path, &asked), taken, "{path}");
        }
    }

    #[test]
    fn f131_what_users_ask_for_often_comes_first_and_what_they_ask_for_once_not_at_all() {
        let line = LogLine { method: "GET", target: "/", status: "200", user: "-" };
        for (name, line, wanted) in [
            ("good", line, true),
            ("not changed", LogLine { status: "304", ..line }, true),
            ("a log in JSON", LogLine { user: "", ..line }, true),
            ("posted", LogLine { method: "POST", ..line }, false),
            ("missing", LogLine { status: "404", ..line }, false),
            ("broken", LogLine { status: "500", ..line }, false),
            ("no status", LogLine { status: "", ..line }, false),
            ("too long for one", LogLine { status: "2000", ..line }, false),
            ("a user's", LogLine { user: "admin", ..line }, false),
        ] {
            assert_eq!(was_for_everybody(&line), wanted, "{name}");
        }
        let defaults = warm_up("");
        let targets = [("/b", 3), ("/a", 3), ("/often", 9), ("/twice", 2), ("/logout", 50)];
        let targets = targets.iter().flat_map(|(target, times)| std::iter::repeat_n(*target, *times)).collect();
        assert_eq!(most_frequent(targets, &defaults), ["/often", "/a", "/b"]);
        let targets: Vec<String> = (0..90).map(|number| format!("/{:02}", number % 30)).collect();
        let found = most_frequent(targets.iter().map(String::as_str).collect(), &defaults);
        assert_eq!((found.len(), found[19].as_str()), (AT_MOST, "/19"));
        assert_eq!(most_frequent(Vec::new(), &defaults), Vec::<String>::new());
    }

    #[test]
    fn a_star_stands_for_anything_and_only_a_star() {
        for (pattern, text, wanted) in [
            ("/a", "/a", true),
            ("/a", "/ab", false),
            ("/a*", "/a", true),
            ("*a", "/b/a", true),
            ("*a", "/a/b", false),
            ("/a/*/c", "/a/b/b/c", true),
            ("/a.c", "/abc", false),
            ("**", "/", true),
            ("", "/", false),
        ] {
            assert_eq!(matches(pattern, text), wanted, "{pattern} {text}");
        }
    }

    #[test]
    fn f131_the_document_has_the_words_that_are_never_taken_as_they_are_here() {
        let document = include_str!("../../../../docs/warm-up.md");
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in [NEVER, FILES] {
            assert!(
                document.split("```").any(|block| block.strip_prefix("text").is_some_and(|block| flat(block) == words)),
                "{words}"
            );
        }
    }
}
