//! HTTP in memory: the door leads through nginx to the release on the port in force, the slots' own ports straight to theirs.

use std::time::Duration;

use super::app::{App, AppAnswer};
use super::clock::EXCHANGE_TAKES;
use super::processes::Part;
use super::world::World;
use shared::host::{Answer, CompilerTime, ProcessIdentity, ProxiedRequest, Request, TimedAnswer};

/// More of a body than this is never read, in bytes.
const BODY_LIMIT: usize = 64 * 1024;

/// Who answers at the door.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Door {
    /// nginx, with what the release on the port in force says.
    #[default]
    Nginx,
    /// Something in front of the release, always with the same.
    Answers(Answer),
    /// Something that never ends its answer.
    Hangs,
}

impl World {
    /// One request and what comes back.
    pub(super) fn exchange(&mut self, request: &Request) -> Answer {
        self.advance(EXCHANGE_TAKES);
        let (port, path) = port_and_path(&request.url);
        let answer = match self.word_at(port) {
            Some(body) => Some(Answer::Response { status: 200, location: None, body }),
            None if port == 80 => self.answer_at_door(),
            None => self.answer_of(port, false, path),
        };
        answer.map_or_else(
            || {
                self.advance(request.at_most.saturating_sub(EXCHANGE_TAKES));
                Answer::late(request.at_most)
            },
            told,
        )
    }

    /// Requests that are on their way at once.
    pub(super) fn exchange_as_proxy(&mut self, requests: &[ProxiedRequest]) -> Vec<TimedAnswer> {
        let began = self.clock.now();
        let mut answers = Vec::new();
        for ProxiedRequest { request, https, cookie, closes, .. } in requests {
            let (port, path) = port_and_path(&request.url);
            let asked = self.proxied.iter().filter(|(to, what)| *to == port && what == path).count();
            self.proxied.push((port, path.to_owned()));
            // Who waits for the last has waited for all.
            let ends = began + self.slowness(port, asked).min(request.at_most);
            self.advance(ends.saturating_sub(self.clock.now()));
            let left = (began + request.at_most).saturating_sub(self.clock.now());
            let at_most = self.until_limit().map_or(left, |limit| limit.min(left));
            let answer = match self.exchange(&Request { at_most, ..request.clone() }) {
                Answer::Response { .. } if left.is_zero() => Answer::late(request.at_most),
                Answer::Response { .. } if *closes && self.refuses_http_1_0(port) => {
                    Answer::Response { status: 426, location: None, body: String::new() }
                }
                // Who sends everybody to https answers whoever comes from there.
                Answer::Response { location: Some(to), .. } if *https && to.starts_with("https://") => {
                    Answer::Response { status: 200, location: None, body: String::new() }
                }
                Answer::Response { status, location, .. } => Answer::Response { status, location, body: String::new() },
                silence @ Answer::Silence(_) => silence,
            };
            let cookies = if cookie.is_none() && self.has_sessions(port) {
                self.sessions += 1;
                vec![format!("JSESSIONID={}; Path=/; HttpOnly", self.sessions)]
            } else {
                Vec::new()
            };
            answers.push(TimedAnswer { answer, took: self.clock.now().saturating_sub(began), cookies });
        }
        answers
    }

    /// Whether the release on this port makes a session for whoever has none.
    fn has_sessions(&self, port: u16) -> bool {
        self.release_at(port).is_some_and(|app| app.has_sessions)
    }

    /// Whether the release on this port answers in HTTP/1.1 alone.
    fn refuses_http_1_0(&self, port: u16) -> bool {
        self.release_at(port).is_some_and(|app| app.refuses_http_1_0)
    }

    fn release_at(&self, port: u16) -> Option<&App> {
        let listener = self.processes.all().find(|running| running.listens_on == Some(port))?;
        if let Part::Release { app, .. } = &listener.part { Some(app) } else { None }
    }

    /// How long the answer of a release takes that was asked for this so often.
    fn slowness(&self, port: u16, asked: usize) -> Duration {
        let slow = self.release_at(port).and_then(|app| app.slow_at_first);
        slow.filter(|(answers, _)| asked < *answers).map_or(Duration::ZERO, |(_, time)| time)
    }

    /// What its compiler has had: while it is at work, each answer gives it so much to do, and it waits for half of that.
    pub(super) fn compiler_times(&self, identity: &ProcessIdentity) -> Option<Vec<CompilerTime>> {
        const EACH: Duration = Duration::from_millis(1);
        let running = self.processes.get(identity).filter(|running| !running.ends)?;
        let compiles_for = if let Part::Release { app, .. } = &running.part { app.compiles_for } else { 0 };
        let asked = self.proxied.iter().filter(|(port, _)| running.listens_on == Some(*port)).count();
        let time = EACH / 2 * u32::try_from(asked.min(compiles_for)).unwrap_or(u32::MAX);
        let compiler = CompilerTime { thread: identity.id + 1, ran: time, waited: time };
        Some(if compiles_for > 0 { vec![compiler] } else { Vec::new() })
    }

    /// What comes back at the door; nothing for an answer that never ends.
    pub(super) fn answer_at_door(&mut self) -> Option<Answer> {
        self.requests += 1;
        match &self.door {
            Door::Answers(answer) => Some(answer.clone()),
            Door::Hangs => None,
            Door::Nginx if self.nginx.master.is_none() => Some(refused()),
            Door::Nginx => {
                let ports = self.answering_ports();
                // The socket listens, and nobody accepts.
                let port = *ports.get(self.requests % ports.len().max(1))?;
                match self.answer_of(port, true, "/profile")? {
                    Answer::Silence(_) => {
                        Some(Answer::Response { status: 502, location: None, body: "Bad Gateway".to_owned() })
                    }
                    answer @ Answer::Response { .. } => Some(answer),
                }
            }
        }
    }

    /// What the listener on a port says; nothing for an answer that never ends.
    fn answer_of(&self, port: u16, through_nginx: bool, path: &str) -> Option<Answer> {
        let Some(running) = self.processes.all().find(|running| running.listens_on == Some(port)) else {
            return Some(refused());
        };
        let response = |status, body: &str| Answer::Response { status, location: None, body: body.to_owned() };
        let Part::Release { app, profile, bound, .. } = &running.part else {
            return Some(response(200, "it works"));
        };
        let since_bound = self.clock.now().saturating_sub(bound.unwrap_or_default());
        match app.answer(since_bound, through_nginx, path) {
            AppAnswer::Profile => Some(response(200, profile)),
            AppAnswer::Says(status, body) => Some(response(status, &body)),
            AppAnswer::Redirects(location) => {
                Some(Answer::Response { status: 302, location: Some(location), body: String::new() })
            }
            AppAnswer::Hangs => None,
        }
    }
}

/// The port of a URL, and its path without a query.
fn port_and_path(url: &str) -> (u16, &str) {
    let rest = url.trim_start_matches("http://");
    let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let port = authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(80);
    (port, path.split('?').next().unwrap_or_default())
}

/// What is told of an answer: no more than is ever read of its body, trimmed, and of where it leads nothing that may be a token.
fn told(answer: Answer) -> Answer {
    match answer {
        Answer::Response { status, location, mut body } => {
            body.truncate(body.floor_char_boundary(BODY_LIMIT));
            let cut = |location: String| location.split('?').next().unwrap_or_default().to_owned();
            Answer::Response { status, location: location.map(cut), body: body.trim().to_owned() }
        }
        silence @ Answer::Silence(_) => silence,
    }
}

fn refused() -> Answer {
    Answer::Silence("connection refused".to_owned())
}
