//! Cases as a spreadsheet has them: a column for each key ("facts.purpose"), a row for each case.

use serde_json::Value;

use crate::cases::explain::set;
use crate::cases::format::Line;
use crate::cases::keys::{Section, Takes};
use crate::cases::{Case, CaseProblem, all_of};

/// Reads cases of a sheet: the heads of its columns, and its rows, each with its line in the file. An empty cell is a key
/// left out; the members of a list stand with a space, a comma or a semicolon between them; a flag is yes or no. The dated
/// acts of consent and the linked records, which are lists of sections, have no column: such a case is written as JSON.
///
/// # Errors
/// Every problem of the file, as [`super::read`] gives them.
pub fn read_sheet(
    file: &str,
    head: &[String],
    rows: impl IntoIterator<Item = (usize, Vec<String>)>,
) -> Result<Vec<Case>, Vec<CaseProblem>> {
    let columns: Vec<(String, Option<Takes>)> = head.iter().map(|name| column(name.trim())).collect();
    let unknown = columns.iter().filter(|(name, takes)| takes.is_none() && !name.is_empty());
    let problems: Vec<CaseProblem> = unknown
        .map(|(name, _)| CaseProblem {
            file: file.to_owned(),
            line: 1,
            problem: format!("there is no column `{name}`; there are: {}", all_columns().join(", ")),
        })
        .collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let rows = rows.into_iter().filter(|(_, cells)| cells.iter().any(|cell| !cell.trim().is_empty()));
    all_of(file, rows.map(|(line, cells)| (line, case(&columns, &cells))))
}

/// Every column that a sheet can have, in the order of the page that explains them.
pub fn all_columns() -> Vec<String> {
    let mut names = Vec::new();
    collect("", Line::KEYS, &mut names);
    names
}

fn collect(path: &str, section: &Section, names: &mut Vec<String>) {
    for key in section.keys {
        let name = if path.is_empty() { key.name.to_owned() } else { format!("{path}.{}", key.name) };
        match key.takes {
            Takes::Section(of) => collect(&name, of, names),
            Takes::Sections(_) => {}
            _ => names.push(name),
        }
    }
}

fn column(name: &str) -> (String, Option<Takes>) {
    let mut keys = Line::KEYS.keys;
    let mut takes = None;
    for part in name.split('.') {
        takes = keys.iter().find(|key| key.name == part).map(|key| key.takes);
        keys = match takes {
            Some(Takes::Section(of)) => of.keys,
            _ => &[],
        };
    }
    (name.to_owned(), takes.filter(|takes| !matches!(takes, Takes::Section(_) | Takes::Sections(_))))
}

fn case(columns: &[(String, Option<Takes>)], cells: &[String]) -> Result<Case, Vec<String>> {
    let mut case = Value::Null;
    for ((name, takes), cell) in columns.iter().zip(cells) {
        if let (Some(takes), false) = (takes, cell.trim().is_empty()) {
            set(&mut case, name, typed(*takes, cell.trim()));
        }
    }
    Case::of(case)
}

/// What a person typed into a cell or after `--set`, as its key takes it; what it is not is left for the check to name.
fn typed(takes: Takes, text: &str) -> Value {
    let members = || text.split([' ', ',', ';', '\n']).map(str::trim).filter(|member| !member.is_empty());
    match takes {
        Takes::Flag => match text.to_ascii_lowercase().as_str() {
            "yes" | "true" | "y" | "1" => true.into(),
            "no" | "false" | "n" | "0" => false.into(),
            _ => text.into(),
        },
        Takes::Number => text.parse::<i64>().map_or_else(|_| text.into(), Value::from),
        Takes::Words(_) | Takes::Days | Takes::Texts => members().map(Value::from).collect(),
        _ => text.into(),
    }
}

impl Case {
    /// The case with what a person typed for some keys: "facts.consent", "given".
    ///
    /// # Errors
    /// That there is no such key, or what is wrong with what stands there then.
    pub fn with_typed<'t>(&self, typed_in: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<Self, Vec<String>> {
        let mut whole = self.whole();
        super::leave_out_nulls(&mut whole);
        for (key, text) in typed_in {
            let (name, takes) = column(key);
            let unknown = || vec![format!("there is no key `{name}`; there are: {}", all_columns().join(", "))];
            set(&mut whole, &name, typed(takes.ok_or_else(unknown)?, text.trim()));
        }
        Self::of(whole)
    }

    /// A case that says nothing yet: to be asked something of by [`Case::with_typed`].
    pub fn blank() -> Self {
        Self { line: Line { id: "question".to_owned(), title: "a question".to_owned(), ..Line::default() } }
    }
}
