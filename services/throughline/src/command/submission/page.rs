//! One page about a submission, as one HTML file that stands alone: for a data manager, or for a school about its own records.

use connector_kit::submission::{Counted, Outcome, Report, Tally};
use maud::{DOCTYPE, Markup, PreEscaped, html};

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

const STYLE: &str = "
:root { color-scheme: light; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; }
body { font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', sans-serif; color: var(--ink); max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .2rem; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .4rem; border-bottom: 1px solid var(--line); padding-bottom: .2rem; }
.made, .note, figcaption { color: var(--soft); margin: 0 0 .8rem; font-size: .92rem; }
figure { margin: 0; }
svg { width: 100%; height: auto; display: block; }
svg text { font: 13px system-ui, sans-serif; fill: var(--ink); }
svg .count { font-weight: 600; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid var(--line); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code { font: .86rem ui-monospace, monospace; overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .8rem; margin: 1rem 0; padding: 0; list-style: none; }
.tiles li { border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .8rem; }
.tiles strong { display: block; font-size: 1.5rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
@media print { body { font-size: 10.5pt; margin: 0; max-width: none; } h2, tr, figure { break-inside: avoid; } h2 { break-after: avoid; } }
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
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (title) }
                    p class="made" {
                        (report.source) ", picked up " (time(report.picked_up_us)) " UTC, submission " (report.picked_up_us) "."
                    }
                    p { "This page holds counts and names of fields. It holds nothing about any child." }
                    (tiles(page))
                    (outcomes(page))
                    (children(tally))
                    (changes(tally))
                    (counted("Findings", FINDINGS, "What was found", "Rule", &tally.findings, "#9a6700"))
                    (counted("In quarantine", QUARANTINED, "Reason", "What to do", &tally.quarantined, "#cf222e"))
                    @if organisation.is_none() { (scopes(report)) }
                    (meanings())
                }
            }
        }
    }
    .into_string()
}

const FINDINGS: &str = "The data said something odd about themselves. These records were taken all the same; putting them right \
    at the source puts them right here with the next submission. 'Not mapped' is no mistake: a part of the record has no place of \
    its own here yet, and is kept as it came.";
const QUARANTINED: &str = "These records could not be used. They are kept until somebody deals with them.";

fn tiles(page: &Page<'_>) -> Markup {
    let Page { report, tally, organisation, .. } = page;
    let all: u64 = Outcome::ALL.iter().filter(|o| **o != Outcome::Retracted).map(|o| count(tally, *o)).sum();
    let share =
        |part: u64, of: u64| if of == 0 { "-".to_owned() } else { format!("{:.1}%", part as f64 * 100.0 / of as f64) };
    let used = all - count(tally, Outcome::Quarantined).min(all);
    html! {
        ul class="tiles" {
            @if organisation.is_none() { li { strong { (grouped(report.records)) } "records read" } }
            li { strong { (grouped(all)) } "entries" }
            li { strong { (share(used, all)) } "could be used" }
            li { strong { (share(tally.children.usable, tally.children.described())) } "of children can be linked" }
            li { strong { (grouped(tally.findings.iter().map(|one| one.count).sum())) } "findings" }
        }
    }
}

fn count(tally: &Tally, outcome: Outcome) -> u64 {
    tally.outcomes.get(&outcome).copied().unwrap_or_default()
}

/// A bar: what it is of, how long, how it is coloured.
struct Bar {
    label: String,
    count: u64,
    colour: &'static str,
    /// The same the time before, where that is known.
    before: Option<u64>,
}

