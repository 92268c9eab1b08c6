//! The `[connectors.NAME]` sections.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mapped::Mapping;
use mapped::sql::{Connection, ConnectionUnusable, Engine};
use runtime::config::Section;
use runtime::tls::Tls;

use super::sources::{self, PollSettings, ReceiveSettings, SftpSettings};

/// One connector's part.
#[derive(Debug, Clone)]
pub(crate) struct ConnectorSettings {
    pub(crate) name: String,
    /// Organisation ids that it answers for; a trailing `*` stands for any ending.
    pub(crate) controllers: Vec<String>,
    /// Whose key seals quarantine items that name no organisation of these.
    pub(crate) organisation: String,
    pub(crate) drop_folder: Option<PathBuf>,
    pub(crate) poll: Duration,
    /// How long what the drop folder brought is kept once it is dealt with; for ever where nobody says.
    pub(crate) keep_done: Option<Duration>,
    pub(crate) mllp_listen: Option<SocketAddr>,
    /// Without it MLLP is in clear.
    pub(crate) mllp_tls: Option<Tls>,
    /// The mapping of a source that has no connector of this build, and its file.
    pub(crate) mapping: Option<Mapping>,
    pub(crate) mapping_file: Option<PathBuf>,
    /// The database that the mapping's query is asked of.
    pub(crate) sql: Option<SqlSettings>,
    /// Posts that are taken.
    pub(crate) receive: Option<ReceiveSettings>,
    /// A server that is asked by HTTP.
    pub(crate) poll_http: Option<PollSettings>,
    /// A server whose files are fetched.
    pub(crate) sftp: Option<SftpSettings>,
    /// The operator's, when the connector is a process of its own.
    pub(crate) admin_socket: PathBuf,
}

/// A database that is polled.
#[derive(Debug, Clone)]
pub(crate) struct SqlSettings {
    pub(crate) connection: Connection,
    pub(crate) poll: Duration,
    pub(crate) rows_max: u32,
    pub(crate) settle: Duration,
}

/// Reads every section. `home` is who runs the service, where the file has one.
pub(super) fn read(top: &mut Section, data: &Path, home: Option<&str>) -> Option<Vec<ConnectorSettings>> {
    let mut all = top.section("connectors");
    let mut connectors = Some(Vec::new());
    for name in all.keys() {
        let mut section = all.section(&name);
        let is_built_in = crate::connectors::named(&name).is_some();
        let names_one = section.has("mapping");
        let mapping_file = section.optional_path("mapping");
        let mapping = mapping_file.as_ref().and_then(|file| mapping(&mut section, file, &name, is_built_in));
        if !is_built_in && !names_one {
            let names: Vec<&str> = crate::connectors::all().iter().map(|c| c.descriptor().name).collect();
            all.problem(
                &name,
                &format!(
                    "is no connector (there are: {}), and has no `mapping` that would make it one",
                    names.join(", ")
                ),
            );
        }
        let sql = sql(&mut section, mapping.as_ref());
        let read =
            one(&mut section, name, data, home).map(|read| ConnectorSettings { mapping, mapping_file, sql, ..read });
        section.finish();
        connectors = connectors.zip(read).map(|(mut connectors, read)| {
            connectors.push(read);
            connectors
        });
    }
    all.finish();
    connectors
}

