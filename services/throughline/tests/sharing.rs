//! `throughline sharing`, as it is typed: real output, real exit codes.

#![cfg(test)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const PASSES: &str = r#"{"id": "T1", "title": "A teacher reads the school's own register", "principal": {"org": "school_a", "groups": ["school_pastoral"]}, "facts": {"involvement": "universal"}, "expect": {"outcome": "full", "rules": ["P01"]}, "why": "On roll"}"#;
const FAILS: &str = r#"{"id": "T2", "title": "A teacher reads the practice's record", "principal": {"org": "school_a", "groups": ["school_pastoral"]}, "resource": {"source": "gp_a", "category": "gp_summary"}, "facts": {"involvement": "universal"}, "expect": {"outcome": "full", "rules": ["P02"]}, "why": "Somebody thinks so"}"#;

fn sharing(arguments: &[&str], stdin: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_throughline"))
        .arg("sharing")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// A set of rules of its own: those of the build without one.
fn rules_without(rule: &str, folder: &Path) -> PathBuf {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../sharing/rules/share.cedar")).unwrap();
    let start = text.find(&format!("@id(\"{rule}-")).unwrap();
    let end = start + text[start..].find("\n\n").unwrap();
    let rules = folder.join("rules");
    std::fs::create_dir_all(&rules).unwrap();
    std::fs::write(rules.join("share.cedar"), [&text[..start], &text[end..]].concat()).unwrap();
    rules
}

#[test]
fn a_failing_case_is_told_with_what_was_expected_beside_what_came() {
    let (code, out, _) = sharing(&["test", "-"], &format!("{PASSES}\n{FAILS}\n"));
    assert_eq!(code, 1, "{out}");
    assert!(
        out.contains("T2  A teacher reads the practice's record\n  outcome: expected full, came existence\n"),
        "{out}"
    );
    assert!(out.contains("  rules: expected P02, came P06\n"), "{out}");
    assert!(out.contains("  allowed that there is one: P06-existence "), "{out}");
    assert!(out.contains("context.involvement=universal"), "{out}");
    assert!(out.ends_with("  the case says why: Somebody thinks so\n\nsharing: 1 passed, 1 failed\n"), "{out}");
    assert_eq!(sharing(&["test", "-"], PASSES), (0, "sharing: 1 passed, 0 failed\n".to_owned(), String::new()));

    let (code, out, _) = sharing(&["test", "-", "--json"], FAILS);
    let lines: Vec<serde_json::Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((code, lines.len()), (1, 2), "{out}");
    assert_eq!(lines[0]["failures"][0], serde_json::json!({"key": "outcome", "expected": "full", "came": "existence"}));
    assert_eq!(lines[1], serde_json::json!({"passed": 0, "failed": 1}));
}

#[test]
fn a_file_that_cannot_be_understood_is_told_line_by_line_and_nothing_is_tested() {
    let wrong = PASSES.replace("involvement", "involvment").replace("school_pastoral", "teacher");
    let (code, out, err) = sharing(&["test", "-"], &format!("{PASSES}\n{wrong}\n"));
    assert_eq!((code, out.as_str()), (2, ""), "{err}");
    assert!(err.starts_with("-:2: `principal.groups[0]` must be one of: safeguarding, "), "{err}");
    assert!(err.contains("\n-:2: there is no key `facts.involvment`; there are: purpose, "), "{err}");
    assert!(err.ends_with("throughline: 2 problems in the cases; docs/CASES.md says how one is written\n"), "{err}");
}

#[test]
fn a_sheet_is_read_as_lines_are() {
    let folder = tempfile::tempdir().unwrap();
    let sheet = folder.path().join("cases.csv");
    let rows = "\u{feff}id,principal.org,principal.groups,facts.involvement,expect.outcome\r\nS1,school_a,school_pastoral,universal,full\r\n";
    std::fs::write(&sheet, rows).unwrap();
    let (code, out, err) = sharing(&["test", sheet.to_str().unwrap()], "");
    assert_eq!((code, out.as_str(), err.as_str()), (0, "sharing: 1 passed, 0 failed\n", ""));
}

#[test]
fn another_set_of_rules_is_tested_and_compared() {
    let folder = tempfile::tempdir().unwrap();
    let rules = rules_without("P06", folder.path());
    let cases = folder.path().join("cases.jsonl");
    std::fs::write(&cases, format!("{PASSES}\n{}\n", FAILS.replace(r#""full", "rules": ["P02"]"#, r#""existence""#)))
        .unwrap();
    let (rules, cases) = (rules.to_str().unwrap(), cases.to_str().unwrap());
    let (code, out, err) = sharing(&["test", cases, "--rules", rules], "");
    assert_eq!(code, 1, "{out}{err}");
    assert!(out.contains("  outcome: expected existence, came hide\n  "), "{out}");
    assert!(out.contains("  no rule decided: nothing permits it\n"), "{out}");

    let (code, out, err) = sharing(&["diff", "built-in", rules, "--cases", cases], "");
    assert_eq!(code, 4, "{out}{err}");
    assert!(out.contains("newly denied"), "{out}");
    assert!(out.ends_with("sharing diff: cases=2 differ=1 newly_allowed=0 newly_denied=1 more=0 less=0\n"), "{out}");
    let (code, out, _) = sharing(&["diff", "built-in", "built-in", "--cases", cases], "");
    assert_eq!(
        (code, out.as_str()),
        (0, "sharing diff: cases=2 differ=0 newly_allowed=0 newly_denied=0 more=0 less=0\n")
    );

    let (code, _, err) = sharing(&["test", "--rules", folder.path().to_str().unwrap()], "");
    assert_eq!(code, 2);
    assert!(err.contains("holds no share.cedar"), "{err}");
}

#[test]
fn an_explanation_shows_every_rung_and_what_one_fact_would_change() {
    let (code, out, err) = sharing(&["explain", "C13"], "");
    assert_eq!(code, 0, "{err}");
    for said in
        ["outcome: existence", "the whole record", "R04-sensitive-service", "P06-existence", "one fact away from more"]
    {
        assert!(out.contains(said), "{said}: {out}");
    }
    let (_, consented, _) = sharing(&["explain", "C13", "--set", "facts.consent=given", "--brief"], "");
    assert!(consented.contains("outcome: full") && consented.contains("P02-explicit-consent"), "{consented}");
    let (code, _, err) = sharing(&["explain", "C13", "--set", "facts.consent=perhaps"], "");
    assert!(code == 2 && err.contains("`facts.consent` must be one of: none, given"), "{err}");
    assert_eq!(sharing(&["explain", "C99999"], "").0, 2);
}

#[test]
fn a_rule_that_no_case_would_miss_is_found_and_so_is_one_that_a_case_would() {
    let folder = tempfile::tempdir().unwrap();
    let cases = folder.path().join("cases.jsonl");
    std::fs::write(&cases, PASSES).unwrap();
    let cases = cases.to_str().unwrap();
    let (code, out, err) = sharing(&["mutate", cases, "--rule", "P01", "--rule", "R05", "--json"], "");
    assert_eq!(code, 0, "{err}");
    let lines: Vec<serde_json::Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["noticed_by"], serde_json::json!(["T1"]), "{out}");
    assert_eq!(lines[1]["noticed_by"], serde_json::json!([]), "{out}");
    let (_, out, _) = sharing(&["mutate", cases, "--rule", "P01", "--conditions"], "");
    assert!(out.contains("dropped") && out.contains("unnoticed="), "{out}");
}

#[test]
fn who_can_see_lists_each_role_with_its_conditions() {
    let narrow = [
        "--organisation",
        "school_b",
        "--organisation",
        "hospital_a",
        "--purpose",
        "direct_care",
        "--role",
        "clinical",
    ];
    let mut arguments = vec!["who-can-see", "gp_summary", "--source", "gp_a", "--json"];
    arguments.extend(narrow);
    let (code, out, err) = sharing(&arguments, "");
    assert_eq!(code, 0, "{err}");
    let lines: Vec<serde_json::Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let full: Vec<_> = lines.iter().filter(|line| line["outcome"] == "full").collect();
    assert_eq!(full.len(), 1, "{out}");
    assert_eq!(full[0]["organisations"], serde_json::json!(["hospital_a"]));
    assert_eq!(full[0]["involvement"], serde_json::json!(["universal", "targeted", "statutory", "lead"]));
    assert_eq!(full[0]["rules"], serde_json::json!(["P10-direct-care-implied"]));
}

#[test]
fn every_command_teaches_by_an_example() {
    for command in ["test", "explain", "who-can-see", "diff", "simulate", "mutate", "page"] {
        let (code, out, _) = sharing(&[command, "--help"], "");
        assert!(
            code == 0 && out.contains("Example") && out.contains(&format!("throughline sharing {command}")),
            "{command}: {out}"
        );
    }
}
