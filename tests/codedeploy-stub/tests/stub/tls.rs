//! HTTPS with an authority that only those know who were given its file.

use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use codedeploy_stub::answers::DeploymentInfo;
use codedeploy_stub::{CodeDeployStub, Operation};
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::support::{outcome, request};

#[test]
fn whoever_trusts_the_authority_is_answered_under_the_name_localhost() {
    let stub = stub();
    let authority = stub.ca_certificate().unwrap();
    assert_eq!(stub.endpoint(), format!("https://localhost:{}", stub.address().port()));
    let answer = request(Operation::GetDeployment).send_over(connect(&stub, authority, "localhost")).unwrap();
    assert_eq!(outcome(&answer), (200, "d-1".to_owned()));
    assert_eq!(stub.requests().len(), 1);
}

#[test]
fn another_authority_or_another_name_ends_the_handshake_before_any_request() {
    let [stub, other] = [stub(), stub()];
    let own = stub.ca_certificate().unwrap();
    let strange = other.ca_certificate().unwrap();
    for (authority, name, told) in
        [(strange, "localhost", "invalid peer certificate"), (own, "other.example", "not valid for name")]
    {
        let refused = request(Operation::GetDeployment).send_over(connect(&stub, authority, name)).unwrap_err();
        assert!(refused.to_string().contains(told), "{refused}");
    }
    assert!(stub.requests().is_empty());
}

#[test]
fn the_authority_goes_with_the_stub() {
    let stub = stub();
    let authority = stub.ca_certificate().unwrap().to_owned();
    assert!(authority.is_file());
    drop(stub);
    assert!(!authority.exists());
    assert_eq!(CodeDeployStub::start().unwrap().ca_certificate(), None);
}

fn stub() -> CodeDeployStub {
    let stub = CodeDeployStub::builder().tls().start().unwrap();
    stub.on(Operation::GetDeployment, DeploymentInfo::new("d-1"));
    stub
}

fn connect(stub: &CodeDeployStub, authority: &Path, name: &'static str) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority).unwrap()).unwrap();
    let configuration = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connection = ClientConnection::new(Arc::new(configuration), name.try_into().unwrap()).unwrap();
    StreamOwned::new(connection, TcpStream::connect(stub.address()).unwrap())
}