fn one(section: &mut Section, name: String, data: &Path, home: Option<&str>) -> Option<ConnectorSettings> {
    let controllers = section.texts("controllers");
    if controllers.iter().any(|id| !super::is_organisation(id.strip_suffix('*').unwrap_or(id))) {
        section.problem(
            "controllers",
            "must each be lower-case letters, digits and hyphens, with a `*` at most at the end",
        );
    }
    if controllers.is_empty() {
        section.problem("controllers", "must name at least one organisation that this connector answers for");
    }
    let named_whole = controllers.iter().find(|id| !id.ends_with('*'));
    let said = section.optional_text("organisation");
    if said.as_deref().is_some_and(|id| !super::is_organisation(id)) {
        section.problem("organisation", "must be lower-case letters, digits and hyphens");
    }
    let organisation = said.or(home.map(str::to_owned)).or(named_whole.cloned());
    if organisation.is_none() && !controllers.is_empty() {
        section.problem(
            "organisation",
            "is missing: who runs the connector, whose key seals quarantine items that name no organisation of `controllers`",
        );
    }
    let drop_folder = section.optional_path("drop_folder");
    let poll = Duration::from_millis(section.number("poll_ms", 1_000, 10..=3_600_000));
    let keep_done = section
        .has("keep_done_days")
        .then(|| Duration::from_secs(86_400 * section.number("keep_done_days", 1, 1..=3_650)));
    if keep_done.is_some() && drop_folder.is_none() {
        section.problem("keep_done_days", "is of a `drop_folder`, and there is none");
    }
    let mllp_listen = if section.has("mllp_listen") {
        section.parsed("mllp_listen", "", "an address and port, such as `127.0.0.1:2575`")
    } else {
        None
    };
    let mllp_tls = sources::mllp_tls(section);
    if mllp_tls.is_some() && mllp_listen.is_none() {
        section.problem("mllp_certificate", "is of `mllp_listen`, and there is none");
    }
    if drop_folder.is_none() && mllp_listen.is_none() {
        section.problem("drop_folder", "is missing, and so is `mllp_listen`: the connector would read nothing");
    }
    let ways_in = ["receive", "poll", "sftp"].map(|way| (way, section.has(way)));
    for (way, is_there) in ways_in {
        if is_there && drop_folder.is_none() {
            section.problem(way, "needs a `drop_folder`: what comes is kept there until it is dealt with");
        }
    }
    let receive = sources::receive(section, &controllers);
    let (poll_http, sftp) = (sources::poll(section), sources::sftp(section));
    let admin_socket = section.optional_path("admin_socket").unwrap_or_else(|| data.join(format!("{name}.sock")));
    Some(ConnectorSettings {
        name,
        controllers,
        organisation: organisation?,
        drop_folder,
        poll,
        keep_done,
        mllp_listen,
        mllp_tls,
        mapping: None,
        mapping_file: None,
        sql: None,
        receive,
        poll_http,
        sftp,
        admin_socket,
    })
}

/// The mapping that the section names, every problem of it noted.
fn mapping(section: &mut Section, file: &Path, name: &str, is_built_in: bool) -> Option<Mapping> {
    if is_built_in {
        section.problem(
            "mapping",
            "is of a source that this build has no connector for: give the mapping a name of its own",
        );
        return None;
    }
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            section.problem("mapping", &format!("could not be read: {}", error.kind()));
            return None;
        }
    };
    match Mapping::parse(&text) {
        Ok(checked) if checked.mapping.name() == name => Some(checked.mapping),
        Ok(checked) => {
            let own = checked.mapping.name();
            section.problem("mapping", &format!("is named `{own}`: the section must be [connectors.{own}]"));
            None
        }
        Err(unusable) => {
            unusable
                .problems
                .iter()
                .for_each(|problem| section.problem("mapping", &format!("cannot be used: {problem}")));
            None
        }
    }
}

/// The `[connectors.NAME.sql]` of a mapping whose source is a query.
fn sql(section: &mut Section, mapping: Option<&Mapping>) -> Option<SqlSettings> {
    let is_sql = mapping.is_some_and(Mapping::is_sql);
    if !section.has("sql") {
        if is_sql {
            section.problem("sql", "is missing: where the database of the mapping's query is");
        }
        return None;
    }
    let mut sql = section.section("sql");
    let engine = sql.optional_text("engine").map_or(Ok(Engine::default()), |engine| engine.parse());
    let engine = engine.map_err(|unusable: ConnectionUnusable| sql.problem("engine", &unusable.to_string())).ok();
    let (connection, ca) = (sql.existing_file("connection_file"), sql.optional_path("ca"));
    let poll = Duration::from_secs(sql.number("poll_s", 300, 1..=86_400));
    let rows_max = u32::try_from(sql.number("rows_max", 10_000, 1..=1_000_000)).unwrap_or(10_000);
    let settle = Duration::from_secs(sql.number("settle_s", 10, 0..=3_600));
    if mapping.is_some() && !is_sql {
        sql.problem("connection_file", "is of a mapping whose `source.format` is \"sql\", and this one's is not");
    }
    let text = connection.and_then(|file| std::fs::read_to_string(file).ok());
    let connection = text.zip(engine).and_then(|(text, engine)| match Connection::of(engine, &text, ca.as_deref()) {
        Ok(connection) => Some(connection),
        Err(unusable) => {
            let key = if unusable == ConnectionUnusable::Ca { "ca" } else { "connection_file" };
            sql.problem(key, &unusable.to_string());
            None
        }
    });
    sql.finish();
    Some(SqlSettings { connection: connection?, poll, rows_max, settle })
}
