//! The endpoints, and what a release's faults make of them.

use std::collections::hash_map::RandomState;
use std::convert::Infallible;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use demo_app::Fault;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue, LOCATION, UPGRADE};
use hyper::{Method, Request, Response, StatusCode};
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::connections::Watcher;
use crate::endless_body::EndlessBody;
use crate::event_stream::EventStream;
use crate::large_body::LargeBody;
use crate::web_socket;

/// A whole body, an endless one, or a stream of events.
type AnswerBody = UnsyncBoxBody<Bytes, Infallible>;

/// Everything that an answer depends on.
pub(crate) struct Answers {
    release: String,
    profile: String,
    instance: String,
    faults: Vec<Fault>,
    flapped: AtomicBool,
    /// How often the page was asked for.
    pages: AtomicU64,
    /// How often what it dies of was asked for.
    fatal: AtomicU64,
    /// Told when it dies.
    death: Arc<Notify>,
    watcher: Watcher,
}

impl Answers {
    pub(crate) fn new(
        release: String,
        profile: String,
        faults: Vec<Fault>,
        death: Arc<Notify>,
        watcher: Watcher,
    ) -> Self {
        // The standard library's hash keys are random for each process, which is all that an instance's name needs.
        let random = RandomState::new().build_hasher().finish();
        let instance = format!("{:08x}", random >> 32);
        let (flapped, pages, fatal) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
        Self { release, profile, instance, faults, flapped, pages, fatal, death, watcher }
    }

    /// Answers one request. A body that cannot be read ends the connection.
    pub(crate) async fn answer(&self, mut request: Request<Incoming>) -> Result<Response<AnswerBody>, hyper::Error> {
        if self.is_fatal(request.uri().path()) {
            self.death.notify_one();
            return std::future::pending().await;
        }
        let mut response = match (request.method(), request.uri().path()) {
            (&Method::GET, "/") => self.page().await,
            (&Method::GET, "/profile") => self.profile().await,
            (&Method::GET, "/slow") => self.slow(request.uri().query().unwrap_or("")).await,
            (&Method::GET, "/large") => large(request.uri().query().unwrap_or("")),
            (&Method::GET, "/events") => self.events(request.uri().query().unwrap_or("")),
            (&Method::GET, "/websocket") => self.web_socket(&mut request),
            (&Method::POST, "/echo") => echo(request).await?,
            (_, "/" | "/profile" | "/slow" | "/large" | "/events" | "/websocket") => not_allowed("GET"),
            (_, "/echo") => not_allowed("POST"),
            _ => text(StatusCode::NOT_FOUND, "no such endpoint".to_owned()),
        };
        for (name, value) in [("x-release", &self.release), ("x-instance", &self.instance)] {
            if let Ok(value) = HeaderValue::from_str(value) {
                response.headers_mut().insert(name, value);
            }
        }
        Ok(response)
    }

    /// Whether this is the request that the release dies of.
    fn is_fatal(&self, asked: &str) -> bool {
        let at = self.faults.iter().find_map(|fault| match fault {
            Fault::DiesAnswering { path, request } if path == asked => Some(*request),
            _ => None,
        });
        at.is_some_and(|request| self.fatal.fetch_add(1, Ordering::Relaxed) + 1 == request)
    }

    /// The page tells how often it was asked for, this time among them.
    async fn page(&self) -> Response<AnswerBody> {
        let before = self.pages.fetch_add(1, Ordering::Relaxed);
        let mut status = StatusCode::OK;
        for fault in &self.faults {
            match fault {
                Fault::SlowAtFirst { answers, time } if before < *answers => sleep(*time).await,
                Fault::PageAnswers { status: other } => {
                    status = StatusCode::from_u16(*other).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                }
                _ => {}
            }
        }
        let Self { release, instance, profile, .. } = self;
        let mut response = text(status, format!("release {release}, instance {instance}, profile {profile}"));
        response.headers_mut().insert("x-pages", HeaderValue::from(before + 1));
        response
    }

