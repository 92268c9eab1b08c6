//! Over real TLS, with a client that can do what no good one does.

mod crash;
mod hostile;
mod outcome;
mod tokens;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use runtime::tls::{Clients, Tls};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;

use super::callers::digest;
use super::*;
use crate::spool::Spool;

const CSV: MediaType = MediaType { name: "text/csv", ending: "csv" };
const BODY: &str = "id,name,start,end\n1,a,2024-09-01,\n2,a,2024-09-01,2024-12-20\n";
/// The token of the caller that has this name.
fn token(name: &str) -> String {
    format!("{name}-0123456789012345678901234567890123456789")
}

/// A listener on a port of its own, and its papers.
struct House {
    dir: tempfile::TempDir,
    address: std::net::SocketAddr,
    stop: CancellationToken,
    serving: tokio::task::JoinHandle<Result<(), ReceiveError>>,
}

fn papers(dir: &Path) {
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    std::fs::write(dir.join("ca.pem"), ca.self_signed(&key).unwrap().pem()).unwrap();
    let issuer = Issuer::new(ca, key);
    for name in ["localhost", "supplier.example"] {
        let key = KeyPair::generate().unwrap();
        let issued = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        std::fs::write(dir.join(format!("{name}.pem")), issued.pem()).unwrap();
        std::fs::write(dir.join(format!("{name}.key")), key.serialize_pem()).unwrap();
    }
    for name in ["one", "other"] {
        std::fs::write(dir.join(format!("{name}.sha256")), digest(&token(name))).unwrap();
    }
}

fn caller(dir: &Path, name: &str) -> Caller {
    Caller {
        name: name.to_owned(),
        tokens: Some(dir.join(format!("{name}.sha256"))),
        certificate_name: None,
        controllers: vec!["school-878*".to_owned()],
    }
}

impl House {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        papers(dir.path());
        Self::open(dir, Arc::new(AnyFile(&[CSV])), change).await
    }

    async fn open(dir: tempfile::TempDir, connector: Arc<dyn Receives>, change: impl FnOnce(&mut Options)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let at = |name: &str| dir.path().join(name);
        let tls = Tls {
            certificate: at("localhost.pem"),
            key: at("localhost.key"),
            clients: Clients::May(at("ca.pem")),
            protocols: Vec::new(),
        };
        let callers = vec![
            caller(dir.path(), "one"),
            caller(dir.path(), "other"),
            Caller {
                name: "by-certificate".to_owned(),
                tokens: None,
                certificate_name: Some("supplier.example".to_owned()),
                controllers: Vec::new(),
            },
        ];
        let mut options = Options { disk_free_min: 0, ..Options::of("education-toy", at("drop"), callers) };
        change(&mut options);
        let spool = Spool::open(&at("drop")).unwrap();
        let stop = CancellationToken::new();
        let serving = tokio::spawn(serve(listener, tls, connector, spool, options, stop.clone()));
        Self { dir, address, stop, serving }
    }

    /// Ends the process, as far as the disk can tell, and begins another.
    async fn again(self) -> Self {
        self.stop.cancel();
        self.serving.await.unwrap().unwrap();
        Self::open(self.dir, Arc::new(AnyFile(&[CSV])), |_| {}).await
    }

    async fn connect(&self) -> TlsStream<TcpStream> {
        self.connect_as(None).await
    }

    async fn connect_as(&self, name: Option<&str>) -> TlsStream<TcpStream> {
        let at = |file: &str| self.dir.path().join(file);
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(at("ca.pem")).unwrap()).unwrap();
        let builder =
            rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(roots);
        let config = match name {
            None => builder.with_no_client_auth(),
            Some(name) => {
                let chain = vec![CertificateDer::from_pem_file(at(&format!("{name}.pem"))).unwrap()];
                let key = PrivateKeyDer::from_pem_file(at(&format!("{name}.key"))).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        let stream = TcpStream::connect(self.address).await.unwrap();
        let localhost = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(localhost, stream).await.unwrap()
    }

    /// Sends these bytes, and reads until the other side closes.
    async fn raw(&self, bytes: &[u8]) -> Said {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        Said::read(&mut stream).await
    }

    async fn post(&self, name: &str, key: &str, body: &str) -> Said {
        self.raw(&request(name, key, body)).await
    }

    async fn get(&self, name: &str, path: &str) -> Said {
        let head = format!(
            "GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\nconnection: close\r\n\r\n",
            token(name)
        );
        self.raw(head.as_bytes()).await
    }

    /// Names in this part of the drop folder.
    fn names(&self, part: &str) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.dir.path().join("drop").join(part))
            .map(|entries| entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect())
            .unwrap_or_default();
        names.sort();
        names
    }

    /// Bodies that wait, in their order.
    fn spooled(&self) -> Vec<String> {
        let body = |name: &String| {
            let folder = self.dir.path().join("drop/spooled").join(name);
            let file = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
            std::fs::read_to_string(file).unwrap()
        };
        self.names("spooled").iter().map(body).collect()
    }
}

