//! The hash that names a set of rules.

use proto::sharing::RuleSet;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::engine::Rule;

/// Raised when our own evaluation (ladder, fold, redaction) changes in a way that no text of the rules shows.
pub(crate) const EVALUATION_REVISION: u32 = 1;

/// Of a set and its rules as they were read. Comments and layout of the rules do not change it; everything else does.
pub(crate) fn policy_hash<'r>(set: &RuleSet, rules: impl Iterator<Item = &'r Rule>) -> [u8; 32] {
    let mut hasher = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hasher.update((bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    };
    part(b"throughline sharing rules");
    part(&set.evaluation_revision.to_be_bytes());
    part(&set.classifier_revision.to_be_bytes());
    part(set.engine_version.as_bytes());
    part(set.language_version.as_bytes());
    part(set.schema.as_bytes());
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
    for table in &set.tables {
        part(table.name.as_bytes());
        part(table.text.as_bytes());
    }
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
    use crate::engine::{Engine, set};

    fn hash(rules: &str) -> [u8; 32] {
        *Engine::of(set::with_rules(&set::of_this_build().schema, rules)).unwrap().policy_hash()
    }

    #[test]
    fn layout_and_comments_do_not_change_the_hash_and_all_else_does() {
        let rules = set::of_this_build().rules;
        let now = hash(&rules);
        assert_eq!(now, hash(&rules), "the same text");
        assert_eq!(now, hash(&format!("// a comment\n\n{}", rules.replace("permit (principal", "permit  (principal"))));
        for (from, to) in [
            ("@say(\"no purpose of use was stated\")", "@say(\"no purpose was stated\")"),
            (
                "context.involvement != Share::Involvement::\"none\"",
                "context.involvement == Share::Involvement::\"lead\"",
            ),
        ] {
            let changed = rules.replacen(from, to, 1);
            assert_ne!(changed, rules);
            let loaded = Engine::of(set::with_rules(&set::of_this_build().schema, &changed));
            // The second also fails the self-test, which is as good as another hash.
            assert!(loaded.is_err() || *loaded.unwrap().policy_hash() != now, "{from}");
        }
    }
}
