//! The format of cases: what is refused, and by which words; the sheet; and the page that explains it.

#![cfg(test)]

use std::path::Path;

use serde_json::json;
use sharing::Engine;
use sharing::cases::{Case, keys_as_markdown, read, read_sheet};

const GOOD: &str = r#"{"id": "X1", "principal": {"kind": "staff", "org": "school_a"}, "expect": {"outcome": "hide"}}"#;

fn problems(text: &str) -> Vec<String> {
    read("mine.jsonl", text).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn a_slip_is_named_with_file_line_key_and_what_may_stand_there() {
    for (key, value, said) in [
        (
            "/facts/purpos",
            json!("early_help"),
            "mine.jsonl:3: there is no key `facts.purpos`; there are: purpose, involvement",
        ),
        (
            "/facts/purpose",
            json!("erly_help"),
            "mine.jsonl:3: `facts.purpose` must be one of: unspecified, direct_care",
        ),
        ("/principal/org", json!("school_z"), "mine.jsonl:3: `principal.org` must be one of: school_a, school_b"),
        (
            "/principal/groups",
            json!(["clinical", "clinicl"]),
            "mine.jsonl:3: `principal.groups[1]` must be one of: safeguarding",
        ),
        ("/child/s47", json!("yes"), "mine.jsonl:3: `child.s47` must be true or false"),
        ("/child/age", json!(9.5), "mine.jsonl:3: `child.age` must be a whole number"),
        ("/fold/dob", json!("2010-13-01"), "mine.jsonl:3: `fold.dob` must be a day, as \"2026-11-22\""),
        (
            "/expect/outcome",
            json!("whole"),
            "mine.jsonl:3: `expect.outcome` must be one of: full, redacted, existence, hide",
        ),
    ] {
        let mut case: serde_json::Value = serde_json::from_str(GOOD).unwrap();
        let (section, name) = key.trim_start_matches('/').split_once('/').unwrap();
        case[section][name] = value;
        let found = problems(&format!("# a remark\n\n{case}\n"));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(said), "{}", found[0]);
    }
}

#[test]
fn every_problem_of_a_file_is_told_at_once() {
    let found = problems(&format!("{GOOD}\n{{\n{GOOD}\n{}", r#"{"id": "X2", "expect": {}, "whom": 1}"#));
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].starts_with("mine.jsonl:2: no JSON"), "{}", found[0]);
    assert_eq!(found[1], "mine.jsonl:3: the id `X1` is already that of line 1");
    assert!(found[2].starts_with("mine.jsonl:4: there is no key `whom`; there are: id, title"), "{}", found[2]);
    assert_eq!(
        problems(r#"{"title": "no id"}"#),
        ["`id` is missing", "`expect.outcome` is missing", "`principal.org` is missing: the organisation of the staff"]
            .map(|problem| format!("mine.jsonl:1: {problem}"))
    );
}

#[test]
fn a_row_of_a_sheet_is_the_same_case() {
    let head = [
        "id",
        "principal.org",
        "principal.groups",
        "child.s47",
        "facts.purpose",
        "facts.involvement",
        "expect.outcome",
    ];
    let head = head.map(str::to_owned);
    let cells =
        ["S1", "csc_a", "safeguarding; case_holding", "yes", "child_protection", "lead", "full"].map(str::to_owned);
    let blank = vec![String::new(); 7];
    let cases = read_sheet("mine.csv", &head, [(2, cells.to_vec()), (3, blank)]).unwrap();
    let as_json = json!({"id": "S1", "principal": {"org": "csc_a", "groups": ["safeguarding", "case_holding"]},
        "child": {"s47": true}, "facts": {"purpose": "child_protection", "involvement": "lead"}, "expect": {"outcome": "full"}});
    assert_eq!(cases.len(), 1);
    assert_eq!(cases[0].whole(), Case::of(as_json).unwrap().whole());

    let wrong = read_sheet("mine.csv", &["id".to_owned(), "child.s74".to_owned()], []).unwrap_err();
    assert!(wrong[0].to_string().starts_with("mine.csv:1: there is no column `child.s74`; there are: id, title"));
    let cells = cells.map(|cell| cell.replace("yes", "perhaps")).to_vec();
    let wrong = read_sheet("mine.csv", &head, [(7, cells)]).unwrap_err();
    assert_eq!(wrong[0].to_string(), "mine.csv:7: `child.s47` must be true or false");
}

/// The keys that the published format has beside those that its cases use.
#[test]
fn every_published_key_and_kind_of_reader_is_read() {
    let engine = Engine::load().unwrap();
    let asked = |kind: &str, past: bool| {
        Case::of(
            json!({"id": "P1", "principal": {"kind": kind}, "resource": {"source": "la_send_a", "category": "ehcp"},
            "child": {"age": 16, "past_csa": past, "opt_out": false, "home": "LA-B", "ehcp": true},
            "facts": {"purpose": "subject_access", "consent": "lapsed", "process": "none"},
            "expect": {"outcome": "hide"}}),
        )
        .unwrap()
        .explain(&engine)
    };
    // Rights to the plan pass to the young person at the end of compulsory school age, whatever their age.
    assert_eq!((asked("parent_pr", false).outcome, asked("parent_pr", true).outcome), ("full", "hide"));
    assert_eq!((asked("subject", false).outcome, asked("subject", true).outcome), ("full", "full"));
    assert_eq!(asked("carer", false).outcome, "hide");
}

#[test]
fn an_explanation_gives_every_rung_with_law_and_values_and_what_one_fact_would_change() {
    let engine = Engine::load().unwrap();
    let case = Case::built_in().unwrap().into_iter().find(|case| case.id() == "C27").unwrap();
    let account = case.explain(&engine);
    assert_eq!(account.outcome, "redacted");
    assert_eq!(account.rungs.len(), 3);
    assert!(
        account.rungs[0].rules.iter().any(|rule| rule.id.starts_with("R02-") && !rule.law.is_empty()),
        "{account:?}"
    );
    assert!(account.rungs[1].rules.iter().any(|rule| rule.id.starts_with("P04-")), "{account:?}");
    let value = |fact: &str| account.facts.iter().find(|(name, _)| name == fact).map(|(_, value)| value.as_str());
    assert_eq!(value("resource.child.s47Open"), Some("yes"));
    assert_eq!(value("context.purpose"), Some("child_protection"));
    assert_eq!(value("principal.org.sector"), Some("education"));
    let away = case.one_fact_away(&engine);
    let changed = |key: &str| away.iter().find(|away| away.key == key).unwrap_or_else(|| panic!("{key}: {away:?}"));
    assert!(!changed("child.s47").more, "without the enquiry there is less");
    assert!(changed("facts.break_glass").more, "breaking the glass shows more");
}

/// `docs/CASES.md` holds the keys as they are: run with UPDATE_DOCS=1 to write them.
#[test]
fn the_page_that_explains_the_format_holds_every_key() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/CASES.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = page.split_once("<!-- keys -->\n").unwrap();
    let (_, tail) = rest.split_once("<!-- end of keys -->").unwrap();
    let now = format!("{head}<!-- keys -->\n\n{}<!-- end of keys -->{tail}", keys_as_markdown());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    assert!(
        page == now || std::env::var_os("UPDATE_DOCS").is_some(),
        "docs/CASES.md: run UPDATE_DOCS=1 cargo test -p sharing --test case_format"
    );
}