fn request(name: &str, key: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST /submissions?child=9991234567 HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\ncontent-type: text/csv; charset=utf-8\r\n\
         idempotency-key: {key}\r\ncontent-disposition: attachment; filename=\"toy-2025-01-16.csv\"\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{body}",
        token(name)
    )
    .into_bytes()
}

/// An answer as it came.
#[derive(Clone, PartialEq, Debug)]
struct Said {
    status: u16,
    head: String,
    body: String,
}

impl Said {
    async fn read(stream: &mut TlsStream<TcpStream>) -> Self {
        let mut bytes = Vec::new();
        // Whoever closes at once after an answer closes without the end of TLS.
        let _rude = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut bytes)).await.unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        Self { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    fn code(&self) -> String {
        let said: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        assert!(self.head.contains("application/problem+json"), "{self:?}");
        said["code"].as_str().unwrap().to_owned()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")))
    }

    fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.code().as_str()), (status, code), "{self:?}");
    }
}

#[tokio::test]
async fn a_post_is_durable_once_it_is_answered_and_its_standing_can_be_asked_for() {
    let house = House::new().await;
    let said = house.post("one", "first", BODY).await;
    assert_eq!(said.status, 202, "{said:?}");
    let told: serde_json::Value = serde_json::from_str(&said.body).unwrap();
    let (id, path) = (told["id"].as_str().unwrap(), told["status_url"].as_str().unwrap());
    assert_eq!(said.header("location"), Some(path));
    assert_eq!(house.spooled(), [BODY]);
    assert!(house.names("spooled")[0].ends_with(id) && house.names("staged").is_empty());
    let waits = house.get("one", path).await;
    assert_eq!((waits.status, waits.body.contains("WAITING")), (200, true), "{waits:?}");
    house.get("other", path).await.refused(404, "NO_SUCH_SUBMISSION");
    house.get("one", &path.replace(id, &"0".repeat(32))).await.refused(404, "NO_SUCH_SUBMISSION");
    house.get("one", "/submissions/..%2f..%2fkey").await.refused(404, "NO_SUCH_SUBMISSION");
}

#[tokio::test]
async fn the_same_again_is_answered_the_same_and_taken_once_also_after_a_restart() {
    let mut house = House::new().await;
    let first = house.post("one", "key", BODY).await;
    for _ in 0..2 {
        assert_eq!(house.post("one", "key", BODY).await.body, first.body);
        house.post("one", "key", "id,start\n").await.refused(422, "KEY_REUSED");
        house = house.again().await;
    }
    assert_eq!(house.spooled(), [BODY]);
    let other = house.post("other", "key", BODY).await;
    assert_eq!(
        (other.status, other.body == first.body, house.spooled().len()),
        (202, false, 2),
        "keys are each caller's"
    );
}

