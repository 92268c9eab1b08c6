//! The published rules on what a child's rows say together, each by rows that break it and rows that do not.
#![cfg(test)]

mod support;

use social_care_ssda903::Ssda903;
use support::{Told as _, translate};

const HEADER: &str = "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n";
const EPISODES: &str =
    "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN\n";
const MISSING: &str = "CHILD,DOB,MISSING,MIS_START,MIS_END\n";
const WORKERS: &str = "CHILD,DOB,SW_ID,SW_DECOM,SW_DEC,SW_REASON\n";
const AD1: &str = "CHILD,DOB,DATE_INT,DATE_MATCH,FOSTER_CARE,NB_ADOPTR,SEX_ADOPTR,LS_ADOPTR\n";
const PLACED: &str = "CHILD,DOB,DATE_PLACED,DATE_PLACED_CEASED,REASON_PLACED_CEASED\n";
const OC2: &str = "CHILD,DOB,SDQ_SCORE,SDQ_REASON,CONVICTED,HEALTH_CHECK,IMMUNISATIONS,TEETH_CHECK,HEALTH_ASSESSMENT,SUBSTANCE_MISUSE,INTERVENTION_RECEIVED,INTERVENTION_OFFERED\n";
const OC3: &str = "CHILD,DOB,IN_TOUCH,ACTIV,ACCOM\n";

const CHILD: &str = "1,F,14/06/2014,WBRI,B801200005001,0,";
const OPEN: &str = "1,03/05/2023,S,C2,N1,U6,PR1,,,,ZZ1 1AA,ZZ2 2BB,1234567";

/// The rules that tables of rows break: each a year, its header and its rows.
fn broken(tables: &[(u16, &str, &[&str])]) -> Vec<String> {
    let files: Vec<(String, String)> = tables
        .iter()
        .enumerate()
        .map(|(at, (year, header, rows))| (format!("878_{year}_{at}.csv"), format!("{header}{}\n", rows.join("\n"))))
        .collect();
    let findings = translate(&Ssda903::ANY, &files).findings();
    let rules = findings.iter().filter_map(|finding| finding.strip_prefix("ssda903/")?.split(' ').next());
    rules.map(str::to_owned).collect()
}

#[test]
fn a_year_goes_on_where_the_year_before_left_off() {
    let of = |last: &[&str], this: &[&str]| broken(&[(2024, EPISODES, last), (2025, EPISODES, this)]);
    let ended = OPEN.replace("PR1,,,", "PR1,02/02/2024,E8,");
    assert_eq!(of(&[OPEN], &[OPEN]), [""; 0]);
    for (last, this, rule) in [
        (OPEN, OPEN.replace("03/05/2023", "04/05/2023"), "502"),
        (OPEN, OPEN.replace("2023,S", "2023,P"), "503A"),
        (OPEN, OPEN.replace("C2", "C1"), "503B"),
        (OPEN, OPEN.replace("N1", "N4"), "503C"),
        (OPEN, OPEN.replace("U6", "U4"), "503D"),
        (OPEN, OPEN.replace("PR1", "PR4"), "503E"),
        (OPEN, OPEN.replace("1234567", "7654321"), "503F"),
        (&ended, OPEN.to_owned(), "562"),
        ("2,03/05/2023,S,C2,N1,U6,PR1,02/02/2024,E8,,ZZ1 1AA,ZZ2 2BB,1234567", OPEN.to_owned(), "NoE"),
    ] {
        assert!(of(&[last], &[&this]).contains(&rule.to_owned()), "{rule}: {:?}", of(&[last], &[&this]));
    }
    // Of the first year that is here nothing is known before it.
    assert_eq!(broken(&[(2025, EPISODES, &[OPEN])]), [""; 0]);
    let of = |last: &str, this: &str| broken(&[(2024, HEADER, &[last]), (2025, HEADER, &[this])]);
    for (last, this, rules) in [
        (CHILD.replace("1,F", "1,2"), CHILD.to_owned(), vec![]),
        (CHILD.replace("1,F", "1,1"), CHILD.to_owned(), vec!["202"]),
        (CHILD.to_owned(), CHILD.replace("14/06/2014", "15/06/2014"), vec!["203"]),
        (CHILD.to_owned(), CHILD.replace("WBRI", "BCRB"), vec!["204"]),
        (CHILD.replace("B801200005001", "UN4"), CHILD.to_owned(), vec![]),
        (CHILD.to_owned(), CHILD.replace("B801200005001", "W801200000017"), vec!["208"]),
    ] {
        let found: Vec<String> =
            of(&last, &this).into_iter().filter(|rule| ["202", "203", "204", "208"].contains(&rule.as_str())).collect();
        assert_eq!(found, rules, "{last} {this}");
    }
}

