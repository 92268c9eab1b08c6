//! Files as other makers and other years write them: each says what the plain export says.
#![cfg(test)]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use connector_kit::conformance::{self, Sample};
use connector_kit::{Collected, Connector};
use education_school_census::SchoolCensus;
use proto::quarantine::Reason;
use support::{Export, clean, findings, sayings, translate};

type Files = Vec<(String, Vec<u8>)>;

fn said(files: &Files) -> Collected {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    Collected::of(&SchoolCensus, &files)
}

/// The plain export, each of its tables written otherwise.
fn written(change: impl Fn(&str) -> Vec<u8>) -> Files {
    clean().iter().map(|(name, text)| (name.clone(), change(text))).collect()
}

/// `2025-Jan-16 00:00:00` in another order.
fn dated(text: &str, form: impl Fn(&str, &str, &str) -> String) -> String {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let cell = |cell: &str| {
        let day = cell.split(' ').next().unwrap();
        match day.split('-').collect::<Vec<_>>()[..] {
            [year, month, day] if year.len() == 4 && month.len() == 3 => {
                form(year, &format!("{:02}", MONTHS.find(month).unwrap() / 3 + 1), day)
            }
            _ => cell.to_owned(),
        }
    };
    let line = |line: &str| line.split(',').map(cell).collect::<Vec<_>>().join(",");
    text.lines().map(line).collect::<Vec<_>>().join("\n") + "\n"
}

#[test]
fn however_the_export_was_saved_it_says_the_same() {
    let expected = sayings(&translate(&clean()));
    let lines = |text: &str, line: fn(&str) -> String| text.lines().map(line).collect::<Vec<_>>().join("\n") + "\n";
    let shapes: Vec<(&str, Files)> = vec![
        ("a mark and carriage returns", written(|text| format!("\u{feff}{}", text.replace('\n', "\r\n")).into_bytes())),
        ("blank lines", written(|text| format!("\n{}\n  \n", text.replace('\n', "\n\n")).into_bytes())),
        (
            "every cell in quotes",
            written(|text| lines(text, |l| format!("\"{}\"", l.replace(',', "\",\""))).into_bytes()),
        ),
        ("semicolons", written(|text| text.replace(',', ";").into_bytes())),
        ("tabs", written(|text| text.replace(',', "\t").into_bytes())),
        ("blank columns behind", written(|text| lines(text, |l| format!("{l},,")).into_bytes())),
        (
            "columns in capitals",
            written(|text| {
                let (header, rows) = text.split_once('\n').unwrap();
                format!("{}\n{rows}", header.to_uppercase()).into_bytes()
            }),
        ),
        (
            "columns moved",
            written(|text| lines(text, |l| l.split(',').rev().collect::<Vec<_>>().join(",")).into_bytes()),
        ),
        ("no end of the last line but carriage returns alone", written(|text| text.replace('\n', "\r").into_bytes())),
        ("no school on the rows of children", written(|text| text.replace("NativeId", "sourceid").into_bytes())),
        ("sex under its name before 2023", written(|text| text.replace(",sex,", ",GenderCurrent,").into_bytes())),
    ];
    for (how, files) in shapes {
        let said = said(&files);
        assert_eq!(said.rejections, [], "{how}");
        assert_eq!(sayings(&said), expected, "{how}");
    }
    for (how, form) in [
        ("day first", (|y, m, d| format!("{d}/{m}/{y}")) as fn(&str, &str, &str) -> String),
        ("day first with a time", |y, m, d| format!("{d}/{m}/{y} 00:00")),
        ("iso", |y, m, d| format!("{y}-{m}-{d}T00:00:00.000")),
        ("without separators", |y, m, d| format!("{y}{m}{d}")),
    ] {
        // When a return was made is to the second in the export, and to the day here: no more than its order.
        let told = |collected: &Collected| sayings(collected);
        let files = written(|text| dated(text, form).into_bytes());
        assert_eq!(told(&said(&files)), expected, "{how}");
    }
}

#[test]
fn names_that_are_not_utf_8_are_read_and_told_as_odd_or_not_at_all() {
    let named = |bytes: &[u8]| -> Files {
        let files = written(|text| text.as_bytes().to_vec());
        let put = |(name, text): (String, Vec<u8>)| {
            let text = String::from_utf8(text).unwrap();
            let parts: Vec<&[u8]> = text.split("Amara").map(str::as_bytes).collect();
            (name, parts.join(bytes))
        };
        files.into_iter().map(put).collect()
    };
    assert_eq!(sayings(&said(&named("Zoë".as_bytes()))), sayings(&said(&named(b"Zo\xeb"))), "Windows-1252");
}

