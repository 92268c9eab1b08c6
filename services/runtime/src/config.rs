//! Configuration: one TOML file a process, unknown keys refused, every problem reported at once.
//!
//! A process reads its settings through [`Section`], which notes what is wrong and goes on, so that a person mends a file
//! once and not once for each mistake.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::str::FromStr;

/// What is wrong with a configuration file. Messages name keys and files, never a secret's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    /// The file.
    pub file: PathBuf,
    /// One line each, in the order of the file's sections.
    pub lines: Vec<String>,
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` has {} problem(s):", self.file.display(), self.lines.len())?;
        self.lines.iter().try_for_each(|line| write!(f, "\n  - {line}"))
    }
}

impl std::error::Error for Problems {}

/// Reads a file and gives its top section to `read`.
///
/// # Errors
/// Every problem that `read` noted, every key that nobody asked for, or the one reason why the file is no TOML.
pub fn load<T>(file: &Path, read: impl FnOnce(&mut Section) -> Option<T>) -> Result<T, Problems> {
    let failed = |line: String| Problems { file: file.to_owned(), lines: vec![line] };
    let text = std::fs::read_to_string(file).map_err(|error| failed(format!("it cannot be read: {error}")))?;
    let table =
        text.parse::<toml::Table>().map_err(|error| failed(error.to_string().trim_end().replace('\n', "\n    ")))?;
    let problems = Rc::new(RefCell::new(Vec::new()));
    let folder = file.parent().map(Path::to_owned).unwrap_or_default();
    let mut top =
        Section { path: String::new(), folder, table, asked: BTreeSet::new(), problems: Rc::clone(&problems) };
    let value = read(&mut top);
    top.finish();
    let lines = problems.take();
    match value {
        Some(value) if lines.is_empty() => Ok(value),
        _ if lines.is_empty() => Err(failed("it is not complete".to_owned())),
        _ => Err(Problems { file: file.to_owned(), lines }),
    }
}

/// One table of the file.
#[derive(Debug)]
pub struct Section {
    path: String,
    folder: PathBuf,
    table: toml::Table,
    asked: BTreeSet<String>,
    problems: Rc<RefCell<Vec<String>>>,
}

impl Section {
    /// Notes a problem of this section.
    pub fn problem(&self, key: &str, what: &str) {
        self.problems.borrow_mut().push(format!("`{}{key}` {what}", self.path));
    }

    /// The section of this name; an empty one when the file has none.
    pub fn section(&mut self, key: &str) -> Self {
        let table = match self.take(key) {
            None => toml::Table::new(),
            Some(toml::Value::Table(table)) => table,
            Some(_) => {
                self.problem(key, "must be a section");
                toml::Table::new()
            }
        };
        Self {
            path: format!("{}{key}.", self.path),
            folder: self.folder.clone(),
            table,
            asked: BTreeSet::new(),
            problems: Rc::clone(&self.problems),
        }
    }

    /// Whether the file has this key.
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// The names of the sections and keys that stand here.
    pub fn keys(&self) -> Vec<String> {
        self.table.keys().cloned().collect()
    }

    /// A text that must be there.
    pub fn text(&mut self, key: &str) -> Option<String> {
        if !self.has(key) {
            self.problem(key, "is missing");
        }
        self.optional_text(key)
    }

    /// A text that may be there.
    pub fn optional_text(&mut self, key: &str) -> Option<String> {
        match self.take(key)? {
            toml::Value::String(text) if !text.is_empty() => Some(text),
            _ => {
                self.problem(key, "must be a text that is not empty");
                None
            }
        }
    }

    /// A text that is written as `T` is, with a default.
    pub fn parsed<T: FromStr>(&mut self, key: &str, default: &str, what: &str) -> Option<T> {
        self.asked.insert(key.to_owned());
        let text = if self.has(key) { self.optional_text(key)? } else { default.to_owned() };
        let value = text.parse().ok();
        if value.is_none() {
            self.problem(key, &format!("must be {what}"));
        }
        value
    }

    /// A whole number within bounds, with a default.
    pub fn number(&mut self, key: &str, default: u64, bounds: std::ops::RangeInclusive<u64>) -> u64 {
        let Some(value) = self.take(key) else { return default };
        match value.as_integer().and_then(|number| u64::try_from(number).ok()).filter(|number| bounds.contains(number))
        {
            Some(number) => number,
            None => {
                self.problem(key, &format!("must be a whole number from {} to {}", bounds.start(), bounds.end()));
                default
            }
        }
    }

    /// Yes or no, where the file says.
    pub fn flag(&mut self, key: &str) -> Option<bool> {
        let flag = self.take(key)?.as_bool();
        if flag.is_none() {
            self.problem(key, "must be `true` or `false`");
        }
        flag
    }

    /// A number from 0 to 1, with a default.
    pub fn fraction(&mut self, key: &str, default: f64) -> f64 {
        let value = match self.take(key) {
            None => return default,
            Some(toml::Value::Float(value)) => Some(value),
            Some(toml::Value::Integer(0)) => Some(0.0),
            Some(toml::Value::Integer(1)) => Some(1.0),
            Some(_) => None,
        };
        match value.filter(|value| (0.0..=1.0).contains(value)) {
            Some(value) => value,
            None => {
                self.problem(key, "must be a number from 0 to 1");
                default
            }
        }
    }

    /// A list of texts; empty when the file has none.
    pub fn texts(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let texts: Option<Vec<String>> =
            value.as_array().and_then(|list| list.iter().map(|item| item.as_str().map(str::to_owned)).collect());
        if texts.is_none() {
            self.problem(key, "must be a list of texts");
        }
        texts.unwrap_or_default()
    }

    /// A path, taken from the file's own folder when it is relative, with a default.
    pub fn path(&mut self, key: &str, default: &str) -> PathBuf {
        self.asked.insert(key.to_owned());
        let path = if self.has(key) { self.optional_text(key) } else { None };
        self.folder.join(path.as_deref().unwrap_or(default))
    }

    /// A path that may be there, taken from the file's own folder when it is relative.
    pub fn optional_path(&mut self, key: &str) -> Option<PathBuf> {
        self.optional_text(key).map(|path| self.folder.join(path))
    }

    /// A path to a file that must be there and readable.
    pub fn existing_file(&mut self, key: &str) -> Option<PathBuf> {
        let path = self.text(key).map(|text| self.folder.join(text))?;
        if let Err(error) = std::fs::File::open(&path) {
            self.problem(key, &format!("names `{}`, which cannot be read: {error}", path.display()));
        }
        Some(path)
    }

    /// Notes every key that nobody asked for. Called for a section once all of it is read.
    pub fn finish(self) {
        for key in self.table.keys() {
            let known: Vec<&str> = self.asked.iter().map(String::as_str).collect();
            self.problem(key, &format!("is not known here (known: {})", known.join(", ")));
        }
    }

    fn take(&mut self, key: &str) -> Option<toml::Value> {
        self.asked.insert(key.to_owned());
        self.table.remove(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(String, u64, PathBuf), Problems> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("throughline.toml");
        std::fs::write(&file, text).unwrap();
        load(&file, |top| {
            let mut serve = top.section("serve");
            let listen = serve.text("listen");
            let page = serve.number("page_size_max", 100, 1..=500);
            serve.finish();
            let data = top.path("data", "data");
            Some((listen?, page, data.strip_prefix(folder.path()).unwrap().to_owned()))
        })
    }

    #[test]
    fn a_good_file_is_read_with_its_defaults() {
        let expected = ("127.0.0.1:7443".to_owned(), 100, PathBuf::from("data"));
        assert_eq!(read("[serve]\nlisten = \"127.0.0.1:7443\"").unwrap(), expected);
    }

    #[test]
    fn every_problem_is_reported_at_once() {
        let problems = read("dta = \"x\"\n[serve]\npage_size_max = 0\nlisten_on = 1").unwrap_err();
        assert_eq!(
            problems.lines,
            [
                "`serve.listen` is missing",
                "`serve.page_size_max` must be a whole number from 1 to 500",
                "`serve.listen_on` is not known here (known: listen, page_size_max)",
                "`dta` is not known here (known: data, serve)",
            ]
        );
    }

    #[test]
    fn a_file_that_is_no_toml_says_where() {
        assert!(read("[serve\n").unwrap_err().to_string().contains("line 1"));
    }
}
