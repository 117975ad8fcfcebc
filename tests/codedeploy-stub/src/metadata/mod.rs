//! An instance's metadata service, version 2, on loopback.

mod answer;
mod builder;
mod instance;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::Request;
use hyper::body::Bytes;

use crate::error::Result;
use crate::http::{self, WholeResponse};
use crate::record::Record;
use crate::server::Server;

pub use builder::MetadataBuilder;
pub use instance::RoleCredentials;

use instance::Instance;

/// Answers until it is dropped.
#[derive(Debug)]
pub struct MetadataStub {
    server: Server,
    state: Arc<State>,
}

/// One request to the metadata service, as it came.
#[derive(Clone, Debug)]
pub struct MetadataRequest {
    /// `PUT` for a token, `GET` for the rest.
    pub method: String,
    /// The path.
    pub path: String,
    /// The headers in their order, names in small letters.
    pub headers: Vec<(String, String)>,
    /// When it had been read.
    pub at: Instant,
}

#[derive(Clone, Copy, Debug)]
enum Mood {
    Prompt,
    Slow(Duration),
    Silent,
    Disabled,
}

#[derive(Debug)]
struct State {
    instance: Instance,
    mood: Mood,
    seen: Record<MetadataRequest>,
}

impl MetadataStub {
    /// Of an instance in `eu-central-1` with a role.
    ///
    /// # Errors
    /// No port, thread or runtime could be had.
    pub fn start() -> Result<Self> {
        Self::builder().start()
    }

    /// Of another instance, or one whose service misbehaves.
    #[must_use]
    pub fn builder() -> MetadataBuilder {
        MetadataBuilder::new()
    }

    fn serve(instance: Instance, mood: Mood) -> Result<Self> {
        let state = Arc::new(State { instance, mood, seen: Record::new() });
        let shared = Arc::clone(&state);
        let server = Server::start(move |stream| {
            let state = Arc::clone(&shared);
            async move { http::serve(stream, |request| state.answer(request)).await }
        })?;
        Ok(Self { server, state })
    }

    /// What to set `AWS_EC2_METADATA_SERVICE_ENDPOINT` to.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// All requests so far. One that has been answered is among them.
    #[must_use]
    pub fn requests(&self) -> Vec<MetadataRequest> {
        self.state.seen.all()
    }

    /// All requests, as soon as there are `count`.
    ///
    /// # Errors
    /// Fewer came within `at_most`.
    pub fn wait_for_requests(&self, count: usize, at_most: Duration) -> Result<Vec<MetadataRequest>> {
        self.state.seen.wait_for(count, at_most, "requests to the metadata service")
    }
}

impl State {
    async fn answer(&self, request: Request<Bytes>) -> Option<WholeResponse> {
        self.seen.add(MetadataRequest {
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            headers: http::headers(request.headers()),
            at: Instant::now(),
        });
        match self.mood {
            Mood::Prompt => {}
            Mood::Slow(delay) => tokio::time::sleep(delay).await,
            Mood::Silent => std::future::pending().await,
            Mood::Disabled => return Some(answer::refusal(403)),
        }
        Some(answer::answer(&self.instance, &request))
    }
}
