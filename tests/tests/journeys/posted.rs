//! Posts to the real program over TLS, with kill -9 before, during and after them: what was answered is on the log once, and what was
//! not answered can be sent again.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use event_log::Topic;
use proto::events::event::Kind;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use sha2::{Digest as _, Sha256};

use crate::harness::{Place, records, said};

const TOKEN: &str = "an-invented-token-of-more-than-thirty-two-characters";
const BATCHES: usize = 9;

type Line = StreamOwned<ClientConnection, TcpStream>;

fn connect(place: &Place, port: u16) -> Line {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(place.path("here/tls/ca.pem")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let localhost = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), localhost).unwrap();
    StreamOwned::new(connection, TcpStream::connect(("127.0.0.1", port)).unwrap())
}

/// Two children of the batch, each with a name of its own.
fn body(batch: usize) -> String {
    let child = |of: usize| {
        format!(
            "{{\"la_child_id\":\"POSTED{of}\",\"child_details\":{{\"first_name\":\"Invented{of}\",\"date_of_birth\":\"2015-01-02\",\"sex\":\"F\"}}}}"
        )
    };
    format!("[{},{}]", child(2 * batch), child(2 * batch + 1))
}

fn head(batch: usize) -> String {
    format!(
        "POST /children_social_care_data/878/children HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {TOKEN}\r\n\
         content-type: application/json\r\nidempotency-key: batch-{batch}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body(batch).len()
    )
}

/// Whatever comes until the other side closes, or dies.
fn answer(line: &mut Line) -> String {
    let mut bytes = Vec::new();
    let mut some = [0; 4_096];
    while let Ok(read @ 1..) = line.read(&mut some) {
        bytes.extend_from_slice(&some[..read]);
    }
    String::from_utf8(bytes).unwrap()
}

fn told(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

#[test]
fn killed_at_any_moment_of_a_post_nothing_is_lost_and_nothing_is_said_twice() {
    let place = Place::new(20, 1);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let digest: String = Sha256::digest(TOKEN).iter().map(|byte| format!("{byte:02x}")).collect();
    fs::write(place.path("here/posted.sha256"), digest).unwrap();
    let mut config: toml::Table = fs::read_to_string(place.config()).unwrap().parse().unwrap();
    let section: toml::Table = format!(
        "controllers = [\"la-878*\"]\ndrop_folder = \"drop/social-care-dfe-api\"\npoll_ms = 20\n\
         [receive]\nlisten = \"127.0.0.1:{port}\"\ncertificate = \"tls/service.pem\"\nkey = \"tls/service.key\"\ndisk_free_mb_min = 0\n\
         [receive.callers.case-system]\ntokens = \"posted.sha256\"\n"
    )
    .parse()
    .unwrap();
    config["connectors"].as_table_mut().unwrap().insert("social-care-dfe-api".to_owned(), section.into());
    fs::write(place.config(), config.to_string()).unwrap();
    place.ours(&["config", "check"]);
    let mut running = place.up();
    let mut paths = Vec::new();
    for batch in 0..BATCHES {
        let (head, body) = (head(batch), body(batch));
        let mut line = connect(&place, port);
        line.write_all(head.as_bytes()).unwrap();
        let first = match batch % 3 {
            // Half of the body; all of it, and the plug at whatever moment that is; the answer.
            0 => {
                line.write_all(&body.as_bytes()[..body.len() / 2]).unwrap();
                line.flush().unwrap();
                None
            }
            1 => {
                line.write_all(body.as_bytes()).unwrap();
                line.flush().unwrap();
                None
            }
            _ => {
                line.write_all(body.as_bytes()).unwrap();
                Some(answer(&mut line))
            }
        };
        running.kill();
        running = place.up();
        let mut again = connect(&place, port);
        again.write_all(head.as_bytes()).unwrap();
        again.write_all(body.as_bytes()).unwrap();
        let answered = answer(&mut again);
        assert!(answered.starts_with("HTTP/1.1 200"), "batch {batch}: {answered}");
        if let Some(first) = first {
            assert_eq!(told(&answered), told(&first), "the same post has the same answer, also after kill -9");
        }
        assert_eq!(told(&answered).matches("_").count(), 4, "a receipt for each child: {answered}");
        let location = answered.lines().find_map(|line| line.strip_prefix("location: ")).unwrap();
        paths.push(location.trim().to_owned());
    }
    place.settle();
    for path in &paths {
        let mut line = connect(&place, port);
        let asks = format!(
            "GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {TOKEN}\r\nconnection: close\r\n\r\n"
        );
        line.write_all(asks.as_bytes()).unwrap();
        let standing = answer(&mut line);
        assert!(standing.contains("DEALT_WITH") && !standing.contains("Invented"), "{standing}");
    }
    running.stop();
    let mut children: BTreeMap<String, Vec<[u8; 16]>> = BTreeMap::new();
    for (_, checked) in said(&place) {
        if let Some(Kind::PersonDescribed(person)) = checked.body.event.as_ref().and_then(|event| event.kind.as_ref())
            && checked.body.source == "social-care-dfe-api"
        {
            let name = person.names[0].given.clone().unwrap_or_default();
            children.entry(name).or_default().push(checked.header.event_id.0);
        }
    }
    assert_eq!(children.len(), 2 * BATCHES, "{:?}", children.keys());
    for (name, mut ids) in children {
        ids.dedup();
        assert_eq!(ids.len(), 1, "{name} was described once");
    }
    assert!(!records(&place, &[Topic::SocialCare]).is_empty());
    let log = place.told();
    assert!(
        !log.contains("Invented") && !log.contains("batch-") && !log.contains(TOKEN),
        "nothing of a post is logged"
    );
}
