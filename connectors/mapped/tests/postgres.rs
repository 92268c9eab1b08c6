//! A query of a real PostgreSQL, polled: pages, cursors, TLS, and what happens when the database goes away.
//!
//! The tests start a server of their own, on a free port, and stop it. Where no PostgreSQL is installed (`deploy/postgres/setup`
//! installs one) they say so and pass; `THROUGHLINE_POSTGRES=required` makes that a failure.
#![cfg(test)]

use std::collections::BTreeSet;
use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use connector_kit::SourceFile;
use mapped::sql::{Connection, ConnectionUnusable, Engine, Options, Polled, SqlError, poll_once, run};
use mapped::{Mapping, try_out};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};
use tokio_util::sync::CancellationToken;

/// Where the server's programs are.
fn programs() -> Option<PathBuf> {
    let versions =
        std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = versions.chain(std::env::split_paths(&path)).collect();
    folders.retain(|folder| ["initdb", "pg_ctl", "postgres"].iter().all(|program| folder.join(program).exists()));
    if folders.is_empty() {
        assert_ne!(std::env::var("THROUGHLINE_POSTGRES").as_deref(), Ok("required"), "PostgreSQL is not installed");
        eprintln!("PostgreSQL is not installed: what SQL sources do is not tested (deploy/postgres/setup)");
    }
    folders.pop()
}

/// A server of this test.
struct Server {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
}

