//! A host whose nginx speaks https alone: with the server block of docs/nginx.md the door tells who serves, and a whole deploy is
//! proven there.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use demo_app::{Fault, Jar};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::rig::{Rig, ended};

const DOCUMENT: &str = include_str!("../../docs/nginx.md");

/// A host with the document's two server blocks, and the certificate that it shows.
fn with_https_alone() -> (Rig, CertificateDer<'static>) {
    let rig = Rig::new();
    let nginx = rig.host.nginx();
    let conf_d = nginx.include_path().parent().unwrap().to_owned();
    let (tls, ports) = (conf_d.with_file_name("tls"), rig.host.ports());
    std::fs::create_dir(&tls).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    std::fs::write(tls.join("certificate.pem"), certificate.pem()).unwrap();
    std::fs::write(tls.join("key.pem"), key.serialize_pem()).unwrap();
    let door = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let section = DOCUMENT.split("## A host with https alone").nth(1).expect("the section");
    let blocks = section.split("```nginx\n").nth(1).and_then(|rest| rest.split("```").next()).expect("the blocks");
    let blocks = [
        ("/etc/nginx/conf.d", conf_d.display().to_string()),
        ("/etc/nginx/tls", tls.display().to_string()),
        ("listen 443 ssl;", format!("listen 127.0.0.1:{} ssl;", ports.door)),
        ("127.0.0.1:8090", format!("127.0.0.1:{door}")),
    ]
    .iter()
    .fold(blocks.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    let configuration = conf_d.with_file_name("nginx.conf");
    let text = std::fs::read_to_string(&configuration).unwrap();
    let (before, _) = text.split_once("    server {").unwrap();
    std::fs::write(&configuration, format!("{before}{blocks}}}\n")).unwrap();
    nginx.restart().unwrap();
    rig.host.set("proxy.door", &format!("\"http://127.0.0.1:{door}/profile\"")).unwrap();
    (rig, certificate.der().clone())
}

/// What a user gets at a path: the answer, head and all.
fn over_tls(rig: &Rig, certificate: &CertificateDer<'static>, path: &str) -> String {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let configuration = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let connection = ClientConnection::new(Arc::new(configuration), "localhost".try_into().unwrap()).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(("127.0.0.1", rig.host.ports().door)).unwrap());
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn f69_on_a_host_with_https_alone_deploys_are_proven_at_the_documents_loopback_block() {
    let (rig, certificate) = with_https_alone();
    for cutover in ["reload", "instant"] {
        rig.host.set("proxy.cutover", &format!("\"{cutover}\"")).unwrap();
        for release in ["v1", "v2"] {
            let release = format!("{release}-{cutover}");
            let deployed = rig.deploy(&Jar::release(&release));
            deployed.succeeds();
            assert!(!deployed.output().contains("which tells nothing"), "the door tells: {}", deployed.output());
            assert!(over_tls(&rig, &certificate, "/").contains(&release), "{release}");
        }
    }
    // It tells also what is wrong: a release that nginx gets something else from is sent back.
    let fault = Fault::answers(200, "real9");
    rig.impatient();
    rig.deploy(&Jar::release("bad").fault(fault)).fails("health", 31, &["`real9`"]);
    let back = rig.host.hook("switch").argument("--back").run().unwrap();
    assert_eq!(back.code, 31, "the standby was spent by the deploy that failed: {}", back.output);
    assert!(over_tls(&rig, &certificate, "/profile").starts_with("HTTP/1.1 200"));
}

#[test]
fn f89_a_door_over_https_is_refused_with_what_to_do_instead() {
    let rig = Rig::live_in("real1");
    rig.host.set("proxy.door", "\"https://localhost/profile\"").unwrap();
    rig.begin();
    rig.untouched_by(|| {
        ended(&rig.run("stop"), 10, &["`proxy.door` is `https://localhost/profile`", "A host with https alone"]);
    });
}