#[test]
fn episodes_beside_one_another() {
    let home = "1,03/05/2024,S,C2,N1,U6,PR1,01/07/2024,X1,,ZZ1 1AA,ZZ2 2BB,1234567";
    let away = "1,01/07/2024,P,C2,N1,T3,,10/07/2024,X1,,ZZ1 1AA,ZZ3 3CC,";
    let back = "1,10/07/2024,P,C2,N1,U6,PR1,,,,ZZ1 1AA,ZZ2 2BB,1234567";
    let elsewhere = back.replace("ZZ2 2BB", "ZZ4 4DD");
    let short = |legal: &str, from: &str| {
        format!("1,{from},S,{legal},N1,U6,PR1,{from},E8,,,,").replace(&format!("PR1,{from}"), "PR1,")
    };
    for (rows, rule, breaks) in [
        (vec![home, away, back], "383", false),
        (vec![home, away, &elsewhere], "383", true),
        (vec![&*short("V3", "03/05/2024"), &*short("V4", "03/06/2024")], "426", true),
        (vec![&*short("V3", "03/05/2024"), &*short("V3", "03/06/2024")], "426", false),
        (vec!["1,03/05/2024,S,C2,N1,A5,PR1,,,,,ZZ2 2BB,"], "408", true),
        (vec!["1,03/05/2024,S,E1,N1,A5,PR1,,,,,ZZ2 2BB,"], "408", false),
        (vec!["1,03/05/2024,S,C2,N1,K2,PR1,02/02/2025,E45,,,ZZ2 2BB,"], "516", true),
        (vec!["1,03/05/2024,S,C2,N1,U6,PR1,02/02/2025,E45,,,ZZ2 2BB,"], "516", false),
        (vec!["1,03/05/2024,S,D1,N1,U6,PR1,,,,,ZZ2 2BB,"], "451", true),
        (
            vec!["1,03/05/2024,S,E1,N1,A6,PR1,02/07/2024,E11,,,ZZ2 2BB,", "1,03/09/2024,S,C2,N1,U6,PR1,,,,,ZZ2 2BB,"],
            "199",
            true,
        ),
    ] {
        let found = broken(&[(2025, EPISODES, &rows)]);
        assert_eq!(found.contains(&rule.to_owned()), breaks, "{rule}: {found:?}");
    }
}

#[test]
fn adoption_beside_care() {
    let care = [
        "1,03/05/2023,S,C2,N1,U6,PR1,01/06/2024,X1,,,ZZ2 2BB,1234567",
        "1,01/06/2024,L,E1,N1,U6,PR1,01/09/2024,X1,CARPL,,ZZ2 2BB,1234567",
        "1,01/09/2024,P,E1,N1,A6,PR1,01/02/2025,E11,,,ZZ3 3CC,",
    ];
    let matched = "1,14/06/2014,01/04/2024,01/08/2024,0,2,MF,L11";
    let decided = "1,14/06/2014,01/04/2024,,";
    let left = care[2].replace("E11", "E8");
    let of = |episodes: &[&str], ad1: &[&str], placed: &[&str]| {
        broken(&[(2025, EPISODES, episodes), (2025, AD1, ad1), (2025, PLACED, placed)])
    };
    let about = [
        "117", "118", "331", "334", "335", "521", "523", "551", "552", "553", "554", "557", "579", "582", "583", "601",
        "602", "1003",
    ];
    for (episodes, ad1, placed, rules) in [
        (care.to_vec(), vec![matched.to_owned()], vec![decided.to_owned()], vec![]),
        (care.to_vec(), vec![], vec![decided.to_owned()], vec!["601"]),
        (care.to_vec(), vec![matched.to_owned()], vec![], vec!["551", "553", "553"]),
        (vec![care[0], care[1], &left], vec![matched.to_owned()], vec![decided.to_owned()], vec!["557", "602"]),
        (care.to_vec(), vec![matched.replace("01/08/2024", "02/09/2024")], vec![decided.to_owned()], vec!["331"]),
        (
            care.to_vec(),
            vec![matched.replace("01/08/2024", "01/02/2025")],
            vec![decided.to_owned()],
            vec!["331", "582"],
        ),
        (care.to_vec(), vec![matched.replace(",0,2", ",1,2")], vec![decided.to_owned()], vec!["335"]),
        (care.to_vec(), vec![matched.replace("01/04/2024", "02/04/2024")], vec![decided.to_owned()], vec!["523"]),
        (
            care.to_vec(),
            vec![matched.replace("01/04/2024", "01/04/2023")],
            vec![decided.replace("01/04/2024", "01/04/2023")],
            vec!["1003", "334"],
        ),
        (
            care.to_vec(),
            vec![matched.replace("01/04/2024", "02/09/2024").replace("01/08/2024", "03/09/2024")],
            vec![decided.replace("01/04/2024", "02/09/2024")],
            vec!["331", "521", "552", "554"],
        ),
        (
            care.to_vec(),
            vec![matched.to_owned()],
            vec![decided.replace("01/04/2024", "02/02/2025")],
            vec!["117", "523", "552", "554"],
        ),
        (
            care.to_vec(),
            vec![matched.to_owned()],
            vec![decided.to_owned(), decided.replace("01/04/2024", "01/05/2024")],
            vec!["579", "583"],
        ),
        (vec![OPEN], vec![], vec!["1,14/06/2014,01/06/2023,01/02/2024,RD1".to_owned()], vec!["118"]),
    ] {
        let ad1: Vec<&str> = ad1.iter().map(String::as_str).collect();
        let placed: Vec<&str> = placed.iter().map(String::as_str).collect();
        let mut found: Vec<String> =
            of(&episodes, &ad1, &placed).into_iter().filter(|rule| about.contains(&rule.as_str())).collect();
        found.sort();
        assert_eq!(found, rules, "{ad1:?} {placed:?}");
    }
}

