//! What the metadata service answers to one request.

use hyper::body::Bytes;
use hyper::header::HeaderMap;
use hyper::{Method, Request, StatusCode};

use crate::http::{WholeResponse, response, with_header};
use crate::metadata::instance::Instance;

const TOKEN: &str = "token-of-a-test==";
const TOKEN_HEADER: &str = "x-aws-ec2-metadata-token";
const TOKEN_LIFE_HEADER: &str = "x-aws-ec2-metadata-token-ttl-seconds";
/// Six hours.
const LONGEST_TOKEN_LIFE: u32 = 21_600;

pub(crate) fn answer(instance: &Instance, request: &Request<Bytes>) -> WholeResponse {
    match (request.method(), request.uri().path()) {
        (&Method::PUT, "/latest/api/token") => token(request.headers()),
        (&Method::GET, path) => get(instance, request.headers(), path),
        _ => refusal(405),
    }
}

/// A page that says no more than the status.
pub(crate) fn refusal(status: u16) -> WholeResponse {
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default();
    response(status, "text/html", format!("<html><body><h1>{status} - {reason}</h1></body></html>\n"))
}

fn token(headers: &HeaderMap) -> WholeResponse {
    // A request that a proxy has passed on gets no token.
    if headers.contains_key("x-forwarded-for") {
        return refusal(403);
    }
    match text(headers, TOKEN_LIFE_HEADER).and_then(|life| life.parse().ok()) {
        Some(life @ 1..=LONGEST_TOKEN_LIFE) => {
            with_header(response(200, "text/plain", TOKEN), TOKEN_LIFE_HEADER, &life.to_string())
        }
        _ => refusal(400),
    }
}

fn get(instance: &Instance, headers: &HeaderMap, path: &str) -> WholeResponse {
    if text(headers, TOKEN_HEADER) != Some(TOKEN) {
        return refusal(401);
    }
    found(instance, path).map_or_else(|| refusal(404), |body| response(200, "text/plain", body))
}

/// Among what is not found is `iam/security-credentials-extended/`, which newer clients ask for first.
fn found(instance: &Instance, path: &str) -> Option<String> {
    match path {
        "/latest/meta-data/placement/region" => Some(instance.region.clone()),
        "/latest/meta-data/instance-id" => Some(instance.id.clone()),
        "/latest/dynamic/instance-identity/document" => Some(format!("{:#}", instance.document())),
        _ => {
            let asked = path.strip_prefix("/latest/meta-data/iam/security-credentials/")?;
            let (role, credentials) = instance.role.as_ref()?;
            match asked {
                "" => Some(role.clone()),
                _ => (asked == role).then(|| format!("{:#}", credentials.json())),
            }
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
