//! What the golden export becomes, to the letter.
#![cfg(test)]

mod support;

use serde_json::Value;
use support::{golden, golden_path, json, translate};

#[test]
fn the_golden_export_becomes_what_it_became() {
    let path = golden_path("2025-spring.json");
    let json = json(&translate(&golden()));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, compact(&json)).unwrap();
    }
    let expected: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    for list in ["scopes", "whole", "rejections", "drafts"] {
        let (now, then) = (json[list].as_array().unwrap(), expected[list].as_array().unwrap());
        for (now, then) in now.iter().zip(then) {
            assert_eq!(now, then, "{list}");
        }
        assert_eq!(now.len(), then.len(), "{list}");
    }
    assert_eq!(json["records"], expected["records"]);
}

/// One thing a line, so that a change shows as the lines that it changes.
fn compact(json: &Value) -> String {
    let lists = ["scopes", "whole", "rejections", "drafts"].map(|list| {
        let lines: Vec<String> = json[list].as_array().unwrap().iter().map(Value::to_string).collect();
        format!("\"{list}\": [\n{}\n]", lines.join(",\n"))
    });
    format!("{{\"records\": {},\n{}}}\n", json["records"], lists.join(",\n"))
}