#[test]
fn absences_and_workers_beside_care() {
    let left = OPEN.replace("PR1,,,", "PR1,20/09/2024,E4A,");
    let moved = OPEN.replace("PR1,,,", "PR1,20/09/2024,X1,CARPL");
    let after = "1,20/09/2024,P,C2,N1,K2,PR4,,,,ZZ1 1AA,ZZ3 3CC,SC999999";
    for (episodes, row, rule, breaks) in [
        (vec![OPEN], "1,14/06/2014,,01/05/2024,02/05/2024", "566", true),
        (vec![OPEN], "1,14/06/2014,M,01/05/2024,02/05/2024", "566", false),
        (vec![&*moved, after], "1,14/06/2014,M,10/09/2024,", "575", true),
        (vec![&*moved, after], "1,14/06/2014,M,10/09/2024,12/09/2024", "575", false),
        (vec![&*left], "1,14/06/2014,M,10/09/2024,20/09/2024", "580", true),
        (vec![&*left], "1,14/06/2014,M,10/09/2024,19/09/2024", "580", false),
    ] {
        let found = broken(&[(2025, EPISODES, &episodes), (2025, MISSING, &[row])]);
        assert_eq!(found.contains(&rule.to_owned()), breaks, "{rule}: {found:?}");
    }
    let open = "1,14/06/2014,M,10/03/2024,";
    for (this, breaks) in
        [("2,14/06/2014,M,01/05/2024,02/05/2024", true), ("1,14/06/2014,M,10/03/2024,12/04/2024", false)]
    {
        let found = broken(&[(2024, MISSING, &[open]), (2025, MISSING, &[this])]);
        assert_eq!(found.contains(&"576".to_owned()), breaks, "{found:?}");
    }
    let first = "1,14/06/2014,SW1,01/04/2024,01/09/2024,MANAGE";
    for (rows, rule, breaks) in [
        (vec![first, "1,14/06/2014,SW2,01/09/2024,,CHCHAN"], "SW10STG2", false),
        (vec![first, "1,14/06/2014,SW2,30/08/2024,,CHCHAN"], "SW10STG2", true),
        (vec!["1,14/06/2014,SW1,01/04/2024,,MANAGE", "1,14/06/2014,SW2,30/08/2024,,CHCHAN"], "SW108STG2", true),
        (vec!["1,14/06/2014,SW1,01/04/2025,,MANAGE"], "SW06STG2", true),
        (vec!["1,14/06/2014,SW1,01/04/2023,01/05/2023,MANAGE"], "SW07STG2", true),
        (vec![first], "SW11STG2", true),
        (vec!["1,14/06/2014,SW1,01/04/2024,,MANAGE"], "SW11STG2", false),
    ] {
        let found = broken(&[(2025, EPISODES, &[OPEN]), (2025, WORKERS, &rows)]);
        assert_eq!(found.contains(&rule.to_owned()), breaks, "{rule}: {found:?}");
    }
}

#[test]
fn who_was_looked_after_all_year() {
    let year = "1,14/06/2014,12,,0,,1,1,1,0,,";
    let late = OPEN.replace("03/05/2023", "03/05/2024");
    let short = OPEN.replace("C2", "V3");
    for (episode, row, rules) in [
        (OPEN, year, vec![]),
        (&late, year, vec!["185", "190"]),
        (&short, "1,14/06/2014,,SDQ2,,,,,,,,", vec!["198"]),
        (OPEN, "1,14/06/2014,12,,0,,1,,1,0,,", vec!["182", "191"]),
    ] {
        let mut found = broken(&[(2025, EPISODES, &[episode]), (2025, OC2, &[row])]);
        found.retain(|rule| ["182", "185", "190", "191", "198"].contains(&rule.as_str()));
        assert_eq!(found, rules, "{episode} {row}");
    }
    let twice = broken(&[(2025, OC2, &[year, &year.replace(",12,", ",13,")])]);
    assert_eq!(twice.iter().filter(|rule| *rule == "INT33").count(), 2);
    let leaver = "1,14/06/2006,YES,F2,U1";
    for (reason, rule) in [("E2", "1000"), ("E3", "1011"), ("E8", "")] {
        let left = OPEN.replace("PR1,,,", &format!("PR1,20/09/2024,{reason},"));
        let found = broken(&[(2025, EPISODES, &[&left]), (2025, OC3, &[leaver])]);
        assert_eq!(
            found.iter().any(|found| found == "1000" || found == "1011"),
            !rule.is_empty(),
            "{reason} {found:?}"
        );
        assert!(rule.is_empty() || found.contains(&rule.to_owned()), "{reason} {found:?}");
    }
}
