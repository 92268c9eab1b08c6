//! A query of a SQL Server: what is asked, what becomes of the answer, and what is said when there is none.
//!
//! No real SQL Server takes part. The other end is `peer`, which speaks as much TDS as a refusal, a table or a broken line needs;
//! the values of every type are tested beside the code that writes them.
#![cfg(test)]
#![cfg(feature = "sql-server")]

mod peer;

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use connector_kit::SourceFile;
use mapped::sql::{Connection, ConnectionUnusable, Engine, Options, Polled, SqlError, poll_once};
use mapped::{Mapping, try_out};
use peer::{Login, Peer, Reply, Script, Visit, certificate};

/// The 5th of January 2026, since the year one.
const DAY: u32 = 739_620;

fn mapping(cursor: &str) -> Mapping {
    let delivery = if cursor.is_empty() {
        "kind = \"snapshot\""
    } else {
        "kind = \"changes\"\nas_of = { column = \"changed_at\" }"
    };
    let text = format!(
        "name = \"social-care-visits\"\nabout = \"Visits (invented)\"\nrevision = 1\ncontroller = \"la-878-early-help\"\nkey = [\"visit\"]\n\
         [source]\nformat = \"sql\"\nquery = \"SELECT * FROM dbo.Visits;\"\n{cursor}ignore = [\"changed_at\"]\n[delivery]\n{delivery}\n\
         [subject]\nscheme = \"la_child_id\"\nissuer = \"878\"\ncolumn = \"child\"\n[[event]]\nbecomes = \"ServiceAttended\"\n\
         effective = \"attended_on\"\n[event.fields]\nspell = \"visit\"\nattended_on = \"on_day\"\n"
    );
    Mapping::parse(&text).unwrap_or_else(|unusable| panic!("{unusable}")).mapping
}

fn text(port: u16) -> String {
    format!("host=127.0.0.1 port={port} user=reader password='CANARY pass' dbname=cases")
}

fn options(port: u16, ca: Option<&Path>, folder: &Path) -> Options {
    Options {
        connection: Connection::of(Engine::SqlServer, &text(port), ca).unwrap(),
        folder: folder.join("drop"),
        state: folder.join("state"),
        poll: Duration::from_millis(20),
        backoff_max: Duration::from_millis(50),
        rows_max: 2,
        settle: Duration::from_secs(10),
    }
}

fn script(replies: Vec<Reply>) -> Script {
    Script { tls: None, login: Login::Welcome, replies }
}

/// Every row of the folder's files, read by the mapping: their keys. The files are taken away.
fn taken(mapping: &Mapping, folder: &Path) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for entry in std::fs::read_dir(folder.join("drop/incoming")).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let tried = try_out(mapping, SourceFile { name: "page.csv".into(), bytes: Box::new(bytes.as_slice()) });
        assert_eq!(tried.said.rejections, [], "{}", String::from_utf8_lossy(&bytes));
        keys.extend(tried.said.drafts.into_iter().map(|draft| draft.record_key));
        std::fs::remove_file(path).unwrap();
    }
    keys
}

