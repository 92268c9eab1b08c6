//! The page as one HTML file that stands alone and prints on paper.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Whom;
use super::model::{Page, Records, is_empty};
use super::text::{NOT_KNOWN, capital, standing};
use super::words::Standing;

const STYLE: &str = "
:root { color-scheme: light; }
body { font: 17px/1.5 Georgia, 'Times New Roman', serif; color: #1a1a1a; max-width: 42rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.35rem; margin: 2.2rem 0 .6rem; border-bottom: 2px solid #1a1a1a; padding-bottom: .2rem; }
h3 { font-size: 1.1rem; margin: 1.5rem 0 .3rem; }
.made { color: #555; margin: 0 0 1.2rem; }
.left-out { border-left: 4px solid #b58900; padding-left: .8rem; }
dl { margin: .4rem 0; }
dt { font-weight: bold; margin-top: .7rem; }
dd { margin: 0 0 0 1rem; }
.why, .law { color: #444; font-size: .95rem; }
.law { font-family: ui-monospace, monospace; font-size: .8rem; overflow-wrap: anywhere; }
dd ul { margin: 0; padding-left: 1.1rem; }
@page { size: A4; margin: 18mm; }
@media print {
  body { font-size: 11pt; margin: 0; padding: 0; max-width: none; }
  h2, h3, dt, h3 + p { break-after: avoid; }
  dd, dd ul, .left-out { break-inside: avoid; }
  p { orphans: 3; widows: 3; }
}
";

/// The whole page.
pub(super) fn written(page: &Page) -> String {
    let standing = standing(page.whom);
    html! {
        (DOCTYPE)
        html lang="en-GB" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (standing.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (standing.title) }
                    p class="made" { "Made on " (page.made_on.strftime("%-d %B %Y").to_string()) "." }
                    @for said in standing.opening { p { (said) } }
                    @if is_empty(page) { p { (standing.nothing) } }
                    (working(page, standing))
                    @if !page.records.is_empty() {
                        h2 { (standing.records) }
                        @for records in &page.records { (one(records, standing)) }
                    }
                    @if !page.services.is_empty() {
                        h2 { "Other services" }
                        p { "These are involved too. We may not say more about them; this is whom to ask." }
                        ul { @for service in &page.services { li { (service) } } }
                    }
                    h2 { "When it can be otherwise" }
                    @for said in standing.otherwise { p { (said) } }
                    h2 { "If you do not agree, or something is wrong" }
                    @for said in standing.objecting { p { (said) } }
                    @if page.whom == Whom::Lead {
                        h2 { "On record" }
                        p class="law" { "Decisions: " (page.decisions.join(", ")) ". Rules: " (page.policy) "." }
                    }
                }
            }
        }
    }
    .into_string()
}

fn working(page: &Page, standing: Standing) -> Markup {
    html! {
        @if !page.working.is_empty() {
            h2 { (standing.working) }
            dl {
                @for worker in &page.working {
                    dt { (capital(&worker.name)) }
                    dd {
                        (capital(worker.capacity))
                        @if let Some(since) = &worker.since { ", since " (since) }
                        "."
                        @if !worker.ask.is_empty() { " To ask: " (worker.ask) "." }
                    }
                }
            }
        }
    }
}

fn one(records: &Records, standing: Standing) -> Markup {
    html! {
        div class="record" {
            h3 { (capital(records.kind)) ", held by " (records.held_by) }
            p { @if records.count == 1 { "One record." } @else { (records.count) " records." } }
            @if let Some(left_out) = &records.left_out {
                p class="left-out" {
                    "Left out here: " (left_out.what)
                    @if !left_out.reasons.is_empty() { ", because: " (left_out.reasons.join("; ")) }
                    "."
                    @if !left_out.ask.is_empty() { " To ask: " (left_out.ask) "." }
                }
            }
            @if records.seen_by.is_empty() { p { (NOT_KNOWN) } }
            dl {
                @for seen in &records.seen_by {
                    dt { (seen.name) }
                    dd {
                        ul { @for may in &seen.may { li { (may) } } }
                        @if !seen.because.is_empty() { p class="why" { (standing.why) ": " (seen.because.join(" ")) } }
                        @if !seen.rules.is_empty() { p class="law" { (seen.rules.join("; ")) } }
                    }
                }
            }
        }
    }
}