#[tokio::test]
async fn very_many_copies_take_the_room_of_one() {
    let house = House::new().await;
    let size = |part: &str| -> u64 {
        fn below(dir: &Path) -> u64 {
            std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).fold(0, |sum, path| {
                sum + 1 + if path.is_dir() { below(&path) } else { path.metadata().unwrap().len() }
            })
        }
        below(&house.dir.path().join("drop").join(part))
    };
    house.post("one", "key", BODY).await;
    let (before, received) = (size(""), size("received"));
    // On one connection, as somebody does whose program has gone wrong.
    let mut stream = house.connect().await;
    let one = String::from_utf8(request("one", "key", BODY)).unwrap().replace("connection: close\r\n", "");
    for _ in 0..500 {
        stream.write_all(one.as_bytes()).await.unwrap();
        let mut answer = vec![0; 2_048];
        let read = stream.read(&mut answer).await.unwrap();
        assert!(answer[..read].starts_with(b"HTTP/1.1 202"), "{}", String::from_utf8_lossy(&answer[..read]));
    }
    assert_eq!((size(""), size("received"), house.spooled().len()), (before, received, 1));
}

#[tokio::test]
async fn posts_of_a_sender_keep_their_order() {
    let house = House::new().await;
    let bodies: Vec<String> = (0..12).map(|at| format!("id,start\n{at},2024-09-01\n")).collect();
    for (at, body) in bodies.iter().enumerate() {
        assert_eq!(house.post("one", &format!("k{at}"), body).await.status, 202);
    }
    assert_eq!(house.spooled(), bodies);
}

#[tokio::test]
async fn nobody_is_let_in_without_what_was_asked_of_them() {
    let house = House::new().await;
    let good = String::from_utf8(request("one", "key", BODY)).unwrap();
    for bad in [
        good.replace(&token("one"), &token("nobody")),
        good.replace("authorization: Bearer", "authorization: Basic"),
        good.replace("authorization: ", "x-authorization: "),
        good.replace("host: localhost", &format!("host: localhost\r\nauthorization: Bearer {}", token("other"))),
        good.replace("POST /submissions", "POST /anything"),
    ]
    .map(|bad| if bad.contains("/anything") { bad.replace(&token("one"), "x") } else { bad })
    {
        let said = house.raw(bad.as_bytes()).await;
        said.refused(401, "CALLER_UNKNOWN");
        assert_eq!(said.header("www-authenticate"), Some("bearer"));
    }
    let mut known = house.connect_as(Some("supplier.example")).await;
    let without = good.replace(&format!("authorization: Bearer {}\r\n", token("one")), "");
    known.write_all(without.as_bytes()).await.unwrap();
    assert_eq!(Said::read(&mut known).await.status, 202);
    let mut another = house.connect_as(Some("localhost")).await;
    another.write_all(without.as_bytes()).await.unwrap();
    Said::read(&mut another).await.refused(401, "CALLER_UNKNOWN");
    assert_eq!(house.spooled().len(), 1);
}

#[tokio::test]
async fn while_too_much_waits_or_the_disk_is_short_posts_stay_their_senders() {
    for (change, code) in [
        ((|options: &mut Options| options.waiting_max = 1) as fn(&mut Options), "TOO_MUCH_WAITS"),
        (|options| options.waiting_bytes_max = BODY.len() as u64, "TOO_MUCH_WAITS"),
        (|options| options.disk_free_min = u64::MAX / 2, "DISK_SHORT"),
    ] {
        let house = House::with(change).await;
        let first = house.post("one", "first", BODY).await;
        if code == "TOO_MUCH_WAITS" {
            assert_eq!(first.status, 202);
        }
        let said = house.post("one", "second", BODY).await;
        said.refused(503, code);
        assert_eq!(said.header("retry-after"), Some("30"));
        assert!(house.names("staged").is_empty());
        assert_eq!(
            house.post("one", "first", BODY).await.status,
            first.status,
            "what was taken is answered all the same"
        );
    }
}
