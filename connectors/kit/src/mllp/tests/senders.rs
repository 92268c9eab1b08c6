//! Who is let in, and what no sender can hold up.

use std::path::Path;

use event_log::EventLog as _;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use runtime::tls::Clients;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::DuplexStream;
use tokio_rustls::TlsConnector;

use super::*;

/// Certificates of an authority, for the listener and for an engine, and of another authority for a stranger.
fn papers(dir: &Path) {
    for (authority, names) in [("ours", ["localhost", "engine.example"].as_slice()), ("theirs", &["stranger.example"])]
    {
        let mut ca = CertificateParams::new(Vec::new()).unwrap();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        std::fs::write(dir.join(format!("{authority}.pem")), ca.self_signed(&key).unwrap().pem()).unwrap();
        let issuer = Issuer::new(ca, key);
        for name in names {
            let key = KeyPair::generate().unwrap();
            let issued = CertificateParams::new(vec![(*name).to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
            std::fs::write(dir.join(format!("{name}.pem")), issued.pem()).unwrap();
            std::fs::write(dir.join(format!("{name}.key")), key.serialize_pem()).unwrap();
        }
    }
}

/// What comes back to a message over TLS, shown this certificate; nothing where the connection is refused.
async fn asked_over_tls(dir: &Path, address: SocketAddr, shows: Option<&str>, message: &str) -> Option<String> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(dir.join("ours.pem")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    let config = match shows {
        None => builder.with_no_client_auth(),
        Some(name) => {
            let chain = vec![CertificateDer::from_pem_file(dir.join(format!("{name}.pem"))).unwrap()];
            let key = PrivateKeyDer::from_pem_file(dir.join(format!("{name}.key"))).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    };
    let stream = TcpStream::connect(address).await.unwrap();
    let localhost = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(localhost, stream).await.ok()?;
    stream.write_all(format!("\x0b{message}\x1c\r").as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\x1c\r") {
        if stream.read_buf(&mut answer).await.ok()? == 0 {
            return None;
        }
    }
    Some(String::from_utf8(answer).unwrap().trim_matches(['\x0b', '\x1c', '\r']).to_owned())
}

#[tokio::test]
async fn over_tls_only_who_shows_a_certificate_of_the_authority_is_heard() {
    let (house, dir) = (House::new(), tempfile::tempdir().unwrap());
    papers(dir.path());
    let at = |name: &str| dir.path().join(name);
    let tls = Tls {
        certificate: at("localhost.pem"),
        key: at("localhost.key"),
        clients: Clients::Must(at("ours.pem")),
        protocols: Vec::new(),
    };
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop) = (socket.local_addr().unwrap(), CancellationToken::new());
    let door = Door::open(socket, Some(tls.clone())).unwrap();
    let publisher = house.publisher(&ToyFeed).await.into();
    let task =
        tokio::spawn(serve(door, Arc::new(ToyFeed), publisher, Options::of("toy"), Arc::default(), stop.clone()));
    for shows in [None, Some("stranger.example")] {
        assert_eq!(asked_over_tls(dir.path(), address, shows, "ATT|1|A77|20250116").await, None, "{shows:?}");
    }
    let mut in_clear = TcpStream::connect(address).await.unwrap();
    in_clear.write_all(b"\x0bATT|1|A77|20250116\x1c\r").await.unwrap();
    assert!(!rest_bytes(&mut in_clear).await.windows(3).any(|bytes| bytes == b"MSA"));
    assert_eq!(house.events(Topic::Health).await.len(), 0);
    let heard = asked_over_tls(dir.path(), address, Some("engine.example"), "ATT|1|A77|20250116").await;
    assert_eq!(heard.as_deref(), Some("MSA|AA|1|"));
    stop.cancel();
    task.await.unwrap().unwrap();
    let unusable = Tls { certificate: at("no.pem"), ..tls };
    assert!(Door::open(TcpListener::bind("127.0.0.1:0").await.unwrap(), Some(unusable)).is_err());
}

async fn rest_bytes(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _reset = stream.read_to_end(&mut bytes).await;
    bytes
}

#[tokio::test]
async fn a_channel_is_answered_in_its_order_however_much_is_sent_ahead() {
    let house = House::new();
    let running = start(&house, Options::of("toy")).await;
    let mut stream = running.connect().await;
    let ids: Vec<String> = (100..140).map(|id| id.to_string()).collect();
    let ahead: String = ids.iter().map(|id| format!("\x0bATT|{id}|A77|20250116\x1c\r")).collect();
    stream.write_all(ahead.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let expected: String = ids.iter().map(|id| format!("\x0bMSA|AA|{id}|\x1c\r")).collect();
    assert_eq!(rest(&mut stream).await, expected);
    running.stop().await;
    let stored: Vec<String> =
        house.events(Topic::Health).await.into_iter().map(|checked| checked.body.record_key).collect();
    assert_eq!(stored, ids.iter().map(|id| format!("toy/{id}")).collect::<Vec<_>>());
}

/// Connections that hold no more than so many bytes that the other side did not read.
struct Narrow(tokio::sync::Mutex<mpsc::Receiver<DuplexStream>>);

impl Accept for Narrow {
    type Stream = DuplexStream;

    async fn accept(&self) -> io::Result<DuplexStream> {
        match self.0.lock().await.recv().await {
            Some(stream) => Ok(stream),
            None => std::future::pending().await,
        }
    }
}

#[tokio::test]
async fn a_sender_that_never_reads_its_answers_is_let_go_and_holds_up_nobody() {
    let house = House::new();
    let (give, narrow) = mpsc::channel(1);
    let stop = CancellationToken::new();
    let options = Options { connections_max: 1, answer_max: Duration::from_millis(200), ..Options::of("toy") };
    let publisher = house.publisher(&ToyFeed).await.into();
    let narrow = Narrow(tokio::sync::Mutex::new(narrow));
    let task = tokio::spawn(serve_from(narrow, Arc::new(ToyFeed), publisher, options, Arc::default(), stop.clone()));
    let (deaf, held) = tokio::io::duplex(64);
    give.send(held).await.unwrap();
    let (mut deaf_read, mut deaf_write) = tokio::io::split(deaf);
    let message = format!("\x0bATT|{}|A77|20250116\x1c\r", "9".repeat(200));
    // The answer has no room where nobody reads: the connection ends, and what was sent after it is not taken.
    while deaf_write.write_all(message.as_bytes()).await.is_ok() {}
    let mut answers = Vec::new();
    let _until_closed = deaf_read.read_to_end(&mut answers).await;
    assert!(answers.len() <= 64, "{}", answers.len());
    let (mut next, held) = tokio::io::duplex(1024);
    give.send(held).await.unwrap();
    next.write_all(b"\x0bATT|1|A77|20250116\x1c\r").await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\x1c\r") {
        assert_ne!(next.read_buf(&mut answer).await.unwrap(), 0);
    }
    assert_eq!(answer, b"\x0bMSA|AA|1|\x1c\r");
    stop.cancel();
    task.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_message_without_an_end_is_refused_and_no_more_of_it_held_than_the_bound() {
    for byte in [b'x', b'\r', END, START] {
        let endless = (&[START][..]).chain(tokio::io::repeat(byte));
        let frame = next_frame(&mut BufReader::new(endless), 1000).await.unwrap();
        let Frame::TooLarge(start) = frame else { panic!("{frame:?}") };
        assert!(start.len() <= 1002 && start.capacity() <= 4096, "{}", start.capacity());
    }
    let house = House::new();
    let options = Options { message_bytes_max: 1000, ..Options::of("toy") };
    let running = start(&house, options).await;
    let mut stream = running.connect().await;
    stream.write_all(b"\x0bATT|7|").await.unwrap();
    let (mut read, mut write) = stream.split();
    let flood = async {
        let chunk = vec![b'x'; 64 << 10];
        // To its end, which it never has: only the other side ends it.
        while write.write_all(&chunk).await.is_ok() {}
    };
    let heard = async {
        let mut answer = Vec::new();
        while !answer.ends_with(b"\x1c\r") && matches!(read.read_buf(&mut answer).await, Ok(1..)) {}
        answer
    };
    let (_, answer) = tokio::join!(flood, heard);
    assert_eq!(answer, b"\x0bMSA|AR|7|the message is larger than 1000 bytes\x1c\r");
    running.stop().await;
    assert_eq!(house.events(Topic::Health).await.len(), 0);
}

#[tokio::test]
async fn a_process_that_dies_between_storing_and_answering_is_sent_it_again_and_it_is_one_event() {
    let house = House::new();
    let running = start(&house, Options::of("toy")).await;
    let mut stream = running.connect().await;
    stream.write_all(b"\x0bATT|1|A77|20250116\x1c\r").await.unwrap();
    let mut seen = 0;
    while house.records(Topic::Health).await.is_empty() {
        seen = house.log.grown(&[Topic::Health], seen, Duration::from_secs(1)).await.unwrap();
    }
    // As by kill -9: whether the answer was on its way is not known.
    running.task.abort();
    assert!(running.task.await.unwrap_err().is_cancelled());
    let running = start(&house, Options::of("toy")).await;
    assert_eq!(ask(&mut running.connect().await, "ATT|1|A77|20250116").await, "MSA|AA|1|");
    running.stop().await;
    assert_eq!(house.events(Topic::Health).await.len(), 2, "stored twice");
    assert_eq!(house.folded(Topic::Health).await.len(), 1, "and one event");
    let stored = house.records(Topic::Health).await;
    assert!(stored.iter().all(|record| record.value == stored[0].value));
}
