//! What holds of every export.
#![cfg(test)]

mod support;

use std::collections::BTreeSet;

use connector_kit::conformance::{self, Sample};
use connector_kit::{Collected, Connector};
use education_school_census::SchoolCensus;
use proptest::prelude::*;
use support::{Export, clean, golden, sayings, translate, translate_in};

const CANARIES: &[&str] =
    &["Inventedson", "Amara", "Madeupsmith", "Benvolio", "Feignedman", "878400120001", "No Such Street"];

#[test]
fn the_bargain_is_held() {
    let export = clean();
    let files: Vec<(&str, &[u8])> = export.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    conformance::check(&SchoolCensus, &Sample::new(&files).canaries(CANARIES).end_is_not_marked());
}

#[test]
fn overlapping_exports_leave_the_same_in_any_order() {
    let spring = clean();
    // The autumn before: the same enrolments, of its own files.
    let autumn: Export = clean()
        .into_iter()
        .filter(|(name, _)| {
            ["schoolcensus", "pupilonroll", "pupilnolongeronroll"].iter().any(|table| name.contains(table))
        })
        .map(|(name, text)| {
            let text = text.replace("2025-Jan-16", "2024-Oct-03").replace("2025-Jan-31", "2024-Oct-20");
            (
                name.replace("2025_spring", "2024_autumn"),
                text.replace("2025-Feb-03", "2024-Oct-21").replace(",K,", ",N,"),
            )
        })
        .collect();
    // The spring sent again: a start put right, a suspension gone, a need changed, and a pupil gone.
    let again: Export = clean()
        .into_iter()
        .map(|(name, text)| {
            let text = text.replace("2025-Jan-31 14:22:05,3", "2025-Feb-10 09:00:00,4").replace("SLCN", "ASD");
            let text =
                text.replace("2025-Feb-03 09:00:00,1", "2025-Feb-11 09:00:00,2").replace("2021-Sep-01", "2021-Sep-02");
            let gone = |line: &&str| !line.starts_with("q1,") && !line.contains("SUSP,2,VA");
            (name, text.lines().filter(gone).collect::<Vec<_>>().join("\n") + "\n")
        })
        .collect();
    let exports = [autumn, spring, again];
    let files: Vec<Vec<(&str, &[u8])>> = exports
        .iter()
        .map(|export| export.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect())
        .collect();
    let files: Vec<conformance::Files<'_>> = files.iter().map(Vec::as_slice).collect();
    conformance::check_overlapping(&SchoolCensus, &files);
}

#[test]
fn a_clean_export_is_whole_and_rejects_nothing() {
    let said = translate(&clean());
    assert_eq!(said.rejections, []);
    let groups: BTreeSet<&str> = said.whole.iter().filter_map(|key| key.rsplit('/').next()).collect();
    let expected = ["addresses", "exclusions", "free-meals", "learnerfam", "pupils", "sen-needs", "sessions"];
    assert_eq!(groups, BTreeSet::from(expected));
    assert_eq!(said.whole.len(), 14);
}

#[test]
fn keys_are_one_of_each() {
    for export in [clean(), golden()] {
        let said = translate(&export);
        let keys: BTreeSet<(&str, &str, u32)> =
            said.drafts.iter().map(|d| (d.controller.as_str(), d.record_key.as_str(), d.ordinal)).collect();
        assert_eq!(keys.len(), said.drafts.len());
    }
}

#[test]
fn row_keys_given_anew_change_no_key() {
    let reissued = |export: &Export| -> Export {
        let anew = |cell: &str| {
            let (kind, digits) = cell.split_at(1);
            match digits.parse::<u32>() {
                Ok(number) if kind.bytes().all(|b| b.is_ascii_lowercase()) => format!("{kind}{}", 1000 - number),
                _ => cell.to_owned(),
            }
        };
        let cell = |cell: &str| if cell.len() > 1 && cell.is_ascii() { anew(cell) } else { cell.to_owned() };
        let line = |line: &str| line.split(',').map(cell).collect::<Vec<_>>().join(",");
        let text = |text: &str| text.lines().map(line).collect::<Vec<_>>().join("\n") + "\n";
        export.iter().map(|(name, table)| (name.clone(), text(table))).collect()
    };
    assert_eq!(sayings(&translate(&clean())), sayings(&translate(&reissued(&clean()))));
    let keys = |said: &Collected| -> BTreeSet<(String, u32)> {
        let stable = said.drafts.iter().filter(|draft| !draft.subject.value.starts_with("ROW"));
        stable.map(|draft| (draft.record_key.clone(), draft.ordinal)).collect()
    };
    assert_eq!(keys(&translate(&golden())), keys(&translate(&reissued(&golden()))));
}

#[test]
fn a_pupil_who_leaves_keeps_key_and_scope() {
    let enrolment = |export: &Export| {
        let said = translate(export);
        let started = said.drafts.into_iter().find(|d| d.table == "enrolment" && d.subject.value == "D878400120002");
        started.map(|draft| (draft.record_key, draft.ordinal, draft.scope_key)).unwrap()
    };
    let mut moved = clean();
    let row = "p2,N2,c2,D878400120002,Madeupsmith,Benvolio,2014-Feb-28 00:00:00,2022-Sep-05 00:00:00,M,WENG,N,130,A\n";
    let current = moved.get_mut("2025_spring_pupilonroll.csv").unwrap();
    assert!(current.contains(row));
    *current = current.replace(row, "");
    let left = "q2,N2,c2,D878400120002,Madeupsmith,Benvolio,2014-Feb-28 00:00:00,2022-Sep-05 00:00:00,2025-Jan-10 00:00:00,1\n";
    moved.get_mut("2025_spring_pupilnolongeronroll.csv").unwrap().push_str(left);
    assert_eq!(enrolment(&moved), enrolment(&clean()));
}

