//! What commands print: tables for people, JSON for programs, progress where it takes long.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};

/// The command did not do what it was asked.
pub(crate) const FAILED: u8 = 1;
/// The command line is wrong, as clap says it.
pub(crate) const USAGE: u8 = 2;
/// The service refused.
pub(crate) const REFUSED: u8 = 3;
/// A verification found a difference.
pub(crate) const DIFFERS: u8 = 4;
/// The configuration is wrong (`EX_CONFIG`).
pub(crate) const CONFIG: u8 = 78;

/// A refusal, told apart from a failure by its exit code.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) String);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

/// A command line that is wrong in a way that clap cannot see, or must not quote.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// Says why a command failed, and with which exit code.
pub(crate) fn failed(error: &anyhow::Error) -> ExitCode {
    let mut stderr = std::io::stderr().lock();
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    let _nobody_to_tell = writeln!(stderr, "throughline: {}", causes.join(": "));
    if error.is::<runtime::config::Problems>() {
        ExitCode::from(CONFIG)
    } else if error.is::<Refused>() {
        ExitCode::from(REFUSED)
    } else if error.is::<Usage>() {
        ExitCode::from(USAGE)
    } else {
        ExitCode::from(FAILED)
    }
}

/// A line of the command's answer. A closed pipe ends the command quietly.
pub(crate) fn line(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    match writeln!(stdout, "{text}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        written => Ok(written?),
    }
}

/// Something that a person should know and a program need not read.
pub(crate) fn note(text: &str) {
    let _nobody_to_tell = writeln!(std::io::stderr().lock(), "{text}");
}

/// A plain table.
pub(crate) fn table(head: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header(head.to_vec());
    if !std::io::stdout().is_terminal() {
        table.set_width(180);
    }
    // The first column is copied from the list into the next command: an id in two halves cannot be.
    if let Some(first) = table.column_mut(0) {
        first.set_constraint(ColumnConstraint::ContentWidth);
    }
    table
}

/// Adds a row of what others wrote.
pub(crate) fn add_row(table: &mut Table, cells: impl IntoIterator<Item = String>) {
    table.add_row(cells.into_iter().map(|cell| plain(&cell)).collect::<Vec<_>>());
}

/// Prints a table, without blanks at the ends of its lines.
pub(crate) fn print(table: &Table) -> anyhow::Result<()> {
    line(&table.trim_fmt())
}

/// What somebody else wrote, safe on a terminal: every end of a line is a line feed, and a character that would move the
/// cursor, change its colour or turn the direction of writing is spelt out.
pub(crate) fn plain(text: &str) -> String {
    let unsafe_to_show = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut shown = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").replace('\r', "\n").chars() {
        if unsafe_to_show(c) { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

/// A bar for long work, on standard error, when somebody is there to see it.
pub(crate) fn progress(total: u64, what: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg} {bar:32} {human_pos}/{human_len} {per_sec} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(total).with_style(style).with_message(what.to_owned())
}

/// A day as the contract writes it.
pub(crate) fn date(day: jiff::civil::Date) -> proto::events::Date {
    proto::events::Date {
        year: day.year().into(),
        month: u32::try_from(day.month()).ok(),
        day: u32::try_from(day.day()).ok(),
        estimated: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_moves_no_cursor() {
        assert_eq!(plain("MSH\rPID\r\nPV1\nend"), "MSH\nPID\nPV1\nend");
        assert_eq!(plain("a\u{1b}[2Jb\tc\u{9b}d\u{202e}e"), "a\\u{1b}[2Jb\\tc\\u{9b}d\\u{202e}e");
        assert_eq!(plain("Siân Ó Néill 😀"), "Siân Ó Néill 😀");
    }
}
