//! Returns as other makers and other years write them: however a return is written, it says the same.
#![cfg(test)]

mod support;

use connector_kit::Collected;
use connector_kit::conformance::History;
use proto::events::event::Kind;
use social_care_ssda903::Ssda903;
use support::{Told as _, translate};

const HEADER: &str = "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n1,F,14/06/2012,WBRI,UN4,0,\n";
const EPISODES: &str = "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN\n\
    1,03/05/2023,S,C2,N1,U6,PR1,20/09/2024,X1,CARPL,ZZ1 1AA,ZZ2 2BB,1234567\n\
    1,20/09/2024,P,C2,N1,K2,PR4,,,,ZZ1 1AA,ZZ3 3CC,SC999999\n";

fn of(header: &str, episodes: &str) -> Collected {
    translate(&Ssda903::ANY, &[("878_2025_a.csv", header), ("878_2025_b.csv", episodes)])
}

/// What is said, without what is odd about how it was written.
fn sayings(said: &Collected) -> Vec<String> {
    let mut said = said.clone();
    said.drafts.iter_mut().for_each(|draft| draft.findings.clear());
    said.sayings()
}

#[test]
fn headers_dates_and_tables_as_others_write_them() {
    let expected = of(HEADER, EPISODES);
    assert_eq!(expected.reasons(), [""; 0]);
    let worded = EPISODES
        .replacen("CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER", "Child Id,Date episode commenced,Reason for new episode,Legal Status,Category of Need,Placement,Placement Provider", 1)
        .replacen("DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN", "date_episode_ceased,Reason Episode Ceased,Reason for placement change,Home Postcode,PL POST,Ofsted URN", 1);
    let iso = EPISODES.replace("03/05/2023", "2023-05-03").replace("20/09/2024", "2024-09-20 00:00:00");
    let named = EPISODES.replace("03/05/2023", "3-May-2023").replace("20/09/2024", "20.09.2024");
    let numbers = EPISODES.replace("03/05/2023", "45049").replace("20/09/2024", "45555.0");
    let semicolons = EPISODES.replace(',', ";");
    let tabs = EPISODES.replace(',', "\t");
    let titled = format!("Children looked after return\r\n\r\nEpisodes,2024/25\r\n{EPISODES}");
    let short = EPISODES.replacen(",,,,ZZ1 1AA,ZZ3 3CC,SC999999\n", ",,,,ZZ1 1AA,ZZ3 3CC,SC999999,,,\n", 1);
    let quoted: String = EPISODES
        .lines()
        .map(|line| line.split(',').map(|cell| format!("\"{cell}\"")).collect::<Vec<_>>().join(",") + "\n")
        .collect();
    for episodes in [worded, iso, named, numbers, semicolons, tabs, titled, short, quoted] {
        let said = of(HEADER, &episodes);
        assert_eq!((said.sayings(), said.reasons()), (expected.sayings(), vec![]), "{episodes}");
        assert_eq!(said.whole, expected.whole);
    }
    // A year of two digits is told; a month is never guessed.
    let said = of(HEADER, &EPISODES.replace("20/09/2024", "20/09/24"));
    assert_eq!(sayings(&said), sayings(&expected));
    assert_eq!(said.findings().iter().filter(|found| found.contains("VALUE_MALFORMED")).count(), 2);
    let said = of(HEADER, &EPISODES.replace("03/05/2023", "05/23/2023"));
    assert_eq!(said.reasons(), ["REASON_DATE_MISSING"]);
    let raw = String::from_utf8_lossy(&said.rejections[0].raw);
    assert_eq!(raw, "1,05/23/2023,S,C2,N1,U6,PR1,20/09/2024,X1,CARPL,ZZ1 1AA,ZZ2 2BB,1234567");
}

