//! HTTP as a probe needs it: one GET on a connection of its own, past every proxy of the environment, no redirect
//! followed, capped in size and time. Whatever the server does is an answer.

use std::cell::OnceCell;
use std::error::Error as _;
use std::time::Instant;

use futures_util::future::join_all;
use reqwest::header::HeaderMap;

use super::signals::StopSignals;
use super::{Answer, ProxiedRequest, Request, TimedAnswer};
use crate::error::Result;

/// More of a body than this is never read.
const BODY_LIMIT: usize = 64 * 1024;

/// More of a body that is dropped is never read: who is cut off notes that in its log.
const DROPPED_LIMIT: usize = 1024 * 1024;

pub(super) async fn get(request: &Request, signals: &StopSignals) -> Result<Answer> {
    signals.unless_asked(exchange(request)).await
}

/// One client for a run that asks hundreds of times; each request still has a connection of its own.
#[derive(Debug, Default)]
pub(super) struct ProxyClient(OnceCell<reqwest::Client>);

impl ProxyClient {
    fn get(&self) -> reqwest::Result<&reqwest::Client> {
        match self.0.get() {
            Some(client) => Ok(client),
            None => client("http://").map(|client| self.0.get_or_init(|| client)),
        }
    }
}

pub(super) async fn get_as_proxy(
    client: &ProxyClient,
    requests: &[ProxiedRequest],
    signals: &StopSignals,
) -> Result<Vec<TimedAnswer>> {
    let client = client.get();
    let exchanges = requests.iter().map(|request| pass_on(client.as_ref().copied(), request));
    signals.unless_asked(join_all(exchanges)).await
}

/// What a browser accepts: most of them send this, or nearly this (docs/warm-up.md).
const BROWSER: [(reqwest::header::HeaderName, &str); 3] = [
    (reqwest::header::ACCEPT, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    (reqwest::header::ACCEPT_ENCODING, "gzip, deflate, br"),
    (reqwest::header::ACCEPT_LANGUAGE, "en-US,en;q=0.5"),
];

/// One request as nginx passes it on, in the words of docs/nginx.md.
async fn pass_on(client: Result<&reqwest::Client, &reqwest::Error>, proxied: &ProxiedRequest) -> TimedAnswer {
    let began = Instant::now();
    let ProxiedRequest { request, https, cookie, closes, as_browser } = proxied;
    let mut cookies = Vec::new();
    let answer = match client {
        Ok(client) => {
            let mut builder = prepared(client, request)
                .header("X-Forwarded-For", "127.0.0.1")
                .header("X-Forwarded-Proto", if *https { "https" } else { "http" })
                .header(reqwest::header::USER_AGENT, "warm-up");
            if let Some(host) = &request.host {
                builder = builder.header("X-Forwarded-Host", host);
            }
            if *closes {
                builder = builder.version(reqwest::Version::HTTP_10).header(reqwest::header::CONNECTION, "close");
            }
            if *as_browser {
                for (name, value) in BROWSER {
                    builder = builder.header(name, value);
                }
            }
            if let Some(cookie) = cookie {
                builder = builder.header(reqwest::header::COOKIE, cookie);
            }
            in_time(request, read(builder, DROPPED_LIMIT, |headers| cookies = set_cookies(headers))).await
        }
        Err(cause) => Answer::Silence(innermost(cause)),
    };
    let answer = match answer {
        Answer::Response { status, location, .. } => Answer::Response { status, location, body: String::new() },
        silence @ Answer::Silence(_) => silence,
    };
    TimedAnswer { answer, took: began.elapsed(), cookies }
}

fn set_cookies(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all(reqwest::header::SET_COOKIE)
        .iter()
        .filter_map(|value| Some(value.to_str().ok()?.to_owned()))
        .collect()
}

async fn exchange(request: &Request) -> Answer {
    match client(&request.url) {
        Ok(client) => {
            let builder = prepared(&client, request).header(reqwest::header::CONNECTION, "close");
            in_time(request, read(builder, BODY_LIMIT, |_| {})).await
        }
        // A host without certificates cannot ask over HTTPS.
        Err(cause) => Answer::Silence(innermost(&cause)),
    }
}

#[cfg_attr(not(feature = "codedeploy"), expect(unused_variables, reason = "without TLS no certificates are read"))]
fn client(url: &str) -> reqwest::Result<reqwest::Client> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .http1_only();
    // A probe of plain HTTP does not read this host's certificates each time.
    #[cfg(feature = "codedeploy")]
    let client = if url.starts_with("https://") { client } else { client.tls_certs_only([]) };
    client.build()
}

fn prepared(client: &reqwest::Client, request: &Request) -> reqwest::RequestBuilder {
    let mut builder = client.get(&request.url);
    if let Some(host) = &request.host {
        builder = builder.header(reqwest::header::HOST, host);
    }
    builder
}

async fn in_time(request: &Request, reading: impl Future<Output = reqwest::Result<Answer>>) -> Answer {
    match tokio::time::timeout(request.at_most, reading).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(cause)) => Answer::Silence(innermost(&cause)),
        Err(_) => Answer::late(request.at_most),
    }
}

async fn read(
    builder: reqwest::RequestBuilder,
    limit: usize,
    mut seen: impl FnMut(&HeaderMap),
) -> reqwest::Result<Answer> {
    let mut response = builder.send().await?;
    seen(response.headers());
    let status = response.status().as_u16();
    let location = response
        .headers()
        .get(reqwest::header::LOCATION)
        // What follows the `?` may be a token: it goes into no log.
        .map(|location| String::from_utf8_lossy(location.as_bytes()).split('?').next().unwrap_or_default().to_owned());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() >= limit {
            body.truncate(limit);
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
