//! CodeDeploy's API (JSON 1.1) on loopback.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, HeaderMap};
use hyper::{Method, Request};
use serde_json::Value;
use tokio::net::TcpStream;

use crate::behaviour::Behaviour;
use crate::certificate_authority::CertificateAuthority;
use crate::error::Result;
use crate::http::{self, WholeResponse};
use crate::operation::{self, Operation};
use crate::performance;
use crate::record::Record;
use crate::script::Script;
use crate::server::Server;

/// Answers until it is dropped.
#[derive(Debug)]
pub struct CodeDeployStub {
    server: Server,
    state: Arc<State>,
    authority: Option<CertificateAuthority>,
}

/// A stub that has not been started yet.
#[derive(Debug, Default)]
pub struct CodeDeployBuilder {
    tls: bool,
}

/// One request to the API, as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What the header `X-Amz-Target` asked for, without the name of the service; empty, if there was none.
    pub operation: String,
    /// The body; a string, if it was not JSON.
    pub body: Value,
    /// The headers in their order, names in small letters.
    pub headers: Vec<(String, String)>,
    /// When it had been read.
    pub at: Instant,
}

#[derive(Debug)]
struct State {
    scripts: Mutex<HashMap<&'static str, Script>>,
    seen: Record<Seen>,
}

impl CodeDeployStub {
    /// Without TLS.
    ///
    /// # Errors
    /// No port, thread or runtime could be had.
    pub fn start() -> Result<Self> {
        Self::builder().start()
    }

    /// To be started otherwise.
    #[must_use]
    pub fn builder() -> CodeDeployBuilder {
        CodeDeployBuilder::default()
    }

    /// What to set `AWS_ENDPOINT_URL_CODEDEPLOY` to.
    #[must_use]
    pub fn endpoint(&self) -> String {
        match self.authority {
            Some(_) => format!("https://localhost:{}", self.address().port()),
            None => format!("http://{}", self.address()),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The PEM file to set `SSL_CERT_FILE` to, if the stub speaks TLS.
    #[must_use]
    pub fn ca_certificate(&self) -> Option<&Path> {
        self.authority.as_ref().map(CertificateAuthority::pem)
    }

    /// What `operation` does from now on. Before it is told, it answers with an `UnknownOperationException`.
    pub fn on(&self, operation: Operation, behaviour: impl Into<Behaviour>) {
        let script = Script::new(behaviour.into());
        let mut scripts = self.state.scripts.lock().unwrap_or_else(PoisonError::into_inner);
        scripts.insert(operation.name(), script);
    }

    /// All requests so far. One that has been answered is among them.
    #[must_use]
    pub fn requests(&self) -> Vec<Seen> {
        self.state.seen.all()
    }

    /// All requests for `operation` so far.
    #[must_use]
    pub fn requests_of(&self, operation: Operation) -> Vec<Seen> {
        self.requests().into_iter().filter(|seen| seen.operation == operation.name()).collect()
    }

    /// All requests, as soon as there are `count`.
    ///
    /// # Errors
    /// Fewer came within `at_most`.
    pub fn wait_for_requests(&self, count: usize, at_most: Duration) -> Result<Vec<Seen>> {
        self.state.seen.wait_for(count, at_most, "requests to CodeDeploy")
    }
}

impl CodeDeployBuilder {
    /// With TLS for `localhost`, by a certificate authority made on the spot.
    #[must_use]
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Starts it.
    ///
    /// # Errors
    /// No port, thread or runtime could be had, or no certificate made.
    pub fn start(self) -> Result<CodeDeployStub> {
        let authority = self.tls.then(CertificateAuthority::new).transpose()?;
        let acceptor = authority.as_ref().map(CertificateAuthority::acceptor);
        let state = Arc::new(State { scripts: Mutex::new(HashMap::new()), seen: Record::new() });
        let shared = Arc::clone(&state);
        let server = Server::start(move |stream: TcpStream| {
            let (state, acceptor) = (Arc::clone(&shared), acceptor.clone());
            async move {
                let answer = |request| state.answer(request);
                match acceptor {
                    None => http::serve(stream, answer).await,
                    // A handshake that fails is what the client's side of the test is about.
                    Some(acceptor) => {
                        if let Ok(stream) = acceptor.accept(stream).await {
                            http::serve(stream, answer).await;
                        }
                    }
                }
            }
        })?;
        Ok(CodeDeployStub { server, state, authority })
    }
}

impl State {
    async fn answer(&self, request: Request<Bytes>) -> Option<WholeResponse> {
        let headers = request.headers();
        let operation = operation::name_in(text(headers, "x-amz-target")).to_owned();
        let body = serde_json::from_slice(request.body())
            .unwrap_or_else(|_| String::from_utf8_lossy(request.body()).into_owned().into());
        let seen = Seen { operation: operation.clone(), body, headers: http::headers(headers), at: Instant::now() };
        self.seen.add(seen);
        if request.method() != Method::POST || request.uri().path() != "/" {
            return Some(performance::error(404, "UnknownOperationException", ""));
        }
        if !headers.contains_key(AUTHORIZATION) {
            let message = "Missing Authentication Token";
            return Some(performance::error(400, "MissingAuthenticationTokenException", message));
        }
        match self.next(&operation) {
            Some(behaviour) => performance::perform(behaviour).await,
            None => Some(performance::error(400, "UnknownOperationException", "")),
        }
    }

    fn next(&self, operation: &str) -> Option<Behaviour> {
        self.scripts.lock().unwrap_or_else(PoisonError::into_inner).get_mut(operation)?.next()
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
