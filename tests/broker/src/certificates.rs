//! Certificates of an invented authority.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};

/// An authority, the brokers' certificate, and as many clients' as are asked for. All are PEM files that go with the broker.
pub struct Papers {
    folder: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

impl Papers {
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        let mut params = CertificateParams::new(Vec::<String>::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, "Invented authority of a broker under test");
        let key = KeyPair::generate()?;
        write(&folder.join("ca.pem"), &params.self_signed(&key)?.pem())?;
        let papers = Self { folder: folder.to_owned(), issuer: Issuer::new(params, key) };

        let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
        let (certificate, key) =
            papers.issue("broker", names, ExtendedKeyUsagePurpose::ServerAuth, day(-1), day(30))?;
        // Kafka takes key and chain from one file.
        write(&papers.keystore(), &(key + &certificate))?;
        Ok(papers)
    }

    /// The authority's certificate.
    #[must_use]
    pub fn ca(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    pub(crate) fn keystore(&self) -> PathBuf {
        self.folder.join("broker.pem")
    }

    /// A client's certificate and key, good for a month. `name` is its common name, and so the principal `User:CN=name`.
    ///
    /// # Errors
    /// When it cannot be made or written.
    pub fn client(&self, name: &str) -> Result<(PathBuf, PathBuf)> {
        self.client_until(name, day(30))
    }

    /// As [`Self::client`], good for so long from now.
    ///
    /// # Errors
    /// When it cannot be made or written.
    pub fn client_for(&self, name: &str, good_for: std::time::Duration) -> Result<(PathBuf, PathBuf)> {
        self.client_until(name, OffsetDateTime::now_utc() + good_for)
    }

    /// As [`Self::client`], good until then (before now, for one that has expired).
    ///
    /// # Errors
    /// When it cannot be made or written.
    pub fn client_until(&self, name: &str, until: OffsetDateTime) -> Result<(PathBuf, PathBuf)> {
        let from = until.min(OffsetDateTime::now_utc()) - Duration::DAY;
        let (certificate, key) = self.issue(name, Vec::new(), ExtendedKeyUsagePurpose::ClientAuth, from, until)?;
        let paths = (self.folder.join(format!("{name}.pem")), self.folder.join(format!("{name}.key.pem")));
        write(&paths.0, &certificate)?;
        write(&paths.1, &key)?;
        Ok(paths)
    }

    /// As [`Self::client`], good until yesterday.
    ///
    /// # Errors
    /// When it cannot be made or written.
    pub fn expired_client(&self, name: &str) -> Result<(PathBuf, PathBuf)> {
        self.client_until(name, day(-1))
    }

    fn issue(
        &self,
        name: &str,
        names: Vec<String>,
        usage: ExtendedKeyUsagePurpose,
        from: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<(String, String)> {
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![usage];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        (params.not_before, params.not_after) = (from, until);
        let key = KeyPair::generate()?;
        Ok((params.signed_by(&key, &self.issuer)?.pem(), key.serialize_pem()))
    }
}

fn day(days: i64) -> OffsetDateTime {
    OffsetDateTime::now_utc() + Duration::days(days)
}

/// Whole or not at all: a process that reads it again when it changes never sees half of it.
pub(crate) fn write(path: &Path, content: &str) -> Result<()> {
    let made = path.with_extension("new");
    std::fs::write(&made, content)
        .and_then(|()| std::fs::rename(&made, path))
        .with_context(|| path.display().to_string())
}
