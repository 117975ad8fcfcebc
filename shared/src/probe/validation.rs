//! Asking a URL that belongs to no slot: how `health` validates the new tasks of an ECS service, or a Lambda function's new
//! version, where there is no process of this host's to look at.

use std::fmt;
use std::time::Duration;

use crate::config::Settings;
use crate::discovery::witness;
use crate::error::{Error, Kind, Result};
use crate::host::{Answer, Host, Request};
use crate::language::translated;
use crate::patience::Patience;
use crate::patience::Waiting;
use crate::report::duration;

/// What is asked, and what a good answer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validation {
    /// The whole URL.
    pub url: String,
    /// The status of a good answer.
    pub status: u16,
    /// The body of a good answer; nothing for any.
    pub body: Option<String>,
    /// How many good answers in a row are needed.
    pub consecutive: u32,
    /// How often to ask, and for how long.
    pub patience: Patience,
    /// How long one answer may take.
    pub timeout: Duration,
}

impl Validation {
    /// The validation that the settings describe.
    ///
    /// # Errors
    /// `Kind::Settings` if they name no URL.
    pub fn of(settings: &Settings) -> Result<Validation> {
        let health = &settings.health;
        let Some(url) = health.url.clone() else {
            return Err(Error::new(
                Kind::Settings,
                translated!("`health.url` is empty: found an execution id of ECS or Lambda in the environment, needed a URL to validate"),
            )
            .advise(translated!("set `health.url` in hooks.toml, or `HOOKS_HEALTH_URL` in the environment")));
        };
        // There are no profiles here: a body that names one stands for any.
        let body = Some(health.body.clone()).filter(|body| !body.is_empty() && !body.contains("{profile}"));
        let (status, consecutive) = (health.status, health.consecutive);
        Ok(Validation { url, status, body, consecutive, patience: health.patience, timeout: health.timeout })
    }

    /// How long it may take: the last request may begin just before patience ends.
    #[must_use]
    pub fn at_most(&self) -> Duration {
        self.patience.at_most + self.timeout
    }

    fn is_good(&self, answer: &Answer) -> bool {
        match answer {
            Answer::Response { status, body, .. } => {
                *status == self.status && self.body.as_ref().is_none_or(|wanted| wanted == body)
            }
            Answer::Silence(_) => false,
        }
    }
}

impl fmt::Display for Validation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&translated!("ask {} until {} good answers in a row have come", self.url, self.consecutive))
    }
}

/// Asks until it is proven.
///
/// # Errors
/// `Kind::NotHealthy` if it never became healthy, `Kind::Interrupted` after a signal.
pub async fn run(host: &impl Host, validation: &Validation) -> Result<()> {
    let mut waiting = Waiting::begin(host, validation.patience);
    let mut in_a_row = 0;
    loop {
        let request = Request { url: validation.url.clone(), host: None, at_most: validation.timeout };
        let answer = host.get(&request).await?;
        in_a_row = if validation.is_good(&answer) { in_a_row + 1 } else { 0 };
        if in_a_row >= validation.consecutive {
            return Ok(());
        }
        if !waiting.for_another_look().await? {
            let body = validation.body.as_ref().map_or_else(String::new, |body| format!(" `{body}`"));
            return Err(Error::new(
                Kind::NotHealthy,
                translated!(
                    "the validation failed: {} answers {}, needed HTTP {}{body} {} times in a row (waited {})",
                    validation.url,
                    witness::describe(&answer),
                    validation.status,
                    validation.consecutive,
                    duration(validation.patience.at_most)
                ),
            )
            .advise(translated!(
                "look into the log of the new tasks or of the function; `health.patience` says how long to wait"
            )));
        }
    }
}
