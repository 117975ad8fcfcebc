//! What happened while the load was running, for the reader of a history and for [`crate::check`].

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::microseconds;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// What happened, in words.
    #[serde(rename = "mark")]
    pub label: String,
    /// When, on the records' clock.
    #[serde(rename = "at_microseconds", with = "microseconds")]
    pub at: Duration,
    /// What it means to [`crate::check`]; nothing, if none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kind: Option<MarkKind>,
    /// The instance or release that was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from: Option<String>,
    /// The instance or release that is to be, or that the mark is about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub to: Option<String>,
}

/// What a mark means to [`crate::check`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MarkKind {
    /// The instance `to` is live when the load begins. Without one it is the instance of the first response.
    Live,
    /// The instance `to` was verified.
    Verified,
    /// From here on `to` may answer.
    CutoverBegin,
    /// From here on nobody but `to` answers a request on a new connection.
    CutoverEnd,
    /// nginx is about to be reloaded: to be set *before* the signal, since its effects follow at once.
    Reload,
    /// A process was killed.
    Kill,
}

impl Mark {
    /// A mark for the reader. Its time is set when it is handed to [`crate::Load::mark`].
    #[must_use]
    pub fn new(label: &str) -> Self {
        Self { label: label.to_owned(), at: Duration::ZERO, kind: None, from: None, to: None }
    }

    /// What it means to [`crate::check`].
    #[must_use]
    pub fn kind(mut self, kind: MarkKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// The instance or release that was.
    #[must_use]
    pub fn from(mut self, name: &str) -> Self {
        self.from = Some(name.to_owned());
        self
    }

    /// The instance or release that is to be, or that the mark is about.
    #[must_use]
    pub fn to(mut self, name: &str) -> Self {
        self.to = Some(name.to_owned());
        self
    }

    /// The instance is live when the load begins.
    #[must_use]
    pub fn live(instance: &str) -> Self {
        Self::new("live").kind(MarkKind::Live).to(instance)
    }

    /// The instance was verified.
    #[must_use]
    pub fn verified(instance: &str) -> Self {
        Self::new("verified").kind(MarkKind::Verified).to(instance)
    }

    /// From here on the instance or release `to` may answer.
    #[must_use]
    pub fn cutover_begin(to: &str) -> Self {
        Self::new("cutover begins").kind(MarkKind::CutoverBegin).to(to)
    }

    /// From here on nobody but the instance or release `to` answers on a new connection.
    #[must_use]
    pub fn cutover_end(to: &str) -> Self {
        Self::new("cutover ends").kind(MarkKind::CutoverEnd).to(to)
    }

    /// nginx is about to be reloaded.
    #[must_use]
    pub fn reload() -> Self {
        Self::new("reload").kind(MarkKind::Reload)
    }

    /// The instance is killed.
    #[must_use]
    pub fn kill(instance: &str) -> Self {
        Self::new("kill").kind(MarkKind::Kill).to(instance)
    }
}

impl From<&str> for Mark {
    fn from(label: &str) -> Self {
        Self::new(label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_one_line_of_json_and_comes_back_unchanged() {
        let at = Duration::from_micros(1500);
        let table = [
            (Mark { at, ..Mark::new("cutover") }, "{\"mark\":\"cutover\",\"at_microseconds\":1500}"),
            (
                Mark { at, ..Mark::cutover_end("v2").from("v1") },
                "{\"mark\":\"cutover ends\",\"at_microseconds\":1500,\"kind\":\"cutover-end\",\"from\":\"v1\",\"to\":\"v2\"}",
            ),
        ];
        for (mark, text) in table {
            assert_eq!(serde_json::to_string(&mark).unwrap(), text);
            assert_eq!(serde_json::from_str::<Mark>(text).unwrap(), mark);
        }
    }
}
