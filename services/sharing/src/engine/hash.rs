//! The hash that names a set of rules.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::engine::Rule;

/// Raised when our own evaluation (ladder, fold, redaction) changes in a way that no text of the rules shows.
const EVALUATION_REVISION: u32 = 1;

/// Comments and layout of the rules do not change it; everything else does.
pub(crate) fn policy_hash<'r>(
    schema: &str,
    rules: impl Iterator<Item = &'r Rule>,
    classifier: &[u8; 32],
    involvement: &[u8; 32],
) -> [u8; 32] {
    let mut hasher = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hasher.update((bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    };
    part(b"throughline sharing rules");
    part(&EVALUATION_REVISION.to_be_bytes());
    part(cedar_policy::get_sdk_version().to_string().as_bytes());
    part(cedar_policy::get_lang_version().to_string().as_bytes());
    part(schema.as_bytes());
    for rule in rules {
        part(rule.id.as_bytes());
        let mut text = String::new();
        canonical(&rule.json, &mut text);
        part(text.as_bytes());
        for (key, value) in &rule.annotations {
            part(key.as_bytes());
            part(value.as_bytes());
        }
    }
    part(classifier);
    part(involvement);
    hasher.finalize().into()
}

/// JSON with the keys of every object in order and no spaces.
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(object) => {
            let mut keys: Vec<_> = object.iter().collect();
            keys.sort_by_key(|(key, _)| key.as_str());
            out.push('{');
            for (key, value) in keys {
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                canonical(value, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Array(array) => {
            out.push('[');
            for value in array {
                canonical(value, out);
                out.push(',');
            }
            out.push(']');
        }
        other => out.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::{Engine, POLICIES, SCHEMA};

    fn hash(policies: &str) -> [u8; 32] {
        *Engine::from_text(SCHEMA, policies).unwrap().policy_hash()
    }

    #[test]
    fn layout_and_comments_do_not_change_the_hash_and_all_else_does() {
        let now = hash(POLICIES);
        assert_eq!(now, hash(POLICIES), "the same text");
        assert_eq!(
            now,
            hash(&format!("// a comment\n\n{}", POLICIES.replace("permit (principal", "permit  (principal")))
        );
        for (from, to) in [
            ("@say(\"no purpose of use was stated\")", "@say(\"no purpose was stated\")"),
            (
                "context.involvement != Share::Involvement::\"none\"",
                "context.involvement == Share::Involvement::\"lead\"",
            ),
        ] {
            let changed = POLICIES.replacen(from, to, 1);
            assert_ne!(changed, POLICIES);
            let loaded = Engine::from_text(SCHEMA, &changed);
            // The second also fails the self-test, which is as good as another hash.
            assert!(loaded.is_err() || *loaded.unwrap().policy_hash() != now, "{from}");
        }
    }
}
