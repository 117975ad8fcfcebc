//! The include as nginx reads it. What nginx would refuse, or take for something else than its writer meant, is told with line and
//! column (F67, F68).

use std::fmt;
use std::ops::Range;

use super::{Include, Leads, line};
use crate::language::translated;
use crate::nginx::directives::{Directive, End, directives};
use crate::nginx::site::Form;
use crate::route::choice::{self, Choice};

/// Why an include cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    line: usize,
    column: usize,
    what: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&translated!("line {}, column {}: {}", self.line, self.column, self.what))
    }
}

/// Reads an include; what in it is wrong first, otherwise.
pub(super) fn read(bytes: &[u8], variable: &str) -> Result<Include, Complaint> {
    let complain = |offset: usize, what: String| Err(complaint(bytes, offset, what));
    if bytes.starts_with(b"\xEF\xBB\xBF") {
        return complain(
            0,
            translated!("it begins with a byte order mark, which nginx refuses; save it without").to_owned(),
        );
    }
    let directives = directives(bytes);
    let mut found: Option<(Leads, Form, Range<usize>)> = None;
    let mut others = Vec::new();
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(directive) = directives.get(at) {
        at += 1;
        let words = directive.words(bytes);
        let start = directive.begins_at();
        match directive.end {
            End::Nothing if words.is_empty() => {}
            End::Nothing => return complain(start, translated!("it has no `;` at its end").to_owned()),
            End::Open => depth += 1,
            End::Close => depth = depth.saturating_sub(1),
            End::Semicolon => {}
        }
        if words.first() != Some(&b"set".as_slice()) {
            continue;
        }
        let [_, name, _] = words.as_slice() else {
            return complain(
                start,
                translated!("`set` has {} words after it, needed 2; is a `;` missing?", words.len() - 1),
            );
        };
        if name.strip_prefix(b"$") != Some(variable.as_bytes()) {
            others.push(String::from_utf8_lossy(name).into_owned());
            continue;
        }
        if depth > 0 {
            return complain(
                start,
                translated!("`${variable}` is set inside braces, where it cannot be told when it holds"),
            );
        }
        if found.is_some() {
            return complain(start, translated!("`${variable}` is set a second time; keep one of the two lines"));
        }
        let (leads, form, taken) = leads(&directives[at - 1..], bytes, variable)?;
        at += taken - 1;
        found = Some((leads, form, start..directives[at - 1].end_at + 1));
    }
    let Some((leads, form, said_at)) = found else {
        let found = match others.first() {
            Some(other) => translated!("it sets `{other}`"),
            None if bytes.iter().all(u8::is_ascii_whitespace) => translated!("it is empty").to_owned(),
            None => translated!("it does not set `${variable}`"),
        };
        return complain(0, translated!("{found}, needed `set ${variable} …;`"));
    };
    let variable = variable.to_owned();
    Ok(Include { bytes: bytes.to_owned(), variable, leads, form, groups: Vec::new(), said_at })
}

/// Where the directives lead that begin with the `set` of our variable, in which form, and how many of them say so.
fn leads(directives: &[Directive], bytes: &[u8], variable: &str) -> Result<(Leads, Form, usize), Complaint> {
    if let Some((choice, form, taken)) = Choice::read(directives, bytes, variable) {
        return Ok((Leads::By(choice), form, taken));
    }
    let target = directives.first().and_then(|directive| directive.words.get(2)).cloned().unwrap_or_default();
    let (leads, form) = target_of(bytes, &target).map_err(|(offset, what)| complaint(bytes, offset, what))?;
    Ok((leads, form, 1))
}