#[test]
fn a_row_that_ends_early_has_nothing_more_and_one_that_was_cut_is_not_read() {
    let open = "1,20/09/2024,P,C2,N1,K2,PR4";
    let whole = EPISODES.replacen("1,20/09/2024,P,C2,N1,K2,PR4,,,,ZZ1 1AA,ZZ3 3CC,SC999999", open, 1);
    let said = of(HEADER, &whole);
    assert_eq!((said.reasons().len(), said.of_kind("PlacementChanged").len(), said.whole.len()), (0, 2, 2));
    let said = of(HEADER, whole.trim_end());
    assert_eq!((said.reasons(), said.of_kind("PlacementChanged").len()), (vec!["REASON_RECORD_MALFORMED"], 1));
    assert_eq!(said.whole.len(), 1);
}

#[test]
fn further_columns_do_no_harm_and_are_kept() {
    let wide =
        EPISODES.replacen("CHILD,", "LA,YEAR,ETHNIC,Remark,CHILD,", 1).replace("\n1,", "\n878,2024/25,WBRI,seen,1,");
    let said = of(HEADER, &wide);
    let episodes = |said: &Collected| [said.of_kind("PlacementChanged"), said.of_kind("LookedAfterPeriodStarted")];
    assert_eq!(episodes(&said), episodes(&of(HEADER, EPISODES)));
    let kept = said.of_kind("SourceRecordKept");
    assert_eq!(kept.len(), 2);
    assert!(
        kept[0].1["content"].as_str().is_some_and(|kept| kept.contains("seen") && kept.contains("WBRI")),
        "{kept:?}"
    );
    // Two columns of one meaning: the return's own counts, and the other is kept.
    let both = EPISODES.replacen("CHILD,", "PL,CHILD,", 1).replace("\n1,", "\nU4,1,");
    let said = of(HEADER, &both);
    assert_eq!(said.of_kind("PlacementChanged"), of(HEADER, EPISODES).of_kind("PlacementChanged"));
    assert_eq!(said.of_kind("SourceRecordKept").len(), 2);
}

#[test]
fn codes_of_every_year_are_read_and_told_where_they_are_of_another() {
    for (year, sex, place, findings) in [
        (2013, "2", "M3", vec![]),
        (2018, "2", "H5", vec![]),
        (2018, "2", "Q1", vec!["ssda903/146 CODE_OF_OTHER_YEAR PLACE"]),
        (2024, "2", "P2", vec![]),
        (2025, "F", "K3", vec![]),
        (2026, "F", "Z11", vec![]),
        (2025, "2", "H5", vec!["ssda903/101 CODE_OF_OTHER_YEAR SEX", "ssda903/146 CODE_OF_OTHER_YEAR PLACE"]),
        (2024, "M", "K3", vec!["ssda903/101 CODE_OF_OTHER_YEAR SEX", "ssda903/146 CODE_OF_OTHER_YEAR PLACE"]),
    ] {
        let born = year - 17;
        let header = format!("CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n1,{sex},14/06/{born},WBRI,UN4,0,\n");
        let episodes = format!(
            "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN\n\
             1,03/05/{},S,C2,N1,{place},PR4,,,,ZZ1 1AA,ZZ2 2BB,1234567\n",
            year - 1
        );
        let said = translate(
            &Ssda903::ANY,
            &[(format!("878_{year}_header.csv"), header), (format!("878_{year}_episodes.csv"), episodes)],
        );
        let of_years: Vec<String> = said.findings().into_iter().filter(|found| found.contains("CODE_")).collect();
        assert_eq!(of_years, findings, "{year}");
        assert_eq!(said.of_kind("PlacementChanged")[0].1["placementType"]["code"], place, "{year}");
    }
}

