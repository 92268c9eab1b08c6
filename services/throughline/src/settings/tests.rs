use projection::notices::Often;

use super::*;

/// A folder with a pseudonym key, and files that stand for PEM.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("data/keys")).unwrap();
    std::fs::write(folder.path().join("data/keys/pseudonym.key"), "00").unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["broker.invalid".to_owned()]).unwrap();
    std::fs::write(folder.path().join("ca.pem"), made.cert.pem()).unwrap();
    std::fs::write(folder.path().join("own.pem"), made.cert.pem()).unwrap();
    std::fs::write(folder.path().join("own.key"), made.signing_key.serialize_pem()).unwrap();
    std::fs::write(folder.path().join("password"), "invented").unwrap();
    folder
}

fn load(folder: &Path, text: &str, purpose: Purpose<'_>) -> Result<Settings, Vec<String>> {
    let file = folder.join("throughline.toml");
    std::fs::write(&file, text).unwrap();
    Settings::load_for(&file, purpose).map_err(|problems| problems.lines)
}

const CONNECTOR: &str = "[connectors.health-hl7v2]\ncontrollers = [\"ods-rh8\"]\ndrop_folder = \"drop\"\n";
const SERVE: &str = "[serve]\ncertificate = \"own.pem\"\nkey = \"own.key\"\nclient_ca = \"ca.pem\"\norganisation = \"la-878-hub\"\nhub_contact = \"x\"\n";

#[test]
fn a_connector_by_itself_needs_a_log_and_its_own_section() {
    let folder = folder();
    let log = "[log]\nkind = \"kafka\"\nbootstrap = \"a:9093,b:9093\"\nca = \"ca.pem\"\ncertificate = \"own.pem\"\nkey = \"own.key\"\n";
    let settings = load(folder.path(), &format!("{log}{CONNECTOR}"), Purpose::Connect("health-hl7v2")).unwrap();
    let LogSettings::Kafka(KafkaSettings { connection, .. }) = &settings.log else { panic!("{:?}", settings.log) };
    assert_eq!(
        (connection.bootstrap.as_str(), connection.client_id.as_str()),
        ("a:9093,b:9093", "throughline-connect-health-hl7v2")
    );
    let event_log::kafka::Security::Tls(tls) = &connection.security else { panic!("{connection:?}") };
    assert_eq!(tls.ca, folder.path().join("ca.pem"));
    let connector = settings.connector("health-hl7v2").unwrap();
    assert_eq!((connector.organisation.as_str(), settings.keys.make), ("ods-rh8", false));
    assert_eq!(settings.admin_socket(None).unwrap(), folder.path().join("data/health-hl7v2.sock"));
    assert!(settings.serve().is_err());

    let other = load(folder.path(), &format!("{log}{CONNECTOR}"), Purpose::Connect("social-care-cin-census"));
    assert_eq!(
        other.unwrap_err(),
        ["`connectors.social-care-cin-census` is missing: it is what is to be started (the file has: health-hl7v2)"]
    );
    let embedded = load(folder.path(), CONNECTOR, Purpose::Connect("health-hl7v2")).unwrap_err();
    assert!(
        embedded[0].starts_with("`log.kind` must be `kafka`: the embedded log is files of one process"),
        "{embedded:?}"
    );
}

#[test]
fn what_was_dealt_with_is_kept_for_ever_unless_somebody_says_for_how_long() {
    let folder = folder();
    let read = |more: &str| load(folder.path(), &format!("{CONNECTOR}{more}"), Purpose::Any);
    let kept = |more: &str| read(more).unwrap().connector("health-hl7v2").unwrap().keep_done;
    assert_eq!(kept(""), None);
    assert_eq!(kept("keep_done_days = 30\n"), Some(std::time::Duration::from_secs(30 * 86_400)));
    for wrong in ["0", "3651", "\"never\""] {
        let problems = read(&format!("keep_done_days = {wrong}\n")).unwrap_err();
        assert_eq!(problems, ["`connectors.health-hl7v2.keep_done_days` must be a whole number from 1 to 3650"]);
    }
    let listens = "[connectors.health-hl7v2]\ncontrollers = [\"ods-rh8\"]\nmllp_listen = \"127.0.0.1:2575\"\nkeep_done_days = 3\n";
    let problems = load(folder.path(), listens, Purpose::Any).unwrap_err();
    assert_eq!(problems, ["`connectors.health-hl7v2.keep_done_days` is of a `drop_folder`, and there is none"]);
}

