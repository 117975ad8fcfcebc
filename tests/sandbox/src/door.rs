//! What the door answers to `/profile`: the application's own answer, or one of the answers that misled the scripts.

use std::path::Path;

use crate::error::{Error, Result};

/// What nginx does with `/profile`. All other paths go to the application in any case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Door {
    /// Hands it to the application, like everything else.
    #[default]
    ToTheApp,
    /// Answers with this status by itself: nginx's own page, or the body if there is one. A status from 301 to 308 leads
    /// to `/login`.
    Returns {
        /// The status.
        status: u16,
        /// The body, as plain text.
        body: Option<String>,
    },
    /// Answers 200 with an HTML page.
    Html,
    /// Answers 200 with this text, whatever the application's profile is.
    AnotherProfile(String),
    /// Hands it to something that takes the request and never answers.
    Hangs,
}

impl Door {
    /// Answers with this status and nginx's own page.
    #[must_use]
    pub fn returns(status: u16) -> Self {
        Self::Returns { status, body: None }
    }

    /// The location for nginx's server block; nothing where `location /` will do.
    pub(crate) fn location(&self, silent_socket: &Path) -> Result<String> {
        let directives = match self {
            Self::ToTheApp => return Ok(String::new()),
            Self::Returns { status: status @ (301 | 302 | 303 | 307 | 308), body: None } => {
                format!("return {status} /login;")
            }
            Self::Returns { status, body: None } => format!("return {status};"),
            Self::Returns { status, body: Some(body) } => text_answer("text/plain", *status, body)?,
            Self::Html => text_answer("text/html", 200, "<!doctype html><title>real1</title><h1>real1</h1>")?,
            Self::AnotherProfile(name) => text_answer("text/plain", 200, name)?,
            Self::Hangs => format!("proxy_pass \"http://unix:{}:/profile\";", silent_socket.display()),
        };
        Ok(format!("location = /profile {{ {directives} }}"))
    }
}

fn text_answer(kind: &str, status: u16, body: &str) -> Result<String> {
    if body.contains('$') {
        return Err(Error::new(format!("the body `{body}` has a `$`, which nginx cannot return; leave it out")));
    }
    let body = body.replace('\\', "\\\\").replace('"', "\\\"");
    Ok(format!("default_type {kind}; return {status} \"{body}\";"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_door_is_one_location() {
        let table = [
            (Door::ToTheApp, ""),
            (Door::returns(503), "location = /profile { return 503; }"),
            (Door::returns(302), "location = /profile { return 302 /login; }"),
            (
                Door::Returns { status: 500, body: Some(r#"no "real-db""#.to_owned()) },
                r#"location = /profile { default_type text/plain; return 500 "no \"real-db\""; }"#,
            ),
            (
                Door::AnotherProfile("real2".to_owned()),
                "location = /profile { default_type text/plain; return 200 \"real2\"; }",
            ),
            (Door::Hangs, "location = /profile { proxy_pass \"http://unix:/run/s:/profile\"; }"),
        ];
        for (door, expected) in table {
            assert_eq!(door.location(Path::new("/run/s")).unwrap(), expected);
        }
    }

    #[test]
    fn what_nginx_would_take_for_a_variable_is_refused() {
        let refusal = Door::AnotherProfile("$host".to_owned()).location(Path::new("")).unwrap_err();
        assert!(refusal.to_string().contains("leave it out"), "{refusal}");
    }
}