#[test]
fn a_broken_child_of_the_xml_leaves_its_neighbours() {
    let child = |id: &str| {
        format!(
            "<CHILD><HEADER><CHILDID>{id}</CHILDID><UPN>UN4</UPN><SEX>F</SEX><DOB>14/06/2012</DOB><ETHNIC>WBRI</ETHNIC></HEADER>\
             <EPISODE><DECOM>03/05/2024</DECOM><RNE>S</RNE><LS>C2</LS><CIN>N1</CIN><PL>U6</PL><PLACE_PROVIDER>PR1</PLACE_PROVIDER>\
             <DEC/><REC/></EPISODE></CHILD>"
        )
    };
    let said =
        |children: &str| translate(&Ssda903::ANY, &[("878_2025.xml", format!("<EXPSSDA903>{children}</EXPSSDA903>"))]);
    let good = said(&(child("1") + &child("3")));
    assert_eq!((good.reasons(), good.whole.len()), (vec![], 2));
    for broken in ["<CHILD><HEADER>".to_owned(), child("2").replace("</EPISODE>", ""), "<ADULT><x/></ADULT>".to_owned()]
    {
        let said = said(&(child("1") + &broken + &child("3")));
        assert_eq!((said.reasons(), said.whole.len()), (vec!["REASON_RECORD_MALFORMED"], 0), "{broken}");
        assert_eq!(said.sayings(), good.sayings(), "{broken}");
        assert_eq!(String::from_utf8_lossy(&said.rejections[0].raw), broken);
    }
    let prefixed = (child("1") + &child("3")).replace("</", "</r:").replace('<', "<r:").replace("<r:/r:", "</r:");
    let said = translate(
        &Ssda903::ANY,
        &[("878_2025.xml", format!("<r:EXPSSDA903 xmlns:r='urn:example'>{prefixed}</r:EXPSSDA903>"))],
    );
    assert_eq!(said.sayings(), good.sayings());
}

#[test]
fn what_stands_twice_in_a_child_of_the_xml_counts_once_and_is_told() {
    let episode =
        "<EPISODE><DECOM>03/05/2024</DECOM><RNE>S</RNE><LS>C2</LS><CIN>N1</CIN><PL>U6</PL><DEC/><REC/></EPISODE>";
    let header = "<HEADER><CHILDID>1</CHILDID><UPN>UN4</UPN><SEX>F</SEX><DOB>14/06/2012</DOB></HEADER>";
    let of = |parts: &str| {
        let text = format!("<EXPSSDA903><CHILD>{header}{parts}</CHILD></EXPSSDA903>");
        translate(&Ssda903::ANY, &[("878_2025.xml", text)])
    };
    let repeated = |said: &Collected| said.findings().iter().filter(|found| found.contains("RECORD_REPEATED")).count();
    let (once, twice) = (of(episode), of(&episode.repeat(2)));
    assert_eq!((repeated(&once), repeated(&twice)), (0, 1));
    assert_eq!(once.kinds(), twice.kinds());
}

#[test]
fn an_end_that_cannot_be_read_is_not_taken_for_none() {
    let unread = EPISODES.replacen("20/09/2024,X1", "20/09/2024 or later in 2024,X1", 1);
    let said = of(HEADER, &unread);
    assert_eq!(said.reasons(), ["REASON_DATE_MISSING"]);
    assert!(said.rejections.iter().all(|one| one.subject.is_some() && one.scope_key.is_some()));
    assert_eq!(of(HEADER, &EPISODES.replacen("20/09/2024,X1", "20/09/2024 (court),X1", 1)).reasons(), [""; 0]);
}

#[test]
fn a_table_of_which_next_to_nothing_can_be_read_is_read_no_further() {
    let broken = "2,F,14/06/2012,WBRI,UN4,0,,one cell too many,\n".repeat(150_000);
    let said = of(&format!("{HEADER}{broken}"), EPISODES);
    let last = said.rejections.last().map(|rejection| (rejection.reason.as_str_name(), rejection.place.line));
    let refused = said.rejections.len();
    assert!((100_000..149_000).contains(&refused), "{refused}");
    assert_eq!(last, Some(("REASON_RECORD_TOO_LARGE", refused as u64 + 1)));
    assert_eq!(said.of_kind("PersonDescribed").len(), 1, "what could be read is said");
    assert!(said.whole.iter().all(|key| !key.ends_with("header")), "{:?}", said.whole);
}