#[test]
fn how_long_notices_are_told_and_how_often_is_often_are_settings() {
    let folder = folder();
    let log = "[log]\nkind = \"kafka\"\nbootstrap = \"a:9093\"\nsecurity = \"sasl_tls\"\nca = \"ca.pem\"\nusername = \"serve\"\npassword_file = \"password\"\n";
    let read = |more: &str| load(folder.path(), &format!("{log}{SERVE}{more}"), Purpose::Serve);
    let days = |days: u64| std::time::Duration::from_secs(days * 86_400);
    let usual = read("").unwrap().serve().unwrap().clone();
    assert_eq!((usual.notices_kept, usual.glass_often), (days(400), Often::default()));
    let set = read("notices_keep_days = 30\n[serve.glass_often]\nperson_in_a_day = 1\norganisation_in_a_week = 99\n");
    let set = set.unwrap().serve().unwrap().clone();
    let often = Often { person_in_a_day: 1, organisation_in_a_week: 99, ..Often::default() };
    assert_eq!((set.notices_kept, set.glass_often), (days(30), often));
    let problems = read("[serve.glass_often]\nperson_in_a_day = 0\nper_month = 4\n").unwrap_err();
    assert_eq!(problems.len(), 2, "{problems:?}");
}

#[test]
fn a_service_by_itself_takes_commands_of_its_own_and_of_those_named() {
    let folder = folder();
    let log = "[log]\nkind = \"kafka\"\nbootstrap = \"a:9093\"\nsecurity = \"sasl_tls\"\nca = \"ca.pem\"\nusername = \"serve\"\npassword_file = \"password\"\n";
    let text = format!("{log}{SERVE}commands_from = [\"la-878-legal\"]\ndrain_s = 0\n");
    let settings = load(folder.path(), &text, Purpose::Serve).unwrap();
    let serve = settings.serve().unwrap();
    assert_eq!(serve.commands_from.iter().collect::<Vec<_>>(), ["la-878-hub", "la-878-legal"]);
    assert_eq!(serve.drain, std::time::Duration::ZERO);
    assert_eq!(settings.admin_socket(None).unwrap(), folder.path().join("data/admin.sock"));
    let up = load(folder.path(), &text, Purpose::Up).unwrap_err();
    assert!(up[0].starts_with("`log.kind` must be `embedded` for `throughline up`"), "{up:?}");
    assert!(load(folder.path(), &format!("{SERVE}{CONNECTOR}"), Purpose::Up).unwrap().keys.make);
}

#[test]
fn keys_that_were_never_made_are_named_and_are_not_here() {
    let folder = folder();
    let read = |never: &str| load(folder.path(), &format!("[keys]\nnever = [{never}]\n"), Purpose::Any);
    let never = read("\"invented\", \"la-878/99\"").unwrap().keys.never;
    let key = |of: &str, epoch| (of.to_owned(), epoch);
    let all = [key("invented", 1), key("invented", 7), key("la-878", 2), key("la-878", 99)];
    let (missing, passed_over) = never.part(all.into());
    assert_eq!(missing, [key("la-878", 2)].into());
    assert_eq!(passed_over, [key("invented", 1), key("invented", 7), key("la-878", 99)].into());
    for wrong in ["\"In Vented\"", "\"la-878/two\"", "\"\""] {
        assert!(read(wrong).unwrap_err()[0].starts_with("`keys.never` must each be"), "{wrong}");
    }
    std::fs::create_dir_all(folder.path().join("data/keys/wrapping/la-878")).unwrap();
    std::fs::write(folder.path().join("data/keys/wrapping/la-878/1.key"), "00").unwrap();
    assert!(read("\"la-878/2\"").is_ok());
    for here in ["\"la-878/1\"", "\"la-878\""] {
        assert!(read(here).unwrap_err()[0].contains("whose key is in the folder of keys"), "{here}");
    }
}

