//! A client that means harm, or is merely broken, gets a refusal that costs little and says nothing.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use projection::serve::page::TOKEN_BYTES;
use prost::Message as _;
use proto::events::{Scheme, Subject};
use proto::sharing::Purpose;
use proto::timeline::{
    ExplainDecisionRequest, GetFamilyRequest, GetInvolvementRequest, GetTimelineRequest, WatchTimelineRequest,
};
use rcgen::{CertificateParams, KeyPair};
use serde_json::json;
use tonic::{Code, Status};

use crate::harness::{Child, Place, ask, canonical, channel, client, line_with, request};

fn reason(status: &Status) -> &str {
    status.metadata().get("throughline-denial-reason").map_or("", |value| value.to_str().unwrap())
}

/// A token of the organisation's own issuer that ended an hour ago.
fn expired(place: &Place, organisation: &str) -> String {
    let key = place.path("here/organisations").join(organisation).join("token-issuer.key");
    let key = EncodingKey::from_ed_pem(&std::fs::read(key).unwrap()).unwrap();
    let claims = json!({
        "iss": format!("https://id.{organisation}.invalid"), "aud": "throughline", "sub": "invented.reader",
        "exp": std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() - 3_600,
        "roles": ["safeguarding"], "active": true, "trained": true,
    });
    encode(&Header::new(Algorithm::EdDSA), &claims, &key).unwrap()
}

/// A certificate that carries the organisation's name, from an authority of the client's own.
fn self_made(organisation: &str) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec![format!("{organisation}.invalid")]).unwrap().self_signed(&key).unwrap();
    (certificate.pem(), key.serialize_pem())
}

async fn refused(place: &Place, organisation: &str, token: Option<&str>, request: GetTimelineRequest) -> Status {
    client(place, organisation, token).await.get_timeline(request).await.map(|_| ()).expect_err("it was answered")
}

/// The calls beside `GetTimeline` refuse whoever it refuses.
async fn every_call_asks_who(place: &Place, organisation: &str, token: Option<&str>, child: &Child) {
    let mut client = client(place, organisation, token).await;
    let (child, purpose) = (Some(child.clone()), Purpose::EducationProvision.into());
    let watch = WatchTimelineRequest { child: child.clone(), purpose, ..WatchTimelineRequest::default() };
    let explain = ExplainDecisionRequest { decision_id: vec![0; 16], purpose: 0 };
    let refusals = [
        client.get_involvement(GetInvolvementRequest { child: child.clone(), purpose }).await.err(),
        client.get_family(GetFamilyRequest { child, purpose }).await.err(),
        client.watch_timeline(watch).await.err(),
        client.explain_decision(explain).await.err(),
    ];
    for status in refusals {
        let status = status.expect("it was answered");
        assert_eq!((status.code(), reason(&status)), (Code::Unauthenticated, "TOKEN_REFUSED"));
    }
}

/// Whether a certificate, or none, gets as far as an answer. TLS 1.3 lets a client believe that it is connected until it
/// reads, so it has to ask.
async fn is_let_in(place: &Place, identity: Option<(String, String)>, child: &Child) -> bool {
    let Ok(channel) = channel(place, identity).await else { return false };
    let mut client = proto::timeline::timelines_client::TimelinesClient::new(channel);
    match client.get_timeline(request(child, Purpose::EarlyHelp)).await {
        Ok(_) => true,
        // An answer of the service itself carries its reason.
        Err(status) => !reason(&status).is_empty(),
    }
}

