//! Against a server of this machine that says what the test has it say, some of it over TLS.

use std::path::Path;
use std::sync::Mutex;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use runtime::tls::{Clients, Tls, accept};
use tokio::net::TcpListener;

use super::*;
use crate::spool::list;

/// What a server is asked, and what it says to each in turn.
#[derive(Clone, Default)]
struct Script(Arc<Mutex<(Vec<Said>, Vec<String>)>>);

#[derive(Clone)]
struct Said {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: &'static str,
}

fn said(status: u16, headers: &[(&'static str, &str)], body: &'static str) -> Said {
    Said { status, headers: headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(), body }
}

async fn answer(State(script): State<Script>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 16).await.unwrap();
    let header = |name: &str| head.headers.get(name).map_or("-", |value| value.to_str().unwrap()).to_owned();
    let path = head.uri.path_and_query().map_or("", |path| path.as_str());
    let (who, etag) = (header("authorization"), header("if-none-match"));
    let mut script = script.0.lock().unwrap();
    script.1.push(format!("{path} {who} {etag} {}", String::from_utf8_lossy(&body)).trim_end().to_owned());
    let next = if script.0.is_empty() { said(500, &[], "") } else { script.0.remove(0) };
    let mut response = Response::builder().status(next.status);
    for (name, value) in next.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(next.body)).unwrap()
}

struct House {
    dir: tempfile::TempDir,
    base: Url,
    script: Script,
    _serving: tokio::task::JoinHandle<()>,
}

impl House {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = Url::parse(&format!("http://{}/files", listener.local_addr().unwrap())).unwrap();
        let script = Script::default();
        let router = Router::new().fallback(answer).with_state(script.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { dir: tempfile::tempdir().unwrap(), base, script, _serving: serving }
    }

    fn says(&self, said: &[Said]) {
        self.script.0.lock().unwrap().0.extend(said.iter().cloned());
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.script.0.lock().unwrap().1)
    }

    fn at(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    fn options(&self) -> Options {
        Options::of("toy", self.base.clone(), Credentials::default(), self.at("state/cursor"))
    }

    fn poll(&self) -> Poll {
        self.poll_with(self.options())
    }

    fn poll_with(&self, options: Options) -> Poll {
        let plain = Plain {
            since: Some("since".to_owned()),
            overlap: Duration::from_secs(60),
            file_name: "page.csv".to_owned(),
            accept: "text/csv".to_owned(),
        };
        Poll::open(Arc::new(plain), Spool::open(&self.at("drop")).unwrap(), options).unwrap()
    }

    fn spooled(&self) -> Vec<String> {
        let folders = list(&self.at("drop/spooled")).unwrap();
        folders.iter().map(|folder| std::fs::read_to_string(folder.join("page.csv")).unwrap()).collect()
    }
}

const DATE: (&str, &str) = ("date", "Thu, 15 Jan 2026 09:30:00 GMT");
const NEXT: (&str, &str) = ("link", "</first>; rel=\"first\", </files?page=2>; rel=\"next\"");

#[tokio::test]
async fn a_turn_follows_its_pages_and_the_next_begins_where_it_began() {
    let house = House::new().await;
    house.says(&[said(200, &[DATE, NEXT], "one"), said(200, &[], ""), said(200, &[DATE], "three")]);
    let poll = house.poll();
    assert_eq!(poll.once().await.unwrap(), Polled::Page { more: true });
    assert_eq!(poll.once().await.unwrap(), Polled::Nothing { more: false }, "the second page is empty");
    assert_eq!(house.poll().once().await.unwrap(), Polled::Page { more: false });
    assert_eq!(house.spooled(), ["one", "three"]);
    let since = "since=2026-01-15T09%3A29%3A00Z";
    assert_eq!(
        house.asked(),
        ["/files - -", "/files?page=2 - -", &format!("/files?{since} - -")],
        "a minute before it began"
    );
    assert!(list(&house.at("drop/staged")).unwrap().is_empty());
}

