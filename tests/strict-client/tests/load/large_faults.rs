//! For the modes that ask for a large page the faults that they are there to notice, each played by a server of a few lines: over
//! TLS and by HTTP/2, too, whose frames are written here as RFC 9113 has them.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use flate2::Compression;
use flate2::write::GzEncoder;
use strict_client::{Failure, Load, Mode, Record};
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::run::PATIENCE;
use crate::server::Server;

const LENGTH: usize = 279_000;

/// What the server shows, and how it speaks.
struct Tls {
    certificate: Vec<u8>,
    configuration: Arc<ServerConfig>,
}

static TLS: LazyLock<Tls> = LazyLock::new(|| {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let secret = PrivatePkcs8KeyDer::from(key.serialize_der());
    let mut configuration = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], secret.into())
        .unwrap();
    configuration.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Tls { certificate: certificate.der().to_vec(), configuration: Arc::new(configuration) }
});

/// One connection, as seen by the server.
type Client = StreamOwned<ServerConnection, TcpStream>;

/// The first `count` requests of a mode to a server that serves each connection by its number, from 0.
fn of(mode: Mode, count: u64, serve: impl Fn(Client, usize) + Send + Sync + 'static) -> Vec<Record> {
    let number = AtomicUsize::new(0);
    let server = Server::start(move |client| {
        let connection = ServerConnection::new(Arc::clone(&TLS.configuration)).unwrap();
        let client = StreamOwned::new(connection, client.into_stream());
        serve(client, number.fetch_add(1, Ordering::SeqCst));
    });
    load(mode, count, server.address)
}

fn load(mode: Mode, count: u64, address: SocketAddr) -> Vec<Record> {
    let load = Load::builder(address).secure(address, &TLS.certificate).modes([mode]).at_most(mode, count);
    // One after the other, so that each meets what the one before it has left.
    let history = load.rate_per_second(10).timeout(PATIENCE).start().unwrap().wait().unwrap();
    history.records().to_vec()
}

fn first(mode: Mode, serve: impl Fn(Client, usize) + Send + Sync + 'static) -> Record {
    of(mode, 1, serve).remove(0)
}

fn page() -> Vec<u8> {
    vec![b'x'; LENGTH]
}

fn compressed(page: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(page).unwrap();
    encoder.finish().unwrap()
}

/// Reads a request's head; of HTTP/1.1.
fn head(client: &mut impl Read) {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte).unwrap();
        read.extend(byte);
    }
}

/// The client may have seen enough and gone: that is its own business.
fn send(client: &mut impl Write, bytes: &[u8]) {
    drop(client.write_all(bytes).and_then(|()| client.flush()));
}

