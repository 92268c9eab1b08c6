//! The hospital services whose name alone is sensitive.

use std::collections::BTreeSet;

use proto::events::Coded;
use serde::Deserialize;

use crate::classify::TableUnusable;
use crate::vocabulary::{Label, Vocabulary};

#[derive(Debug)]
pub(crate) struct Specialties(Vec<Service>);

#[derive(Debug)]
struct Service {
    label: Label,
    codes: Vec<String>,
    words: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[expect(dead_code, reason = "read by people and by the hash, which is over the text")]
    revision: u32,
    #[expect(dead_code, reason = "read by people and by the hash, which is over the text")]
    as_of: String,
    service: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    label: String,
    codes: Vec<String>,
    words: Vec<String>,
}

impl Specialties {
    pub(crate) fn parse(text: &str) -> Result<Self, TableUnusable> {
        let unusable = |problem: String| TableUnusable { table: "specialties", problem };
        let table: Table = toml::from_str(text).map_err(|error| unusable(error.message().to_owned()))?;
        let services = table.service.into_iter().map(|row| {
            let label = Label::members()
                .into_iter()
                .find(|label| label.word() == row.label)
                .ok_or_else(|| unusable(format!("there is no label {}", row.label)))?;
            let codes = row.codes.iter().map(|code| code.to_ascii_lowercase()).collect();
            let words = row.words.iter().map(|words| spaced(words)).collect();
            Ok(Service { label, codes, words })
        });
        Ok(Self(services.collect::<Result<_, _>>()?))
    }

    /// The labels of an entry, by what its coded fields say of the service.
    pub(crate) fn labels<'c>(&self, coded: impl IntoIterator<Item = &'c Option<Coded>>) -> BTreeSet<Label> {
        let mut labels = BTreeSet::new();
        for coded in coded.into_iter().flatten() {
            let said = coded.text.as_deref().unwrap_or_default();
            let codes: BTreeSet<String> = std::iter::once(coded.code.as_str())
                .chain(said.split(';').flat_map(codes_of))
                .map(|code| code.trim().to_ascii_lowercase())
                .collect();
            let text = spaced(&format!("{} {said}", coded.code));
            for service in &self.0 {
                if service.codes.iter().any(|code| codes.contains(code))
                    || service.words.iter().any(|words| text.contains(words.as_str()))
                {
                    labels.insert(service.label);
                }
            }
        }
        labels
    }
}

/// Where a code may stand in words: a record that names several services says the first by its code, and the others behind its words,
/// each as its code alone, before its words, or behind them in brackets.
fn codes_of(said: &str) -> impl Iterator<Item = &str> {
    let said = said.trim();
    let bracketed = said.strip_suffix(')').and_then(|said| Some(said.rsplit_once('(')?.1));
    said.split_whitespace().next().into_iter().chain(bracketed)
}

/// Lower case, every run of what is no letter or digit one space, a space at either end: so that words compare whole.
fn spaced(text: &str) -> String {
    let mut out = String::from(" ");
    for character in text.chars().flat_map(char::to_lowercase) {
        if character.is_alphanumeric() {
            out.push(character);
        } else if !out.ends_with(' ') {
            out.push(' ');
        }
    }
    if !out.ends_with(' ') {
        out.push(' ');
    }
    out
}