#[test]
fn every_problem_of_the_log_is_reported_at_once() {
    let folder = folder();
    let wrong = |keys: &str| {
        let text = format!("[log]\nkind = \"kafka\"\n{keys}\n{CONNECTOR}");
        load(folder.path(), &text, Purpose::Connect("health-hl7v2")).unwrap_err().join("\n")
    };
    let problems =
        wrong("bootstrap = \"nowhere\"\nca = \"none.pem\"\ncertificate = \"own.key\"\nusername = \"x\"\nretries = 3");
    for expected in [
        "`log.bootstrap` must be `host:port`",
        "`log.ca` names `",
        "`log.certificate` and `log.key` belong together",
        "`log.certificate` names a file that holds no PEM certificate",
        "`log.username` has no meaning with `security = \"tls\"`",
        "`log.retries` is not known here",
    ] {
        assert!(problems.contains(expected), "no `{expected}` in\n{problems}");
    }
    let problems = wrong("bootstrap = \"a:1\"\nsecurity = \"sasl_tls\"\nca = \"ca.pem\"\nusername = \"x\"");
    assert!(
        problems.contains("`log.username` with `log.password_file` (SCRAM), or `log.token_file` alone"),
        "{problems}"
    );
    let problems = wrong("bootstrap = \"a:1\"\nsecurity = \"plaintext\"\nca = \"ca.pem\"");
    assert!(problems.contains("`log.ca` has no meaning with `security = \"plaintext\"`"), "{problems}");
    let problems = wrong("bootstrap = \"a:1\"");
    assert!(
        problems.contains("`log.ca` is missing") && problems.contains("`log.certificate` is missing"),
        "{problems}"
    );
    let problems = load(folder.path(), &format!("[log]\nbootstrap = \"a:1\"\n{CONNECTOR}"), Purpose::Any).unwrap_err();
    assert_eq!(problems, ["`log.bootstrap` is not known here (known: kind)"]);
}

#[test]
fn an_operators_socket_has_a_path_that_the_system_takes() {
    let folder = folder();
    let here = folder.path().to_str().unwrap().len();
    let data = |bytes: usize| {
        let name = "d".repeat(bytes - here - "/".len() - "/admin.sock".len());
        std::fs::create_dir_all(folder.path().join(&name).join("keys")).unwrap();
        std::fs::copy(
            folder.path().join("data/keys/pseudonym.key"),
            folder.path().join(&name).join("keys/pseudonym.key"),
        )
        .unwrap();
        format!("data = \"{name}\"\n{SERVE}")
    };
    let longest = load(folder.path(), &data(107), Purpose::Up).unwrap().admin_socket(None).unwrap();
    drop(std::os::unix::net::UnixListener::bind(longest).unwrap());
    let problems = load(folder.path(), &data(108), Purpose::Up).unwrap_err();
    let said = "`serve.admin_socket` is a path of 108 bytes, and a socket's may have 107";
    assert!(problems.len() == 1 && problems[0].starts_with(said), "{problems:?}");
    assert!(load(folder.path(), &format!("{}admin_socket = \"s\"\n", data(108)), Purpose::Up).is_ok());
    let connector = format!("{CONNECTOR}admin_socket = \"{}\"\n", "s".repeat(107));
    let problems = load(folder.path(), &connector, Purpose::Any).unwrap_err();
    assert!(
        problems[0].starts_with("`connectors.health-hl7v2.admin_socket` is a path of") && problems.len() == 1,
        "{problems:?}"
    );
    // The one process has the service's socket and no other.
    assert!(load(folder.path(), &format!("{SERVE}{connector}"), Purpose::Up).is_ok());
}