#[test]
fn every_way_in_but_the_door_is_closed_and_the_process_stays_well() {
    let place = Place::new(30, 4);
    // So few that a busy machine answers more.
    place.configure("[serve]\n", "[serve]\nrequests_per_second_max = 20\n");
    let mut running = place.up();
    place.record_facts();
    place.drop_authority();
    place.settle();
    let school = place.demo_organisation("school");
    let outsider = place.demo_organisation("unrelated");
    let child = place.demo_child("UPN");
    let good = || request(&child, Purpose::EducationProvision);
    let before = canonical(&ask(&place, &school, &child, Purpose::EducationProvision).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        assert!(!is_let_in(&place, None, &child).await, "without a certificate");
        assert!(!is_let_in(&place, Some(self_made(&school)), &child).await, "with one of another authority");
        assert!(is_let_in(&place, Some(place.certificate(&school)), &child).await, "the check itself works");

        let (token, others) = (place.token(&school), place.token(&outsider));
        let expired = expired(&place, &school);
        for (what, token) in
            [("none", None), ("expired", Some(&*expired)), ("another's", Some(&*others)), ("no token", Some("x"))]
        {
            let status = refused(&place, &school, token, good()).await;
            assert_eq!((status.code(), reason(&status)), (Code::Unauthenticated, "TOKEN_REFUSED"), "{what}");
            every_call_asks_who(&place, &school, token, &child).await;
        }
        for purpose in [0, 999] {
            let status = refused(&place, &school, Some(&token), GetTimelineRequest { purpose, ..good() }).await;
            assert_eq!((status.code(), reason(&status)), (Code::InvalidArgument, "PURPOSE_MISSING"));
        }
        let status =
            refused(&place, &school, Some(&token), GetTimelineRequest { page_token: vec![7; TOKEN_BYTES], ..good() })
                .await;
        assert_eq!(reason(&status), "PAGE_TOKEN_REFUSED");
        let status = refused(&place, &school, Some(&token), GetTimelineRequest { page_size: 501, ..good() }).await;
        assert_eq!(reason(&status), "REQUEST_MALFORMED");
        let huge = GetTimelineRequest { page_token: vec![0; 1 << 20], ..good() };
        let status = refused(&place, &school, Some(&token), huge).await;
        assert!(!status.message().contains(&child.value), "{}", status.message());

        a_thousand_guesses(&place, &outsider, &child).await;
    });
    slow_and_strange(&place);

    assert!(running.is_alive());
    let after = canonical(&ask(&place, &school, &child, Purpose::EducationProvision).unwrap());
    assert_eq!(after, before, "a good reader is answered as before");
    // Its clients are still connected, and say nothing any more.
    let told = Instant::now();
    running.stop();
    assert!(told.elapsed() < Duration::from_secs(20), "a silent client held up the end for {:?}", told.elapsed());
    drop(runtime);
    line_with(&place.ours(&["verify"]), "verify: ok");
}

/// An outsider who tries numbers learns nothing from any: a child of whom they may see nothing answers as one who is not
/// there, and after a while the caller is told to come back later.
async fn a_thousand_guesses(place: &Place, outsider: &str, child: &Child) {
    let mut client = client(place, outsider, Some(&place.token(outsider))).await;
    let hidden = client.get_timeline(request(child, Purpose::EarlyHelp)).await.unwrap().into_inner();
    let mut limited = 0;
    for guess in 0..1_000 {
        let number = format!("{:010}", 9_990_100_000_u64 + guess * 37);
        let guessed = Subject { scheme: Scheme::NhsNumber.into(), issuer: "nhs".into(), value: number };
        match client.get_timeline(request(&guessed, Purpose::EarlyHelp)).await {
            Ok(answer) => {
                let answer = answer.into_inner();
                assert_eq!(answer.encoded_len(), hidden.encoded_len());
                assert_eq!(canonical(&answer), canonical(&hidden));
            }
            Err(status) => {
                assert_eq!((status.code(), reason(&status)), (Code::ResourceExhausted, "RATE_LIMITED"));
                limited += 1;
            }
        }
    }
    assert!(limited > 0, "a caller may ask 20 times a second, and 40 at once");
}

/// Connections that say nothing, say it slowly, or speak another language hold nobody up.
fn slow_and_strange(place: &Place) {
    let open: Vec<TcpStream> = (0..50)
        .map(|_| {
            let mut stream = TcpStream::connect(("127.0.0.1", place.port)).unwrap();
            // The first byte of a TLS record, and no more.
            stream.write_all(&[0x16]).unwrap();
            stream
        })
        .collect();
    let mut plain = TcpStream::connect(("127.0.0.1", place.port)).unwrap();
    plain.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _closed_or_reset = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "it answers without TLS");
    let school = place.demo_organisation("school");
    ask(place, &school, &place.demo_child("UPN"), Purpose::EducationProvision).unwrap();
    drop(open);
}