#[tokio::test]
async fn what_has_not_changed_is_not_taken_again() {
    let house = House::new().await;
    let plain =
        Plain { since: None, overlap: Duration::ZERO, file_name: "page.csv".to_owned(), accept: "*/*".to_owned() };
    house.says(&[said(200, &[("etag", "\"a\"")], "one"), said(304, &[], ""), said(200, &[("etag", "\"b\"")], "two")]);
    let poll = Poll::open(Arc::new(plain), Spool::open(&house.at("drop")).unwrap(), house.options()).unwrap();
    assert_eq!(poll.once().await.unwrap(), Polled::Page { more: false });
    assert_eq!(poll.once().await.unwrap(), Polled::Nothing { more: false });
    assert_eq!(poll.once().await.unwrap(), Polled::Page { more: false });
    assert_eq!(house.asked(), ["/files - -", "/files - \"a\"", "/files - \"a\""]);
    assert_eq!(house.spooled(), ["one", "two"]);
}

#[tokio::test]
async fn a_process_that_dies_between_the_page_and_the_cursor_repeats_a_page_and_skips_none() {
    let house = House::new().await;
    house.says(&[said(200, &[DATE, NEXT], "one"), said(200, &[DATE, NEXT], "one"), said(200, &[], "two")]);
    // The cursor cannot be written.
    std::fs::create_dir_all(house.at("state/cursor.part")).unwrap();
    assert!(matches!(house.poll().once().await, Err(PollError::Io { doing: "write the cursor", .. })));
    std::fs::remove_dir(house.at("state/cursor.part")).unwrap();
    // It dies while the page comes: nothing is in the spool, and the next asks for the same.
    std::fs::create_dir_all(house.at("drop/staged/00ff")).unwrap();
    let again = house.poll();
    assert!(list(&house.at("drop/staged")).unwrap().is_empty());
    let _pages = (again.once().await.unwrap(), house.poll().once().await.unwrap());
    assert_eq!(house.spooled(), ["one", "one", "two"]);
    assert_eq!(house.asked(), ["/files - -", "/files - -", "/files?page=2 - -"]);
}

#[tokio::test]
async fn a_page_that_has_gone_begins_its_turn_anew() {
    let house = House::new().await;
    house.says(&[said(200, &[DATE, NEXT], "one"), said(410, &[], ""), said(200, &[DATE], "one")]);
    let poll = house.poll();
    let _first = poll.once().await.unwrap();
    assert!(matches!(poll.once().await, Err(PollError::Status(410))));
    let _again = poll.once().await.unwrap();
    assert_eq!(house.asked(), ["/files - -", "/files?page=2 - -", "/files - -"]);
}

#[tokio::test]
async fn a_next_page_of_another_server_or_the_same_again_is_not_followed() {
    for next in [
        "<https://elsewhere.example/files>",
        "<//elsewhere.example/x>",
        "<http://user@127.0.0.1/>",
        "</files>",
        "<file:///etc/passwd>",
    ] {
        let house = House::new().await;
        let link = format!("{next}; rel=next");
        house.says(&[said(200, &[("link", &link)], "one")]);
        assert!(matches!(house.poll().once().await, Err(PollError::Next)), "{next}");
        assert!(house.spooled().is_empty() && house.asked().len() == 1, "{next}");
    }
}