#[test]
fn no_two_parts_listen_on_one_address() {
    let folder = folder();
    let problems = |serve: &str, mllp: &str, telemetry: &str| {
        let text = format!(
            "{SERVE}listen = \"{serve}\"\n{CONNECTOR}mllp_listen = \"{mllp}\"\n[telemetry]\nlisten = \"{telemetry}\"\n"
        );
        load(folder.path(), &text, Purpose::Up).err().unwrap_or_default()
    };
    let none: [&str; 0] = [];
    let telemetry = "`telemetry.listen` is an address that something else here listens on";
    let mllp = "`connectors.health-hl7v2.mllp_listen` is an address that something else here listens on";
    for (serve, connector, pages, expected) in [
        ("127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", &none[..]),
        ("127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:1", &[telemetry]),
        ("127.0.0.1:1", "127.0.0.1:2", "0.0.0.0:2", &[telemetry]),
        ("[::]:1", "127.0.0.1:1", "127.0.0.1:3", &[mllp]),
        ("127.0.0.1:1", "127.0.0.2:1", "127.0.0.3:1", &none),
        ("127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", &none),
    ] {
        assert_eq!(problems(serve, connector, pages), expected, "{serve} {connector} {pages}");
    }
}

#[test]
fn one_machine_signs_its_ledger_and_a_node_when_it_is_told_to() {
    let folder = folder();
    let up = load(folder.path(), SERVE, Purpose::Up).unwrap().ledger;
    assert_eq!((up.sign, up.must, up.keep_every_s), (true, false, 3_600));
    assert_eq!((up.folder, up.keys), (folder.path().join("data/ledger"), folder.path().join("data/keys/ledger")));
    let log = "[log]\nkind = \"kafka\"\nbootstrap = \"a:9093\"\nca = \"ca.pem\"\ncertificate = \"own.pem\"\nkey = \"own.key\"\n";
    assert!(!load(folder.path(), &format!("{log}{SERVE}"), Purpose::Serve).unwrap().ledger.sign);
    let told = load(folder.path(), &format!("{log}{SERVE}[ledger]\nsign = true\n"), Purpose::Serve).unwrap().ledger;
    assert!(told.sign && told.must);
    let problems =
        load(folder.path(), &format!("{SERVE}[ledger]\nwitnesses = [\"nobody\"]\nsing = true\n"), Purpose::Up);
    let problems = problems.unwrap_err().join("\n");
    assert!(problems.contains("`ledger.witnesses`") && problems.contains("`ledger.sing`"), "{problems}");
}

const MAPPING: &str = "name = \"education-visits\"\nabout = \"x\"\nrevision = 1\ncontroller = \"la-878-sensory\"\nkey = [\"Ref\"]\n[source]\n\
    format = \"csv\"\n[delivery]\nkind = \"snapshot\"\n[subject]\nscheme = \"la_child_id\"\nissuer = \"878\"\ncolumn = \"Child\"\n[[event]]\n\
    becomes = \"ServiceAttended\"\neffective = \"attended_on\"\n[event.fields]\nattended_on = \"Visited\"\n";

