//! The form of nginx's access log: `combined`, or the text of a `log_format`. It finds request, status and user in a line; whatever
//! a client has put there stays what nginx has made of it, text without a quote or a control character.

use std::fmt;

/// What nginx writes where nobody names a form.
const COMBINED: &str = "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" \
                        \"$http_user_agent\"";

/// The form of a line.
#[derive(Clone, PartialEq, Eq)]
pub struct LogFormat {
    /// What the line begins with, before the first variable.
    beginning: String,
    /// The variables, without the `$`, each with the text that follows it; none that is empty but for the last.
    variables: Vec<(String, String)>,
}

/// What a line says of a request, as it stands there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogLine<'a> {
    /// The method.
    pub method: &'a str,
    /// The path, and the query, as the client sent them.
    pub target: &'a str,
    /// The status of the answer.
    pub status: &'a str,
    /// Who had logged in by HTTP; `-` for nobody.
    pub user: &'a str,
}

impl LogFormat {
    /// Reads the text of a form; nothing where a line of it does not tell request and status, or not where they end.
    #[must_use]
    pub fn parse(text: &str) -> Option<LogFormat> {
        let mut parts = if text == "combined" { COMBINED } else { text }.split('$');
        let beginning = parts.next()?.to_owned();
        let variables: Vec<_> = parts.map(variable).collect();
        let has = |wanted: &str| variables.iter().any(|(name, _)| name == wanted);
        let tells = has("status") && (has("request") || has("request_method") && has("request_uri"));
        let (_, but_the_last) = variables.split_last()?;
        let ends = variables.iter().all(|(name, _)| !name.is_empty())
            && but_the_last.iter().all(|(_, after)| !after.is_empty());
        (tells && ends).then_some(LogFormat { beginning, variables })
    }

    /// What a line says; nothing where it is none of this form.
    #[must_use]
    pub fn read<'a>(&self, line: &'a str) -> Option<LogLine<'a>> {
        let mut rest = line.strip_prefix(self.beginning.as_str())?;
        let mut read = LogLine { user: "-", ..LogLine::default() };
        for (name, after) in &self.variables {
            let (value, left) = if after.is_empty() { (rest, "") } else { rest.split_once(after.as_str())? };
            rest = left;
            match name.as_str() {
                "request" => {
                    let mut words = value.split(' ');
                    (read.method, read.target) = (words.next()?, words.next()?);
                    // What is no line of HTTP was no request that anybody answered.
                    words.next().filter(|version| version.starts_with("HTTP/"))?;
                    if words.next().is_some() {
                        return None;
                    }
                }
                "request_method" => read.method = value,
                "request_uri" => read.target = value,
                "status" => read.status = value,
                "remote_user" => read.user = value,
                _ => {}
            }
        }
        Some(read)
    }
}

/// From what follows a `$`: the variable's name, in braces or not, and the text after it.
fn variable(text: &str) -> (String, String) {
    if let Some((name, after)) = text.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
        return (name.to_owned(), after.to_owned());
    }
    let end = text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(text.len());
    (text[..end].to_owned(), text[end..].to_owned())
}

impl fmt::Debug for LogFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.beginning)?;
        self.variables.iter().try_for_each(|(name, after)| write!(formatter, "${{{name}}}{after}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f131_a_line_is_read_by_its_form_and_what_is_of_no_form_is_skipped() {
        let combined = "combined";
        let json = "{\"user\":\"$remote_user\",\"request\":\"$request\",\"status\":$status,\"time\":$request_time}";
        let apart = "${remote_addr}|$request_method|$request_uri|$status";
        for (name, form, line, wanted) in [
            (
                "nginx's own",
                combined,
                r#"203.0.113.9 - - [27/Nov/2026:00:00:01 +0000] "GET /owners?page=2 HTTP/1.1" 200 512 "-" "curl/8""#,
                Some(("GET", "/owners?page=2", "200", "-")),
            ),
            (
                "a user",
                combined,
                r#"::1 - admin [27/Nov/2026:00:00:01 +0000] "GET / HTTP/2.0" 304 0 "https://a/" "b""#,
                Some(("GET", "/", "304", "admin")),
            ),
            (
                "JSON",
                json,
                r#"{"user":"-","request":"GET /a HTTP/1.1","status":200,"time":0.1}"#,
                Some(("GET", "/a", "200", "-")),
            ),
            ("method and path apart", apart, "1.2.3.4|HEAD|/a b|200", Some(("HEAD", "/a b", "200", "-"))),
            (
                "a path that plays a line, as nginx escapes it",
                combined,
                r#"1.2.3.4 - - [x] "GET /\x22 200 1 \x22-\x22 HTTP/1.1" 404 1 "-" "-""#,
                None,
            ),
            ("no HTTP", combined, r#"1.2.3.4 - - [x] "\x16\x03\x01" 400 1 "-" "-""#, None),
            ("a path with a space", combined, r#"1.2.3.4 - - [x] "GET /a b" 200 1 "-" "-""#, None),
            ("HTTP 0.9", combined, r#"1.2.3.4 - - [x] "GET /" 200 1 "-" "-""#, None),
            ("cut off", combined, r#"1.2.3.4 - - [x] "GET / HTT"#, None),
            ("the end of a line", combined, r#"/1.1" 200 1 "-" "-""#, None),
            ("an error log", combined, "2026/11/27 00:00:01 [error] 7#7: *1 open() failed", None),
            ("nothing", combined, "", None),
        ] {
            let read = LogFormat::parse(form).unwrap().read(line);
            let read = read.map(|line| (line.method, line.target, line.status, line.user));
            assert_eq!(read, wanted, "{name}");
        }
    }

    #[test]
    fn f131_a_form_that_does_not_tell_request_and_status_is_none() {
        for text in [
            "",
            "main",
            "$request",
            "$status $remote_addr",
            "$request$status",
            "$request_uri $status",
            "$ $status $request",
        ] {
            assert_eq!(LogFormat::parse(text), None, "{text}");
        }
    }
}