#[test]
fn an_export_says_its_collection_in_its_name_or_in_its_returns() {
    let expected = sayings(&translate(&clean()));
    let called = |name: fn(&str) -> String| -> Export {
        clean().into_iter().map(|(old, text)| (name(old.trim_start_matches("2025_spring_")), text)).collect()
    };
    for name in [
        (|table: &str| format!("School Census Spring 2024-25 - {}", table.to_uppercase())) as fn(&str) -> String,
        |table: &str| format!("SC_spr25_{table}"),
        |table: &str| format!("Blade-Export_31-01-2025_{table}"),
        |table: &str| table.replace("pupilnolongeronroll", "Pupil_No_Longer_On_Roll"),
    ] {
        let export = called(name);
        let names: Vec<String> = export.keys().cloned().collect();
        assert_eq!(SchoolCensus.submissions(&names).len(), 1, "{names:?}");
        assert_eq!(sayings(&translate(&export)), expected, "{names:?}");
    }
    // Without returns, and without a word of the collection in the name, nothing can be placed, and that is told of each file.
    let mut alone = called(|table| table.to_owned());
    alone.remove("schoolcensus.csv");
    let said = translate(&alone);
    assert_eq!((said.drafts.len(), said.rejections.len()), (0, alone.len()));
    assert!(said.rejections.iter().all(|rejection| rejection.reason == Reason::HeaderMissing));
}

/// The same pupils as the plain export has of its first school, as a school's own system writes them.
const MESSAGE: &str = include_str!("unseen/8784001_SC_SPR25.xml");

/// By key and findings, without where it stood: what of an export is of one school.
fn of_school(collected: &Collected, school: &str) -> BTreeMap<String, String> {
    let of = |draft: &&connector_kit::Draft| draft.controller == school && draft.table != "kept";
    let told = collected.drafts.iter().filter(of);
    told.map(|draft| {
        (format!("{}#{}", draft.record_key, draft.ordinal), format!("{:?} {:?}", draft.event, findings(draft)))
    })
    .collect()
}

#[test]
fn a_schools_own_message_says_what_the_export_says_of_it() {
    let export = translate(&clean());
    let message = said(&vec![("8784001_SC_SPR25_003.xml".to_owned(), MESSAGE.as_bytes().to_vec())]);
    assert_eq!(message.rejections, []);
    let expected = of_school(&export, "school-8784001");
    let told = of_school(&message, "school-8784001");
    for (key, event) in &expected {
        assert_eq!(told.get(key), Some(event), "{key}");
    }
    let further: BTreeSet<&str> =
        message.drafts.iter().filter(|draft| !told_of(&expected, draft)).map(|draft| draft.table).collect();
    let tables = [
        "arranged-provision",
        "attendance",
        "enrolment",
        "exclusion",
        "free-meals",
        "learnerfam",
        "person",
        "provision-reason",
        "pupilonroll",
    ];
    assert_eq!(further, BTreeSet::from(tables), "a leaver, and what the export has not of this school");
    // Everything of the school is told, so that what is missing from it is gone.
    for group in ["pupils", "addresses", "exclusions", "sessions", "sen-needs", "free-meals", "arranged-provision"] {
        let key = format!("8784001/school-census/2025-spring/{group}");
        assert!(message.whole.contains(&key), "{group}: {:?}", message.whole);
    }
    // What is not known by its name is kept.
    let kept: Vec<String> = message.drafts.iter().map(|draft| format!("{:?}", draft.event)).collect();
    assert!(kept.iter().any(|event| event.contains("somethingnew")), "{kept:?}");
}

fn told_of(expected: &BTreeMap<String, String>, draft: &connector_kit::Draft) -> bool {
    expected.contains_key(&format!("{}#{}", draft.record_key, draft.ordinal))
}

#[test]
fn a_message_holds_the_bargain() {
    let files = [("8784001_SC_SPR25.xml", MESSAGE.as_bytes())];
    let canaries = ["Inventedson", "Amara", "Feignedman", "878400120001", "No Such Street"];
    conformance::check(&SchoolCensus, &Sample::new(&files).canaries(&canaries));
}

