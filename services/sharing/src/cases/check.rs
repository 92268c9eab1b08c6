//! A case checked against its keys, so that a slip is named where it is: the key, and what may stand there.

use serde_json::Value;

use crate::cases::format::Line;
use crate::cases::keys::{Section, Takes};

/// What is wrong with a case, each with the key at which it is.
pub(super) fn problems(case: &Value) -> Vec<String> {
    let mut found = Vec::new();
    section("", case, Line::KEYS, &mut found);
    if !found.is_empty() {
        return found;
    }
    for (required, say) in [("/id", "id"), ("/expect/outcome", "expect.outcome")] {
        if case.pointer(required).and_then(Value::as_str).is_none_or(str::is_empty) {
            found.push(format!("`{say}` is missing"));
        }
    }
    let kind = case.pointer("/principal/kind").and_then(Value::as_str).unwrap_or("staff");
    let of_staff = case.pointer("/principal/org").is_some();
    let person = case.pointer("/principal/person").is_some_and(|person| !person.is_null());
    match kind {
        "staff" if !of_staff => found.push("`principal.org` is missing: the organisation of the staff".to_owned()),
        "staff" if person => found.push("`principal.person` is for somebody of the family, not for staff".to_owned()),
        "person" if !person => found.push("`principal.person` is missing: whom they are to the child".to_owned()),
        _ => {}
    }
    found
}

fn section(path: &str, value: &Value, of: &Section, found: &mut Vec<String>) {
    let Value::Object(object) = value else {
        found.push(format!("`{}` must be a section, {{\"key\": value}}", shown(path)));
        return;
    };
    for (name, value) in object {
        let at = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match of.keys.iter().find(|key| key.name == name) {
            Some(key) => stands(&at, value, key.takes, found),
            None => {
                let accepted: Vec<&str> = of.keys.iter().map(|key| key.name).collect();
                found.push(format!("there is no key `{at}`; there are: {}", accepted.join(", ")));
            }
        }
    }
}

fn stands(at: &str, value: &Value, takes: Takes, found: &mut Vec<String>) {
    // As if it were left out.
    if value.is_null() {
        return;
    }
    let each = |found: &mut Vec<String>, one: &dyn Fn(&str, &Value, &mut Vec<String>)| match value {
        Value::Array(members) => {
            for (index, member) in members.iter().enumerate() {
                one(&format!("{at}[{index}]"), member, found);
            }
        }
        _ => found.push(format!("`{at}` must be a list, [..]")),
    };
    let refused = match takes {
        Takes::Flag => (!value.is_boolean()).then(|| "true or false".to_owned()),
        Takes::Number => (!value.is_i64()).then(|| "a whole number".to_owned()),
        Takes::Text => (!value.is_string()).then(|| "a text in quotation marks".to_owned()),
        Takes::Day => (!is_day(value)).then(|| "a day, as \"2026-11-22\"".to_owned()),
        Takes::Word(words) => not_one_of(value, &words()),
        Takes::Section(of) => {
            section(at, value, of, found);
            None
        }
        Takes::Sections(of) => {
            each(found, &|at, member, found| section(at, member, of, found));
            None
        }
        Takes::Texts => {
            each(found, &|at, member, found| stands(at, member, Takes::Text, found));
            None
        }
        Takes::Days => {
            each(found, &|at, member, found| stands(at, member, Takes::Day, found));
            None
        }
        Takes::Words(words) => {
            each(found, &|at, member, found| stands(at, member, Takes::Word(words), found));
            None
        }
    };
    found.extend(refused.map(|must| format!("`{at}` must be {must}")));
}

fn is_day(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.parse::<jiff::civil::Date>().is_ok())
}

fn not_one_of(value: &Value, words: &[String]) -> Option<String> {
    let known = value.as_str().is_some_and(|word| words.iter().any(|known| known == word));
    (!known).then(|| format!("one of: {}", words.join(", ")))
}

fn shown(path: &str) -> &str {
    if path.is_empty() { "the case" } else { path }
}