#[test]
fn a_mapping_makes_a_connector_of_its_own_name_and_of_no_other() {
    let folder = folder();
    std::fs::write(folder.path().join("visits.toml"), MAPPING).unwrap();
    let section = |name: &str, more: &str| {
        format!(
            "[connectors.{name}]\nmapping = \"visits.toml\"\ncontrollers = [\"la-878-sensory\"]\ndrop_folder = \"drop\"\n{more}"
        )
    };
    let settings = load(folder.path(), &section("education-visits", ""), Purpose::Any).unwrap();
    assert!(settings.connector("education-visits").unwrap().mapping.is_some());
    let told = |text: &str, what: &str| {
        let problems = load(folder.path(), text, Purpose::Any).unwrap_err();
        assert!(problems.iter().any(|problem| problem.contains(what)), "{what}: {problems:?}");
    };
    told(&section("education-other", ""), "the section must be [connectors.education-visits]");
    told(&section("health-hl7v2", ""), "is of a source that this build has no connector for");
    told(&section("education-visits", "[connectors.education-visits.sql]\nconnection_file = \"password\"\n"), "is not");
    told("[connectors.education-none]\ncontrollers = [\"x\"]\ndrop_folder = \"drop\"\n", "has no `mapping`");
    std::fs::write(folder.path().join("visits.toml"), MAPPING.replace("attended_on = \"V", "attend_on = \"V")).unwrap();
    told(&section("education-visits", ""), "line 18: ");

    let query = MAPPING.replace("format = \"csv\"", "format = \"sql\"\nquery = \"select 1\"");
    std::fs::write(folder.path().join("visits.toml"), query).unwrap();
    told(&section("education-visits", ""), "where the database of the mapping's query is");
    let sql = |more: &str| {
        section("education-visits", &format!("[connectors.education-visits.sql]\nconnection_file = \"db\"\n{more}"))
    };
    std::fs::write(folder.path().join("db"), "host=db.invalid user=x password=CANARY").unwrap();
    told(&sql(""), "rows do not travel in clear");
    told(&sql("ca = \"ca.pem\"\nengine = \"oracle\"\n"), "must be `postgresql` or `sql-server`");
    let settings = load(folder.path(), &sql("ca = \"ca.pem\"\n"), Purpose::Any).unwrap();
    assert!(!format!("{settings:?}").contains("CANARY"));
}

#[test]
fn posts_polling_and_sftp_say_who_is_trusted_or_are_refused() {
    let folder = folder();
    std::fs::write(folder.path().join("digests"), "a".repeat(64)).unwrap();
    std::fs::write(folder.path().join("ssh"), "").unwrap();
    let read = |more: &str| load(folder.path(), &format!("{CONNECTOR}{more}"), Purpose::Any);
    let told = |more: &str, what: &str| {
        let problems = read(more).unwrap_err();
        assert!(problems.iter().any(|problem| problem.contains(what)), "{what}: {problems:?}");
    };
    let receive = |more: &str, of_caller: &str| {
        format!(
            "[connectors.health-hl7v2.receive]\nlisten = \"127.0.0.1:7450\"\ncertificate = \"own.pem\"\nkey = \"own.key\"\n{more}\
             [connectors.health-hl7v2.receive.callers.trust]\n{of_caller}"
        )
    };
    let settings = read(&receive("", "tokens = \"digests\"\n")).unwrap();
    let callers = &settings.connector("health-hl7v2").unwrap().receive.as_ref().unwrap().callers;
    assert_eq!(
        (callers[0].name.as_str(), callers[0].controllers.as_slice()),
        ("trust", ["ods-rh8".to_owned()].as_slice())
    );
    told(&receive("", ""), "anybody could say they were this caller");
    told(&receive("", "tokens = \"password\"\n"), "never the token itself");
    told(&receive("", "certificate_name = \"trust.example\"\n"), "needs `client_ca`");
    told(&receive("", "tokens = \"digests\"\ncontrollers = [\"ods-other\"]\n"), "one that the connector answers for");
    told(
        &receive("body_mb_max = 0\n", "tokens = \"digests\"\n"),
        "`connectors.health-hl7v2.receive.body_mb_max` must be",
    );
    told(
        &receive("", "tokens = \"digests\"\n").replace("callers.trust", "callers.\"The Trust\""),
        "lower-case letters",
    );
    let nobody = receive("", "").replace("[connectors.health-hl7v2.receive.callers.trust]\n", "");
    told(&nobody, "has nobody");
    told(
        &format!("mllp_listen = \"127.0.0.1:7450\"\n{}", receive("", "tokens = \"digests\"\n")),
        "something else here listens on",
    );
    let without =
        format!("{}{}", CONNECTOR.replace("drop_folder = \"drop\"\n", ""), receive("", "tokens = \"digests\"\n"));
    let problems = load(folder.path(), &without, Purpose::Any).unwrap_err();
    assert!(problems.iter().any(|problem| problem.contains("needs a `drop_folder`")), "{problems:?}");

    let poll = |more: &str| format!("[connectors.health-hl7v2.poll]\n{more}");
    let settings =
        read(&poll("url = \"https://records.example/fhir\"\nca = \"ca.pem\"\ntoken_file = \"password\"\n")).unwrap();
    assert!(!format!("{settings:?}").contains("invented"), "a secret is read when it is used");
    told(&poll("url = \"https://records.example/\"\n"), "who signs the server's certificate");
    told(&poll("url = \"https://a:b@records.example/\"\nca = \"ca.pem\"\n"), "no user and no password");
    told(&poll("url = \"records\"\n"), "`connectors.health-hl7v2.poll.url` must be an address");
    told(&poll("url = \"https://x.example/\"\nca = \"ca.pem\"\nkey = \"own.key\"\n"), "belong together");
    let oauth = "[connectors.health-hl7v2.poll.oauth]\ntoken_url = \"https://t.example/\"\nclient_id = \"x\"\nsecret_file = \"password\"\n";
    told(
        &poll(&format!("url = \"https://x.example/\"\nca = \"ca.pem\"\ntoken_file = \"password\"\n{oauth}")),
        "one of them is too many",
    );

    let sftp = |more: &str| {
        let ssh = folder.path().join("ssh");
        format!(
            "[connectors.health-hl7v2.sftp]\nhost = \"sftp.example\"\nuser = \"council\"\nkey = \"own.key\"\nknown_hosts = \"password\"\n\
             folder = \"/out\"\nssh = \"{}\"\n{more}",
            ssh.display()
        )
    };
    assert!(
        read(&sftp("afterwards = \"archive\"\narchive = \"/done\"\n"))
            .unwrap()
            .connector("health-hl7v2")
            .unwrap()
            .sftp
            .is_some()
    );
    told(&sftp("afterwards = \"archive\"\n"), "`connectors.health-hl7v2.sftp.archive` is missing");
    told(&sftp("afterwards = \"shred\"\n"), "must be `leave`, `archive` or `remove`");
    told(&sftp("archive = \"/done\"\n"), "is of `afterwards");
    told(&sftp("").replace("sftp.example", "-oProxyCommand=x"), "`connectors.health-hl7v2.sftp.host` must be");
    told(
        &sftp("").replace("known_hosts = \"password\"\n", ""),
        "`connectors.health-hl7v2.sftp.known_hosts` is missing",
    );
    told(&sftp("").replace("/ssh\"", "/nowhere\""), "install OpenSSH's client");
}