#[test]
fn cells_in_which_a_program_wrote_that_there_is_nothing_are_blank() {
    for null in ["NULL", "NaN", "nan", "None"] {
        let nulls = EPISODES.replacen("PR4,,,,", &format!("PR4,{null},{null},{null},"), 1);
        let said = of(HEADER, &nulls);
        let expected = of(HEADER, EPISODES);
        assert_eq!(
            (said.sayings(), said.reasons(), said.whole),
            (expected.sayings(), vec![], expected.whole),
            "{null}"
        );
        let nobody = of(&HEADER.replacen("\n1,", &format!("\n{null},"), 1), EPISODES);
        assert_eq!(nobody.reasons(), ["REASON_SUBJECT_MISSING"], "{null} is no child");
    }
}

#[test]
fn what_the_header_of_the_xml_says_of_adopters_is_theirs() {
    let said = translate(
        &Ssda903::ANY,
        &[(
            "878_2025.xml",
            "<EXPSSDA903><CHILD><HEADER><CHILDID>1</CHILDID><UPN>UN4</UPN><SEX>F</SEX><DOB>14/06/2022</DOB><ETHNIC>WBRI</ETHNIC>\
             <DATE_INT>03/05/2024</DATE_INT><DATE_MATCH>01/06/2024</DATE_MATCH><FOSTER_CARE>0</FOSTER_CARE><NB_ADOPTR>2</NB_ADOPTR>\
             <SEX_ADOPTR>MF</SEX_ADOPTR><LS_ADOPTR>L2</LS_ADOPTR></HEADER></CHILD></EXPSSDA903>",
        )],
    );
    assert_eq!((said.reasons(), said.of_kind("AdoptionMatched").len()), (vec![], 1));
    assert_eq!(said.of_kind("SourceRecordKept"), []);
}

#[test]
fn a_return_of_before_there_were_providers_breaks_no_rule_on_them() {
    let old = "CHILD,DECOM,RNE,LS,CIN,PLACE,DEC,REC\n1,03/05/2017,S,C2,N1,U6,20/09/2017,E43\n";
    let said = translate(&Ssda903::ANY, &[("878_2018_episodes.csv", old)]);
    let found = said.findings();
    assert!(!found.iter().any(|found| found.contains("/526") || found.contains("CODE_")), "{found:?}");
    assert_eq!(said.of_kind("LookedAfterPeriodEnded")[0].1["reason"]["code"], "E43");
    let blank = EPISODES.replace(",PR4,", ",,");
    assert!(of(HEADER, &blank).findings().iter().any(|found| found.contains("/526")));
}

/// How many entries the second of two submissions takes back.
fn retracted(name: &str, first: &str, second: &str) -> usize {
    let mut history = History::default();
    let mut submit = |text: &str| history.submit(&Ssda903::ANY, &[(name, text.as_bytes())]);
    submit(first);
    let added = submit(second);
    let kinds = added.iter().filter_map(|statement| statement.body.event.as_ref()?.kind.as_ref());
    kinds.filter(|kind| matches!(kind, Kind::EntryRetracted(_))).count()
}

#[test]
fn a_date_that_cannot_be_read_takes_nothing_back() {
    for (table, dates) in [
        ("CHILD,DOB,MISSING,MIS_START,MIS_END\n1,14/06/2012,M,03/06/2024,05/06/2024\n", vec!["05/06/2024"]),
        (
            "CHILD,DOB,DATE_PLACED,DATE_PLACED_CEASED,REASON_PLACED_CEASED\n1,14/06/2012,03/06/2024,05/06/2024,RD1\n",
            vec!["03/06/2024", "05/06/2024"],
        ),
        (
            "CHILD,DOB,DATE_INT,DATE_MATCH,FOSTER_CARE,NB_ADOPTR,SEX_ADOPTR,LS_ADOPTR\n1,14/06/2012,03/06/2024,05/06/2024,0,1,F1,L0\n",
            vec!["05/06/2024"],
        ),
        ("CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n1,F,14/06/2002,WBRI,UN4,,05/06/2024\n", vec!["05/06/2024"]),
    ] {
        for date in dates {
            let mistyped = table.replacen(date, "32/01/2025", 1);
            let said = translate(&Ssda903::ANY, &[("878_2025_a.csv", &mistyped)]);
            assert_eq!(said.reasons(), ["REASON_DATE_MISSING"], "{mistyped}");
            assert_eq!(retracted("878_2025_a.csv", table, &mistyped), 0, "{mistyped}");
        }
    }
}

