//! HTTP as a probe needs it: one GET on a connection of its own, past every proxy of the environment, no redirect
//! followed, capped in size and time. Whatever the server does is an answer.

use std::error::Error as _;

use super::signals::StopSignals;
use super::{Answer, Request};
use crate::error::Result;

/// More of a body than this is never read.
const BODY_LIMIT: usize = 64 * 1024;

pub(super) async fn get(request: &Request, signals: &StopSignals) -> Result<Answer> {
    signals.unless_asked(exchange(request)).await
}

async fn exchange(request: &Request) -> Answer {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .http1_only();
    // A probe of plain HTTP does not read this host's certificates each time.
    #[cfg(feature = "codedeploy")]
    let client = if request.url.starts_with("https://") { client } else { client.tls_certs_only([]) };
    let client = match client.build() {
        Ok(client) => client,
        // A host without certificates cannot ask over HTTPS.
        Err(cause) => return Answer::Silence(innermost(&cause)),
    };
    let mut builder = client.get(&request.url).header(reqwest::header::CONNECTION, "close");
    if let Some(host) = &request.host {
        builder = builder.header(reqwest::header::HOST, host);
    }
    match tokio::time::timeout(request.at_most, read(builder)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(cause)) => Answer::Silence(innermost(&cause)),
        Err(_) => Answer::late(request.at_most),
    }
}

async fn read(builder: reqwest::RequestBuilder) -> reqwest::Result<Answer> {
    let mut response = builder.send().await?;
    let status = response.status().as_u16();
    let location = response
        .headers()
        .get(reqwest::header::LOCATION)
        // What follows the `?` may be a token: it goes into no log.
        .map(|location| String::from_utf8_lossy(location.as_bytes()).split('?').next().unwrap_or_default().to_owned());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() >= BODY_LIMIT {
            body.truncate(BODY_LIMIT);
            break;
        }
    }
    Ok(Answer::Response { status, location, body: String::from_utf8_lossy(&body).trim().to_owned() })
}

/// The cause at the bottom says what happened ("Connection refused"); the ones above it repeat the URL.
fn innermost(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    let text = text.split(" (os error").next().unwrap_or_default();
    text.to_lowercase()
}
