//! Who may say who they are: SCRAM users, and whoever has a token.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{KeyPair, PublicKeyData};
use serde_json::json;

use crate::certificates::write;

/// May do all, whatever the ACLs say.
pub const SUPER_USER: &str = "admin";

/// Whom tokens are from, and whom they are for.
pub(crate) const TOKEN_ISSUER: &str = "https://id.invalid/";
pub(crate) const TOKEN_AUDIENCE: &str = "kafka";
const TOKEN_KEY: &str = "invented";

pub(crate) struct People {
    folder: PathBuf,
    scram: PathBuf,
    keys: PathBuf,
    signs: KeyPair,
}

impl People {
    pub(crate) fn new(folder: &Path, users: &[String]) -> Result<Self> {
        let signs = KeyPair::generate()?;
        let people = Self {
            folder: folder.to_owned(),
            scram: folder.join("scram-users"),
            keys: folder.join("token-keys.json"),
            signs,
        };
        let mut scram = String::new();
        for user in users.iter().map(String::as_str).chain([SUPER_USER]) {
            let password = format!("invented-{:016x}", rand::random::<u64>());
            scram += &format!("SCRAM-SHA-512=[name={user},password={password}]\n");
            write(&people.password_path(user), &password)?;
        }
        write(&people.scram, &scram)?;

        // An uncompressed point of P-256: a byte that says so, then x and y.
        let point = people.signs.der_bytes();
        ensure!(point.len() == 65, "a key of another kind");
        let (x, y) = point.get(1..).unwrap_or_default().split_at(32);
        let [x, y] = [x, y].map(|half| URL_SAFE_NO_PAD.encode(half));
        let keys = json!({ "keys": [{ "kty": "EC", "crv": "P-256", "kid": TOKEN_KEY, "alg": "ES256", "use": "sig", "x": x, "y": y }] });
        write(&people.keys, &keys.to_string())?;
        Ok(people)
    }

    /// The users, one a line, as the storage is formatted with them.
    pub(crate) fn scram(&self) -> &Path {
        &self.scram
    }

    /// The key that tokens are checked with (JWKS).
    pub(crate) fn token_keys(&self) -> &Path {
        &self.keys
    }

    fn password_path(&self, user: &str) -> PathBuf {
        self.folder.join(format!("{user}.password"))
    }

    pub(crate) fn password_file(&self, user: &str) -> Result<PathBuf> {
        let path = self.password_path(user);
        ensure!(path.exists(), "no such user");
        Ok(path)
    }

    pub(crate) fn token_file(&self, user: &str, good_for: Duration) -> Result<PathBuf> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let claims = json!({
            "iss": TOKEN_ISSUER, "aud": TOKEN_AUDIENCE, "sub": user, "iat": now, "exp": now + good_for.as_secs(),
        });
        let header = Header { kid: Some(TOKEN_KEY.to_owned()), ..Header::new(Algorithm::ES256) };
        let key = EncodingKey::from_ec_der(&self.signs.serialize_der());
        let token = jsonwebtoken::encode(&header, &claims, &key).context("a token")?;
        let path = self.folder.join(format!("{user}.token"));
        write(&path, &token)?;
        Ok(path)
    }
}
