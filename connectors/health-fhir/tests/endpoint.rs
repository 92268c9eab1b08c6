//! Posts over real TLS, answered by OperationOutcomes; and what a searched server is asked.
#![cfg(test)]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use connector_kit::poll::{Fetched, Pages as _, Url};
use connector_kit::receive::{Caller, Options, digest, serve};
use connector_kit::spool::Spool;
use health_fhir::{FhirEndpoint, FhirSearch};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use runtime::tls::{Clients, Tls};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

const TOKEN: &str = "engine-0123456789012345678901234567890123456789";
/// Of a caller that sends for two trusts.
const TOKEN_OF_TWO: &str = "shared-0123456789012345678901234567890123456789";

struct House {
    dir: tempfile::TempDir,
    address: std::net::SocketAddr,
    stop: CancellationToken,
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn papers(dir: &Path) {
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    std::fs::write(dir.join("ca.pem"), ca.self_signed(&key).unwrap().pem()).unwrap();
    let issuer = Issuer::new(ca, key);
    let key = KeyPair::generate().unwrap();
    let issued = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    std::fs::write(dir.join("service.pem"), issued.pem()).unwrap();
    std::fs::write(dir.join("service.key"), key.serialize_pem()).unwrap();
    std::fs::write(dir.join("engine.sha256"), digest(TOKEN)).unwrap();
    std::fs::write(dir.join("shared.sha256"), digest(TOKEN_OF_TWO)).unwrap();
}

impl House {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        papers(dir.path());
        let at = |name: &str| dir.path().join(name);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let tls = Tls {
            certificate: at("service.pem"),
            key: at("service.key"),
            clients: Clients::May(at("ca.pem")),
            protocols: Vec::new(),
        };
        let caller = |name: &str, controllers: &[&str]| Caller {
            name: name.to_owned(),
            tokens: Some(at(&format!("{name}.sha256"))),
            certificate_name: None,
            controllers: controllers.iter().map(|&controller| controller.to_owned()).collect(),
        };
        let callers = vec![caller("engine", &["ods-rz99"]), caller("shared", &["ods-rz99", "ods-rz98"])];
        let options = Options { disk_free_min: 0, ..Options::of("health-fhir", at("drop"), callers) };
        let (spool, stop) = (Spool::open(&at("drop")).unwrap(), CancellationToken::new());
        tokio::spawn(serve(listener, tls, Arc::new(FhirEndpoint), spool, options, stop.clone()));
        Self { dir, address, stop }
    }

    /// The status, and the body.
    async fn post(&self, path: &str, media_type: &str, further: &str, body: &[u8]) -> (u16, String) {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.dir.path().join("ca.pem")).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(self.address).await.unwrap();
        let localhost = ServerName::try_from("localhost").unwrap();
        let mut stream = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(localhost, stream).await.unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {media_type}\r\ncontent-length: {}\r\n{further}connection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body).await.unwrap();
        let mut bytes = Vec::new();
        let _rude = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut bytes)).await.unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    fn spooled(&self) -> usize {
        std::fs::read_dir(self.dir.path().join("drop/spooled")).map_or(0, Iterator::count)
    }
}

fn golden(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)).unwrap()
}

