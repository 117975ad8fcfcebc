//! What an answer that is no good one means: what to do about it, and whether waiting can change it.

use std::net::IpAddr;

use super::{After, Hopeless, Judgement, Probe};
use crate::host::Answer;
use crate::language::translated;

/// What to do about an answer that will never become good; nothing for one that may.
pub(super) fn advice(probe: &Probe, answer: &Answer) -> Option<String> {
    let Answer::Response { status, location, .. } = answer else { return None };
    let path = &probe.path;
    match (status, location) {
        (300..=399, Some(location)) if is_https(location) && path_of(location) == path => Some(translated!(
            "leave `{path}` out of the redirect to https (in Spring Security: `requiresSecure()`, `redirectToHttps()`), since \
             it is asked without nginx and its X-Forwarded-Proto (`server.forward-headers-strategy`); or set `health.path` to \
             a path that answers; or take the redirect for the answer: `health.status = {status}`, `health.body = \"\"`"
        )),
        (300..=399, Some(location)) if *path_of(location) == format!("{path}/") => {
            Some(translated!("set `health.path = \"{path}/\"` in hooks.toml"))
        }
        (300..=399 | 401 | 403, _) => {
            Some(translated!("let everybody read `{path}`: with Spring Security, permit it (`permitAll()`)"))
        }
        _ => None,
    }
}

/// What to do where a wrong body is all that comes: it never matches if it is another one each time.
pub(super) fn wrong_body(body: &str) -> Hopeless {
    let advice = if body.starts_with(['{', '[']) {
        translated!(
            "a body of JSON is no profile: set `health.body = \"\"` in hooks.toml for any body, or `health.path` to what answers \
         with the profile alone"
        )
    } else {
        translated!(
            "let `health.body` in hooks.toml be exactly what it answers, or `\"\"` for any body; or look into the application's log"
        )
    };
    Hopeless { advice: advice.to_owned(), after: After::Different(body.to_owned()) }
}

/// What to do where this status is all that comes until patience ends.
pub(super) fn unless_it_changes(probe: &Probe, status: u16) -> Option<Hopeless> {
    (400..=499).contains(&status).then(|| Hopeless {
        advice: translated!(
            "see that the application answers `{}` on port {}, or correct `health.path` in hooks.toml; its log may say more",
            probe.path, probe.port
        ),
        after: After::Patience,
    })
}

/// What is said of a release that nginx could not reach either.
pub(super) fn listens_elsewhere(port: u16, address: IpAddr) -> Judgement {
    Judgement::NotYet(
        translated!("it listens on `{address}` alone (port {port}), and nginx asks 127.0.0.1"),
        Some(Hopeless {
            advice: translated!("let it listen on 127.0.0.1 or on every address (in Spring: `server.address`)")
                .to_owned(),
            after: After::AWhile,
        }),
    )
}

pub(super) fn is_https(location: &str) -> bool {
    location.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
}

/// The path of a URL, or of what is one already.
pub(super) fn path_of(location: &str) -> &str {
    let Some((_, rest)) = location.split_once("://") else { return location };
    rest.find('/').map_or("/", |begins| &rest[begins..])
}