/// Where a target leads, and in which form it says so; or what is wrong, and where.
fn target_of(bytes: &[u8], target: &Range<usize>) -> Result<(Leads, Form), (usize, String)> {
    let text = String::from_utf8_lossy(&bytes[target.clone()]).into_owned();
    let wrong = |why: &str| Err((target.start, translated!("the target is `{text}`, {why}")));
    let (authority, form) = match text.strip_prefix("http://") {
        Some(authority) => (authority, Form::Url),
        None if text.contains("://") => return wrong(translated!("and these hooks ask an application by `http://`")),
        None if text.bytes().all(|byte| byte.is_ascii_digit()) => (text.as_str(), Form::Port),
        None => (text.as_str(), Form::Address),
    };
    let at = |length: usize| target.end - length..target.end;
    let port = match authority.strip_prefix("127.0.0.1:") {
        Some(port) => port,
        None if form == Form::Port => authority,
        None if authority == "localhost" || authority.starts_with("localhost:") => {
            return wrong(translated!("a name for which nginx needs a resolver, so it answers 502; write `127.0.0.1`"));
        }
        None if choice::is_group(authority) => {
            return Ok((Leads::Named { name: authority.to_owned(), at: at(authority.len()) }, form));
        }
        None => return wrong(translated!("needed a port of 127.0.0.1, or the name of an upstream group")),
    };
    if port.contains('/') {
        return wrong(translated!("with a slash after the port nginx sends every request to `/`; remove it"));
    }
    match port.parse::<u16>() {
        Ok(number) if number > 0 && port.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok((Leads::To { port: number, at: at(port.len()) }, form))
        }
        _ => wrong(translated!("needed a port from 1 to 65535")),
    }
}

fn complaint(bytes: &[u8], offset: usize, what: String) -> Complaint {
    let before = &bytes[..offset.min(bytes.len())];
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    Complaint { line: line(bytes, offset), column, what }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f67_f68_what_nginx_would_refuse_or_misread_is_refused_with_its_place() {
        for (name, text, wanted) in [
            ("empty", "", "line 1, column 1: it is empty, needed `set $service_url …;`"),
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
            ("TLS", "set $service_url https://127.0.0.1:8081;", "ask an application by `http://`"),
            ("another host", "set $service_url http://10.0.0.7:8081;", "needed a port of 127.0.0.1"),
            ("another host, bare", "set $service_url 10.0.0.7:8081;", "needed a port of 127.0.0.1"),
            ("no port", "set $service_url http://127.0.0.1;", "needed a port of 127.0.0.1"),
            ("nothing", "set $service_url \"\";", "a port from 1 to 65535"),
            ("a socket", "set $service_url http://unix:/run/a.socket;", "needed a port of 127.0.0.1"),
            ("port out of range", "set $service_url http://127.0.0.1:99999;", "a port from 1 to 65535"),
            ("signed port", "set $service_url http://127.0.0.1:+8081;", "a port from 1 to 65535"),
            ("inside braces", "if ($x) { set $service_url http://127.0.0.1:8081; }", "inside braces"),
            ("truncated", "set $serv", "it has no `;`"),
        ] {
            let told = Include::parse(text.as_bytes(), "service_url").unwrap_err().to_string();
            assert!(told.contains(wanted), "{name}: {told}");
        }
    }

    #[test]
    fn f68_a_choice_that_is_not_exactly_ours_is_refused() {
        let ours = "set $service_url http://real1;\nif (-f /f) {\n    set $service_url http://real2;\n}\n";
        assert!(Include::parse(ours.as_bytes(), "service_url").is_ok());
        for (name, from, to, wanted) in [
            ("the test is turned round", "(-f", "(!-f", "inside braces"),
            ("something else in the block", "http://real2;", "http://real2; set $x 1;", "inside braces"),
            ("a port in the block", "http://real2", "http://127.0.0.1:8082", "inside braces"),
            ("two forms", "http://real2", "real2", "inside braces"),
            ("a block that does not end", "}", "", "inside braces"),
            ("a third line", "}\n", "}\nset $service_url http://real1;\n", "a second time"),
        ] {
            let told =
                Include::parse(ours.replacen(from, to, 1).as_bytes(), "service_url").map_err(|why| why.to_string());
            assert!(told.as_ref().is_err_and(|told| told.contains(wanted)), "{name}: {told:?}");
        }
    }
}
