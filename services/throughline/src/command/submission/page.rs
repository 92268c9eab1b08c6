//! One page about a submission, as one HTML file that stands alone: for a data manager, or for a school about its own records.
//!
//! Every chart is a table whose rows have bars, so that it is read aloud, printed, and read on a phone as it is.

mod words;

use connector_kit::submission::{Counted, Outcome, Report, Tally};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use self::words::grouped;
use super::time;

/// What the page is made of.
pub(super) struct Page<'a> {
    pub(super) report: &'a Report,
    /// Of all, or of one organisation.
    pub(super) tally: &'a Tally,
    /// The same of the submission before.
    pub(super) before: Option<Tally>,
    /// Whose records the page is of; of all where nobody is named.
    pub(super) organisation: Option<&'a str>,
}

/// Nothing is fetched, run or sent, whatever stood in the page.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const STYLE: &str = "
:root { color-scheme: light; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', sans-serif; color: var(--ink); background: #fff; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .2rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .4rem; border-bottom: 1px solid var(--line); padding-bottom: .2rem; }
.made, .note, caption { color: var(--soft); margin: 0 0 .8rem; font-size: .92rem; }
caption { text-align: left; padding-bottom: .3rem; }
table { border-collapse: collapse; width: 100%; font-size: .95rem; margin-bottom: 1rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
thead th { font-size: .85rem; color: var(--soft); }
tbody th { font-weight: 600; }
.says { display: block; font-weight: 400; color: var(--soft); font-size: .88rem; }
.code { font: .78rem ui-monospace, monospace; color: var(--soft); }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; padding-right: 0; }
.bars .label { width: 46%; } .bars .number { width: 5rem; font-weight: 600; }
.wide .number { padding-left: .8rem; }
.bars svg { display: block; width: 100%; height: 1.1rem; margin-top: .15rem; }
.bars .then { height: .3rem; }
.was { display: block; font-weight: 400; font-size: .8rem; color: var(--soft); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .8rem; margin: 1rem 0; padding: 0; list-style: none; }
.tiles li { border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .8rem; }
.tiles strong { display: block; font-size: 1.5rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
@media (max-width: 36rem) {
  .bars thead, .wide thead { position: absolute; left: -999rem; }
  .bars tr, .wide tr { display: grid; grid-template-columns: 1fr auto; border-bottom: 1px solid var(--line); padding: .3rem 0; }
  .bars th, .bars td, .wide th, .wide td { border: 0; padding: .1rem .6rem .1rem 0; width: auto; }
  .bars .label { grid-column: 1 / 3; width: auto; }
  .wide th, .wide td { grid-column: 1 / 3; text-align: left; } .wide td::before { content: attr(data-of) ' '; color: var(--soft); }
}
@media print { body { font-size: 10.5pt; margin: 0; max-width: none; padding: 0; } h2, h2 + p { break-after: avoid; } thead, tbody tr:first-child { break-before: avoid; } tr, .tiles { break-inside: avoid; } thead { display: table-header-group; } }
";

/// The whole page.
pub(super) fn written(page: &Page<'_>) -> String {
    let Page { report, tally, organisation, .. } = page;
    let title = match organisation {
        Some(id) => format!("What became of the records of {id}"),
        None => "What became of a submission".to_owned(),
    };
    html! {
        (DOCTYPE)
        html lang="en-GB" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (title) }
                    p class="made" {
                        (report.source) ", picked up " (time(report.picked_up_us)) " UTC, submission " (report.picked_up_us) "."
                    }
                    p {
                        "This page holds counts and names of fields. It holds no name, number or birth date of any child. A count of one or \
                        two can still point to a child for somebody who knows the records: keep the page as you keep the return itself."
                    }
                    (tiles(page))
                    (outcomes(page))
                    (findings(tally))
                    (quarantined(tally))
                    (children(tally))
                    (changes(tally))
                    @if organisation.is_none() { (organisations(report)) (scopes(report)) }
                }
            }
        }
    }
    .into_string()
}

/// What is read at a glance.
fn tiles(page: &Page<'_>) -> Markup {
    let Page { report, tally, organisation, .. } = page;
    let found: u64 = tally.findings.iter().map(|one| one.count).sum();
    html! {
        ul class="tiles" {
            @if organisation.is_none() { li { strong { (grouped(report.records)) } "records read from the files" } }
            li { strong { (grouped(entries(tally))) } "entries that they make on children's timelines" }
            li { strong { (used(tally)) } "of these could be used" }
            li { strong { (linked(tally)) } "of children have a number that links their records" }
            li { strong { (grouped(found)) } "findings: something odd, and taken all the same" }
        }
    }
}

