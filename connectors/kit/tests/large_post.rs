//! A post of any size takes the memory of a small one: a program of its own, since memory is the process's.
#![cfg(test)]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use connector_kit::receive::{AnyFile, Caller, MediaType, Options, digest, serve};
use connector_kit::spool::Spool;
use runtime::tls::{Clients, Tls};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

const CSV: MediaType = MediaType { name: "text/csv", ending: "csv" };
const TOKEN: &str = "one-0123456789012345678901234567890123456789";
const SMALL_BYTES: usize = 8 << 20;
const LARGE_BYTES: usize = 256 << 20;
/// What the large one may take more than the small one, at its most.
const MORE_BYTES_MAX: u64 = 24 << 20;

/// The most memory that this process ever held.
fn most_resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1_024
}

async fn post(dir: &Path, address: SocketAddr, key: &str, bytes: usize) -> String {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(dir.join("service.pem")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = versions.unwrap().with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    let head = format!(
        "POST /submissions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {TOKEN}\r\ncontent-type: text/csv\r\n\
         idempotency-key: {key}\r\ncontent-length: {bytes}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let block = vec![b'x'; 64 << 10];
    for _ in 0..bytes / block.len() {
        stream.write_all(&block).await.unwrap();
    }
    let mut said = Vec::new();
    let _rude = stream.read_to_end(&mut said).await;
    String::from_utf8(said).unwrap()
}

#[tokio::test]
async fn a_large_post_takes_no_more_memory_than_a_small_one() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(at("service.pem"), cert.pem()).unwrap();
    std::fs::write(at("service.key"), signing_key.serialize_pem()).unwrap();
    std::fs::write(at("one.sha256"), digest(TOKEN)).unwrap();
    let (certificate, key) = (at("service.pem"), at("service.key"));
    let tls = Tls { certificate, key, clients: Clients::Unasked, protocols: Vec::new() };
    let caller = Caller {
        name: "one".to_owned(),
        tokens: Some(at("one.sha256")),
        certificate_name: None,
        controllers: vec!["school-878*".to_owned()],
    };
    // However slow the machine: what is measured is memory.
    let options = Options {
        disk_free_min: 0,
        stall_max: Duration::from_secs(900),
        body_max: Duration::from_secs(900),
        body_bytes_max: LARGE_BYTES as u64,
        ..Options::of("education-toy", at("drop"), vec![caller])
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let spool = Spool::open(&at("drop")).unwrap();
    let serving = tokio::spawn(serve(listener, tls, Arc::new(AnyFile(&[CSV])), spool, options, stop.clone()));

    let answer = post(dir.path(), address, "small", SMALL_BYTES).await;
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    let small = most_resident_bytes();
    let answer = post(dir.path(), address, "large", LARGE_BYTES).await;
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    let more = most_resident_bytes() - small;
    assert!(more <= MORE_BYTES_MAX, "{} MiB more", more >> 20);
    stop.cancel();
    serving.await.unwrap().unwrap();
}