#[test]
fn without_one_of_its_tables_nothing_that_needs_it_is_whole() {
    let export = clean();
    let whole = translate(&export).whole;
    for (name, groups) in [
        (
            "2025_spring_pupilonroll.csv",
            &["pupils", "addresses", "exclusions", "free-meals", "learnerfam", "sen-needs", "sessions"][..],
        ),
        ("2025_spring_pupilnolongeronroll.csv", &["pupils", "exclusions", "learnerfam", "sessions"]),
        ("2025_spring_learnerfamoffroll.csv", &["learnerfam"]),
        ("2025_spring_addresses.csv", &["addresses"]),
        ("2025_spring_termlyexclusionsoffroll.csv", &["exclusions"]),
        ("2025_spring_termlysessiondetailsonroll.csv", &["sessions"]),
        ("2025_spring_fsmperiod.csv", &["free-meals"]),
    ] {
        let mut half = export.clone();
        half.remove(name);
        let said = translate(&half);
        for key in whole.difference(&said.whole) {
            assert!(groups.iter().any(|group| key.ends_with(group)), "{name}: {key}");
        }
        for group in groups {
            assert!(!said.whole.iter().any(|key| key.ends_with(group)), "{name}: {group}");
        }
    }
}

#[test]
fn a_cut_anywhere_but_at_a_line_end_leaves_nothing_whole_that_needs_the_table() {
    let export = clean();
    let all_whole = translate(&export).whole.len();
    for name in export.keys() {
        let text = &export[name];
        for cut in (0..text.len()).filter(|cut| !text[..*cut].ends_with('\n')) {
            let mut cut_off = export.clone();
            cut_off.insert(name.clone(), text[..cut].to_owned());
            let said = translate(&cut_off);
            let group = if name.contains("roll") && name.contains("pupil") { "pupils" } else { "" };
            let lost = all_whole - said.whole.len();
            assert!(lost > 0, "{name} at {cut}");
            assert!(group.is_empty() || !said.whole.iter().any(|key| key.ends_with(group)), "{name} at {cut}");
        }
    }
}

#[test]
fn utf_16_is_read_as_utf_8_is() {
    let export = clean();
    let wide: Vec<(String, Vec<u8>)> = export
        .iter()
        .map(|(name, text)| {
            let units = std::iter::once(0xfeff).chain(text.encode_utf16());
            (name.clone(), units.flat_map(u16::to_le_bytes).collect())
        })
        .collect();
    let files: Vec<(&str, &[u8])> = wide.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    assert_eq!(sayings(&Collected::of(&SchoolCensus, &files)), sayings(&translate(&export)));
}

#[test]
fn a_table_is_told_by_its_header_where_the_name_does_not_say() {
    let mut export = clean();
    let table = export.remove("2025_spring_fsmperiod.csv").unwrap();
    let table = table.replacen("NativeId", "FSMPeriodOrderSeqColumn,NativeId", 1).replace("p2,", "p2,1,");
    export.insert("2025_Spring_Export-7.CSV".to_owned(), table);
    assert_eq!(sayings(&translate(&export)), sayings(&translate(&clean())));
}

#[test]
fn files_of_one_collection_are_one_submission() {
    let names = ["2025_spring_pupilonroll.csv", "notes.txt", "2025_SPRING_senneeds.CSV", "2024_autumn_pupilonroll.csv"];
    let names = names.map(str::to_owned);
    let groups = SchoolCensus.submissions(&names);
    assert_eq!(groups, [vec![names[3].clone()], vec![names[0].clone(), names[2].clone()]]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_order_of_rows_and_files_does_not_matter(seed in any::<u64>()) {
        for export in [clean(), golden()] {
            let mixed: Export = export.iter().map(|(name, text)| (name.clone(), mix_rows(text, seed))).collect();
            let said = translate_in(&mixed, |files| mix(files, seed));
            prop_assert_eq!(sayings(&said), sayings(&translate(&export)));
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>, at in 0usize..12) {
        let export = clean();
        let files: Vec<(&str, &[u8])> = export
            .iter()
            .zip(0..)
            .map(|((name, text), number)| (name.as_str(), if number == at { &bytes[..] } else { text.as_bytes() }))
            .collect();
        Collected::of(&SchoolCensus, &files);
    }

    #[test]
    fn arbitrary_cells_never_panic_and_keep_their_keys_apart(cells in proptest::collection::vec("[ -~]{0,12}", 13), dates: bool) {
        let quoted: Vec<String> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
        let mut row = quoted.clone();
        if dates {
            row[7] = "2021-Sep-01".to_owned();
        }
        let mut export = clean();
        let table = export.get_mut("2025_spring_pupilonroll.csv").unwrap();
        for key in ["k1", "k2"] {
            row[0] = key.to_owned();
            row[2] = "c1".to_owned();
            table.push_str(&row.join(","));
            table.push('\n');
        }
        let said = translate(&export);
        let keys: BTreeSet<(&str, &str, u32)> =
            said.drafts.iter().map(|d| (d.controller.as_str(), d.record_key.as_str(), d.ordinal)).collect();
        prop_assert_eq!(keys.len(), said.drafts.len());
    }
}

/// Rows in an order that the seed decides; the header stays.
fn mix_rows(text: &str, seed: u64) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    mix(&mut lines[1..], seed);
    lines.join("\n") + "\n"
}

fn mix<T>(things: &mut [T], seed: u64) {
    let mut state = seed | 1;
    for at in (1..things.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        things.swap(at, usize::try_from(state >> 33).unwrap() % (at + 1));
    }
}