#[test]
fn mllp_speaks_tls_where_there_are_files_for_it() {
    use runtime::tls::Clients;
    let folder = folder();
    let read = |more: &str| load(folder.path(), &format!("{CONNECTOR}{more}"), Purpose::Any);
    let clients = |more: &str| {
        let settings = read(&format!("mllp_listen = \"127.0.0.1:2575\"\n{more}"))?;
        Ok::<_, Vec<String>>(settings.connector("health-hl7v2").unwrap().mllp_tls.clone().map(|tls| tls.clients))
    };
    let files = "mllp_certificate = \"own.pem\"\nmllp_key = \"own.key\"\n";
    assert!(clients("").unwrap().is_none());
    assert!(matches!(clients(files).unwrap(), Some(Clients::Unasked)));
    let asked = format!("{files}mllp_client_ca = \"ca.pem\"\n");
    assert!(matches!(clients(&asked).unwrap(), Some(Clients::Must(_))), "whoever connects must show a certificate");
    for (problems, what) in [
        (clients("mllp_certificate = \"own.pem\"\n").unwrap_err(), "`connectors.health-hl7v2.mllp_key` is missing"),
        (
            clients("mllp_client_ca = \"ca.pem\"\n").unwrap_err(),
            "`connectors.health-hl7v2.mllp_certificate` is missing",
        ),
        (clients("mllp_certificate = \"own.key\"\nmllp_key = \"own.key\"\n").unwrap_err(), "no PEM certificate"),
        (read(files).unwrap_err(), "is of `mllp_listen`, and there is none"),
    ] {
        assert!(problems.iter().any(|problem| problem.contains(what)), "{what}: {problems:?}");
    }
}
