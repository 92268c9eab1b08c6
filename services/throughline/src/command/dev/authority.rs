//! A certificate authority and token issuers for one machine.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ED25519,
};

/// A certificate authority.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(super) certificate_pem: String,
}

/// A certificate with its private key, both PEM.
pub(super) struct Issued {
    pub(super) certificate_pem: String,
    pub(super) key_pem: String,
}

impl Authority {
    pub(super) fn create() -> anyhow::Result<Self> {
        let mut params = CertificateParams::new(Vec::<String>::new())?;
        params.distinguished_name.push(DnType::CommonName, "Throughline local authority, for trying it out");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let certificate_pem = params.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), certificate_pem })
    }

    /// A certificate for these DNS names or addresses.
    pub(super) fn issue(&self, names: &[&str], server: bool) -> anyhow::Result<Issued> {
        let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())?;
        params.distinguished_name.push(DnType::CommonName, names.first().copied().unwrap_or_default());
        params.extended_key_usages =
            vec![if server { ExtendedKeyUsagePurpose::ServerAuth } else { ExtendedKeyUsagePurpose::ClientAuth }];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Issued { certificate_pem: certificate.pem(), key_pem: key.serialize_pem() })
    }
}

/// What a token says of a person.
pub(super) struct Person<'a> {
    pub(super) issuer: &'a str,
    pub(super) name: &'a str,
    pub(super) standing: &'a str,
    pub(super) roles: &'a [&'a str],
    pub(super) hours: u64,
}

/// The name by which an organisation's tokens are known.
pub(super) fn token_issuer(organisation: &str) -> String {
    format!("https://id.{organisation}.invalid")
}

/// The name that an organisation's certificate carries.
pub(super) fn certificate_name(organisation: &str) -> String {
    format!("{organisation}.invalid")
}

/// A key for an organisation's tokens: private and public, PEM.
pub(super) fn token_key() -> anyhow::Result<(String, String)> {
    let pair = KeyPair::generate_for(&PKCS_ED25519)?;
    Ok((pair.serialize_pem(), pair.public_key_pem()))
}

/// How many hours a token may hold: a year at most.
pub(super) fn hours() -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(1..=8_760)
}

/// A signed token.
pub(super) fn token(private_key_pem: &str, person: &Person<'_>) -> anyhow::Result<String> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
    let claims = serde_json::json!({
        "iss": person.issuer,
        "aud": projection::serve::caller::AUDIENCE,
        "sub": person.name,
        "iat": now,
        "exp": now + person.hours * 3_600,
        "standing": person.standing,
        "roles": person.roles,
        "active": true,
        "trained": true,
    });
    let key =
        EncodingKey::from_ed_pem(private_key_pem.as_bytes()).context("the organisation's token key is damaged")?;
    Ok(encode(&Header::new(Algorithm::EdDSA), &claims, &key)?)
}

/// Writes a file that only its owner reads.
pub(super) fn write_private(path: &Path, content: &str) -> anyhow::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
    Ok(file.write_all(content.as_bytes())?)
}
