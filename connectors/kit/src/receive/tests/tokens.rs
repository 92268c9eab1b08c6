//! Callers that ask for a token before they post.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

const TOKENS: &str = "/oauth2/v2.0/token";

/// Takes files of callers that ask first.
struct AsksFirst;

impl Receives for AsksFirst {
    fn media_types(&self) -> &'static [MediaType] {
        &[CSV]
    }

    fn token_path(&self) -> Option<&'static str> {
        Some(TOKENS)
    }
}

async fn house() -> House {
    let dir = tempfile::tempdir().unwrap();
    papers(dir.path());
    House::open(dir, Arc::new(AsksFirst), |_| {}).await
}

async fn asked(house: &House, more: &str, form: &str) -> Said {
    let head = format!(
        "POST {TOKENS} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\n{more}content-length: {}\r\n\
         connection: close\r\n\r\n{form}",
        form.len()
    );
    house.raw(head.as_bytes()).await
}

fn form(id: &str, secret: &str) -> String {
    format!("grant_type=client_credentials&client_id={id}&client_secret={secret}&scope=api%3A%2F%2Fchildren%2F.default")
}

fn error(said: &Said) -> (u16, String) {
    let told: serde_json::Value = serde_json::from_str(&said.body).unwrap();
    assert!(told.get("access_token").is_none() && said.header("cache-control") == Some("no-store"), "{said:?}");
    (said.status, told["error"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_caller_that_asks_for_a_token_first_posts_with_what_it_is_given() {
    let house = house().await;
    let by_header = format!("authorization: Basic {}\r\n", STANDARD.encode(format!("one:{}", token("one"))));
    for said in [
        asked(&house, "", &form("one", &token("one"))).await,
        asked(&house, &by_header, "grant_type=client_credentials").await,
    ] {
        assert_eq!((said.status, said.header("cache-control")), (200, Some("no-store")), "{said:?}");
        let told: serde_json::Value = serde_json::from_str(&said.body).unwrap();
        assert_eq!((told["token_type"].as_str(), told["expires_in"].as_u64()), (Some("Bearer"), Some(3_600)));
        let given = told["access_token"].as_str().unwrap();
        let post = String::from_utf8(request("one", "key", BODY)).unwrap().replace(&token("one"), given);
        assert_eq!(house.raw(post.as_bytes()).await.status, 202);
    }
    assert_eq!(house.spooled().len(), 1, "the same key is the same post");
}

#[tokio::test]
async fn nobody_else_is_given_one_and_is_told_no_more_than_that() {
    let house = house().await;
    let right = token("one");
    let basic = |text: String| format!("authorization: Basic {}\r\n", STANDARD.encode(text));
    let credentials = "grant_type=client_credentials".to_owned();
    for (more, form, expected) in [
        (String::new(), form("one", &token("other")), (401, "invalid_client")),
        (String::new(), form("other", &right), (401, "invalid_client")),
        (String::new(), form("nobody", &right), (401, "invalid_client")),
        // Who is known by a certificate alone has no secret.
        (String::new(), form("by-certificate", ""), (401, "invalid_client")),
        (String::new(), credentials.clone(), (401, "invalid_client")),
        (basic(format!("one:{}", token("other"))), credentials.clone(), (401, "invalid_client")),
        ("authorization: Basic ????\r\n".to_owned(), credentials.clone(), (401, "invalid_client")),
        (format!("authorization: Bearer {right}\r\n"), credentials.clone(), (401, "invalid_client")),
        (basic(format!("one:{right}")), form("one", &right), (400, "invalid_request")),
        (String::new(), form("one", &right).replace("client_credentials", "password"), (400, "unsupported_grant_type")),
        (String::new(), format!("{}&client_id=one", form("one", &right)), (400, "invalid_request")),
        (String::new(), format!("client_id=one&client_secret={right}"), (400, "invalid_request")),
        (String::new(), format!("{}&x={}", form("one", &right), "x".repeat(9_000)), (400, "invalid_request")),
    ] {
        let said = asked(&house, &more, &form).await;
        assert_eq!(error(&said), (expected.0, expected.1.to_owned()), "{form}");
        assert!(!said.body.contains(&right));
    }
    let get = format!("GET {TOKENS}?{} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n", form("one", &right));
    assert_eq!(error(&house.raw(get.as_bytes()).await).0, 405);
    // A secret that is withdrawn is given back to nobody.
    std::fs::write(house.dir.path().join("one.sha256"), digest("another")).unwrap();
    assert_eq!(error(&asked(&house, "", &form("one", &right)).await).0, 401);
    // And where the connector's callers bring their token themselves there is no such place.
    let plain = House::new().await;
    asked(&plain, "", &form("one", &right)).await.refused(401, "CALLER_UNKNOWN");
}
