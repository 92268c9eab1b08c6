//! The certificate: what was erased and under what authority, as a text that names nobody, to be signed with the ledger's key.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proto::sharing::{ErasureAuthority, ErasureBegun};
use sha2::{Digest as _, Sha256};
use sharing::erasures::Erasure;

const KIND: &str = "throughline erasure certificate v1";

/// What a certificate says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Certificate {
    /// 32 hexadecimal digits.
    pub erasure: String,
    /// Under what authority: `court_order`.
    pub authority: String,
    /// The order's or request's number.
    pub reference: String,
    /// When it was begun, and when it is certified, RFC 3339.
    pub begun: String,
    /// See `begun`.
    pub certified: String,
    /// How many subjects, of how many organisations' records.
    pub subjects: usize,
    /// Organisation ids, in order.
    pub organisations: Vec<String>,
    /// How many data keys were destroyed, and how many of these were of items of quarantine.
    pub data_keys: usize,
    /// See `data_keys`.
    pub quarantine_items: u32,
    /// The wrapping keys under which any of them was ever written, each destroyed: `la-878/3f 1`, the folder and the last epoch.
    pub wrapping_keys: Vec<String>,
    /// How many files in clear that sources had given of the subjects were removed.
    pub files_removed: u32,
    /// SHA-256, hexadecimal, of what a person said became of copies of the wrapping keys: the words are with whoever runs the service.
    pub copies_sha256: String,
}

/// A text that is no certificate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the text is no certificate of an erasure: {0}")]
pub struct CertificateError(&'static str);

impl Certificate {
    /// Of an erasure of which nothing is left to do. Times are microseconds since 1970.
    pub(super) fn of(of: &Erasure, begun: &ErasureBegun, begun_us: i64, now_us: i64, copies: &str) -> Self {
        let vault = |wrapping: &proto::sharing::WrappingEpochs| match wrapping.vault {
            None => wrapping.organisation().to_owned(),
            Some(vault) => format!("{}/{vault:02x}", wrapping.organisation()),
        };
        let parted: BTreeSet<&str> =
            begun.wrapping.iter().filter(|of| of.vault.is_none()).map(|of| of.organisation()).collect();
        // Vaults that had no key of their own before are those of the one key of all that is named.
        let named = begun.wrapping.iter().filter(|of| of.vault.is_none() || !parted.contains(of.organisation()));
        let mut wrapping_keys: Vec<String> = named.map(|of| format!("{} {}", vault(of), of.last())).collect();
        wrapping_keys.sort();
        let mut organisations = of.proposed.organisations.clone();
        organisations.sort();
        Self {
            erasure: hex::encode(of.id),
            authority: authority(of.proposed.authority()),
            reference: one_line(of.proposed.authority_reference()),
            begun: moment(begun_us),
            certified: moment(now_us),
            subjects: of.proposed.subjects.len(),
            organisations,
            data_keys: begun.keys.len(),
            quarantine_items: begun.quarantine_items(),
            wrapping_keys,
            files_removed: 0,
            copies_sha256: hex::encode(Sha256::digest(copies)),
        }
    }

    /// As it is signed: a line for each thing said, below the name of the ledger's key.
    pub(super) fn text(&self, origin: &str) -> String {
        let mut text = format!("{origin}\n{KIND}\n");
        let mut line = |name: &str, value: &str| {
            let _a_string_takes_all = writeln!(text, "{name} {value}");
        };
        line("erasure", &self.erasure);
        line("authority", &self.authority);
        line("reference", &self.reference);
        line("begun", &self.begun);
        line("certified", &self.certified);
        line("subjects", &self.subjects.to_string());
        self.organisations.iter().for_each(|organisation| line("organisation", organisation));
        line("data-keys-destroyed", &self.data_keys.to_string());
        line("quarantine-items", &self.quarantine_items.to_string());
        self.wrapping_keys.iter().for_each(|key| line("wrapping-keys-destroyed", key));
        line("files-removed", &self.files_removed.to_string());
        line("copies-sha256", &self.copies_sha256);
        text
    }

    /// Whether it is of these words on copies of the wrapping keys.
    pub fn copies_are(&self, words: &str) -> bool {
        hex::encode(Sha256::digest(words.trim())) == self.copies_sha256
    }

    /// Reads what a certificate says; whether it is signed is the note's to tell.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn read(text: &str) -> Result<Self, CertificateError> {
        let mut lines = text.lines().skip(1);
        if lines.next() != Some(KIND) {
            return Err(CertificateError("its second line says another kind"));
        }
        let said: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(' ')).collect();
        let all = |name: &str| -> Vec<String> {
            said.iter().filter(|(of, _)| *of == name).map(|(_, value)| (*value).to_owned()).collect()
        };
        let one = |name: &'static str| all(name).into_iter().next().ok_or(CertificateError(name));
        let number = |name: &'static str| one(name)?.parse::<usize>().map_err(|_| CertificateError(name));
        Ok(Self {
            erasure: one("erasure")?,
            authority: one("authority")?,
            reference: one("reference")?,
            begun: one("begun")?,
            certified: one("certified")?,
            subjects: number("subjects")?,
            organisations: all("organisation"),
            data_keys: number("data-keys-destroyed")?,
            quarantine_items: u32::try_from(number("quarantine-items")?)
                .map_err(|_| CertificateError("quarantine-items"))?,
            wrapping_keys: all("wrapping-keys-destroyed"),
            files_removed: u32::try_from(number("files-removed")?).map_err(|_| CertificateError("files-removed"))?,
            copies_sha256: one("copies-sha256")?,
        })
    }
}

fn authority(authority: ErasureAuthority) -> String {
    authority.as_str_name().trim_start_matches("ERASURE_AUTHORITY_").to_lowercase()
}

fn one_line(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = text.trim();
    if text.is_empty() { "none".to_owned() } else { text.to_owned() }
}

fn moment(us: i64) -> String {
    jiff::Timestamp::from_second(us.div_euclid(1_000_000)).map_or_else(|_| us.to_string(), |at| at.to_string())
}
