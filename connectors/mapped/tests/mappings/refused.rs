//! What is wrong with a mapping is told with its line, its key and what to do, all at once.

use mapped::{MAPPING_BYTES_MAX, Mapping};
use proptest::prelude::*;

use crate::worked::{WORKED, checked, text};

fn problems(text: &str) -> Vec<String> {
    Mapping::parse(text)
        .err()
        .map(|unusable| unusable.problems.iter().map(ToString::to_string).collect())
        .unwrap_or_default()
}

/// The therapy mapping with a line changed, and what is then said of it.
#[test]
fn each_mistake_is_told_where_it_stands() {
    let good = text("health-therapy-waits");
    for (from, to, line_of, told) in [
        ("name = \"health-therapy-waits\"", "name = \"therapy\"", "name = \"therapy\"", "begin with its sector"),
        ("revision = 1", "revision = 0", "revision = 0", "must be 1 to 65535"),
        ("controller = \"ods-rx9\"", "controller = \"RX9!\"", "controller = \"RX9!\"", "organisation id"),
        ("\"%d/%m/%Y\", \"%Y-%m-%d\"", "\"dd/mm/yyyy\"", "dates = [", "no date format"),
        (
            "becomes = \"ReferralMade\"",
            "becomes = \"ReferralMad\"",
            "becomes = \"ReferralMad\"",
            "is it `ReferralMade`?",
        ),
        (
            "becomes = \"ReferralMade\"",
            "becomes = \"CaseClosed\"",
            "becomes = \"CaseClosed\"",
            "may not be said by a source of this sector (health)",
        ),
        (
            "becomes = \"ReferralMade\"",
            "becomes = \"PersonDescribed\"",
            "becomes = \"PersonDescribed\"",
            "made of [person]",
        ),
        (
            "becomes = \"ReferralMade\"",
            "becomes = \"EntryRetracted\"",
            "becomes = \"EntryRetracted\"",
            "may not be said",
        ),
        ("effective = \"referred_on\"", "effective = \"referral\"", "effective = \"referral\"", "(referred_on)"),
        (
            "referred_by = {",
            "referred_bye = {",
            "referred_bye = {",
            "no field of ReferralMade: it has referral, service",
        ),
        (
            "codes = \"priority\" }\n\n[[event]]\nbecomes = \"ReferralR",
            "codes = \"urgency\" }\n\n[[event]]\nbecomes = \"ReferralR",
            "codes = \"urgency\"",
            "add [codes.urgency]",
        ),
        ("scheme = \"nhs_number\"", "scheme = \"nhs\"", "scheme = \"nhs\"", "no scheme"),
        ("issuer = \"ods-rx9/community\"\n", "", "[subject]", "organisation id, a slash and the numbering"),
        ("therapy_waits_%Y%m%d", "therapy_waits_%Y%m", "therapy_waits_%Y%m\"", "whole date"),
        ("kind = \"snapshot\"", "kind = \"changes\"", "scope = ", "says nothing"),
        ("ignore = [", "query = \"select 1\"\nignore = [", "query = ", "is of a source with format = \"sql\""),
        ("is = [\"Rejected\"]", "is = [\"Rejected\"], filled = true", "filled = true", "must have one of"),
        ("column = \"Referred by\", set", "column = \"Referred by\", times = 2.0, set", "times = 2.0", "has no use"),
        ("labels", "labels", "", ""),
    ] {
        if told.is_empty() {
            continue;
        }
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from} is not in the mapping");
        let line = bad.lines().position(|line| line.contains(line_of)).unwrap_or_else(|| panic!("{line_of}")) + 1;
        let said = problems(&bad);
        let found = said.iter().any(|problem| problem.contains(told) && problem.starts_with(&format!("line {line}:")));
        assert!(found, "{to}: line {line}, {told}: {said:#?}");
    }
}

#[test]
fn a_key_that_no_mapping_has_is_told_with_those_that_it_has() {
    let said = problems(&text("health-therapy-waits").replacen("effective = \"referred_on\"", "effectve = \"x\"", 1));
    assert_eq!(said.len(), 1);
    assert!(said[0].starts_with("line 52: ") && said[0].contains("unknown field `effectve`"), "{said:?}");
    assert!(problems("name = [").iter().all(|problem| problem.starts_with("line 1: ")));
    assert!(problems(&"#".repeat(MAPPING_BYTES_MAX + 1))[0].contains("larger than"));
}

#[test]
fn every_problem_is_told_at_once() {
    let bad =
        text("health-therapy-waits").replace("revision = 1", "revision = 0").replace("joined_on = \"D", "joined = \"D");
    assert!(problems(&bad).len() >= 3, "{:?}", problems(&bad));
}

#[test]
fn a_closed_list_takes_only_its_own_words() {
    let bad = text("social-care-team-around-child").replacen(
        "plan = { value = \"early_help\" }",
        "plan = { value = \"cp\" }",
        1,
    );
    assert!(
        problems(&bad)[0].contains("it is one of child_in_need, delegated_task, early_help"),
        "{:?}",
        problems(&bad)
    );
}

#[test]
fn labels_only_narrow_and_are_of_the_rules() {
    let labelled = |label: &str| {
        text("health-camhs-mhsds").replace("labels = [\"mental_health\"]", &format!("labels = [\"{label}\"]"))
    };
    assert!(problems(&labelled("public"))[0].contains("is no label"));
    assert!(problems(&labelled("unspecified"))[0].contains("is no label"));
    assert_eq!(checked(&labelled("sexual_health")).mapping.labels().len(), 1);
}

