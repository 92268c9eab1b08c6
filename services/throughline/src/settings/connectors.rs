//! The `[connectors.NAME]` sections.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use runtime::config::Section;

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
    /// The operator's, when the connector is a process of its own.
    pub(crate) admin_socket: PathBuf,
}

/// Reads every section. `home` is who runs the service, where the file has one.
pub(super) fn read(top: &mut Section, data: &Path, home: Option<&str>) -> Option<Vec<ConnectorSettings>> {
    let mut all = top.section("connectors");
    let mut connectors = Some(Vec::new());
    for name in all.keys() {
        let mut section = all.section(&name);
        if crate::connectors::named(&name).is_none() {
            let names: Vec<&str> = crate::connectors::all().iter().map(|c| c.descriptor().name).collect();
            all.problem(&name, &format!("is no connector (there are: {})", names.join(", ")));
        }
        let read = one(&mut section, name, data, home);
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
    if drop_folder.is_none() && mllp_listen.is_none() {
        section.problem("drop_folder", "is missing, and so is `mllp_listen`: the connector would read nothing");
    }
    let admin_socket = section.optional_path("admin_socket").unwrap_or_else(|| data.join(format!("{name}.sock")));
    Some(ConnectorSettings {
        name,
        controllers,
        organisation: organisation?,
        drop_folder,
        poll,
        keep_done,
        mllp_listen,
        admin_socket,
    })
}
