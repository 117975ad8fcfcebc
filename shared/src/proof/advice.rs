//! What to do about a door that answers wrong after a cutover: the answer itself says what stands in the way (F104).

use crate::config::Settings;
use crate::discovery::{DoorSays, witness};
use crate::host::Answer;
use crate::language::translated;

/// The advice that fits this answer.
#[must_use]
pub(super) fn of(settings: &Settings, answer: &Answer) -> String {
    if let DoorSays::Slot(_) = witness::what_door_says(settings, answer) {
        return translated!("the old release still answers: see that nothing caches the door (`proxy_cache`), and that nginx's workers can see \
                `proxy.flag`")
            .to_owned();
    }
    match answer {
        Answer::Silence(_) => {
            translated!("see that a server of nginx listens at `proxy.door` and takes plain http there for `proxy.host`").to_owned()
        }
        Answer::Response { status, .. } => match status {
            400 => translated!("the request's `Host` is not taken: set `proxy.host` to the site's server_name, and write \
                    `proxy_set_header Host $host;` beside `proxy_pass`")
                .to_owned(),
            401 | 403 => translated!("a login or a rule stands before the door: let 127.0.0.1 pass there, or name a path that needs none").to_owned(),
            404 => translated!("the path of `proxy.door` leads elsewhere: see `location` and `try_files` of that site, and what the application \
                    answers at that path")
                .to_owned(),
            429 | 503 => translated!("if a limiter (`limit_req`, `limit_conn`) stands before the door, let 127.0.0.1 pass it; else see why the \
                          application answers so")
                .to_owned(),
            502 | 504 => translated!("see that nginx may connect to that port, and its error log").to_owned(),
            300..=399 => translated!("the door only redirects: name a URL in `proxy.door` that reaches the application (docs/nginx.md)").to_owned(),
            500..=599 => translated!("see nginx's error log and the application's log").to_owned(),
            _ => translated!("see that `proxy.door` reaches the application, and that it answers there as `health.status` and `health.body` say").to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, SettingsFile};

    #[test]
    fn f104_the_advice_fits_the_answer() {
        let settings = config::settings(SettingsFile::parse("", "")).unwrap();
        for (status, body, wanted) in [
            (429, "", "limiter"),
            (503, "", "limiter"),
            (200, "real1", "caches"),
            (400, "", "proxy.host"),
            (401, "", "login"),
            (403, "", "let 127.0.0.1 pass"),
            (404, "", "try_files"),
            (301, "", "redirects"),
            (502, "", "may connect to that port"),
            (500, "", "error log"),
            (200, "<html>", "health.body"),
        ] {
            let answer = Answer::Response { status, location: None, body: body.to_owned() };
            let told = of(&settings, &answer);
            assert!(told.contains(wanted), "{status} {body}: {told}");
        }
        assert!(of(&settings, &Answer::Silence("connection refused".into())).contains("listens at `proxy.door`"));
    }
}
