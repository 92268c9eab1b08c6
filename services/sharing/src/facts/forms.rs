//! What a signed form says, for sources that hold one tick-box: by form and version, from the committed table
//! `rules/consent_forms.toml`.

use jiff::civil::Date;
use proto::sharing::ConsentRecorded;
use proto::sharing::consent_recorded::{Kind, State};
use serde::Deserialize;

use crate::classify::TableUnusable;
use crate::vocabulary::{Category, Purpose};

/// The table, parsed.
#[derive(Clone, Debug)]
pub(crate) struct ConsentForms(Vec<Form>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[expect(dead_code, reason = "read by people and by the hash, which is over the text")]
    revision: u32,
    form: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    form: String,
    version: String,
    signed_from: String,
    signed_to: Option<String>,
    kind: String,
    recipients: Vec<String>,
    #[serde(default)]
    categories: Vec<String>,
    #[serde(default)]
    purposes: Vec<String>,
    #[expect(dead_code, reason = "read by people and by the hash, which is over the text")]
    says: String,
}

/// One version of one form.
#[derive(Clone, Debug)]
struct Form {
    form: String,
    version: String,
    signed_from: Date,
    signed_to: Option<Date>,
    kind: Kind,
    recipients: Vec<String>,
    categories: Vec<i32>,
    purposes: Vec<i32>,
}

impl ConsentForms {
    pub(crate) fn parse(text: &str) -> Result<Self, TableUnusable> {
        let unusable = |problem: String| TableUnusable { table: "consent forms", problem };
        let table: Table = toml::from_str(text).map_err(|error| unusable(error.message().to_owned()))?;
        let mut forms: Vec<Form> = Vec::new();
        for row in table.form {
            let name = format!("{} {}", row.form, row.version);
            let form = Form::of(row).map_err(|what| unusable(format!("{name}: {what}")))?;
            if forms.iter().any(|other| other.overlaps(&form)) {
                return Err(unusable(format!("{name} has two rows for one day")));
            }
            forms.push(form);
        }
        Ok(Self(forms))
    }

    /// The consent as its form says it, if it is of a form, signed on this day. Of a form that is not in the table a consent
    /// is none; a refusal or a withdrawal binds whatever it can.
    pub(crate) fn read(&self, consent: &ConsentRecorded, signed_on: Date) -> Option<ConsentRecorded> {
        if consent.form().is_empty() {
            return Some(consent.clone());
        }
        let mut read = consent.clone();
        read.people.clear();
        match self.0.iter().find(|form| form.is_named(consent.form(), consent.form_version()) && form.in_use(signed_on))
        {
            Some(form) => {
                read.set_kind(form.kind);
                read.recipients.clone_from(&form.recipients);
                read.categories.clone_from(&form.categories);
                read.purposes.clone_from(&form.purposes);
            }
            None if consent.state() == State::Given => return None,
            None => {
                if consent.kind() == Kind::Unspecified {
                    read.set_kind(Kind::Share);
                }
                read.recipients.clear();
                read.categories.clear();
                read.purposes.clear();
            }
        }
        Some(read)
    }
}

impl Form {
    fn of(row: Row) -> Result<Self, String> {
        let day = |text: &str| text.parse::<Date>().map_err(|_| format!("`{text}` is no day"));
        let kind = format!("KIND_{}", row.kind.to_uppercase());
        let kind = Kind::from_str_name(&kind).filter(|kind| *kind != Kind::Unspecified).ok_or("no such `kind`")?;
        let words = |list: &[String], number: &dyn Fn(&str) -> Option<i32>| {
            let number = |word: &String| number(&word.to_uppercase()).ok_or_else(|| format!("there is no `{word}`"));
            list.iter().map(number).collect::<Result<Vec<i32>, String>>()
        };
        let category = |word: &str| Category::from_str_name(&format!("CATEGORY_{word}")).map(i32::from);
        let purpose = |word: &str| Purpose::from_str_name(&format!("PURPOSE_{word}")).map(i32::from);
        let (categories, purposes) = (words(&row.categories, &category)?, words(&row.purposes, &purpose)?);
        // A form that shares says what, and what for: "all" is no answer that a family was asked for.
        if kind == Kind::Share && (categories.is_empty() || purposes.is_empty() || row.recipients.is_empty()) {
            return Err("a form of sharing says its `recipients`, `categories` and `purposes`".to_owned());
        }
        let any = row.recipients.iter().any(|id| id == "any");
        if any && row.recipients.len() > 1 {
            return Err("`recipients` are \"any\" or those listed, not both".to_owned());
        }
        Ok(Self {
            signed_from: day(&row.signed_from)?,
            signed_to: row.signed_to.as_deref().map(day).transpose()?,
            recipients: if any { Vec::new() } else { row.recipients },
            form: row.form,
            version: row.version,
            kind,
            categories,
            purposes,
        })
    }

    fn is_named(&self, form: &str, version: &str) -> bool {
        self.form == form && self.version == version
    }

    fn in_use(&self, on: Date) -> bool {
        self.signed_from <= on && self.signed_to.is_none_or(|to| on <= to)
    }

    fn overlaps(&self, other: &Self) -> bool {
        let before = |one: &Self, other: &Self| one.signed_to.is_some_and(|to| to < other.signed_from);
        self.is_named(&other.form, &other.version) && !before(self, other) && !before(other, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = r#"
        [[form]]
        form = "f"
        version = "1"
        signed_from = "2024-09-01"
        kind = "share"
        recipients = ["any"]
        categories = ["attendance"]
        purposes = ["early_help"]
        says = "invented"
    "#;

    fn problem(text: &str) -> String {
        ConsentForms::parse(&format!("revision = 1\n{text}")).unwrap_err().to_string()
    }

    #[test]
    fn a_row_that_leaves_the_scope_to_be_guessed_is_refused() {
        assert!(ConsentForms::parse(&format!("revision = 1\n{ROW}")).is_ok());
        for (from, to, expected) in [
            ("categories = [\"attendance\"]", "", "says its `recipients`"),
            ("recipients = [\"any\"]", "recipients = [\"any\", \"school-1\"]", "not both"),
            ("\"attendance\"", "\"atendance\"", "there is no `atendance`"),
            ("kind = \"share\"", "kind = \"shares\"", "no such `kind`"),
            ("2024-09-01", "2024-09-31", "is no day"),
            ("says = \"invented\"", "", "says"),
        ] {
            let row = ROW.replace(from, to);
            assert_ne!(row, ROW);
            let problem = problem(&row);
            assert!(problem.contains(expected), "{problem}");
        }
        assert!(problem(&format!("{ROW}{ROW}")).contains("two rows for one day"));
        let (first, second) =
            (ROW.replace("kind", "signed_to = \"2025-08-31\"\nkind"), ROW.replace("2024-09-01", "2025-09-01"));
        assert!(ConsentForms::parse(&format!("revision = 1\n{first}{second}")).is_ok(), "one after the other");
    }
}
