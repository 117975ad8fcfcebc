//! What a release does once it is started, as a value: how it boots, what it answers, how it ends.

use std::time::Duration;

/// How a release behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// How long it takes until it listens.
    pub boots_after: Duration,
    /// What it answers, each from this long after it began to listen.
    pub answers: Vec<(Duration, AppAnswer)>,
    /// What it answers for some paths, where that is something else.
    pub paths: Vec<(String, AppAnswer)>,
    /// How many of its first answers for each path take how long, where a proxy asks.
    pub slow_at_first: Option<(usize, Duration)>,
    /// For how many answers a compiler is at work in it.
    pub compiles_for: usize,
    /// Whether it makes a session for whoever comes without a cookie.
    pub has_sessions: bool,
    /// Whether it wants to be asked in HTTP/1.1, where a proxy asks.
    pub refuses_http_1_0: bool,
    /// What it answers when it is asked through nginx, where that is something else.
    pub through_nginx: Option<AppAnswer>,
    /// How long after its start it dies by itself.
    pub dies_after: Option<Duration>,
    /// Whether it is the kernel then that ends it for want of memory.
    pub starves: bool,
    /// What it does about SIGTERM.
    pub on_terminate: OnTerminate,
    /// How long its last threads hold its port after it has begun to end: until then nobody is seen to hold it.
    pub lingers: Duration,
    /// Which process opens the port.
    pub binding: Binding,
    /// The memory that each of its processes holds, in bytes.
    pub memory: u64,
}

/// What a release answers, whatever the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppAnswer {
    /// The profile that it was started with.
    Profile,
    /// A status and a body.
    Says(u16, String),
    /// A redirect.
    Redirects(String),
    /// Nothing, for ever.
    Hangs,
}

/// What a process does about SIGTERM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnTerminate {
    /// It ends after this long, listening until then.
    EndsAfter(Duration),
    /// It goes on.
    Ignores,
}

/// Which process opens the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// The launched one.
    Itself,
    /// A child of it: what was launched is a wrapper.
    ByChild,
    /// None.
    Never,
}

impl App {
    /// Boots in 1.5 s, answers with its profile, ends 50 ms after SIGTERM.
    #[must_use]
    pub fn good() -> App {
        App {
            boots_after: Duration::from_millis(1500),
            answers: vec![(Duration::ZERO, AppAnswer::Profile)],
            paths: Vec::new(),
            slow_at_first: None,
            compiles_for: 0,
            has_sessions: false,
            refuses_http_1_0: false,
            through_nginx: None,
            dies_after: None,
            starves: false,
            on_terminate: OnTerminate::EndsAfter(Duration::from_millis(50)),
            lingers: Duration::ZERO,
            binding: Binding::Itself,
            memory: 300_000_000,
        }
    }

    /// The same, listening after another time.
    #[must_use]
    pub fn booting_for(self, boots_after: Duration) -> App {
        App { boots_after, ..self }
    }

    /// The same with another answer.
    #[must_use]
    pub fn answering(self, answer: AppAnswer) -> App {
        App { answers: vec![(Duration::ZERO, answer)], ..self }
    }

    /// The same with another answer from some time on.
    #[must_use]
    pub fn then_answering(mut self, after: Duration, answer: AppAnswer) -> App {
        self.answers.push((after, answer));
        self
    }

    /// The same with another answer for one path.
    #[must_use]
    pub fn answering_for(mut self, path: &str, answer: AppAnswer) -> App {
        self.paths.push((path.to_owned(), answer));
        self
    }

    /// The same, slow at first: so many answers for each path take so long.
    #[must_use]
    pub fn slow_at_first(self, answers: usize, time: Duration) -> App {
        App { slow_at_first: Some((answers, time)), ..self }
    }

    /// The same, a JVM whose compiler is at work for so many answers.
    #[must_use]
    pub fn compiling_for(self, answers: usize) -> App {
        App { compiles_for: answers, ..self }
    }

    /// The same, making a session for whoever comes without a cookie.
    #[must_use]
    pub fn with_sessions(self) -> App {
        App { has_sessions: true, ..self }
    }

    /// The same, refusing HTTP/1.0.
    #[must_use]
    pub fn refusing_http_1_0(self) -> App {
        App { refuses_http_1_0: true, ..self }
    }

    /// The same, but nginx gets another answer than who asks directly.
    #[must_use]
    pub fn answering_nginx(self, answer: AppAnswer) -> App {
        App { through_nginx: Some(answer), ..self }
    }

    /// The same, dying by itself.
    #[must_use]
    pub fn dying_after(self, after: Duration) -> App {
        App { dies_after: Some(after), ..self }
    }

    /// The same, ended by the kernel for want of memory.
    #[must_use]
    pub fn starving_after(self, after: Duration) -> App {
        App { dies_after: Some(after), starves: true, ..self }
    }

    /// The same, holding its port for a while after it has begun to end.
    #[must_use]
    pub fn lingering(self, lingers: Duration) -> App {
        App { lingers, ..self }
    }

    /// The same with another reaction to SIGTERM.
    #[must_use]
    pub fn on_terminate(self, on_terminate: OnTerminate) -> App {
        App { on_terminate, ..self }
    }

    /// The same with another process, or none, that opens the port.
    #[must_use]
    pub fn binding(self, binding: Binding) -> App {
        App { binding, ..self }
    }

    /// What it answers this long after it began to listen.
    pub(super) fn answer(&self, since_bound: Duration, through_nginx: bool, path: &str) -> AppAnswer {
        if let Some((_, answer)) = self.paths.iter().find(|(own, _)| own == path) {
            return answer.clone();
        }
        if let Some(answer) = self.through_nginx.as_ref().filter(|_| through_nginx) {
            return answer.clone();
        }
        let said = self.answers.iter().rev().find(|(from, _)| *from <= since_bound);
        said.map_or(AppAnswer::Profile, |(_, answer)| answer.clone())
    }
}