/// Bars beside their labels, as one drawing. It is described for whoever does not see it.
fn bars(what: &str, bars: &[Bar]) -> Markup {
    const LABEL: u64 = 270;
    const WIDTH: u64 = 720;
    const ROW: u64 = 28;
    let longest =
        bars.iter().flat_map(|bar| [bar.count, bar.before.unwrap_or_default()]).max().unwrap_or_default().max(1);
    let length = |count: u64| (WIDTH - LABEL - 90) as f64 * count as f64 / longest as f64;
    let height = ROW * bars.len() as u64 + 6;
    let told: Vec<String> = bars.iter().map(|bar| format!("{} {}", bar.label, bar.count)).collect();
    html! {
        figure {
            svg role="img" aria-label=(format!("{what}: {}", told.join(", "))) viewBox=(format!("0 0 {WIDTH} {height}"))
                xmlns="http://www.w3.org/2000/svg" {
                @for (bar, row) in bars.iter().zip(0u64..) {
                    @let top = row * ROW + 4;
                    text x=(LABEL - 10) y=(top + 14) text-anchor="end" { (shortened(&bar.label)) }
                    @if let Some(before) = bar.before {
                        rect x=(LABEL) y=(top + 18) width=(format!("{:.1}", length(before))) height="4" fill="#afb8c1" {}
                    }
                    rect x=(LABEL) y=(top) width=(format!("{:.1}", length(bar.count).max(if bar.count > 0 { 1.0 } else { 0.0 })))
                        height="18" rx="2" fill=(bar.colour) {}
                    text class="count" x=(format!("{:.1}", LABEL as f64 + length(bar.count) + 8.0)) y=(top + 14) { (grouped(bar.count)) }
                }
            }
        }
    }
}

/// Fits beside a bar.
fn shortened(label: &str) -> String {
    const CHARS_MAX: usize = 32;
    match label.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", label.get(..end).unwrap_or_default()),
        None => label.to_owned(),
    }
}

/// 12345 as 12,345.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (digit, left) in digits.chars().zip((0..digits.len()).rev()) {
        grouped.push(digit);
        if left > 0 && left % 3 == 0 {
            grouped.push(',');
        }
    }
    grouped
}

fn outcomes(page: &Page<'_>) -> Markup {
    let colour = |outcome| match outcome {
        Outcome::Published => "#1a7f37",
        Outcome::PublishedWithFindings => "#bf8700",
        Outcome::Unchanged => "#0969da",
        Outcome::Quarantined => "#cf222e",
        Outcome::Retracted => "#6e7781",
    };
    let words = |outcome| match outcome {
        Outcome::Published => "new or changed",
        Outcome::PublishedWithFindings => "new or changed, with findings",
        Outcome::Unchanged => "unchanged",
        Outcome::Quarantined => "in quarantine",
        Outcome::Retracted => "no longer there",
    };
    let list: Vec<Bar> = Outcome::ALL
        .into_iter()
        .map(|outcome| Bar {
            label: words(outcome).to_owned(),
            count: count(page.tally, outcome),
            colour: colour(outcome),
            before: page.before.as_ref().map(|before| count(before, outcome)),
        })
        .collect();
    html! {
        h2 { "Outcomes" }
        (bars("Outcomes", &list))
        @if page.before.is_some() { p class="note" { "The thin grey bars are the submission before this one." } }
    }
}

fn children(tally: &Tally) -> Markup {
    let children = tally.children;
    if children.described() == 0 {
        return html! {};
    }
    let bar = |label: &str, count, colour| Bar { label: label.to_owned(), count, colour, before: None };
    let list = [
        bar("number that links them", children.usable, "#1a7f37"),
        bar("number that cannot be used", children.unusable, "#cf222e"),
        bar("no number", children.without, "#6e7781"),
    ];
    html! {
        h2 { "Can the children be linked?" }
        p class="note" {
            "Of " (grouped(children.described())) " children described. A UPN, NHS number or ULN that fails its check, is a stand-in, or \
            stands on two children links nobody; the records are kept."
        }
        (bars("Children by national number", &list))
    }
}

