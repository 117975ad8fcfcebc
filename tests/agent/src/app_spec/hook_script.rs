//! One script of a lifecycle event.

use std::time::Duration;

use super::AppSpecError;
use super::yaml::{Node, Value};

const DEFAULT_TIMEOUT: Duration = Duration::from_hours(1);

/// An entry of the list under an event's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookScript {
    /// The script, from the top of the bundle.
    pub location: String,
    /// How long it may take, its outputs' end included; 3600 s unless said otherwise.
    pub timeout: Duration,
    /// The user to run it as, through `su`.
    pub runas: Option<String>,
    /// Whether to run it through `sudo`.
    pub sudo: bool,
}

impl HookScript {
    /// Its path in the bundle: the agent begins at the bundle's top, with or without a slash.
    #[must_use]
    pub fn path(&self) -> &str {
        self.location.trim_start_matches('/')
    }

    pub(super) fn read(event: &str, node: &Node) -> Result<Self, AppSpecError> {
        let missing = || AppSpecError::Missing { list: event.to_owned(), key: "location", line: node.line };
        Ok(Self {
            location: node.get("location").and_then(Node::text).ok_or_else(missing)?,
            timeout: timeout(node.get("timeout"))?,
            runas: node.get("runas").and_then(Node::text),
            // Everything but `false` and nothing is true in Ruby, the text "false" included.
            sudo: !matches!(node.get("sudo").map(|node| &node.value), None | Some(Value::Null | Value::Bool(false))),
        })
    }
}

/// Text counts up to its first character that is no digit, as Ruby's `to_i` has it: `30s` is 30.
fn timeout(node: Option<&Node>) -> Result<Duration, AppSpecError> {
    let Some(node) = node else { return Ok(DEFAULT_TIMEOUT) };
    let seconds = match &node.value {
        Value::Null => return Ok(DEFAULT_TIMEOUT),
        Value::Integer(seconds) => u64::try_from(*seconds).ok(),
        Value::Float(_) | Value::Text(_) => node.text().and_then(|text| {
            let text = text.trim_start();
            let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
            text[..end].parse().ok()
        }),
        Value::Bool(_) | Value::List(_) | Value::Map(_) => None,
    };
    match seconds {
        Some(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds)),
        _ => Err(AppSpecError::Timeout { found: Node::written(Some(node)), line: node.line }),
    }
}
