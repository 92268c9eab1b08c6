//! Who saw a child, or what somebody did, as a document that stands alone and prints on paper.

use std::collections::{BTreeMap, BTreeSet};

use maud::{DOCTYPE, PreEscaped, html};
use proto::audit::AccessesResponse;

use super::summed;
use crate::command::audit::subject_access::STYLE;
use crate::command::sharing::page::words;

/// What was asked for, in words.
fn asked(call: &str) -> String {
    match call {
        "get_timeline" => "the record".to_owned(),
        "watch_timeline" => "the record, as it changes".to_owned(),
        "get_involvement" => "who works with the child".to_owned(),
        "get_family" => "the family".to_owned(),
        "list_facts" => "what is recorded of sharing".to_owned(),
        "explain_decision" => "why an answer was as it was".to_owned(),
        "record_fact" => "to record something".to_owned(),
        "subject_access" => "the document for the family".to_owned(),
        other => other.replace('_', " "),
    }
}

/// The whole document. `command` says which question it answers.
pub(super) fn written(answer: &AccessesResponse, command: &str) -> anyhow::Result<String> {
    let (title, opening) = match command {
        "audit who-saw" => (
            "Who asked about this child",
            "Every request about this child that is on record, summed by who asked, what for and what they asked for. It says what kinds of \
             record were given and by which rules, and nothing of what they say.",
        ),
        _ => (
            "What they asked for",
            "Every request on record of this organisation or person, summed by who asked, what for and what they asked for. It says what \
             kinds of record were given and by which rules, and nothing of what they say. Refused requests are counted.",
        ),
    };
    let told = told(answer, &sharing::Engine::load()?);
    let page = html! {
        (DOCTYPE)
        html lang="en-GB" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (title) }
                style { (PreEscaped(STYLE)) (PreEscaped("body { max-width: 60rem; }")) }
            }
            body {
                main {
                    h1 { (title) }
                    p class="made" { (answer.accesses.len()) " requests." }
                    p { (opening) }
                    @if answer.accesses.is_empty() { p { "There is none on record." } } @else {
                        table {
                            thead { tr { th { "Who" } th { "What for" } th { "Asked for" } th { "When" } th { "Given" } th { "Kinds of record" } th { "By rule" } } }
                            tbody {
                                @for ([organisation, person, purpose, asked_for], sum) in &summed(&answer.accesses) {
                                    tr {
                                        td { (organisation) br; (person) }
                                        td { (words::purpose(purpose)) }
                                        td { (asked(asked_for)) }
                                        td { (sum.first) @if sum.last != sum.first { br; "to " (sum.last) } }
                                        td { (sum.given()) @if sum.times != sum.gave { ", of " (sum.times) @if sum.times == 1 { " request" } @else { " requests" } } }
                                        td { (sum.categories.iter().map(|word| word.replace('_', " ")).collect::<Vec<_>>().join(", ")) }
                                        td { (sum.rules.iter().cloned().collect::<Vec<_>>().join(" ")) }
                                    }
                                }
                            }
                        }
                    }
                    @if !told.is_empty() {
                        h2 { "What the rules say" }
                        dl { @for (rule, says) in &told { dt { (rule) } dd { (says) } } }
                    }
                    p class="reference" { "On record as " (hex::encode(&answer.audit_id)) "." }
                }
            }
        }
    }
    .into_string();
    Ok(page)
}

/// Each rule of which the answer tells, by its letter and number, and what it says.
fn told(answer: &AccessesResponse, engine: &sharing::Engine) -> BTreeMap<String, String> {
    let ids: BTreeSet<&String> = answer.accesses.iter().flat_map(|access| &access.rules).collect();
    let said = |id: &String| {
        let rule = engine.rule(id)?;
        Some((id.split('-').next().unwrap_or(id).to_owned(), rule.say.clone()))
    };
    ids.into_iter().filter_map(said).collect()
}