#[tokio::test]
async fn whatever_else_it_answers_is_told_and_moves_nothing() {
    for (status, code) in [
        (429, "BUSY"),
        (503, "BUSY"),
        (401, "REFUSED"),
        (403, "REFUSED"),
        (302, "UNEXPECTED_STATUS"),
        (304, "UNEXPECTED_STATUS"),
        (404, "UNEXPECTED_STATUS"),
        (206, "UNEXPECTED_STATUS"),
    ] {
        let house = House::new().await;
        house.says(&[said(status, &[("location", "http://127.0.0.1:1/"), ("retry-after", "7")], "x")]);
        let error = house.poll().once().await.unwrap_err();
        assert_eq!(error.code(), code, "{status}");
        if status == 429 {
            assert!(matches!(error, PollError::Busy { retry_after: Some(wait), .. } if wait.as_secs() == 7));
        }
        assert!(house.spooled().is_empty() && !house.at("state/cursor").exists(), "{status}");
    }
    let house = House::new().await;
    house.says(&[said(200, &[], "a page that is too long")]);
    let error = house.poll_with(Options { page_bytes_max: 10, ..house.options() }).once().await.unwrap_err();
    assert!(matches!(error, PollError::TooLarge(10)));
    let gone = Options { base: Url::parse("http://127.0.0.1:1/").unwrap(), ..house.options() };
    assert!(matches!(house.poll_with(gone).once().await, Err(PollError::Unreachable(_))));
    assert!(list(&house.at("drop/staged")).unwrap().is_empty() && house.spooled().is_empty());
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_page() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let house = House::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        for said in [
            "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf",
        ] {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _request = stream.read(&mut [0; 1_024]).await.unwrap();
            stream.write_all(said.as_bytes()).await.unwrap();
        }
    });
    let poll = house.poll_with(Options { base, ..house.options() });
    for _ in 0..2 {
        let error = poll.once().await.unwrap_err();
        assert!(matches!(error, PollError::Unreachable(_)), "{error}");
    }
    assert!(house.spooled().is_empty() && list(&house.at("drop/staged")).unwrap().is_empty());
}

#[tokio::test]
async fn while_enough_waits_nothing_is_asked() {
    let house = House::new().await;
    house.says(&[said(200, &[DATE, NEXT], "one"), said(200, &[DATE], "two")]);
    let poll = house.poll_with(Options { waiting_max: 1, ..house.options() });
    let _first = poll.once().await.unwrap();
    assert_eq!(poll.once().await.unwrap(), Polled::Waiting);
    assert_eq!(house.asked().len(), 1);
}

#[tokio::test]
async fn the_wait_doubles_within_bounds_by_chance_and_heeds_what_the_server_says() {
    let house = House::new().await;
    let poll = house.poll_with(Options { backoff_max: Duration::from_secs(100), ..house.options() });
    let busy = |secs: Option<u64>| PollError::Busy { status: 429, retry_after: secs.map(Duration::from_secs) };
    let wait = |tries, chance, secs| poll.wait_after(&busy(secs), tries, chance).as_millis();
    assert_eq!([1, 2, 3, 4].map(|tries| wait(tries, u32::MAX, None)), [1_000, 2_000, 4_000, 8_000]);
    assert_eq!([1, 2, 3, 4].map(|tries| wait(tries, 0, None)), [500, 1_000, 2_000, 4_000]);
    assert_eq!([wait(60, u32::MAX, None), wait(u32::MAX, u32::MAX, None)], [100_000; 2]);
    assert_eq!([wait(1, 0, Some(30)), wait(1, 0, Some(9_999))], [30_000, 100_000]);
}