#[test]
fn a_message_that_cannot_be_whole_takes_nothing_back() {
    let whole = |text: &str| said(&vec![("a.xml".to_owned(), text.as_bytes().to_vec())]);
    for (how, text) in [
        ("cut", MESSAGE[..MESSAGE.len() - 40].to_owned()),
        ("a pupil unpaired", MESSAGE.replacen("</PupilIdentifiers>", "", 1)),
        ("text between pupils", MESSAGE.replacen("<PupilOnRoll>", "lost <PupilOnRoll>", 1)),
    ] {
        let said = whole(&text);
        assert!(said.whole.is_empty() && !said.rejections.is_empty(), "{how}: {:?}", said.whole);
    }
    for collection in ["CIN", "APC", "AP", "EYC"] {
        let other = whole(&MESSAGE.replace("<Collection>SC<", &format!("<Collection>{collection}<")));
        assert_eq!((other.drafts.len(), other.rejections.len()), (0, 1), "{collection}");
        assert!(other.rejections[0].message.contains("mapping file"), "{collection}");
    }
    let named = MESSAGE.replace("PupilOnRoll", "PupilChild").replace("<Collection>SC<", "<Collection>APC<");
    assert_eq!((whole(&named).drafts.len(), whole(&named).rejections.len()), (0, 1), "it is told once");
    let unit = whole(&MESSAGE.replace("<Collection>SC<", "<Collection>PRU<"));
    assert_eq!(sayings(&unit), sayings(&whole(MESSAGE)), "a pupil referral unit's");
    let undated = MESSAGE.replace("<Term>SPR</Term>", "").replace("<Year>2025</Year>", "");
    let undated = undated.replace("<ReferenceDate>2025-01-16</ReferenceDate>", "");
    assert_eq!(whole(&undated).drafts.len(), 0);
    assert!(
        !said(&vec![("spring_2025_8784001.xml".to_owned(), undated.into_bytes())]).drafts.is_empty(),
        "the name says it"
    );
}

#[test]
fn a_pupil_under_a_name_that_nobody_knows_is_refused_and_not_passed_over() {
    let said = |text: &str| said(&vec![("a.xml".to_owned(), text.as_bytes().to_vec())]);
    let pupil = |name: &str| format!("<{name}><Surname>Strayed</Surname><UPN>Z878400120007</UPN></{name}>");
    for (before, name) in [("<PupilOnRoll>", "Pupil"), ("<PupilNoLongerOnRoll>", "Leaver"), ("<School>", "Roll")] {
        let message = said(&MESSAGE.replacen(before, &format!("{}{before}", pupil(name)), 1));
        let refused: Vec<_> = message.rejections.iter().map(|r| (r.reason.name(), r.raw.as_slice())).collect();
        assert_eq!(refused, [("RECORD_MALFORMED", pupil(name).as_bytes())], "{name}");
        assert!(message.whole.is_empty(), "{name}");
    }
}

#[test]
fn a_field_that_stands_again_and_again_is_kept_in_bounds() {
    let said = |count: usize| {
        let again: String = (0..count).map(|number| format!("<X>{number}</X><Reason>{number}</Reason>")).collect();
        let text = MESSAGE.replacen("<SomethingNew>", &format!("{again}<SomethingNew>"), 1);
        said(&vec![("a.xml".to_owned(), text.into_bytes())])
    };
    let events = format!("{:?}", said(300).drafts);
    assert!((0..300).all(|number| events.contains(&format!("{number},")) || events.contains(&format!("{number}\\n"))));
    let refused = said(20_000);
    let reasons: Vec<_> = refused.rejections.iter().map(|rejection| rejection.reason.name()).collect();
    assert_eq!(reasons, ["RECORD_TOO_LARGE"]);
    assert!(refused.whole.is_empty());
}

#[test]
fn rules_are_named_by_their_numbers() {
    let mut export = clean();
    let roll = export.get_mut("2025_spring_pupilonroll.csv").unwrap();
    *roll = roll.replace("2021-Sep-01", "2025-Jan-20").replace("D878400120002", "");
    let left = export.get_mut("2025_spring_pupilnolongeronroll.csv").unwrap();
    *left = left.replace("2024-Oct-18", "2025-Jan-17").replace(",90.0", ",");
    let meals = export.get_mut("2025_spring_fsmperiod.csv").unwrap();
    *meals = meals.replace("2023-Mar-08", "2025-Jan-17");
    let said = translate(&export);
    let rules: BTreeSet<String> = said.drafts.iter().flat_map(|d| &d.findings).filter_map(|f| f.rule.clone()).collect();
    let expected = ["dfe/1500", "school-census/1762", "school-census/1880", "school-census/1920", "school-census/2510"];
    assert_eq!(rules, BTreeSet::from(expected.map(str::to_owned)));
}