impl Server {
    /// `None` where there is no PostgreSQL. It refuses to run as root: a user of the system's runs it then.
    fn start() -> Option<Self> {
        let programs = programs()?;
        let folder = tempfile::Builder::new().prefix("throughline-postgres-").tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { programs, folder, port };
        let data = server.data();
        std::fs::create_dir(&data).unwrap();
        if let Some(user) = as_user() {
            std::fs::set_permissions(server.folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
            assert!(Command::new("chown").arg(user).arg(&data).status().unwrap().success());
        }
        server.call(
            "initdb",
            &[
                "--no-sync",
                "--auth=trust",
                "--username=tester",
                "--encoding=UTF8",
                "--no-locale",
                "-D",
                data.to_str().unwrap(),
            ],
        );
        // Signed by itself, for 127.0.0.1 and nobody else.
        let rcgen::CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        std::fs::write(server.certificate(), cert.pem()).unwrap();
        let (key, own) = (data.join("server.key"), data.join("server.crt"));
        std::fs::write(&key, signing_key.serialize_pem()).unwrap();
        std::fs::write(&own, cert.pem()).unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        if let Some(user) = as_user() {
            assert!(Command::new("chown").arg(user).args([&key, &own]).status().unwrap().success());
        }
        server.up();
        Some(server)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    fn up(&self) {
        let (data, port) = (self.data(), self.port);
        let options = format!("-p {port} -h 127.0.0.1 -c unix_socket_directories= -c fsync=off -c ssl=on");
        let log = data.join("log");
        self.call(
            "pg_ctl",
            &["-D", data.to_str().unwrap(), "-l", log.to_str().unwrap(), "-o", &options, "-w", "-t", "60", "start"],
        );
    }

    fn down(&self) {
        self.call("pg_ctl", &["-D", self.data().to_str().unwrap(), "-m", "immediate", "-w", "stop"]);
    }

    fn call(&self, program: &str, arguments: &[&str]) {
        let program = self.programs.join(program);
        let mut command = match as_user() {
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(program);
                command
            }
            None => Command::new(program),
        };
        let status =
            command.args(arguments).current_dir("/").stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(status.success(), "{arguments:?}");
    }

    fn text(&self) -> String {
        format!("host=127.0.0.1 port={} user=tester dbname=postgres", self.port)
    }

    async fn client(&self) -> Client {
        let (client, connection) = tokio_postgres::connect(&self.text(), NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.data().join("postmaster.pid").exists() {
            self.down();
        }
    }
}

/// The user that runs the server where the tests are root.
fn as_user() -> Option<&'static str> {
    let id = |arguments: &[&str]| Command::new("id").args(arguments).output().unwrap();
    let is_root = id(&["-u"]).stdout.starts_with(b"0\n");
    let there = |user: &&str| id(&["-u", user]).status.success();
    is_root.then(|| ["postgres", "nobody"].into_iter().find(there).unwrap())
}

const TABLE: &str =
    "CREATE TABLE visits (visit bigint, child text, on_day date, kind text, note text, changed_at timestamptz);
    INSERT INTO visits VALUES
    (1, 'C1', '2026-01-05', 'Seen', NULL, '2026-01-05 10:00:00.000001+00'),
    (2, 'C1', '2026-01-06', 'DNA', 'said \"no\", twice', '2026-01-06 10:00:00+00'),
    (3, 'C2', '2026-01-07', 'Seen', NULL, '2026-01-07 10:00:00+00'),
    (4, 'C2', '2026-01-08', 'Seen', NULL, '2026-01-07 10:00:00+00'),
    (5, 'C3', '2026-01-09', 'Seen', NULL, '2026-01-09 10:00:00+00')";

fn mapping(cursor: &str) -> Mapping {
    let delivery = if cursor.is_empty() {
        "kind = \"snapshot\""
    } else {
        "kind = \"changes\"\nas_of = { column = \"changed_at\" }"
    };
    let text = format!(
        "name = \"social-care-visits\"\nabout = \"Visits (invented)\"\nrevision = 1\ncontroller = \"la-878-early-help\"\nkey = [\"visit\"]\n\
         [source]\nformat = \"sql\"\nquery = \"SELECT * FROM visits;\"\n{cursor}ignore = [\"note\", \"changed_at\"]\n[delivery]\n{delivery}\n\
         [subject]\nscheme = \"la_child_id\"\nissuer = \"878\"\ncolumn = \"child\"\n[[event]]\nbecomes = \"ServiceAttended\"\n\
         effective = \"attended_on\"\n[event.fields]\nspell = \"visit\"\nattended_on = \"on_day\"\nattendance = \"kind\"\n"
    );
    Mapping::parse(&text).unwrap_or_else(|unusable| panic!("{unusable}")).mapping
}

fn options(server: &Server, folder: &Path, rows_max: u32) -> Options {
    Options {
        connection: Connection::of(Engine::Postgresql, &server.text(), None).unwrap(),
        folder: folder.join("drop"),
        state: folder.join("state"),
        poll: Duration::from_millis(20),
        backoff_max: Duration::from_millis(50),
        rows_max,
        settle: Duration::ZERO,
    }
}

/// The visits that stand in files of the drop folder, by their numbers, and the files taken away.
fn taken(mapping: &Mapping, options: &Options) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    let incoming = options.folder.join("incoming");
    // A poll that runs beside the test may not have made its folder yet.
    std::fs::create_dir_all(&incoming).unwrap();
    for entry in std::fs::read_dir(incoming).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "csv") {
            let mut bytes = Vec::new();
            std::fs::File::open(&path).unwrap().read_to_end(&mut bytes).unwrap();
            let tried = try_out(mapping, SourceFile { name: "page.csv".into(), bytes: Box::new(bytes.as_slice()) });
            assert_eq!(tried.said.rejections, [], "every row of a page is read");
            keys.extend(tried.said.drafts.into_iter().map(|draft| draft.record_key));
            std::fs::remove_file(path).unwrap();
        }
    }
    keys
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_reads_every_row_once_page_by_page() {
    let Some(server) = Server::start() else { return };
    let (folder, mapping) = (tempfile::tempdir().unwrap(), mapping("cursor = \"changed_at\"\n"));
    let client = server.client().await;
    client.batch_execute(TABLE).await.unwrap();
    let options = options(&server, folder.path(), 3);
    // Two rows have the cursor at the page's end: both are in it.
    assert_eq!(poll_once(&mapping, &options, 1).await.unwrap(), Polled::FullPage(4));
    assert_eq!(poll_once(&mapping, &options, 2).await.unwrap(), Polled::Rows(1));
    assert_eq!(taken(&mapping, &options).len(), 5);
    assert_eq!(poll_once(&mapping, &options, 3).await.unwrap(), Polled::Nothing);
    assert!(std::fs::read_dir(options.folder.join("incoming")).unwrap().next().is_none(), "no empty file is left");
    client
        .batch_execute("UPDATE visits SET kind = 'DNA', changed_at = '2026-01-10 10:00:00+00' WHERE visit = 1")
        .await
        .unwrap();
    assert_eq!(poll_once(&mapping, &options, 4).await.unwrap(), Polled::Rows(1));
    assert_eq!(taken(&mapping, &options), BTreeSet::from(["C1/service-attended/1".to_owned()]));

    // A process that died between the file and the cursor reads the page again: the same rows, and so the same events.
    std::fs::remove_file(options.state.join("cursor")).unwrap();
    assert_eq!(poll_once(&mapping, &options, 5).await.unwrap(), Polled::FullPage(3));
    // What is still being committed is left alone until it has settled.
    client.batch_execute("INSERT INTO visits VALUES (6, 'C4', '2026-01-11', 'Seen', NULL, now())").await.unwrap();
    let settling = Options { settle: Duration::from_secs(3_600), ..options.clone() };
    while poll_once(&mapping, &settling, 6).await.unwrap() != Polled::Nothing {}
    assert!(!taken(&mapping, &settling).contains("C4/service-attended/6"));
    assert_eq!(poll_once(&mapping, &options, 7).await.unwrap(), Polled::Rows(1));

    // While files wait, the database is not asked.
    for at in 0..4 {
        std::fs::write(options.folder.join(format!("incoming/waiting-{at}.csv")), "x").unwrap();
    }
    assert_eq!(poll_once(&mapping, &options, 8).await.unwrap(), Polled::Waiting);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_cursor_everything_comes_when_something_changed() {
    let Some(server) = Server::start() else { return };
    let (folder, mapping) = (tempfile::tempdir().unwrap(), mapping(""));
    let client = server.client().await;
    client.batch_execute(TABLE).await.unwrap();
    let options = options(&server, folder.path(), 3);
    assert_eq!(poll_once(&mapping, &options, 1).await.unwrap(), Polled::Rows(5), "a page has no end: the whole is one");
    assert_eq!(poll_once(&mapping, &options, 2).await.unwrap(), Polled::Nothing);
    client.batch_execute("DELETE FROM visits WHERE visit = 5").await.unwrap();
    assert_eq!(poll_once(&mapping, &options, 3).await.unwrap(), Polled::Rows(4));
    // What is read is only read.
    let writing =
        Mapping::parse(&text_of("WITH gone AS (DELETE FROM visits RETURNING *) SELECT * FROM gone")).unwrap().mapping;
    let refused = poll_once(&writing, &options, 4).await.unwrap_err();
    assert!(matches!(refused, SqlError::Query(_)), "{refused}");
    assert_eq!(client.query_one("SELECT count(*) FROM visits", &[]).await.unwrap().get::<_, i64>(0), 4);
}

fn text_of(query: &str) -> String {
    format!(
        "name = \"social-care-visits\"\nabout = \"x\"\nrevision = 1\ncontroller = \"x\"\nkey = [\"visit\"]\n[source]\nformat = \"sql\"\n\
         query = \"{query}\"\n[delivery]\nkind = \"snapshot\"\n[subject]\nscheme = \"la_child_id\"\nissuer = \"878\"\ncolumn = \"child\"\n\
         [[event]]\nbecomes = \"ServiceAttended\"\neffective = \"attended_on\"\n[event.fields]\nattended_on = \"on_day\"\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_to_whom_the_certificate_names_and_to_nobody_else() {
    let Some(server) = Server::start() else { return };
    let (folder, mapping) = (tempfile::tempdir().unwrap(), mapping("cursor = \"changed_at\"\n"));
    server.client().await.batch_execute(TABLE).await.unwrap();
    let options = options(&server, folder.path(), 100);
    let trusted = Connection::of(Engine::Postgresql, &server.text(), Some(&server.certificate())).unwrap();
    let over_tls = Options { connection: trusted, ..options.clone() };
    assert_eq!(poll_once(&mapping, &over_tls, 1).await.unwrap(), Polled::Rows(5));
    let other = folder.path().join("other.pem");
    std::fs::write(&other, rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap().cert.pem()).unwrap();
    let stranger = Connection::of(Engine::Postgresql, &server.text(), Some(&other)).unwrap();
    let refused = poll_once(&mapping, &Options { connection: stranger, ..options }, 2).await;
    assert!(matches!(refused, Err(SqlError::Connect(_))), "{refused:?}");
}

#[test]
fn rows_do_not_travel_in_clear() {
    let of = |text: &str| Connection::of(Engine::Postgresql, text, None).err();
    assert_eq!(of("host=db.example user=x password=CANARY"), Some(ConnectionUnusable::InClear));
    assert_eq!(of("host=127.0.0.1 user=x"), None);
    assert_eq!(of("nothing of the kind"), Some(ConnectionUnusable::Malformed));
    let shown =
        format!("{:?}", Connection::of(Engine::Postgresql, "host=localhost user=x password=CANARY", None).unwrap());
    assert!(!shown.contains("CANARY"), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_goes_away_is_waited_for_and_nothing_is_lost() {
    let Some(server) = Server::start() else { return };
    let (folder, mapping) = (tempfile::tempdir().unwrap(), mapping("cursor = \"changed_at\"\n"));
    let client = server.client().await;
    client.batch_execute(TABLE).await.unwrap();
    let (options, stop) = (options(&server, folder.path(), 2), CancellationToken::new());
    let (polled, told, stopped) = (mapping.clone(), options.clone(), stop.clone());
    let running = tokio::spawn(async move { run(&polled, told, stopped).await });
    let mut seen = BTreeSet::new();
    until(|| {
        seen.extend(taken(&mapping, &options));
        seen.len() == 5
    })
    .await;
    server.down();
    let gone = poll_once(&mapping, &options, 1).await.unwrap_err();
    assert!(matches!(gone, SqlError::Connect(_)), "{gone}");
    server.up();
    let client = server.client().await;
    client
        .batch_execute("INSERT INTO visits VALUES (6, 'C4', '2026-01-11', 'Seen', NULL, '2026-01-11 10:00:00+00')")
        .await
        .unwrap();
    until(|| {
        seen.extend(taken(&mapping, &options));
        seen.len() == 6
    })
    .await;
    stop.cancel();
    running.await.unwrap();
}

/// The case system that the invented authority writes, as a database has it and as a table: the same events of the same children.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_written_case_system_is_read_from_its_database_as_from_its_tables() {
    let Some(server) = Server::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("authority");
    let settings = synthetic_authority::Settings { children: 300, everything: true, ..Default::default() };
    synthetic_authority::generate(&settings, &root, &mut |_, _| {}).unwrap();
    let mapping = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings/education-ehc-system.toml");
    let mapping = Mapping::parse(&std::fs::read_to_string(mapping).unwrap()).unwrap().mapping;
    let options = options(&server, folder.path(), 7);
    let client = server.client().await;
    let mut tables: Vec<PathBuf> =
        std::fs::read_dir(root.join("education-ehc-system")).unwrap().map(|entry| entry.unwrap().path()).collect();
    tables.retain(|path| path.extension().is_some_and(|extension| extension == "csv"));
    tables.sort();
    let said = |bytes: &[u8]| {
        let tried = try_out(&mapping, SourceFile { name: "page.csv".into(), bytes: Box::new(bytes) });
        let drafts = tried.said.drafts.into_iter();
        let said = drafts.map(|draft| format!("{} {} {:?}", draft.record_key, draft.ordinal, draft.event));
        (said.collect::<BTreeSet<_>>(), tried.said.rejections.len())
    };
    let (mut of_tables, mut of_database) = ((BTreeSet::new(), 0), (BTreeSet::new(), 0));
    for table in &tables {
        let (events, refused) = said(&std::fs::read(table).unwrap());
        of_tables.0.extend(events);
        of_tables.1 += refused;
        client.batch_execute(&std::fs::read_to_string(table.with_extension("sql")).unwrap()).await.unwrap();
        for now_us in 1.. {
            if poll_once(&mapping, &options, now_us).await.unwrap() == Polled::Nothing {
                break;
            }
            for page in std::fs::read_dir(options.folder.join("incoming")).unwrap() {
                let page = page.unwrap().path();
                let (events, refused) = said(&std::fs::read(&page).unwrap());
                of_database.0.extend(events);
                of_database.1 += refused;
                std::fs::remove_file(page).unwrap();
            }
        }
    }
    assert!(tables.len() > 1 && of_tables.0.len() > 20, "{} tables, {} events", tables.len(), of_tables.0.len());
    assert_eq!(of_database, of_tables);
}

/// Until it holds, which it does within a minute or not at all.
async fn until(mut holds: impl FnMut() -> bool) {
    let mut tick = tokio::time::interval(Duration::from_millis(10));
    let waiting = async {
        while !holds() {
            tick.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting).await.expect("it came to hold");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_that_does_not_grow_is_refused_and_no_value_is_told() {
    let Some(server) = Server::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let client = server.client().await;
    client
        .batch_execute(
            "CREATE TABLE visits (visit bigint, child text, on_day date, kind text, note text, changed_at boolean)",
        )
        .await
        .unwrap();
    let options = options(&server, folder.path(), 2);
    let refused = poll_once(&mapping("cursor = \"changed_at\"\n"), &options, 1).await.unwrap_err();
    assert!(matches!(&refused, SqlError::CursorType(kind) if kind == "bool"), "{refused}");
    // The database's own words would repeat a value.
    let failing =
        Mapping::parse(&text_of("SELECT 'CANARY'::int AS visit, 'x' AS child, 'y' AS on_day")).unwrap().mapping;
    let refused = poll_once(&failing, &options, 2).await.unwrap_err();
    assert!(refused.to_string().contains("22P02") && !format!("{refused} {refused:?}").contains("CANARY"), "{refused}");
}