#[tokio::test]
async fn who_asks_stands_in_files_that_are_read_each_time() {
    let house = House::new().await;
    std::fs::write(house.at("token"), "first-token\n").unwrap();
    std::fs::write(house.at("headers"), "# invented\nSupplierKey: 7\n").unwrap();
    let credentials = Credentials {
        token_file: Some(house.at("token")),
        headers_file: Some(house.at("headers")),
        ..Credentials::default()
    };
    let poll = house.poll_with(Options { credentials, ..house.options() });
    house.says(&[said(200, &[], "one"), said(200, &[], "two")]);
    let _first = poll.once().await.unwrap();
    std::fs::write(house.at("token"), "second-token").unwrap();
    let _second = poll.once().await.unwrap();
    let asked = house.asked();
    assert!(asked[0].contains("Bearer first-token") && asked[1].contains("Bearer second-token"), "{asked:?}");
    std::fs::write(house.at("headers"), "no header").unwrap();
    let told = poll.once().await.unwrap_err();
    assert!(told.code() == "CREDENTIALS_UNUSABLE" && !told.to_string().contains("no header"), "{told}");
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_again_when_it_is_refused() {
    let house = House::new().await;
    std::fs::write(house.at("secret"), "an invented secret&more\n").unwrap();
    let oauth = OAuth {
        token_url: house.base.join("/token").unwrap(),
        client_id: "council".to_owned(),
        secret_file: house.at("secret"),
        scope: None,
    };
    let credentials = Credentials { oauth: Some(oauth), ..Credentials::default() };
    let poll = house.poll_with(Options { credentials, ..house.options() });
    let token = |body| said(200, &[("content-type", "application/json")], body);
    house.says(&[
        token("{\"access_token\":\"t1\",\"expires_in\":3600}"),
        said(200, &[], "one"),
        said(401, &[], ""),
        token("{\"access_token\":\"t2\"}"),
        said(200, &[], "two"),
        said(200, &[], "three"),
    ]);
    let _one = poll.once().await.unwrap();
    assert!(matches!(poll.once().await, Err(PollError::Refused(401))));
    let _two = (poll.once().await.unwrap(), poll.once().await.unwrap());
    let who: Vec<String> =
        house.asked().iter().map(|asked| asked.split(' ').skip(1).take(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(who, ["- -", "Bearer t1", "Bearer t1", "- -", "Bearer t2", "Bearer t2"]);
    assert_eq!(house.spooled(), ["one", "two", "three"]);
}

#[tokio::test]
async fn nothing_is_asked_in_clear_or_of_whom_nobody_vouches_for() {
    let house = House::new().await;
    let open = |url: &str, ca: Option<&Path>| {
        let credentials = Credentials { ca: ca.map(Path::to_path_buf), ..Credentials::default() };
        let options = Options::of("toy", Url::parse(url).unwrap(), credentials, house.at("state/cursor"));
        let plain =
            Plain { since: None, overlap: Duration::ZERO, file_name: "page.csv".to_owned(), accept: "*/*".to_owned() };
        Poll::open(Arc::new(plain), Spool::open(&house.at("drop")).unwrap(), options)
    };
    assert_eq!(open("http://records.example/", None).err(), Some(ClientUnusable::InClear));
    assert_eq!(open("https://records.example/", None).err(), Some(ClientUnusable::InClear));
    assert_eq!(open("ftp://127.0.0.1/", None).err(), Some(ClientUnusable::InClear));
    assert!(matches!(open("https://records.example/", Some(&house.at("none.pem"))), Err(ClientUnusable::File(..))));

    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let (own, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    std::fs::write(house.at("ca.pem"), ca.self_signed(&own).unwrap().pem()).unwrap();
    std::fs::write(house.at("other-ca.pem"), ca.self_signed(&other).unwrap().pem()).unwrap();
    let issuer = Issuer::new(ca, own);
    let key = KeyPair::generate().unwrap();
    let issued = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    std::fs::write(house.at("server.pem"), issued.pem()).unwrap();
    std::fs::write(house.at("server.key"), key.serialize_pem()).unwrap();
    let tls = Tls {
        certificate: house.at("server.pem"),
        key: house.at("server.key"),
        clients: Clients::Unasked,
        protocols: vec![b"http/1.1".to_vec()],
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (give, mut given) = tokio::sync::mpsc::channel(4);
    tokio::spawn(accept(listener, tls.hold().unwrap(), give, CancellationToken::new()));
    let router = Router::new().fallback(answer).with_state(house.script.clone());
    tokio::spawn(async move {
        while let Some(Ok(stream)) = given.recv().await {
            let service = hyper_util::service::TowerToHyperService::new(router.clone());
            let served = hyper::server::conn::http1::Builder::new()
                .serve_connection(hyper_util::rt::TokioIo::new(stream), service);
            tokio::spawn(async move { served.await.is_ok() });
        }
    });
    let at = format!("https://localhost:{port}/files");
    house.says(&[said(200, &[], "over tls")]);
    assert_eq!(open(&at, Some(&house.at("ca.pem"))).unwrap().once().await.unwrap(), Polled::Page { more: false });
    assert_eq!(house.spooled(), ["over tls"]);
    for (url, ca) in [(at.as_str(), "other-ca.pem"), (&format!("https://127.0.0.1:{port}/files"), "ca.pem")] {
        let error = open(url, Some(&house.at(ca))).unwrap().once().await.unwrap_err();
        assert_eq!(error.to_string(), "the server does not answer (its certificate is not trusted)", "{url}");
    }
}