    /// The first fault that concerns `/profile` decides.
    async fn profile(&self) -> Response<AnswerBody> {
        for fault in &self.faults {
            match fault {
                Fault::Answers { status, body } => return misplaced(*status, body),
                Fault::Redirects { location } => return redirect(location),
                Fault::Flapping if self.flapped.fetch_xor(true, Ordering::Relaxed) => {
                    return text(StatusCode::INTERNAL_SERVER_ERROR, "flapping".to_owned());
                }
                Fault::Hangs => return std::future::pending().await,
                Fault::EndlessBody => return Response::new(EndlessBody::new().boxed_unsync()),
                _ => {}
            }
        }
        text(StatusCode::OK, self.profile.clone())
    }

    async fn slow(&self, query: &str) -> Response<AnswerBody> {
        let milliseconds = number(query, "milliseconds");
        let Some(milliseconds) = milliseconds else {
            return text(StatusCode::BAD_REQUEST, "needed ?milliseconds=NUMBER".to_owned());
        };
        sleep(Duration::from_millis(milliseconds)).await;
        text(StatusCode::OK, format!("waited {milliseconds} ms"))
    }

    fn events(&self, query: &str) -> Response<AnswerBody> {
        let (Some(count), Some(every @ 1..)) = (number(query, "count"), number(query, "every")) else {
            return text(StatusCode::BAD_REQUEST, "needed ?count=NUMBER&every=MILLISECONDS".to_owned());
        };
        let stream = EventStream::new(self.instance.clone(), count, Duration::from_millis(every));
        let mut response = Response::new(stream.boxed_unsync());
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        // nginx would otherwise keep the events until its buffer is full (ngx_http_proxy_module, proxy_buffering).
        response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
        response
    }

    fn web_socket(&self, request: &mut Request<Incoming>) -> Response<AnswerBody> {
        let upgraded = web_socket::upgrade(request, self.instance.clone(), self.watcher.clone());
        upgraded.unwrap_or_else(|| {
            let mut response = text(StatusCode::UPGRADE_REQUIRED, "needed `Upgrade: websocket`".to_owned());
            response.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
            response
        })
    }
}

fn large(query: &str) -> Response<AnswerBody> {
    let Some(bytes) = number(query, "bytes") else {
        return text(StatusCode::BAD_REQUEST, "needed ?bytes=NUMBER".to_owned());
    };
    let mut response = Response::new(LargeBody::new(bytes).boxed_unsync());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html;charset=UTF-8"));
    response
}

/// The number that a query gives to a name.
fn number(query: &str, name: &str) -> Option<u64> {
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
}

fn text(status: StatusCode, body: String) -> Response<AnswerBody> {
    let mut response = Response::new(Full::new(Bytes::from(body)).boxed_unsync());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain;charset=UTF-8"));
    response
}

fn misplaced(status: u16, body: &str) -> Response<AnswerBody> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = text(status, body.to_owned());
    let kind = match body.as_bytes().first() {
        Some(b'<') => "text/html;charset=UTF-8",
        Some(b'{') => "application/json",
        _ => return response,
    };
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn redirect(location: &str) -> Response<AnswerBody> {
    match HeaderValue::from_str(location) {
        Ok(value) => {
            let mut response = text(StatusCode::FOUND, String::new());
            response.headers_mut().insert(LOCATION, value);
            response
        }
        Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, format!("location {location:?}: {error}")),
    }
}

fn not_allowed(method: &'static str) -> Response<AnswerBody> {
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, format!("only {method} is answered here"));
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(method));
    response
}

async fn echo(request: Request<Incoming>) -> Result<Response<AnswerBody>, hyper::Error> {
    let kind = request.headers().get(CONTENT_TYPE).cloned();
    let body = request.into_body().collect().await?.to_bytes();
    let mut response = Response::new(Full::new(body).boxed_unsync());
    response
        .headers_mut()
        .insert(CONTENT_TYPE, kind.unwrap_or_else(|| HeaderValue::from_static("application/octet-stream")));
    Ok(response)
}
