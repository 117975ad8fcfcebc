//! How the hooks ended that ran on this host: a line of JSON for each, in a file beside the ledger. It is for people: it is appended to
//! without waiting for the disk and set aside when it is large, no hook reads it, and none fails for it (F152).

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::Ledger;
use crate::config::Settings;
use crate::error::Error;
use crate::host::{Host, LogLimits};
use crate::report::agent::clean;

/// What the way back is called.
pub const WAY_BACK: &str = "switch --back";

/// What is kept: at least the last 50 deploys, even if each of them failed.
const LIMITS: LogLimits = LogLimits { size: 128 * 1024, keep: 1 };

/// In characters: no sentence of a verdict is noted at greater length.
const SENTENCE_AT_MOST: usize = 800;

/// How one hook ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ending {
    /// When, as RFC 3339 writes it.
    pub ended: String,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// `CodeDeploy`'s id of its deployment; nothing for one that a person ran by hand.
    pub deployment: Option<String>,
    /// The hook, with what makes it another one: `switch --back`.
    pub hook: String,
    /// Its exit code.
    pub exit_code: u8,
    /// The release that it was about, where one was known.
    pub release: Option<String>,
    /// How long the release took from the start of its process to the answers that `health` needs, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot_ms: Option<u64>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_do: Option<String>,
}

impl Ending {
    /// The end of a hook of this deployment, of which nothing else is known yet.
    #[must_use]
    pub fn of(hook: &str, deployment: Option<String>) -> Ending {
        Ending { hook: hook.to_owned(), deployment, ..Ending::default() }
    }

    /// The same of this hook, which ends now.
    #[must_use]
    pub fn now(mut self, host: &impl Host) -> Ending {
        self.ended = humantime::format_rfc3339_seconds(host.wall_clock()).to_string();
        self.took_ms = milliseconds(host.elapsed());
        self
    }

    /// The same with the cause for which it failed.
    #[must_use]
    pub fn failed(mut self, cause: Option<&Error>) -> Ending {
        self.exit_code = cause.map_or(0, |cause| cause.kind().exit_code());
        self.what = cause.map(|cause| sentence(&cause.to_string()));
        self.to_do = cause.and_then(Error::advice).map(sentence);
        self
    }

    /// Notes which release it was about: that of the deployment under way; on the way back the one that has got the traffic.
    pub fn is_about(&mut self, ledger: &Ledger) {
        let slot = match self.hook.as_str() {
            // Before it there is none.
            "stop" => None,
            WAY_BACK => ledger.live,
            _ => ledger.deployment.as_ref().map(|deployment| deployment.idle),
        };
        let of_slot =
            slot.and_then(|slot| ledger.tenants.get(slot).release.as_ref()).map(|release| release.name.clone());
        let refused = || ledger.refused.clone().filter(|_| ["health", "switch"].contains(&self.hook.as_str()));
        self.release = of_slot.or_else(refused);
    }

    /// When that was.
    #[must_use]
    pub fn ended_at(&self) -> Option<SystemTime> {
        humantime::parse_rfc3339(&self.ended).ok()
    }

    /// How long ago that was; nothing where the clock was set back since.
    #[must_use]
    pub fn age(&self, now: SystemTime) -> Option<Duration> {
        now.duration_since(self.ended_at()?).ok()
    }
}

/// A duration as a number that JSON has.
#[must_use]
pub fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn sentence(text: &str) -> String {
    clean(text).chars().take(SENTENCE_AT_MOST).collect()
}

/// Notes how a hook ended. Where that cannot be written nobody misses it but who asks for it later.
pub fn note(host: &impl Host, settings: &Settings, ending: &Ending) {
    let Ok(line) = serde_json::to_string(ending) else { return };
    let path = path(settings);
    let file = host.open_log(&path, LIMITS);
    // In one call, so that no line of another hook comes in between.
    let written = file.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()));
    if let Err(cause) = written {
        tracing::warn!("`{}` could not be written: {cause}", path.to_string_lossy());
    }
}

/// What was noted, the oldest first, and how many lines of it nobody can read: a power cut may have taken a part of the last one.
pub fn read(host: &impl Host, settings: &Settings) -> (Vec<Ending>, usize) {
    let newer = path(settings);
    let older = newer.with_extension("jsonl.1");
    let texts = [older, newer].map(|path| host.read_file(&path).unwrap_or_default());
    parse(&texts.concat())
}

fn parse(bytes: &[u8]) -> (Vec<Ending>, usize) {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let (mut endings, mut unreadable) = (Vec::new(), 0);
    for line in lines {
        match serde_json::from_str::<Ending>(line) {
            Ok(ending) if !ending.hook.is_empty() => endings.push(ending),
            _ => unreadable += 1,
        }
    }
    (endings, unreadable)
}

fn path(settings: &Settings) -> PathBuf {
    settings.ledger_directory().join("history.jsonl")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    fn ending(hook: &str) -> Ending {
        Ending { ended: "2026-11-22T10:20:30Z".into(), took_ms: 12, hook: hook.into(), ..Ending::default() }
    }

    #[test]
    fn f152_a_line_that_was_cut_or_damaged_is_left_out_and_counted_and_one_of_a_later_version_is_read() {
        let line = |hook| serde_json::to_string(&ending(hook)).unwrap();
        let (whole, cut) = (line("stop"), &line("start")[..40]);
        let later = line("health").replacen('{', "{\"new\":[1],", 1);
        for (name, text, wanted, unreadable) in [
            ("nothing", String::new(), vec![], 0),
            ("one", format!("{whole}\n"), vec!["stop"], 0),
            ("cut off", format!("{whole}\n{cut}"), vec!["stop"], 1),
            ("cut off before the next one", format!("{cut}\n{whole}\n"), vec!["stop"], 1),
            ("zeros that were written over", format!("{whole}\n      \n{whole}\n"), vec!["stop", "stop"], 0),
            ("something else", format!("{{}}\n[]\n{whole}\n"), vec!["stop"], 2),
            ("a later version", format!("{later}\n"), vec!["health"], 0),
        ] {
            let (found, lost) = parse(text.as_bytes());
            let hooks: Vec<&str> = found.iter().map(|ending| ending.hook.as_str()).collect();
            assert_eq!((hooks, lost), (wanted, unreadable), "{name}");
        }
        assert_eq!(parse(b"\xff\xfe\n").1, 1);
    }

    #[test]
    fn f152_a_verdict_is_kept_with_its_sentences_on_one_line_of_a_bounded_length() {
        let error = Error::new(Kind::NotHealthy, format!("it says\n{}", "no ".repeat(1000))).advise("look");
        let failed = ending("health").failed(Some(&error));
        let line = serde_json::to_string(&failed).unwrap();
        assert!(line.len() < 1200 && !line.contains('\n') && line.contains("it says no"), "{line}");
        assert_eq!((failed.exit_code, failed.to_do.as_deref()), (31, Some("look")));
        let done = serde_json::to_string(&ending("stop").failed(None)).unwrap();
        expect_test::expect![[r#"{"ended":"2026-11-22T10:20:30Z","took_ms":12,"deployment":null,"hook":"stop","exit_code":0,"release":null}"#]]
            .assert_eq(&done);
    }
}