#[test]
fn a_code_with_its_words_behind_it_is_the_code_and_a_word_that_is_none_ends_no_care() {
    let expected = of(HEADER, EPISODES);
    let worded = EPISODES
        .replace(",X1,", ",X1: Episode ceases and new episode begins,")
        .replace(",S,C2,", ",S: Started to be looked after,C2 - Full care order,");
    let said = of(HEADER, &worded);
    assert_eq!((sayings(&said), said.reasons()), (sayings(&expected), vec![]));
    assert_eq!(
        said.findings().iter().filter(|found| found.contains("VALUE_MALFORMED")).count(),
        3,
        "{:?}",
        said.findings()
    );
    let said = of(HEADER, &EPISODES.replace(",X1,", ",moved,"));
    assert_eq!((said.of_kind("LookedAfterPeriodEnded").len(), said.of_kind("LookedAfterPeriodStarted").len()), (0, 1));
    assert!(said.of_kind("SourceRecordKept").iter().any(|(_, kept)| kept["content"].to_string().contains("moved")));
}

#[test]
fn what_is_blank_is_no_change_and_what_a_data_frame_made_a_fraction_is_whole() {
    let said = of(HEADER, &EPISODES.replace("20/09/2024,P,C2,", "20/09/2024,,,"));
    assert_eq!(said.of_kind("LegalStatusChanged").len(), 0);
    let fractions = EPISODES.replace("\n1,", "\n1.0,").replace("1234567", "1234567.0");
    let said = of(&HEADER.replace("\n1,", "\n1.0,").replace(",0,\n", ",0.0,\n"), &fractions);
    assert_eq!((said.sayings(), said.reasons()), (of(HEADER, EPISODES).sayings(), vec![]));
}

#[test]
fn a_value_without_the_day_of_its_event_is_kept() {
    let said = of(HEADER, &EPISODES.replace("U6,PR1,20/09/2024,X1,CARPL", "U6,PR1,,E3,CARPL"));
    assert!(said.of_kind("SourceRecordKept").iter().any(|(_, kept)| kept["content"].to_string().contains("E3")));
    let placed = "CHILD,DOB,DATE_PLACED,DATE_PLACED_CEASED,REASON_PLACED_CEASED\n1,14/06/2012,03/06/2024,,RD1\n";
    let said = translate(&Ssda903::ANY, &[("878_2025_p.csv", placed)]);
    assert!(said.of_kind("SourceRecordKept").iter().any(|(_, kept)| kept["content"].to_string().contains("RD1")));
    // A table by itself describes its children with all that it says of them.
    let asylum = translate(&Ssda903::ANY, &[("878_2025_uasc.csv", "CHILD,SEX,DOB,DUC\n1,M,14/06/2010,01/02/2025\n")]);
    assert_eq!(asylum.of_kind("PersonDescribed")[0].1["sex"]["code"], "M");
    // Two headers of one year contradict each other, and both of them say so.
    let twice = translate(&Ssda903::ANY, &[("878_2025_a.csv", format!("{HEADER}1,M,14/06/2012,WBRI,UN4,0,\n"))]);
    assert_eq!(twice.findings().iter().filter(|found| found.contains("INT32")).count(), 2);
}

