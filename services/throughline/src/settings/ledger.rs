//! The `[ledger]` section: whether this process signs what the log holds, and where that is kept.

use std::path::{Path, PathBuf};

use ledger::note::{KeyKind, VerifierKey};
use runtime::config::Section;

use super::Purpose;

/// The ledger's part.
#[derive(Debug, Clone)]
pub(crate) struct LedgerSettings {
    /// Whether it signs: where nothing is said, `up` does and nobody else.
    pub(crate) sign: bool,
    /// Whether the file says so: then it must be able to.
    pub(crate) must: bool,
    /// The trees and what was signed.
    pub(crate) folder: PathBuf,
    /// The signing keys.
    pub(crate) keys: PathBuf,
    /// How often a statement is kept for good.
    pub(crate) keep_every_s: u64,
    /// Whose cosignatures are taken in.
    pub(crate) witnesses: Vec<VerifierKey>,
}

impl LedgerSettings {
    pub(super) fn read(top: &mut Section, data: &Path, keys: &Path, purpose: Purpose<'_>) -> Self {
        let mut section = top.section("ledger");
        let said = section.flag("sign");
        let sign = said.unwrap_or(matches!(purpose, Purpose::Up));
        let folder = section.optional_path("folder").unwrap_or_else(|| data.join("ledger"));
        let keep_every_s = section.number("keep_every_s", 3_600, 1..=31_536_000);
        let mut witnesses = Vec::new();
        for text in section.texts("witnesses") {
            match VerifierKey::parse(&text) {
                Ok(key) if key.kind() == KeyKind::Witness => witnesses.push(key),
                _ => section
                    .problem("witnesses", "must each be `name+id+base64`, the key of a witness (tlog-cosignature v1)"),
            }
        }
        section.finish();
        Self { sign, must: said == Some(true), folder, keys: keys.join("ledger"), keep_every_s, witnesses }
    }
}
