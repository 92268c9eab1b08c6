//! What the parts share on disk: the invented authority, the keys, the log.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use connector_kit::Connector;
use connector_kit::publish::Credentials;
use event_log::embedded::{self, EmbeddedLog};
use event_log::seal::{Keyring, PseudonymKey, WrappingKeys};
use projection::project::Projector;
use synthetic_authority::Settings;

use crate::report::Figure;

/// Who runs it.
pub(crate) const HUB: &str = "throughline-local-hub";

pub(crate) struct House {
    dir: PathBuf,
    pub(crate) pseudonyms: Arc<PseudonymKey>,
    pub(crate) wrapping: Arc<WrappingKeys>,
}

impl House {
    pub(crate) fn open(dir: &Path) -> anyhow::Result<Self> {
        let wrapping = Arc::new(WrappingKeys::open(&dir.join("keys"))?);
        Ok(Self { dir: dir.to_path_buf(), pseudonyms: Arc::new(Self::key()), wrapping })
    }

    /// A key for nothing but this.
    pub(crate) fn key() -> PseudonymKey {
        PseudonymKey::from_bytes([42; 32])
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub(crate) fn log(&self) -> anyhow::Result<Arc<EmbeddedLog>> {
        Ok(Arc::new(EmbeddedLog::open(&self.at("log"), embedded::Options::default())?))
    }

    pub(crate) fn projector(&self) -> Projector {
        let keyring = Arc::new(Keyring::new(Arc::clone(&self.wrapping)));
        let commands_from = Arc::new([HUB.to_owned()].into());
        Projector { keyring, pseudonyms: Arc::clone(&self.pseudonyms), commands_from }
    }

    /// The files of a source.
    pub(crate) fn files(&self, source: &str) -> PathBuf {
        self.at("authority").join(source)
    }
}

/// The three connectors.
pub(crate) fn connectors() -> [Arc<dyn Connector>; 3] {
    [
        Arc::new(education_school_census::SchoolCensus),
        Arc::new(social_care_cin_census::CinCensus),
        Arc::new(health_hl7v2::Hl7V2::default()),
    ]
}

/// Those of every organisation of the invented authority.
pub(crate) fn credentials() -> Credentials {
    let controllers = ["school-*", "la-*", "ods-*"].map(str::to_owned).to_vec();
    Credentials { controllers, home: HUB.to_owned() }
}

/// The bytes of every file under a folder.
pub(crate) fn bytes_under(dir: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let about = entry.metadata()?;
        bytes += if about.is_dir() { bytes_under(&entry.path())? } else { about.len() };
    }
    Ok(bytes)
}

pub(crate) fn generate(dir: &Path, children: u32) -> anyhow::Result<Vec<Figure>> {
    let settings = Settings { children, ..Settings::default() };
    let begun = Instant::now();
    let out = dir.join("authority");
    let made = synthetic_authority::generate(&settings, &out, &mut |_, _| {})?;
    let took = begun.elapsed();
    synthetic_authority::write_education(&settings, &out)?;
    let records = made.census_rows + made.cin_children + made.hl7_messages;
    Ok(vec![
        Figure::rate(format!("generate an invented authority, {records} records"), records, took, "records/s"),
        Figure::new("source files", bytes_under(&out)? as f64 / f64::from(children), "B/child"),
    ])
}
