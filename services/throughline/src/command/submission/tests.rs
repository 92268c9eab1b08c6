use std::collections::BTreeMap;

use connector_kit::submission::{Children, Counted, OfScope};

use super::*;

const ZEBEDEE: &str = "<b>Zebedee</b>";

fn counted(code: &str, field: &str, count: u64) -> Counted {
    Counted { code: code.to_owned(), field: field.to_owned(), says: "dfe/1510".to_owned(), count }
}

fn report() -> Report {
    let tally = |published| Tally {
        outcomes: BTreeMap::from([(Outcome::Published, published), (Outcome::Quarantined, 2)]),
        changes: BTreeMap::from([("EhcPlanIssued".to_owned(), BTreeMap::from([("started".to_owned(), published)]))]),
        findings: vec![counted("CHECK_CHARACTER_WRONG", "upn", 3)],
        quarantined: vec![counted("DATE_MISSING", ZEBEDEE, 2)],
        children: Children { usable: 8, unusable: 1, without: 1 },
    };
    Report {
        source: "education-sen2".to_owned(),
        picked_up_us: 1_740_043_800_000_000,
        files: 9,
        records: 12_345,
        silent: 1,
        scopes: vec![OfScope { key: "878/sen2/2025".to_owned(), whole: true, standing: 7, ..OfScope::default() }],
        organisations: BTreeMap::from([
            ("la-878-send".to_owned(), tally(5)),
            ("school-8784001".to_owned(), tally(1_200)),
        ]),
    }
}

fn written(organisation: Option<&str>) -> String {
    let report = report();
    let tally = tally(&report, organisation).unwrap();
    page::written(&page::Page { report: &report, tally: &tally, before: None, organisation })
}

#[test]
fn the_page_stands_alone_and_shows_what_others_wrote_as_text() {
    let page = written(None);
    assert!(page.contains("12,345") && page.contains("878/sen2/2025") && page.contains("<svg"));
    assert!(!page.contains(ZEBEDEE) && page.contains("&lt;b&gt;Zebedee"));
    for outside in ["<script", "<link", "<img", "url(", "src=", "href="] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(!page.replace("http-equiv", "").contains("http"), "nothing is fetched");
    assert!(page.contains("default-src 'none'"), "and nothing could be");
}

#[test]
fn every_chart_is_a_table_that_can_be_read_aloud() {
    let page = written(None);
    let count = |what: &str| page.matches(what).count();
    assert_eq!(count("<table"), count("<caption>"), "each table says what it is of");
    assert_eq!(count("<tbody><tr>") + count("<tbody></tbody>"), count("<table"));
    assert_eq!(count("<svg"), count("aria-hidden=\"true\""), "a bar says nothing that its row does not");
    assert!(page.matches("<tr>").count() > 5 && !page.contains("<th>"), "each heading says what it heads");
    // What was found is told in words, with the field, the rule and what to do; the code is there for the manual.
    assert!(page.contains("Check letter or digit is wrong: upn, by the published rule dfe/1510"));
    assert!(page.contains("Look it up anew.") && page.contains(">CHECK_CHARACTER_WRONG<"));
}

#[test]
fn the_submission_before_stands_beside_in_numbers_too() {
    let report = report();
    let (tally, before) = (report.total(), Some(report.organisations["la-878-send"].clone()));
    let page = page::written(&page::Page { report: &report, tally: &tally, before, organisation: None });
    assert!(page.contains("<span class=\"was\">was 5</span>"));
}

#[test]
fn the_page_of_one_organisation_is_of_no_other() {
    let page = written(Some("school-8784001"));
    assert!(page.contains("school-8784001") && page.contains("1,200"));
    assert!(written(None).contains("<th scope=\"row\">la-878-send</th>"), "a page of all tells them apart");
    assert!(!page.contains("la-878-send") && !page.contains("878/sen2/2025") && !page.contains("12,345"));
    let report = report();
    let said = as_json(&report, &report.organisations["school-8784001"], Some("school-8784001")).to_string();
    assert!(!said.contains("la-878-send") && !said.contains("sen2/2025"));
    let refused = tally(&report, Some("school-9999999")).unwrap_err().to_string();
    assert!(refused.contains("la-878-send, school-8784001"), "{refused}");
}

#[test]
fn all_together_is_the_sum() {
    let total = report().total();
    assert_eq!(total.outcomes[&Outcome::Published], 1_205);
    assert_eq!(total.findings, [counted("CHECK_CHARACTER_WRONG", "upn", 6)]);
    assert_eq!(total.children.described(), 20);
}
