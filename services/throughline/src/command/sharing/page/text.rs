//! The page as text.

use super::Whom;
use super::model::{Page, is_empty};
use super::words::{CHILD, LEAD, PARENT, Standing};

/// How wide a line is.
const WIDTH: usize = 92;

/// What stands on every page for this reader.
pub(super) fn standing(whom: Whom) -> Standing {
    match whom {
        Whom::Parent => PARENT,
        Whom::Child => CHILD,
        Whom::Lead => LEAD,
    }
}

/// Where it is not known what service holds a record, or nobody is named who works with the child.
pub(super) const NOT_KNOWN: &str = "Ask the service that holds it who else may see it.";

/// The whole page.
pub(super) fn written(page: &Page) -> String {
    let standing = standing(page.whom);
    let mut text = Text(String::new());
    text.heading(standing.title, '=');
    text.paragraph(&format!("Made on {}.", page.made_on.strftime("%-d %B %Y")), "");
    for said in standing.opening {
        text.paragraph(said, "");
    }
    if is_empty(page) {
        text.paragraph(standing.nothing, "");
    }
    if !page.working.is_empty() {
        text.heading(standing.working, '-');
        for worker in &page.working {
            let since = worker.since.as_ref().map(|since| format!(", since {since}")).unwrap_or_default();
            let ask = if worker.ask.is_empty() { String::new() } else { format!(" To ask: {}.", worker.ask) };
            text.item(&format!("{}: {}{since}.{ask}", capital(&worker.name), worker.capacity), "");
        }
        text.line("");
    }
    records(&mut text, page, standing);
    if !page.services.is_empty() {
        text.heading("Other services", '-');
        text.paragraph("These are involved too. We may not say more about them; this is whom to ask.", "");
        page.services.iter().for_each(|service| text.item(service, ""));
        text.line("");
    }
    text.heading("When it can be otherwise", '-');
    standing.otherwise.iter().for_each(|said| text.paragraph(said, ""));
    text.heading("If you do not agree, or something is wrong", '-');
    standing.objecting.iter().for_each(|said| text.paragraph(said, ""));
    if page.whom == Whom::Lead {
        text.heading("On record", '-');
        text.paragraph(&format!("Decisions: {}. Rules: {}.", page.decisions.join(", "), page.policy), "");
    }
    text.0
}

fn records(text: &mut Text, page: &Page, standing: Standing) {
    if page.records.is_empty() {
        return;
    }
    text.heading(standing.records, '-');
    for records in &page.records {
        let count = if records.count == 1 { "1 record".to_owned() } else { format!("{} records", records.count) };
        text.paragraph(&format!("{}, held by {} ({count})", capital(records.kind), records.held_by), "* ");
        if let Some(left_out) = &records.left_out {
            let why = if left_out.reasons.is_empty() {
                String::new()
            } else {
                format!(", because: {}", left_out.reasons.join("; "))
            };
            let ask = if left_out.ask.is_empty() { String::new() } else { format!(" To ask: {}.", left_out.ask) };
            text.paragraph(&format!("Left out here: {}{why}.{ask}", left_out.what), "  ");
        }
        if records.seen_by.is_empty() {
            text.paragraph(NOT_KNOWN, "  ");
        }
        for seen in &records.seen_by {
            text.paragraph(&format!("{}:", seen.name), "  ");
            seen.may.iter().for_each(|may| text.item(may, "    "));
            text.line("");
            if !seen.because.is_empty() {
                text.paragraph(&format!("{}: {}", standing.why, seen.because.join(" ")), "    ");
            }
            if !seen.rules.is_empty() {
                text.paragraph(&seen.rules.join("; "), "    ");
            }
        }
    }
}

pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}

struct Text(String);

impl Text {
    fn line(&mut self, line: &str) {
        self.0.push_str(line.trim_end());
        self.0.push('\n');
    }

    fn heading(&mut self, heading: &str, under: char) {
        self.line(heading);
        self.line(&under.to_string().repeat(heading.chars().count()));
        self.line("");
    }

    fn item(&mut self, item: &str, indent: &str) {
        self.wrapped(item, &format!("{indent}- "), &format!("{indent}  "));
    }

    fn paragraph(&mut self, paragraph: &str, first: &str) {
        let rest = " ".repeat(first.chars().count());
        self.wrapped(paragraph, first, &rest);
        self.line("");
    }

    fn wrapped(&mut self, words: &str, first: &str, rest: &str) {
        let mut line = first.to_owned();
        let mut empty = true;
        for word in words.split_whitespace() {
            if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.line(&line);
                line = rest.to_owned();
                empty = true;
            }
            if !empty {
                line.push(' ');
            }
            line.push_str(word);
            empty = false;
        }
        self.line(&line);
    }
}
