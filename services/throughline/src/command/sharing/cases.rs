//! Which cases a command goes by: files of JSON lines or sheets, or those of this build.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context;
use sharing::cases::{Case, CaseProblem, read, read_sheet};

use crate::output::{self, Usage};

/// The cases of these files; of none, those of this build.
pub(super) fn of(files: &[PathBuf]) -> anyhow::Result<Vec<Case>> {
    if files.is_empty() {
        return Case::built_in().map_err(|problems| told(&problems));
    }
    let (mut cases, mut problems): (Vec<Case>, Vec<CaseProblem>) = (Vec::new(), Vec::new());
    for file in files {
        match of_file(file)? {
            Ok(of_file) => cases.extend(of_file),
            Err(of_file) => problems.extend(of_file),
        }
    }
    if problems.is_empty() { Ok(cases) } else { Err(told(&problems)) }
}

fn of_file(file: &Path) -> anyhow::Result<Result<Vec<Case>, Vec<CaseProblem>>> {
    let mut text = String::new();
    if file == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
    } else {
        text = std::fs::read_to_string(file).with_context(|| format!("cannot read `{}`", file.display()))?;
    }
    let name = file.display().to_string();
    // As spreadsheets write it.
    let text = text.trim_start_matches('\u{feff}');
    if file.extension().is_none_or(|extension| !extension.eq_ignore_ascii_case("csv")) {
        return Ok(read(&name, text));
    }
    let mut sheet = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let head: Vec<String> = sheet.headers()?.iter().map(str::to_owned).collect();
    let mut rows = Vec::new();
    for row in sheet.records() {
        let row = row.with_context(|| format!("`{name}` is no sheet"))?;
        let line = row.position().map_or(0, |at| usize::try_from(at.line()).unwrap_or_default());
        rows.push((line, row.iter().map(str::to_owned).collect()));
    }
    Ok(read_sheet(&name, &head, rows))
}

/// Every problem, each on a line of its own.
fn told(problems: &[CaseProblem]) -> anyhow::Error {
    for problem in problems {
        output::note(&output::plain(&problem.to_string()));
    }
    Usage(format!("{} in the cases; docs/CASES.md says how one is written", counted(problems.len(), "problem"))).into()
}

/// "1 case", "2 cases".
pub(super) fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
