//! What `docs/CASES.md` says of every key, made from the keys themselves.

use std::fmt::Write as _;

use serde_json::Value;

use crate::cases::format::Line;
use crate::cases::keys::{Key, Section, Takes};

/// Every key of a case as Markdown: what it says, what may stand there, and what it is when it is left out.
pub fn keys_as_markdown() -> String {
    let mut page = String::new();
    section("", Line::KEYS, &mut page);
    page
}

fn section(name: &str, of: &Section, page: &mut String) {
    let title = if name.is_empty() { "A case".to_owned() } else { format!("`{name}`") };
    let _infallible = writeln!(page, "### {title}\n\n{}\n\n| key | says | takes | left out |", said(of.about));
    page.push_str("| --- | --- | --- | --- |\n");
    let left_out = (of.left_out)();
    for key in of.keys {
        page.push_str(&row(name, key, &left_out));
    }
    page.push('\n');
    for key in of.keys {
        if let Takes::Section(inner) | Takes::Sections(inner) = key.takes {
            section(&at(name, key.name), inner, page);
        }
    }
}

fn at(section: &str, key: &str) -> String {
    if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") }
}

fn row(section: &str, key: &Key, defaults: &Value) -> String {
    let left_out = match (key.takes, defaults.get(key.name)) {
        (Takes::Section(_) | Takes::Sections(_), _) | (_, None | Some(Value::Null)) => String::new(),
        (_, Some(Value::Array(members))) if members.is_empty() => "none".to_owned(),
        (_, Some(Value::String(text))) if text.is_empty() => String::new(),
        (_, Some(value)) => format!("`{value}`"),
    };
    let words = |words: Vec<String>| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    let takes = match key.takes {
        Takes::Flag => "`true` or `false`".to_owned(),
        Takes::Number => "a whole number".to_owned(),
        Takes::Day => "a day, `\"2026-11-22\"`".to_owned(),
        Takes::Text => "a text".to_owned(),
        Takes::Texts => "a list of texts".to_owned(),
        Takes::Days => "a list of days".to_owned(),
        Takes::Word(list) => format!("one of {}", words(list())),
        Takes::Words(list) => format!("a list of {}", words(list())),
        Takes::Section(_) => format!("a section, see `{}`", at(section, key.name)),
        Takes::Sections(_) => format!("a list of sections, see `{}`", at(section, key.name)),
    };
    format!("| `{}` | {} | {takes} | {left_out} |\n", key.name, said(key.means))
}

fn said(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}