#[test]
fn a_national_number_as_the_subject_is_warned_of() {
    let national = text("health-therapy-waits").replacen(
        "scheme = \"provider_person\"\nissuer = \"ods-rx9/community\"\ncolumn = \"Patient ID\"",
        "scheme = \"nhs_number\"\ncolumn = \"NHS Number\"",
        1,
    );
    let warnings = checked(&national).warnings;
    assert!(
        warnings.iter().any(|warning| warning.what.contains("A mistyped national number is another child")),
        "{warnings:?}"
    );
}

#[test]
fn another_text_is_another_version_and_a_raised_one_stands_above() {
    use connector_kit::Connector as _;
    let revision = |text: &str| checked(text).mapping.descriptor().mapping_revision;
    let good = text("health-therapy-waits");
    assert_eq!(revision(&good), revision(&good.replace("# A worked", "# Another worked")), "comments say nothing");
    let changed = good.replace("\"Soon\" = \"soon\"", "\"Soon\" = \"urgent\"");
    assert_ne!(revision(&good), revision(&changed));
    assert!(revision(&changed.replace("revision = 1", "revision = 2")) > revision(&changed).max(revision(&good)));
}

proptest! {
    /// No text makes the reader of mappings panic: neither any, nor a good one cut, or with a line changed.
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,400}") {
        let _either = Mapping::parse(&text);
    }

    #[test]
    fn a_spoilt_mapping_is_read_or_refused(which in 0..WORKED.len(), at in 0.0..1.0_f64, drop in 0..40_usize, put in "[ -~\n]{0,12}") {
        let good = text(WORKED[which].0);
        let characters: Vec<char> = good.chars().collect();
        let at = (characters.len() as f64 * at) as usize;
        let spoilt: String =
            characters[..at].iter().copied().chain(put.chars()).chain(characters[(at + drop).min(characters.len())..].iter().copied()).collect();
        if let Err(unusable) = Mapping::parse(&spoilt) {
            prop_assert!(!unusable.problems.is_empty());
            prop_assert!(unusable.problems.iter().all(|problem| !problem.what.is_empty()));
        }
    }
}

#[test]
fn words_that_are_never_met_are_warned_of() {
    let good = text("health-therapy-waits");
    for (from, to, told) in [
        ("is = [\"Rejected\"]", "is = [\"NULL\"]", "a word that is read as no value"),
        ("is = [\"Rejected\"]", "is = [\"Null\"]", "met only in another letter case"),
        ("values = {", "values = { \"NULL\" = \"none\",", "a word that is read as no value"),
        ("values = {", "values = { \"Null\" = \"none\",", "met only in another letter case"),
    ] {
        let odd = good.replacen(from, to, 1);
        assert_ne!(odd, good, "{from}");
        let warnings = checked(&odd).warnings;
        assert!(warnings.iter().any(|warning| warning.what.contains(told)), "{to}: {warnings:?}");
    }
    let starred = text("education-participation");
    let odd = starred.replacen("yes = [", "yes = [\"2*\", ", 1);
    assert_ne!(odd, starred);
    let warnings = checked(&odd).warnings;
    assert!(warnings.iter().any(|warning| warning.what.contains("each word")), "{warnings:?}");
}

#[test]
fn one_item_of_a_list_may_stand_by_itself_and_what_cannot_is_told_how_it_is_written() {
    let good = "name = \"education-x\"\nabout = \"x\"\nrevision = 1\ncontroller = \"x\"\ndates = [\"%d/%m/%Y\"]\nkey = [\"Ref\"]\n\
                [source]\nformat = \"csv\"\nignore = [\"b\"]\n[delivery]\nkind = \"snapshot\"\n[subject]\nscheme = \"la_child_id\"\n\
                issuer = \"878\"\ncolumn = \"c\"\n[[event]]\nbecomes = \"ServiceAttended\"\neffective = \"attended_on\"\n[event.fields]\n\
                attended_on = \"d\"\n";
    assert_eq!(problems(good), [""; 0]);
    let short =
        good.replace("[\"%d/%m/%Y\"]", "\"%d/%m/%Y\"").replace("[\"Ref\"]", "\"Ref\"").replace("[\"b\"]", "\"b\"");
    assert_eq!(problems(&short), [""; 0]);
    assert_eq!(problems(&short.replace("%d/%m/%Y", "dd/mm/yyyy"))[0].split('`').next(), Some("line 5: "));
    let event = |line: &str| good.replace("effective =", &format!("{line}\neffective ="));
    for (bad, told) in [
        (
            event("when = { column = \"Ref\", is = [\"1\"] }"),
            "line 18: `when` is written as a list of conditions: [{ column",
        ),
        (event("when = [{ column = \"Ref\", is = \"1\" }]"), "line 18: `is` is written as a list of words"),
        (
            event("third_party = { issuer = \"x\", column = \"o\" }"),
            "line 18: `third_party` is written as [[event.third_party]]",
        ),
        (good.replace("revision = 1", "revision = \"one\""), "line 3: `revision` cannot be read: "),
    ] {
        let told_of = problems(&bad);
        assert!(told_of[0].starts_with(told), "{told_of:?}");
    }
}