/// What a submission came to: all but what is no longer there.
fn entries(tally: &Tally) -> u64 {
    Outcome::ALL.iter().filter(|outcome| **outcome != Outcome::Retracted).map(|outcome| count(tally, *outcome)).sum()
}

fn used(tally: &Tally) -> String {
    let all = entries(tally);
    let unused = count(tally, Outcome::Quarantined) + count(tally, Outcome::NotTaken);
    share(all.saturating_sub(unused), all)
}

fn linked(tally: &Tally) -> String {
    share(tally.children.usable, tally.children.described())
}

fn share(part: u64, of: u64) -> String {
    if of == 0 { "-".to_owned() } else { format!("{:.1}%", part as f64 * 100.0 / of as f64) }
}

fn count(tally: &Tally, outcome: Outcome) -> u64 {
    tally.outcomes.get(&outcome).copied().unwrap_or_default()
}

/// A row with its bar.
struct Bar {
    label: String,
    /// Beneath it: what it means, what to do.
    says: String,
    /// The code, by which the manual has it; "" where there is none.
    code: String,
    count: u64,
    colour: &'static str,
    /// The same the time before, where that is known.
    before: Option<u64>,
}

impl Bar {
    fn of(label: &str, count: u64, colour: &'static str) -> Self {
        Self { label: label.to_owned(), says: String::new(), code: String::new(), count, colour, before: None }
    }
}

/// A table that is its own chart.
fn bars(caption: &str, of: &str, counts: &str, bars: &[Bar]) -> Markup {
    let longest =
        bars.iter().flat_map(|bar| [bar.count, bar.before.unwrap_or_default()]).max().unwrap_or_default().max(1);
    let length = |count: u64| format!("{:.2}", 100.0 * count as f64 / longest as f64);
    html! {
        table class="bars" {
            caption { (caption) }
            thead { tr { th scope="col" class="label" { (of) } td { } th scope="col" class="number" { (counts) } } }
            tbody {
                @for bar in bars {
                    tr {
                        th scope="row" class="label" {
                            (bar.label)
                            @if !bar.says.is_empty() { span class="says" { (bar.says) } }
                            @if !bar.code.is_empty() { span class="code" { (bar.code) } }
                        }
                        td {
                            (drawn(&length(bar.count), bar.colour, ""))
                            @if let Some(before) = bar.before { (drawn(&length(before), "#8c959f", "then")) }
                        }
                        td class="number" {
                            (grouped(bar.count))
                            @if let Some(before) = bar.before { span class="was" { "was " (grouped(before)) } }
                        }
                    }
                }
            }
        }
    }
}

/// A bar of so many hundredths. It says nothing that the number beside it does not.
fn drawn(length: &str, colour: &str, class: &str) -> Markup {
    html! {
        svg class=(class) viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            rect width=(length) height="10" fill=(colour) {}
        }
    }
}

fn outcomes(page: &Page<'_>) -> Markup {
    let list: Vec<Bar> = Outcome::ALL
        .into_iter()
        .map(|outcome| {
            let (label, says, colour) = words::outcome(outcome);
            Bar {
                says: says.to_owned(),
                code: outcome.name().to_owned(),
                before: page.before.as_ref().map(|before| count(before, outcome)),
                ..Bar::of(label, count(page.tally, outcome), colour)
            }
        })
        .collect();
    let then = if page.before.is_some() { " The thin grey bar is the submission before this one." } else { "" };
    html! {
        h2 { "What became of them" }
        (bars(&format!("Every entry has one of these outcomes.{then}"), "Outcome", "Entries", &list))
    }
}

/// "upn, by the published rule dfe/1510".
fn of_field(one: &Counted, rule: bool) -> String {
    match (one.field.as_str(), one.says.as_str()) {
        (field, says) if rule && !says.is_empty() && !field.is_empty() => {
            format!("{field}, by the published rule {says}")
        }
        ("", says) if rule && !says.is_empty() => format!("by the published rule {says}"),
        (field, _) => field.to_owned(),
    }
}

fn findings(tally: &Tally) -> Markup {
    let bar = |one: &Counted| {
        let (label, says) = words::finding(&one.code);
        let of = of_field(one, true);
        Bar {
            label: if of.is_empty() { label.to_owned() } else { format!("{label}: {of}") },
            says: says.to_owned(),
            code: one.code.clone(),
            ..Bar::of("", one.count, "#9a6700")
        }
    };
    let list: Vec<Bar> = tally.findings.iter().map(bar).collect();
    html! {
        h2 { "Findings" }
        @if list.is_empty() {
            p { "None: nothing was odd about the records that were taken." }
        } @else {
            (bars(
                "Something is odd about these records. They were taken all the same; what is put right at the source is put right here \
                with the next submission.",
                "What was found, and in which field", "How often", &list,
            ))
        }
    }
}