fn severities(body: &str) -> Vec<String> {
    let said: Value = serde_json::from_str(body).unwrap();
    assert_eq!(said["resourceType"], "OperationOutcome");
    said["issue"].as_array().unwrap().iter().map(|issue| issue["severity"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_is_posted_is_answered_by_what_became_of_it() {
    let house = House::new().await;
    let bearer = format!("authorization: Bearer {TOKEN}\r\n");
    let json = "application/fhir+json; charset=utf-8";
    let message = golden("messages/01-vaccinated.json");
    let (status, body) = house.post("/fhir/$process-message", json, &bearer, &message).await;
    assert_eq!((status, severities(&body)), (200, vec!["information".to_owned()]));
    assert_eq!(house.spooled(), 1, "it is durable before it is answered");
    let page = golden("server/page.json");
    let (status, body) = house.post("/fhir", json, &bearer, &page).await;
    assert_eq!(status, 200);
    assert!(severities(&body).iter().all(|severity| severity == "warning"), "{body}");
    assert!(!body.contains("999012"), "no value is repeated: {body}");
    let (status, body) = house.post("/fhir", json, &bearer, &golden("messages/10-no-header.json")).await;
    assert_eq!((status, severities(&body)), (422, vec!["error".to_owned()]));
    assert_eq!(house.spooled(), 3, "what could not be used waits for a person");
    let (status, body) = house.post("/fhir", json, &bearer, b"not fhir").await;
    assert_eq!((status, severities(&body), house.spooled()), (400, vec!["error".to_owned()], 3));
}

#[tokio::test]
async fn refusals_are_outcomes_too_in_the_form_that_is_asked_for() {
    let house = House::new().await;
    let message = golden("births/birth.xml");
    let (status, body) =
        house.post("/fhir", "application/fhir+xml", "accept: application/fhir+xml\r\n", &message).await;
    assert_eq!(status, 401);
    assert!(
        body.starts_with("<OperationOutcome xmlns=\"http://hl7.org/fhir\">") && body.contains("value=\"login\""),
        "{body}"
    );
    let bearer = format!("authorization: Bearer {TOKEN}\r\naccept: application/fhir+xml\r\n");
    let (status, body) = house.post("/fhir", "application/fhir+xml", &bearer, &message).await;
    assert_eq!((status, body.contains("value=\"information\"")), (200, true), "{body}");
    let bearer = format!("authorization: Bearer {TOKEN}\r\n");
    let (status, body) = house.post("/fhir", "image/png", &bearer, &message).await;
    assert_eq!((status, severities(&body), house.spooled()), (415, vec!["error".to_owned()], 1));
}

#[tokio::test]
async fn requests_are_answered_one_by_one_or_refused_together() {
    let house = House::new().await;
    let bearer = format!("authorization: Bearer {TOKEN}\r\n");
    let json = "application/fhir+json";
    let transaction = String::from_utf8(golden("server/transaction.json")).unwrap();
    let (status, body) = house.post("/fhir", json, &bearer, transaction.as_bytes()).await;
    assert_eq!((status, house.spooled()), (400, 0), "all or nothing: {body}");
    assert!(
        severities(&body).iter().all(|severity| severity == "error") && body.contains("entry 2: RECORD_MALFORMED"),
        "{body}"
    );
    assert!(!body.contains("999012"), "no value is repeated: {body}");
    let batch = transaction.replacen("transaction", "batch", 1);
    let (status, body) = house.post("/fhir", json, &bearer, batch.as_bytes()).await;
    let said: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, house.spooled(), said["type"].as_str()), (200, 1, Some("batch-response")), "{body}");
    let entries = said["entry"].as_array().unwrap();
    let told: Vec<(&str, bool)> = entries
        .iter()
        .map(|entry| (&entry["response"]["status"].as_str().unwrap()[..3], entry["response"]["outcome"].is_object()))
        .collect();
    let (taken, refused) = (("202", false), ("422", true));
    assert_eq!(told, [taken, refused, taken, taken, refused, refused], "{body}");
    // A consent that waits for a person keeps nobody from being taken.
    let child = r#"{"identifier":{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990123454"}}"#;
    let consent = format!(
        r#"{{"resourceType":"Bundle","type":"transaction","entry":[{{"request":{{"method":"POST","url":"Consent"}},"resource":{{"resourceType":"Consent","status":"active","dateTime":"2026-01-01","patient":{child},"provision":{{"type":"permit"}}}}}}]}}"#
    );
    let accept = format!("{bearer}accept: application/fhir+xml\r\n");
    let (status, body) = house.post("/fhir", json, &accept, consent.as_bytes()).await;
    assert_eq!((status, house.spooled()), (200, 2), "{body}");
    let begins = "<Bundle xmlns=\"http://hl7.org/fhir\"><type value=\"transaction-response\"/><entry><response><status value=\"202 Accepted\"/>";
    assert!(body.starts_with(begins) && body.contains("CONSENT_TO_RECORD"), "{body}");
}

#[tokio::test]
async fn a_transaction_that_breaks_off_is_refused_whole() {
    let house = House::new().await;
    let bearer = format!("authorization: Bearer {TOKEN}\r\n");
    let json = "application/fhir+json";
    let child = r#"{"request":{"method":"PUT","url":"Patient/1"},"resource":{"resourceType":"Patient","id":"1","birthDate":"2020-01-01","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990123454"}],"managingOrganization":{"identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"RZ99"}}}}"#;
    let deep = format!("{}{}", "[".repeat(2_000), "]".repeat(2_000));
    for rest in ["", ",{\"request\"", ",oops", &format!(",{{\"a\":{deep}}}]}}")] {
        for kind in [r#""type":"transaction","#, ""] {
            let body = format!(r#"{{"resourceType":"Bundle",{kind}"entry":[{child}{rest}"#);
            let (status, body) = house.post("/fhir", json, &bearer, body.as_bytes()).await;
            assert_eq!((status, severities(&body), house.spooled()), (400, vec!["error".to_owned()], 0), "{rest:.20}");
        }
    }
    let twice = format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{child}],"id":"1","id":"2"}}"#);
    let (status, body) = house.post("/fhir", json, &bearer, twice.as_bytes()).await;
    assert_eq!((status, house.spooled()), (400, 0), "{body}");
    let batch = format!(r#"{{"resourceType":"Bundle","type":"batch","entry":[{child},oops"#);
    let (status, body) = house.post("/fhir", json, &bearer, batch.as_bytes()).await;
    assert_eq!((status, house.spooled()), (200, 1), "what came of a batch is taken: {body}");
}

