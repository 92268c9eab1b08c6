//! Who saw a child, or what somebody did, as a document that stands alone and prints on paper.

use maud::{DOCTYPE, PreEscaped, html};
use proto::audit::AccessesResponse;

use super::summed;
use crate::command::audit::subject_access::STYLE;
use crate::command::sharing::page::words;

/// The whole document. `command` says which question it answers.
pub(super) fn written(answer: &AccessesResponse, command: &str) -> String {
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
    html! {
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
                                        td { (asked_for.replace('_', " ")) }
                                        td { (sum.first) @if sum.last != sum.first { br; "to " (sum.last) } }
                                        td { (sum.given()) @if sum.times != sum.gave { " of " (sum.times) } }
                                        td { (sum.categories.iter().map(|word| word.replace('_', " ")).collect::<Vec<_>>().join(", ")) }
                                        td { (sum.rules.iter().cloned().collect::<Vec<_>>().join(" ")) }
                                    }
                                }
                            }
                        }
                    }
                    p class="reference" { "On record as " (hex::encode(&answer.audit_id)) "." }
                }
            }
        }
    }
    .into_string()
}