fn changes(tally: &Tally) -> Markup {
    let mut list: Vec<(&String, u64)> =
        tally.changes.iter().map(|(kind, causes)| (kind, causes.values().sum())).collect();
    list.sort_by_key(|(kind, count)| (std::cmp::Reverse(*count), *kind));
    let drawn: Vec<Bar> = list
        .iter()
        .map(|(kind, count)| Bar { label: spaced(kind), count: *count, colour: "#0969da", before: None })
        .collect();
    html! {
        h2 { "What changed since the last submission" }
        @if list.is_empty() {
            p { "Nothing: everything was there before." }
        } @else {
            (bars("Changes by kind of event", &drawn))
            table {
                thead { tr { th { "Kind of event" } th { "Why" } th class="number" { "Entries" } } }
                tbody {
                    @for (kind, causes) in &tally.changes {
                        @for (cause, count) in causes {
                            tr { td { (spaced(kind)) } td { (cause) } td class="number" { (grouped(*count)) } }
                        }
                    }
                }
            }
        }
    }
}

/// `EhcPlanIssued` as "EHC plan issued".
fn spaced(kind: &str) -> String {
    let mut words = String::new();
    for (at, character) in kind.char_indices() {
        if at > 0 && character.is_ascii_uppercase() {
            words.push(' ');
            words.push(character.to_ascii_lowercase());
        } else {
            words.push(character);
        }
    }
    for word in ["Ehc", "Sen"] {
        if words.split(' ').next() == Some(word) {
            words = words.replacen(word, &word.to_ascii_uppercase(), 1);
        }
    }
    words
}

/// Bars that are drawn of a list; its table has the rest.
const DRAWN_MAX: usize = 15;

fn counted(title: &str, note: &str, what: &str, says: &str, list: &[Counted], colour: &'static str) -> Markup {
    let drawn: Vec<Bar> = list
        .iter()
        .take(DRAWN_MAX)
        .map(|one| {
            let of = if one.field.is_empty() { String::new() } else { format!(", {}", one.field) };
            Bar { label: format!("{}{of}", plain(&one.code)), count: one.count, colour, before: None }
        })
        .collect();
    html! {
        h2 { (title) }
        @if list.is_empty() {
            p { "None." }
        } @else {
            p class="note" { (note) }
            (bars(title, &drawn))
            table {
                thead { tr { th { (what) } th { "Field" } th { (says) } th class="number" { "How often" } } }
                tbody {
                    @for one in list {
                        tr {
                            td { code { (one.code) } }
                            td { (one.field) }
                            td { (one.says) }
                            td class="number" { (grouped(one.count)) }
                        }
                    }
                }
            }
        }
    }
}

/// `DATES_OUT_OF_ORDER` as "dates out of order".
fn plain(code: &str) -> String {
    code.to_ascii_lowercase().replace('_', " ")
}

fn scopes(report: &Report) -> Markup {
    html! {
        h2 { "What it stated" }
        p class="note" {
            "A scope that was read whole says by what it leaves out that something is gone. Retractions that are held wait for a person."
        }
        table {
            thead {
                tr {
                    th { "Scope" } th { "As of (UTC)" } th { "Whole" } th class="number" { "Standing" }
                    th class="number" { "Held" } th class="number" { "Overtaken" }
                }
            }
            tbody {
                @for scope in &report.scopes {
                    tr {
                        td { code { (scope.key) } }
                        td { (time(scope.as_of_us)) }
                        td { @if scope.whole { "yes" } @else { "no" } }
                        td class="number" { (grouped(scope.standing as u64)) }
                        td class="number" { (grouped(scope.retractions_held as u64)) }
                        td class="number" { (grouped(scope.superseded)) }
                    }
                }
            }
        }
    }
}

fn meanings() -> Markup {
    let rows = [
        (Outcome::Published, "It is new, or says something new, and nothing is odd about it."),
        (
            Outcome::PublishedWithFindings,
            "It is new, or says something new, and something about it is odd: see the findings.",
        ),
        (Outcome::Unchanged, "It said the same the last time."),
        (Outcome::Quarantined, "It could not be used. It is kept, with the reason, until somebody deals with it."),
        (
            Outcome::Retracted,
            "It was there the last time, and this submission, which was read whole, no longer has it.",
        ),
    ];
    html! {
        h2 { "What the outcomes mean" }
        table { tbody { @for (outcome, says) in rows { tr { td { code { (outcome.name()) } } td { (says) } } } } }
    }
}