/// A bundle of two children, each of a trust.
fn of_two_trusts(kind: &str, trusts: [&str; 2]) -> String {
    let entry = |(id, nhs, trust): (&str, &str, &str)| {
        let coded = |system: &str, value: &str| serde_json::json!({ "system": format!("https://fhir.nhs.uk/Id/{system}"), "value": value });
        serde_json::json!({
            "request": { "method": "PUT", "url": format!("Patient/{id}") },
            "resource": {
                "resourceType": "Patient", "id": id, "birthDate": "2020-01-01", "identifier": [coded("nhs-number", nhs)],
                "managingOrganization": { "identifier": coded("ods-organization-code", trust) },
            },
        })
    };
    let [one, other] = trusts;
    let entries = [("1", "9990123454", one), ("2", "9990123462", other)].map(entry);
    serde_json::json!({ "resourceType": "Bundle", "type": kind, "entry": entries }).to_string()
}

#[tokio::test]
async fn nobody_posts_for_an_organisation_that_is_not_theirs() {
    let house = House::new().await;
    let bearer = format!("authorization: Bearer {TOKEN_OF_TWO}\r\n");
    let json = "application/fhir+json";
    let (status, body) =
        house.post("/fhir", json, &bearer, of_two_trusts("transaction", ["RZ99", "RH8"]).as_bytes()).await;
    assert_eq!((status, house.spooled()), (400, 0), "refused whole: {body}");
    assert!(body.contains("entry 2: CONTROLLER_NOT_YOURS") && !body.contains("entry 1"), "{body}");
    let (status, body) = house.post("/fhir", json, &bearer, of_two_trusts("batch", ["RZ99", "RH8"]).as_bytes()).await;
    let said: Value = serde_json::from_str(&body).unwrap();
    let told: Vec<&str> =
        said["entry"].as_array().unwrap().iter().map(|entry| entry["response"]["status"].as_str().unwrap()).collect();
    assert_eq!((status, told, house.spooled()), (200, vec!["202 Accepted", "422 Unprocessable Entity"], 1), "{body}");
    let (status, body) =
        house.post("/fhir", json, &bearer, of_two_trusts("collection", ["RH8", "RH8"]).as_bytes()).await;
    assert_eq!((status, severities(&body)), (422, vec!["error".to_owned(); 2]), "{body}");
    let (status, body) =
        house.post("/fhir", json, &bearer, of_two_trusts("transaction", ["RZ99", "RZ99"]).as_bytes()).await;
    assert_eq!((status, house.spooled()), (200, 3), "{body}");
}

