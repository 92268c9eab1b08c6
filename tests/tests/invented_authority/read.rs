//! The generated authority, and what each connector makes of its folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use connector_kit::file_name::Authority as Council;
use connector_kit::{Collected, Connector, Draft, Whose};
use proto::events::Scheme;
use serde_json::Value;
use synthetic_authority::{Settings, generate};

/// Children of the authority that is read: enough that each source has some, and few enough to be quick.
const CHILDREN: u32 = 600;

pub(crate) struct Authority {
    _folder: tempfile::TempDir,
    root: PathBuf,
    /// Those for which something was written.
    pub(crate) connectors: BTreeMap<String, Arc<dyn Connector>>,
}

/// One authority, made once.
pub(crate) fn authority() -> &'static Authority {
    static MADE: OnceLock<Authority> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("authority");
        let reference_date = jiff::civil::date(2026, 10, 1);
        let census_years = vec![2025, 2026];
        let settings = Settings {
            children: CHILDREN,
            seed: 5,
            everything: true,
            reference_date,
            census_years,
            ..Settings::default()
        };
        generate(&settings, &root, &mut |_, _| {}).unwrap();
        let mut connectors = connectors();
        connectors.retain(|name, _| root.join(name).is_dir());
        Authority { _folder: folder, root, connectors }
    })
}

/// Those of the build, and the mappings that are shipped.
fn connectors() -> BTreeMap<String, Arc<dyn Connector>> {
    // A return on children that names no authority is this one's; a page of corrections without its patients is the child health
    // service's.
    let whose =
        Whose { authority: Council::of_organisation("la-878-social-care"), organisation: Some("ods-ryx".to_owned()) };
    let mut all: Vec<Arc<dyn Connector>> =
        connector_registry::every(&whose).into_iter().map(|registered| registered.connector).collect();
    for entry in std::fs::read_dir(mappings()).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.extension().is_some_and(|extension| extension == "toml") {
            let text = std::fs::read_to_string(&entry).unwrap();
            all.push(Arc::new(mapped::Mapping::parse(&text).unwrap_or_else(|unusable| panic!("{unusable}")).mapping));
        }
    }
    all.into_iter().map(|connector| (connector.descriptor().name.to_owned(), connector)).collect()
}

fn mappings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../connectors/mapped/mappings")
}

impl Authority {
    pub(crate) fn lines(&self, name: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.root.join(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The folders that were written, in order of name.
    pub(crate) fn folders(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.root).unwrap().map(|entry| entry.unwrap().path());
        let mut names: Vec<String> = entries
            .filter(|path| path.is_dir())
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// The files of a connector's folder, in order of name.
    pub(crate) fn files(&self, connector: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.root.join(connector)) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    pub(crate) fn text(&self, connector: &str, name: &str) -> String {
        std::fs::read_to_string(self.root.join(connector).join(name)).unwrap()
    }

    /// Whether it is a mapping.
    pub(crate) fn is_mapped(&self, connector: &str) -> bool {
        mappings().join(connector).with_extension("toml").exists()
    }

    fn held(&self, connector: &str, name: &str) -> &'static [u8] {
        type Held = BTreeMap<(String, String), &'static [u8]>;
        static HELD: Mutex<Held> = Mutex::new(BTreeMap::new());
        let mut held = HELD.lock().unwrap();
        let read = || -> &'static [u8] { std::fs::read(self.root.join(connector).join(name)).unwrap().leak() };
        held.entry((connector.to_owned(), name.to_owned())).or_insert_with(read)
    }

    pub(crate) fn borrowed<'n>(&self, connector: &str, names: &'n [String]) -> Vec<(&'n str, &'static [u8])> {
        names.iter().map(|name| (name.as_str(), self.held(connector, name))).collect()
    }

    /// What a connector makes of files, once for all tests.
    pub(crate) fn said(&self, connector: &str, files: &[String]) -> Arc<Collected> {
        type Said = BTreeMap<(String, Vec<String>), Arc<OnceLock<Arc<Collected>>>>;
        static SAID: Mutex<Said> = Mutex::new(BTreeMap::new());
        let cell = Arc::clone(SAID.lock().unwrap().entry((connector.to_owned(), files.to_vec())).or_default());
        let read = || Arc::new(Collected::of(self.connectors[connector].as_ref(), &self.borrowed(connector, files)));
        Arc::clone(cell.get_or_init(read))
    }

    /// What each submission of a connector's folder says.
    pub(crate) fn all_said(&self, connector: &str) -> Vec<Arc<Collected>> {
        let groups = self.connectors[connector].submissions(&self.files(connector));
        groups.iter().map(|group| self.said(connector, group)).collect()
    }

    pub(crate) fn dirt(&self, connector: &str) -> Vec<Value> {
        let folder = format!("{connector}/");
        let of = |line: &Value| line["file"].as_str().unwrap().starts_with(&folder);
        self.lines("dirt.jsonl").into_iter().filter(of).collect()
    }

    /// Every subject of the truth.
    pub(crate) fn subjects(&self) -> BTreeSet<(String, String, String)> {
        let lines = self.lines("truth.jsonl");
        let of = |line: &Value, name: &str| line[name].as_array().cloned().unwrap_or_default();
        let all = lines.iter().flat_map(|line| [of(line, "subjects"), of(line, "superseded")].concat());
        let text = |subject: &Value, name: &str| subject[name].as_str().unwrap().to_owned();
        all.map(|subject| (text(&subject, "scheme"), text(&subject, "issuer"), text(&subject, "value"))).collect()
    }
}

/// A draft's subject, as the truth writes it.
pub(crate) fn subject_of(draft: &Draft) -> (String, String, String) {
    let scheme = Scheme::try_from(draft.subject.scheme).unwrap().as_str_name().trim_start_matches("SCHEME_").to_owned();
    (scheme, draft.subject.issuer.clone(), draft.subject.value.clone())
}
