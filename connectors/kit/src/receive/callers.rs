//! Who may post. A caller is known by a token, by a client certificate, or by both where both are set.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

/// A shorter token is never taken: it could be guessed from its digest.
pub(super) const TOKEN_BYTES_MIN: usize = 32;
const TOKEN_BYTES_MAX: usize = 4_096;
/// Longest file of digests: one that is larger is something else.
const DIGESTS_BYTES_MAX: u64 = 64 << 10;

/// Somebody who may post.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Caller {
    /// Lower-case letters, digits and hyphens.
    pub name: String,
    /// A file of SHA-256 digests of tokens in hexadecimal, a line each; read each time, so that one can be changed for the next.
    pub tokens: Option<PathBuf>,
    /// The DNS name in the client certificate.
    pub certificate_name: Option<String>,
    /// Whose records the caller may send; one that ends in `*` stands for all that begin so.
    pub controllers: Vec<String>,
}

impl Caller {
    /// Whether this is who shows this token, and a certificate of these names.
    pub(super) fn is(&self, token: Option<&str>, names: &[String]) -> bool {
        let by_token = self.tokens.as_deref().map(|file| token.is_some_and(|token| holds(file, token)));
        let by_name = self.certificate_name.as_ref().map(|name| names.contains(name));
        matches!((by_token, by_name), (Some(true), Some(true) | None) | (None, Some(true)))
    }
}

/// The digest of a token, as its file holds it.
pub fn digest(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

/// Reads a file of digests; `None` when it cannot be read or holds something else.
pub fn digests(file: &Path) -> Option<Vec<String>> {
    let about = std::fs::metadata(file).ok()?;
    let text = (about.len() <= DIGESTS_BYTES_MAX).then(|| std::fs::read_to_string(file).ok()).flatten()?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    // What `sha256sum` writes has a name behind it.
    let digests: Vec<String> =
        lines.map(|line| line.split_whitespace().next().unwrap_or_default().to_ascii_lowercase()).collect();
    let is_digest = |line: &String| line.len() == 64 && line.bytes().all(|byte| byte.is_ascii_hexdigit());
    digests.iter().all(is_digest).then_some(digests)
}

fn holds(file: &Path, token: &str) -> bool {
    if !(TOKEN_BYTES_MIN..=TOKEN_BYTES_MAX).contains(&token.len()) {
        return false;
    }
    let Some(digests) = digests(file) else {
        tracing::error!(file = %file.display(), "a file of token digests cannot be read: nobody is let in by it");
        return false;
    };
    let shown = digest(token);
    // Every digest is compared to its end, so that the time says nothing.
    let same = |held: &String| held.bytes().zip(shown.bytes()).fold(0, |odd, (a, b)| odd | (a ^ b)) == 0;
    digests.iter().fold(false, |found, held| found | same(held))
}

/// The token of an `Authorization` header.
pub(super) fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_known_by_all_that_is_set_and_by_nothing_less() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokens");
        let (old, new, short) = ("o".repeat(40), "n".repeat(40), "s".repeat(31));
        let lines = format!("# invented\n{}  -\n{}\n{}\n", digest(&old), digest(&new).to_uppercase(), digest(&short));
        std::fs::write(&file, lines).unwrap();
        let names = ["supplier.example".to_owned()];
        let of = |token: bool, name: bool| Caller {
            name: "supplier".to_owned(),
            tokens: token.then(|| file.clone()),
            certificate_name: name.then(|| names[0].clone()),
            controllers: Vec::new(),
        };
        let other = ["other.example".to_owned()];
        for (token, name, shown, shown_names, known) in [
            (true, false, Some(&old), [].as_slice(), true),
            (true, false, Some(&new), &names, true),
            (true, false, Some(&short), &[], false),
            (true, false, None, &names, false),
            (false, true, None, &names, true),
            (false, true, Some(&old), &other, false),
            (true, true, Some(&old), &names, true),
            (true, true, Some(&old), &other, false),
            (true, true, None, &names, false),
            (false, false, Some(&old), &names, false),
        ] {
            assert_eq!(of(token, name).is(shown.map(String::as_str), shown_names), known, "{token} {name} {shown:?}");
        }
        std::fs::write(&file, "not a digest").unwrap();
        assert!(!of(true, false).is(Some(&old), &[]));
        std::fs::remove_file(&file).unwrap();
        assert!(!of(true, false).is(Some(&old), &[]));
    }

    #[test]
    fn a_bearer_token_is_read_from_its_header_alone() {
        for (header, token) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc", Some("abc")),
            ("Basic abc", None),
            ("Bearer", None),
            ("", None),
        ] {
            assert_eq!(bearer(header), token, "{header}");
        }
    }
}
