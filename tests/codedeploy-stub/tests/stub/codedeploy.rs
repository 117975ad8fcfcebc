//! What reaches the API, and what is refused there.

use codedeploy_stub::answers::DeploymentInfo;
use codedeploy_stub::{CodeDeployStub, HttpRequest, Operation};
use serde_json::{Value, json};

use crate::support::{PATIENCE, ask, outcome, request};

#[test]
fn a_request_is_recorded_as_it_came_before_it_is_answered() {
    let stub = CodeDeployStub::start().unwrap();
    stub.on(Operation::GetDeployment, DeploymentInfo::new("d-ABCDEF123"));
    let answer = ask(&stub, Operation::GetDeployment);
    assert_eq!(answer.header("content-type"), Some("application/x-amz-json-1.1"));
    assert_eq!(answer.header("x-amzn-requestid"), Some("request-id-of-a-test"));
    let requests = stub.requests_of(Operation::GetDeployment);
    let [seen] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!(seen.operation, "GetDeployment");
    assert_eq!(seen.body, json!({"deploymentId": "d-ABCDEF123"}));
    let target = ("x-amz-target".to_owned(), "CodeDeploy_20141006.GetDeployment".to_owned());
    assert!(seen.headers.contains(&target), "{:?}", seen.headers);
}

#[test]
fn each_operation_has_a_behaviour_of_its_own_and_the_newest_one_counts() {
    let stub = CodeDeployStub::start().unwrap();
    stub.on(Operation::GetDeployment, DeploymentInfo::new("d-OLD"));
    stub.on(Operation::ListDeployments, json!({"deployments": []}));
    stub.on(Operation::GetDeployment, DeploymentInfo::new("d-NEW"));
    assert_eq!(outcome(&ask(&stub, Operation::GetDeployment)), (200, "d-NEW".to_owned()));
    assert_eq!(ask(&stub, Operation::ListDeployments).json().unwrap(), json!({"deployments": []}));
    assert_eq!(stub.requests_of(Operation::ListDeployments).len(), 1);
    assert_eq!(stub.requests().len(), 2);
}

#[test]
fn what_nobody_prepared_is_an_unknown_operation() {
    let stub = CodeDeployStub::start().unwrap();
    stub.on(Operation::GetDeployment, DeploymentInfo::new("d-1"));
    for request in [
        request(Operation::PutLifecycleEventHookExecutionStatus),
        request(Operation::ListDeploymentTargets),
        HttpRequest::new("POST", "/").header("Authorization", "x").header("X-Amz-Target", "CodeDeploy_20141006.Other"),
        HttpRequest::new("POST", "/").header("Authorization", "x").header("X-Amz-Target", "Other.GetDeployment"),
        HttpRequest::new("POST", "/").header("Authorization", "x"),
    ] {
        let answer = request.send(stub.address()).unwrap();
        assert_eq!(outcome(&answer), (400, "UnknownOperationException".to_owned()), "{request:?}");
    }
    for request in [HttpRequest::new("GET", "/"), HttpRequest::new("POST", "/deployments")] {
        let answer = request.header("X-Amz-Target", &Operation::GetDeployment.target()).send(stub.address()).unwrap();
        assert_eq!(outcome(&answer), (404, "UnknownOperationException".to_owned()));
    }
}

#[test]
fn a_request_without_a_signature_is_refused_and_still_recorded() {
    let stub = CodeDeployStub::start().unwrap();
    stub.on(Operation::GetDeployment, DeploymentInfo::new("d-1"));
    let unsigned = HttpRequest::new("POST", "/").header("X-Amz-Target", &Operation::GetDeployment.target());
    let answer = unsigned.body("no JSON").send(stub.address()).unwrap();
    assert_eq!(outcome(&answer), (400, "MissingAuthenticationTokenException".to_owned()));
    let requests = stub.wait_for_requests(1, PATIENCE).unwrap();
    assert_eq!(requests.first().map(|seen| &seen.body), Some(&Value::from("no JSON")));
}

#[test]
fn a_stub_listens_below_the_ephemeral_ports_and_lets_its_port_go() {
    let stub = CodeDeployStub::start().unwrap();
    let address = stub.address();
    assert!(address.port() < 10_000, "{address}");
    assert_eq!(stub.endpoint(), format!("http://{address}"));
    drop(stub);
    let refused = request(Operation::GetDeployment).send(address).unwrap_err();
    assert!(refused.to_string().starts_with(&format!("`{address}` could not be reached")), "{refused}");
}
