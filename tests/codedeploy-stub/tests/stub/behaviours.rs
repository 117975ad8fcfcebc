//! Every way in which an operation can behave, as it arrives at a client.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use codedeploy_stub::answers::{self, DeploymentInfo};
use codedeploy_stub::{Behaviour, CodeDeployStub, Operation};

use crate::support::{PATIENCE, ask, outcome, request};

const OPERATION: Operation = Operation::GetDeployment;

#[test]
fn answers_and_errors_arrive_with_their_status_and_name() {
    let stub = CodeDeployStub::start().unwrap();
    let refused =
        Behaviour::Error { status: 403, code: "ExpiredTokenException".to_owned(), message: "too late".to_owned() };
    for (behaviour, status, told) in [
        (DeploymentInfo::new("d-1").into(), 200, "d-1"),
        (Behaviour::Throttled, 400, "ThrottlingException"),
        (Behaviour::ServerError, 500, "InternalFailure"),
        (Behaviour::error("InvalidDeploymentIdException", "no"), 400, "InvalidDeploymentIdException"),
        (refused, 403, "ExpiredTokenException"),
        (answers::access_denied(OPERATION), 400, "AccessDeniedException"),
        (answers::no_such_deployment("d-1"), 400, "DeploymentDoesNotExistException"),
    ] {
        stub.on(OPERATION, behaviour);
        assert_eq!(outcome(&ask(&stub, OPERATION)), (status, told.to_owned()));
    }
}

#[test]
fn the_message_of_an_error_stands_beside_its_name() {
    let stub = CodeDeployStub::start().unwrap();
    stub.on(OPERATION, answers::access_denied(OPERATION));
    let body = ask(&stub, OPERATION).json().unwrap();
    let message = body["message"].as_str().unwrap();
    assert!(message.contains("is not authorized to perform: codedeploy:GetDeployment "), "{message}");
}

#[test]
fn a_page_of_a_proxy_is_html_and_garbage_is_json_that_breaks_off() {
    let stub = CodeDeployStub::start().unwrap();
    stub.on(OPERATION, Behaviour::Html(502));
    let page = ask(&stub, OPERATION);
    assert_eq!((page.status, page.header("content-type")), (502, Some("text/html;charset=UTF-8")));
    assert!(page.body.starts_with("<html>"), "{}", page.body);
    stub.on(OPERATION, Behaviour::Garbage);
    let garbage = ask(&stub, OPERATION);
    assert_eq!((garbage.status, garbage.header("content-type")), (200, Some("application/x-amz-json-1.1")));
    assert!(garbage.json().is_err(), "{}", garbage.body);
}

#[test]
fn a_sequence_goes_from_request_to_request_and_its_end_stays() {
    let stub = CodeDeployStub::start().unwrap();
    let end = DeploymentInfo::new("d-1").into();
    stub.on(OPERATION, Behaviour::Sequence(vec![Behaviour::ServerError, Behaviour::Throttled, end]));
    let statuses: Vec<_> = (0..4).map(|_| ask(&stub, OPERATION).status).collect();
    assert_eq!(statuses, [500, 400, 200, 200]);
}

#[test]
fn a_slow_answer_comes_after_its_delay() {
    let stub = CodeDeployStub::start().unwrap();
    let delay = Duration::from_millis(200);
    stub.on(OPERATION, Behaviour::from(DeploymentInfo::new("d-1").json()).after(delay));
    let start = Instant::now();
    assert_eq!(ask(&stub, OPERATION).status, 200);
    assert!(start.elapsed() >= delay);
}

#[test]
fn a_disconnect_closes_without_a_byte() {
    let stub = CodeDeployStub::start().unwrap();
    stub.on(OPERATION, Behaviour::Disconnect);
    let nothing = request(OPERATION).send(stub.address()).unwrap_err();
    assert_eq!(nothing.to_string(), "needed a whole answer, found ``");
    assert_eq!(stub.requests().len(), 1);
}

#[test]
fn a_silent_operation_has_read_the_request_and_keeps_the_connection_open() {
    let stub = CodeDeployStub::start().unwrap();
    stub.on(OPERATION, Behaviour::Silent);
    let mut stream = TcpStream::connect(stub.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let waited = request(OPERATION).send_over(&mut stream).unwrap_err();
    assert!(waited.to_string().starts_with("no whole answer came"), "{waited}");
    assert_eq!(stub.wait_for_requests(1, PATIENCE).unwrap().len(), 1);
    assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    drop(stub);
    stream.set_read_timeout(None).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0, "nothing, and then the end");
}
