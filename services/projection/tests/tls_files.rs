//! Readers' TLS: its files are read again when they change, and a connection that says nothing holds nobody up.

use crate::harness;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use harness::House;
use harness::service::{Papers, serve};
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

const LONG: Duration = Duration::from_secs(60);

/// A certificate that vouches for itself, so that a client can be told to believe it alone.
fn issued() -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    (certificate.pem(), key.serialize_pem())
}

/// Whether a client that believes this certificate alone comes to the end of its handshake.
async fn is_shown(address: SocketAddr, certificate: &str) -> bool {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = versions.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(address).await.unwrap();
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await.is_ok()
}

fn replace(folder: &Path, (certificate, key): &(String, String)) {
    std::fs::write(folder.join("server.pem"), certificate).unwrap();
    std::fs::write(folder.join("server.key"), key).unwrap();
}

#[tokio::test]
async fn a_certificate_that_is_renewed_is_shown_without_a_restart() {
    let house = House::new().await;
    let serving = serve(&house, Papers::new(), LONG).await;
    let folder = house.dir.path();
    let mut reader = serving.reader("school-8789004", "somebody", &[]).await;
    let renewed = issued();
    assert!(!is_shown(serving.address(), &renewed.0).await);
    replace(folder, &renewed);
    let begun = Instant::now();
    while !is_shown(serving.address(), &renewed.0).await {
        assert!(begun.elapsed() < LONG, "the renewed certificate is not shown");
        tokio::task::yield_now().await;
    }
    // A connection that was there before goes on.
    assert!(reader.get(&Default::default()).await.is_err_and(|reason| reason == "UNKNOWN_ORGANISATION"));

    // What cannot be used changes nothing; what can, after it, does.
    std::fs::write(folder.join("server.pem"), "no certificate").unwrap();
    assert!(is_shown(serving.address(), &renewed.0).await);
    let again = issued();
    replace(folder, &again);
    let begun = Instant::now();
    while !is_shown(serving.address(), &again.0).await {
        assert!(begun.elapsed() < LONG, "the last certificate is not shown");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn connections_that_say_nothing_hold_nobody_up() {
    let house = House::new().await;
    let serving = serve(&house, Papers::new(), LONG).await;
    let mut silent = Vec::new();
    for _ in 0..200 {
        silent.push(TcpStream::connect(serving.address()).await.unwrap());
    }
    let mut reader = serving.reader("school-8789004", "somebody", &[]).await;
    assert!(reader.get(&Default::default()).await.is_err_and(|reason| reason == "UNKNOWN_ORGANISATION"));
}