fn until_the_end(client: &mut Client) {
    drop(std::io::copy(client, &mut std::io::sink()));
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n", body.len());
    [head.as_bytes(), body, b"\r\n0\r\n\r\n"].concat()
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const REFUSED_STREAM: [u8; 4] = [0, 0, 0, 7];

/// GOAWAY without an error: requests after `last` are not processed.
fn leave(last: u32) -> Vec<u8> {
    frame(GOAWAY, 0, 0, &[&last.to_be_bytes()[..], &[0; 4]].concat())
}

/// Begins HTTP/2: the client's preface, and settings.
fn begin(client: &mut Client) {
    let mut preface = [0; 24];
    client.read_exact(&mut preface).unwrap();
    send(client, &frame(SETTINGS, 0, 0, &[]));
}

/// The stream of the next frame of this kind.
fn next(client: &mut Client, wanted: u8) -> u32 {
    loop {
        let mut head = [0; 9];
        client.read_exact(&mut head).unwrap();
        let length = u64::from(u32::from_be_bytes([0, head[0], head[1], head[2]]));
        drop(std::io::copy(&mut Read::take(&mut *client, length), &mut std::io::sink()));
        if head[3] == wanted {
            return u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        }
    }
}

/// `:status 200`, by its number in HPACK's table, and a body that fits into the first window.
fn answer(client: &mut Client, stream: u32, body: &[u8]) {
    send(client, &frame(HEADERS, END_HEADERS, stream, &[0x88]));
    for piece in body.chunks(16_384) {
        send(client, &frame(DATA, 0, stream, piece));
    }
    send(client, &frame(DATA, END_STREAM, stream, &[]));
}

#[test]
fn a_large_page_must_come_whole_compressed_or_not() {
    let whole = compressed(&page());
    let mut damaged = whole.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let mut checksum = whole.clone();
    let at = checksum.len() - 8;
    checksum[at] ^= 1;
    let table: [(&str, Vec<u8>, Option<Failure>); 9] = [
        ("plain", chunked(&page()), None),
        ("compressed", chunked(&whole), None),
        ("plain and short", chunked(&page()[1..]), Some(Failure::WrongBody)),
        ("compressed and short", chunked(&compressed(&page()[1..])), Some(Failure::WrongBody)),
        ("compressed and cut", chunked(&whole[..whole.len() - 20]), Some(Failure::WrongBody)),
        ("with another length", chunked(&damaged), Some(Failure::WrongBody)),
        ("with another checksum", chunked(&checksum), Some(Failure::WrongBody)),
        ("nothing", chunked(b"")[..48].to_vec(), Some(Failure::EofWithinResponse)),
        ("an end within", chunked(&whole)[..1000.min(whole.len())].to_vec(), Some(Failure::EofWithinResponse)),
    ];
    for (case, response, failure) in table {
        let (plain, over_tls) = (response.clone(), response);
        let server = Server::start(move |client| {
            let mut stream = client.into_stream();
            head(&mut stream);
            send(&mut stream, &plain);
        });
        let record = load(Mode::Large, 1, server.address).remove(0);
        assert_eq!((record.failure, record.exchanges), (failure, u64::from(failure.is_none())), "{case}: {record:?}");
        let record = first(Mode::Tls, move |mut client, _| {
            head(&mut client);
            send(&mut client, &over_tls);
        });
        // The server takes no leave of TLS, which ends the bytes all the same.
        assert_eq!((record.failure, record.exchanges), (failure, u64::from(failure.is_none())), "{case}: {record:?}");
    }
}

#[test]
fn over_tls_it_is_noticed_where_the_server_goes() {
    let record = first(Mode::Tls, |client, _| drop(client));
    assert_eq!(record.failure, Some(Failure::Connect), "before TLS was agreed on: {record:?}");
    let record = first(Mode::Tls, |mut client, _| head(&mut client));
    assert_eq!(record.failure, Some(Failure::EofBeforeResponse), "{record:?}");
    assert!(!record.is_failure_that_a_retry_would_have_saved(), "{record:?}");
}

#[test]
fn by_http2_what_was_not_processed_is_told_from_what_may_have_been() {
    // As nginx's worker does with a connection on which no request has arrived when it is told to end.
    let left = |mut client: Client, _| {
        begin(&mut client);
        send(&mut client, &leave(0));
        until_the_end(&mut client);
    };
    let refused = |mut client: Client, _| {
        begin(&mut client);
        let stream = next(&mut client, HEADERS);
        send(&mut client, &frame(RST_STREAM, 0, stream, &REFUSED_STREAM));
        until_the_end(&mut client);
    };
    for record in [first(Mode::Http2, left), first(Mode::Http2, refused)] {
        assert_eq!(
            (record.failure, record.nth_use, record.retried),
            (Some(Failure::Unprocessed), 1, false),
            "{record:?}"
        );
        assert!(record.is_failure_that_a_retry_would_have_saved(), "{record:?}");
    }
    let gone = |mut client: Client, _| {
        begin(&mut client);
        next(&mut client, HEADERS);
    };
    let cut = |mut client: Client, _| {
        begin(&mut client);
        let stream = next(&mut client, HEADERS);
        send(&mut client, &frame(HEADERS, END_HEADERS, stream, &[0x88]));
        send(&mut client, &frame(DATA, 0, stream, b"xxx"));
    };
    let short = |mut client: Client, _| {
        begin(&mut client);
        let stream = next(&mut client, HEADERS);
        answer(&mut client, stream, &compressed(&page()[1..]));
        until_the_end(&mut client);
    };
    for mode in [Mode::Http2, Mode::Http2Retry] {
        for (serve, failures) in [
            (gone as fn(Client, usize), &[Failure::EofBeforeResponse, Failure::Reset][..]),
            (cut, &[Failure::EofWithinResponse, Failure::Reset]),
            (short, &[Failure::WrongBody]),
        ] {
            let record = first(mode, serve);
            assert!(record.failure.is_some_and(|failure| failures.contains(&failure)), "{record:?}");
            assert!(!record.retried && !record.is_failure_that_a_retry_would_have_saved(), "{record:?}");
        }
    }
    // A request that the server has taken is answered after its leave as well.
    let answered = first(Mode::Http2, |mut client, _| {
        begin(&mut client);
        let stream = next(&mut client, HEADERS);
        send(&mut client, &leave(stream));
        answer(&mut client, stream, &compressed(&page()));
        until_the_end(&mut client);
    });
    assert_eq!((answered.failure, answered.exchanges), (None, 1), "{answered:?}");
}

#[test]
fn by_http2_a_browser_keeps_one_connection_and_sends_again_what_was_not_processed() {
    let records = of(Mode::Http2Retry, 4, |mut client, number| {
        begin(&mut client);
        let body = compressed(&page());
        if number == 0 {
            // Answers two requests, and leaves before the third, which is on its way.
            for _ in 0..2 {
                let stream = next(&mut client, HEADERS);
                answer(&mut client, stream, &body);
            }
            let third = next(&mut client, HEADERS);
            send(&mut client, &leave(third - 2));
            return until_the_end(&mut client);
        }
        for _ in 0..2 {
            let stream = next(&mut client, HEADERS);
            answer(&mut client, stream, &body);
        }
        until_the_end(&mut client);
    });
    let seen: Vec<_> = records.iter().map(|record| (record.connection, record.nth_use, record.retried)).collect();
    assert!(records.iter().all(|record| record.failure.is_none()), "{records:?}");
    assert_eq!(seen, [(1, 1, false), (1, 2, false), (2, 1, true), (2, 2, false)], "{records:?}");
}

#[test]
fn a_mode_over_tls_without_an_address_for_it_is_refused() {
    for mode in Mode::SECURE {
        let refusal = Load::builder(SocketAddr::from(([127, 0, 0, 1], 1))).modes([mode]).start().unwrap_err();
        assert_eq!(refusal.to_string(), format!("the mode `{mode}` speaks TLS; needed an address for it"));
    }
}