#[tokio::test]
async fn a_transaction_is_one_whatever_its_sender_calls_its_form() {
    let house = House::new().await;
    let bearer = format!("authorization: Bearer {TOKEN_OF_TWO}\r\n");
    for called in ["application/fhir+json", "application/fhir+xml", "application/xml", "application/fhir+ndjson"] {
        let half = of_two_trusts("transaction", ["RZ99", "RH8"]);
        let (status, body) = house.post("/fhir", called, &bearer, half.as_bytes()).await;
        assert_eq!((status, house.spooled()), (400, 0), "{called}: {body}");
    }
}

#[tokio::test]
async fn a_set_of_requests_is_a_post_of_its_own() {
    let house = House::new().await;
    let bearer = format!("authorization: Bearer {TOKEN_OF_TWO}\r\n");
    let of = |kind: &str| of_two_trusts(kind, ["RZ99", "RZ98"]);
    let collection = of("collection");
    for kind in ["transaction", "batch"] {
        for lines in [[of(kind), collection.clone()], [collection.clone(), of(kind)]] {
            let (status, body) =
                house.post("/fhir", "application/fhir+ndjson", &bearer, lines.join("\n").as_bytes()).await;
            assert_eq!((status, house.spooled()), (400, 0), "{kind}: {body}");
        }
    }
    let alone = format!("\n{}\n\n", of("batch"));
    let (status, body) = house.post("/fhir", "application/fhir+ndjson", &bearer, alone.as_bytes()).await;
    assert_eq!((status, body.contains("batch-response"), house.spooled()), (200, true, 1), "{body}");
    let both = format!("{collection}\n{collection}");
    let (status, body) = house.post("/fhir", "application/fhir+ndjson", &bearer, both.as_bytes()).await;
    assert_eq!((status, severities(&body), house.spooled()), (200, vec!["information".to_owned()], 2), "{body}");
}

