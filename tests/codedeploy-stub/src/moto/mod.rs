//! moto, an implementation of AWS for tests that others wrote: a second opinion on what the stub says of CodeDeploy. It
//! knows deployments, whose status stays `Created`, and no targets.

mod environment;
mod process;

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::client::HttpRequest;
use crate::error::{Error, Result};
use crate::operation;

use process::Process;

/// moto's server with a deployment in it, until it is dropped.
#[derive(Debug)]
pub struct Moto {
    process: Process,
    deployment_id: String,
}

impl Moto {
    /// The only region in which the deployment is known.
    pub const REGION: &str = "us-east-1";
    /// The application that is there.
    pub const APPLICATION: &str = "shop";
    /// The only group of the application.
    pub const GROUP: &str = "production";

    /// Starts the server, installing it first if this is the first time, and creates a deployment.
    ///
    /// # Errors
    /// `python3` is not there, the packages of `requirements.txt` could not be installed, or the server does not do as asked.
    pub fn start() -> Result<Self> {
        let program = environment::installed()?;
        let process = Process::start(&program)?;
        let deployment_id = deploy(process.address())?;
        Ok(Self { process, deployment_id })
    }

    /// What to set `AWS_ENDPOINT_URL_CODEDEPLOY` to.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.process.address())
    }

    /// The deployment that is there.
    #[must_use]
    pub fn deployment_id(&self) -> &str {
        &self.deployment_id
    }

    /// Asks for an operation by its name.
    ///
    /// # Errors
    /// The answer is not one of success.
    pub fn call(&self, operation: &str, input: &Value) -> Result<Value> {
        call(self.process.address(), operation, input)
    }
}

/// The id of a new deployment of a new application.
fn deploy(server: SocketAddr) -> Result<String> {
    call(server, "CreateApplication", &json!({"applicationName": Moto::APPLICATION, "computePlatform": "Server"}))?;
    call(
        server,
        "CreateDeploymentGroup",
        &json!({
            "applicationName": Moto::APPLICATION,
            "deploymentGroupName": Moto::GROUP,
            "deploymentConfigName": "CodeDeployDefault.OneAtATime",
            "serviceRoleArn": "arn:aws:iam::123456789012:role/service-role",
        }),
    )?;
    let input = json!({
        "applicationName": Moto::APPLICATION,
        "deploymentGroupName": Moto::GROUP,
        "deploymentConfigName": "CodeDeployDefault.OneAtATime",
        "description": "a deployment of a test",
        "autoRollbackConfiguration": {"enabled": true, "events": ["DEPLOYMENT_FAILURE"]},
        "fileExistsBehavior": "DISALLOW",
        "ignoreApplicationStopFailures": false,
        "updateOutdatedInstancesOnly": false,
        "revision": crate::answers::s3_revision("releases", "shop.zip", "zip", None),
    });
    let created = call(server, "CreateDeployment", &input)?;
    let id = created.get("deploymentId").and_then(Value::as_str);
    id.map(str::to_owned).ok_or_else(|| Error::new(format!("`CreateDeployment` answered `{created}`; needed an id")))
}

fn call(server: SocketAddr, operation: &str, input: &Value) -> Result<Value> {
    // The server looks for the service in the scope of the signature, and never at the signature.
    let scope = format!("20260101/{}/codedeploy/aws4_request", Moto::REGION);
    let signature =
        format!("AWS4-HMAC-SHA256 Credential=test/{scope}, SignedHeaders=host;x-amz-date;x-amz-target, Signature=0");
    let answer = HttpRequest::new("POST", "/")
        .header("Authorization", &signature)
        .header("Content-Type", "application/x-amz-json-1.1")
        .header("X-Amz-Date", "20260101T000000Z")
        .header("X-Amz-Target", &operation::target(operation))
        .body(input.to_string())
        .send(server)?;
    if answer.status == 200 {
        answer.json()
    } else {
        Err(Error::new(format!("moto answered `{operation}` with {}: {}", answer.status, answer.body.trim())))
    }
}