fn nothing_came(folder: &Path) {
    assert!(std::fs::read_dir(folder.join("drop/incoming")).unwrap().next().is_none(), "a half-written page was left");
    assert!(!folder.join("state/cursor").exists(), "the cursor moved though nothing came");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_follow_the_cursor_and_are_what_the_mapping_reads() {
    let folder = tempfile::tempdir().unwrap();
    let mapping = mapping("cursor = \"changed_at\"\n");
    let visits: Vec<Visit> = vec![(1, Some("C1"), DAY, 9), (2, Some("Zoë"), DAY, 10)];
    let peer = Peer::start(vec![
        script(vec![Reply::Rows(Vec::new()), Reply::Rows(visits)]),
        script(vec![Reply::Rows(Vec::new()), Reply::Rows(vec![(3, Some("C3"), DAY, 11)])]),
        script(vec![Reply::Rows(Vec::new()), Reply::Rows(Vec::new())]),
    ]);
    let options = options(peer.port, None, folder.path());
    assert_eq!(poll_once(&mapping, &options, 1).await.unwrap(), Polled::FullPage(2));
    assert_eq!(std::fs::read_to_string(options.state.join("cursor")).unwrap(), "2026-01-01 10:00:00");
    assert_eq!(poll_once(&mapping, &options, 2).await.unwrap(), Polled::Rows(1));
    assert_eq!(poll_once(&mapping, &options, 3).await.unwrap(), Polled::Nothing);
    let expected = ["C1/service-attended/1", "C3/service-attended/3", "ZOË/service-attended/2"];
    assert_eq!(taken(&mapping, folder.path()), expected.map(str::to_owned).into());
    let asked = peer.asked.lock().unwrap();
    assert!(asked[0].ends_with("SELECT TOP (0) * FROM (SELECT * FROM dbo.Visits) AS source"), "{}", asked[0]);
    let first = "SELECT TOP (2) WITH TIES * FROM (SELECT * FROM dbo.Visits) AS source WHERE [changed_at] IS NOT NULL \
                 AND [changed_at] <= DATEADD(millisecond, -10000, SYSUTCDATETIME()) ORDER BY [changed_at]";
    assert!(asked[1].ends_with(first), "{}", asked[1]);
    assert!(asked[3].contains("[changed_at] > CAST(@P1 AS datetime2(7))"), "{}", asked[3]);
    assert!(asked[3].contains("2026-01-01T10:00:00"), "the last cursor goes as a parameter: {}", asked[3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_cursor_the_same_rows_are_no_new_file() {
    let folder = tempfile::tempdir().unwrap();
    let mapping = mapping("");
    let same = || script(vec![Reply::Rows(Vec::new()), Reply::Rows(vec![(1, Some("C1"), DAY, 9)])]);
    let peer = Peer::start(vec![same(), same()]);
    let options = options(peer.port, None, folder.path());
    assert_eq!(poll_once(&mapping, &options, 1).await.unwrap(), Polled::Rows(1));
    assert_eq!(poll_once(&mapping, &options, 2).await.unwrap(), Polled::Nothing);
    assert_eq!(taken(&mapping, folder.path()).len(), 1);
    assert!(peer.asked.lock().unwrap()[1].ends_with("SELECT * FROM (SELECT * FROM dbo.Visits) AS source"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_breaks_inside_a_row_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mapping = mapping("cursor = \"changed_at\"\n");
    let peer = Peer::start(vec![script(vec![
        Reply::Rows(Vec::new()),
        Reply::Broken(vec![(1, Some("C1"), DAY, 9), (2, None, DAY, 9)]),
    ])]);
    let broken = poll_once(&mapping, &options(peer.port, None, folder.path()), 1).await.unwrap_err();
    assert!(matches!(&broken, SqlError::Query(_)), "{broken}");
    nothing_came(folder.path());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_say_what_to_do_and_repeat_no_value() {
    let mapping = mapping("cursor = \"changed_at\"\n");
    for (login, replies, expected) in [
        (Login::Refused(18456), vec![], "error 18456: the user or the password is not right"),
        (Login::Refused(4060), vec![], "error 4060: the login may not open the database"),
        (Login::Refused(40613), vec![], "error 40613"),
        // Without a certificate nobody is followed to another machine.
        (Login::Elsewhere(1), vec![], "sends its clients to another machine"),
        (Login::Welcome, vec![Reply::Error(208)], "(error 208): ask it by hand"),
        (Login::Welcome, vec![Reply::Rows(Vec::new()), Reply::Error(245)], "(error 245): ask it by hand"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let peer = Peer::start(vec![Script { tls: None, login, replies }]);
        let refused = poll_once(&mapping, &options(peer.port, None, folder.path()), 1).await.unwrap_err();
        assert!(refused.to_string().contains(expected), "{refused}");
        assert!(!format!("{refused} {refused:?}").contains("CANARY"), "{refused:?}");
        nothing_came(folder.path());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_sql_server_is_told_as_that() {
    let mapping = mapping("");
    let folder = tempfile::tempdir().unwrap();
    // Nothing listens, and for as long as the port is held nothing else can.
    let held = tokio::net::TcpSocket::new_v4().unwrap();
    held.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let closed = held.local_addr().unwrap().port();
    let refused = poll_once(&mapping, &options(closed, None, folder.path()), 1).await.unwrap_err();
    assert!(matches!(&refused, SqlError::Connect(kind) if kind == "connection refused"), "{refused}");
    // Something hangs up, and something speaks another language.
    for answer in ["", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut first = [0; 64];
            let _read = stream.read(&mut first).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let refused = poll_once(&mapping, &options(port, None, folder.path()), 1).await.unwrap_err();
        assert!(matches!(&refused, SqlError::Connect(_)), "{refused}");
    }
    nothing_came(folder.path());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_is_of_the_named_certificates_or_there_is_no_connection() {
    let mapping = mapping("");
    let folder = tempfile::tempdir().unwrap();
    let (ca, tls) = certificate();
    let (other, _) = certificate();
    let (trusted, stranger) = (folder.path().join("ca.pem"), folder.path().join("other.pem"));
    std::fs::write(&trusted, ca).unwrap();
    std::fs::write(&stranger, other).unwrap();
    let rows = || vec![Reply::Rows(Vec::new()), Reply::Rows(vec![(1, Some("C1"), DAY, 9)])];
    let spoken = || Script { tls: Some(tls.clone()), login: Login::Welcome, replies: rows() };
    let peer = Peer::start(vec![spoken(), spoken(), script(rows())]);

    let refused = poll_once(&mapping, &options(peer.port, Some(&stranger), folder.path()), 1).await.unwrap_err();
    assert!(matches!(&refused, SqlError::Connect(why) if why.contains("not signed by the `ca`")), "{refused}");
    nothing_came(folder.path());
    let right = options(peer.port, Some(&trusted), folder.path());
    assert_eq!(poll_once(&mapping, &right, 2).await.unwrap(), Polled::Rows(1));
    // One that has no encryption is not spoken to in clear.
    let refused = poll_once(&mapping, &right, 3).await.unwrap_err();
    assert!(matches!(&refused, SqlError::Connect(why) if why.contains("takes no encryption")), "{refused}");
    assert_eq!(peer.asked.lock().unwrap().len(), 2, "it was asked before it was known");

    // One that sends those who only read to another machine.
    let other = Peer::start(vec![spoken()]);
    let sent = Script { tls: Some(tls.clone()), login: Login::Elsewhere(other.port), replies: Vec::new() };
    let group = Peer::start(vec![sent]);
    let folder = tempfile::tempdir().unwrap();
    let through = options(group.port, Some(&trusted), folder.path());
    assert_eq!(poll_once(&mapping, &through, 4).await.unwrap(), Polled::Rows(1));
    assert_eq!((group.asked.lock().unwrap().len(), other.asked.lock().unwrap().len()), (0, 2));
}

#[test]
fn what_says_where_it_is_is_checked_before_it_is_used() {
    let of = |text: &str| Connection::of(Engine::SqlServer, text, None).err();
    assert_eq!(of("host=127.0.0.1 user=reader password=x dbname=cases"), None);
    for incomplete in [
        "host=127.0.0.1 user=reader dbname=cases",
        "host=127.0.0.1 password=x dbname=cases",
        "host=127.0.0.1 user=reader password=x",
        "host=127.0.0.1,127.0.0.1 user=reader password=x dbname=cases",
    ] {
        assert_eq!(of(incomplete), Some(ConnectionUnusable::SqlServer), "{incomplete}");
    }
    assert_eq!(of("host=db.example user=reader password=x dbname=cases"), Some(ConnectionUnusable::InClear));
    assert_eq!(of("Server=tcp:db.example;Database=cases"), Some(ConnectionUnusable::Malformed));
    assert_eq!("sql-server".parse(), Ok(Engine::SqlServer));
    assert_eq!("oracle".parse::<Engine>(), Err(ConnectionUnusable::Engine));
    let shown = format!("{:?}", Connection::of(Engine::SqlServer, &text(1), None).unwrap());
    assert!(!shown.contains("CANARY"), "{shown}");
}