#[tokio::test]
async fn a_set_of_requests_that_stands_in_something_else_is_refused() {
    let house = House::new().await;
    let bearer = format!("authorization: Bearer {TOKEN_OF_TWO}\r\n");
    for kind in ["transaction", "batch"] {
        let set: Value = serde_json::from_str(&of_two_trusts(kind, ["RZ99", "RZ98"])).unwrap();
        let bundle =
            |kind: &str| serde_json::json!({ "resourceType": "Bundle", "type": kind, "entry": [{ "resource": set }] });
        let collection = bundle("collection");
        let untold = format!(r#"{{"entry":{},"type":"collection","resourceType":"Bundle"}}"#, collection["entry"]);
        let deep = serde_json::json!({ "resourceType": "Parameters", "parameter": [{ "name": "a", "part": [{ "name": "b", "resource": collection }] }] });
        let list = serde_json::json!([set]);
        for within in [list, collection.clone(), bundle("transaction"), bundle("batch"), deep]
            .iter()
            .map(Value::to_string)
            .chain([untold])
        {
            let (status, body) = house.post("/fhir", "application/fhir+json", &bearer, within.as_bytes()).await;
            assert_eq!((status, house.spooled()), (400, 0), "{kind}: {body}");
            assert!(body.contains("stands within another"), "{body}");
        }
    }
}

#[tokio::test]
async fn a_set_of_what_tells_of_nobody_is_taken_whichever_sort_it_is() {
    let house = House::new().await;
    let bearer = format!("authorization: Bearer {TOKEN}\r\n");
    for kind in ["batch", "transaction"] {
        let request = serde_json::json!({ "method": "PUT", "url": "Organization/o" });
        let trust = serde_json::json!({ "resourceType": "Organization", "id": "o", "name": "Invented Trust" });
        let set = serde_json::json!({ "resourceType": "Bundle", "type": kind, "entry": [{ "request": request, "resource": trust }] });
        let (status, body) = house.post("/fhir", "application/fhir+json", &bearer, set.to_string().as_bytes()).await;
        assert_eq!((status, body.contains("202 Accepted")), (200, true), "{kind}: {body}");
    }
    assert_eq!(house.spooled(), 2);
}

#[tokio::test]
async fn a_key_has_one_answer() {
    let house = House::new().await;
    let further = format!("authorization: Bearer {TOKEN}\r\nidempotency-key: one\r\n");
    let message = golden("messages/01-vaccinated.json");
    let first = house.post("/fhir", "application/fhir+json", &further, &message).await;
    assert_eq!(house.post("/fhir", "application/fhir+json", &further, &message).await, first);
    assert_eq!(house.spooled(), 1);
    let other = golden("messages/02-not-given.json");
    assert_ne!(house.post("/fhir", "application/fhir+json", &further, &other).await.0, 200);
}

#[test]
fn a_search_asks_for_what_changed_and_follows_its_pages() {
    let search = FhirSearch { overlap: Duration::from_secs(60) };
    let base = Url::parse("https://fhir.invented.example/r4/Immunization?_count=2").unwrap();
    assert_eq!(search.first(&base, None), base);
    let since = search.first(&base, Some("2026-01-31T09:30:00Z"));
    assert_eq!(since.query(), Some("_count=2&_lastUpdated=ge2026-01-31T09%3A30%3A00Z"));
    let page = Fetched {
        url: &base,
        media_type: "application/fhir+json",
        next: None,
        turn_began: "2026-01-31T10:00:00Z".parse().unwrap(),
        cursor: None,
    };
    let read = |text: &str| search.read(&page, &mut text.as_bytes());
    let told = read(
        r#"{"resourceType":"Bundle","type":"searchset","link":[{"relation":"next","url":"?page=2"}],"entry":[{"resource":{"resourceType":"Patient"}}]}"#,
    );
    let told = told.unwrap();
    assert_eq!((told.next.as_deref(), told.is_empty), (Some("?page=2"), false));
    assert_eq!(told.cursor.as_deref(), Some("2026-01-31T09:59:00Z"));
    assert!(read(r#"{"resourceType":"Bundle","type":"searchset","total":0}"#).unwrap().is_empty);
    for wrong in ["", "<html>", r#"{"resourceType":"OperationOutcome"}"#, r#"{"resourceType":"Bundle","entry":[{"#] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn a_transaction_is_one_wherever_it_says_so() {
    let house = House::new().await;
    let bearer = format!("authorization: Bearer {TOKEN}\r\n");
    let child = r#"{"request":{"method":"PUT","url":"Patient/1"},"resource":{"resourceType":"Patient","id":"1","birthDate":"2020-01-01","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990123454"}],"managingOrganization":{"identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"RZ99"}}}}"#;
    let asks = r#"{"request":{"method":"GET","url":"Patient/1"}}"#;
    // None of these says what it is in, and one of them stands first.
    let hollow = [r#"{"fullUrl":"urn:uuid:1"}"#, "{}", r#"{"fullUrl":"urn:uuid:1","resource":{}}"#, asks];
    for of in hollow {
        for kind in ["transaction", "batch"] {
            for entries in [format!("{of},{child}"), format!("{child},{of}")] {
                for text in [
                    format!(r#"{{"entry":[{entries}],"resourceType":"Bundle","type":"{kind}"}}"#),
                    format!(r#"{{"type":"{kind}","entry":[{entries}],"resourceType":"Bundle"}}"#),
                    format!(r#"{{"resourceType":"Bundle","entry":[{entries}],"type":"{kind}"}}"#),
                    format!(r#"{{"entry":[{entries}],"type":"{kind}"}}"#),
                ] {
                    let spooled = house.spooled();
                    let (status, body) = house.post("/fhir", "application/fhir+json", &bearer, text.as_bytes()).await;
                    let said: Value = serde_json::from_str(&body).unwrap();
                    let is_answered = said["type"] == "batch-response" && said["entry"].as_array().unwrap().len() == 2;
                    match kind {
                        "batch" if is_answered => {
                            assert_eq!((status, house.spooled()), (200, spooled + 1), "{text}: {body}")
                        }
                        _ => assert_eq!((status, house.spooled()), (400, spooled), "{text}: {body}"),
                    }
                }
            }
        }
    }
    let spooled = house.spooled();
    let twice = format!(r#"{{"entry":[{child}],"id":"1","id":"2","resourceType":"Bundle","type":"transaction"}}"#);
    let (status, body) = house.post("/fhir", "application/fhir+json", &bearer, twice.as_bytes()).await;
    assert_eq!((status, house.spooled()), (400, spooled), "{body}");
}
