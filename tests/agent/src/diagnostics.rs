//! What `CodeDeploy` is told about an event; all that a console ever shows of a hook.

use crate::{Error, ErrorCode};

/// The report of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostics {
    /// `None` when the report itself could not be made: bytes that are no UTF-8, under generation 1.
    pub error_code: Option<ErrorCode>,
    /// The script that failed, as `appspec.yml` names it; empty when none did.
    pub script_name: String,
    /// One sentence.
    pub message: String,
    /// The last whole lines of the event, together below 2048 characters; always empty after a success.
    pub log: String,
}

impl Diagnostics {
    pub(crate) fn success() -> Self {
        Self {
            error_code: Some(ErrorCode::Success),
            script_name: String::new(),
            message: "Succeeded".to_owned(),
            log: String::new(),
        }
    }

    pub(crate) fn agent_failure(error: &Error) -> Self {
        Self {
            error_code: Some(ErrorCode::UnknownError),
            script_name: String::new(),
            message: error.to_string(),
            log: String::new(),
        }
    }

    /// What generation 1 sends in place of a report that does not fit into JSON.
    pub(crate) fn minimal() -> Self {
        Self {
            error_code: None,
            script_name: String::new(),
            message: "Attempting minimal diagnostics".to_owned(),
            log: "Exception JSON::GeneratorError occured".to_owned(),
        }
    }

    /// The payload as it is sent.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match self.error_code {
            Some(code) => serde_json::json!({
                "error_code": code.number(),
                "script_name": self.script_name,
                "message": self.message,
                "log": self.log,
            }),
            None => serde_json::json!({ "error_code": "Unknown", "message": self.message, "log": self.log }),
        }
    }
}
