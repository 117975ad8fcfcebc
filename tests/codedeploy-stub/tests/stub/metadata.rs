//! The metadata service, asked as a client of version 2 asks it.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use codedeploy_stub::{HttpAnswer, HttpRequest, MetadataStub, RoleCredentials};

use crate::support::PATIENCE;

const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
const REGION: &str = "/latest/meta-data/placement/region";

#[test]
fn a_token_opens_what_is_known_of_the_instance() {
    let stub = MetadataStub::builder().region("eu-west-3").instance_id("i-1").start().unwrap();
    let token = token(&stub);
    assert_eq!(get(&stub, &token, REGION).body, "eu-west-3");
    assert_eq!(get(&stub, &token, "/latest/meta-data/instance-id").body, "i-1");
    let document = get(&stub, &token, "/latest/dynamic/instance-identity/document").json().unwrap();
    assert_eq!((&document["region"], &document["instanceId"]), (&"eu-west-3".into(), &"i-1".into()));
    assert_eq!(get(&stub, &token, "/latest/meta-data/none").status, 404);
    let asked: Vec<_> = stub.requests().into_iter().map(|request| (request.method, request.path)).collect();
    assert_eq!(asked.first(), Some(&("PUT".to_owned(), "/latest/api/token".to_owned())));
    assert_eq!(asked.get(1), Some(&("GET".to_owned(), REGION.to_owned())));
    assert_eq!(asked.len(), 5);
}

#[test]
fn a_role_is_named_first_and_then_gives_what_the_test_chose() {
    let credentials = RoleCredentials::new("key-canary", "secret-canary", "session-canary");
    let stub = MetadataStub::builder().role("deployer", credentials).start().unwrap();
    let token = token(&stub);
    assert_eq!(get(&stub, &token, ROLES).body, "deployer");
    let answer = get(&stub, &token, &format!("{ROLES}deployer")).json().unwrap();
    assert_eq!(answer["Code"], "Success");
    assert_eq!(answer["AccessKeyId"], "key-canary");
    assert_eq!(answer["SecretAccessKey"], "secret-canary");
    assert_eq!(answer["Token"], "session-canary");
    assert_eq!(get(&stub, &token, &format!("{ROLES}other")).status, 404);
    assert_eq!(get(&stub, &token, "/latest/meta-data/iam/security-credentials-extended/").status, 404);
    assert_eq!(get(&stub, &token, "/latest/meta-data/iam/security-credentials-extended/deployer").status, 404);
}

#[test]
fn an_instance_without_a_role_has_nothing_there() {
    let stub = MetadataStub::builder().without_role().start().unwrap();
    let token = token(&stub);
    assert_eq!(get(&stub, &token, ROLES).status, 404);
    assert_eq!(get(&stub, &token, REGION).body, "eu-central-1");
}

#[test]
fn what_a_real_service_refuses_is_refused() {
    let stub = MetadataStub::start().unwrap();
    let put = HttpRequest::new("PUT", "/latest/api/token");
    let life = "X-aws-ec2-metadata-token-ttl-seconds";
    for (request, status) in [
        (put.clone(), 400),
        (put.clone().header(life, "soon"), 400),
        (put.clone().header(life, "0"), 400),
        (put.clone().header(life, "21601"), 400),
        (put.clone().header(life, "21600").header("X-Forwarded-For", "10.0.0.1"), 403),
        (HttpRequest::new("GET", REGION), 401),
        (HttpRequest::new("GET", REGION).header("X-aws-ec2-metadata-token", "guessed"), 401),
        (HttpRequest::new("POST", REGION), 405),
    ] {
        assert_eq!(request.send(stub.address()).unwrap().status, status, "{request:?}");
    }
    let longest = put.header(life, "21600").send(stub.address()).unwrap();
    assert_eq!((longest.status, longest.header("x-aws-ec2-metadata-token-ttl-seconds")), (200, Some("21600")));
}

#[test]
fn a_service_that_is_switched_off_refuses_even_the_token() {
    let stub = MetadataStub::builder().disabled().start().unwrap();
    assert_eq!(token_answer(&stub).status, 403);
    assert_eq!(stub.requests().len(), 1);
}

#[test]
fn a_slow_service_takes_its_time_for_everything() {
    let delay = Duration::from_millis(100);
    let stub = MetadataStub::builder().slow(delay).start().unwrap();
    let start = Instant::now();
    let token = token(&stub);
    assert_eq!(get(&stub, &token, REGION).body, "eu-central-1");
    assert!(start.elapsed() >= 2 * delay);
}

#[test]
fn a_silent_service_reads_and_never_answers() {
    let stub = MetadataStub::builder().silent().start().unwrap();
    let mut stream = TcpStream::connect(stub.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    HttpRequest::new("GET", REGION).send_over(&stream).unwrap_err();
    assert_eq!(stub.wait_for_requests(1, PATIENCE).unwrap().len(), 1);
    assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_service_that_nobody_asked_has_seen_nothing() {
    let stub = MetadataStub::start().unwrap();
    assert!(stub.requests().is_empty());
    let told = stub.wait_for_requests(1, Duration::ZERO).unwrap_err().to_string();
    assert_eq!(told, "0 requests to the metadata service came within 0ns; needed 1");
}

fn token_answer(stub: &MetadataStub) -> HttpAnswer {
    let request = HttpRequest::new("PUT", "/latest/api/token").header("X-aws-ec2-metadata-token-ttl-seconds", "60");
    request.send(stub.address()).unwrap()
}

fn token(stub: &MetadataStub) -> String {
    let answer = token_answer(stub);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

fn get(stub: &MetadataStub, token: &str, path: &str) -> HttpAnswer {
    HttpRequest::new("GET", path).header("X-aws-ec2-metadata-token", token).send(stub.address()).unwrap()
}