/// A line end in a cell parts a row: neither half is a row, and the other half is not another child.
#[test]
fn the_pieces_of_a_row_that_was_parted_are_refused_and_what_only_ends_early_is_read() {
    let wide = EPISODES.replacen("URN\n", "URN,Remark,By\n", 1).replace("1234567\n", "1234567,seen\nat home,A\n");
    let said = of(HEADER, &wide);
    assert_eq!(said.reasons(), ["REASON_RECORD_MALFORMED"; 2]);
    assert!(said.rejections.iter().all(|rejection| rejection.message.contains("a piece of a row")));
    assert_eq!(said.rejections.iter().map(|rejection| rejection.place.line).collect::<Vec<_>>(), [2, 3]);
    // The row behind them ends early, and is read.
    assert_eq!(said.of_kind("PlacementChanged").len(), 1);
    assert!(said.drafts.iter().all(|draft| draft.subject.value == "1"), "{:?}", said.sayings());
    // Two rows that end early and have the cells of one row together are two.
    let open = "1,20/09/2024,P,C2,N1,K2,PR4\n";
    let two = format!("{}{open}2{}", EPISODES.lines().next().unwrap().to_owned() + "\n", &open[1..]);
    let said = of(HEADER, &two);
    assert_eq!((said.reasons().len(), said.of_kind("PlacementChanged").len()), (0, 2));
}

#[test]
fn a_total_or_a_note_below_a_table_is_no_child() {
    let expected = of(HEADER, EPISODES);
    let uasc = "CHILD,SEX,DOB,DUC\n1,F,14/06/2012,\n";
    for note in ["Total: 1\n", "Report of an invented system,,,\n"] {
        let said = translate(
            &Ssda903::ANY,
            &[
                ("878_2025_a.csv", format!("{HEADER}{note}")),
                ("878_2025_b.csv", EPISODES.to_owned()),
                ("878_2025_c.csv", format!("{uasc}{note}")),
            ],
        );
        assert_eq!(said.reasons(), ["REASON_RECORD_MALFORMED"; 2], "{note}");
        assert!(said.rejections[0].message.contains("a total or a note"));
        assert!(said.drafts.iter().all(|draft| draft.subject.value == "1"), "{note}");
        // It costs the table nothing: what is gone from it is gone.
        assert_eq!(said.whole.len(), expected.whole.len() + 1, "{note}");
    }
}

#[test]
fn what_stands_for_no_day_ends_nothing_and_a_sex_in_words_is_read() {
    let expected = of(HEADER, EPISODES);
    for nothing in ["31/12/9999", "31/12/2099 00:00:00", "01/01/1900", "00/00/0000", "-", "N/A"] {
        let said = of(HEADER, &EPISODES.replacen("PR4,,,,", &format!("PR4,{nothing},,,"), 1));
        assert_eq!((said.sayings(), said.reasons()), (expected.sayings(), vec![]), "{nothing}");
    }
    let said = of(&HEADER.replacen(",F,", ",Female,", 1), EPISODES);
    assert_eq!(sayings(&said), sayings(&expected));
    assert_eq!(said.findings(), ["ssda903/101 VALUE_MALFORMED SEX"]);
}

/// An end tag and a start tag that are missing between two children run them together: neither is lost, and none gets the other's.
#[test]
fn two_headers_in_one_child_are_two_children_and_are_refused() {
    let header = |id: &str| format!("<HEADER><CHILDID>{id}</CHILDID><SEX>F</SEX><DOB>14/06/2012</DOB></HEADER>");
    let episode = "<EPISODE><DECOM>03/05/2024</DECOM><RNE>S</RNE><LS>C2</LS><CIN>N1</CIN><PL>U6</PL></EPISODE>";
    let of =
        |children: &str| translate(&Ssda903::ANY, &[("878_2025.xml", format!("<EXPSSDA903>{children}</EXPSSDA903>"))]);
    let apart = format!("<CHILD>{}{episode}</CHILD>", header("3"));
    let together = format!("<CHILD>{}{episode}{}{episode}</CHILD>", header("1"), header("2"));
    let said = of(&format!("{together}{apart}"));
    assert_eq!(said.reasons(), ["REASON_RECORD_MALFORMED"]);
    assert!(said.rejections[0].message.contains("more than one HEADER"));
    assert_eq!(said.sayings(), of(&apart).sayings());
    assert!(said.whole.is_empty());
}
