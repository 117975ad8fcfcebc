//! One lifecycle event of an instance in a deployment.

use serde_json::{Value, json};

/// An event that has not begun, until told otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct LifecycleEvent(Value);

impl LifecycleEvent {
    /// As `appspec.yml` names it: `ApplicationStop`, `AfterInstall` and so on.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(json!({ "lifecycleEventName": name, "status": "Pending" }))
    }

    /// One that began and ended well at these times.
    #[must_use]
    pub fn succeeded(name: &str, started: f64, ended: f64) -> Self {
        Self::new(name).status("Succeeded").started(started).ended(ended).diagnostics("Success", "", "Succeeded", "")
    }

    /// `Pending`, `InProgress`, `Succeeded`, `Failed`, `Skipped` or `Unknown`.
    #[must_use]
    pub fn status(self, status: &str) -> Self {
        self.with("status", status)
    }

    /// When it began.
    #[must_use]
    pub fn started(self, at: f64) -> Self {
        self.with("startTime", at)
    }

    /// When it ended.
    #[must_use]
    pub fn ended(self, at: f64) -> Self {
        self.with("endTime", at)
    }

    /// How its script ended: `Success`, `ScriptMissing`, `ScriptNotExecutable`, `ScriptTimedOut`, `ScriptFailed` or
    /// `UnknownError`; which script, what the agent says of it, and the end of its output.
    #[must_use]
    pub fn diagnostics(self, error_code: &str, script_name: &str, message: &str, log_tail: &str) -> Self {
        let diagnostics = json!({
            "errorCode": error_code,
            "logTail": log_tail,
            "message": message,
            "scriptName": script_name,
        });
        self.with("diagnostics", diagnostics)
    }

    fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.0[field] = value.into();
        self
    }
}

impl From<LifecycleEvent> for Value {
    fn from(event: LifecycleEvent) -> Self {
        event.0
    }
}
