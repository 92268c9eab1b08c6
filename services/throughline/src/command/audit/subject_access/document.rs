//! What a child or parent may have, as one HTML file that stands alone and prints on paper.
//!
//! Whether anything was left out shows nowhere: what is said of that is the same in every document.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use proto::audit::{Seen, SubjectAccessResponse};
use proto::sharing::{Category, Purpose};
use proto::timeline::Entry;

use super::plain::{Plainly, written as day_written};
use crate::command::sharing::page::words;

/// The same for every document of the service.
pub(in crate::command::audit) const STYLE: &str = "
:root { color-scheme: light; }
body { font: 17px/1.5 Georgia, 'Times New Roman', serif; color: #1a1a1a; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.35rem; margin: 2.2rem 0 .6rem; border-bottom: 2px solid #1a1a1a; padding-bottom: .2rem; }
h3 { font-size: 1.1rem; margin: 1.6rem 0 .3rem; }
h4 { font-size: 1rem; margin: 1.1rem 0 .1rem; }
.made { color: #444; margin: 0 0 1.2rem; }
.entry { margin: 0 0 .9rem; padding-left: .8rem; border-left: 3px solid #c8c8c8; }
.entry h4 { margin-top: 0; }
.from, .reference { color: #444; font-size: .92rem; margin: 0; }
.reference { font-family: ui-monospace, monospace; font-size: .78rem; }
.mark { font-weight: bold; margin: .2rem 0; }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; column-gap: 1rem; margin: .2rem 0; }
dt { color: #444; } dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-size: .95rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid #c8c8c8; }
@media print { body { font-size: 10.5pt; margin: 0; max-width: none; } h2, h3 { break-after: avoid; } .entry, tr { break-inside: avoid; } }
";

/// Said in every document, whatever is in it.
pub(super) const MAY_NOT_BE_HERE: [&str; 3] = [
    "The law lets some things be left out when somebody asks for a record, and this is said to everybody who asks, whether or not \
     anything was left out of theirs. What is about somebody else may be left out, and so may what was told in confidence, what a court \
     has restricted, and what somebody qualified has decided could cause serious harm if it were read.",
    "Each place that keeps a record decides by rules that are written down. No person chose what to leave out of this document.",
    "An organisation may also hold papers that it does not share with this service. To have those, ask it yourself.",
];

struct Words {
    title: &'static str,
    whose: &'static str,
    opening: &'static str,
}

const FOR_THE_CHILD: Words = Words {
    title: "What is held about you",
    whose: "you",
    opening: "You asked for what is held about you. This document has three parts: what is in the record, where it came from, and who has \
              seen it and why. It is yours: please keep it somewhere safe.",
};

const FOR_A_PARENT: Words = Words {
    title: "What is held about your child",
    whose: "your child",
    opening: "You asked for what is held about your child. This document has three parts: what is in the record, where it came from, and \
              who has seen it and why. The reasons are written as we would tell your child, so \u{201c}you\u{201d} in them is your child. \
              It was made for you: please keep it somewhere safe.",
};

/// The whole document.
pub(super) fn written(answer: &SubjectAccessResponse) -> anyhow::Result<String> {
    let plainly = Plainly::new()?;
    let words = if answer.for_the_child { FOR_THE_CHILD } else { FOR_A_PARENT };
    let prepared_on = answer.prepared_at.as_ref().and_then(|at| plainly.day(at)).map(day_written).unwrap_or_default();
    let number = answer.child.as_ref().map(|child| child.value.clone()).unwrap_or_default();
    let record = record(answer, &plainly)?;
    let page = html! {
        (DOCTYPE)
        html lang="en-GB" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (words.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (words.title) }
                    p class="made" {
                        "Prepared on " (prepared_on) " for the number " (number)
                        @if !answer.service.is_empty() { ", by " (answer.service) }
                        "."
                    }
                    p { (words.opening) }
                    h2 { "1. What is in the record" }
                    @if answer.entries.is_empty() {
                        p { "There is nothing in it that we could give you." }
                    } @else {
                        p { "Newest first, in groups. If something is wrong, tell the place that wrote it, and quote its reference. Where it says \u{201c}code\u{201d}, ask the place that wrote it what that means." }
                    }
                    (record)
                    (came_from(answer, words.whose))
                    (seen(answer, &plainly, words.whose))
                    h2 { "4. What may not be here" }
                    @for said in MAY_NOT_BE_HERE { p { (said) } }
                    h2 { "5. What you can do" }
                    ul {
                        li { "If something is wrong, ask the place that wrote it to put it right. While it looks into that, you can ask that the record is kept and not used. It must answer within a month." }
                        li { "If you do not want something to be used or shared, say so to the place that wrote it. It must tell you what it decides, and why." }
                        li { "To ask about this document"
                            @if !answer.ask.is_empty() { ": " (answer.ask) }
                            "."
                        }
                        li { "If you are not happy with an answer, you can complain to the Information Commissioner: ico.org.uk/make-a-complaint, or 0303 123 1113. You can also ask a court." }
                    }
                    p class="reference" {
                        "On record as " (hex::encode(&answer.decision_id)) " and " (hex::encode(&answer.audit_id)) "."
                    }
                }
            }
        }
    };
    Ok(page.into_string())
}

/// What an organisation is called.
fn called(answer: &SubjectAccessResponse, organisation: &str) -> String {
    let named = answer.came_from.iter().map(|of| (&of.organisation, &of.name));
    let mut named = named.chain(answer.seen.iter().map(|of| (&of.organisation, &of.name)));
    let name = named.find(|(id, name)| *id == organisation && !name.is_empty()).map(|(_, name)| name.clone());
    name.unwrap_or_else(|| organisation.to_owned())
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

fn record(answer: &SubjectAccessResponse, plainly: &Plainly) -> anyhow::Result<Markup> {
    let mut groups: BTreeMap<Category, Vec<&Entry>> = BTreeMap::new();
    for entry in &answer.entries {
        groups.entry(entry.category()).or_default().push(entry);
    }
    let mut written = Vec::new();
    for (category, entries) in groups {
        let entries = entries.into_iter().map(|entry| one(answer, entry, plainly));
        let entries: Vec<Markup> = entries.filter_map(Result::transpose).collect::<anyhow::Result<_>>()?;
        if entries.is_empty() {
            continue;
        }
        written.push(html! {
            h3 { (capital(words::category(category))) }
            @for entry in entries { (entry) }
        });
    }
    Ok(html! { @for group in written { (group) } })
}

/// Nothing of an entry that says nothing: a heading alone would only tell that there was more.
fn one(answer: &SubjectAccessResponse, entry: &Entry, plainly: &Plainly) -> anyhow::Result<Option<Markup>> {
    let event = entry.event.clone().unwrap_or_default();
    let (kind, said) = plainly.event(&event, &|text| called(answer, text))?;
    if said.is_empty() {
        return Ok(None);
    }
    let when = entry.effective.as_ref().map(|when| plainly.when(when)).unwrap_or_default();
    let put_right = entry
        .rectified
        .as_ref()
        .and_then(|rectified| rectified.on)
        .map(|on| plainly.when(&proto::events::When { when: Some(proto::events::when::When::On(on)) }));
    Ok(Some(html! {
        div class="entry" {
            h4 { (kind) @if !when.is_empty() { ", " (when) } }
            @if !entry.organisation.is_empty() { p class="from" { "Written by " (called(answer, &entry.organisation)) } }
            @if let Some(on) = put_right { p class="mark" { "This was wrong, and was put right on " (on) "." } }
            @if entry.processing_restricted {
                p class="mark" { "Somebody said that this is wrong or should not be used. It is kept, and not used, until that is settled." }
            }
            dl { @for one in &said { dt { (one.what) } dd { (one.says) } } }
            @if !entry.entry_id.is_empty() { p class="reference" { "Reference " (reference(&entry.entry_id)) } }
        }
    }))
}

/// As much of an entry's id as tells it from the others.
fn reference(id: &[u8]) -> String {
    hex::encode(id.get(..6).unwrap_or(id))
}

fn came_from(answer: &SubjectAccessResponse, whose: &str) -> Markup {
    html! {
        h2 { "2. Where it came from" }
        @if answer.came_from.is_empty() { p { "Nothing is listed here." } } @else {
            p { "These organisations wrote what is above, in the course of their own work with " (whose) ", and answer for it." }
            table {
                thead { tr { th { "Who" } th { "What" } th { "To ask" } } }
                tbody {
                    @for of in &answer.came_from {
                        tr {
                            td { (called(answer, &of.organisation)) }
                            td { (capital(&listed(of.categories()))) " (" (of.entries) ")" }
                            td { (of.contact) }
                        }
                    }
                }
            }
        }
    }
}

fn listed(categories: impl Iterator<Item = Category>) -> String {
    let words: Vec<String> = categories.map(|category| words::category(category).to_owned()).collect();
    words::listed(&words)
}

/// Somebody's looks for one purpose.
#[derive(Default)]
struct Looks {
    days: BTreeSet<Date>,
    categories: BTreeSet<Category>,
    because: BTreeSet<String>,
    emergency: bool,
}

fn seen(answer: &SubjectAccessResponse, plainly: &Plainly, whose: &str) -> Markup {
    let mut looks: BTreeMap<(String, Purpose), Looks> = BTreeMap::new();
    for seen in &answer.seen {
        let of = looks.entry((called(answer, &seen.organisation), seen.purpose())).or_default();
        of.add(seen, plainly);
    }
    html! {
        h2 { "3. Who has seen it, and why" }
        @if looks.is_empty() { p { "Nothing is listed here." } } @else {
            p {
                "Every time that somebody is shown something from the record, it is written down first. These organisations were shown \
                 something about " (whose) ". Only the organisation is named, and not the person who works there."
            }
            @for ((organisation, purpose), looks) in &looks {
                div class="entry" {
                    h4 { (organisation) ", " (why(*purpose)) }
                    @if looks.emergency { p class="mark" { "They said that it was an emergency. That is always checked afterwards." } }
                    dl {
                        dt { "When" } dd { (days(&looks.days)) }
                        dt { "What" } dd { (capital(&listed(looks.categories.iter().copied()))) }
                        @if !looks.because.is_empty() {
                            dt { "Why they may" } dd { (looks.because.iter().cloned().collect::<Vec<_>>().join(" ")) }
                        }
                    }
                }
            }
        }
    }
}

impl Looks {
    fn add(&mut self, seen: &Seen, plainly: &Plainly) {
        self.days.extend(seen.at.as_ref().and_then(|at| plainly.day(at)));
        self.categories.extend(seen.categories());
        self.because.extend(seen.because.iter().cloned());
        self.emergency |= seen.emergency;
    }
}

fn why(purpose: Purpose) -> String {
    let name = purpose.as_str_name().trim_start_matches("PURPOSE_").to_lowercase();
    words::purpose(&name).to_owned()
}

/// Each day where they are few; else how many, and the first and the last.
fn days(days: &BTreeSet<Date>) -> String {
    const EACH_MAX: usize = 6;
    let written: Vec<String> = days.iter().map(|day| day_written(*day)).collect();
    match (written.as_slice(), written.len()) {
        ([first, .., last], many) if many > EACH_MAX => format!("{many} days, from {first} to {last}"),
        (few, _) => words::listed(few),
    }
}