fn quarantined(tally: &Tally) -> Markup {
    let bar = |one: &Counted| {
        let (label, of) = (words::reason(&one.code), of_field(one, false));
        Bar {
            label: if of.is_empty() { label } else { format!("{label}: {of}") },
            says: one.says.clone(),
            code: one.code.clone(),
            ..Bar::of("", one.count, "#cf222e")
        }
    };
    let list: Vec<Bar> = tally.quarantined.iter().map(bar).collect();
    html! {
        h2 { "What could not be used" }
        @if list.is_empty() {
            p { "Nothing: all of it could be used." }
        } @else {
            (bars(
                "These are on no child's timeline. They are kept until somebody deals with them; put right at the source, they come with the \
                next submission.",
                "Why, in which field, and what to do", "How often", &list,
            ))
        }
    }
}

fn children(tally: &Tally) -> Markup {
    let children = tally.children;
    if children.described() == 0 {
        return html! {};
    }
    let list = [
        Bar::of("A number that links them", children.usable, "#1a7f37"),
        Bar::of("A number that cannot be used", children.unusable, "#cf222e"),
        Bar::of("No number", children.without, "#57606a"),
    ];
    html! {
        h2 { "Can the children be linked?" }
        (bars(
            &format!(
                "Of {} children described. A UPN, NHS number or ULN that fails its check, is a stand-in, or stands on two children links \
                nobody; the records are kept.",
                grouped(children.described())
            ),
            "National number", "Children", &list,
        ))
    }
}

fn changes(tally: &Tally) -> Markup {
    let each =
        tally.changes.iter().flat_map(|(kind, causes)| causes.iter().map(move |(cause, count)| (kind, cause, *count)));
    let mut list: Vec<(&String, &String, u64)> = each.collect();
    list.sort_by_key(|(kind, cause, count)| (std::cmp::Reverse(*count), *kind, *cause));
    let drawn: Vec<Bar> = list
        .iter()
        .map(|(kind, cause, count)| {
            Bar::of(&format!("{}: {}", words::spaced(kind), words::cause(cause)), *count, "#0969da")
        })
        .collect();
    html! {
        h2 { "What changed since the last submission" }
        @if drawn.is_empty() {
            p { "Nothing: everything was there before." }
        } @else {
            (bars("What the entries that are new, changed or gone are about.", "Kind of event, and why", "Entries", &drawn))
        }
    }
}

/// Each organisation's own, so that it is seen who needs a word.
fn organisations(report: &Report) -> Markup {
    let list: Vec<_> = report.organisations.iter().filter(|(id, _)| !id.is_empty()).collect();
    if list.len() < 2 {
        return html! {};
    }
    html! {
        h2 { "By organisation" }
        table class="wide" {
            caption { "A page of one organisation's own records, to send to it, is made with --of and its id." }
            thead {
                tr {
                    th scope="col" { "Organisation" } th scope="col" class="number" { "Entries" }
                    th scope="col" class="number" { "Could be used" } th scope="col" class="number" { "Linked" }
                    th scope="col" class="number" { "Findings" }
                }
            }
            tbody {
                @for (id, tally) in list {
                    tr {
                        th scope="row" { (id) }
                        td class="number" data-of="Entries:" { (grouped(entries(tally))) }
                        td class="number" data-of="Could be used:" { (used(tally)) }
                        td class="number" data-of="Linked:" { (linked(tally)) }
                        td class="number" data-of="Findings:" { (grouped(tally.findings.iter().map(|one| one.count).sum())) }
                    }
                }
            }
        }
    }
}

fn scopes(report: &Report) -> Markup {
    html! {
        h2 { "What it stated" }
        table class="wide" {
            caption {
                "A scope is what a file states everything of. One that was read whole says by what it leaves out that something is gone; \
                what is held waits for a person; what is overtaken was said by a later submission."
            }
            thead {
                tr {
                    th scope="col" { "Scope" } th scope="col" { "As of (UTC)" } th scope="col" { "Read whole" }
                    th scope="col" class="number" { "Standing" } th scope="col" class="number" { "Held" }
                    th scope="col" class="number" { "Overtaken" }
                }
            }
            tbody {
                @for scope in &report.scopes {
                    tr {
                        th scope="row" { (scope.key) }
                        td data-of="As of:" { (time(scope.as_of_us)) }
                        td data-of="Read whole:" { @if scope.whole { "yes" } @else { "no" } }
                        td class="number" data-of="Standing:" { (grouped(scope.standing as u64)) }
                        td class="number" data-of="Held:" { (grouped(scope.retractions_held as u64)) }
                        td class="number" data-of="Overtaken:" { (grouped(scope.superseded)) }
                    }
                }
            }
        }
    }
}
