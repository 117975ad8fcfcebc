//! Asking the way a client of AWS asks.

use std::time::Duration;

use codedeploy_stub::{CodeDeployStub, HttpAnswer, HttpRequest, Operation};
use serde_json::{Value, json};

/// Long enough for a machine that is busy with compiling.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A signed request for `operation`, as far as the stub looks.
pub(crate) fn request(operation: Operation) -> HttpRequest {
    HttpRequest::new("POST", "/")
        .header("Content-Type", "application/x-amz-json-1.1")
        .header("Authorization", "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0")
        .header("X-Amz-Target", &operation.target())
        .body(json!({"deploymentId": "d-ABCDEF123"}).to_string())
}

pub(crate) fn ask(stub: &CodeDeployStub, operation: Operation) -> HttpAnswer {
    request(operation).send(stub.address()).unwrap()
}

/// The status, and the error's name or otherwise the deployment's id.
pub(crate) fn outcome(answer: &HttpAnswer) -> (u16, String) {
    let body = answer.json().unwrap_or_else(|_| Value::String(answer.body.clone()));
    let told = [&body["__type"], &body["deploymentInfo"]["deploymentId"], &body];
    let told = told.into_iter().find_map(Value::as_str).unwrap_or("neither an error nor a deployment");
    (answer.status, told.to_owned())
}
